//! Things, Datastreams and Observations as SensorThings entities (18-088 §8.2).

use super::ROOT;
use crate::model::{Observation, Thing};
use crate::store::Summary;
use serde_json::{Value, json};

/// Properties of a Thing that can be selected.
pub const THING: &[&str] = &["name", "description", "properties", "Datastreams"];
/// Properties of a Datastream that can be selected.
pub const DATASTREAM: &[&str] = &[
    "name",
    "description",
    "observationType",
    "unitOfMeasurement",
    "phenomenonTime",
    "properties",
    "Thing",
    "Observations",
];
/// Properties of an Observation that can be selected.
pub const OBSERVATION: &[&str] = &["phenomenonTime", "resultTime", "result", "Datastream"];

/// The URL of an entity of `set`.
pub fn link(base: &str, set: &str, id: u64) -> String {
    format!("{base}{ROOT}/{set}({id})")
}

/// A Thing.
pub fn thing(base: &str, t: &Thing) -> Value {
    let own = link(base, "Things", t.id);
    let name = if t.name.is_empty() { &*t.device } else { &t.name };
    json!({
        "@iot.id": t.id, "@iot.selfLink": own, "name": name,
        "description": format!("{} {}", t.class.name(), t.device),
        "properties": { "device": &*t.device, "class": t.class.name(), "site": t.site.as_str() },
        "Datastreams@iot.navigationLink": format!("{own}/Datastreams"),
    })
}

/// A Datastream with its time span and its counts.
pub fn datastream(base: &str, s: &Summary, thing: Option<&Thing>) -> Value {
    let d = &s.datastream;
    let own = link(base, "Datastreams", d.id);
    let device = thing.map_or("", |t| &*t.device);
    let mut entity = json!({
        "@iot.id": d.id, "@iot.selfLink": own,
        "name": format!("{device} {}", d.observed_property),
        "description": format!("{} of {device}", d.observed_property),
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        "unitOfMeasurement": {
            "name": &*d.unit, "symbol": &*d.unit,
            "definition": format!("http://unitsofmeasure.org/ucum.html#{}", d.unit),
        },
        "properties": {
            "observedProperty": &*d.observed_property,
            "quality": { "stored": s.quality.stored, "late": s.quality.late, "duplicate": s.quality.duplicate,
                "notANumber": s.quality.not_a_number, "early": s.quality.early },
        },
        "Thing@iot.navigationLink": format!("{own}/Thing"),
        "Observations@iot.navigationLink": format!("{own}/Observations"),
    });
    if let (Some(first), Some(latest)) = (s.first, &s.latest) {
        entity["phenomenonTime"] = json!(format!("{first}/{}", latest.phenomenon_time));
    }
    entity
}

/// An Observation.
pub fn observation(base: &str, number: u64, o: &Observation) -> Value {
    let own = link(base, "Observations", number);
    json!({
        "@iot.id": number, "@iot.selfLink": own,
        "phenomenonTime": o.phenomenon_time.to_string(), "resultTime": o.result_time.to_string(), "result": o.result,
        "Datastream@iot.navigationLink": format!("{own}/Datastream"),
    })
}
