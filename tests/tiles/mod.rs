//! Tiles read back by a reader that shares nothing with their writer.

mod city;
mod glb;
mod reader;
mod sample;
mod tilesets;
