//! Answers on their way out: JSON with an entity tag, files piece by piece.

pub mod coded;
pub mod czml;
pub mod derived;
pub mod diff;
pub mod feature;
pub mod live;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::fs::File;
use std::os::unix::fs::FileExt;
use xxhash_rust::xxh3::xxh3_64;

use crate::fault::{Fault, Result};
pub use coded::Coded;

/// Bytes of one piece of a file.
const PIECE: u64 = 256 << 10;

/// `value` as JSON of `content_type`, with an entity tag; 304 when the caller has it already (RFC 9110 §13.1.2).
///
/// # Errors
/// A value that does not serialise, which is a defect.
pub fn json(headers: &HeaderMap, content_type: &'static str, value: &impl Serialize) -> Result<Response> {
    let body = serde_json::to_vec(value).map_err(|e| Fault::internal(format!("encoding an answer: {e}")))?;
    Ok(tagged(headers, content_type, body))
}

/// Bytes with an entity tag of their content; 304 when the caller has them already. To be asked for again each time.
pub fn tagged(headers: &HeaderMap, content_type: &'static str, body: Vec<u8>) -> Response {
    with_tag(headers, content_type, xxh3_64(&body), || body.into_response())
}

/// As [`tagged`], by a number that stands for the content, in whatever coding it is sent.
pub fn with_tag(
    headers: &HeaderMap,
    content_type: &'static str,
    tag: u64,
    body: impl FnOnce() -> Response,
) -> Response {
    // Weak, because compression changes the bytes but not what they say.
    let tag = format!("W/\"{tag:016x}\"");
    let mut response = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = body();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
    };
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Whether `If-None-Match` names `tag`, by weak comparison.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let bare = |t: &str| t.trim().trim_start_matches("W/").to_owned();
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .any(|offered| offered.trim() == "*" || bare(offered) == bare(tag))
}

/// `length` bytes of a file from `at` on, read off the async threads piece by piece; no more of it is in memory. A file that has
/// become shorter ends the connection, so that nobody takes the part for the whole.
pub fn stream(file: File, at: u64, length: u64) -> Body {
    let end = at.saturating_add(length);
    let pieces = futures_util::stream::try_unfold((file, at), move |(file, at)| async move {
        if at >= end {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; usize::try_from(PIECE.min(end - at)).unwrap_or_default()];
            file.read_exact_at(&mut piece, at).map(|()| (piece, file))
        });
        let (piece, file) = read.await.map_err(std::io::Error::other)??;
        let next = at + piece.len() as u64;
        Ok::<_, std::io::Error>(Some((Bytes::from(piece), (file, next))))
    });
    Body::from_stream(pieces)
}

/// Percent-encodes what is not unreserved (RFC 3986 §2.3), for a path segment or a query value.
pub fn segment(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}
