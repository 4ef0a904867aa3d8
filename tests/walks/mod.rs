//! Walks through a room or the whole house, from the outside.

mod cityjson;
mod generate;
mod examples;
mod ifc_oracle;
mod store;
