//! Which shape of what, at which distance: stand-in shapes, their errors and the tree of tiles.

pub mod shape;
