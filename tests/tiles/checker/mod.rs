//! The checker of tilesets: sound ones are clean, and each rule finds its own mistake and nothing else.

mod broken;
mod real;
pub mod sound;
pub mod told;

use cimbra::formats::tiles3d::check::{CheckLimits, Report, check};
use sound::Files;
use std::path::Path;

/// What the checker says of a tileset on disk.
pub fn report(file: &Path) -> Report {
    check(file, &CheckLimits::default(), &|_| {}).unwrap()
}

/// What it says of files made by hand.
pub fn of(files: &Files, limits: &CheckLimits) -> Report {
    let dir = tempfile::tempdir().unwrap();
    files.write(dir.path());
    check(&dir.path().join("tileset.json"), limits, &|_| {}).unwrap()
}
