//! Questions: each takes snapshots and gives rows; nothing here knows HTTP.

mod diff;
mod features;
mod hexagons;
mod network;
mod place;
mod scope;
mod search;
mod select;

pub use diff::{Change, Diff, Differences};
pub use features::{Cursor, Features, Page};
pub use hexagons::{Measure, Tally, hexagons};
pub use network::{cover, network};
pub use place::{Place, place};
pub use scope::Scope;
pub use search::{Found, Search};
pub use select::select;
