//! Tiles: what a tile holds, the formats it is written in, and the cache of finished bytes.

pub mod colour;
pub mod content;
pub mod schema;
pub mod tiles3d;
