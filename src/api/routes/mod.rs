//! One file a route family: its handlers, its parameters and what it says of itself in the API document.

mod adopted;
mod alarms;
mod attachments;
mod checks;
mod collections;
mod czml;
mod datasets;
mod diff;
mod health;
mod imagery;
mod imports;
mod items;
mod landing;
mod live;
mod metrics;
mod places;
pub mod portal;
mod rules;
mod search;
mod session;
mod sta;
mod state;
mod styles;
mod terrain;
mod tiles2d;
mod tiles3d;
mod variants;
mod views;

pub(crate) use tiles3d::view as view_of;

use super::openapi::Operation;
use super::state::City;
use axum::Router;

/// Every route.
pub fn all() -> Router<City> {
    Router::new()
        .merge(landing::routes())
        .merge(portal::routes())
        .merge(health::routes())
        .merge(imports::routes())
        .merge(session::routes())
        .merge(collections::routes())
        .merge(datasets::routes())
        .merge(variants::routes())
        .merge(items::routes())
        .merge(attachments::routes())
        .merge(diff::routes())
        .merge(search::routes())
        .merge(places::routes())
        .merge(checks::routes())
        .merge(tiles3d::routes())
        .merge(tiles2d::routes())
        .merge(terrain::routes())
        .merge(imagery::routes())
        .merge(adopted::routes())
        .merge(sta::routes())
        .merge(state::routes())
        .merge(live::routes())
        .merge(czml::routes())
        .merge(styles::routes())
        .merge(alarms::routes())
        .merge(rules::routes())
        .merge(metrics::routes())
        .merge(views::routes())
}

/// What every route says of itself.
pub fn operations() -> impl Iterator<Item = Operation> {
    [
        landing::OPERATIONS,
        health::OPERATIONS,
        imports::OPERATIONS,
        session::OPERATIONS,
        collections::OPERATIONS,
        datasets::OPERATIONS,
        variants::OPERATIONS,
        items::OPERATIONS,
        attachments::OPERATIONS,
        diff::OPERATIONS,
        search::OPERATIONS,
        places::OPERATIONS,
        checks::OPERATIONS,
        tiles3d::OPERATIONS,
        tiles2d::OPERATIONS,
        terrain::OPERATIONS,
        imagery::OPERATIONS,
        adopted::OPERATIONS,
        sta::OPERATIONS,
        state::OPERATIONS,
        live::OPERATIONS,
        czml::OPERATIONS,
        styles::OPERATIONS,
        alarms::OPERATIONS,
        rules::OPERATIONS,
        metrics::OPERATIONS,
        views::OPERATIONS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
