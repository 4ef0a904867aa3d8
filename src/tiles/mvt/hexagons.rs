//! Counts as tiles: the hexagons of H3 as polygons, or their middles as weighted points for a map of heat.

use super::feature::number;
use super::grid::{EXTENT, Tile};
use super::shape::{Drawn, draw, draw_ring};
use super::tile::Finished;
use super::write::{Layer, Tag, Value};
use crate::fault::{Fault, Result};
use crate::index::Hex;
use crate::model::Footprint;

/// How many hexagons a tile may have.
const MOST: usize = 20_000;

/// What lies in one hexagon, all of it, wherever tiles end.
#[derive(Debug, Clone, PartialEq)]
pub struct Tallied {
    /// The hexagon.
    pub hex: Hex,
    /// How many assets have their middle in it.
    pub count: usize,
    /// Of a number that was asked for: how many of them have it, their sum, the least and the greatest.
    pub measured: Option<(usize, f64, f64, f64)>,
}

/// Whether hexagons are drawn as they are or as points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Polygons, in every tile that they touch.
    Hexagons,
    /// Their middles, each in one tile of a level, with a `weight`.
    Heat,
}

/// The tile of what is tallied, by the names of its layers; hexagons that do not touch the tile are passed over.
///
/// # Errors
/// More hexagons than a tile may have: a coarser resolution is needed.
pub fn encode_hexagons(layers: &[(&str, Vec<Tallied>)], tile: Tile, form: Form) -> Result<Finished> {
    let (mut bytes, mut features) = (Vec::new(), 0);
    for (name, tallied) in layers {
        let mut layer = Layer::new(name);
        for one in tallied {
            let Some(shape) = shape(one.hex, tile, form) else { continue };
            features += 1;
            if features > MOST {
                let (detail, own) =
                    (format!("more than {MOST} hexagons lie in this tile"), Hex::resolution_at(tile.zoom()));
                let remedy = format!("ask for a coarser resolution; {own} is this level's own");
                return Err(Fault::parameter("resolution", detail).remedy(remedy));
            }
            let id = one.hex.to_string();
            layer.add(number(&id), &shape, tags(one, id, form).iter());
        }
        layer.finish(&mut bytes);
    }
    Ok(Finished { bytes: bytes.into(), features, left_out: 0 })
}

fn shape(hex: Hex, tile: Tile, form: Form) -> Option<Drawn> {
    match form {
        Form::Hexagons => hexagon(hex, tile),
        Form::Heat => {
            let [lon, lat] = hex.center();
            draw(&Footprint::Point([lon, lat, 0.0]), tile)
        }
    }
}

/// A hexagon in a tile; one that crosses the antimeridian has a part on either side.
fn hexagon(hex: Hex, tile: Tile) -> Option<Drawn> {
    let ring = hex.boundary();
    let across = ring.iter().any(|[lon, _]| lon.abs() > 180.0);
    let turns: &[f64] = if across { &[-360.0, 0.0, 360.0] } else { &[0.0] };
    let parts = turns.iter().filter_map(|turn| {
        let ring: Vec<[f64; 2]> = ring.iter().map(|[lon, lat]| [lon + turn, *lat]).collect();
        draw_ring(&ring, tile)
    });
    let areas: Vec<_> =
        parts.flat_map(|part| if let Drawn::Areas(areas) = part { areas } else { Vec::new() }).collect();
    // One that only shows in what lies around the tile belongs to its neighbours.
    let shown = areas.iter().flatten().any(|ring| {
        (0..2).all(|k| ring.iter().any(|p| p[k] >= 0) && ring.iter().any(|p| i64::from(p[k]) < i64::from(EXTENT)))
    });
    shown.then_some(Drawn::Areas(areas))
}

fn tags(one: &Tallied, id: String, form: Form) -> Vec<Tag> {
    let count = |n: usize| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
    let mut tags = vec![("id", Value::Text(id)), ("resolution", Value::Int(one.hex.resolution().into()))];
    tags.push(("count", count(one.count)));
    if let Some((values, sum, least, most)) = one.measured {
        tags.push(("values", count(values)));
        if values > 0 {
            #[expect(clippy::cast_precision_loss, reason = "counts of assets")]
            let mean = sum / values as f64;
            tags.extend(
                [("sum", sum), ("mean", mean), ("min", least), ("max", most)].map(|(n, v)| (n, Value::number(v))),
            );
        }
    }
    if form == Form::Heat {
        #[expect(clippy::cast_precision_loss, reason = "counts of assets")]
        let weight = one.measured.map_or(one.count as f64, |(_, sum, ..)| sum);
        tags.push(("weight", Value::number(weight)));
    }
    tags.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
