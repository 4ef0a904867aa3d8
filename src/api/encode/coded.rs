//! Answers in the content coding that their caller wants, made once for all callers.

use crate::api::state::City;
use crate::fault::Result;
use crate::tiles::Coding;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;

/// Less than this is sent as it is.
const SMALL: usize = 512;

/// Bytes as they are sent.
pub struct Coded {
    /// The bytes.
    pub bytes: Arc<[u8]>,
    /// The coding they are in; none where they are as they were made.
    pub coding: Option<Coding>,
}

impl Coded {
    /// `plain` as somebody who wants `coding` gets it. `name` is one that never means other bytes; their hash where there is none.
    /// Takes long: call it off the async threads.
    ///
    /// # Errors
    /// As [`Coding::encode`].
    pub fn new(city: &City, plain: Arc<[u8]>, name: Option<u128>, coding: Option<Coding>) -> Result<Self> {
        let Some(wanted) = coding.filter(|_| plain.len() >= SMALL) else {
            return Ok(Self { bytes: plain, coding: None });
        };
        let name = name.unwrap_or_else(|| xxh3_128(&plain));
        let bytes = city.codings.get(name, wanted, &plain)?;
        Ok(Self { bytes, coding })
    }
    /// As [`Coded::new`], where that is made already.
    pub fn kept(city: &City, plain: Arc<[u8]>, name: Option<u128>, coding: Option<Coding>) -> Option<Self> {
        let Some(wanted) = coding.filter(|_| plain.len() >= SMALL) else {
            return Some(Self { bytes: plain, coding: None });
        };
        let bytes = city.codings.kept(name?, wanted)?;
        Some(Self { bytes, coding })
    }
    /// Them as the body of an answer.
    pub fn response(self) -> Response {
        let mut response = Response::new(Body::from(Bytes::from_owner(self.bytes)));
        if let Some(coding) = self.coding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        response
    }
}

/// The coding that a caller of these headers wants most (RFC 9110 §12.5.3), of equally wanted ones the quickest; none where it
/// wants bytes as they are, or says nothing.
pub fn wanted(headers: &HeaderMap) -> Option<Coding> {
    let texts: Vec<&str> = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok()).collect();
    let text = texts.join(",");
    let weighed = |coding: Coding| weight(&text, coding.name()).or_else(|| weight(&text, "*")).unwrap_or(0.0);
    let most = Coding::ALL.into_iter().map(weighed).fold(0.0, f32::max);
    let plain = weight(&text, "identity").unwrap_or(0.0);
    Coding::ALL.into_iter().find(|coding| most > 0.0 && most >= plain && weighed(*coding) >= most)
}

/// What an `Accept-Encoding` says of a coding: its weight, 1 where it gives none, nothing where it does not name it.
pub fn weight(text: &str, coding: &str) -> Option<f32> {
    let mut said = text.split(',').map(|one| one.trim().split_once(';').unwrap_or((one.trim(), "")));
    let (_, parameters) = said.find(|(name, _)| name.trim().eq_ignore_ascii_case(coding))?;
    // The name of the weight has no case (RFC 5234 §2.3).
    let said = |p: &str| -> Option<f32> {
        let (name, q) = p.trim().split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| q.trim().parse().unwrap_or(1.0))
    };
    Some(parameters.split(';').find_map(said).unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coding_wanted_most_is_taken() {
        for (text, coding) in [
            ("gzip, deflate, br, zstd", Some(Coding::Zstd)),
            ("gzip, deflate, br", Some(Coding::Brotli)),
            ("br;q=0.2, gzip;q=0.9", Some(Coding::Gzip)),
            ("identity, gzip;q=0.5", None),
            ("*", Some(Coding::Zstd)),
            ("zstd;q=0, *;q=0.5", Some(Coding::Brotli)),
            ("gzip;q=0", None),
            ("gzip;Q=0", None),
            ("deflate", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(text));
            assert_eq!(wanted(&headers), coding, "{text}");
        }
        assert_eq!(wanted(&HeaderMap::new()), None);
    }
}
