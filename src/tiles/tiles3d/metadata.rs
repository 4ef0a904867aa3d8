//! `EXT_structural_metadata`: the schema and the one property table of a tile.

use super::buffer::Buffer;
use super::columns::{Written, strings, texts, to_json, write as column};
use crate::fault::{Fault, Result};
use crate::tiles::content::{Content, Feature};
use crate::tiles::schema::{FIXED, OVERFLOW, Table};
use serde_json::{Map, Value, json};

/// The metadata schema that every tileset's starts with.
pub(super) const SCHEMA: &str = include_str!("../../../tiles/schema.json");
/// Its one class.
const CLASS: &str = "asset";

/// A fixed column's value of a feature; nothing for none.
type Of = fn(&Feature) -> Option<&str>;

/// The extension's value at the document's root; the columns go into `buffer`. The schema is of this tile's features alone, so
/// that nothing elsewhere in the city changes a tile; the six fixed columns are always there. An attribute that is nothing but
/// null in all of them has a property and no column.
///
/// # Errors
/// [`Kind::Internal`](crate::fault::Kind::Internal) when the built-in schema is not JSON.
pub(super) fn write(buffer: &mut Buffer, content: &Content) -> Result<Value> {
    let mut whole: Value =
        serde_json::from_str(SCHEMA).map_err(|e| Fault::internal(format!("tiles/schema.json: {e}")))?;
    let mut made = Columns { properties: Map::new(), columns: Map::new(), enums: Map::new() };
    if let Some(Value::Object(properties)) = whole.pointer_mut("/classes/asset/properties") {
        made.properties = std::mem::take(properties);
    }
    let features = &content.features;
    // The three that say what a thing is and where it stands may be enumerations, which readers give as text too.
    let fixed: [(Of, bool); 6] = [
        (|f| Some(&f.id), false),
        (|f| Some(f.class.name()), true),
        (|f| Some(&f.name).filter(|name| !name.is_empty()).map(String::as_str), false),
        (|f| Some(f.class.collection().name()), true),
        (|f| f.parent.as_deref(), false),
        (|f| f.storey.as_deref(), true),
    ];
    for (name, (value, may_be_names)) in FIXED.into_iter().zip(fixed) {
        let values: Vec<Option<&str>> = features.iter().map(value).collect();
        let written = if may_be_names { texts(buffer, name, &values) } else { strings(buffer, &values) };
        made.fixed(name, written, values.contains(&None));
    }
    let attributes: Vec<_> = features.iter().map(|f| f.attributes.as_ref()).collect();
    let table = Table::of(&attributes);
    for own in &table.columns {
        if own.cells.iter().any(Option::is_some) {
            made.insert(&own.property, own.name, column(buffer, &own.property, own.kind, &own.cells));
        } else {
            made.properties.insert(own.property.clone(), json!({ "type": "STRING", "noData": "", "name": own.name }));
        }
    }
    if !table.others.is_empty() {
        let others = others(&table, features.len());
        let others: Vec<Option<&str>> = others.iter().map(Option::as_deref).collect();
        let mut written = strings(buffer, &others);
        written.property["noData"] = json!("");
        written.property["description"] = json!("The other attributes as JSON");
        made.properties.insert(OVERFLOW.to_owned(), written.property);
        made.columns.insert(OVERFLOW.to_owned(), written.column);
    }
    whole["classes"][CLASS]["properties"] = Value::Object(made.properties);
    if !made.enums.is_empty() {
        whole["enums"] = Value::Object(made.enums);
    }
    Ok(json!({
        "schema": whole,
        "propertyTables": [{ "class": CLASS, "count": features.len(), "properties": made.columns }]
    }))
}

/// The schema and the table, as they grow.
struct Columns {
    properties: Map<String, Value>,
    columns: Map<String, Value>,
    enums: Map<String, Value>,
}

impl Columns {
    /// Adds an attribute of the source.
    fn insert(&mut self, property: &str, name: &str, mut written: Written) {
        written.property["name"] = json!(name);
        self.properties.insert(property.to_owned(), written.property);
        self.columns.insert(property.to_owned(), written.column);
        self.enums.extend(written.names.map(|names| (property.to_owned(), names)));
    }
    /// Adds a fixed column, which keeps what `tiles/schema.json` says of it.
    fn fixed(&mut self, name: &str, written: Written, has_none: bool) {
        if let (Some(Value::Object(own)), Value::Object(typed)) = (self.properties.get_mut(name), written.property) {
            own.extend(typed);
            // An enumeration's "no value" must be one of its names.
            if written.names.is_some() && !has_none {
                own.remove("noData");
            }
        }
        self.columns.insert(name.to_owned(), written.column);
        self.enums.extend(written.names.map(|names| (name.to_owned(), names)));
    }
}

/// The attributes of each feature that have no column, as JSON.
fn others(table: &Table<'_>, count: usize) -> Vec<Option<String>> {
    let mut texts = vec![None; count];
    for own in table.others.chunk_by(|a, b| a.0 == b.0) {
        let object: Map<String, Value> =
            own.iter().map(|(_, name, value)| ((*name).to_owned(), to_json(value))).collect();
        if let Some((row, ..)) = own.first() {
            texts[*row] = Some(Value::Object(object).to_string());
        }
    }
    texts
}
