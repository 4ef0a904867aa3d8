//! The contract over HTTP, asked of the built binary.

mod attachments;
mod datasets;
mod diff;
mod document;
mod features;
mod flat;
mod guards;
mod imports;
mod places;
mod protocol;
mod quarters;
mod schema;
mod tiles;
mod variants;
mod variants_command;
