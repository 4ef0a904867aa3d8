//! Cimbra: the open CIM (City Information Model) and digital-twin spatial server.
#![doc = include_str!("../README.md")]

pub mod api;
pub mod app;
mod bytes;
pub mod crs;
pub mod fault;
pub mod filter;
pub mod formats;
pub mod geom;
pub mod index;
pub mod ingest;
pub mod live;
pub mod lod;
pub mod model;
pub mod query;
pub mod render;
pub mod store;
pub mod tiles;
pub mod units;
