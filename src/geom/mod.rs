//! Shapes and nothing else: numbers here are metres in one Cartesian frame, which the caller knows.

mod affine;
mod bounds;
mod check;
mod collapse;
mod congruent;
mod extrude;
mod hausdorff;
mod inside;
pub mod matrix;
mod mend;
mod mesh;
mod nearest;
mod quadric;
mod shape;
mod simplify;
mod solid;
mod sound;
mod soup;
mod topology;
mod triangulate;

pub use affine::Affine;
pub use bounds::Bounds;
pub use check::check;
pub use congruent::{Motion, Print, Shapes, motion};
pub use extrude::{extrude, turning};
pub use hausdorff::{Between, hausdorff};
pub use inside::{Inside, inside};
pub use mend::{Defect, Flaw, mend};
pub use mesh::{Mesh, Surface, SurfaceKind};
pub use nearest::{Nearest, Triangle};
pub use shape::{Face, Polygon, Shape};
pub use simplify::{Light, WELD, simplify};
pub use solid::{Closure, closure, open_rings, volume};
pub use sound::{Examined, examine};
pub use triangulate::{area_vector, faces_to_mesh, triangulate};
