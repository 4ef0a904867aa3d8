//! Walks through a room or the whole house, from the outside.

mod cityjson;
mod examples;
mod generate;
mod ifc_oracle;
mod live;
mod store;
