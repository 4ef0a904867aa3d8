//! CityJSON's own form (OGC 20-072r5 for 1.1, 2.0.1 for 2.0), as far as it is read.
//!
//! Boundaries are taken as they come, so that one bad object is refused and not its file.

use super::super::attribute::Attribute;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A `CityJSON` or a `CityJSONFeature` object, whose city objects are read as `O`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(bound(deserialize = "O: Deserialize<'de>"))]
pub(super) struct Document<O = Object> {
    #[serde(rename = "type", default)]
    pub kind: String,
    pub version: Option<String>,
    pub transform: Option<Transform>,
    #[serde(default)]
    pub metadata: Metadata,
    #[serde(rename = "CityObjects", default, deserialize_with = "entries")]
    pub objects: Vec<(String, O)>,
    /// City objects of another structure: id and what is wrong.
    #[serde(skip)]
    pub broken: Vec<(String, String)>,
    #[serde(default)]
    pub vertices: Vec<[f64; 3]>,
    #[serde(rename = "geometry-templates", default)]
    pub templates: Templates,
    #[serde(default)]
    pub appearance: Appearance,
}

impl Document<serde_json::Value> {
    /// The city objects that are such, and the others by what is wrong with them.
    pub fn sifted(self) -> Document {
        let Self { kind, version, transform, metadata, vertices, templates, appearance, .. } = self;
        let (mut objects, mut broken) = (Vec::new(), Vec::new());
        for (id, value) in self.objects {
            match Object::deserialize(value) {
                Ok(object) => objects.push((id, object)),
                Err(error) => broken.push((id, error.to_string())),
            }
        }
        Document { kind, version, transform, metadata, objects, broken, vertices, templates, appearance }
    }
}

/// `real = stored * scale + translate`.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
pub(super) struct Transform {
    pub scale: [f64; 3],
    pub translate: [f64; 3],
}

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Metadata {
    #[serde(rename = "referenceSystem")]
    pub crs: Option<String>,
}

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Templates {
    #[serde(default)]
    pub templates: Vec<Geometry>,
    #[serde(rename = "vertices-templates", default)]
    pub vertices: Vec<[f64; 3]>,
    /// The materials that they point to: those of their file.
    #[serde(skip)]
    pub materials: Vec<Material>,
}

/// What surfaces look like (§6); of it colours are drawn.
#[derive(Debug, Default, Clone, serde::Deserialize)]
pub(super) struct Appearance {
    #[serde(default)]
    pub materials: Vec<Material>,
}

/// A material, as X3D has it: colours from 0 to 1.
#[derive(Debug, Default, Clone, serde::Deserialize)]
pub(super) struct Material {
    #[serde(rename = "diffuseColor")]
    pub diffuse: Option<[f64; 3]>,
    pub transparency: Option<f64>,
}

impl Material {
    /// sRGB with straight alpha.
    pub fn colour(&self) -> Option<[u8; 4]> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=255")]
        let byte = |c: f64| (c.clamp(0.0, 1.0) * 255.0).round() as u8;
        let [r, g, b] = self.diffuse?.map(byte);
        Some([r, g, b, byte(1.0 - self.transparency.unwrap_or(0.0))])
    }
}

/// The materials of one theme: one for all surfaces, or one for each.
#[derive(Debug, Default, Clone, serde::Deserialize)]
pub(super) struct Theme {
    pub value: Option<usize>,
    #[serde(default)]
    pub values: Nested,
}

/// One city object.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Object {
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub attributes: Attribute,
    #[serde(default)]
    pub address: Attribute,
    #[serde(default)]
    pub geometry: Vec<Geometry>,
    #[serde(default)]
    pub parents: Vec<String>,
    #[serde(default)]
    pub children: Vec<String>,
}

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Geometry {
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub lod: Lod,
    #[serde(default)]
    pub boundaries: Nested,
    pub semantics: Option<Semantics>,
    #[serde(default)]
    pub material: std::collections::BTreeMap<String, Theme>,
    /// Whether it has one.
    #[serde(default)]
    pub texture: Option<IgnoredAny>,
    pub template: Option<usize>,
    #[serde(rename = "transformationMatrix")]
    pub matrix: Option<Vec<f64>>,
}

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Semantics {
    #[serde(default)]
    pub surfaces: Vec<SemanticSurface>,
    #[serde(default)]
    pub values: Nested,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct SemanticSurface {
    #[serde(rename = "type", default)]
    pub kind: String,
}

/// A level of detail: text in the standard (`"2.2"`), a number in older files.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Lod {
    pub text: String,
    pub number: f64,
}

impl<'de> Deserialize<'de> for Lod {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = super::super::attribute::text(&vec![(String::new(), Attribute::deserialize(from)?.0)], &[""]);
        let text = text.unwrap_or_default();
        Ok(Self { number: text.parse().ok().filter(|n: &f64| n.is_finite()).unwrap_or(0.0), text })
    }
}

/// `null` among numbers.
pub(super) const NOTHING: u32 = u32::MAX;

/// Nested arrays of numbers: boundaries and semantic values.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Nested {
    /// Numbers; [`NOTHING`] for null.
    Numbers(Vec<u32>),
    /// Arrays.
    Lists(Vec<Nested>),
    /// Something else: a text, a negative or broken number, numbers beside arrays.
    Broken,
}

impl Default for Nested {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

impl Nested {
    /// The arrays inside; an empty array is of any depth.
    pub fn lists(&self) -> Option<&[Self]> {
        match self {
            Self::Lists(lists) => Some(lists),
            Self::Numbers(numbers) if numbers.is_empty() => Some(&[]),
            _ => None,
        }
    }
    /// The numbers inside.
    pub fn numbers(&self) -> Option<&[u32]> {
        if let Self::Numbers(numbers) = self { Some(numbers) } else { None }
    }
}

impl<'de> Deserialize<'de> for Nested {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match Item::deserialize(from)? {
            Item::List(nested) => nested,
            // `"values": null` says nothing of every surface.
            Item::Number(NOTHING) => Self::default(),
            Item::Number(_) | Item::Broken => Self::Broken,
        })
    }
}

enum Item {
    Number(u32),
    List(Nested),
    Broken,
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyItem)
    }
}

struct AnyItem;

impl<'de> Visitor<'de> for AnyItem {
    type Value = Item;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("numbers or arrays")
    }
    fn visit_u64<E>(self, v: u64) -> Result<Item, E> {
        Ok(u32::try_from(v).ok().filter(|n| *n != NOTHING).map_or(Item::Broken, Item::Number))
    }
    fn visit_i64<E>(self, _: i64) -> Result<Item, E> {
        Ok(Item::Broken)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Item, E> {
        Ok(Item::Broken)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Item, E> {
        Ok(Item::Broken)
    }
    fn visit_str<E>(self, _: &str) -> Result<Item, E> {
        Ok(Item::Broken)
    }
    fn visit_unit<E>(self) -> Result<Item, E> {
        Ok(Item::Number(NOTHING))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Item, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Item::Broken)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Item, A::Error> {
        let (mut numbers, mut lists, mut broken) = (Vec::new(), Vec::new(), false);
        while let Some(item) = items.next_element()? {
            match item {
                // A null among arrays (the semantic values of a shell that has none) is an empty array.
                Item::Number(NOTHING) if !lists.is_empty() => lists.push(Nested::default()),
                Item::Number(n) => numbers.push(n),
                Item::List(list) => {
                    if numbers.iter().all(|n| *n == NOTHING) {
                        lists.extend(numbers.drain(..).map(|_| Nested::default()));
                    }
                    lists.push(list);
                }
                Item::Broken => broken = true,
            }
        }
        Ok(Item::List(match (numbers.is_empty(), lists.is_empty()) {
            _ if broken => Nested::Broken,
            (_, true) => Nested::Numbers(numbers),
            (true, false) => Nested::Lists(lists),
            (false, false) => Nested::Broken,
        }))
    }
}

/// A JSON object as its entries in order, repeated names and all.
fn entries<'de, D: Deserializer<'de>, O: Deserialize<'de>>(from: D) -> Result<Vec<(String, O)>, D::Error> {
    struct Entries<O>(PhantomData<O>);
    impl<'de, O: Deserialize<'de>> Visitor<'de> for Entries<O> {
        type Value = Vec<(String, O)>;
        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("an object of city objects")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(entry) = map.next_entry()? {
                all.push(entry);
            }
            Ok(all)
        }
    }
    from.deserialize_map(Entries(PhantomData))
}
