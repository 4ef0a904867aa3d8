//! How a tile's vertices and triangles are kept in its bytes.

/// What is done to a GLB's vertex and index buffers beyond what any reader of glTF understands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Compression {
    /// Nothing: any reader opens it.
    #[default]
    None,
    /// `EXT_meshopt_compression`, for readers that have its decoder.
    Meshopt,
}
