//! `/search?q=`: assets by name and code, with their path from the building down.

use super::collections::snapshots;
use super::items::offload;
use crate::api::caller::Caller;
use crate::api::encode::{self, feature};
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param, Params};
use crate::api::problem::Answer;
use crate::api::state::City;
use crate::fault::Fault;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::routing::get;
use serde_json::json;

const PARAMS: &[Param] = &[
    Param::new("q", Form::Text, "Words to find, Chinese or Latin; every word must be found."),
    Param::new("limit", Form::Integer(1, 1000), "How many answers at most; 10 unless told."),
];

/// What this route says of itself.
pub const OPERATIONS: &[Operation] = &[Operation {
    method: "get",
    path: "/search",
    id: "search",
    about: "Assets by name and code, best first.",
    params: PARAMS,
    media: "application/geo+json",
    keyed: false,
}];

/// The route.
pub fn routes() -> Router<City> {
    Router::new().route("/search", get(search))
}

async fn search(State(city): State<City>, caller: Caller, uri: Uri, headers: HeaderMap) -> Answer {
    let params = Params::read(&uri, PARAMS)?;
    let words = params.get("q").map(str::trim).filter(|q| !q.is_empty() && q.len() <= 256).map(str::to_owned);
    let words = words.ok_or_else(|| Fault::parameter("q", "'q' is needed: 1 to 256 bytes of text"))?;
    let limit = params.integer("limit").and_then(|n| usize::try_from(n).ok()).unwrap_or(10);
    let snapshots = snapshots(&city);
    let body = offload(move || {
        let visible = |collection| caller.may_read(&city, collection);
        let found = city.search.find(&snapshots, &words, limit, &visible)?;
        let mut features = Vec::with_capacity(found.len());
        for hit in found {
            let Some(snapshot) = snapshots.get(hit.snapshot) else { continue };
            let Some(mut one) = feature::feature(snapshot, hit.row, false)? else { continue };
            let mut above = snapshot.ancestors(hit.row);
            above.reverse();
            let path: Vec<_> = above
                .into_iter()
                .filter_map(|row| snapshot.asset(row))
                .map(|a| json!({ "id": a.id(), "name": a.name(), "class": a.class().name() }))
                .collect();
            one["properties"]["path"] = json!(path);
            one["properties"]["score"] = json!(hit.score);
            features.push(one);
        }
        Ok(json!({ "type": "FeatureCollection", "numberReturned": features.len(), "features": features }))
    })
    .await?;
    encode::json(&headers, "application/geo+json", &body)
}
