//! Imported files as they came, so that nothing is lost: compressed, named by their content.

use super::archive::embedded::sync_dir;
use crate::fault::{Fault, Result};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// A file that has been copied into the store and has no name there yet; dropped, it never was.
#[derive(Debug)]
pub struct Keeping {
    beside: Option<PathBuf>,
    hash: String,
}

impl Keeping {
    /// The SHA-256 of its content in hex.
    pub fn hash(&self) -> &str {
        &self.hash
    }
    /// Gives it its name, by which it is found again: its hash.
    ///
    /// # Errors
    /// [`Kind::Io`](crate::fault::Kind::Io).
    pub fn settle(mut self) -> Result<String> {
        if let Some(beside) = self.beside.take() {
            let kept = beside.with_file_name(format!("{}.zst", self.hash));
            std::fs::rename(&beside, &kept).map_err(|e| Fault::io(&about("naming", &kept), &e))?;
            kept.parent().map_or(Ok(()), sync_dir)?;
        }
        Ok(std::mem::take(&mut self.hash))
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        if let Some(beside) = self.beside.take() {
            let _ = std::fs::remove_file(beside);
        }
    }
}

fn about(what: &str, path: &Path) -> String {
    format!("{what} {}", path.display())
}

/// Copies `file` into the store's directory `dir`, compressed; given up when `stop` is set.
pub(super) fn keep(dir: &Path, file: &Path, stop: &AtomicBool) -> Result<Keeping> {
    let sources = dir.join("sources");
    std::fs::create_dir_all(&sources).map_err(|e| Fault::io(&about("making", &sources), &e))?;
    let mut source = File::open(file).map_err(|e| Fault::io(&about("reading", file), &e))?;
    // The name is not known before the end; an unnamed remainder is removed when the store is opened next.
    let number = getrandom::u64().map_err(|e| Fault::internal(format!("no random numbers: {e}")))?;
    let beside = sources.join(format!("{number:016x}.new"));
    let mut keeping = Keeping { beside: Some(beside.clone()), hash: String::new() };
    let writing = |e: std::io::Error| Fault::io(&about("writing", &beside), &e);
    let mut zstd = zstd::Encoder::new(File::create(&beside).map_err(writing)?, LEVEL).map_err(writing)?;
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 18]);
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(Fault::internal("the copy was given up"));
        }
        let n = source.read(&mut buffer).map_err(|e| Fault::io(&about("reading", file), &e))?;
        let Some(bytes) = buffer.get(..n).filter(|b| !b.is_empty()) else { break };
        hasher.update(bytes);
        zstd.write_all(bytes).map_err(writing)?;
    }
    zstd.finish().and_then(|f| f.sync_all()).map_err(writing)?;
    keeping.hash = hasher.finalize().iter().map(|b| format!("{b:02x}")).collect();
    Ok(keeping)
}

/// zstd's level: the next ones take twice the time for a twentieth of the bytes.
const LEVEL: i32 = 1;

/// The content of a file that [`keep`] kept.
pub(super) fn open(dir: &Path, hash: &str) -> Result<Box<dyn Read + Send>> {
    let path = dir.join("sources").join(format!("{hash}.zst"));
    let io = |e: std::io::Error| Fault::io(&format!("reading {}", path.display()), &e);
    Ok(Box::new(zstd::Decoder::new(File::open(&path).map_err(io)?).map_err(io)?))
}

/// Removes what an interrupted [`keep`] left behind.
pub(super) fn sweep(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir.join("sources")) else { return };
    for path in entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "new")) {
        let _ = std::fs::remove_file(path);
    }
}
