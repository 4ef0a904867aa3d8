//! The GLB container (glTF 2.0 §4.4): header, chunks, padding.

use super::report::Log;
use super::rule::Rule;
use crate::bytes::Bytes;

/// The JSON and what BIN holds (nothing where there is none).
pub(super) fn split<'b>(bytes: &'b [u8], log: &mut Log) -> Option<(&'b [u8], &'b [u8])> {
    let mut rest = Bytes(bytes);
    let (Some(_), Some(version), Some(length)) = (rest.take(4), rest.u32(), rest.u32()) else {
        log.find(Rule::GlbHeader, "", "ends within its header");
        return None;
    };
    if version != 2 {
        log.find(Rule::GlbHeader, "", format!("is of version {version}"));
        return None;
    }
    if length as usize != bytes.len() {
        log.find(Rule::GlbHeader, "", format!("says {length} bytes and has {}", bytes.len()));
    }
    let (mut json, mut binary, mut number) = (None, None, 0_usize);
    while !rest.0.is_empty() {
        let (Some(length), Some(kind)) = (rest.u32(), rest.take(4)) else {
            log.find(Rule::GlbChunk, "", format!("ends within the header of chunk {number}"));
            break;
        };
        if length % 4 != 0 {
            log.find(Rule::GlbChunk, "", format!("chunk {number} has {length} bytes, no multiple of 4"));
        }
        let Some(chunk) = rest.take(length as usize) else {
            log.find(Rule::GlbChunk, "", format!("chunk {number} says {length} bytes, and {} are left", rest.0.len()));
            break;
        };
        match (number, kind) {
            (0, b"JSON") => json = Some(chunk),
            (1, b"BIN\0") => binary = Some(chunk),
            (_, b"JSON" | b"BIN\0") => {
                log.find(Rule::GlbChunk, "", format!("chunk {number} is out of order, or a second one"))
            }
            _ => log.unseen("chunks of other kinds"),
        }
        number += 1;
    }
    let Some(json) = json else {
        log.find(Rule::GlbChunk, "", "does not begin with a JSON chunk");
        return None;
    };
    let end = json.iter().rposition(|b| *b == b'}').map_or(0, |k| k + 1);
    if json.iter().skip(end).any(|b| *b != b' ') {
        log.find(Rule::GlbPadding, "", "the JSON chunk is not padded with spaces");
    }
    Some((json, binary.unwrap_or_default()))
}
