//! Differences between two times as JSON.

use crate::query::Change;
use crate::store::{Row, Snapshot};
use serde_json::{Value, json};

/// One asset that differs. `change` lists what: `added`, `removed`, `renewed` (another id), `moved`, `reshaped`, `reattributed`.
pub fn change(snapshot: &Snapshot, change: &Change) -> Value {
    let asset = |row: Option<Row>| row.and_then(|row| snapshot.asset(row));
    let shown = asset(change.to.or(change.from));
    let both = change.from.is_some() && change.to.is_some();
    let words = [
        ("added", change.from.is_none()),
        ("removed", change.to.is_none()),
        ("renewed", change.renewed),
        ("moved", change.moved.is_some()),
        ("reshaped", change.reshaped),
        ("reattributed", !change.attributes.is_empty()),
    ];
    let words: Vec<_> = words.into_iter().filter(|(_, is)| *is).map(|(word, _)| word).collect();
    let mut value = json!({
        "id": shown.map(|a| a.id().to_string()), "class": shown.map(|a| a.class().name()),
        "name": shown.map(|a| a.name()), "change": words,
    });
    if change.renewed {
        value["was"] = json!(asset(change.from).map(|a| a.id().to_string()));
    }
    if let Some(metres) = change.moved {
        value["moved"] = json!(metres);
    }
    if !change.attributes.is_empty() {
        value["attributes"] = json!(change.attributes);
    }
    let [from, to] = change.volumes;
    if !both || change.reshaped {
        value["volume"] = json!({ "from": from, "to": to });
    }
    value
}
