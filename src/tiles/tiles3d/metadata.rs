//! `EXT_structural_metadata`: the schema and the one property table of a tile.

use super::glb::Buffer;
use crate::fault::{Fault, Result};
use crate::model;
use crate::tiles::content::{Content, Feature};
use crate::tiles::schema::{FIXED, Kind, NO_BOOL, NO_FLOAT, NO_INT, OVERFLOW, Schema};
use serde_json::{Map, Value, json};

/// The metadata schema that every tileset's starts with.
pub(super) const SCHEMA: &str = include_str!("../../../tiles/schema.json");
/// Its one class.
const CLASS: &str = "asset";

/// The extension's value at the document's root; the columns go into `buffer`. The schema is of this tile's features alone, so
/// that nothing elsewhere in the city changes a tile; the six fixed columns are always there. An attribute that is nothing but
/// null in all of them has a property and no column.
///
/// # Errors
/// [`Kind::Internal`](crate::fault::Kind::Internal) when the built-in schema is not JSON.
pub(super) fn write(buffer: &mut Buffer, content: &Content) -> Result<Value> {
    let schema = &Schema::of(content.features.iter().map(|f| f.attributes.as_ref()));
    let mut whole: Value =
        serde_json::from_str(SCHEMA).map_err(|e| Fault::internal(format!("tiles/schema.json: {e}")))?;
    if let Some(Value::Object(properties)) = whole.pointer_mut("/classes/asset/properties") {
        properties.extend(properties_of(schema));
    }
    let features = &content.features;
    let mut columns = Map::new();
    let fixed: [fn(&Feature) -> &str; 6] = [
        |f| &f.id,
        |f| f.class.name(),
        |f| &f.name,
        |f| f.class.collection().name(),
        |f| f.parent.as_deref().unwrap_or_default(),
        |f| f.storey.as_deref().unwrap_or_default(),
    ];
    for (name, value) in FIXED.iter().zip(fixed) {
        columns.insert((*name).to_owned(), text_column(buffer, features.iter().map(|f| value(f).into())));
    }
    for (cells, column) in cells(features, schema).iter().zip(&schema.columns) {
        if cells.iter().any(Option::is_some) {
            columns.insert(column.property.clone(), value_column(buffer, column.kind, cells));
        }
    }
    if schema.overflow {
        columns.insert(OVERFLOW.to_owned(), text_column(buffer, features.iter().map(|f| others(f, schema))));
    }
    Ok(json!({
        "schema": whole,
        "propertyTables": [{ "class": CLASS, "count": features.len(), "properties": columns }]
    }))
}

/// The source's attributes as properties. "No value" is an empty text, the least number, or 255 for true and false.
fn properties_of(schema: &Schema) -> Map<String, Value> {
    let mut properties = Map::new();
    for column in &schema.columns {
        let mut value = match column.kind {
            Kind::Text => json!({ "type": "STRING", "noData": "" }),
            Kind::Int => json!({ "type": "SCALAR", "componentType": "INT32", "noData": NO_INT }),
            Kind::Float => json!({ "type": "SCALAR", "componentType": "FLOAT64", "noData": NO_FLOAT }),
            Kind::Bool => json!({ "type": "SCALAR", "componentType": "UINT8", "noData": NO_BOOL,
                "description": "1 is true, 0 is false" }),
        };
        value["name"] = json!(column.name);
        properties.insert(column.property.clone(), value);
    }
    if schema.overflow {
        let value = json!({ "type": "STRING", "noData": "", "description": "the other attributes as JSON" });
        properties.insert(OVERFLOW.to_owned(), value);
    }
    properties
}

/// The features' values, column by column; null is no value.
fn cells<'a>(features: &'a [Feature], schema: &Schema) -> Vec<Vec<Option<&'a model::Value>>> {
    let mut cells = vec![vec![None; features.len()]; schema.columns.len()];
    for (row, feature) in features.iter().enumerate() {
        for (name, value) in feature.attributes.iter() {
            if let (Some(column), false) = (schema.position(name), *value == model::Value::Null) {
                cells[column][row] = Some(value);
            }
        }
    }
    cells
}

fn value_column(buffer: &mut Buffer, kind: Kind, cells: &[Option<&model::Value>]) -> Value {
    let bytes: Vec<u8> = match kind {
        Kind::Text => return text_column(buffer, cells.iter().map(|c| c.map_or(String::new(), text))),
        Kind::Int => cells.iter().flat_map(|c| c.and_then(int).unwrap_or(NO_INT).to_le_bytes()).collect(),
        Kind::Float => cells.iter().flat_map(|c| c.and_then(float).unwrap_or(NO_FLOAT).to_le_bytes()).collect(),
        Kind::Bool => cells.iter().map(|c| c.and_then(boolean).unwrap_or(NO_BOOL)).collect(),
    };
    json!({ "values": buffer.view(&bytes, json!({})) })
}

fn text_column(buffer: &mut Buffer, texts: impl Iterator<Item = String>) -> Value {
    let (mut bytes, mut offsets) = (Vec::new(), vec![0u32]);
    for text in texts {
        bytes.extend_from_slice(text.as_bytes());
        offsets.push(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    }
    let values = buffer.view(&bytes, json!({}));
    json!({ "values": values, "stringOffsets": buffer.view(bytemuck::cast_slice(&offsets), json!({})) })
}

fn int(value: &model::Value) -> Option<i32> {
    if let model::Value::Int(i) = value { i32::try_from(*i).ok() } else { None }
}

fn float(value: &model::Value) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "columns of numbers hold whole numbers up to 2^53 only")]
        model::Value::Int(i) => Some(*i as f64),
        model::Value::Float(f) => Some(*f),
        _ => None,
    }
}

fn boolean(value: &model::Value) -> Option<u8> {
    if let model::Value::Bool(b) = value { Some(u8::from(*b)) } else { None }
}

/// A value in a column of text: text as it is, all else as JSON.
fn text(value: &model::Value) -> String {
    if let model::Value::Text(text) = value { text.clone() } else { to_json(value).to_string() }
}

fn to_json(value: &model::Value) -> Value {
    match value {
        model::Value::Null => Value::Null,
        model::Value::Bool(b) => json!(b),
        model::Value::Int(i) => json!(i),
        model::Value::Float(f) => json!(f),
        model::Value::Text(t) => json!(t),
        model::Value::List(items) => items.iter().map(to_json).collect(),
        model::Value::Map(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), to_json(v))).collect()),
    }
}

fn others(feature: &Feature, schema: &Schema) -> String {
    let others: Map<String, Value> = feature
        .attributes
        .iter()
        .filter(|(name, _)| schema.position(name).is_none())
        .map(|(name, value)| (name.clone(), to_json(value)))
        .collect();
    if others.is_empty() { String::new() } else { Value::Object(others).to_string() }
}
