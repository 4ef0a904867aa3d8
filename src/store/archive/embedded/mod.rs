//! The embedded archive: one append-only log a site, read back by offset.

mod attributes;
mod blob;
mod change;
mod frame;
mod geometry;
mod log;
mod series;
mod series_form;

pub(crate) use attributes::{decode_attributes, encode_attributes};
pub use blob::Instance;
pub(crate) use blob::{Blob, Blobs, Cache, Packer, Weigh, mark, packable};
pub(crate) use change::{Op, Version};
pub(crate) use geometry::{Placed, check, decode_geometry, encode_geometry, encode_placed, is_shared};
pub(crate) use log::{Append, Log, Piece, Replayed};
pub(crate) use series::{Changes, Ledger};
pub(crate) use series_form::{Head, Loaded, Mark};

use crate::bytes;
use std::fs::File;
use std::path::Path;

/// Makes a created or renamed entry of `dir` survive a power cut.
pub(crate) fn sync_dir(dir: &Path) -> crate::fault::Result<()> {
    File::open(dir)
        .and_then(|d| d.sync_all())
        .map_err(|e| crate::fault::Fault::io(&format!("syncing {}", dir.display()), &e))
}

/// Writes a small file whole or not at all: beside, synced, renamed.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> crate::fault::Result<()> {
    let beside = path.with_extension("new");
    let write = || {
        std::fs::write(&beside, bytes)?;
        File::open(&beside)?.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().map_err(|e| crate::fault::Fault::io(&format!("writing {}", path.display()), &e))?;
    path.parent().map_or(Ok(()), sync_dir)
}
