//! One content: what kind of file it is, and the rules of that kind.

use super::report::Log;
use super::rule::Rule;
use super::walk::{Link, read, reason};
use super::{CheckLimits, container, model};
use crate::bytes::Bytes;
use std::path::Path;
use std::sync::Arc;

/// A content that a tile names.
#[derive(Debug)]
pub(super) struct Job {
    /// Its path within the folder.
    pub path: String,
    /// The volume around it, and all above.
    pub around: Arc<Link>,
    /// Which member of which tile names it.
    pub place: String,
    /// Whether it is in view once everything is refined.
    pub shown: bool,
}

/// What a content holds.
#[derive(Default)]
pub(super) struct Tally {
    pub bytes: u64,
    pub vertices: u64,
    pub triangles: u64,
    pub features: u64,
    pub ids: Vec<String>,
}

/// Checks one content.
pub(super) fn check(folder: &Path, job: &Job, limits: &CheckLimits) -> (Log, Tally) {
    let mut log = Log::new(&job.path);
    let mut tally = Tally::default();
    let bytes = match read(folder, &job.path, limits.content) {
        Ok(bytes) => bytes,
        Err(fault) => {
            log.find(reason(&fault), &*job.place, fault.detail);
            return (log, tally);
        }
    };
    tally.bytes = bytes.len() as u64;
    let head = bytes.get(..4).unwrap_or_default();
    match head {
        b"glTF" => {
            if let Some((text, binary)) = container::split(&bytes, &mut log) {
                model::check(text, Some(binary), folder, job, limits, &mut tally, &mut log);
            }
        }
        b"b3dm" | b"i3dm" | b"pnts" | b"cmpt" => {
            legacy(&bytes, &mut log);
            log.unseen(format!("what {} contents hold", String::from_utf8_lossy(head)));
        }
        _ if bytes.trim_ascii_start().starts_with(b"{") => {
            model::check(&bytes, None, folder, job, limits, &mut tally, &mut log);
        }
        _ => {
            let kind = Path::new(&job.path).extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
            match kind.as_deref() {
                // Other servers' tilesets name what only their own clients read; glTF files are what they say they are.
                Some("glb" | "gltf" | "b3dm" | "i3dm" | "pnts" | "cmpt") | None => {
                    log.find(Rule::ContentKind, "", "is neither glTF nor a tile of 3D Tiles 1.0 by its first bytes");
                }
                Some(other) => log.unseen(format!("contents that end in .{}", super::clip(other))),
            }
        }
    }
    (log, tally)
}

/// The headers of the formats of 3D Tiles 1.0 (OGC 18-053r2 §8 to §11): magic, version, lengths that add up.
fn legacy(bytes: &[u8], log: &mut Log) {
    let mut rest = Bytes(bytes);
    let kind = rest.take(4).unwrap_or_default();
    let (Some(version), Some(length)) = (rest.u32(), rest.u32()) else {
        log.find(Rule::LegacyHeader, "", "ends within its header");
        return;
    };
    if version != 1 {
        log.find(Rule::LegacyHeader, "", format!("is of version {version}"));
    }
    if length as usize != bytes.len() {
        log.find(Rule::LegacyHeader, "", format!("says {length} bytes and has {}", bytes.len()));
    }
    if kind == b"cmpt" {
        let Some(count) = rest.u32() else { return };
        for tile in 0..count {
            let inner = rest.0.get(8..12).and_then(|b| <[u8; 4]>::try_from(b).ok()).map(u32::from_le_bytes);
            let whole = inner.filter(|n| *n >= 12).and_then(|n| rest.take(n as usize));
            if whole.is_none() {
                log.find(Rule::LegacyHeader, "", format!("tile {tile} of {count} ends beyond the whole"));
                return;
            }
        }
        return;
    }
    let parts = [rest.u32(), rest.u32(), rest.u32(), rest.u32()];
    let sum = parts.iter().copied().try_fold(0_u64, |sum, part| Some(sum + u64::from(part?)));
    let head = if kind == b"i3dm" { 32 } else { 28 };
    match sum {
        Some(sum) if sum + head <= bytes.len() as u64 => {}
        _ => log.find(Rule::LegacyHeader, "", "has tables that are longer than the whole"),
    }
}
