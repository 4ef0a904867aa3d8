//! `/styles`: 3D Tiles styles for any viewer: by class, by age, by a number, by active alarms.

use super::state::seen;
use crate::api::ask::Ask;
use crate::api::encode;
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::Answer;
use crate::api::schema::city;
use crate::api::state::City;
use crate::fault::Fault;
use crate::query::Scope;
use crate::tiles::styles;
use axum::Router;
use axum::http::{HeaderName, HeaderValue};
use axum::routing::get;
use serde_json::json;
use std::cmp::Reverse;

const RAMP: &[Param] = &[
    Param::new("property", Form::Text, "An attribute that is a number, by its own name or its column's.").needed(),
    Param::new("min", Form::Number, "The number that is blue.").needed(),
    Param::new("max", Form::Number, "The number that is red, greater than min.").needed(),
];

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/styles", "getStyles", "The 3D Tiles styles there are.", city::styles),
    style("/styles/class.json", "getClassStyle", "A 3D Tiles style: by what things are."),
    style("/styles/age.json", "getAgeStyle", "A 3D Tiles style: by the year of construction."),
    style(
        "/styles/alarms.json",
        "getAlarmStyle",
        "A 3D Tiles style: the ids in alarm just now, worst first; Cimbra-Left-Out says how many were too many for it.",
    ),
    style("/styles/ramp.json", "getRampStyle", "A 3D Tiles style: an attribute that is a number, blue to red.")
        .knows(RAMP),
];

const fn style(path: &'static str, id: &'static str, about: &'static str) -> Operation {
    Operation::get(path, id, about, city::style)
}

/// The routes.
pub fn routes() -> Router<City> {
    Router::new()
        .route("/styles", get(list))
        .route("/styles/class.json", get(async |ask: Ask| written(&ask, styles::CLASS)))
        .route("/styles/age.json", get(async |ask: Ask| written(&ask, styles::AGE)))
        .route("/styles/alarms.json", get(alarms))
        .route("/styles/ramp.json", get(ramp))
}

async fn list(ask: Ask) -> Answer {
    ask.params(&[])?;
    let base = ask.base();
    let one = |id: &str, title: &str, query: &str| {
        let href = format!("{base}/styles/{id}.json{query}");
        let mut link = json!({ "rel": "stylesheet", "type": "application/json", "href": href });
        if !query.is_empty() {
            link["templated"] = json!(true);
        }
        json!({ "id": id, "title": title, "links": [link] })
    };
    let all = [
        one("class", "By what things are", ""),
        one("age", "By the year of construction", ""),
        one("alarms", "Active alarms, as they are when this is asked for", ""),
        one("ramp", "An attribute that is a number, blue to red", "?property={property}&min={min}&max={max}"),
    ];
    ask.json("application/json", &json!({ "styles": all }))
}

/// A style that is written in a file.
fn written(ask: &Ask, style: &str) -> Answer {
    ask.params(&[])?;
    Ok(encode::tagged(&ask.headers, "application/json", style.as_bytes().to_vec()))
}

async fn alarms(ask: Ask) -> Answer {
    ask.params(&[])?;
    let own = ask.clone();
    let work = move || {
        let reads = own.caller.reads;
        let (_, mut states) = own.city.store.standing(reads);
        states.retain(|(_, state)| state.alarm.is_some());
        let states = seen(&own.snapshots(), &Scope::All, reads, states);
        let marked = states.iter().filter_map(|(id, state)| Some((&**id, state.alarm?.severity)));
        let mut marked: Vec<_> = marked.collect();
        marked.sort_unstable_by_key(|(id, severity)| (Reverse(*severity), *id));
        let left_out = marked.len().saturating_sub(styles::MOST_ALARMED);
        marked.truncate(styles::MOST_ALARMED);
        Ok((styles::alarms(&marked), left_out))
    };
    let (style, left_out) = ask.work(work).await?;
    let mut response = encode::json(&ask.headers, "application/json", &style)?;
    if left_out > 0 {
        response.headers_mut().insert(HeaderName::from_static("cimbra-left-out"), HeaderValue::from(left_out));
    }
    Ok(response)
}

async fn ramp(ask: Ask) -> Answer {
    let params = ask.params(RAMP)?;
    let number = |name: &'static str| {
        let given = params.get(name).and_then(|text| text.parse::<f64>().ok());
        given.ok_or_else(|| Fault::parameter(name, format!("'{name}' is needed: a number")))
    };
    let property = params.get("property").filter(|name| !name.is_empty() && name.len() <= 256);
    let property =
        property.ok_or_else(|| Fault::parameter("property", "'property' is needed: 1 to 256 bytes of text"))?;
    let (min, max) = (number("min")?, number("max")?);
    if min >= max || !(max - min).is_finite() {
        return Err(Fault::parameter("max", format!("'max', {max}, is not greater than 'min', {min}")).into());
    }
    ask.json("application/json", &styles::ramp(property, min, max))
}
