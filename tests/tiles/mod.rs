//! Tiles read back by a reader that shares nothing with their writer.

mod glb;
mod reader;
