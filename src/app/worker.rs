//! The program that reads files for this process: this very one, as `cimbra read`.

use crate::formats::{Limits, Worker};
use std::path::PathBuf;

/// A worker within `limits`, for every file or for those only that end a process.
pub fn worker(limits: Limits, every: bool) -> Worker {
    // The kernel's own link leads to the running program even where an upgrade has put another one in its place.
    let running = PathBuf::from("/proc/self/exe");
    let program = if running.exists() { running } else { std::env::current_exe().unwrap_or_else(|_| "cimbra".into()) };
    Worker { program, limits, every }
}
