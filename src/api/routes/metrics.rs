//! `/metrics`: counters in Prometheus' text form. Where layers are opened to a network they need a key, which Prometheus sends
//! as `authorization: credentials`; on loopback a caller without one is told of what it may read, and not how much comes in.

use crate::api::ask::Ask;
use crate::api::openapi::Operation;
use crate::api::problem::Answer;
use crate::api::schema;
use crate::api::state::City;
use crate::model::{Collections, Right};
use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use std::fmt::Write;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[Operation::get(
    "/metrics",
    "getMetrics",
    "Counters in Prometheus' text form, over what the caller may read.",
    schema::bytes,
)
.in_form("text/plain; version=0.0.4")
.untagged()];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(ask: Ask) -> Answer {
    ask.params(&[])?;
    if ask.city.settings.public_layers.is_some() {
        ask.caller.require(Right::ReadGuarded)?;
    }
    let asked = ask.clone();
    let text = ask.work(move || Ok(counters(&asked))).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

fn counters(ask: &Ask) -> String {
    let (store, series) = (&ask.city.store, ask.city.store.series());
    let mut text = String::new();
    let mut line = |name: &str, kind: &str, value: u64| {
        let _infallible = write!(text, "# TYPE cimbra_{name} {kind}\ncimbra_{name} {value}\n");
    };
    if ask.caller.reads == Collections::ALL {
        for (name, value) in ask.city.counts.all() {
            line(&format!("{name}_total"), "counter", value);
        }
        line("writes_refused_without_key_total", "counter", ask.city.audit.passed_over());
        line("event_sequence", "counter", store.events().head());
    }
    let things = (1..=series.thing_count()).filter_map(|id| series.thing(id));
    let readable: Vec<_> = things.filter(|t| ask.caller.reads.contains(t.class.collection())).map(|t| t.id).collect();
    let streams: Vec<_> = readable.iter().flat_map(|thing| series.datastreams_of(*thing)).collect();
    let stored = streams.iter().filter_map(|id| series.datastream(*id)).map(|summary| summary.quality.stored);
    line("observations_total", "counter", stored.sum());
    line("things", "gauge", readable.len() as u64);
    line("datastreams", "gauge", streams.len() as u64);
    let active = series.active_alarms();
    line("alarms_active", "gauge", active.iter().filter(|alarm| super::alarms::sees(ask, alarm)).count() as u64);
    line("store_revision", "gauge", store.revision());
    text
}
