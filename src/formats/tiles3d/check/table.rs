//! Property tables (`EXT_structural_metadata`): of classes and properties that there are, each column checked, ids read.

use super::buffers::Views;
use super::clip;
use super::column;
use super::document::{Document, Primitive};
use super::features::Used;
use super::report::Log;
use super::rule::Rule;
use super::schema::{self, Schema};
use serde_json::Value;
use std::collections::BTreeSet;

const PLACE: &str = "/extensions/EXT_structural_metadata";

/// The metadata of one content.
pub(super) struct Metadata<'d> {
    json: Option<&'d Value>,
    schema: Option<Schema>,
    /// How many rows each table says that it has.
    pub counts: Vec<u64>,
}

impl<'d> Metadata<'d> {
    /// Reads the schema and what tables there are.
    pub fn read(document: &'d Document, log: &mut Log) -> Self {
        let json = document.extensions.get("EXT_structural_metadata");
        let schema = json.and_then(|json| match (json.get("schema"), json.get("schemaUri")) {
            (Some(own), None) => Some(schema::read(own, &format!("{PLACE}/schema"), log)),
            (None, Some(_)) => {
                log.unseen("schemas in files of their own");
                None
            }
            _ => {
                log.find(Rule::Table, PLACE, "has no schema, or two");
                None
            }
        });
        let tables = json.and_then(|json| json.get("propertyTables")).and_then(Value::as_array);
        let count = |table: &Value| table.get("count").and_then(Value::as_u64).unwrap_or_default();
        Self { json, schema, counts: tables.into_iter().flatten().map(count).collect() }
    }

    /// Checks every table; gives the ids of the rows that features have.
    pub fn tables(&self, document: &Document, views: &Views, used: &Used, log: &mut Log) -> Vec<String> {
        let tables = self.json.and_then(|json| json.get("propertyTables")).and_then(Value::as_array);
        if self.json.is_some_and(|json| json.get("propertyTextures").is_some()) {
            log.unseen("property textures");
        }
        let mut ids = Vec::new();
        for (k, table) in tables.into_iter().flatten().enumerate() {
            let place = format!("{PLACE}/propertyTables/{k}");
            let Some(count) = table.get("count").and_then(Value::as_u64).filter(|n| *n > 0) else {
                log.find(Rule::Table, format!("{place}/count"), "is no whole number above 0");
                continue;
            };
            let rows = used.rows.get(k).and_then(Option::as_ref).filter(|_| used.bound.contains(&k));
            if let Some(rows) = rows
                && (rows.len() as u64) < count
            {
                let what = format!("is {count}, and features have {} of the rows", rows.len());
                log.find(Rule::TableCount, format!("{place}/count"), what);
            }
            let Some(schema) = &self.schema else { continue };
            let class = table.get("class").and_then(Value::as_str).unwrap_or_default();
            let Some(class) = schema.get(class) else {
                log.find(Rule::Table, format!("{place}/class"), format!("'{}' is no class of the schema", clip(class)));
                continue;
            };
            let columns = table.get("properties").and_then(Value::as_object);
            for (name, property) in class {
                let there = columns.is_some_and(|all| all.contains_key(name));
                if !there && property.as_ref().is_some_and(|p| p.required) {
                    log.find(Rule::Table, &*place, format!("lacks the required property '{}'", clip(name)));
                }
            }
            for (name, own) in columns.into_iter().flatten() {
                let place = format!("{place}/properties/{}", clip(name));
                let Some(property) = class.get(name) else {
                    log.find(Rule::Table, place, "is no property of the class");
                    continue;
                };
                let Some(property) = property else { continue };
                let column = column::Column { document, views, property, own, place: &place, count };
                let texts = column.check(log);
                if let Some(texts) = texts.filter(|_| property.is_id) {
                    ids.extend(unique(texts, rows, &place, log));
                }
            }
        }
        ids
    }

    /// The rules of a primitive's property attributes.
    pub fn attributes(&self, own: &Primitive, place: &str, log: &mut Log) {
        let Some(list) = own.extensions.get("EXT_structural_metadata").and_then(|e| e.get("propertyAttributes")) else {
            return;
        };
        let place = format!("{place}/extensions/EXT_structural_metadata/propertyAttributes");
        for number in list.as_array().into_iter().flatten() {
            let all = self.json.and_then(|json| json.get("propertyAttributes"));
            let found = number.as_u64().and_then(|k| usize::try_from(k).ok()).and_then(|k| all?.get(k));
            let Some(found) = found else {
                log.find(Rule::Reference, &*place, format!("names {}, which is not there", clip(&number.to_string())));
                continue;
            };
            let class = found.get("class").and_then(Value::as_str).and_then(|name| self.schema.as_ref()?.get(name));
            if class.is_none() && self.schema.is_some() {
                log.find(Rule::Table, &*place, "is of a class that the schema lacks");
            }
            for (name, property) in found.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let attribute = property.get("attribute").and_then(Value::as_str).unwrap_or_default();
                if !own.attributes.contains_key(attribute) {
                    log.find(
                        Rule::Table,
                        &*place,
                        format!("'{}' names the attribute {}, which is not there", clip(name), clip(attribute)),
                    );
                }
                if class.is_some_and(|class| !class.contains_key(name)) {
                    log.find(Rule::Table, &*place, format!("'{}' is no property of the class", clip(name)));
                }
            }
        }
    }
}

/// The ids of the rows that features have; each one is there and once.
fn unique(texts: Vec<String>, rows: Option<&BTreeSet<u64>>, place: &str, log: &mut Log) -> Vec<String> {
    let mut seen = BTreeSet::new();
    for (row, id) in texts.iter().enumerate() {
        if id.is_empty() {
            log.find(Rule::IdEmpty, place, format!("row {row} has none"));
        } else if !seen.insert(id.as_str()) {
            log.find(Rule::IdDouble, place, format!("'{}' is in row {row} again", clip(id)));
        }
    }
    let drawn = |row: usize| rows.is_none_or(|rows| rows.contains(&(row as u64)));
    let each = texts.iter().enumerate().filter(|(row, id)| drawn(*row) && !id.is_empty());
    each.map(|(_, id)| id.clone()).collect()
}
