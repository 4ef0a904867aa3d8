//! `/terrain`: the ground as quantized-mesh tiles, and its height at a place.

use crate::api::ask::Ask;
use crate::api::encode::coded::wanted;
use crate::api::encode::{self, Coded};
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::Answer;
use crate::api::schema;
use crate::api::state::City;
use crate::fault::{Fault, Result};
use crate::store::{Found, Relief};
use crate::tiles::terrain::{self, Address};
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

const PLACE: &[Param] = &[
    Param::new("lon", Form::Between(-180.0, 180.0), "Longitude, degrees.").needed(),
    Param::new("lat", Form::Between(-90.0, 90.0), "Latitude, degrees.").needed(),
];
const TILE: &[Param] = &[Param::new("v", Form::Text, "The layer's version: with it the tile may be kept for good.")];

const HEIGHT: &str = "/terrain/height";

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/terrain/layer.json", "getTerrain", "What terrain there is, for clients.", schema::ground::layer),
    Operation::get(
        "/terrain/{level}/{column}/{tile}",
        "getTerrainTile",
        "A quantized-mesh tile, '<row>.terrain', of the geographic scheme with rows from the south.",
        schema::bytes,
    )
    .in_form(MESH)
    .knows(TILE),
    Operation::get(HEIGHT, "getHeight", "The height of the ground at a place.", schema::ground::height).knows(PLACE),
    Operation::post(HEIGHT, "postHeights", "The heights of the ground at many places.", 200, schema::ground::heights)
        .takes("application/json", schema::ground::places)
        .keyed(false),
];

const MESH: &str = "application/vnd.quantized-mesh";

/// The routes.
pub fn routes() -> Router<City> {
    Router::new()
        .route("/terrain/layer.json", get(layer))
        .route(HEIGHT, get(height).post(heights))
        .route("/terrain/{z}/{x}/{y}", get(tile))
}

fn relief<P>(ask: &Ask<P>) -> Relief {
    Relief::new(&ask.city.store, ask.caller.reads)
}

async fn layer(ask: Ask) -> Answer {
    ask.params(&[])?;
    ask.json("application/json", &terrain::layer(&relief(&ask)))
}

async fn tile(ask: Ask<(String, String, String)>) -> Answer {
    let params = ask.params(TILE)?;
    let (z, x, y) = &ask.path;
    let whole = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let address =
        y.strip_suffix(".terrain").and_then(|y| Address::new(u8::try_from(whole(z)?).ok()?, whole(x)?, whole(y)?));
    let missing = || {
        let detail = format!("there is no terrain tile {z}/{x}/{y}");
        Fault::not_found(detail).about("tile").remedy("see 'available' in /terrain/layer.json")
    };
    let address = address.ok_or_else(missing)?;
    let relief = relief(&ask);
    let current = format!("{:016x}", relief.version());
    let (city, coding) = (ask.city.clone(), wanted(&ask.headers));
    let made = ask.work(move || {
        let Some(bytes) = city.terrain.tile(&relief, address)? else { return Ok(None) };
        Ok(Some((xxh3_64(&bytes), Coded::new(&city, bytes, None, coding)?)))
    });
    let (tag, coded) = made.await?.ok_or_else(missing)?;
    let mut response = encode::with_tag(&ask.headers, MESH, tag, || coded.response());
    if params.get("v") == Some(current.as_str()) {
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, forever);
    }
    Ok(response)
}

async fn height(ask: Ask) -> Answer {
    let params = ask.params(PLACE)?;
    let number = |name: &str| {
        let number = params.get(name).and_then(|v| v.parse::<f64>().ok());
        number.ok_or_else(|| Fault::parameter(name, format!("'{name}' is needed, in degrees")))
    };
    let place = [number("lon")?, number("lat")?];
    ask.answer("application/json", move |ask| {
        let found = found(&relief(ask), &[place])?;
        found.into_iter().next().ok_or_else(|| Fault::internal("a place without an answer"))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Places {
    points: Vec<[f64; 2]>,
}

async fn heights(ask: Ask, body: Bytes) -> Answer {
    ask.params(&[])?;
    let Places { points } = serde_json::from_slice(&body).map_err(|e| {
        Fault::bad_input(format!("the body is no list of places: {e}")).remedy("send {\"points\": [[lon, lat], …]}")
    })?;
    let most = ask.city.settings.limits.rows;
    if points.len() > most {
        return Err(
            Fault::parameter("points", format!("{} places; at most {most} are taken at once", points.len())).into()
        );
    }
    if let Some([lon, lat]) = points.iter().find(|[lon, lat]| !(lon.abs() <= 180.0 && lat.abs() <= 90.0)) {
        return Err(
            Fault::parameter("points", format!("[{lon}, {lat}] is no longitude and latitude in degrees")).into()
        );
    }
    let relief = relief(&ask);
    let heights = ask.work(move || found(&relief, &points)).await?;
    Ok(Json(json!({ "heights": heights })).into_response())
}

/// What is known of each place; `null` where there is no ground.
fn found(relief: &Relief, places: &[[f64; 2]]) -> Result<Vec<Value>> {
    let ground = relief.ground(places, 0.0)?;
    let one = |([lon, lat], found): (&[f64; 2], Option<Found>)| match found {
        None => json!({ "lon": lon, "lat": lat, "height": null, "groundHeight": null, "dataset": null, "site": null,
            "resolution": null, "method": null }),
        Some((coverage, ground)) => {
            let resolution = coverage.terrain().map(|grid| grid.spec().resolution);
            json!({ "lon": lon, "lat": lat, "height": ground.height, "groundHeight": ground.source,
                "dataset": coverage.dataset().as_str(), "site": coverage.site().as_str(), "resolution": resolution,
                "method": "bilinear" })
        }
    };
    Ok(places.iter().zip(ground).map(one).collect())
}
