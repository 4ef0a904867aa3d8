//! A judge of JSON by the part of JSON Schema (2020-12) that the API document uses; a keyword it does not know fails.

use serde_json::Value;

const JUDGED: &[&str] = &[
    "title",
    "type",
    "required",
    "properties",
    "additionalProperties",
    "items",
    "minItems",
    "maxItems",
    "enum",
    "const",
    "oneOf",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "format",
    "pattern",
    "description",
];

/// What of `value` is not as `schema` says; empty when all of it is.
pub fn flaws(schema: &Value, value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    judge(schema, value, "$", &mut out);
    out
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        other => {
            assert_eq!(other, "object", "this is no type");
            value.is_object()
        }
    }
}

fn judge(schema: &Value, value: &Value, at: &str, out: &mut Vec<String>) {
    let rules = schema.as_object().expect("a schema is an object");
    for keyword in rules.keys() {
        assert!(JUDGED.contains(&keyword.as_str()), "{at}: '{keyword}' is not judged");
    }
    let kinds = match &schema["type"] {
        Value::Null => Vec::new(),
        Value::Array(kinds) => kinds.iter().map(|k| k.as_str().unwrap()).collect(),
        kind => vec![kind.as_str().unwrap()],
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| is_of(kind, value)) {
        return out.push(format!("{at} is {value}, not {kinds:?}"));
    }
    if let Some(some) = schema["enum"].as_array().filter(|some| !some.contains(value)) {
        out.push(format!("{at} is {value}, none of {some:?}"));
    }
    if rules.get("const").is_some_and(|only| only != value) {
        out.push(format!("{at} is {value}, not {}", schema["const"]));
    }
    if let Some(some) = schema["oneOf"].as_array() {
        let fits = some.iter().filter(|one| flaws(one, value).is_empty()).count();
        if fits != 1 {
            out.push(format!("{at} is {value}, which fits {fits} of {some:?}"));
        }
    }
    if let Some(n) = value.as_f64() {
        let outside = schema["minimum"].as_f64().is_some_and(|least| n < least)
            || schema["maximum"].as_f64().is_some_and(|most| n > most);
        if outside {
            out.push(format!("{at} is {n}, out of bounds"));
        }
    }
    if let (Some("date-time"), Some(text)) = (schema["format"].as_str(), value.as_str())
        && text.parse::<cimbra::units::Instant>().is_err()
    {
        out.push(format!("{at} is {text}, no time"));
    }
    if let Some(list) = value.as_array() {
        let few = schema["minItems"].as_u64().is_some_and(|least| (list.len() as u64) < least);
        let many = schema["maxItems"].as_u64().is_some_and(|most| list.len() as u64 > most);
        if few || many {
            out.push(format!("{at} has {} items", list.len()));
        }
        if let Some(of) = rules.get("items") {
            list.iter().enumerate().for_each(|(i, one)| judge(of, one, &format!("{at}[{i}]"), out));
        }
    }
    if let Some(object) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                out.push(format!("{at} has no '{name}'"));
            }
        }
        for (name, one) in object {
            let at = format!("{at}.{name}");
            match (schema["properties"].get(name), rules.get("additionalProperties")) {
                (Some(of), _) => judge(of, one, &at, out),
                (None, Some(Value::Bool(false))) => out.push(format!("{at} is not documented")),
                (None, Some(of)) => judge(of, one, &at, out),
                (None, None) => {}
            }
        }
    }
}

#[test]
fn the_judge_finds_flaws() {
    use serde_json::json;
    let of = json!({ "type": "object", "required": ["a"], "additionalProperties": false, "properties": {
        "a": { "type": ["integer", "null"], "minimum": 1 },
        "b": { "type": "array", "minItems": 2, "items": { "enum": ["x"] } },
        "c": { "oneOf": [{ "type": "null" }, { "type": "string", "format": "date-time" }] } } });
    for good in [json!({ "a": 1 }), json!({ "a": null, "b": ["x", "x"], "c": "2026-01-01T00:00:00Z" })] {
        assert!(flaws(&of, &good).is_empty(), "{good}");
    }
    for bad in [
        json!([]),
        json!({}),
        json!({ "a": 0 }),
        json!({ "a": 1.5 }),
        json!({ "a": 1, "d": 1 }),
        json!({ "a": 1, "b": ["x"] }),
        json!({ "a": 1, "b": ["x", "y"] }),
        json!({ "a": 1, "c": "soon" }),
    ] {
        assert!(!flaws(&of, &bad).is_empty(), "{bad}");
    }
}
