//! Bytes of a model: the GLB container, its buffers, numbers in accessors.

use super::document::{Accessor, Document};
use crate::fault::{Fault, Kind, Result};
use crate::formats::uri;
use std::path::Path;

/// The most bytes of a model and its buffers together.
const LARGEST: u64 = 2 << 30;
/// The most numbers that one accessor gives.
const NUMBERS: usize = 400_000_000;

/// What a `.glb` holds (glTF 2.0 §4), or the JSON of a `.gltf` alone.
pub(super) fn split(bytes: &[u8]) -> Result<(&[u8], Option<&[u8]>)> {
    let Some(rest) = bytes.strip_prefix(b"glTF") else { return Ok((bytes, None)) };
    let short = || Fault::bad_input("ends in the middle: it is not whole");
    let (head, mut rest) = rest.split_first_chunk::<8>().ok_or_else(short)?;
    let [a, b, c, d, ..] = *head;
    match u32::from_le_bytes([a, b, c, d]) {
        2 => {}
        version => {
            return Err(Fault::bad_input(format!("is GLB of version {version}; version 2 is read"))
                .remedy("convert it, such as with npx gltf-pipeline -i model.glb -o model2.glb"));
        }
    }
    let (mut json, mut binary) = (None, None);
    while !rest.is_empty() {
        let (head, after) = rest.split_first_chunk::<8>().ok_or_else(short)?;
        let [a, b, c, d, kind @ ..] = *head;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        let (chunk, next) = after.split_at_checked(length).ok_or_else(short)?;
        match &kind {
            b"JSON" if json.is_none() => json = Some(chunk),
            b"BIN\0" if binary.is_none() => binary = Some(chunk),
            _ => {}
        }
        rest = next;
    }
    Ok((json.ok_or_else(|| Fault::bad_input("has no JSON chunk"))?, binary))
}

/// The bytes of every buffer.
///
/// # Errors
/// One that is missing, too short, too large, or outside the folder `beside`.
pub(super) fn load(document: &Document, binary: Option<&[u8]>, beside: &Path) -> Result<Vec<Vec<u8>>> {
    let mut left = LARGEST;
    let mut out = Vec::with_capacity(document.buffers.len());
    for (number, buffer) in document.buffers.iter().enumerate() {
        let bytes = match &buffer.uri {
            None if number == 0 => binary.unwrap_or_default().to_vec(),
            None => Vec::new(),
            Some(uri) => uri::read(uri, beside, left)
                .and_then(|bytes| bytes.ok_or_else(too_large))
                .map_err(|f| f.about(format!("buffer {number}")))?,
        };
        if bytes.len() < buffer.byte_length {
            let detail = format!("has {} bytes of the {} that it says", bytes.len(), buffer.byte_length);
            return Err(Fault::bad_input(detail).about(format!("buffer {number}")));
        }
        left = left.checked_sub(bytes.len() as u64).ok_or_else(too_large)?;
        out.push(bytes);
    }
    Ok(out)
}

pub(super) fn too_large() -> Fault {
    Fault::new(Kind::TooLarge, "has over 2 GiB of buffers").remedy("cut the model into parts, or make a tileset of it")
}

/// The part of a buffer that a view names.
pub(super) fn view<'b>(document: &Document, buffers: &'b [Vec<u8>], number: usize) -> Option<&'b [u8]> {
    let view = document.buffer_views.get(number)?;
    buffers.get(view.buffer)?.get(view.byte_offset..view.byte_offset.checked_add(view.byte_length)?)
}

/// One number of a component type (§3.6.2.2), and how many bytes it takes.
const fn component(kind: u32) -> Option<usize> {
    match kind {
        5120 | 5121 => Some(1),
        5122 | 5123 => Some(2),
        5125 | 5126 => Some(4),
        _ => None,
    }
}

fn number(bytes: &[u8], kind: u32, normalized: bool) -> Option<f64> {
    let (value, whole) = match (kind, bytes) {
        (5120, &[a]) => (f64::from(i8::from_le_bytes([a])), 127.0),
        (5121, &[a]) => (f64::from(a), 255.0),
        (5122, &[a, b]) => (f64::from(i16::from_le_bytes([a, b])), 32_767.0),
        (5123, &[a, b]) => (f64::from(u16::from_le_bytes([a, b])), 65_535.0),
        (5125, &[a, b, c, d]) => (f64::from(u32::from_le_bytes([a, b, c, d])), f64::from(u32::MAX)),
        (5126, &[a, b, c, d]) => (f64::from(f32::from_le_bytes([a, b, c, d])), 1.0),
        _ => return None,
    };
    Some(if normalized { (value / whole).max(-1.0) } else { value })
}

/// The numbers of an accessor, `N` for each of its elements; nothing where it does not hold.
pub(super) fn numbers<const N: usize>(
    document: &Document,
    buffers: &[Vec<u8>],
    accessor: usize,
) -> Option<Vec<[f64; N]>> {
    let accessor: &Accessor = document.accessors.get(accessor)?;
    let width = match accessor.kind.as_str() {
        "SCALAR" => 1,
        "VEC2" => 2,
        "VEC3" => 3,
        "VEC4" => 4,
        _ => return None,
    };
    let size = component(accessor.component_type)?;
    if width != N || accessor.count.checked_mul(N)? > NUMBERS {
        return None;
    }
    let read = |bytes: &[u8]| -> Option<[f64; N]> {
        let mut out = [0.0; N];
        for (to, bytes) in out.iter_mut().zip(bytes.chunks_exact(size)) {
            *to = number(bytes, accessor.component_type, accessor.normalized)?;
        }
        Some(out)
    };
    let mut out = match accessor.buffer_view {
        None => {
            // Zeros without a byte of them in the file: no more than a sparse accessor needs.
            accessor.sparse.as_ref()?;
            vec![[0.0; N]; accessor.count.min(NUMBERS / 16)]
        }
        Some(number) => {
            let bytes = view(document, buffers, number)?.get(accessor.byte_offset..)?;
            let stride = document.buffer_views.get(number)?.byte_stride.unwrap_or(size * N);
            let element = |k: usize| bytes.get(k.checked_mul(stride)?..)?.get(..size * N).and_then(read);
            // The last one first: nothing is set aside for what is not there.
            element(accessor.count.checked_sub(1)?)?;
            (0..accessor.count).map(element).collect::<Option<_>>()?
        }
    };
    if let Some(sparse) = &accessor.sparse {
        let (at, new) = (&sparse.indices, &sparse.values);
        let width = component(at.component_type)?;
        let places = view(document, buffers, at.buffer_view)?.get(at.byte_offset..)?.chunks_exact(width);
        let values = view(document, buffers, new.buffer_view)?.get(new.byte_offset..)?.chunks_exact(size * N);
        if places.len() < sparse.count || values.len() < sparse.count {
            return None;
        }
        for (place, value) in places.zip(values).take(sparse.count) {
            *out.get_mut(number(place, at.component_type, false)? as usize)? = read(value)?;
        }
    }
    Some(out)
}
