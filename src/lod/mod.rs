//! Which shape of what, at which distance: stand-in shapes, their errors and the tree of tiles.

mod block;
pub mod colour;
mod draw;
mod facts;
mod light;
mod members;
mod quad;
pub mod shape;
mod tree;
mod view;

pub use block::Block;
pub use draw::{Drawn, MARKER, drawn, point};
pub use facts::{Fact, Facts, Has};
pub use light::{Lights, Saving};
pub use members::{Member, Place, collect};
pub use tree::{Content, Draw, Form, Look, Tile, build};
pub use view::View;
