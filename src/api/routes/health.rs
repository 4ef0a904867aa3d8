//! `/health/live`, `/health/ready`: whether the process runs, and whether it can serve.

use crate::api::ask::Ask;
use crate::api::openapi::Operation;
use crate::api::problem::Answer;
use crate::api::schema::city;
use crate::api::state::City;
use axum::Router;
use axum::routing::get;
use serde_json::json;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/health/live", "getLive", "Whether the process runs.", city::live),
    Operation::get("/health/ready", "getReady", "Whether the city can be served, and what is missing.", city::ready),
];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready))
}

async fn live(ask: Ask) -> Answer {
    ask.json("application/json", &json!({ "status": "live" }))
}

/// Open to everybody, so it says nothing of the city but whether there is one.
async fn ready(ask: Ask) -> Answer {
    let empty = ask.city.store.sites().is_empty();
    let missing: &[&str] = if empty { &["no site yet: import a file, or run 'cimbra demo'"] } else { &[] };
    ask.json("application/json", &json!({ "status": "ready", "missing": missing }))
}
