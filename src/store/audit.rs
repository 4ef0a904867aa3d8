//! The audit: who wrote what and how it ended, one JSON line each, only ever appended to.

use crate::fault::{Fault, Result};
use serde::Serialize;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// One write that was asked for, whether it was done or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Act<'a> {
    /// When, milliseconds since 1970.
    pub at: i64,
    /// Who: a key's short id, `session`, `anonymous`.
    pub caller: &'a str,
    /// `POST`, …
    pub method: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// The HTTP status it ended with.
    pub status: u16,
}

/// The audit of a store, in `audit.jsonl`.
#[derive(Debug)]
pub struct Audit {
    file: PathBuf,
    out: Mutex<File>,
}

impl Audit {
    /// Opens the audit of the store in `dir`.
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub fn open(dir: &Path) -> Result<Self> {
        let file = dir.join("audit.jsonl");
        let out = File::options().create(true).append(true).open(&file);
        let out = out.map_err(|e| Fault::io("opening the audit", &e).about(file.display().to_string()))?;
        Ok(Self { file, out: Mutex::new(out) })
    }
    /// Writes one line. It reaches the disk with the system's own delay: a reading must not wait for it.
    ///
    /// # Errors
    /// A disk that takes no more.
    pub fn record(&self, act: &Act<'_>) -> Result<()> {
        let mut line = serde_json::to_vec(act).map_err(|e| Fault::internal(e.to_string()))?;
        line.push(b'\n');
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(&line).map_err(|e| Fault::io("writing the audit", &e).about(self.file.display().to_string()))
    }
}
