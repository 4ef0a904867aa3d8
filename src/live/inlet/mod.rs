//! Where readings come in from outside: one file a protocol.

#![deny(clippy::indexing_slicing)]

pub mod message;
pub mod mqtt;
