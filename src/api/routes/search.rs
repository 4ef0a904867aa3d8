//! `/search?q=`: assets by name and code, with their path from the building down.

use crate::api::ask::Ask;
use crate::api::encode::feature;
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::Answer;
use crate::api::schema::city;
use crate::api::state::City;
use crate::fault::Fault;
use crate::model::Collections;
use crate::store::{Row, Snapshot};
use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};

const PARAMS: &[Param] = &[
    Param::new("q", Form::Text, "Words to find, Chinese or Latin; every word must be found.").needed(),
    Param::new("limit", Form::Rows(1), "How many answers at most; 10 unless told."),
];

/// What this route says of itself.
pub const OPERATIONS: &[Operation] =
    &[Operation::get("/search", "search", "Assets by name and code, best first.", city::found)
        .knows(PARAMS)
        .in_form("application/geo+json")];

/// The route.
pub fn routes() -> Router<City> {
    Router::new().route("/search", get(search))
}

async fn search(ask: Ask) -> Answer {
    let params = ask.params(PARAMS)?;
    let words = params.get("q").map(str::trim).filter(|q| !q.is_empty() && q.len() <= 256).map(str::to_owned);
    let words = words.ok_or_else(|| Fault::parameter("q", "'q' is needed: 1 to 256 bytes of text"))?;
    let limit = params.rows("limit", 10, &ask.city.settings.limits);
    ask.answer("application/geo+json", move |ask| {
        let (snapshots, reads) = (ask.snapshots(), ask.caller.reads);
        let found = ask.city.search.find(&snapshots, &words, limit, reads)?;
        let mut features = Vec::with_capacity(found.len());
        for hit in found {
            let Some(snapshot) = snapshots.get(hit.snapshot) else { continue };
            let Some(mut one) = feature::feature(snapshot, hit.row, false, reads)? else { continue };
            one["properties"]["path"] = path(snapshot, hit.row, reads);
            one["properties"]["score"] = json!(hit.score);
            features.push(one);
        }
        Ok(json!({ "type": "FeatureCollection", "numberReturned": features.len(), "features": features }))
    })
    .await
}

/// What a row is part of, from the building down, as far as the caller may read it.
pub(super) fn path(snapshot: &Snapshot, row: Row, reads: Collections) -> Value {
    let above = snapshot.ancestors(row).into_iter().rev().filter_map(|row| snapshot.asset(row));
    let seen = above.filter(|a| reads.contains(a.class().collection()));
    seen.map(|a| json!({ "id": a.id(), "name": a.name(), "class": a.class().name() })).collect()
}
