//! Mapbox Vector Tiles 2.1 of the flat map: footprints, hexagons of counts, and heat.
//!
//! A tile is 4096 units wide and shows 64 more around it. A feature has the source's own `id`, `class`, `name`, `collection`,
//! `storey`, `dataset`, `height` and `min_height` (metres above the ground of the building it is in, or its own) and the source's
//! attributes that are one value, under their own names. Its number is a hash of site, dataset and id, the same in every tile.

mod cache;
mod clip;
mod feature;
mod grid;
mod hexagons;
mod shape;
mod style;
mod tile;
mod tileset;
mod write;

pub use cache::{Flat, Key};
pub use feature::Reader;
pub use grid::{BUFFER, Tile};
pub use hexagons::{Form, Tallied, encode_hexagons};
pub use style::style;
pub use tile::{BYTES, FEATURES, Finished, Part, encode};
pub use tileset::{Described, WEB_MERCATOR_QUAD, listed, matrix_set, matrix_sets, tilejson, tileset};
