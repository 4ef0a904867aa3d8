//! A generated community, read back by readers of its own that share no code with the generator.

mod files;
mod imported;
mod tower;

use cimbra::ingest::generate::{Community, Manifest, write};

/// A community of so many households in a directory that goes with the first value.
fn community(households: u32, seed: u64) -> (tempfile::TempDir, Manifest) {
    let dir = tempfile::tempdir().unwrap();
    let manifest = write(dir.path(), &Community { households, seed, density: 1.0 }, &mut |_| {}).unwrap();
    (dir, manifest)
}
