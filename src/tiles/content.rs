//! What one tile holds before it is bytes: features with their lasting attributes, and their shapes in the site's frame.

use crate::fault::{Fault, Result};
use crate::geom::{Bounds, Motion};
use crate::lod::{self, Drawn, Form, Lights, Look};
use crate::model::{AssetId, Attributes, Class, Collections, is_personal};
use crate::store::{Row, Snapshot};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// Features of which fewer are sooner read by one core.
const FEW: usize = 16;

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

/// A mesh of a feature: a shape, and how its offsets are moved to their place.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The feature's position in the tile.
    pub feature: u32,
    /// The shape; its own origin is not looked at.
    pub shape: Drawn,
    /// What moves the shape's offsets to their place in east-north-up metres.
    pub motion: Motion,
    /// The shape's number, where others may have it too: pieces of one number have the same shape.
    pub number: Option<u64>,
}

impl Piece {
    /// A mesh where it is.
    pub fn new(feature: u32, mesh: Drawn) -> Self {
        let motion = Motion::from(mesh.origin);
        Self { feature, shape: mesh, motion, number: None }
    }
    /// What draws the feature `number`.
    fn of(snapshot: &Snapshot, draw: &lod::Draw, number: u32, lights: &Lights) -> Result<Vec<Self>> {
        let own = [draw.row];
        let rows = |pieces: &Option<Arc<[Row]>>| pieces.as_deref().unwrap_or(&own).to_vec();
        match &draw.form {
            Form::Whole(pieces) => {
                rows(pieces).into_iter().filter_map(|row| Self::full(snapshot, row, number).transpose()).collect()
            }
            Form::Light(pieces) => {
                let light = |row| Self::light(snapshot, row, number, lights).transpose();
                rows(pieces).into_iter().filter_map(light).collect()
            }
            Form::Block(block) => Ok(vec![Self::new(number, block.mesh().into())]),
            Form::Box(bounds) => Ok(vec![Self::new(number, lod::shape::cuboid(bounds).into())]),
        }
    }
    /// The lighter shape of a row, or the full one where there is none lighter.
    fn light(snapshot: &Snapshot, row: Row, feature: u32, lights: &Lights) -> Result<Option<Self>> {
        Ok(match lights.lighter(snapshot, row)? {
            Some(own) => {
                let (shape, motion, number) = (Drawn::Light(own.light), own.motion, Some(own.shape));
                Some(Self { feature, shape, motion, number })
            }
            None => Self::full(snapshot, row, feature)?,
        })
    }
    /// The full shape of a row; nothing for one without a place.
    fn full(snapshot: &Snapshot, row: Row, feature: u32) -> Result<Option<Self>> {
        if let Some(instance) = snapshot.instance(row)? {
            let (shape, motion, number) = (Drawn::Stored(instance.geometry), instance.motion, Some(instance.shape));
            if !shape.triangles.is_empty() {
                return Ok(Some(Self { feature, shape, motion, number }));
            }
        }
        Ok(lod::drawn(snapshot, row)?.map(|mesh| Self::new(feature, mesh)))
    }
}

/// How the features of one tile are drawn; one way for a tile, so that its feature numbers run from 0 without gaps.
#[derive(Debug, Clone)]
pub enum Shapes {
    /// Triangle meshes.
    Meshes(Vec<Piece>),
    /// As [`Shapes::Meshes`], seen through: rooms, whose walls are drawn too.
    Glass(Vec<Piece>),
    /// One small marker for each feature, at east-north-up metres.
    Markers(Vec<[f64; 3]>),
}

/// The pieces of each feature, or a point of each.
type Read = (Vec<Vec<Piece>>, Vec<[f64; 3]>);

/// Everything one tile says.
#[derive(Debug, Clone)]
pub struct Content {
    /// East-north-up metres that offsets in the tile are counted from.
    pub origin: [f64; 3],
    /// The features, in the order of their numbers.
    pub features: Vec<Feature>,
    /// Their shapes.
    pub shapes: Shapes,
    /// The pictures that they show.
    pub pictures: Pictures,
}

/// Pictures by the SHA-256 of their bytes.
pub type Pictures = BTreeMap<[u8; 32], Arc<Vec<u8>>>;

/// The pictures that some meshes show.
fn pictures(snapshot: &Snapshot, meshes: &[Piece]) -> Result<Pictures> {
    let mut pictures = Pictures::new();
    for texture in meshes.iter().filter_map(|piece| piece.shape.textures.as_ref()).flat_map(|t| &t.list) {
        if let Entry::Vacant(free) = pictures.entry(texture.picture) {
            free.insert(snapshot.picture(&texture.picture)?);
        }
    }
    Ok(pictures)
}

impl Content {
    /// Reads what `planned` names from `snapshot`, for somebody who may read `readable`; lighter shapes come from `lights`.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn gather(snapshot: &Snapshot, planned: &lod::Content, readable: Collections, lights: &Lights) -> Result<Self> {
        let draws = || planned.draws.par_iter().with_min_len(FEW);
        // Somebody waits for it: attributes and shapes are read side by side.
        let (features, drawn) = rayon::join(
            || draws().map(|draw| feature(snapshot, draw.row, readable)).collect::<Result<Vec<_>>>(),
            || -> Result<Read> {
                if planned.look == Look::Markers {
                    let point = |draw: &lod::Draw| {
                        Ok(lod::point(snapshot, draw.row)?.unwrap_or_else(|| planned.bounds.center()))
                    };
                    return Ok((Vec::new(), draws().map(point).collect::<Result<_>>()?));
                }
                let pieces = draws()
                    .enumerate()
                    .map(|(number, draw)| Piece::of(snapshot, draw, u32::try_from(number).unwrap_or(u32::MAX), lights));
                Ok((pieces.collect::<Result<_>>()?, Vec::new()))
            },
        );
        let (features, (meshes, points)) = (features?, drawn?);
        let meshes: Vec<Piece> = meshes.into_iter().flatten().collect();
        let pictures = pictures(snapshot, &meshes)?;
        let shapes = match planned.look {
            Look::Solid => Shapes::Meshes(meshes),
            Look::Glass => Shapes::Glass(meshes),
            Look::Markers => Shapes::Markers(points),
        };
        // Whole metres keep the translation short and exact.
        Ok(Self { origin: planned.bounds.center().map(f64::round), features, shapes, pictures })
    }
}

/// The shapes of `rows` at full detail as one content, with the number of rows that have none, for somebody who may read
/// `readable`.
///
/// # Errors
/// As [`Snapshot::geometry`].
pub fn of_rows(snapshot: &Snapshot, rows: &[Row], readable: Collections) -> Result<(Content, usize)> {
    let (mut features, mut meshes, mut bounds) = (Vec::new(), Vec::new(), Bounds::EMPTY);
    for row in rows {
        if let Some(drawn) = lod::drawn(snapshot, *row)? {
            bounds = bounds.union(drawn.bounds());
            meshes.push(Piece::new(u32::try_from(features.len()).unwrap_or(u32::MAX), drawn));
            features.push(feature(snapshot, *row, readable)?);
        }
    }
    let without = rows.len() - features.len();
    let origin = if bounds.is_empty() { [0.0; 3] } else { bounds.center().map(f64::round) };
    let pictures = pictures(snapshot, &meshes)?;
    Ok((Content { origin, features, shapes: Shapes::Meshes(meshes), pictures }, without))
}

fn feature(snapshot: &Snapshot, row: Row, readable: Collections) -> Result<Feature> {
    let asset = snapshot.asset(row).ok_or_else(|| Fault::internal("a tile of an asset that is not there"))?;
    Ok(Feature {
        id: asset.id().into(),
        class: asset.class(),
        name: asset.name().to_owned(),
        parent: asset.parent_id_for(readable).map(Into::into),
        storey: asset.storey().map(Into::into),
        attributes: shown(snapshot.attributes(row)?, asset.class(), readable),
    })
}

/// The attributes without what names a person, for who may not read that.
fn shown(attributes: Arc<Attributes>, class: Class, readable: Collections) -> Arc<Attributes> {
    let personal = |name: &str| !readable.has_guarded() && is_personal(class, name);
    if !attributes.iter().any(|(name, _)| personal(name)) {
        return attributes;
    }
    Arc::new(attributes.iter().filter(|(name, _)| !personal(name)).cloned().collect())
}
