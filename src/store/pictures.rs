//! Pictures on surfaces: each once in its site's folder, under the SHA-256 of its bytes.

use super::archive::embedded::sync_dir;
use super::site::Site;
use super::snapshot::Snapshot;
use crate::fault::{Fault, Kind, Result};
use crate::formats::{Media, hash_of};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

impl Site {
    /// Keeps a picture, on disk when this returns, for the site and its variants. One that no asset shows in the end, as of an import
    /// that is refused, stays. A damaged file of it is mended.
    ///
    /// # Errors
    /// [`Kind::BadInput`] when it is of no known kind, [`Kind::Io`] when it cannot be written.
    pub fn keep_picture(&self, bytes: &[u8]) -> Result<()> {
        if Media::of(bytes).is_none() {
            return Err(Fault::bad_input("a picture is of no known kind"));
        }
        let hash = hash_of(bytes);
        let path = self.beneath().picture_path(&hash);
        let Some(folder) = path.parent() else { return Err(Fault::internal("a picture without a folder")) };
        // What another has just renamed may not be on disk yet; its bytes are.
        if std::fs::read(&path).is_ok_and(|kept| hash_of(&kept) == hash) {
            return sync_dir(folder);
        }
        std::fs::create_dir_all(folder).map_err(|e| Fault::io(&format!("making {}", folder.display()), &e))?;
        // A name of its own: a variant of the site may be keeping the same picture.
        let number = getrandom::u64().map_err(|e| Fault::internal(format!("no random numbers: {e}")))?;
        let beside = path.with_extension(format!("{number:016x}.new"));
        let write = || {
            std::fs::write(&beside, bytes)?;
            File::open(&beside)?.sync_all()?;
            std::fs::rename(&beside, &path)
        };
        write().map_err(|e| Fault::io(&format!("writing {}", path.display()), &e))?;
        sync_dir(folder)
    }
}

impl Snapshot {
    /// The bytes of a picture that a mesh of this site shows, by their SHA-256.
    ///
    /// # Errors
    /// [`Kind::Io`] when it is not there or cannot be read, [`Kind::Corrupt`] when it is not what was written.
    pub fn picture(&self, hash: &[u8; 32]) -> Result<Arc<Vec<u8>>> {
        let path = self.picture_path(hash);
        let shown = path.display().to_string();
        let again = "import the asset's dataset again, or restore the file from a backup";
        let bytes = std::fs::read(&path).map_err(|e| Fault::io(&format!("reading {shown}"), &e).remedy(again))?;
        match hash_of(&bytes) == *hash {
            true => Ok(Arc::new(bytes)),
            false => Err(Fault::new(Kind::Corrupt, "is not what was written").about(shown).remedy(again)),
        }
    }
    /// How many bytes a picture has, where it is there.
    pub(super) fn picture_size(&self, hash: &[u8; 32]) -> Option<u64> {
        std::fs::metadata(self.picture_path(hash)).ok().map(|of| of.len())
    }
    /// Whether the site keeps any picture.
    pub fn has_pictures(&self) -> bool {
        self.picture_path(&[0; 32]).parent().is_some_and(std::path::Path::is_dir)
    }
    fn picture_path(&self, hash: &[u8; 32]) -> PathBuf {
        let name: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        // Beside the log, in the site's own folder, so that a copy of that is whole.
        self.blobs.path.with_file_name("pictures").join(name)
    }
}
