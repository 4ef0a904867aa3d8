//! JSON Schemas of what goes in and out, for the OpenAPI document; written out where they are used, as clients take them best.

pub mod city;
pub mod flat;
pub mod ground;
pub mod live;

use serde_json::{Value, json};

/// Makes a schema.
pub type Schema = fn() -> Value;

/// The schemas that have a name of their own in the document.
pub const NAMED: &[Schema] = &[
    problem,
    city::landing,
    city::collection,
    city::collections,
    city::feature,
    city::features,
    city::report,
    city::attachment,
    city::tileset,
    ground::layer,
    ground::height,
    live::thing,
    live::datastream,
    live::observation,
    live::state,
    live::alarm,
    live::alarms,
    live::rule,
];

/// A problem of RFC 9457; `report` where an import was refused.
pub fn problem() -> Value {
    let error = closed("ParameterError", [("name", text()), ("reason", text())]);
    let fields = [("type", text()), ("title", text()), ("status", whole()), ("detail", text())];
    optional(closed("Problem", fields), [("errors", list(error)), ("report", any())])
}

/// An object with no members.
pub fn nothing() -> Value {
    closed("Nothing", [])
}

/// Bytes, or a text that is not JSON.
pub fn bytes() -> Value {
    json!({ "type": "string", "format": "binary" })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn instant() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn number() -> Value {
    json!({ "type": "number" })
}

fn whole() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn boolean() -> Value {
    json!({ "type": "boolean" })
}

fn any() -> Value {
    json!({})
}

/// A value of `of`, or null.
fn maybe(of: &str) -> Value {
    json!({ "type": [of, "null"] })
}

fn word(only: &str) -> Value {
    json!({ "const": only })
}

fn words(all: &[&str]) -> Value {
    json!({ "type": "string", "enum": all })
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

/// So many numbers.
fn numbers(count: usize) -> Value {
    json!({ "type": "array", "items": { "type": "number" }, "minItems": count, "maxItems": count })
}

/// An object whose members all are `of`.
fn map(of: Value) -> Value {
    json!({ "type": "object", "additionalProperties": of })
}

/// An object that has these members and perhaps others.
fn open<const N: usize>(title: &str, required: [(&'static str, Value); N]) -> Value {
    let names = required.each_ref().map(|(name, _)| *name).to_vec();
    let properties: serde_json::Map<_, _> = required.into_iter().map(|(name, of)| (name.to_owned(), of)).collect();
    json!({ "title": title, "type": "object", "required": names, "properties": properties })
}

/// An object that has these members and no other.
fn closed<const N: usize>(title: &str, required: [(&'static str, Value); N]) -> Value {
    let mut schema = open(title, required);
    schema["additionalProperties"] = json!(false);
    schema
}

/// `schema` with members that may be left out.
fn optional<const N: usize>(mut schema: Value, more: [(&'static str, Value); N]) -> Value {
    for (name, of) in more {
        schema["properties"][name] = of;
    }
    schema
}
