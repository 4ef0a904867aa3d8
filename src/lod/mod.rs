//! Which shape of what, at which distance: stand-in shapes, their errors and the tree of tiles.

mod block;
mod cell;
pub mod colour;
mod draw;
mod grove;
mod implied;
mod light;
mod measure;
mod members;
mod proxy;
pub mod shape;
mod tree;
mod view;

pub use block::{Block, Blocks};
pub use cell::{Cell, Spot};
pub use draw::{Drawn, MARKER, drawn, point};
pub use grove::Grove;
pub use implied::{Implied, SUBTREE, Subtree, Tiling};
pub use light::{Lights, Saving};
pub use measure::{Content, Draw, Form, content, measured};
pub use members::{Family, Member, Place};
pub use proxy::{Proxies, Proxy};
pub use tree::{Detail, Look, Planner, Recipe, Stem, Tile};
pub use view::{Less, View};
