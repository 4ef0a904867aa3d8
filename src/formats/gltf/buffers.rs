//! Bytes of a model: the GLB container, data URIs, and files beside it that lie within its folder; numbers in accessors.

use super::document::{Accessor, Document};
use crate::fault::{Fault, Kind, Result};
use crate::formats::reader::clip;
use std::fs::File;
use std::io::Read;
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
            Some(uri) => read(uri, beside, left).map_err(|f| f.about(format!("buffer {number}")))?,
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

/// The bytes that `uri` stands for.
fn read(uri: &str, beside: &Path, most: u64) -> Result<Vec<u8>> {
    if let Some(data) = uri.strip_prefix("data:") {
        let (_, text) =
            data.split_once(";base64,").ok_or_else(|| Fault::bad_input("has a data URI that is not base64"))?;
        return base64(text).ok_or_else(|| Fault::bad_input("has broken base64"));
    }
    let name = percent_decoded(uri);
    let strange = |c: char| c.is_control() || matches!(c, '\\' | ':' | '\0');
    let inside = !name.starts_with('/') && !name.contains(strange) && name.split('/').all(|part| part != "..");
    let outside = || {
        Fault::bad_input(format!("names '{}', which is not within the model's own folder", clip(&name)))
            .remedy("put the buffer beside the model, or make one .glb of both")
    };
    let path = beside.join(&name);
    // A link may lead anywhere.
    let real = path.canonicalize().ok().filter(|_| inside);
    let (Some(real), Ok(root)) = (real, beside.canonicalize()) else {
        return Err(if inside {
            Fault::bad_input(format!("needs '{}' beside it, which is not there", clip(&name))).remedy(
                "put it there, or make one .glb of both, such as with npx gltf-pipeline -i model.gltf -o model.glb",
            )
        } else {
            outside()
        });
    };
    if !real.starts_with(root) || !real.is_file() {
        return Err(outside());
    }
    let io = |e: std::io::Error| Fault::io(&format!("reading '{}'", clip(&name)), &e);
    let mut bytes = Vec::new();
    File::open(&real).map_err(io)?.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

/// A URI's text with its escapes undone (RFC 3986 §2.1).
pub(in crate::formats) fn percent_decoded(uri: &str) -> String {
    let mut rest = uri.as_bytes();
    let mut out = Vec::new();
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.first_chunk::<2>().filter(|d| *byte == b'%' && d.iter().all(u8::is_ascii_hexdigit));
        let value = digits.and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| u8::from_str_radix(d, 16).ok());
        out.push(value.unwrap_or(*byte));
        rest = if value.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// RFC 4648 §4, with or without padding.
pub(in crate::formats) fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').bytes();
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0_u32, 0);
    for digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = (held << 6 | u32::from(value)) & 0xff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
        }
    }
    Some(out)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_and_escapes_are_undone() {
        for (text, bytes) in [("", &b""[..]), ("Zg==", b"f"), ("Zm8=", b"fo"), ("Zm9v", b"foo"), ("Zm9vYmE", b"fooba")]
        {
            assert_eq!(base64(text).as_deref(), Some(bytes));
        }
        assert_eq!(base64("Zm9v!"), None);
        assert_eq!(percent_decoded("a%20b%E6%A5%BC%zz%4"), "a b楼%zz%4");
    }

    #[test]
    fn what_lies_outside_the_folder_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("model");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(dir.path().join("secret"), "s").unwrap();
        std::fs::write(inner.join("模 型.bin"), "ok").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret"), inner.join("link")).unwrap();
        assert_eq!(read("%E6%A8%A1%20%E5%9E%8B.bin", &inner, 10).unwrap(), b"ok");
        assert_eq!(read("./模 型.bin", &inner, 10).unwrap(), b"ok");
        for outside in [
            "../secret",
            "%2e%2e/secret",
            "/etc/passwd",
            "file:///etc/passwd",
            "http://127.0.0.1/x",
            "link",
            "..\\secret",
            "a/../../secret",
        ] {
            let said = read(outside, &inner, 10).unwrap_err().to_string();
            assert!(said.contains("within the model's own folder"), "{outside}: {said}");
        }
        assert!(read("none.bin", &inner, 10).unwrap_err().to_string().contains("beside it"));
        assert_eq!(read("模 型.bin", &inner, 1).unwrap_err().kind, Kind::TooLarge);
    }
}
