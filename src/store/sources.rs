//! Imported files as they came, so that nothing is lost: compressed, named by their content.

use super::archive::embedded::sync_dir;
use crate::fault::{Fault, Result};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// Keeps `file` in the store's directory `dir`; gives the SHA-256 of its content in hex.
pub(super) fn keep(dir: &Path, file: &Path) -> Result<String> {
    let about = |what: &str, path: &Path| format!("{what} {}", path.display());
    let sources = dir.join("sources");
    std::fs::create_dir_all(&sources).map_err(|e| Fault::io(&about("making", &sources), &e))?;
    let mut source = File::open(file).map_err(|e| Fault::io(&about("reading", file), &e))?;
    // The name is not known before the end; the system removes an unnamed remainder when the store is opened next.
    let number = getrandom::u64().map_err(|e| Fault::internal(format!("no random numbers: {e}")))?;
    let beside = sources.join(format!("{number:016x}.new"));
    let hash = copy(&mut source, &beside, file).and_then(|hash| {
        let kept = sources.join(format!("{hash}.zst"));
        std::fs::rename(&beside, &kept).map_err(|e| Fault::io(&about("naming", &kept), &e))?;
        sync_dir(&sources).map(|()| hash)
    });
    if hash.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    hash
}

fn copy(source: &mut File, to: &Path, from: &Path) -> Result<String> {
    let writing = |e: std::io::Error| Fault::io(&format!("writing {}", to.display()), &e);
    let mut zstd = zstd::Encoder::new(File::create(to).map_err(writing)?, 3).map_err(writing)?;
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 18]);
    loop {
        let n = source.read(&mut buffer).map_err(|e| Fault::io(&format!("reading {}", from.display()), &e))?;
        let Some(bytes) = buffer.get(..n).filter(|b| !b.is_empty()) else { break };
        hasher.update(bytes);
        zstd.write_all(bytes).map_err(writing)?;
    }
    zstd.finish().and_then(|f| f.sync_all()).map_err(writing)?;
    Ok(hasher.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

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
