//! `/live.czml`: the live city as CZML, for an unmodified Cesium page with no code: `CzmlDataSource.load(url)`.

use crate::api::ask::Ask;
use crate::api::encode::{self, czml};
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::Answer;
use crate::api::schema::live;
use crate::api::state::City;
use crate::query::Features;
use axum::Router;
use axum::http::{HeaderName, HeaderValue};
use axum::routing::get;
use std::cmp::Reverse;

const CZML: &[Param] = &[
    Param::new("collection", Form::Text, "The collection whose assets are shown; devices unless told."),
    Param::new("bbox", Form::Bbox, "Only assets in this box."),
    Param::new(
        "limit",
        Form::Rows(1),
        "How many assets at most, the worst alarms first; as many as may be unless told.",
    ),
];

/// What this route says of itself.
pub const OPERATIONS: &[Operation] = &[Operation::get("/live.czml", "getCzml", ABOUT, live::czml).knows(CZML)];

const ABOUT: &str = "CZML: assets as points, coloured and sized by alarm, with their latest values; to be asked for again as often \
    as needed. Cimbra-Left-Out says how many were too many for it.";

/// The route.
pub fn routes() -> Router<City> {
    Router::new().route("/live.czml", get(live_czml))
}

async fn live_czml(ask: Ask) -> Answer {
    let params = ask.params(CZML)?;
    let snapshots = ask.snapshots();
    let collection = params.get("collection").unwrap_or("devices").to_owned();
    let scope = ask.scope(&snapshots, &collection)?;
    let boxes = params.bbox("bbox")?;
    let limits = &ask.city.settings.limits;
    let most = params.rows("limit", limits.rows, limits);
    let own = ask.clone();
    let work = move || {
        let (reads, pulse) = (own.caller.reads, own.city.store.pulse());
        let question =
            Features { scope, boxes, when: None, equal: Vec::new(), visible: reads, after: None, limit: usize::MAX };
        let rows = question.ask(&snapshots).rows;
        let placed = rows.into_iter().filter_map(|(i, row)| snapshots.get(i)?.asset(row));
        let placed = placed.filter(|asset| !asset.bounds().is_empty());
        let mut shown: Vec<_> = placed.map(|asset| (pulse.of(asset.id(), reads), asset)).collect();
        shown.sort_by_key(|(state, _)| Reverse(state.as_ref().and_then(|s| s.alarm).map(|mark| mark.severity)));
        let left_out = shown.len().saturating_sub(most);
        shown.truncate(most);
        let mut packets = vec![czml::document(&collection)];
        packets.extend(shown.iter().filter_map(|(state, asset)| czml::packet(asset, state.as_ref())));
        Ok((packets, left_out))
    };
    let (packets, left_out) = ask.work(work).await?;
    let mut response = encode::json(&ask.headers, "application/json", &packets)?;
    if left_out > 0 {
        response.headers_mut().insert(HeaderName::from_static("cimbra-left-out"), HeaderValue::from(left_out));
    }
    Ok(response)
}
