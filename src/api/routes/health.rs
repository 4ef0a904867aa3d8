//! `/health/live`, `/health/ready`: whether the process runs, and whether it can serve.

use crate::api::encode;
use crate::api::openapi::Operation;
use crate::api::problem::Answer;
use crate::api::state::City;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;
use serde_json::json;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    operation("/health/live", "getLive", "Whether the process runs."),
    operation("/health/ready", "getReady", "Whether the city can be served, and what is missing."),
];

const fn operation(path: &'static str, id: &'static str, about: &'static str) -> Operation {
    Operation { method: "get", path, id, about, params: &[], media: "application/json", keyed: false }
}

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready))
}

async fn live(headers: HeaderMap) -> Answer {
    encode::json(&headers, "application/json", &json!({ "status": "live" }))
}

async fn ready(State(city): State<City>, headers: HeaderMap) -> Answer {
    let sites = city.store.sites();
    let missing: &[&str] = if sites.is_empty() { &["no site yet: import a file, or run 'cimbra demo'"] } else { &[] };
    let body =
        json!({ "status": "ready", "sites": sites.len(), "revision": city.store.revision(), "missing": missing });
    encode::json(&headers, "application/json", &body)
}
