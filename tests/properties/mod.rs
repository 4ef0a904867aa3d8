//! Properties that hold whatever the numbers, and figures from oracles.

mod crs;
mod damage;
mod lighten;
mod search;
mod solids;
mod sound;
mod store;
mod textures;
