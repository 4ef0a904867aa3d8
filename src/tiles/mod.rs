//! Tiles: what a tile holds, the formats it is written in, and the cache of finished bytes.

mod address;
pub mod bake;
mod cache;
mod changes;
mod coding;
pub mod colour;
pub mod content;
pub mod imagery;
mod implied;
pub mod mvt;
mod plan;
pub mod schema;
pub mod state;
pub mod styles;
pub mod terrain;
pub mod tiles3d;

pub use address::{Address, NoAddress};
pub use cache::Tiles;
pub use changes::Changes;
pub use coding::{Coding, Codings, Effort};
pub use imagery::Imagery;
pub use implied::Quarter;
pub use mvt::Flat;
pub use plan::{Node, Plan};
pub use terrain::Terrain;
