//! What one tile holds before it is bytes: features with their lasting attributes, and their shapes in the site's frame.

use crate::geom::Mesh;
use crate::model::{AssetId, Attributes, Class};
use std::sync::Arc;

/// One feature of a tile: a row of its property table. It never carries live state, which travels beside the tiles.
#[derive(Debug, Clone)]
pub struct Feature {
    /// The source's own id.
    pub id: AssetId,
    /// What it is.
    pub class: Class,
    /// Its name for people; empty when it has none.
    pub name: String,
    /// The id of the asset it is part of.
    pub parent: Option<AssetId>,
    /// The label of its storey.
    pub storey: Option<Arc<str>>,
    /// The source's attributes.
    pub attributes: Arc<Attributes>,
}

/// How the features of one tile are drawn; one way for a tile, so that its feature numbers run from 0 without gaps.
#[derive(Debug, Clone)]
pub enum Shapes {
    /// Triangle meshes in east-north-up metres; the first number of a pair is the feature's position in the tile.
    Meshes(Vec<(u32, Arc<Mesh>)>),
    /// As [`Shapes::Meshes`], seen through: rooms, whose walls are drawn too.
    Glass(Vec<(u32, Arc<Mesh>)>),
    /// One small marker for each feature, at east-north-up metres.
    Markers(Vec<[f64; 3]>),
}

/// Everything one tile says.
#[derive(Debug, Clone)]
pub struct Content {
    /// East-north-up metres that offsets in the tile are counted from.
    pub origin: [f64; 3],
    /// The features, in the order of their numbers.
    pub features: Vec<Feature>,
    /// Their shapes.
    pub shapes: Shapes,
}
