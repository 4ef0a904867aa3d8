//! Shapes and nothing else: numbers here are metres in one Cartesian frame, which the caller knows.

mod affine;
mod bounds;
mod extrude;
mod mesh;
mod shape;
mod solid;
mod triangulate;

pub use affine::Affine;
pub use bounds::Bounds;
pub use extrude::{extrude, turning};
pub use mesh::{Mesh, Surface, SurfaceKind};
pub use shape::{Face, Polygon, Shape};
pub use solid::{Closure, closure, open_rings, volume};
pub use triangulate::{area_vector, faces_to_mesh, triangulate};
