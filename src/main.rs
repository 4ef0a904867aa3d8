//! The `cimbra` binary.

fn main() {}
