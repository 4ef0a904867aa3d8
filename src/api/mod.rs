//! HTTP: extract, ask one room, encode. Handlers hold no knowledge of the city of their own.

pub mod ask;
pub mod busy;
pub mod caller;
pub mod encode;
mod follow;
pub mod limits;
pub mod openapi;
pub mod params;
pub mod problem;
pub mod router;
pub mod routes;
pub mod schema;
pub mod state;
pub mod tickets;
pub mod upload;
pub mod work;

pub use limits::Limits;
pub use router::router;
pub use state::{City, Settings};
