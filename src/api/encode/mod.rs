//! Answers on their way out: JSON with an entity tag.

pub mod derived;
pub mod diff;
pub mod feature;
pub mod live;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use crate::fault::{Fault, Result};

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
    // Weak, because compression changes the bytes but not what they say.
    let tag = format!("W/\"{:016x}\"", xxh3_64(&body));
    let mut response = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = body.into_response();
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
