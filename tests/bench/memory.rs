//! What an open store takes, measured in a process that does nothing but open it.
//!
//! A process that made the store first holds what that left in its allocator, so its own size says nothing of the store's.

use cimbra::store::Store;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// The first argument of the process that only opens a store; the second is the store's directory.
pub const ALONE: &str = "open-alone";

/// An open store.
pub struct Opened {
    /// How long opening took, seconds.
    pub seconds: f64,
    /// By how many bytes the process grew.
    pub bytes: f64,
}

/// Opens the store in `dir`, which no process may hold, in a process of its own.
pub fn open_alone(dir: &Path) -> Opened {
    let output = Command::new(std::env::current_exe().unwrap()).arg(ALONE).arg(dir).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let numbers: Vec<f64> = told.split_whitespace().map(|n| n.parse().unwrap()).collect();
    Opened { seconds: numbers[0], bytes: numbers[1] }
}

/// The other side of [`open_alone`]: opens and prints what it took.
pub fn tell(dir: &Path) {
    let (before, begun) = (resident(), Instant::now());
    let store = Store::open(dir).unwrap();
    println!("{} {}", begun.elapsed().as_secs_f64(), resident() - before);
    drop(store);
}

/// The resident memory of this process, bytes.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
}
