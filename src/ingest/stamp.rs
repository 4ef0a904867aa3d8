//! Whether a file stood still while it was read.

use crate::fault::{Fault, Result};
use std::path::Path;

/// What changes when a file is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    bytes: u64,
    modified: Option<std::time::SystemTime>,
}

impl Stamp {
    /// # Errors
    /// A file that is not there.
    pub fn of(file: &Path) -> Result<Self> {
        let data = std::fs::metadata(file).map_err(|e| Fault::io("reading", &e).about(file.display().to_string()))?;
        Ok(Self { bytes: data.len(), modified: data.modified().ok() })
    }
}
