//! Properties that hold whatever the numbers, and figures from oracles.

mod crs;
mod lighten;
mod search;
mod solids;
mod store;
