//! `/portal/`: the web page, served from inside the binary.

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::RustEmbed;
use std::borrow::Cow;
use std::fmt::Write as _;

/// What `make portal` built, as it was when the binary was; nothing where it was not built.
#[derive(RustEmbed)]
#[folder = "portal/dist/"]
#[allow_missing = true]
struct Built;

/// What the page may load and do (Content Security Policy Level 3): only from this server. WebAssembly is Cesium's decoder of
/// compressed meshes; Cesium writes one style element of its own.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; connect-src 'self' data: blob:; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'self'";

/// What stands at `/portal/` in a binary that was built without the page.
const UNBUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Cimbra</title>\
    <h1>The portal is not in this binary</h1><p>Build it with <code>make portal</code> (Node 18 or newer), then build and start \
    Cimbra again. Everything else is served: see <a href=\"../api.html\">the API</a>.</p>\
    <h1 lang=\"zh\">此程序未包含门户页面</h1><p lang=\"zh\">请运行 <code>make portal</code>（需要 Node 18 或更高版本），然后重新构建并启动 Cimbra。其他服务正常。</p></html>";

/// One file of the page.
pub struct Asset {
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
    /// Its media type.
    pub mime: String,
    /// An entity tag of its bytes, as it stands in the header (RFC 9110 §8.8.3); weak, for the same bytes travel compressed in several ways.
    pub etag: String,
}

/// The file of the page at `path` below `/portal/`; the empty path is the page itself. `None` where there is no such file.
pub fn asset(path: &str) -> Option<Asset> {
    let path = if path.is_empty() { "index.html" } else { path };
    let file = Built::get(path)?;
    let mut etag = String::from("W/\"");
    for byte in file.metadata.sha256_hash().iter().take(16) {
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    Some(Asset { bytes: file.data, mime: file.metadata.mimetype().to_owned(), etag })
}

/// The routes, for a router of any state.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/portal", get(|| async { Redirect::permanent("portal/") }))
        .route("/portal/", get(|headers: HeaderMap| async move { serve("", &headers) }))
        .route(
            "/portal/{*path}",
            get(|Path(path): Path<String>, headers: HeaderMap| async move { serve(&path, &headers) }),
        )
}

fn serve(path: &str, headers: &HeaderMap) -> Response {
    let mut response = match asset(path) {
        Some(asset) if is_fresh(headers, &asset.etag) => {
            (StatusCode::NOT_MODIFIED, [(header::ETAG, asset.etag)]).into_response()
        }
        Some(Asset { bytes, mime, etag }) => {
            ([(header::CONTENT_TYPE, mime), (header::ETAG, etag)], body(bytes)).into_response()
        }
        None if path.is_empty() => (StatusCode::SERVICE_UNAVAILABLE, Html(UNBUILT)).into_response(),
        None => (StatusCode::NOT_FOUND, "the page has no such file").into_response(),
    };
    const FIXED: [(HeaderName, &str); 4] = [
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in FIXED {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The bytes as a body, without copying those that lie in the binary.
fn body(bytes: Cow<'static, [u8]>) -> Bytes {
    match bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    }
}

/// Whether the caller's copy is the one there is (RFC 9110 §13.1.2).
fn is_fresh(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    known.split(',').map(str::trim).any(|tag| tag == "*" || tag == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_or_the_command_that_builds_it_is_there() {
        let response = serve("", &HeaderMap::new());
        assert!(response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("default-src 'none'"));
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        match asset("") {
            None => {
                assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
                assert!(UNBUILT.contains("make portal"));
            }
            Some(page) => {
                assert_eq!(response.status(), StatusCode::OK);
                assert!(page.mime.starts_with("text/html"));
                assert!(asset("main.js").unwrap().mime.starts_with("text/javascript"));
                let mut again = HeaderMap::new();
                again.insert(
                    header::IF_NONE_MATCH,
                    HeaderValue::from_str(&format!("\"other\", {}", page.etag)).unwrap(),
                );
                assert_eq!(serve("", &again).status(), StatusCode::NOT_MODIFIED);
            }
        }
    }

    #[test]
    fn nothing_above_the_page_is_served() {
        for path in ["../Cargo.toml", "..%2fCargo.toml", "/etc/passwd", "src/main.js"] {
            assert_eq!(serve(path, &HeaderMap::new()).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
