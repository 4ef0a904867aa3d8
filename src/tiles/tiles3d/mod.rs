//! 3D Tiles 1.1 (OGC 22-025r4): GLB content with feature ids and one property table.

mod buffer;
mod columns;
mod compression;
mod draws;
mod folder;
mod glb;
mod metadata;
mod parts;
mod pictures;
mod tileset;
mod vertices;

pub use compression::{Compression, Manner};
pub use folder::IMPLICIT;
pub(super) use folder::{folder, named};
pub use glb::encode;
pub use tileset::{Beside, of_folders, of_part, of_site, of_sites};
pub(super) use tileset::{padded, straight};

/// Grows whenever the same content would be written as other bytes, also for its lighter shapes being others, so that tile addresses change with it.
pub const FORMAT: u32 = 5;

/// The metadata schema that every tileset's starts with, as it is written down in `tiles/schema.json`.
pub const SCHEMA: &str = metadata::SCHEMA;
