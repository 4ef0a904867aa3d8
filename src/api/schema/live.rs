//! Schemas of what is measured and what follows: SensorThings entities, state, alarms, rules, sessions.

use super::city::link;
use super::{any, boolean, closed, instant, list, map, maybe, number, open, optional, text, whole, words};
use serde_json::{Value, json};

const SEVERITIES: &[&str] = &["critical", "major", "minor", "warning"];
const STATES: &[&str] = &["raised", "updated", "acknowledged", "cleared"];

/// A latest value.
pub fn value() -> Value {
    closed("StateValue", [("value", number()), ("time", instant()), ("unit", text())])
}

/// An active alarm in short; null for one that is over.
pub fn mark() -> Value {
    let mark = closed("AlarmMark", [("id", whole()), ("severity", words(SEVERITIES)), ("state", words(STATES))]);
    json!({ "oneOf": [{ "type": "null" }, mark] })
}

/// The state of a collection by asset id: latest values by property, and `alarm`.
pub fn state() -> Value {
    let asset = json!({ "type": "object", "properties": { "alarm": mark() }, "additionalProperties": value() });
    closed("State", [("seq", whole()), ("features", map(asset))])
}

/// A CZML document: a list of packets.
pub fn czml() -> Value {
    list(open("CzmlPacket", [("id", text())]))
}

/// An alarm with its comments.
pub fn alarm() -> Value {
    let comment = closed("Comment", [("by", text()), ("at", instant()), ("text", text())]);
    let fields = [
        ("id", whole()),
        ("rule", text()),
        ("state", words(STATES)),
        ("severity", words(SEVERITIES)),
        ("asset", text()),
        ("device", text()),
        ("datastream", whole()),
        ("observedProperty", text()),
        ("value", number()),
        ("message", text()),
        ("raisedAt", instant()),
        ("phenomenonTime", instant()),
        ("clearedAt", maybe("string")),
        ("acknowledged", boolean()),
        ("acknowledgedBy", maybe("string")),
        ("acknowledgedAt", maybe("string")),
        ("comments", list(comment)),
    ];
    closed("Alarm", fields)
}

/// A page of alarms.
pub fn alarms() -> Value {
    let page = closed("Alarms", [("alarms", list(alarm())), ("numberReturned", whole()), ("links", list(link()))]);
    optional(page, [("numberMatched", whole())])
}

/// A comment as it is sent.
pub fn words_about() -> Value {
    closed("NewComment", [("text", json!({ "type": "string", "minLength": 1, "maxLength": 2000 }))])
}

/// A rule as it is sent.
pub fn new_rule() -> Value {
    let fields = [("id", text()), ("observedProperty", text()), ("raiseAt", number()), ("severity", words(SEVERITIES))];
    optional(
        closed("NewRule", fields),
        [
            ("class", maybe("string")),
            ("direction", words(&["above", "below"])),
            ("clearAt", maybe("number")),
            ("enabled", boolean()),
        ],
    )
}

/// A rule.
pub fn rule() -> Value {
    let fields = [
        ("id", text()),
        ("observedProperty", text()),
        ("class", maybe("string")),
        ("direction", words(&["above", "below"])),
        ("raiseAt", number()),
        ("clearAt", number()),
        ("severity", words(SEVERITIES)),
        ("enabled", boolean()),
    ];
    closed("Rule", fields)
}

/// The rules.
pub fn rules() -> Value {
    closed("Rules", [("rules", list(rule()))])
}

/// A ticket on its way to become a session.
pub fn exchange() -> Value {
    closed("Exchange", [("ticket", text())])
}

/// A session.
pub fn session() -> Value {
    closed("Session", [("token", text()), ("role", text()), ("expires", instant())])
}

/// A ticket.
pub fn ticket() -> Value {
    closed("Ticket", [("ticket", text())])
}

/// The service root of SensorThings.
pub fn sta_root() -> Value {
    let set = closed("EntitySet", [("name", text()), ("url", text())]);
    let settings = closed("ServerSettings", [("conformance", list(text()))]);
    closed("SensorThings", [("value", list(set)), ("serverSettings", settings)])
}

/// An entity has what `$select` asks for, so that nothing of it is required.
fn entity<const N: usize>(title: &str, fields: [(&'static str, Value); N]) -> Value {
    let entity = optional(closed(title, []), [("@iot.id", whole()), ("@iot.selfLink", text())]);
    optional(entity, fields)
}

/// A Thing.
pub fn thing() -> Value {
    let properties = closed("ThingProperties", [("device", text()), ("class", text()), ("site", text())]);
    let fields = [
        ("name", text()),
        ("description", text()),
        ("properties", properties),
        ("Datastreams@iot.navigationLink", text()),
    ];
    entity("Thing", fields)
}

/// A Datastream.
pub fn datastream() -> Value {
    let unit = closed("UnitOfMeasurement", [("name", text()), ("symbol", text()), ("definition", text())]);
    let counts = ["stored", "late", "duplicate", "notANumber", "early"].map(|name| (name, whole()));
    let properties =
        closed("DatastreamProperties", [("observedProperty", text()), ("quality", closed("Quality", counts))]);
    let fields = [
        ("name", text()),
        ("description", text()),
        ("observationType", text()),
        ("unitOfMeasurement", unit),
        ("phenomenonTime", text()),
        ("properties", properties),
        ("Thing@iot.navigationLink", text()),
        ("Observations@iot.navigationLink", text()),
    ];
    entity("Datastream", fields)
}

/// An Observation.
pub fn observation() -> Value {
    let fields = [
        ("phenomenonTime", instant()),
        ("resultTime", instant()),
        ("result", number()),
        ("Datastream@iot.navigationLink", text()),
    ];
    entity("Observation", fields)
}

fn page(title: &str, of: Value) -> Value {
    optional(closed(title, [("value", list(of))]), [("@iot.count", whole()), ("@iot.nextLink", text())])
}

/// A page of Things.
pub fn things() -> Value {
    page("Things", thing())
}

/// A page of Datastreams.
pub fn datastreams() -> Value {
    page("Datastreams", datastream())
}

/// A page of Observations.
pub fn observations() -> Value {
    page("Observations", observation())
}

fn reference() -> Value {
    open("Reference", [("@iot.id", json!({ "type": ["integer", "string"] }))])
}

fn result() -> Value {
    json!({ "type": ["number", "boolean"] })
}

/// An Observation as it is sent to the Datastream of the path.
pub fn new_observation() -> Value {
    let times = [("phenomenonTime", instant()), ("resultTime", instant()), ("Datastream", reference())];
    optional(open("NewObservation", [("result", result())]), times)
}

/// An Observation as it is sent with its Datastream.
pub fn new_named_observation() -> Value {
    let fields = [("result", result()), ("Datastream", reference())];
    optional(open("NewNamedObservation", fields), [("phenomenonTime", instant()), ("resultTime", instant())])
}

/// Observations as data arrays (18-088 §13.2).
pub fn data_arrays() -> Value {
    let fields = [("Datastream", reference()), ("components", list(text())), ("dataArray", list(list(any())))];
    list(open("DataArray", fields))
}

/// The links of observations that were sent as data arrays; `error` for one that was refused.
pub fn made() -> Value {
    list(text())
}
