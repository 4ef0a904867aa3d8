//! Content codings of finished tiles: made once and kept, not for every answer anew.

use crate::fault::{Fault, Result};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What coded tiles may weigh together, bytes.
const BYTES: u64 = 128 << 20;

/// A coding that files are sent in where their reader asks for it (RFC 9110 §8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// RFC 8878.
    Zstd,
    /// RFC 7932.
    Brotli,
    /// RFC 1952.
    Gzip,
}

/// How long a coding may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Somebody waits for it: some 5 ms for half a megabyte with zstd, 25 ms with gzip.
    Quick,
    /// It is written once and read often.
    Lasting,
}

impl Coding {
    /// All, the one that is quickest to make and to read first.
    pub const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];
    /// Its name in `Accept-Encoding` and `Content-Encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
    /// What is put behind a file's name, as nginx's `gzip_static` and its like look for it.
    const fn ending(self) -> &'static str {
        match self {
            Self::Gzip => "gz",
            Self::Brotli => "br",
            Self::Zstd => "zst",
        }
    }
    /// The file beside `path` that is prepared in this coding.
    pub fn beside(self, path: &Path) -> PathBuf {
        let mut name = path.to_path_buf().into_os_string();
        name.push(format!(".{}", self.ending()));
        name.into()
    }
    /// `bytes` in this coding.
    ///
    /// # Errors
    /// Defects of the encoders only.
    pub fn encode(self, bytes: &[u8], effort: Effort) -> std::io::Result<Vec<u8>> {
        let lasting = effort == Effort::Lasting;
        match self {
            Self::Gzip => {
                let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
                out.write_all(bytes)?;
                out.finish()
            }
            Self::Brotli => {
                let mut out = Vec::new();
                brotli::CompressorReader::new(bytes, 65_536, if lasting { 6 } else { 4 }, 22).read_to_end(&mut out)?;
                Ok(out)
            }
            Self::Zstd => zstd::encode_all(bytes, if lasting { 9 } else { 3 }),
        }
    }
}

impl std::str::FromStr for Coding {
    type Err = Fault;

    fn from_str(word: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|coding| coding.name() == word);
        known.ok_or_else(|| Fault::parameter("precompress", format!("'{word}' is none of gzip, br, zstd")))
    }
}

#[derive(Clone)]
struct Weigh;

impl Weighter<(u128, Coding), Arc<[u8]>> for Weigh {
    fn weight(&self, _: &(u128, Coding), bytes: &Arc<[u8]>) -> u64 {
        bytes.len() as u64
    }
}

/// Coded bytes by a name that never means others. They are for whoever has the bytes themselves.
pub struct Codings {
    made: Cache<(u128, Coding), Arc<[u8]>, Weigh>,
}

impl Default for Codings {
    fn default() -> Self {
        Self { made: Cache::with_weighter(4096, BYTES, Weigh) }
    }
}

impl Codings {
    /// What is kept under a name in a coding.
    pub fn kept(&self, name: u128, coding: Coding) -> Option<Arc<[u8]>> {
        self.made.get(&(name, coding))
    }
    /// `bytes`, whose name is `name`, in a coding. Takes long: call it off the async threads.
    ///
    /// # Errors
    /// As [`Coding::encode`].
    pub fn get(&self, name: u128, coding: Coding, bytes: &[u8]) -> Result<Arc<[u8]>> {
        self.made.get_or_insert_with(&(name, coding), || {
            let coded = coding.encode(bytes, Effort::Quick).map_err(|e| Fault::io("compressing", &e))?;
            Ok(coded.into())
        })
    }
}
