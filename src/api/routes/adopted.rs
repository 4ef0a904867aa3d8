//! `/adopted`: the files of tilesets that other tools made, from where they lie, moved where that was asked for, and of point clouds.

use crate::api::ask::Ask;
use crate::api::encode;
use crate::api::openapi::Operation;
use crate::api::problem::Answer;
use crate::api::routes::tiles3d::TILING;
use crate::api::schema;
use crate::api::state::City;
use crate::fault::{Fault, Result};
use crate::store::Coverage;
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::fs::File;
use std::time::UNIX_EPOCH;
use xxhash_rust::xxh3::xxh3_64;

/// What this route says of itself.
pub const OPERATIONS: &[Operation] = &[Operation::get(
    "/adopted/{siteId}/{collectionId}/{path}",
    "getAdopted",
    "A file of an adopted tileset or of a point cloud's; 'tileset.json' is its first, whatever it is called in its folder. That of a point cloud is told by bits with `tiling=implicit`.",
    schema::bytes,
)
.in_form("application/octet-stream")
.knows(&[TILING])];

/// The route.
pub fn routes() -> Router<City> {
    Router::new().route("/adopted/{site}/{dataset}/{*path}", get(file))
}

async fn file(method: Method, ask: Ask<(String, String, String)>) -> Answer {
    let (site, dataset, path) = ask.path.clone();
    let coverage = ask.coverages().into_iter().find(|c| c.site().as_str() == site && c.dataset().as_str() == dataset);
    let coverage = coverage.filter(|c| c.tileset().is_some());
    let coverage = coverage.ok_or_else(|| {
        Fault::not_found(format!("there is no adopted tileset '{dataset}' in site '{site}'")).about("collectionId")
    })?;
    // Other words of the query are whoever's who made the tileset.
    let mut words = ask.uri.query().unwrap_or_default().split('&');
    let is_first = path == "tileset.json" && words.any(|word| word == "tiling=implicit");
    let path = coverage.tileset().filter(|_| is_first).map_or(path, |adopted| adopted.first(true).to_owned());
    let mut headers = ask.headers.clone();
    if method != Method::GET {
        // A part is of a body: to HEAD it means nothing (RFC 9110 §14.2).
        headers.remove(header::RANGE);
    }
    Ok(ask.work(move || answer(&coverage, &path, &headers)).await?)
}

fn answer(coverage: &Coverage, path: &str, headers: &HeaderMap) -> Result<Response> {
    let (real, kind) = coverage.adopted_file(path).map_err(|fault| fault.about("path"))?;
    let io = |e: std::io::Error| Fault::io("reading an adopted file", &e);
    let file = File::open(&real).map_err(io)?;
    let about = file.metadata().map_err(io)?;
    let size = about.len();
    let changed = about.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok()).map_or(0, |d| d.as_nanos());
    let tag = format!("W/\"{:016x}\"", xxh3_64(format!("{}/{size}/{changed}", real.display()).as_bytes()));
    let mut response = if encode::is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        // A part is taken only for one of the same bytes, which a weak tag cannot promise (RFC 9110 §13.1.5).
        let wanted = headers.get(header::RANGE).filter(|_| !headers.contains_key(header::IF_RANGE));
        match wanted.and_then(|v| v.to_str().ok()).and_then(|text| range(text, size)) {
            Some(None) => {
                let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
                put(&mut response, header::CONTENT_RANGE, &format!("bytes */{size}"));
                return Ok(response);
            }
            Some(Some((from, to))) => {
                let mut response = sent(file, from, to - from + 1);
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                put(&mut response, header::CONTENT_RANGE, &format!("bytes {from}-{to}/{size}"));
                // Compressed, the part would be one of other bytes.
                put(&mut response, header::CONTENT_ENCODING, "identity");
                response
            }
            None => sent(file, 0, size),
        }
    };
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::ETAG, tag.as_str()),
        (header::ACCEPT_RANGES, "bytes"),
        (header::CACHE_CONTROL, "no-cache"),
    ] {
        put(&mut response, name, value);
    }
    Ok(response)
}

fn sent(file: File, from: u64, length: u64) -> Response {
    let mut response = Response::new(encode::stream(file, from, length));
    put(&mut response, header::CONTENT_LENGTH, &length.to_string());
    response
}

fn put(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The one range of a `Range` header (RFC 9110 §14.1.2), ends included; `Some(None)` for one that lies beyond the file, nothing for
/// what is no single range, which is passed over.
fn range(text: &str, size: u64) -> Option<Option<(u64, u64)>> {
    let (from, to) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (from, to) = match (from.trim(), to.trim()) {
        ("", last) => (size.checked_sub(number(last)?.min(size))?, size.checked_sub(1)),
        (from, "") => (number(from)?, size.checked_sub(1)),
        (from, to) => (number(from)?, Some(number(to)?.min(size.saturating_sub(1)))),
    };
    Some(to.filter(|to| from <= *to && from < size).map(|to| (from, to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_has_them() {
        assert_eq!(range("bytes=0-9", 100), Some(Some((0, 9))));
        assert_eq!(range("bytes=90-", 100), Some(Some((90, 99))));
        assert_eq!(range("bytes=-10", 100), Some(Some((90, 99))));
        assert_eq!(range("bytes=-1000", 100), Some(Some((0, 99))));
        assert_eq!(range("bytes=50-1000", 100), Some(Some((50, 99))));
        assert_eq!(range("bytes=100-", 100), Some(None));
        assert_eq!(range("bytes=9-3", 100), Some(None));
        assert_eq!(range("bytes=0-", 0), Some(None));
        for passed in ["bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "bytes"] {
            assert_eq!(range(passed, 100), None, "{passed}");
        }
    }
}
