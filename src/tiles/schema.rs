//! The columns of a tile's property table: the six fixed ones, then the source's attributes typed by what they hold.

use crate::model::{Attributes, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The columns every table has, in order: identity and place in the tree of parts.
pub const FIXED: [&str; 6] = ["id", "class", "name", "collection", "parent", "storey"];

/// What a value of an attribute can be held in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// True or false.
    Bool,
    /// A whole number of 32 bits, least value excepted (it stands for nothing).
    Int,
    /// A finite number.
    Float,
    /// Text; what is nested or of several types is its JSON.
    Text,
}

impl Kind {
    /// The kind of one value; nothing for null.
    pub fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(_) => Self::Bool,
            Value::Int(i) if *i > i64::from(i32::MIN) && *i <= i64::from(i32::MAX) => Self::Int,
            // Beyond 2^53 a float would change the number, so it stays text.
            Value::Int(i) if i.unsigned_abs() <= 1 << 53 => Self::Float,
            Value::Float(f) if f.is_finite() && *f != NO_FLOAT => Self::Float,
            _ => Self::Text,
        })
    }
    /// The kind that holds both without loss.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Bool, Self::Bool) => Self::Bool,
            (Self::Int, Self::Int) => Self::Int,
            (Self::Int | Self::Float, Self::Int | Self::Float) => Self::Float,
            _ => Self::Text,
        }
    }
}

/// Stands for "no value" in columns of numbers.
pub const NO_FLOAT: f64 = f64::MIN;
/// Stands for "no value" in columns of whole numbers.
pub const NO_INT: i32 = i32::MIN;
/// Stands for "no value" in columns of true and false.
pub const NO_BOOL: u8 = 255;

/// One attribute's column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name that metadata allows: `^[a-zA-Z_][a-zA-Z0-9_]*$`, unique in the schema.
    pub property: String,
    /// The source's own name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// The columns of one tile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// The source's attributes, ordered by their own names; the fixed columns come before them.
    pub columns: Vec<Column>,
    /// Whether there were more attributes than columns, so that a last column holds the others as JSON.
    pub overflow: bool,
}

/// At most this many attributes get a column of their own; the others share one of JSON.
pub const MOST_COLUMNS: usize = 240;
/// The property that holds the attributes beyond [`MOST_COLUMNS`].
pub const OVERFLOW: &str = "other_attributes";

impl Schema {
    /// The schema that holds all of `attributes`; their order does not matter.
    pub fn of<'a>(attributes: impl IntoIterator<Item = &'a Attributes>) -> Self {
        let mut kinds: BTreeMap<&str, Option<Kind>> = BTreeMap::new();
        for (name, value) in attributes.into_iter().flatten() {
            let held = kinds.entry(name).or_default();
            *held = match (*held, Kind::of(value)) {
                (Some(a), Some(b)) => Some(a.with(b)),
                (a, b) => a.or(b),
            };
        }
        let mut taken: BTreeSet<String> = FIXED.iter().map(|s| (*s).to_owned()).collect();
        taken.insert(OVERFLOW.to_owned());
        let overflow = kinds.len() > MOST_COLUMNS;
        let columns = kinds
            .into_iter()
            .take(MOST_COLUMNS)
            .map(|(name, kind)| {
                let property = free_name(property_name(name), &taken);
                taken.insert(property.clone());
                Column { property, name: name.to_owned(), kind: kind.unwrap_or(Kind::Text) }
            })
            .collect();
        Self { columns, overflow }
    }
    /// The column of the source's attribute `name`.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.binary_search_by(|c| c.name.as_str().cmp(name)).ok()
    }
}

/// A name that metadata allows, made from any name: letters and digits stay, `_` is put for other ASCII, and a
/// character of another script is written as `u` and its number, so that Chinese names stay distinct.
fn property_name(name: &str) -> String {
    let mut made = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            made.push(c);
        } else if c.is_ascii() {
            made.push('_');
        } else {
            made.push_str(&format!("_u{:x}", u32::from(c)));
        }
    }
    if made.is_empty() || made.starts_with(|c: char| c.is_ascii_digit()) {
        made.insert(0, '_');
    }
    made
}

fn free_name(wanted: String, taken: &BTreeSet<String>) -> String {
    if !taken.contains(&wanted) {
        return wanted;
    }
    (2..).map(|n: u32| format!("{wanted}_{n}")).find(|name| !taken.contains(name)).unwrap_or(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_widen_and_names_stay_distinct_in_every_script() {
        let a = vec![
            ("class".to_owned(), Value::Text("x".into())),
            ("楼层".to_owned(), Value::Int(3)),
            ("楼号".to_owned(), Value::Null),
            ("1st".to_owned(), Value::Bool(true)),
        ];
        let b = vec![("楼层".to_owned(), Value::Float(2.5)), ("1st".to_owned(), Value::Int(1))];
        let schema = Schema::of([&a, &b]);
        assert_eq!(schema, Schema::of([&b, &a]), "the order of assets does not matter");
        let found: Vec<_> = schema.columns.iter().map(|c| (c.name.as_str(), c.property.as_str(), c.kind)).collect();
        assert_eq!(
            found,
            [
                ("1st", "_1st", Kind::Text),
                ("class", "class_2", Kind::Text),
                ("楼号", "_u697c_u53f7", Kind::Text),
                ("楼层", "_u697c_u5c42", Kind::Float),
            ]
        );
        assert_eq!(schema.position("楼层"), Some(3));
        assert_eq!(Kind::of(&Value::Int(i64::MAX)), Some(Kind::Text));
        assert_eq!(Kind::of(&Value::Float(f64::NAN)), Some(Kind::Text));
    }
}
