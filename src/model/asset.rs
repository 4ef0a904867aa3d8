//! An asset as it is stored: identity, place in the tree of parts, attributes, geometry.

use super::{AssetId, Class};
use crate::geom::{Bounds, Mesh};
use std::sync::Arc;

/// An attribute's value as the source typed it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Present without a value.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(String),
    /// Values in order.
    List(Vec<Value>),
    /// Named values, in the source's order.
    Map(Attributes),
}

/// Named values in the source's order; names are the source's own and unique.
pub type Attributes = Vec<(String, Value)>;

/// What an asset covers on the map: WGS 84 longitude, latitude (degrees) and ellipsoidal height (metres).
///
/// Rings are closed as in GeoJSON (RFC 7946): the first position is repeated at the end.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Footprint {
    /// No place.
    #[default]
    None,
    /// One position.
    Point([f64; 3]),
    /// Lines.
    Lines(Vec<Vec<[f64; 3]>>),
    /// Polygons: an exterior ring, then holes.
    Areas(Vec<Vec<Vec<[f64; 3]>>>),
}

/// An asset's geometry: what it covers on the map, and its mesh in the site's east-north-up frame.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Geometry {
    /// In longitude, latitude and height.
    pub footprint: Footprint,
    /// East-north-up metres from the site's origin; absent for points, lines and bare areas.
    pub mesh: Option<Mesh>,
}

/// An asset as it goes into a commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    /// The source's own id.
    pub id: AssetId,
    /// What it is.
    pub class: Class,
    /// Its name for people; empty when it has none.
    pub name: String,
    /// The asset it is part of or contained in.
    pub parent: Option<AssetId>,
    /// The label of the storey it is on ("12A"), where known; a label, not a number.
    pub storey: Option<Arc<str>>,
    /// The layer of the source file it came from, where the file has several.
    pub layer: Option<Arc<str>>,
    /// The source's attributes under their own names.
    pub attributes: Attributes,
    /// Its geometry.
    pub geometry: Geometry,
    /// The box of its geometry in longitude, latitude (degrees) and ellipsoidal height (metres); empty without a place.
    pub bounds: Bounds,
}
