//! What a model names beside itself: files within its own folder, and data URIs. Nothing is fetched.

use super::reader::clip;
use crate::fault::{Fault, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The bytes that `uri` stands for; nothing where there are over `most`.
///
/// # Errors
/// A file that is not there, or not within the folder `beside`; a data URI that is not base64.
pub(super) fn read(uri: &str, beside: &Path, most: u64) -> Result<Option<Vec<u8>>> {
    if let Some(data) = uri.strip_prefix("data:") {
        let (_, text) =
            data.split_once(";base64,").ok_or_else(|| Fault::bad_input("has a data URI that is not base64"))?;
        let bytes = base64(text).ok_or_else(|| Fault::bad_input("has broken base64"))?;
        return Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= most));
    }
    let name = percent_decoded(uri);
    let strange = |c: char| c.is_control() || matches!(c, '\\' | ':' | '\0');
    let inside = !name.starts_with('/') && !name.contains(strange) && name.split('/').all(|part| part != "..");
    let outside = || {
        Fault::bad_input(format!("names '{}', which is not within the model's own folder", clip(&name)))
            .remedy("put it beside the model, or make one .glb of both")
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
    Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= most))
}

/// A URI's text with its escapes undone (RFC 3986 §2.1).
pub(super) fn percent_decoded(uri: &str) -> String {
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
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
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
        assert_eq!(read("%E6%A8%A1%20%E5%9E%8B.bin", &inner, 10).unwrap().unwrap(), b"ok");
        assert_eq!(read("./模 型.bin", &inner, 10).unwrap().unwrap(), b"ok");
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
        assert_eq!(read("模 型.bin", &inner, 1).unwrap(), None);
        assert_eq!(read("data:;base64,Zm9v", &inner, 2).unwrap(), None);
    }
}
