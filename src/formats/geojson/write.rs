//! Assets as GeoJSON features (RFC 7946).

use crate::fault::{Fault, Kind, Result};
use crate::formats::write::{Item, OWN, Writer, own, writing};
use crate::model::{Attributes, Footprint, Value};
use serde_json::{Map, Value as Json, json};
use std::io::Write;

/// Writes a FeatureCollection, one feature a line: footprints in longitude, latitude and ellipsoidal height, each with its
/// three-dimensional box and its attributes under their own names.
pub struct GeoJsonWriter<W: Write> {
    out: W,
    first: bool,
}

impl<W: Write> GeoJsonWriter<W> {
    /// Begins the collection.
    ///
    /// # Errors
    /// [`Kind::Io`].
    pub fn new(mut out: W) -> Result<Self> {
        out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[").map_err(|e| writing(&e))?;
        Ok(Self { out, first: true })
    }
}

impl<W: Write> Writer for GeoJsonWriter<W> {
    fn put(&mut self, item: &Item) -> Result<()> {
        let comma = if std::mem::take(&mut self.first) { "\n" } else { ",\n" };
        self.out.write_all(comma.as_bytes()).map_err(|e| writing(&e))?;
        serde_json::to_writer(&mut self.out, &feature(item))
            .map_err(|e| Fault::new(Kind::Io, format!("writing the export: {e}")))
    }
    fn end(mut self: Box<Self>) -> Result<()> {
        self.out.write_all(b"\n]}\n").and_then(|()| self.out.flush()).map_err(|e| writing(&e))
    }
}

fn feature(item: &Item) -> Json {
    let asset = item.asset;
    let mut properties = Map::new();
    for (name, value) in OWN.into_iter().zip(own(item)).skip(1).filter(|(_, value)| !value.is_empty()) {
        properties.insert(name.to_owned(), json!(value));
    }
    for (name, value) in &asset.attributes {
        let name = if OWN.contains(&name.as_str()) { format!("source.{name}") } else { name.clone() };
        properties.insert(name, to_json(value));
    }
    let mut feature = Map::new();
    feature.insert("type".into(), json!("Feature"));
    feature.insert("id".into(), json!(*asset.id));
    feature.insert("geometry".into(), footprint(&asset.geometry.footprint));
    let b = asset.bounds;
    if !b.is_empty() {
        feature.insert("bbox".into(), b.min.iter().chain(&b.max).map(|c| json!(c)).collect());
    }
    feature.insert("properties".into(), Json::Object(properties));
    Json::Object(feature)
}

/// An attribute as JSON; a number that JSON cannot hold is null.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => json!(b),
        Value::Int(n) => json!(n),
        Value::Float(n) => json!(n),
        Value::Text(text) => json!(text),
        Value::List(values) => values.iter().map(to_json).collect(),
        Value::Map(attributes) => members(attributes),
    }
}

fn members(attributes: &Attributes) -> Json {
    Json::Object(attributes.iter().map(|(name, value)| (name.clone(), to_json(value))).collect())
}

/// A footprint as a GeoJSON geometry; null without a place.
pub fn footprint(footprint: &Footprint) -> Json {
    match footprint {
        Footprint::None => Json::Null,
        Footprint::Point(position) => json!({ "type": "Point", "coordinates": position }),
        Footprint::Lines(lines) => match lines.as_slice() {
            [line] => json!({ "type": "LineString", "coordinates": line }),
            lines => json!({ "type": "MultiLineString", "coordinates": lines }),
        },
        Footprint::Areas(areas) => match areas.as_slice() {
            [area] => json!({ "type": "Polygon", "coordinates": area }),
            areas => json!({ "type": "MultiPolygon", "coordinates": areas }),
        },
    }
}
