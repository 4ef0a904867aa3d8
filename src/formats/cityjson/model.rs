//! CityJSON's own form (OGC 20-072r5 for 1.1, 2.0.1 for 2.0), as far as it is read.
//!
//! Boundaries are taken as they come, so that one bad object is refused and not its file.

use super::super::attribute::Attribute;
use super::nested::{Nested, Unread};
use super::texture::Album;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
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
    /// The textures that they point to.
    #[serde(skip)]
    pub album: Album,
}

/// What surfaces look like (§6).
#[derive(Debug, Default, Clone, serde::Deserialize)]
pub(super) struct Appearance {
    #[serde(default)]
    pub materials: Vec<Material>,
    #[serde(default)]
    pub textures: Unread,
    #[serde(rename = "vertices-texture", default)]
    pub places: Unread,
    #[serde(rename = "default-theme-texture", default)]
    pub theme: Attribute,
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
    pub boundaries: Unread,
    pub semantics: Option<Semantics>,
    #[serde(default)]
    pub material: std::collections::BTreeMap<String, Theme>,
    #[serde(default)]
    pub texture: Unread,
    pub template: Option<usize>,
    #[serde(rename = "transformationMatrix")]
    pub matrix: Option<Vec<f64>>,
}

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Semantics {
    #[serde(default)]
    pub surfaces: Vec<SemanticSurface>,
    #[serde(default)]
    pub values: Unread,
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
