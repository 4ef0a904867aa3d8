//! Buffers and their views (glTF 2.0 §3.6.1), packed ones unpacked.

use super::document::{Buffer, Document};
use super::meshopt;
use super::report::Log;
use super::rule::Rule;
use super::walk::reason;
use crate::fault::{Fault, Result};
use crate::formats::uri::base64;
use serde_json::Value;
use std::borrow::Cow;

/// The bytes of each view; `None` for those that are not there.
pub(super) type Views<'b> = Vec<Option<Cow<'b, [u8]>>>;

/// Opens every view; `binary` is what a GLB holds beside its JSON, `load` gives the bytes of a file beside the model.
pub(super) fn views<'b>(
    document: &Document,
    buffers: &'b [Option<Cow<'b, [u8]>>],
    most: u64,
    log: &mut Log,
) -> Views<'b> {
    let mut left = most;
    let mut out = Vec::with_capacity(document.buffer_views.len());
    for (k, view) in document.buffer_views.iter().enumerate() {
        let place = format!("/bufferViews/{k}");
        let Some(buffer) = document.buffers.get(view.buffer) else {
            log.find(Rule::Reference, place, format!("names buffer {}, which is not there", view.buffer));
            out.push(None);
            continue;
        };
        if view.byte_stride.is_some_and(|stride| !(4..=252).contains(&stride) || stride % 4 != 0) {
            log.find(
                Rule::BufferView,
                format!("{place}/byteStride"),
                format!("is {:?}", view.byte_stride.unwrap_or_default()),
            );
        }
        let end = view.byte_offset.checked_add(view.byte_length).filter(|end| *end <= buffer.byte_length);
        if end.is_none() || view.byte_length == 0 {
            let what = format!(
                "has {} bytes from {} on in a buffer of {}",
                view.byte_length, view.byte_offset, buffer.byte_length
            );
            log.find(Rule::BufferView, &*place, what);
            out.push(None);
            continue;
        }
        let ext = view.extensions.meshopt.as_ref().map(|packed| (packed, true));
        let packed = ext.or(view.extensions.khr_meshopt.as_ref().map(|packed| (packed, false)));
        if let Some((packed, old)) = packed {
            let bytes = buffers.get(packed.buffer).and_then(Option::as_ref);
            let part =
                bytes.and_then(|b| b.get(packed.byte_offset..packed.byte_offset.checked_add(packed.byte_length)?));
            let unpacked = match part {
                Some(part) => meshopt::unpacked(part, packed, view, old, &mut left, &place, log),
                None => {
                    log.find(Rule::Meshopt, &*place, "names packed bytes that are not in their buffer");
                    None
                }
            };
            out.push(unpacked.map(Cow::Owned));
            continue;
        }
        let bytes = buffers.get(view.buffer).and_then(Option::as_ref);
        let part = bytes.and_then(|b| b.get(view.byte_offset..end?));
        if let (None, true) = (part, is_fallback(buffer)) {
            log.find(Rule::BufferView, place, "lies in a buffer that only stands in for packed ones");
        }
        out.push(part.map(Cow::Borrowed));
    }
    out
}

fn is_fallback(buffer: &Buffer) -> bool {
    ["EXT_meshopt_compression", "KHR_meshopt_compression"]
        .iter()
        .any(|name| buffer.extensions.get(name).and_then(|e| e.get("fallback")).and_then(Value::as_bool) == Some(true))
}

/// The bytes of each buffer.
pub(super) fn buffers<'b>(
    document: &Document,
    binary: Option<&'b [u8]>,
    load: &dyn Fn(&str) -> Result<Vec<u8>>,
    log: &mut Log,
) -> Vec<Option<Cow<'b, [u8]>>> {
    let mut out = Vec::with_capacity(document.buffers.len());
    for (k, buffer) in document.buffers.iter().enumerate() {
        let place = format!("/buffers/{k}");
        let bytes: Option<Cow<'b, [u8]>> = match (&buffer.uri, binary) {
            (Some(uri), _) => match uri_bytes(uri, load) {
                Ok(bytes) => Some(Cow::Owned(bytes)),
                Err(fault) => {
                    let rule = reason(&fault);
                    log.find(
                        if rule == Rule::Json { Rule::Buffer } else { rule },
                        format!("{place}/uri"),
                        fault.detail,
                    );
                    None
                }
            },
            (None, Some(binary)) if k == 0 => {
                let spare = binary.get(buffer.byte_length..).unwrap_or_default();
                if spare.len() > 3 || spare.iter().any(|b| *b != 0) {
                    let what = format!("BIN has {} bytes after the {} of its buffer", spare.len(), buffer.byte_length);
                    log.find(Rule::GlbPadding, &*place, what);
                }
                Some(Cow::Borrowed(binary))
            }
            (None, _) => None,
        };
        match &bytes {
            Some(bytes) if bytes.len() < buffer.byte_length => {
                let what = format!("has {} bytes of the {} that it says", bytes.len(), buffer.byte_length);
                log.find(Rule::Buffer, place, what);
            }
            None if buffer.uri.is_none() && !is_fallback(buffer) => log.find(Rule::Buffer, place, "has no bytes"),
            _ => {}
        }
        out.push(bytes);
    }
    out
}

fn uri_bytes(uri: &str, load: &dyn Fn(&str) -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    match uri.strip_prefix("data:") {
        None => load(uri),
        Some(data) => data
            .split_once(";base64,")
            .and_then(|(_, text)| base64(text))
            .ok_or_else(|| Fault::bad_input("is no data URI in base64")),
    }
}
