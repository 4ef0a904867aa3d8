//! The OpenAPI 3.1 document, made from what each route says of itself.

use super::params::{Form, Param};
use serde_json::{Value, json};

/// What a route says of one of its operations; the router's path with the parameters in braces.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// `get`, `post`, …
    pub method: &'static str,
    /// The path template.
    pub path: &'static str,
    /// The `operationId`.
    pub id: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// The query parameters it knows.
    pub params: &'static [Param],
    /// The media type of its success.
    pub media: &'static str,
    /// Whether it needs a key.
    pub keyed: bool,
}

/// The whole document for a server reached at `base`.
pub fn document(base: &str) -> Value {
    let mut paths = serde_json::Map::new();
    for operation in super::routes::operations() {
        let entry = paths.entry(operation.path).or_insert_with(|| json!({}));
        entry[operation.method] = describe(&operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Cimbra", "version": env!("CARGO_PKG_VERSION"),
            "description": "The open City Information Model and digital-twin spatial server.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": base }],
        "paths": paths,
        "components": { "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } } },
    })
}

fn describe(operation: &Operation) -> Value {
    let in_path = operation.path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| {
        json!({ "name": name.trim_start_matches('*'), "in": "path", "required": true, "schema": { "type": "string" } })
    });
    let in_query = operation.params.iter().map(|param| {
        let (schema, style) = schema(param.form);
        let mut value = json!({ "name": param.name, "in": "query", "required": false,
            "description": param.about, "schema": schema });
        if style {
            value["style"] = json!("form");
            value["explode"] = json!(false);
        }
        value
    });
    let problem = |about: &str| json!({ "description": about, "content": { "application/problem+json": { "schema": problem_schema() } } });
    let success = if operation.method == "post" { "201" } else { "200" };
    let mut responses = json!({
        success: { "description": operation.about, "content": { operation.media: {} } },
        "400": problem("A parameter or the body does not hold."),
        "404": problem("There is no such thing."),
        "500": problem("The server failed."),
    });
    let mut value = json!({ "operationId": operation.id, "summary": operation.about,
        "parameters": in_path.chain(in_query).collect::<Vec<_>>() });
    if operation.keyed {
        responses["401"] = problem("A key is needed.");
        responses["403"] = problem("This key may not do that.");
        value["security"] = json!([{ "key": [] }]);
    }
    value["responses"] = responses;
    value
}

/// The JSON schema of a form, and whether it is a comma-separated list.
fn schema(form: Form) -> (Value, bool) {
    match form {
        Form::Text | Form::DateTime => (json!({ "type": "string" }), false),
        Form::Number => (json!({ "type": "number" }), false),
        Form::Integer(min, max) => (json!({ "type": "integer", "minimum": min, "maximum": max }), false),
        Form::OneOf(words) => (json!({ "type": "string", "enum": words }), false),
        Form::Bool => (json!({ "type": "boolean" }), false),
        Form::Bbox => (
            json!({ "type": "array", "items": { "type": "number" }, "oneOf": [
                { "minItems": 4, "maxItems": 4 }, { "minItems": 6, "maxItems": 6 }] }),
            true,
        ),
    }
}

fn problem_schema() -> Value {
    json!({ "type": "object", "required": ["type", "title", "status", "detail"], "properties": {
        "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" },
        "detail": { "type": "string" },
        "errors": { "type": "array", "items": { "type": "object", "properties": {
            "name": { "type": "string" }, "reason": { "type": "string" } } } },
    } })
}
