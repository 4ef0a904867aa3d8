//! `/alarms`: what is active and what was; acknowledge, clear, comment.

use super::items::offload;
use super::landing::base;
use crate::api::caller::Caller;
use crate::api::encode::{self, live};
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param, Params};
use crate::api::problem::Answer;
use crate::api::state::City;
use crate::fault::{Fault, Result};
use crate::live::desk;
use crate::model::{Alarm, Class, Right, Severity};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::routing::{get, post};
use axum::{Json, Router, response::IntoResponse};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

const LIST: &[Param] = &[
    Param::new("state", Form::OneOf(&["active", "cleared", "all"]), "Which; active unless told."),
    Param::new("severity", Form::OneOf(&["critical", "major", "minor", "warning"]), "Only of this severity."),
    Param::new("limit", Form::Integer(1, 10_000), "How many at most; 100 unless told."),
    Param::new("before", Form::Integer(1, i64::MAX), "Only alarms with an id below; from a next link."),
];
/// Alarms looked through for one page of those that are over.
const LOOKED_AT: usize = 100_000;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    operation("get", "/alarms", "getAlarms", "Alarms: the active ones worst first, others newest first.", LIST, false),
    operation("get", "/alarms/{alarmId}", "getAlarm", "One alarm with its comments.", &[], false),
    operation("post", "/alarms/{alarmId}/acknowledge", "acknowledgeAlarm", "Says that it has been seen.", &[], true),
    operation("post", "/alarms/{alarmId}/clear", "clearAlarm", "Ends it by hand.", &[], true),
    operation("post", "/alarms/{alarmId}/comment", "commentAlarm", "Writes about it: {\"text\": …}.", &[], true),
];

const fn operation(
    method: &'static str,
    path: &'static str,
    id: &'static str,
    about: &'static str,
    params: &'static [Param],
    keyed: bool,
) -> Operation {
    Operation { method, path, id, about, params, media: "application/json", keyed }
}

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/alarms", get(list)).route("/alarms/{id}", get(one)).route("/alarms/{id}/{act}", post(act))
}

/// Whether this caller may know of an alarm: it may read the collection of the device.
pub fn sees(city: &City, caller: &Caller, alarm: &Alarm) -> bool {
    let class = city.store.series().thing_of(&alarm.device).map_or(Class::Device, |thing| thing.class);
    caller.may_read(city, class.collection())
}

async fn list(State(city): State<City>, caller: Caller, uri: Uri, headers: HeaderMap) -> Answer {
    let params = Params::read(&uri, LIST)?;
    let limit = params.integer("limit").and_then(|n| usize::try_from(n).ok()).unwrap_or(100);
    let before = params.integer("before").and_then(|n| u64::try_from(n).ok());
    let severity = params.get("severity").and_then(Severity::from_name);
    let state = params.get("state").unwrap_or("active").to_owned();
    let base = base(&headers);
    let body = offload(move || {
        let fits = |a: &Alarm| {
            severity.is_none_or(|s| s == a.severity)
                && before.is_none_or(|id| a.id < id)
                && (state != "cleared" || !a.state.is_active())
                && sees(&city, &caller, a)
        };
        let mut found: Vec<Arc<Alarm>> = Vec::new();
        let mut next = None;
        if state == "active" {
            found = city.store.series().active_alarms().into_iter().filter(|a| fits(a)).collect();
            found.sort_by_key(|a| std::cmp::Reverse((a.severity, a.phenomenon_time, a.id)));
            found.truncate(limit);
        } else {
            let start = before.map_or(u64::MAX, |id| id.saturating_sub(1));
            for (looked, alarm) in city.store.series().alarms_down_from(start).enumerate() {
                let alarm = alarm?;
                if found.len() >= limit || looked >= LOOKED_AT {
                    next = Some(alarm.id + 1);
                    break;
                }
                if fits(&alarm) {
                    found.push(Arc::new(alarm));
                }
            }
        }
        let severity = severity.map(|s| format!("&severity={}", s.name())).unwrap_or_default();
        let links: Vec<_> = next
            .map(|id| {
                json!({ "rel": "next", "type": "application/json",
                "href": format!("{base}/alarms?state={state}{severity}&limit={limit}&before={id}") })
            })
            .into_iter()
            .collect();
        let alarms: Vec<_> = found.iter().map(|a| live::alarm(a)).collect();
        Ok(json!({ "alarms": alarms, "numberReturned": alarms.len(), "links": links }))
    })
    .await?;
    encode::json(&headers, "application/json", &body)
}

fn number(id: &str) -> Result<u64> {
    id.parse().map_err(|_| Fault::not_found(format!("there is no alarm '{id}'")).about("alarmId"))
}

fn visible(city: &City, caller: &Caller, id: u64) -> Result<Arc<Alarm>> {
    let found = city.store.series().alarm(id)?.filter(|a| sees(city, caller, a));
    found.ok_or_else(|| Fault::not_found(format!("there is no alarm {id}")).about("alarmId"))
}

async fn one(State(city): State<City>, caller: Caller, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Answer {
    Params::read(&uri, &[])?;
    let id = number(&id)?;
    let alarm = offload(move || visible(&city, &caller, id)).await?;
    encode::json(&headers, "application/json", &live::alarm(&alarm))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    text: String,
}

async fn act(
    State(city): State<City>,
    caller: Caller,
    Path((id, act)): Path<(String, String)>,
    uri: Uri,
    body: Bytes,
) -> Answer {
    Params::read(&uri, &[])?;
    if !["acknowledge", "clear", "comment"].contains(&act.as_str()) {
        return Err(Fault::not_found(format!("an alarm has no act '{act}'"))
            .remedy("acknowledge, clear, comment")
            .into());
    }
    caller.require(Right::HandleAlarms)?;
    let id = number(&id)?;
    let now = (city.clock)();
    let alarm = offload(move || {
        visible(&city, &caller, id)?;
        match act.as_str() {
            "acknowledge" => desk::acknowledge(&city.store, id, &caller.name, now),
            "clear" => desk::clear(&city.store, id, &caller.name, now),
            _ => {
                let Words { text } = serde_json::from_slice(&body)
                    .map_err(|e| Fault::parameter("text", format!("the body is not {{\"text\": …}}: {e}")))?;
                desk::comment(&city.store, id, &caller.name, &text, now)
            }
        }
    })
    .await?;
    Ok(Json(live::alarm(&alarm)).into_response())
}
