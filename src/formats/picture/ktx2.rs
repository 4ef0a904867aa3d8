//! The header of KTX 2 (Khronos KTX File Format 2.0 §3) with what `KHR_texture_basisu` wants of it. What it packs is left to viewers.

use crate::bytes::Bytes;
use crate::fault::{Fault, Result};

/// What every file begins with.
pub(super) const BEGINNING: &[u8] = b"\xabKTX 20\xbb\r\n\x1a\n";
/// Levels of a picture of 2^32 pixels a side; more are none.
const LEVELS: u32 = 32;

/// Whether it is one flat picture packed with Basis Universal, of at most `side` pixels a side, whose levels lie in it.
///
/// # Errors
/// What it is or lacks.
pub(super) fn check(bytes: &[u8], side: u32) -> Result<()> {
    let header = header(bytes).ok_or_else(|| Fault::bad_input("is not whole"))?;
    let Header { format, width, height, depth, layers, faces, scheme, fits } = header;
    if format != 0 || depth != 0 || layers != 0 || faces != 1 || scheme > 2 {
        return Err(Fault::bad_input("is a KTX 2 that is no flat picture of Basis Universal"));
    }
    match (1..=side).contains(&width) && (1..=side).contains(&height) {
        false => {
            Err(Fault::bad_input(format!("has {width} by {height} pixels; at most {side} along a side are taken")))
        }
        true if !fits => Err(Fault::bad_input("is not whole")),
        true => Ok(()),
    }
}

struct Header {
    format: u32,
    width: u32,
    height: u32,
    depth: u32,
    layers: u32,
    faces: u32,
    scheme: u32,
    fits: bool,
}

fn header(bytes: &[u8]) -> Option<Header> {
    let mut b = Bytes(bytes.strip_prefix(BEGINNING)?);
    let (format, _, width, height) = (b.u32()?, b.u32()?, b.u32()?, b.u32()?);
    let (depth, layers, faces, levels, scheme) = (b.u32()?, b.u32()?, b.u32()?, b.u32()?, b.u32()?);
    // Where the descriptions lie.
    b.take(32)?;
    let mut fits = (1..=LEVELS).contains(&levels);
    for _ in 0..levels.min(LEVELS) {
        let (offset, length, _) = (b.u64()?, b.u64()?, b.u64()?);
        fits &= length > 0 && offset.checked_add(length).is_some_and(|end| end <= bytes.len() as u64);
    }
    Some(Header { format, width, height, depth, layers, faces, scheme, fits })
}
