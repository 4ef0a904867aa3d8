//! The OpenAPI 3.1 document, made from what each route says of itself.

use super::limits::Limits;
use super::params::{Form, Param};
use super::schema::{self, Schema};
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
    /// The status of its success.
    pub status: u16,
    /// The media type of its success.
    pub media: &'static str,
    /// What it answers with.
    pub answer: Schema,
    /// What it takes in its body: the media type, what it holds, and whether it must be there.
    pub body: Option<(&'static str, Schema, bool)>,
    /// Whether it needs a key.
    pub keyed: bool,
    /// Whether its answer has an entity tag, so that `If-None-Match` may be answered with 304.
    pub tagged: bool,
    /// Statuses of problems that only it has.
    pub refusals: &'static [u16],
    /// Another success, when the caller asks for it, and what it answers with.
    pub also: Option<(u16, Schema)>,
}

impl Operation {
    /// A read, answered with JSON that has an entity tag.
    pub const fn get(path: &'static str, id: &'static str, about: &'static str, answer: Schema) -> Self {
        let (media, params, refusals): (_, &[Param], &[u16]) = ("application/json", &[], &[]);
        let (status, body, keyed, tagged) = (200, None, false, true);
        Self {
            method: "get",
            path,
            id,
            about,
            params,
            status,
            media,
            answer,
            body,
            keyed,
            tagged,
            refusals,
            also: None,
        }
    }
    /// A write that needs a key, answered with `status` and JSON. Without [`Operation::takes`] its body is empty, or `{}`.
    pub const fn post(path: &'static str, id: &'static str, about: &'static str, status: u16, answer: Schema) -> Self {
        let body = Some(("application/json", schema::nothing as Schema, false));
        Self { method: "post", status, keyed: true, tagged: false, body, ..Self::get(path, id, about, answer) }
    }
    /// The same by DELETE: a write that needs a key.
    pub const fn deletes(self) -> Self {
        Self { method: "delete", keyed: true, tagged: false, ..self }
    }
    /// The same, knowing these query parameters.
    pub const fn knows(self, params: &'static [Param]) -> Self {
        Self { params, ..self }
    }
    /// The same, with this body, which must be there.
    pub const fn takes(self, media: &'static str, body: Schema) -> Self {
        Self { body: Some((media, body, true)), ..self }
    }
    /// The same, with an answer of this media type.
    pub const fn in_form(self, media: &'static str) -> Self {
        Self { media, ..self }
    }
    /// The same, for those with a key or for everybody.
    pub const fn keyed(self, keyed: bool) -> Self {
        Self { keyed, ..self }
    }
    /// The same, without an entity tag.
    pub const fn untagged(self) -> Self {
        Self { tagged: false, ..self }
    }
    /// The same, with statuses of problems that not every operation has.
    pub const fn refuses(self, refusals: &'static [u16]) -> Self {
        Self { refusals, ..self }
    }
    /// The same, with another success that the caller may ask for.
    pub const fn or(self, status: u16, answer: Schema) -> Self {
        Self { also: Some((status, answer)), ..self }
    }
}

/// Problems that any request may meet: the host or a parameter, a key that is none, the limits, a defect.
const ANY: &[u16] = &[400, 401, 414, 429, 500, 503];

/// The whole document for a server with these limits, reached at `base`.
pub fn document(base: &str, limits: &Limits) -> Value {
    let mut paths = serde_json::Map::new();
    for operation in super::routes::operations() {
        let entry = paths.entry(operation.path).or_insert_with(|| json!({}));
        entry[operation.method] = describe(&operation, limits);
    }
    let named = schema::NAMED.iter().filter_map(|of| {
        let of = of();
        Some((of["title"].as_str()?.to_owned(), of))
    });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Cimbra", "version": env!("CARGO_PKG_VERSION"),
            "description": "The open City Information Model and digital-twin spatial server. HEAD is answered where GET is; any other \
                method is 405 with Allow.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": base }],
        "paths": paths,
        "components": {
            "schemas": named.collect::<serde_json::Map<_, _>>(),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "key": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
            },
        },
    })
}

fn describe(operation: &Operation, limits: &Limits) -> Value {
    let in_path: Vec<&str> =
        operation.path.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
    let whole = operation.path.contains("({id})");
    let of_path = in_path.iter().map(|name| {
        let schema = if whole { json!({ "type": "integer", "minimum": 0 }) } else { json!({ "type": "string" }) };
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    });
    let of_query = operation.params.iter().map(|param| {
        let (schema, is_list) = schema(param.form, limits);
        let mut value = json!({ "name": param.name, "in": "query", "required": param.needed,
            "description": param.about, "schema": schema });
        if is_list {
            value["style"] = json!("form");
            value["explode"] = json!(false);
        }
        value
    });
    let mut responses = serde_json::Map::new();
    responses.insert(
        operation.status.to_string(),
        json!({ "description": operation.about, "content": { operation.media: { "schema": (operation.answer)() } } }),
    );
    if let Some((status, answer)) = operation.also {
        let content = json!({ operation.media: { "schema": answer() } });
        let about = "The work goes on; Location says where its result will be.";
        responses.insert(status.to_string(), json!({ "description": about, "content": content }));
    }
    if operation.tagged {
        let same = json!({ "description": "The caller has it already: If-None-Match names its entity tag." });
        responses.insert("304".to_owned(), same);
    }
    let missing = !in_path.is_empty();
    let own: &[&[u16]] = &[
        ANY,
        operation.refusals,
        if missing { &[404] } else { &[] },
        if operation.keyed { &[403] } else { &[] },
        if operation.body.is_some() { &[413] } else { &[] },
    ];
    for status in own.iter().flat_map(|some| some.iter()) {
        let content = json!({ "application/problem+json": { "schema": schema::problem() } });
        responses.insert(status.to_string(), json!({ "description": meaning(*status), "content": content }));
    }
    let mut security = vec![json!({ "bearer": [] }), json!({ "key": [] })];
    if !operation.keyed {
        security.insert(0, json!({}));
    }
    let mut value = json!({ "operationId": operation.id, "summary": operation.about, "security": security,
        "parameters": of_path.chain(of_query).collect::<Vec<_>>(), "responses": responses });
    if let Some((media, body, required)) = operation.body {
        value["requestBody"] = json!({ "required": required, "content": { media: { "schema": body() } } });
    }
    value
}

const fn meaning(status: u16) -> &'static str {
    match status {
        400 => "A parameter, a header or the body does not hold.",
        401 => "A key is needed, or the one that is offered is not known.",
        403 => "This key may not do that.",
        404 => "There is no such thing for this caller.",
        409 => "It contradicts what is stored.",
        413 => "The body or what it asks for is over a limit.",
        414 => "The query is over a limit.",
        429 => "This caller has too much at once.",
        503 => "It cannot be served just now; Retry-After says when to come again.",
        _ => "The server failed; its log says why.",
    }
}

/// The JSON schema of a form, and whether it is a comma-separated list.
fn schema(form: Form, limits: &Limits) -> (Value, bool) {
    let several = |least: usize, most: usize| json!({ "type": "array", "items": { "type": "number" }, "minItems": least, "maxItems": most });
    match form {
        Form::Text | Form::DateTime => (json!({ "type": "string" }), false),
        Form::Instant => (json!({ "type": "string", "format": "date-time" }), false),
        Form::Pattern(pattern) => (json!({ "type": "string", "pattern": pattern }), false),
        Form::Number => (json!({ "type": "number" }), false),
        Form::Between(low, high) => (json!({ "type": "number", "minimum": low, "maximum": high }), false),
        Form::Integer(min, max) => (json!({ "type": "integer", "minimum": min, "maximum": max }), false),
        Form::Rows(min) => (json!({ "type": "integer", "minimum": min, "maximum": limits.rows }), false),
        Form::OneOf(words) => (json!({ "type": "string", "enum": words }), false),
        Form::Bool => (json!({ "type": "boolean" }), false),
        Form::Texts => (json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }), true),
        Form::Numbers(least, most) => (several(least, most), true),
        Form::Bbox => {
            (json!({ "type": "array", "items": { "type": "number" }, "oneOf": [several(4, 4), several(6, 6)] }), true)
        }
    }
}
