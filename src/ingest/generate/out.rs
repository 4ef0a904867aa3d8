//! Files that know their own hash when they are done.

use crate::fault::{Fault, Result};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// One written file, for the manifest.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// Its path within the community's directory, with forward slashes.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
}

/// A file being written.
pub(super) struct Out {
    name: String,
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Out {
    /// Starts `name` in `dir`, over whatever was there.
    pub(super) fn create(dir: &Path, name: &str) -> Result<Self> {
        let path = dir.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|e| Fault::io(&format!("creating {}", parent.display()), &e))?;
        }
        let file = File::create(&path).map_err(|e| Fault::io(&format!("creating {}", path.display()), &e))?;
        Ok(Self { name: name.to_owned(), file: BufWriter::new(file), hash: Sha256::new(), bytes: 0 })
    }
    /// Appends text.
    pub(super) fn put(&mut self, text: &str) -> Result<()> {
        self.hash.update(text.as_bytes());
        self.bytes += text.len() as u64;
        self.file.write_all(text.as_bytes()).map_err(|e| Fault::io(&format!("writing {}", self.name), &e))
    }
    /// Ends the file.
    pub(super) fn finish(mut self) -> Result<Entry> {
        self.file.flush().map_err(|e| Fault::io(&format!("writing {}", self.name), &e))?;
        let sha256 = hex(&self.hash.finalize());
        Ok(Entry { name: self.name, bytes: self.bytes, sha256 })
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// `value` as JSON text.
pub(super) fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Fault::internal(format!("writing JSON: {e}")))
}

/// A row of a CSV file (RFC 4180), with its line end.
pub(super) fn csv_row(cells: &[&str]) -> String {
    let quoted: Vec<String> = cells
        .iter()
        .map(|c| {
            if c.contains([',', '"', '\n', '\r']) { format!("\"{}\"", c.replace('"', "\"\"")) } else { (*c).to_owned() }
        })
        .collect();
    quoted.join(",") + "\n"
}
