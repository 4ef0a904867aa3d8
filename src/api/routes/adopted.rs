//! `/adopted`: the files of tilesets that other tools made, from where they lie, moved where that was asked for, and of point clouds.

use crate::api::ask::Ask;
use crate::api::encode;
use crate::api::openapi::Operation;
use crate::api::problem::Answer;
use crate::api::schema;
use crate::api::state::City;
use crate::fault::{Fault, Kind, Result};
use crate::formats::tiles3d::{inside, rebased};
use crate::geom::matrix::IDENTITY;
use crate::store::Adopted;
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::UNIX_EPOCH;
use xxhash_rust::xxh3::xxh3_64;

/// What this route says of itself.
pub const OPERATIONS: &[Operation] = &[Operation::get(
    "/adopted/{siteId}/{collectionId}/{path}",
    "getAdopted",
    "A file of an adopted tileset or of a point cloud's; 'tileset.json' is its first, whatever it is called in its folder.",
    schema::bytes,
)
.in_form("application/octet-stream")];

/// The route.
pub fn routes() -> Router<City> {
    Router::new().route("/adopted/{site}/{dataset}/{*path}", get(file))
}

/// The most bytes that one answer holds; more are asked for by ranges.
const LARGEST: u64 = 1 << 30;

/// Media types by ending: what 3D Tiles are made of, and nothing else of a folder.
const KINDS: &[(&str, &str)] = &[
    ("json", "application/json"),
    ("b3dm", "application/octet-stream"),
    ("i3dm", "application/octet-stream"),
    ("pnts", "application/octet-stream"),
    ("cmpt", "application/octet-stream"),
    ("vctr", "application/octet-stream"),
    ("subtree", "application/octet-stream"),
    ("bin", "application/octet-stream"),
    ("glb", "model/gltf-binary"),
    ("gltf", "model/gltf+json"),
    ("geojson", "application/geo+json"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("ktx2", "image/ktx2"),
];

async fn file(ask: Ask<(String, String, String)>) -> Answer {
    let (site, dataset, path) = ask.path.clone();
    let coverage = ask.coverages().into_iter().find(|c| c.site().as_str() == site && c.dataset().as_str() == dataset);
    let coverage = coverage.filter(|c| c.tileset().is_some());
    let coverage = coverage.ok_or_else(|| {
        Fault::not_found(format!("there is no adopted tileset '{dataset}' in site '{site}'")).about("collectionId")
    })?;
    let headers = ask.headers.clone();
    let answer = ask.work(move || {
        let adopted = coverage.tileset().ok_or_else(|| Fault::internal("a tileset that is none"))?;
        answer(adopted, &path, &headers)
    });
    Ok(answer.await?)
}

fn answer(adopted: &Adopted, path: &str, headers: &HeaderMap) -> Result<Response> {
    let is_entry = path == "tileset.json" || path == adopted.entry;
    let path = if is_entry { adopted.entry.as_str() } else { path };
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let kind = KINDS.iter().find(|(known, _)| *known == ending).map(|(_, kind)| *kind);
    let kind = kind.ok_or_else(|| Fault::not_found("there is no such file in this tileset").about("path"))?;
    let real = inside(&adopted.folder, path).map_err(|fault| fault.about("path"))?;
    let io = |e: std::io::Error| Fault::io("reading an adopted file", &e);
    let file = File::open(&real).map_err(io)?;
    let about = file.metadata().map_err(io)?;
    let size = about.len();
    // JSON of a moved tileset is written anew; anything else goes as it is.
    let above = adopted.above.get(path);
    if let Some(shift) = adopted.shift.as_ref().filter(|_| is_entry || above.is_some()) {
        let bytes = part(&file, 0, size.min(LARGEST))?;
        let first = is_entry.then_some(shift);
        return Ok(encode::tagged(headers, kind, rebased(&bytes, first, above.unwrap_or(&IDENTITY))?));
    }
    let changed = about.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok()).map_or(0, |d| d.as_nanos());
    let tag =
        format!("W/\"{:016x}\"", xxh3_64(format!("{}/{path}/{size}/{changed}", adopted.folder.display()).as_bytes()));
    let mut response = if encode::is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let wanted = headers.get(header::RANGE).and_then(|v| v.to_str().ok()).and_then(|text| range(text, size));
        match wanted {
            Some(None) => {
                let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
                put(&mut response, header::CONTENT_RANGE, &format!("bytes */{size}"));
                return Ok(response);
            }
            Some(Some((from, to))) if to - from < LARGEST => {
                let mut response = (StatusCode::PARTIAL_CONTENT, part(&file, from, to - from + 1)?).into_response();
                put(&mut response, header::CONTENT_RANGE, &format!("bytes {from}-{to}/{size}"));
                // Compressed, the part would be one of other bytes.
                put(&mut response, header::CONTENT_ENCODING, "identity");
                response
            }
            _ if size > LARGEST => {
                return Err(Fault::new(Kind::TooLarge, "the file is over 1 GiB").remedy("ask for it by ranges"));
            }
            _ => part(&file, 0, size)?.into_response(),
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

fn put(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn part(file: &File, from: u64, length: u64) -> Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, from).map_err(|e| Fault::io("reading an adopted file", &e))?;
    Ok(bytes)
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
