//! Tiles read back by a reader that shares nothing with their writer.

mod changes;
pub mod checker;
pub mod city;
mod distance;
pub mod forms;
mod glb;
mod implicit;
mod light;
mod pictures;
pub mod reader;
mod real;
mod sample;
mod table;
mod tilesets;
mod tower;
mod variants;
mod weight;
