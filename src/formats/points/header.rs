//! The public header block of LAS (LAS 1.4 R15 §2.4) and its records, looked through before the decoder sees the file.

use super::not_whole;
use crate::fault::{Fault, Kind, Result};
use crate::formats::geo_keys::{GeoKeys, System};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// The most bytes before the points, records of variable length included.
const HEAD: u64 = 64 << 20;
/// The most records of variable length, extended ones included.
const RECORDS: u64 = 10_000;
/// The most points of one file.
pub(super) const POINTS: u64 = 1 << 33;
/// The longest text or list of a CRS that is looked at.
const CRS_BYTES: u64 = 1 << 20;
/// The least bytes of a record by point format (§2.6).
const LENGTHS: [u16; 11] = [20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67];
/// Records that say the CRS (§3).
const PROJECTION: &[u8] = b"LASF_Projection";

/// What the header says.
#[derive(Debug)]
pub(super) struct Header {
    /// LAS 1.x.
    pub minor: u8,
    /// The point format, without the bit of LAZ.
    pub format: u8,
    pub is_laz: bool,
    /// Where the points begin.
    pub start: u64,
    /// Bytes of a point.
    pub record: u16,
    pub points: u64,
    /// Bytes of the file.
    pub size: u64,
    /// The CRS as the file has it: a code or well-known text.
    pub crs: Option<String>,
    /// Metres in a unit of height, where the CRS does not say.
    pub metres: f64,
    pub notes: Vec<String>,
    /// The record that says how the points are packed, in LAZ.
    pub packing: Vec<u8>,
}

/// `N` bytes of the file at `offset`.
pub(super) fn bytes<const N: usize>(file: &File, offset: u64) -> Result<[u8; N]> {
    let mut out = [0; N];
    match file.read_exact_at(&mut out, offset) {
        Ok(()) => Ok(out),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Err(not_whole("a number lies beyond its end")),
        Err(e) => Err(Fault::io("reading", &e)),
    }
}

fn u16_at(file: &File, offset: u64) -> Result<u16> {
    bytes(file, offset).map(u16::from_le_bytes)
}
pub(super) fn u32_at(file: &File, offset: u64) -> Result<u32> {
    bytes(file, offset).map(u32::from_le_bytes)
}
pub(super) fn u64_at(file: &File, offset: u64) -> Result<u64> {
    bytes(file, offset).map(u64::from_le_bytes)
}

impl Header {
    /// Reads and checks the header of `file`.
    ///
    /// # Errors
    /// A version or point format that is not read, counts and places that do not fit the file's bytes.
    pub fn read(file: &File) -> Result<Self> {
        let size = file.metadata().map_err(|e| Fault::io("opening", &e))?.len();
        let [major, minor] = bytes(file, 24)?;
        if major != 1 || minor > 4 {
            return Err(Fault::bad_input(format!("is LAS {major}.{minor}; LAS 1.0 to 1.4 is read")));
        }
        let (head, start) = (u64::from(u16_at(file, 94)?), u64::from(u32_at(file, 96)?));
        let (records, [packed]) = (u64::from(u32_at(file, 100)?), bytes(file, 104)?);
        let (record, short_count) = (u16_at(file, 105)?, u64::from(u32_at(file, 107)?));
        let (is_laz, format) = (packed & 0x80 != 0, packed & 0x3f);
        let least = LENGTHS
            .get(usize::from(format))
            .ok_or_else(|| Fault::bad_input(format!("has points of format {format}; formats 0 to 10 are read")))?;
        if record < *least {
            return Err(Fault::bad_input(format!("has points of {record} bytes, and format {format} has {least}")));
        }
        let mut points = short_count;
        let (mut extended, mut extended_at) = (0, 0);
        if minor >= 4 {
            (extended_at, extended) = (u64_at(file, 235)?, u64::from(u32_at(file, 243)?));
            if points == 0 {
                points = u64_at(file, 247)?;
            }
        }
        let least_head = [227, 227, 227, 235, 375].get(usize::from(minor)).copied().unwrap_or(375);
        if head < least_head || start < head {
            return Err(Fault::bad_input("has a header that is shorter than its version's, or overlaps its points"));
        }
        if start > size {
            return Err(not_whole("its points begin beyond its end"));
        }
        if start > HEAD || records + extended > RECORDS || points > POINTS {
            let detail = format!(
                "has {points} points and {} records of variable length, {start} bytes before the points; at most 2^33, {RECORDS} and 64 MiB are read",
                records + extended
            );
            return Err(Fault::new(Kind::TooLarge, detail).remedy("cut it into parts"));
        }
        numbers(file)?;
        let mut this = Self {
            minor,
            format,
            is_laz,
            start,
            record,
            points,
            size,
            crs: None,
            metres: 1.0,
            notes: Vec::new(),
            packing: Vec::new(),
        };
        if !is_laz {
            let waveforms = minor >= 3 && u64_at(file, 227)? > 0;
            this.check_length(waveforms, (extended > 0).then_some(extended_at))?;
        }
        let has_text = minor >= 4 && u16_at(file, 6)? & 16 != 0;
        this.records(file, [(head, records, start, false), (extended_at, extended, size, true)], has_text)?;
        if is_laz && this.packing.is_empty() {
            return Err(Fault::bad_input("is marked as LAZ and does not say how its points are packed"));
        }
        Ok(this)
    }

    /// Whether the points fill the bytes between the header and what follows.
    fn check_length(&self, waveforms: bool, extended_at: Option<u64>) -> Result<()> {
        let record = u64::from(self.record);
        let end = self.start + self.points * record;
        let limit = extended_at.unwrap_or(self.size).min(self.size);
        if end > limit || (!waveforms && extended_at.is_none() && self.size - end >= record) {
            let there = limit.saturating_sub(self.start) / record;
            return Err(not_whole(&format!("its header counts {} points and {there} are there", self.points)));
        }
        Ok(())
    }

    /// The records that say the CRS and the packing.
    fn records(&mut self, file: &File, parts: [(u64, u64, u64, bool); 2], has_text: bool) -> Result<()> {
        let (mut text, mut directory, mut ascii, mut doubles) = (None, Vec::new(), String::new(), Vec::new());
        for (mut at, count, end, is_extended) in parts {
            for _ in 0..count {
                let (length, head) = if is_extended {
                    (u64_at(file, at.saturating_add(20))?, 60)
                } else {
                    (u64::from(u16_at(file, at.saturating_add(20))?), 54)
                };
                let (user, id) = (bytes::<16>(file, at + 2)?, u16_at(file, at + 18)?);
                let body = at + head;
                at = body.checked_add(length).filter(|next| *next <= end).ok_or_else(|| {
                    not_whole("a record of variable length reaches beyond the place where the records end")
                })?;
                let user = user.split(|b| *b == 0).next().unwrap_or_default();
                let wanted = user == PROJECTION || user == b"laszip encoded";
                if !wanted || length > CRS_BYTES {
                    continue;
                }
                let mut data = vec![0; usize::try_from(length).unwrap_or_default()];
                file.read_exact_at(&mut data, body).map_err(|e| Fault::io("reading", &e))?;
                match id {
                    2112 => text = Some(words(&data)),
                    34_735 => directory = data.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect(),
                    34_736 => doubles = data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
                    34_737 => ascii = words(&data),
                    22_204 if user != PROJECTION => self.packing = data,
                    _ => {}
                }
            }
        }
        let text = text.filter(|text| !text.is_empty());
        if let Some(text) = text.filter(|_| has_text || directory.is_empty()) {
            self.crs = Some(text);
        } else if !directory.is_empty() {
            let System { crs, metres } = GeoKeys::new(&directory, ascii, doubles).system(&mut self.notes)?;
            (self.crs, self.metres) = (crs, metres);
        }
        Ok(())
    }
}

/// Scales and offsets must be numbers that place something.
fn numbers(file: &File) -> Result<()> {
    for k in 0..6 {
        let number = bytes(file, 131 + 8 * k).map(f64::from_le_bytes)?;
        if !number.is_finite() || (k < 3 && number == 0.0) {
            return Err(Fault::bad_input(format!("has a scale or an offset of {number}, which places nothing")));
        }
    }
    Ok(())
}

fn words(data: &[u8]) -> String {
    String::from_utf8_lossy(data.split(|b| *b == 0).next().unwrap_or_default()).trim().to_owned()
}
