//! Frames of a log: a header of 24 bytes with length and hash, then the payload.

use super::bytes::{Bytes, Sink};
use std::fs::File;
use std::os::unix::fs::FileExt;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The first four bytes of every frame.
pub(super) const MAGIC: [u8; 4] = *b"CmFr";
/// A header's length in bytes.
pub(super) const HEADER: u64 = 24;

/// The longest payload of a frame that is read whole; blobs may be longer.
pub(super) const LONGEST: u64 = 256 << 20;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// Geometry and attributes of many assets; read by offset only.
    Blobs = 1,
    /// Changes of many assets.
    Changes = 2,
    /// The dataset that the changes come from.
    Dataset = 3,
    /// The end of a commit.
    Seal = 4,
}

/// A frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub kind: Kind,
    /// The payload's length in bytes.
    pub len: u64,
    /// Over kind, length and payload, seeded with the log's salt.
    pub hash: u64,
}

impl Header {
    pub fn of(kind: Kind, payload: &[u8], salt: u64) -> Self {
        let len = payload.len() as u64;
        Self { kind, len, hash: xxh3_64_with_seed(payload, salt ^ len.rotate_left(8) ^ kind as u64) }
    }
    pub fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend([self.kind as u8, 0, 0, 0]);
        out.u64(self.len);
        out.u64(self.hash);
        out
    }
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut b = Bytes(bytes);
        if b.take(4)? != MAGIC {
            return None;
        }
        let kind = match b.take(4)? {
            [1, 0, 0, 0] => Kind::Blobs,
            [2, 0, 0, 0] => Kind::Changes,
            [3, 0, 0, 0] => Kind::Dataset,
            [4, 0, 0, 0] => Kind::Seal,
            _ => return None,
        };
        Some(Self { kind, len: b.u64()?, hash: b.u64()? })
    }
    /// The header at `at` of a file of `size` bytes, when the whole frame lies within it.
    pub fn read(file: &File, at: u64, size: u64) -> std::io::Result<Option<Self>> {
        if size.saturating_sub(at) < HEADER {
            return Ok(None);
        }
        let mut bytes = [0; HEADER as usize];
        file.read_exact_at(&mut bytes, at)?;
        let longest = |h: &Self| if h.kind == Kind::Blobs { u64::MAX } else { LONGEST };
        Ok(Self::decode(&bytes).filter(|h| h.len <= size - at - HEADER && h.len <= longest(h)))
    }
    /// The payload of this header's frame at `at`, when its hash holds. The frame is known to lie within the file.
    pub fn payload(&self, file: &File, at: u64, salt: u64) -> std::io::Result<Option<Vec<u8>>> {
        let mut payload = vec![0; self.len as usize];
        file.read_exact_at(&mut payload, at + HEADER)?;
        Ok((Self::of(self.kind, &payload, salt) == *self).then_some(payload))
    }
}
