//! Shapes and nothing else: numbers here are metres in one Cartesian frame, which the caller knows.

mod bounds;
mod mesh;
mod shape;

pub use bounds::Bounds;
pub use mesh::{Mesh, Surface, SurfaceKind};
pub use shape::{Face, Polygon, Shape};
