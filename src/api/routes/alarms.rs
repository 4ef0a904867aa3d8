//! `/alarms`: what is active and what was; acknowledge, clear, comment.

use super::items::find;
use crate::api::ask::Ask;
use crate::api::encode;
use crate::api::openapi::Operation;
use crate::api::params::{self, Form, Param};
use crate::api::problem::Answer;
use crate::api::schema::live;
use crate::api::state::City;
use crate::fault::{Fault, Result};
use crate::live::desk;
use crate::model::{Alarm, Class, Collections, Right, Severity};
use crate::store::Snapshot;
use axum::body::Bytes;
use axum::routing::{get, post};
use axum::{Json, Router, response::IntoResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const LIST: &[Param] = &[
    Param::new("state", Form::OneOf(&["active", "cleared", "all"]), "Which; active unless told."),
    Param::new("severity", Form::OneOf(&["critical", "major", "minor", "warning"]), "Only of this severity."),
    Param::new(
        "acknowledged",
        Form::Bool,
        "Only those that somebody has acknowledged, or nobody; with state=cleared and false, what ended unseen.",
    ),
    Param::new("limit", Form::Rows(1), "How many at most; 100 unless told."),
    Param::new("cursor", Form::Text, "Where the page begins; from a next link."),
];
const ABOUT: &str = "Alarms: the active ones worst first and all of them counted, others newest first.";
/// Alarms looked through for one page of those that are over.
const LOOKED_AT: usize = 100_000;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/alarms", "getAlarms", ABOUT, live::alarms).knows(LIST),
    Operation::get("/alarms/{alarmId}", "getAlarm", "One alarm with its comments.", live::alarm),
    act_operation("/alarms/{alarmId}/acknowledge", "acknowledgeAlarm", "Says that it has been seen."),
    act_operation("/alarms/{alarmId}/clear", "clearAlarm", "Ends it by hand."),
    act_operation("/alarms/{alarmId}/comment", "commentAlarm", "Writes about it.")
        .takes("application/json", live::words_about),
];

const fn act_operation(path: &'static str, id: &'static str, about: &'static str) -> Operation {
    Operation::post(path, id, about, 200, live::alarm)
}

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/alarms", get(list)).route("/alarms/{id}", get(one)).route("/alarms/{id}/{act}", post(act))
}

/// Whether this caller may know of an alarm: it may read the collection of the device.
pub fn sees<P>(ask: &Ask<P>, alarm: &Alarm) -> bool {
    let class = ask.city.store.series().thing_of(&alarm.device).map_or(Class::Device, |thing| thing.class);
    ask.caller.reads.contains(class.collection())
}

/// An alarm that this caller may know of, as it may see it.
fn show(reads: Collections, snapshots: &[Arc<Snapshot>], alarm: &Alarm) -> Value {
    let known = reads == Collections::ALL || {
        let assets = find(snapshots, &alarm.asset, None).into_iter().filter_map(|(snapshot, row)| snapshot.asset(row));
        let readable: Vec<bool> = assets.map(|asset| reads.contains(asset.class().collection())).collect();
        !readable.is_empty() && !readable.contains(&false)
    };
    encode::live::alarm(alarm, known)
}

/// A page of alarms.
#[derive(Default)]
struct Page {
    alarms: Vec<Arc<Alarm>>,
    /// How many there are in all, where they are counted.
    matched: Option<usize>,
    /// The cursor of the page after this one.
    next: Option<String>,
}

async fn list(ask: Ask) -> Answer {
    let params = ask.params(LIST)?;
    let limit = params.rows("limit", 100, &ask.city.settings.limits);
    let severity = params.get("severity").and_then(Severity::from_name);
    let state = params.get("state").unwrap_or("active").to_owned();
    let acknowledged = params.get("acknowledged").map(|text| text == "true");
    ask.answer("application/json", move |ask| {
        let fits = |a: &Alarm| {
            severity.is_none_or(|s| s == a.severity)
                && acknowledged.is_none_or(|wanted| wanted == a.acknowledged.is_some())
                && (state != "cleared" || !a.state.is_active())
                && sees(ask, a)
        };
        let (cursor, snapshots) = (params.get("cursor"), ask.snapshots());
        let page = if state == "active" { active(ask, cursor, limit, fits) } else { past(ask, cursor, limit, fits) }?;
        let severity = severity.map(|s| format!("&severity={}", s.name())).unwrap_or_default();
        let acknowledged = acknowledged.map(|wanted| format!("&acknowledged={wanted}")).unwrap_or_default();
        let next = page.next.map(|cursor| {
            let query = format!("state={state}{severity}{acknowledged}&limit={limit}&cursor={cursor}");
            json!({ "rel": "next", "type": "application/json", "href": format!("{}/alarms?{query}", ask.base()) })
        });
        let alarms: Vec<_> = page.alarms.iter().map(|a| show(ask.caller.reads, &snapshots, a)).collect();
        let mut body = json!({ "alarms": alarms, "numberReturned": alarms.len(), "links": next.as_slice() });
        if let Some(matched) = page.matched {
            body["numberMatched"] = json!(matched);
        }
        Ok(body)
    })
    .await
}

fn foreign(cursor: &str) -> Fault {
    Fault::parameter("cursor", format!("'{cursor}' is not from a next link of these alarms"))
}

/// Active alarms, worst first, then those raised last. Neither changes while an alarm is active, so that pages neither repeat one
/// nor leave one out; the cursor names the last one given, `severity.id`.
fn active<P>(ask: &Ask<P>, cursor: Option<&str>, limit: usize, fits: impl Fn(&Alarm) -> bool) -> Result<Page> {
    let place = |text: &str| {
        let (severity, id) = text.split_once('.')?;
        Some((Severity::from_name(severity)?, id.parse::<u64>().ok()?))
    };
    let last = cursor.map(|text| place(text).ok_or_else(|| foreign(text))).transpose()?;
    let mut found = ask.city.store.series().active_alarms();
    found.retain(|alarm| fits(alarm));
    let matched = Some(found.len());
    found.retain(|alarm| last.is_none_or(|last| (alarm.severity, alarm.id) < last));
    found.sort_by_key(|alarm| std::cmp::Reverse((alarm.severity, alarm.id)));
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| format!("{}.{}", last.severity.name(), last.id));
    Ok(Page { alarms: found, matched, next })
}

/// Alarms over and active, newest first; the cursor is the id at which to go on.
fn past<P>(ask: &Ask<P>, cursor: Option<&str>, limit: usize, fits: impl Fn(&Alarm) -> bool) -> Result<Page> {
    let start = cursor.map(|text| text.parse().map_err(|_| foreign(text))).transpose()?.unwrap_or(u64::MAX);
    let mut page = Page::default();
    let found = ask.deadline.keep(ask.city.store.series().alarms_down_from(start));
    for (looked, alarm) in found.enumerate() {
        let alarm = alarm?;
        if page.alarms.len() >= limit || looked >= LOOKED_AT {
            page.next = Some(alarm.id.to_string());
            break;
        }
        if fits(&alarm) {
            page.alarms.push(Arc::new(alarm));
        }
    }
    Ok(page)
}

fn number(id: &str) -> Result<u64> {
    id.parse().map_err(|_| Fault::not_found(format!("there is no alarm '{id}'")).about("alarmId"))
}

fn visible<P>(ask: &Ask<P>, id: u64) -> Result<Arc<Alarm>> {
    let found = ask.city.store.series().alarm(id)?.filter(|a| sees(ask, a));
    found.ok_or_else(|| Fault::not_found(format!("there is no alarm {id}")).about("alarmId"))
}

async fn one(ask: Ask<String>) -> Answer {
    ask.params(&[])?;
    let id = number(&ask.path)?;
    ask.answer("application/json", move |ask| Ok(show(ask.caller.reads, &ask.snapshots(), &*visible(ask, id)?))).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    text: String,
}

async fn act(ask: Ask<(String, String)>, body: Bytes) -> Answer {
    ask.params(&[])?;
    let (id, act) = ask.path.clone();
    if !["acknowledge", "clear", "comment"].contains(&act.as_str()) {
        return Err(Fault::not_found(format!("an alarm has no act '{act}'"))
            .remedy("acknowledge, clear, comment")
            .into());
    }
    ask.caller.require(Right::HandleAlarms)?;
    if act != "comment" {
        params::nothing(&body)?;
    }
    let id = number(&id)?;
    let own = ask.clone();
    let work = ask.work(move || {
        visible(&own, id)?;
        let (store, by, now) = (&own.city.store, &own.caller.name, (own.city.clock)());
        let alarm = match act.as_str() {
            "acknowledge" => desk::acknowledge(store, id, by, now),
            "clear" => desk::clear(store, id, by, now),
            _ => {
                let Words { text } = serde_json::from_slice(&body)
                    .map_err(|e| Fault::parameter("text", format!("the body is not {{\"text\": …}}: {e}")))?;
                desk::comment(store, id, by, &text, now)
            }
        }?;
        Ok(show(own.caller.reads, &own.snapshots(), &alarm))
    });
    Ok(Json(work.await?).into_response())
}
