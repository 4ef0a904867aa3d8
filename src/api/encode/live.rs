//! Live state, alarms and events as JSON.

use crate::model::Alarm;
use crate::store::{AlarmMark, AssetState, Event, StateValue};
use serde_json::{Map, Value, json};

/// An asset's state: each property by name, and `alarm`, null where there is none.
pub fn state(state: &AssetState) -> Map<String, Value> {
    let mut object = values(&state.values);
    object.insert("alarm".to_owned(), state.alarm.as_ref().map_or(Value::Null, mark));
    object
}

/// Latest values by property.
pub fn values(values: &[StateValue]) -> Map<String, Value> {
    let one = |v: &StateValue| {
        (v.property.to_string(), json!({ "value": v.value, "time": v.time.to_string(), "unit": &*v.unit }))
    };
    values.iter().map(one).collect()
}

/// An active alarm in short.
pub fn mark(mark: &AlarmMark) -> Value {
    json!({ "id": mark.id, "severity": mark.severity.name(), "state": mark.state.name() })
}

/// An alarm, whole.
pub fn alarm(a: &Alarm) -> Value {
    let comment = |c: &crate::model::Comment| json!({ "by": c.by, "at": c.at.to_string(), "text": c.text });
    json!({
        "id": a.id, "rule": a.rule, "state": a.state.name(), "severity": a.severity.name(),
        "asset": &*a.asset, "device": &*a.device, "datastream": a.datastream,
        "observedProperty": a.observed_property, "value": a.value, "message": a.message,
        "raisedAt": a.raised_at.to_string(), "phenomenonTime": a.phenomenon_time.to_string(),
        "clearedAt": a.cleared_at.map(|t| t.to_string()),
        "acknowledged": a.acknowledged.is_some(),
        "acknowledgedBy": a.acknowledged.as_ref().map(|(by, _)| by),
        "acknowledgedAt": a.acknowledged.as_ref().map(|(_, at)| at.to_string()),
        "comments": a.comments.iter().map(comment).collect::<Vec<_>>(),
    })
}

/// One event of `/live`.
pub fn event(event: &Event) -> Value {
    match event {
        Event::Assets { seq, site, revision } => {
            json!({ "seq": seq, "type": "assets", "site": site.as_str(), "revision": revision })
        }
        Event::State { seq, asset, values: new, .. } => {
            json!({ "seq": seq, "type": "state", "asset": &**asset, "state": values(new) })
        }
        Event::Alarm { seq, alarm: changed, ancestors, .. } => {
            let ids: Vec<&str> = ancestors.iter().map(|step| &*step.id).collect();
            let path = ancestors.iter().rev();
            let path = path.map(|s| json!({ "id": &*s.id, "name": s.name, "class": s.class.name() }));
            json!({ "seq": seq, "type": "alarm", "alarm": alarm(changed),
                "context": { "ancestors": ids, "path": path.collect::<Vec<_>>() } })
        }
    }
}
