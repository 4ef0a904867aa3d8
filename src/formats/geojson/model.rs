//! GeoJSON's own form (RFC 7946, and the `crs` member of the 2008 text), taken leniently so that one bad geometry is
//! refused and not its file.

use crate::formats::attribute::Attribute;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A feature as it comes.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Feature {
    #[serde(rename = "type", default)]
    pub kind: Attribute,
    #[serde(default)]
    pub id: Attribute,
    #[serde(default)]
    pub properties: Attribute,
    pub geometry: Option<Geometry>,
}

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Geometry {
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub coordinates: Coordinates,
    #[serde(default)]
    pub geometries: Vec<Geometry>,
}

/// Nested arrays of positions.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Coordinates {
    /// x, y and, where given, z.
    Position([f64; 2], Option<f64>),
    /// Arrays; an empty one is of any depth.
    Lists(Vec<Coordinates>),
    /// Something else.
    Broken,
}

impl Default for Coordinates {
    fn default() -> Self {
        Self::Lists(Vec::new())
    }
}

impl Coordinates {
    /// The first position inside.
    pub fn first(&self) -> Option<[f64; 2]> {
        match self {
            Self::Position(xy, _) => Some(*xy),
            Self::Lists(lists) => lists.iter().find_map(Self::first),
            Self::Broken => None,
        }
    }
}

impl<'de> Deserialize<'de> for Coordinates {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match Item::deserialize(from)? {
            Item::List(c) => c,
            Item::Number(_) | Item::Broken => Self::Broken,
        })
    }
}

enum Item {
    Number(f64),
    List(Coordinates),
    Broken,
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyItem)
    }
}

struct AnyItem;

#[expect(clippy::cast_precision_loss, reason = "a coordinate is a double in GeoJSON whatever its spelling")]
impl<'de> Visitor<'de> for AnyItem {
    type Value = Item;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("coordinates")
    }
    fn visit_u64<E>(self, v: u64) -> Result<Item, E> {
        Ok(Item::Number(v as f64))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Item, E> {
        Ok(Item::Number(v as f64))
    }
    fn visit_f64<E>(self, v: f64) -> Result<Item, E> {
        Ok(Item::Number(v))
    }
    fn visit_bool<E>(self, _: bool) -> Result<Item, E> {
        Ok(Item::Broken)
    }
    fn visit_str<E>(self, _: &str) -> Result<Item, E> {
        Ok(Item::Broken)
    }
    fn visit_unit<E>(self) -> Result<Item, E> {
        Ok(Item::Broken)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Item, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Item::Broken)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Item, A::Error> {
        // RFC 7946 §3.1.1: a position has two or three numbers, and more are to be ignored.
        let (mut numbers, mut count, mut lists, mut broken) = ([0.0; 3], 0, Vec::new(), false);
        while let Some(item) = items.next_element()? {
            match item {
                Item::Number(n) => {
                    if let Some(place) = numbers.get_mut(count) {
                        *place = n;
                    }
                    count += 1;
                }
                Item::List(list) => lists.push(list),
                Item::Broken => broken = true,
            }
        }
        let [x, y, z] = numbers;
        Ok(Item::List(match (count, lists.is_empty()) {
            _ if broken => Coordinates::Broken,
            (0, _) => Coordinates::Lists(lists),
            (2, true) => Coordinates::Position([x, y], None),
            (3.., true) => Coordinates::Position([x, y], Some(z)),
            _ => Coordinates::Broken,
        }))
    }
}
