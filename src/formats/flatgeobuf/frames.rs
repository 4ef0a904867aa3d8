//! The file as frames of bounded size: magic, header, index, features.

use crate::fault::{Fault, Kind, Result};
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};

/// The largest header, bytes: names of columns and a WKT.
const LARGEST_HEADER: u64 = 8 << 20;
/// The largest feature, bytes.
const LARGEST_FEATURE: u64 = 64 << 20;
/// Bytes of a node of the index.
const NODE: u64 = 40;

/// A file on its way in.
pub(super) struct Frames {
    input: BufReader<File>,
    /// Bytes that are still to come.
    left: u64,
    head: Vec<u8>,
    frame: Vec<u8>,
}

impl Frames {
    /// Reads up to the end of the header.
    ///
    /// # Errors
    /// No FlatGeobuf of version 3, or one that ends early.
    pub fn open(file: File) -> Result<Self> {
        let left = file.metadata().map_err(|e| Fault::io("reading", &e))?.len();
        let input = BufReader::with_capacity(1 << 16, file);
        let mut frames = Self { input, left, head: Vec::new(), frame: Vec::new() };
        let mut magic = [0; 8];
        frames.input.read_exact(&mut magic).map_err(|e| cut(&e, "header"))?;
        frames.left = frames.left.saturating_sub(8);
        if !magic.starts_with(b"fgb\x03fgb") {
            return Err(Fault::bad_input("is no FlatGeobuf of version 3"));
        }
        if !frames.fill(LARGEST_HEADER, "header")? {
            return Err(Fault::bad_input("ends before its header: it is not whole"));
        }
        frames.head = std::mem::take(&mut frames.frame);
        Ok(frames)
    }
    /// The header with its size before it.
    pub fn take_head(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.head)
    }
    /// Passes over the index of a packed R-tree with nodes of `size` entries over `count` features.
    ///
    /// # Errors
    /// An index larger than the file.
    pub fn skip_index(&mut self, count: u64, size: u16) -> Result<()> {
        if count == 0 || size == 0 {
            return Ok(());
        }
        let (mut level, mut nodes) = (count, count);
        // There is a root over the leaves, also over a single one.
        loop {
            level = level.div_ceil(u64::from(size.max(2)));
            nodes = nodes.saturating_add(level);
            if level <= 1 || nodes > self.left {
                break;
            }
        }
        let bytes = nodes.checked_mul(NODE).filter(|bytes| *bytes <= self.left);
        let bytes = bytes.ok_or_else(|| Fault::bad_input("ends within its index: it is not whole"))?;
        self.left -= bytes;
        let away = i64::try_from(bytes).map_err(|_| Fault::bad_input("has an index without bounds"))?;
        self.input.seek(SeekFrom::Current(away)).map_err(|e| Fault::io("reading", &e))?;
        Ok(())
    }
    /// The next feature with its size before it; nothing at the end.
    ///
    /// # Errors
    /// A feature that is not whole or larger than any.
    pub fn next(&mut self, number: u64) -> Result<Option<&[u8]>> {
        let found = self.fill(LARGEST_FEATURE, &format!("feature {number}"))?;
        Ok(found.then_some(self.frame.as_slice()))
    }
    /// Reads a size and as many bytes; whether there was any.
    fn fill(&mut self, most: u64, what: &str) -> Result<bool> {
        if self.left == 0 {
            return Ok(false);
        }
        let mut size = [0; 4];
        self.input.read_exact(&mut size).map_err(|e| cut(&e, what))?;
        let bytes = u64::from(u32::from_le_bytes(size));
        self.left = self.left.saturating_sub(4);
        if bytes > most {
            return Err(Fault::new(Kind::TooLarge, format!("has a {what} larger than {} MiB", most >> 20)));
        }
        self.left = self.left.checked_sub(bytes).ok_or_else(|| not_whole(what))?;
        self.frame.clear();
        self.frame.extend_from_slice(&size);
        (&mut self.input).take(bytes).read_to_end(&mut self.frame).map_err(|e| cut(&e, what))?;
        if self.frame.len() as u64 == bytes + 4 { Ok(true) } else { Err(not_whole(what)) }
    }
}

fn not_whole(what: &str) -> Fault {
    Fault::bad_input(format!("ends within its {what}: it is not whole"))
}

fn cut(e: &std::io::Error, what: &str) -> Fault {
    if e.kind() == ErrorKind::UnexpectedEof { not_whole(what) } else { Fault::io("reading", e) }
}
