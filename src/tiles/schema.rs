//! The columns of a tile's property table: the six fixed ones, then the source's attributes with what each feature says.

use crate::model::{Attributes, Value};
use foldhash::{HashMap, HashMapExt};
use std::collections::BTreeSet;

/// The columns every table has, in order: identity and place in the tree of parts.
pub const FIXED: [&str; 6] = ["id", "class", "name", "collection", "parent", "storey"];

/// What a value of an attribute can be held in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// True or false.
    Bool,
    /// A whole number of at most 53 bits: what a script's number and a float of 64 bits hold without loss.
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
            // Beyond 2^53 a float would change the number, so it stays text.
            Value::Int(i) if i.unsigned_abs() <= 1 << 53 => Self::Int,
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

/// Stands for "no value" in columns of 64-bit floats.
pub const NO_FLOAT: f64 = f64::MIN;
/// Stands for "no value" in columns of 32-bit floats.
pub const NO_SHORT_FLOAT: f32 = f32::MIN;
/// Stands for "no value" in columns of true and false.
pub const NO_BOOL: u8 = 255;

/// One attribute's column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column<'a> {
    /// The name that metadata allows: `^[a-zA-Z_][a-zA-Z0-9_]*$`, unique in the schema.
    pub property: String,
    /// The source's own name.
    pub name: &'a str,
    /// What it holds; text where all is null.
    pub kind: Kind,
    /// Each feature's value; nothing for null and for a feature without it.
    pub cells: Vec<Option<&'a Value>>,
}

/// The columns of one tile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table<'a> {
    /// The source's attributes, ordered by their own names; the fixed columns come before them.
    pub columns: Vec<Column<'a>>,
    /// The attributes beyond [`MOST_COLUMNS`], each with its feature's number; a last column holds them as JSON.
    pub others: Vec<(usize, &'a str, &'a Value)>,
}

/// At most this many attributes get a column of their own; the others share one of JSON.
pub const MOST_COLUMNS: usize = 240;
/// The property that holds the attributes beyond [`MOST_COLUMNS`].
pub const OVERFLOW: &str = "other_attributes";

impl<'a> Table<'a> {
    /// The table of the attributes of each feature; which columns there are doesn't depend on their order.
    pub fn of(features: &[&'a Attributes]) -> Self {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut found: Vec<(&'a str, Vec<Option<&'a Value>>)> = Vec::new();
        for (row, attributes) in features.iter().enumerate() {
            // Features of one source say the same in the same order.
            let mut guess = 0;
            for (name, value) in *attributes {
                let place = match found.get(guess) {
                    Some((known, _)) if known == name => guess,
                    _ => *places.entry(name).or_insert_with(|| {
                        found.push((name, vec![None; features.len()]));
                        found.len() - 1
                    }),
                };
                guess = place + 1;
                found[place].1[row] = Some(value).filter(|v| **v != Value::Null);
            }
        }
        found.sort_unstable_by_key(|(name, _)| *name);
        let beyond = found.split_off(found.len().min(MOST_COLUMNS));
        let mut taken: BTreeSet<String> = FIXED.iter().map(|s| (*s).to_owned()).collect();
        taken.insert(OVERFLOW.to_owned());
        let columns = found.into_iter().map(|(name, cells)| {
            let property = free_name(property_name(name), &taken);
            taken.insert(property.clone());
            let kind = cells.iter().filter_map(|cell| cell.and_then(Kind::of)).reduce(Kind::with);
            Column { property, name, kind: kind.unwrap_or(Kind::Text), cells }
        });
        let columns = columns.collect();
        let others = |(name, cells): (&'a str, Vec<Option<&'a Value>>)| {
            cells.into_iter().enumerate().filter_map(move |(row, cell)| Some((row, name, cell?)))
        };
        let mut others: Vec<_> = beyond.into_iter().flat_map(others).collect();
        others.sort_by_key(|(row, ..)| *row);
        Self { columns, others }
    }
}

/// A name that metadata allows, made from any name: letters and digits stay, `_` is put for other ASCII, and a
/// character of another script is written as `u` and its number, so that Chinese names stay distinct.
/// A name that metadata allows for a source's own: the property of its column unless another attribute has come to the same.
pub fn property_name(name: &str) -> String {
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
        let of = |table: Table<'_>| -> Vec<(String, String, Kind)> {
            table.columns.into_iter().map(|c| (c.name.to_owned(), c.property, c.kind)).collect()
        };
        let found = of(Table::of(&[&a, &b]));
        assert_eq!(found, of(Table::of(&[&b, &a])), "the order of assets does not matter");
        let found: Vec<_> =
            found.iter().map(|(name, property, kind)| (name.as_str(), property.as_str(), *kind)).collect();
        assert_eq!(
            found,
            [
                ("1st", "_1st", Kind::Text),
                ("class", "class_2", Kind::Text),
                ("楼号", "_u697c_u53f7", Kind::Text),
                ("楼层", "_u697c_u5c42", Kind::Float),
            ]
        );
        let table = Table::of(&[&a, &b]);
        assert_eq!(table.columns[3].cells, [Some(&Value::Int(3)), Some(&Value::Float(2.5))]);
        assert_eq!(table.columns[2].cells, [None, None]);
        assert_eq!(Kind::of(&Value::Int(i64::MAX)), Some(Kind::Text));
        assert_eq!(Kind::of(&Value::Float(f64::NAN)), Some(Kind::Text));
    }
}
