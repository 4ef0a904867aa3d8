//! Schemas of metadata (3D Metadata Specification; `EXT_structural_metadata`): names, types, enums.

use super::clip;
use super::report::Log;
use super::rule::Rule;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A number's type in a property table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Component {
    Signed(usize),
    Unsigned(usize),
    Float(usize),
}

impl Component {
    pub fn read(name: &str) -> Option<Self> {
        Some(match name {
            "INT8" => Self::Signed(1),
            "INT16" => Self::Signed(2),
            "INT32" => Self::Signed(4),
            "INT64" => Self::Signed(8),
            "UINT8" => Self::Unsigned(1),
            "UINT16" => Self::Unsigned(2),
            "UINT32" => Self::Unsigned(4),
            "UINT64" => Self::Unsigned(8),
            "FLOAT32" => Self::Float(4),
            "FLOAT64" => Self::Float(8),
            _ => return None,
        })
    }
    /// Bytes of one.
    pub const fn size(self) -> usize {
        match self {
            Self::Signed(n) | Self::Unsigned(n) | Self::Float(n) => n,
        }
    }
    /// Whether `value` can be stored in it.
    fn holds(self, value: &Value) -> bool {
        let bits = |size: usize| 8 * size as u32;
        match self {
            Self::Float(_) => value.is_number(),
            Self::Signed(size) => value.as_i64().is_some_and(|n| i128::from(n).unsigned_abs() <= 1 << (bits(size) - 1)),
            Self::Unsigned(size) => value.as_u64().is_some_and(|n| u128::from(n) < 1 << bits(size)),
        }
    }
}

/// What values a property has.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Text,
    Boolean,
    /// The stored type, and each value with its name, the least first.
    Enum(Component, Arc<[(i64, String)]>),
    /// So many components of a type.
    Numbers(usize, Component),
}

/// A property of a class.
#[derive(Debug, Clone)]
pub(super) struct Property {
    pub kind: Kind,
    pub array: bool,
    pub fixed: Option<u64>,
    pub required: bool,
    /// Whether what is stored is what is meant.
    pub plain: bool,
    pub no_data: Option<Value>,
    pub min: Option<Value>,
    pub max: Option<Value>,
    /// Whether its values are the ids of features.
    pub is_id: bool,
    /// What it means.
    pub semantic: Option<String>,
}

/// Classes with their properties that hold; `None` for one that does not.
pub(super) type Schema = BTreeMap<String, BTreeMap<String, Option<Property>>>;

fn is_name(name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(part) && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn members<'v>(of: &'v Value, name: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    of.get(name).and_then(Value::as_object).into_iter().flatten()
}

/// Reads a schema and checks it.
pub(super) fn read(of: &Value, place: &str, log: &mut Log) -> Schema {
    let named = |name: &str, place: &str, log: &mut Log| {
        if !is_name(name) {
            log.find(Rule::SchemaName, place, format!("'{}' is no name", clip(name)));
        }
    };
    match of.get("id").and_then(Value::as_str) {
        Some(id) => named(id, &format!("{place}/id"), log),
        None => log.find(Rule::SchemaName, format!("{place}/id"), "is missing"),
    }
    let mut enums = BTreeMap::new();
    for (name, own) in members(of, "enums") {
        let place = format!("{place}/enums/{}", clip(name));
        named(name, &place, log);
        enums.insert(name.as_str(), choices(own, &place, log));
    }
    let mut classes = Schema::new();
    for (name, own) in members(of, "classes") {
        let place = format!("{place}/classes/{}", clip(name));
        named(name, &place, log);
        let mut properties = BTreeMap::new();
        for (name, own) in members(own, "properties") {
            let place = format!("{place}/properties/{}", clip(name));
            named(name, &place, log);
            properties.insert(name.clone(), property(name, own, &enums, &place, log));
        }
        classes.insert(name.clone(), properties);
    }
    classes
}

type Choices = Option<(Component, Arc<[(i64, String)]>)>;

fn choices(own: &Value, place: &str, log: &mut Log) -> Choices {
    let kind = own.get("valueType").map_or(Some("UINT16"), Value::as_str).and_then(Component::read);
    let kind = kind.filter(|kind| !matches!(kind, Component::Float(_)));
    let list = own.get("values").and_then(Value::as_array).filter(|list| !list.is_empty());
    let each = list.and_then(|list| {
        list.iter()
            .map(|one| Some((one.get("value")?.as_i64()?, one.get("name")?.as_str()?.to_owned())))
            .collect::<Option<Vec<_>>>()
    });
    let (Some(kind), Some(each)) = (kind, each) else {
        log.find(Rule::SchemaType, place, "is no enum of whole numbers with names");
        return None;
    };
    let (values, names): (BTreeSet<_>, BTreeSet<_>) = each.iter().map(|(value, name)| (*value, name.as_str())).unzip();
    if values.len() < each.len() || names.len() < each.len() {
        log.find(Rule::SchemaType, format!("{place}/values"), "has a value or a name twice");
    }
    if let Some(value) = values.iter().find(|value| !kind.holds(&Value::from(**value))) {
        log.find(
            Rule::SchemaType,
            format!("{place}/values"),
            format!("has {value}, which its valueType does not hold"),
        );
    }
    let mut each = each;
    each.sort();
    Some((kind, each.into()))
}

fn property(name: &str, own: &Value, enums: &BTreeMap<&str, Choices>, place: &str, log: &mut Log) -> Option<Property> {
    let text = |member: &str| own.get(member).and_then(Value::as_str);
    let number = |member: &str| own.get(member).and_then(Value::as_f64);
    let component = text("componentType").map(Component::read);
    let parts = match text("type") {
        Some("SCALAR") => 1,
        Some("VEC2") => 2,
        Some("VEC3") => 3,
        Some("VEC4" | "MAT2") => 4,
        Some("MAT3") => 9,
        Some("MAT4") => 16,
        _ => 0,
    };
    let wrong = |what: String, log: &mut Log| {
        log.find(Rule::SchemaType, place, what);
        None
    };
    let kind = match (text("type"), component, own.get("enumType")) {
        (Some("STRING"), None, None) => Kind::Text,
        (Some("BOOLEAN"), None, None) => Kind::Boolean,
        (Some("ENUM"), None, Some(name)) => match name.as_str().and_then(|name| enums.get(name)) {
            Some(Some((kind, values))) => Kind::Enum(*kind, values.clone()),
            Some(None) => return None,
            None => return wrong(format!("names the enum {}, which is not there", clip(&name.to_string())), log),
        },
        (Some(_), Some(Some(component)), None) if parts > 0 => Kind::Numbers(parts, component),
        (kind, ..) => {
            return wrong(
                format!(
                    "has the type {}, componentType {} and enumType {}",
                    clip(kind.unwrap_or("none")),
                    clip(text("componentType").unwrap_or("none")),
                    clip(text("enumType").unwrap_or("none"))
                ),
                log,
            );
        }
    };
    let array = own.get("array").and_then(Value::as_bool).unwrap_or_default();
    let no_data = own.get("noData").cloned();
    if let Some(none) = &no_data {
        let one = |none: &Value| match &kind {
            Kind::Text => none.is_string(),
            Kind::Boolean => false,
            Kind::Enum(_, values) => none.as_str().is_some_and(|none| values.iter().any(|(_, name)| name == none)),
            Kind::Numbers(1, component) => component.holds(none),
            Kind::Numbers(parts, component) => {
                none.as_array().is_some_and(|all| all.len() == *parts && all.iter().all(|n| component.holds(n)))
            }
        };
        let fits = if array { none.as_array().is_some_and(|all| all.iter().all(one)) } else { one(none) };
        if !fits {
            log.find(
                Rule::NoData,
                format!("{place}/noData"),
                format!("{} is no value of the property", clip(&none.to_string())),
            );
        }
    }
    let plain = own.get("normalized").and_then(Value::as_bool) != Some(true)
        && number("scale").is_none()
        && number("offset").is_none();
    Some(Property {
        is_id: matches!(kind, Kind::Text) && !array && (text("semantic") == Some("ID") || name == "id"),
        kind,
        array,
        fixed: own.get("count").and_then(Value::as_u64),
        required: own.get("required").and_then(Value::as_bool).unwrap_or_default(),
        plain,
        no_data,
        min: own.get("min").cloned(),
        max: own.get("max").cloned(),
        semantic: text("semantic").map(str::to_owned),
    })
}
