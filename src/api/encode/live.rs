//! Live state, alarms and events as JSON.

use crate::model::{Alarm, Collections};
use crate::store::{AlarmMark, Event, StateValue};
use serde_json::{Map, Value, json};

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

/// An alarm, whole, for somebody who knows of its device. Where the asset it concerns is not `known` to them, the device stands
/// in for it.
pub fn alarm(a: &Alarm, known: bool) -> Value {
    let comment = |c: &crate::model::Comment| json!({ "by": c.by, "at": c.at.to_string(), "text": c.text });
    json!({
        "id": a.id, "rule": a.rule, "state": a.state.name(), "severity": a.severity.name(),
        "asset": if known { &*a.asset } else { &*a.device }, "device": &*a.device, "datastream": a.datastream,
        "observedProperty": a.observed_property, "value": a.value, "message": a.message,
        "raisedAt": a.raised_at.to_string(), "phenomenonTime": a.phenomenon_time.to_string(),
        "clearedAt": a.cleared_at.map(|t| t.to_string()),
        "acknowledged": a.acknowledged.is_some(),
        "acknowledgedBy": a.acknowledged.as_ref().map(|(by, _)| by),
        "acknowledgedAt": a.acknowledged.as_ref().map(|(_, at)| at.to_string()),
        "comments": a.comments.iter().map(comment).collect::<Vec<_>>(),
    })
}

/// One event of `/live`, for somebody who may read `readable` and may know of it.
pub fn event(event: &Event, readable: Collections) -> Value {
    match event {
        Event::Assets { seq, site, revision } => {
            json!({ "seq": seq, "type": "assets", "site": site.as_str(), "revision": revision })
        }
        Event::State { seq, asset, values: new, .. } => {
            json!({ "seq": seq, "type": "state", "asset": &**asset, "state": values(new) })
        }
        Event::Alarm { seq, alarm: changed, ancestors, .. } => {
            let seen: Vec<_> = ancestors.iter().filter(|s| readable.contains(s.class.collection())).collect();
            let known = readable == Collections::ALL || seen.iter().any(|step| step.id == changed.asset);
            let ids: Vec<&str> = seen.iter().map(|step| &*step.id).collect();
            let path = seen.iter().rev();
            let path = path.map(|s| json!({ "id": &*s.id, "name": s.name, "class": s.class.name() }));
            json!({ "seq": seq, "type": "alarm", "alarm": alarm(changed, known),
                "context": { "ancestors": ids, "path": path.collect::<Vec<_>>() } })
        }
    }
}
