//! Walks through a room or the whole house, from the outside.

mod adopted;
mod cityjson;
mod examples;
mod export;
mod generate;
mod ifc_meaning;
mod ifc_oracle;
mod intake;
mod live;
mod models;
mod points;
mod rasters;
mod simulate;
mod sites;
mod store;
mod textures;
mod vector;
