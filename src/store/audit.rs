//! The audit: who wrote what and how it ended, one JSON line each, in a bounded number of files of bounded size.

use crate::fault::{Fault, Result};
use serde::Serialize;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The files that the audit is kept in; the oldest goes when the newest is full.
const FILES: u64 = 8;
/// The bytes of a path that a line names; what is longer is cut.
const LONGEST: usize = 512;

/// One write that was asked for, whether it was done or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Act<'a> {
    /// When, milliseconds since 1970.
    pub at: i64,
    /// Who: `key 1a2b3c4d`, `session of 1a2b3c4d`, `ticket of 1a2b3c4d`, `anonymous`.
    pub caller: &'a str,
    /// `POST`, …
    pub method: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// The HTTP status it ended with.
    pub status: u16,
}

/// The audit of a store: `audit.jsonl`, and what was full before in `audit.1.jsonl` (the newest of them) to `audit.7.jsonl`.
///
/// A line is with the operating system when [`Audit::record`] returns, so it outlives the process; it outlives the machine from
/// the next [`Audit::sync`] on.
#[derive(Debug)]
pub struct Audit {
    dir: PathBuf,
    /// The bytes of one file.
    most: u64,
    out: Mutex<Out>,
    passed_over: AtomicU64,
}

#[derive(Debug)]
struct Out {
    file: File,
    bytes: u64,
    /// Files with lines that may not be on disk yet, which are written to no more.
    full: Vec<File>,
    dirty: bool,
}

impl Audit {
    /// Opens the audit of the store in `dir`, which takes at most `bytes` of the disk.
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub fn open(dir: &Path, bytes: u64) -> Result<Self> {
        let (file, held) = open(&place(dir, 0))?;
        let out = Out { file, bytes: held, full: Vec::new(), dirty: false };
        let most = (bytes / FILES).max(1);
        Ok(Self { dir: dir.to_owned(), most, out: Mutex::new(out), passed_over: AtomicU64::new(0) })
    }
    /// Writes one line.
    ///
    /// # Errors
    /// A disk that takes no more.
    pub fn record(&self, act: &Act<'_>) -> Result<()> {
        let mut line = serde_json::to_vec(&Act { path: &cut(act.path), ..act.clone() })
            .map_err(|e| Fault::internal(e.to_string()))?;
        line.push(b'\n');
        let length = line.len() as u64;
        let mut out = self.lock();
        if out.bytes > 0 && out.bytes + length > self.most {
            self.turn(&mut out)?;
        }
        out.dirty = true;
        out.bytes += length;
        out.file.write_all(&line).map_err(|e| Fault::io("writing the audit", &e).about(self.dir.display().to_string()))
    }
    /// Brings to disk what was written. Blocks; called every second.
    ///
    /// # Errors
    /// What the disk says.
    pub fn sync(&self) -> Result<()> {
        let io = |e: std::io::Error| Fault::io("syncing the audit", &e).about(self.dir.display().to_string());
        let mut out = self.lock();
        if !out.dirty {
            return Ok(());
        }
        let mut files = std::mem::take(&mut out.full);
        files.push(out.file.try_clone().map_err(io)?);
        out.dirty = false;
        // Writers do not wait for the disk.
        drop(out);
        files.iter().try_for_each(File::sync_data).map_err(io)
    }
    /// Counts a write that was asked for without a key and refused: it has changed nothing, and a line for each would let
    /// anybody fill the disk.
    pub fn pass_over(&self) {
        self.passed_over.fetch_add(1, Ordering::Relaxed);
    }
    /// How many were passed over since the start.
    pub fn passed_over(&self) -> u64 {
        self.passed_over.load(Ordering::Relaxed)
    }
    fn lock(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// The full file makes room for an empty one; the oldest is overwritten.
    fn turn(&self, out: &mut Out) -> Result<()> {
        for number in (0..FILES - 1).rev() {
            match std::fs::rename(place(&self.dir, number), place(&self.dir, number + 1)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Fault::io("moving on the audit", &error).about(self.dir.display().to_string()));
                }
                _ => {}
            }
        }
        let (file, bytes) = open(&place(&self.dir, 0))?;
        out.full.push(std::mem::replace(&mut out.file, file));
        out.bytes = bytes;
        Ok(())
    }
}

fn place(dir: &Path, number: u64) -> PathBuf {
    dir.join(if number == 0 { "audit.jsonl".to_owned() } else { format!("audit.{number}.jsonl") })
}

fn open(path: &Path) -> Result<(File, u64)> {
    let file = File::options().create(true).append(true).open(path);
    let held = file.and_then(|file| Ok((file.metadata()?.len(), file)));
    let (bytes, file) = held.map_err(|e| Fault::io("opening the audit", &e).about(path.display().to_string()))?;
    Ok((file, bytes))
}

fn cut(path: &str) -> String {
    if path.len() <= LONGEST {
        return path.to_owned();
    }
    let end = (0..=LONGEST).rev().find(|at| path.is_char_boundary(*at)).unwrap_or_default();
    format!("{}…", path.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_stays_within_its_bytes_and_keeps_what_came_last() {
        let dir = tempfile::tempdir().unwrap();
        let record = |audit: &Audit, at: i64, path: &str| {
            audit.record(&Act { at, caller: "key 1a2b3c4d", method: "POST", path, status: 201 }).unwrap();
        };
        let audit = Audit::open(dir.path(), 16_384).unwrap();
        for at in 0..500 {
            record(&audit, at, "/rules");
            if at % 100 == 0 {
                audit.sync().unwrap();
            }
        }
        drop(audit);
        // A restart goes on where it stopped.
        let audit = Audit::open(dir.path(), 16_384).unwrap();
        record(&audit, 500, &format!("/{}", "é".repeat(30_000)));
        audit.sync().unwrap();
        let text = |number| std::fs::read_to_string(place(dir.path(), number)).unwrap_or_default();
        let bytes: usize = (0..FILES).map(|n| text(n).len()).sum();
        assert!((8_192..=16_384).contains(&bytes), "{bytes}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), FILES as usize);
        let whole: String = (0..FILES).rev().map(text).collect();
        let times: Vec<i64> = whole
            .lines()
            .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["at"].as_i64().unwrap())
            .collect();
        assert!(times.windows(2).all(|w| w[0] + 1 == w[1]) && times.last() == Some(&500), "{times:?}");
        assert!(whole.lines().last().unwrap().len() < LONGEST + 120);
    }
}
