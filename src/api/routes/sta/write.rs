//! Sending observations: one (§10.2), or many as data arrays (§13.2). Answered when they are on disk.

use super::{Target, entity};
use crate::api::ask::Ask;
use crate::api::problem::Answer;
use crate::api::state::City;
use crate::fault::{Fault, Kind, Result};
use crate::live::inlet::message::{number, time};
use crate::live::rules;
use crate::model::{Observation, Right};
use crate::store::Taken;
use crate::units::Instant;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, http::HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

/// The most observations of one request.
const MOST: usize = 50_000;

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
    let takes = matches!(target, Target::DatastreamObservations(_) | Target::Observations | Target::CreateObservations);
    if !takes {
        let fault =
            Fault::new(Kind::Forbidden, "entities are made by importing devices; observations can be sent here");
        return Err(fault.remedy("POST Datastreams(id)/Observations, Observations or CreateObservations").into());
    }
    ask.caller.require(Right::SendReadings)?;
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
    let phenomenon_time = match &sent.phenomenon_time {
        Some(text) => time(text).ok_or_else(|| {
            Fault::parameter("phenomenonTime", format!("'{text}' is not a time such as 2026-01-31T08:00:00Z"))
        })?,
        None => now,
    };
    let reading = Observation { datastream, phenomenon_time, result_time: now, result };
    let taken = city.store.append(vec![reading], rules::judge)?;
    city.counts.took(&taken);
    match taken.first() {
        Some(Taken::Refused(flaw)) => {
            let name = if result.is_finite() { "phenomenonTime" } else { "result" };
            Err(Fault::parameter(name, flaw.reason()))
        }
        Some(kept) => {
            let number = kept.number().unwrap_or_default();
            let body = Json(entity::observation(base, number, &reading));
            let mut response = (StatusCode::CREATED, body).into_response();
            if let Ok(place) = HeaderValue::from_str(&entity::link(base, "Observations", number)) {
                response.headers_mut().insert(header::LOCATION, place);
            }
            Ok(response)
        }
        None => Err(Fault::internal("a reading got no answer")),
    }
}

fn many(city: &City, base: &str, body: &[u8], now: Instant) -> Result<Response> {
    let arrays: Vec<DataArray> = serde_json::from_slice(body)
        .map_err(|e| Fault::bad_input(format!("the body is no list of data arrays: {e}")))?;
    let total: usize = arrays.iter().map(|a| a.rows.len()).sum();
    if total > MOST {
        return Err(Fault::new(Kind::TooLarge, format!("{total} observations in one request; at most {MOST}")));
    }
    let (mut readings, mut places) = (Vec::with_capacity(total), Vec::with_capacity(total));
    for array in &arrays {
        let at = |name: &str| array.components.iter().position(|c| c == name);
        let result = at("result").ok_or_else(|| Fault::parameter("components", "there is no component 'result'"))?;
        let when = at("phenomenonTime");
        let known = array.datastream.number().filter(|id| city.store.series().datastream(*id).is_some());
        for row in &array.rows {
            let reading = known.and_then(|datastream| {
                let phenomenon_time = match when.and_then(|at| row.get(at)) {
                    Some(Value::String(text)) => time(text)?,
                    Some(Value::Null) | None => now,
                    Some(_) => return None,
                };
                let result = number(row.get(result)?)?;
                Some(Observation { datastream, phenomenon_time, result_time: now, result })
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
