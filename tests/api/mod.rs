//! The contract over HTTP, asked of the built binary.

mod features;
mod guards;
mod imports;
mod tiles;
