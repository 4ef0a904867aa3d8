//! One asset as a feature of a tile: its shape there, and its properties.

use super::grid::Tile;
use super::shape::{Drawn, draw, draw_box};
use super::write::{Tag, Value};
use crate::fault::Result;
use crate::model::{self, Class, Collections, Footprint, is_personal};
use crate::store::{AssetRef, Row, Snapshot};
use xxhash_rust::xxh3::xxh3_64;

/// Properties of every feature that has them; a source attribute of one of these names travels as `source.<name>`.
pub const OWN: [&str; 9] =
    ["id", "class", "name", "collection", "storey", "dataset", "height", "min_height", "outline"];
/// A text longer than this (bytes) does not travel.
const TEXT: usize = 256;
/// At most so many of a source's attributes travel, the first ones.
const ATTRIBUTES: usize = 64;

/// A feature that is ready to be written.
#[derive(Debug, Clone)]
pub struct Feature {
    /// Its number.
    pub number: u64,
    /// Its shape in the tile.
    pub shape: Drawn,
    /// What every feature says.
    pub own: Vec<Tag>,
    /// What its source says.
    pub source: Vec<Tag>,
}

/// Who looks at which of a source's attributes.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The collections that the caller may read.
    pub rights: Collections,
    /// The attributes asked for; all where none are named.
    pub only: Option<&'a [String]>,
}

/// A number for a name: 53 bits, which every reader keeps, the same wherever and whenever it is made.
pub fn number(name: &str) -> u64 {
    xxh3_64(name.as_bytes()) >> 11
}

/// The feature of a row in a tile; nothing where it is not seen there.
///
/// # Errors
/// As [`Snapshot::geometry`].
pub fn feature(snapshot: &Snapshot, row: Row, tile: Tile, reader: Reader<'_>) -> Result<Option<Feature>> {
    let Some(asset) = snapshot.asset(row) else { return Ok(None) };
    let geometry = snapshot.geometry(row)?;
    let boxed = geometry.footprint == Footprint::None && !asset.bounds().is_empty();
    let shape = if boxed { draw_box(&asset.bounds(), tile) } else { draw(&geometry.footprint, tile) };
    let Some(shape) = shape else { return Ok(None) };
    let uid = format!("{}/{}/{}", snapshot.site(), asset.dataset(), asset.id());
    let mut own = own(snapshot, &asset, reader.rights);
    if boxed {
        own.push(("outline".to_owned(), Value::Text("box".to_owned())));
    }
    Ok(Some(Feature { number: number(&uid), shape, own, source: source(snapshot, &asset, reader)? }))
}

fn own(snapshot: &Snapshot, asset: &AssetRef<'_>, rights: Collections) -> Vec<Tag> {
    let text = |name: &str, text: &str| (name.to_owned(), Value::Text(text.to_owned()));
    let mut own = vec![text("id", asset.id()), text("class", asset.class().name())];
    if !asset.name().is_empty() {
        own.push(text("name", asset.name()));
    }
    own.push(text("collection", asset.class().collection().name()));
    own.extend(asset.storey().map(|storey| text("storey", storey)));
    own.push(text("dataset", asset.dataset().as_str()));
    if let Some(heights) = heights(snapshot, asset, rights) {
        let centimetres = |metres: f64| Value::number((metres * 100.0).round() / 100.0);
        own.extend(["height", "min_height"].into_iter().zip(heights).map(|(n, h)| (n.to_owned(), centimetres(h))));
    }
    own
}

/// Metres of the top and the bottom above the ground: the lowest place of the building that the asset is in, or its own.
fn heights(snapshot: &Snapshot, asset: &AssetRef<'_>, rights: Collections) -> Option<[f64; 2]> {
    let bounds = asset.bounds();
    if bounds.is_empty() || !(bounds.min[2].is_finite() && bounds.max[2].is_finite()) {
        return None;
    }
    let building = |row: Row| {
        let above = snapshot.asset(row)?;
        let is = above.class() == Class::Building && rights.contains(Class::Building.collection());
        (is && !above.bounds().is_empty()).then(|| above.bounds().min[2])
    };
    let ground = match asset.class() {
        Class::Building => None,
        _ => snapshot.ancestors(asset.row()).into_iter().filter_map(building).next_back(),
    };
    let ground = ground.unwrap_or(bounds.min[2]);
    Some([bounds.max[2] - ground, bounds.min[2] - ground])
}

/// The source's attributes that are one value each.
fn source(snapshot: &Snapshot, asset: &AssetRef<'_>, reader: Reader<'_>) -> Result<Vec<Tag>> {
    if reader.only.is_some_and(<[String]>::is_empty) {
        return Ok(Vec::new());
    }
    let attributes = snapshot.attributes(asset.row())?;
    let shown = attributes.iter().filter(|(name, _)| reader.rights.has_guarded() || !is_personal(asset.class(), name));
    let tags = shown.filter_map(|(name, value)| {
        let value = match value {
            model::Value::Bool(is) => Value::Bool(*is),
            model::Value::Int(number) => Value::Int(*number),
            model::Value::Float(number) if number.is_finite() => Value::number(*number),
            model::Value::Text(text) if text.len() <= TEXT => Value::Text(text.clone()),
            _ => return None,
        };
        let name = if OWN.contains(&name.as_str()) { format!("source.{name}") } else { name.clone() };
        reader.only.is_none_or(|only| only.contains(&name)).then_some((name, value))
    });
    Ok(tags.take(ATTRIBUTES).collect())
}
