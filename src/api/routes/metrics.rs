//! `/metrics`: counters in Prometheus' text form.

use crate::api::openapi::Operation;
use crate::api::params::Params;
use crate::api::problem::Answer;
use crate::api::state::City;
use axum::Router;
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::IntoResponse;
use axum::routing::get;
use std::fmt::Write;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[Operation {
    method: "get",
    path: "/metrics",
    id: "getMetrics",
    about: "Counters in Prometheus' text form.",
    params: &[],
    media: "text/plain",
    keyed: false,
}];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(city): State<City>, uri: Uri) -> Answer {
    Params::read(&uri, &[])?;
    let series = city.store.series();
    let mut text = String::new();
    let mut line = |name: &str, kind: &str, value: u64| {
        let _infallible = write!(text, "# TYPE cimbra_{name} {kind}\ncimbra_{name} {value}\n");
    };
    for (name, value) in city.counts.all() {
        line(&format!("{name}_total"), "counter", value);
    }
    line("observations_total", "counter", series.observation_count());
    line("things", "gauge", series.thing_count());
    line("datastreams", "gauge", series.datastream_count());
    line("alarms_active", "gauge", series.active_alarms().len() as u64);
    line("store_revision", "gauge", city.store.revision());
    line("event_sequence", "counter", city.store.events().head());
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}
