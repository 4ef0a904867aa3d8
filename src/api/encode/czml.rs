//! Assets as CZML packets (the CZML Guide of analyticalgraphics/czml-writer): points with a name, a colour and live values.

use crate::lod::colour::of_class;
use crate::model::Severity;
use crate::store::{AssetRef, AssetState};
use crate::tiles::colour::of_severity;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// The packet that a document begins with.
pub fn document(name: &str) -> Value {
    json!({ "id": "document", "name": name, "version": "1.0" })
}

/// An asset as a point in the middle of its box: in the colour of its worst active alarm, larger, and else of its class; nothing
/// without a place.
pub fn packet(asset: &AssetRef<'_>, state: Option<&AssetState>) -> Option<Value> {
    let bounds = asset.bounds();
    if bounds.is_empty() {
        return None;
    }
    let severity = state.and_then(|state| state.alarm).map(|mark| mark.severity);
    let [r, g, b] = severity.map_or_else(|| of_class(asset.class()), of_severity);
    let mut properties = Map::from_iter([
        ("class".to_owned(), json!(asset.class().name())),
        ("severity".to_owned(), json!(severity.map_or("none", Severity::name))),
    ]);
    let values = state.map_or(&[][..], |state| &state.values);
    properties.extend(values.iter().map(|value| (format!("state.{}", value.property), json!(value.value))));
    let size = if severity.is_some() { 14 } else { 7 };
    Some(json!({
        "id": asset.id(),
        "name": if asset.name().is_empty() { asset.id() } else { asset.name() },
        "description": description(asset, state),
        "properties": properties,
        "position": { "cartographicDegrees": bounds.center() },
        "point": { "pixelSize": size, "color": { "rgba": [r, g, b, 255] }, "outlineWidth": 1,
            "outlineColor": { "rgba": [255, 255, 255, 255] } },
    }))
}

/// What a viewer shows of it when it is picked, as HTML.
fn description(asset: &AssetRef<'_>, state: Option<&AssetState>) -> String {
    let mut out = format!("<p>{}</p>", escaped(asset.class().name()));
    let Some(state) = state else { return out };
    if let Some(mark) = state.alarm {
        let _ = write!(out, "<p><b>{}</b>, {}</p>", mark.severity.name(), mark.state.name());
    }
    for value in &state.values {
        let (property, unit) = (escaped(&value.property), escaped(&value.unit));
        let _ = write!(out, "<p>{property}: {} {unit} ({})</p>", value.value, value.time);
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
