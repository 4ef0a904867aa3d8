//! What LAZ says of its own packing, held against the file's bytes: the decoder takes these numbers on trust and would
//! reserve memory by them.

use super::header::{Header, bytes, u32_at, u64_at};
use super::not_whole;
use crate::fault::{Fault, Kind, Result};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The most points that a byte may hold: real files have one in two to four bytes.
const DENSEST: u64 = 256;
/// The most bytes of one chunk, and the most chunks.
const CHUNK: u64 = 1 << 30;
const CHUNKS: u64 = 1 << 22;
/// The chunk size that says that each chunk has its own.
const VARIABLE: u32 = u32::MAX;

/// Checks the packing of the points; gives where their bytes end.
///
/// # Errors
/// Packing that contradicts the header or the file's length.
pub(super) fn check(file: &File, header: &Header) -> Result<u64> {
    let Header { size, start, points, .. } = *header;
    let number = |at: usize| header.packing.get(at..at + 2).and_then(|b| b.try_into().ok()).map(u16::from_le_bytes);
    let unfit = || Fault::bad_input("has an unsound record of how its points are packed");
    let (kind, chunk) = (number(0).ok_or_else(unfit)?, (number(12), number(14)));
    let (Some(low), Some(high), Some(items)) = (chunk.0, chunk.1, number(32)) else { return Err(unfit()) };
    let chunk = u32::from(high) << 16 | u32::from(low);
    let (mut length, mut layers) = (0_u64, 0_u64);
    for k in 0..usize::from(items) {
        let (Some(item), Some(bytes)) = (number(34 + 6 * k), number(36 + 6 * k)) else { return Err(unfit()) };
        length += u64::from(bytes);
        layers += match item {
            10 => 9,
            11 | 13 => 1,
            12 => 2,
            14 => u64::from(bytes),
            _ => 0,
        };
    }
    let is_layered = kind == 3;
    let fits = matches!(kind, 1..=3) && is_layered == (header.format >= 6) && chunk > 0;
    if length != u64::from(header.record) || !fits {
        return Err(unfit());
    }
    if points > (size - start).saturating_mul(DENSEST) {
        return Err(not_whole(&format!("its header counts {points} points in {} bytes", size - start)));
    }
    if kind == 1 {
        return Ok(size);
    }
    // Where the writer could not go back, the place of the table of chunks is at the end.
    let told = |at: u64| u64_at(file, at).map(|table| table.cast_signed());
    let mut table = told(start)?;
    if table <= start.cast_signed() {
        table = told(size.saturating_sub(8))?;
    }
    let end = match u64::try_from(table) {
        Ok(table) if table > start && table + 8 <= size => {
            let chunks = u64::from(u32_at(file, table + 4)?);
            if chunks > CHUNKS || chunks > (size - start) / u64::from(header.record) {
                return Err(not_whole(&format!("it counts {chunks} chunks in {} bytes", size - start)));
            }
            if chunk != VARIABLE && chunks != points.div_ceil(u64::from(chunk)) {
                let detail = format!("its header counts {points} points, and it has {chunks} chunks of {chunk}");
                return Err(not_whole(&detail));
            }
            table
        }
        Ok(table) if table > start => return Err(not_whole("its table of chunks lies beyond its end")),
        _ => size,
    };
    if is_layered { walk(file, start + 8, end, layers, header).map(|()| end) } else { Ok(end) }
}

/// Walks from chunk to chunk of a layered file: a point as it is, a count, the length of each layer, the layers.
fn walk(file: &File, mut at: u64, end: u64, layers: u64, header: &Header) -> Result<()> {
    let mut points = 0;
    while at < end && points < header.points {
        at += u64::from(header.record);
        points += u64::from(u32_at(file, at)?).max(1);
        let mut body = 0;
        for layer in 0..layers {
            body += u64::from(u32::from_le_bytes(bytes(file, at + 4 + 4 * layer)?));
        }
        at = at + 4 + 4 * layers + body;
        if at > end {
            return Err(not_whole("a chunk of points reaches beyond the place where the chunks end"));
        }
        if body > CHUNK {
            return Err(Fault::new(Kind::TooLarge, "has a chunk of over 1 GiB").remedy("write it again with LASzip"));
        }
    }
    if points < header.points {
        return Err(not_whole(&format!("its header counts {} points and its chunks {points}", header.points)));
    }
    Ok(())
}

/// The file as the decoder sees it: without extended records, which are read apart and may be of any size, and, once that is
/// said, with nothing behind the points.
pub(super) struct Bounded {
    inner: BufReader<File>,
    at: u64,
    end: Arc<AtomicU64>,
    /// Whether the header has a place and number of extended records.
    hides: bool,
}

/// Where LAS 1.4 says that there are extended records: their place and number.
const EXTENDED: std::ops::Range<u64> = 235..247;

impl Bounded {
    pub fn new(file: File, minor: u8) -> (Self, Arc<AtomicU64>) {
        let end = Arc::new(AtomicU64::new(u64::MAX));
        let inner = BufReader::with_capacity(1 << 18, file);
        (Self { inner, at: 0, end: end.clone(), hides: minor >= 4 }, end)
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = self.end.load(Ordering::Relaxed).saturating_sub(self.at);
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let (buffer, _) = buffer.split_at_mut(most);
        let read = self.inner.read(buffer)?;
        if self.hides && self.at < EXTENDED.end {
            let bytes = buffer.iter_mut().zip(self.at..).take(read);
            bytes.filter(|(_, at)| EXTENDED.contains(at)).for_each(|(byte, _)| *byte = 0);
        }
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Bounded {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        // Relative to what has been read, for what lies in the buffer need not be read again.
        self.at = match to {
            SeekFrom::Current(by) => {
                self.inner.seek_relative(by)?;
                self.at.saturating_add_signed(by)
            }
            to => self.inner.seek(to)?,
        };
        Ok(self.at)
    }
}
