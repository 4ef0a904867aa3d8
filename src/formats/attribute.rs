//! JSON values as attributes: types, nesting and order stay as the source has them.

use crate::model::{Attributes, Value};
use foldhash::fast::RandomState;
use foldhash::{HashSet, HashSetExt};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::hash::BuildHasher;

/// A JSON value on its way to being an attribute.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attribute(pub Value);

impl Default for Attribute {
    fn default() -> Self {
        Self(Value::Null)
    }
}

impl Attribute {
    /// The members of an object; nothing of any other value.
    pub fn members(self) -> Attributes {
        if let Value::Map(members) = self.0 { members } else { Vec::new() }
    }
}

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Int(v))
    }
    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        #[expect(clippy::cast_precision_loss, reason = "beyond i64 a JSON number is a double for everybody")]
        Ok(i64::try_from(v).map_or(Value::Float(v as f64), Value::Int))
    }
    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Value::Float(v))
    }
    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::Text(v.to_owned()))
    }
    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::Text(v))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Attribute(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Attributes::new();
        // The names' hashes: a name of a known one is looked for, others need no copy to be known again.
        let mut names: HashSet<u64> = HashSet::new();
        let state = RandomState::default();
        while let Some((name, Attribute(value))) = entries.next_entry::<String, _>()? {
            // RFC 8259 §4 leaves a repeated name open; names must be unique here, and most readers keep the last.
            if !names.insert(state.hash_one(&name)) {
                members.retain(|(known, _)| *known != name);
            }
            members.push((name, value));
        }
        Ok(Value::Map(members))
    }
}

/// The attribute called `name`.
pub(super) fn find<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a Value> {
    attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// The text, or the number as text, of the first of `names` that has one.
pub(super) fn text(attributes: &Attributes, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match find(attributes, name)? {
        Value::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Int(n) => Some(n.to_string()),
        Value::Float(n) => Some(n.to_string()),
        _ => None,
    })
}

/// Adds an attribute unless the source has one of that name.
pub(super) fn add(attributes: &mut Attributes, name: &str, value: Value) {
    if find(attributes, name).is_none() {
        attributes.push((name.to_owned(), value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_order_and_nesting_stay() {
        let json = r#"{"z":1,"a":1.0,"n":null,"t":"楼","l":[true,{"x":-2}],"big":18446744073709551615,"z":2}"#;
        let Attribute(Value::Map(map)) = serde_json::from_str(json).unwrap() else { panic!("a map") };
        let names: Vec<_> = map.iter().map(|(n, _)| n.as_str()).collect();
        assert_eq!(names, ["a", "n", "t", "l", "big", "z"]);
        assert_eq!(find(&map, "a"), Some(&Value::Float(1.0)));
        assert_eq!(find(&map, "z"), Some(&Value::Int(2)));
        assert_eq!(
            find(&map, "l"),
            Some(&Value::List(vec![Value::Bool(true), Value::Map(vec![("x".into(), Value::Int(-2))])]))
        );
        assert_eq!(text(&map, &["n", "t"]), Some("楼".into()));
    }
}
