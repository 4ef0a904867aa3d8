//! How a tileset is written: how its tiles are told, and how their vertices and triangles are kept.

use crate::lod::Tiling;

/// What is done to a GLB's vertex and index buffers beyond what any reader of glTF understands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Compression {
    /// Nothing: any reader opens it.
    #[default]
    None,
    /// `EXT_meshopt_compression`, for readers that have its decoder.
    Meshopt,
}

/// How a tileset is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Manner {
    /// How vertices and triangles are kept.
    pub compression: Compression,
    /// How tiles are told.
    pub tiling: Tiling,
}

impl Manner {
    /// All that there are.
    pub const ALL: [Self; 4] = [
        Self { compression: Compression::None, tiling: Tiling::Explicit },
        Self { compression: Compression::Meshopt, tiling: Tiling::Explicit },
        Self { compression: Compression::None, tiling: Tiling::Implicit },
        Self { compression: Compression::Meshopt, tiling: Tiling::Implicit },
    ];
    /// Its place among them.
    pub(in crate::tiles) const fn number(self) -> usize {
        self.compression as usize + 2 * self.tiling as usize
    }
}

impl From<Compression> for Manner {
    /// Tile by tile.
    fn from(compression: Compression) -> Self {
        Self { compression, tiling: Tiling::Explicit }
    }
}
