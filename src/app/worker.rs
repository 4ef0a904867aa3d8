//! The program that reads IFC files for this process: this very one, as `cimbra read-ifc`.

use crate::formats::ifc::{Limits, Worker};
use std::path::PathBuf;

/// A worker within `limits`.
pub fn worker(limits: Limits) -> Worker {
    // The kernel's own link leads to the running program even where an upgrade has put another one in its place.
    let running = PathBuf::from("/proc/self/exe");
    let program = if running.exists() { running } else { std::env::current_exe().unwrap_or_else(|_| "cimbra".into()) };
    Worker { program, limits }
}
