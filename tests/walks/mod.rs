//! Walks through a room or the whole house, from the outside.

mod store;
