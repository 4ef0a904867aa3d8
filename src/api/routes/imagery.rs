//! `/imagery`: pictures seen from above, as raster tiles.

use crate::api::ask::Ask;
use crate::api::encode;
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::Answer;
use crate::api::schema;
use crate::api::state::City;
use crate::fault::{Fault, Result};
use crate::store::Coverage;
use crate::tiles::imagery;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::routing::get;
use serde_json::json;
use std::sync::Arc;

const TILE: &[Param] = &[Param::new("v", Form::Text, "The picture's version: with it the tile may be kept for good.")];

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/imagery", "getImageries", "The pictures there are.", schema::ground::imageries),
    Operation::get("/imagery/{collectionId}", "getImagery", "One picture, as TileJSON 3.0.", schema::ground::imagery),
    Operation::get(
        "/imagery/{collectionId}/{level}/{column}/{tile}",
        "getImageryTile",
        "A tile of 256 by 256 pixels, '<row>.png', of the Web Mercator square with rows from the north.",
        schema::bytes,
    )
    .in_form("image/png")
    .knows(TILE),
];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new()
        .route("/imagery", get(list))
        .route("/imagery/{c}", get(one))
        .route("/imagery/{c}/{z}/{x}/{y}", get(tile))
}

fn pictures<P>(ask: &Ask<P>) -> impl Iterator<Item = Arc<Coverage>> {
    ask.coverages().into_iter().filter(|coverage| coverage.imagery().is_some())
}

/// The picture called `name`; of sites that use one name the first has it.
fn picture<P>(ask: &Ask<P>, name: &str) -> Result<Arc<Coverage>> {
    pictures(ask).find(|picture| picture.dataset().as_str() == name).ok_or_else(|| {
        Fault::not_found(format!("there is no picture '{name}'")).about("collectionId").remedy("see /imagery")
    })
}

fn place<P>(ask: &Ask<P>, picture: &Coverage) -> String {
    format!("{}/imagery/{}", ask.base(), encode::segment(picture.dataset().as_str()))
}

async fn list(ask: Ask) -> Answer {
    ask.params(&[])?;
    let all: Vec<_> = pictures(&ask)
        .map(|picture| {
            let link = json!({ "href": place(&ask, &picture), "rel": "item", "type": "application/json" });
            json!({ "id": picture.dataset().as_str(), "site": picture.site().as_str(), "title": picture.title(), "links": [link] })
        })
        .collect();
    ask.json("application/json", &json!({ "imagery": all }))
}

async fn one(ask: Ask<String>) -> Answer {
    ask.params(&[])?;
    let picture = picture(&ask, &ask.path)?;
    ask.json("application/json", &imagery::describe(&picture, &place(&ask, &picture)))
}

async fn tile(ask: Ask<(String, String, String, String)>) -> Answer {
    let params = ask.params(TILE)?;
    let (name, z, x, y) = ask.path.clone();
    let picture = picture(&ask, &name)?;
    let missing =
        || Fault::not_found(format!("there is no tile {z}/{x}/{y}")).about("tile").remedy("ask for {z}/{x}/{y}.png");
    let whole = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let address = y.strip_suffix(".png").and_then(|y| Some((u8::try_from(whole(&z)?).ok()?, whole(&x)?, whole(y)?)));
    let address = address.ok_or_else(missing)?;
    let current = format!("{:016x}", picture.id());
    let imagery = ask.city.imagery.clone();
    let bytes = ask.work(move || imagery.tile(&picture, address)).await?.ok_or_else(missing)?;
    let mut response = encode::tagged(&ask.headers, "image/png", bytes.to_vec());
    if params.get("v") == Some(current.as_str()) {
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, forever);
    }
    Ok(response)
}
