//! Sending observations: one (§10.2), or many as data arrays (§13.2). Answered when they are on disk.

use super::{Target, entity, not_allowed};
use crate::api::ask::Ask;
use crate::api::problem::Answer;
use crate::api::state::City;
use crate::fault::{Fault, Kind, Result};
use crate::live::inlet::message::{number, time};
use crate::live::rules;
use crate::model::{Flaw, Observation, Right};
use crate::store::Taken;
use crate::units::Instant;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, http::HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "@iot.id")]
    id: Value,
}

impl Reference {
    /// Ids are numbers; some clients write them as text.
    fn number(&self) -> Option<u64> {
        self.id.as_u64().or_else(|| self.id.as_str()?.parse().ok())
    }
}

/// An observation as a client sends it; what else it says (quality, parameters) is not kept.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    result: Value,
    #[serde(default)]
    phenomenon_time: Option<String>,
    #[serde(default)]
    result_time: Option<String>,
    #[serde(default, rename = "Datastream")]
    datastream: Option<Reference>,
}

#[derive(Deserialize)]
struct DataArray {
    #[serde(rename = "Datastream")]
    datastream: Reference,
    components: Vec<String>,
    #[serde(rename = "dataArray")]
    rows: Vec<Vec<Value>>,
}

/// A POST below the root.
pub async fn write(ask: Ask<String>, body: Bytes) -> Answer {
    let target = Target::read(&ask.path)?;
    ask.params(&[])?;
    ask.caller.require(Right::SendReadings)?;
    let takes = matches!(target, Target::DatastreamObservations(_) | Target::Observations | Target::CreateObservations);
    if !takes {
        let what = "entities are made by importing devices; observations can be sent here";
        return Ok(not_allowed(
            what,
            "POST Datastreams(id)/Observations, Observations or CreateObservations",
            "GET, HEAD",
        ));
    }
    let (city, base) = (ask.city.clone(), ask.base());
    let now = (city.clock)();
    let work = ask.work(move || match target {
        Target::DatastreamObservations(id) => one(&city, &base, Some(id), &body, now),
        Target::CreateObservations => many(&city, &base, &body, now),
        _ => one(&city, &base, None, &body, now),
    });
    Ok(work.await?)
}

fn one(city: &City, base: &str, datastream: Option<u64>, body: &[u8], now: Instant) -> Result<Response> {
    let sent: Sent =
        serde_json::from_slice(body).map_err(|e| Fault::bad_input(format!("the body is no observation: {e}")))?;
    let named = sent
        .datastream
        .as_ref()
        .map(|d| d.number().ok_or_else(|| Fault::parameter("Datastream", "its @iot.id is not a number")));
    let named = named.transpose()?;
    let datastream = match (datastream, named) {
        (Some(of_path), Some(named)) if of_path != named => {
            return Err(Fault::parameter("Datastream", "it is not the datastream of the path"));
        }
        (of_path, named) => of_path.or(named).ok_or_else(|| {
            Fault::parameter("Datastream", "the observation names no datastream")
                .remedy("add \"Datastream\": {\"@iot.id\": …}")
        })?,
    };
    if city.store.series().datastream(datastream).is_none() {
        return Err(Fault::not_found(format!("there is no Datastream {datastream}")).about("Datastream"));
    }
    let result = number(&sent.result).ok_or_else(|| Fault::parameter("result", "the result is not a number"))?;
    let phenomenon_time = instant("phenomenonTime", sent.phenomenon_time.as_deref())?;
    let result_time = instant("resultTime", sent.result_time.as_deref())?;
    let reading = reading(datastream, phenomenon_time, result_time, result, now)?;
    let taken = city.store.append(vec![reading], rules::judge)?;
    city.counts.took(&taken);
    match taken.first() {
        Some(Taken::Refused(flaw)) => {
            let name = if result.is_finite() { "phenomenonTime" } else { "result" };
            Err(Fault::parameter(name, flaw.reason()))
        }
        Some(kept) => {
            let number = kept.number().unwrap_or_default();
            // What was there before stays as it is, and so it is shown.
            let before = match kept {
                Taken::Duplicate(number) => city.store.series().observation(*number)?,
                _ => None,
            };
            let body = Json(entity::observation(base, number, &before.unwrap_or(reading)));
            let mut response = (StatusCode::CREATED, body).into_response();
            if let Ok(place) = HeaderValue::from_str(&entity::link(base, "Observations", number)) {
                response.headers_mut().insert(header::LOCATION, place);
            }
            Ok(response)
        }
        None => Err(Fault::internal("a reading got no answer")),
    }
}

/// A time that a reading names.
fn instant(name: &str, text: Option<&str>) -> Result<Option<Instant>> {
    let read = |text: &str| {
        time(text).ok_or_else(|| {
            let what = if text.contains('/') { "an interval, and a reading has one instant" } else { "no time" };
            Fault::parameter(name, format!("'{text}' is {what}")).remedy("write it as 2026-01-31T08:00:00Z")
        })
    };
    text.map(read).transpose()
}

/// A reading with the times that were sent; those left out are now. A `resultTime` that is sent must hold beside the server's
/// clock, and beside the phenomenon, which no result comes before.
fn reading(
    datastream: u64,
    phenomenon_time: Option<Instant>,
    result_time: Option<Instant>,
    result: f64,
    now: Instant,
) -> Result<Observation> {
    let latest = |time: Instant| time.0.saturating_add(Observation::AHEAD_MS);
    let phenomenon_time = phenomenon_time.unwrap_or_else(|| result_time.map_or(now, |made| made.min(now)));
    if let Some(made) = result_time {
        if made.0 > latest(now) {
            let what = "the resultTime is more than 5 minutes ahead of the server's clock";
            return Err(Fault::parameter("resultTime", what));
        }
        if phenomenon_time.0 > latest(now) {
            return Err(Fault::parameter("phenomenonTime", Flaw::Early.reason()));
        }
        if phenomenon_time.0 > latest(made) {
            let what = "the resultTime is more than 5 minutes before the phenomenonTime";
            return Err(Fault::parameter("resultTime", what));
        }
    }
    Ok(Observation { datastream, phenomenon_time, result_time: result_time.unwrap_or(now), result })
}

fn many(city: &City, base: &str, body: &[u8], now: Instant) -> Result<Response> {
    let arrays: Vec<DataArray> = serde_json::from_slice(body)
        .map_err(|e| Fault::bad_input(format!("the body is no list of data arrays: {e}")))?;
    let total: usize = arrays.iter().map(|a| a.rows.len()).sum();
    let most = city.settings.limits.observations;
    if total > most {
        return Err(Fault::new(Kind::TooLarge, format!("{total} observations in one request; at most {most}")));
    }
    let (mut readings, mut places) = (Vec::with_capacity(total), Vec::with_capacity(total));
    for array in &arrays {
        let at = |name: &str| array.components.iter().position(|c| c == name);
        let result = at("result").ok_or_else(|| Fault::parameter("components", "there is no component 'result'"))?;
        let (when, made) = (at("phenomenonTime"), at("resultTime"));
        let known = array.datastream.number().filter(|id| city.store.series().datastream(*id).is_some());
        for row in &array.rows {
            // None where it cannot be read; nothing inside where it is left out.
            let told = |at: Option<usize>| match at.and_then(|at| row.get(at)) {
                Some(Value::String(text)) => time(text).map(Some),
                Some(Value::Null) | None => Some(None),
                Some(_) => None,
            };
            let reading = known.and_then(|datastream| {
                let result = number(row.get(result)?)?;
                reading(datastream, told(when)?, told(made)?, result, now).ok()
            });
            places.push(reading.map(|reading| {
                readings.push(reading);
                readings.len() - 1
            }));
        }
    }
    let taken = city.store.append(readings, rules::judge)?;
    city.counts.took(&taken);
    let answer = |place: &Option<usize>| {
        let number = place.and_then(|at| taken.get(at)).and_then(|t| t.number());
        number.map_or(json!("error"), |n| json!(entity::link(base, "Observations", n)))
    };
    let links: Vec<Value> = places.iter().map(answer).collect();
    Ok((StatusCode::CREATED, Json(links)).into_response())
}
