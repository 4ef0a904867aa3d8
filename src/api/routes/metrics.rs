//! `/metrics`: counters in Prometheus' text form. They count over everything, guarded collections too, so they need a key,
//! wherever the server listens: Prometheus sends one as `authorization: credentials`.

use crate::api::ask::Ask;
use crate::api::openapi::Operation;
use crate::api::problem::Answer;
use crate::api::schema;
use crate::api::state::City;
use crate::model::Right;
use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use std::fmt::Write;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[Operation::get(
    "/metrics",
    "getMetrics",
    "Counters in Prometheus' text form, over the whole city.",
    schema::bytes,
)
.in_form("text/plain; version=0.0.4")
.keyed(true)
.untagged()];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(ask: Ask) -> Answer {
    ask.params(&[])?;
    ask.caller.require(Right::ReadGuarded)?;
    let (store, series) = (&ask.city.store, ask.city.store.series());
    let mut text = String::new();
    let mut line = |name: &str, kind: &str, value: u64| {
        let _infallible = write!(text, "# TYPE cimbra_{name} {kind}\ncimbra_{name} {value}\n");
    };
    for (name, value) in ask.city.counts.all() {
        line(&format!("{name}_total"), "counter", value);
    }
    line("writes_refused_without_key_total", "counter", ask.city.audit.passed_over());
    line("observations_total", "counter", series.observation_count());
    line("things", "gauge", series.thing_count());
    line("datastreams", "gauge", series.datastream_count());
    line("alarms_active", "gauge", series.active_alarms().len() as u64);
    line("store_revision", "gauge", store.revision());
    line("event_sequence", "counter", store.events().head());
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}
