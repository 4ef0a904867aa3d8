//! `/places?address=`: the flat, unit or building that an address means, part by part and exactly.

use super::search::path;
use crate::api::ask::Ask;
use crate::api::encode::{derived, feature};
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::Answer;
use crate::api::schema::city;
use crate::api::state::City;
use crate::fault::Fault;
use crate::query::place;
use axum::Router;
use axum::routing::get;
use serde_json::json;

const PARAMS: &[Param] = &[
    Param::new("address", Form::Text, "Such as 3-2-1202, 汉口路22号3号楼2单元1202室, or a house code.").needed(),
    Param::new("limit", Form::Rows(1), "How many answers at most; 10 unless told."),
];

/// What this route says of itself.
pub const OPERATIONS: &[Operation] = &[Operation::get(
    "/places",
    "getPlaces",
    "The places that an address means; none that is only like it.",
    city::found,
)
.knows(PARAMS)
.in_form("application/geo+json")];

/// The route.
pub fn routes() -> Router<City> {
    Router::new().route("/places", get(places))
}

async fn places(ask: Ask) -> Answer {
    let params = ask.params(PARAMS)?;
    let said = params.get("address").map(str::trim).filter(|a| !a.is_empty() && a.len() <= 256).map(str::to_owned);
    let said = said.ok_or_else(|| Fault::parameter("address", "'address' is needed: 1 to 256 bytes of text"))?;
    let limit = params.rows("limit", 10, &ask.city.settings.limits);
    ask.answer("application/geo+json", move |ask| {
        let reads = ask.caller.reads;
        let mut features = Vec::new();
        for snapshot in &ask.snapshots() {
            for found in place(snapshot, &said, reads)?.into_iter().take(limit.saturating_sub(features.len())) {
                let Some(mut one) = feature::feature(snapshot, found.row, false, reads)? else { continue };
                one["properties"]["path"] = path(snapshot, found.row, reads);
                one["properties"]["former"] = json!(found.former);
                if let Some(addresses) = derived::addresses(snapshot, found.row, reads) {
                    one["properties"]["addresses"] = addresses;
                }
                features.push(one);
            }
        }
        Ok(json!({ "type": "FeatureCollection", "numberReturned": features.len(), "features": features }))
    })
    .await
}
