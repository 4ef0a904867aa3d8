//! The router and what every request passes through: host, origin, limits, headers, panics, compression.

use super::ask::Admitted;
use super::busy::Busy;
use super::caller::{ActedAs, Caller};
use super::encode::coded::weight;
use super::problem::Problem;
use super::routes;
use super::state::City;
use super::work::Deadline;
use crate::fault::{Fault, Kind};
use crate::store::Act;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// Every route over one city.
pub fn router(city: City) -> Router {
    let busy = Busy::default();
    routes::all()
        .fallback(|| async { Problem(Fault::not_found("there is nothing at this path; '/api' lists what there is")) })
        .method_not_allowed_fallback(|| async {
            Problem(Fault::new(Kind::MethodNotAllowed, "this path does not take this method"))
        })
        .layer(DefaultBodyLimit::max(city.settings.limits.body_bytes))
        .layer(CatchPanicLayer::custom(|_| Problem(Fault::internal("a handler panicked")).into_response()))
        .layer(middleware::from_fn_with_state((city.clone(), busy), limited))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(city.clone(), guarded))
        .with_state(city)
}

/// Checks `Host` and `Origin`, and puts on the headers that every answer carries.
async fn guarded(State(city): State<City>, mut request: Request, next: Next) -> Response {
    let settings = city.settings.clone();
    let text =
        |name: HeaderName, headers: &HeaderMap| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let host = text(header::HOST, request.headers()).or_else(|| request.uri().host().map(str::to_owned));
    // HTTP/1.1 sends it, once (RFC 9112 §3.2); HTTP/1.0 may leave it out.
    let hosts = request.headers().get_all(header::HOST).iter().count();
    let host_sent = hosts == 1 || hosts == 0 && request.version() == Version::HTTP_10;
    let host_known = host_sent && host.as_deref().is_none_or(|h| is_known_host(h, &settings.hosts));
    let origin = text(header::ORIGIN, request.headers());
    let allowed = origin.filter(|o| {
        settings.origins.contains(o) || o.split_once("://").is_some_and(|(_, host)| is_known_host(host, &[]))
    });
    let credential = [header::AUTHORIZATION, HeaderName::from_static("x-api-key")];
    let has_credential = credential.iter().any(|name| request.headers().contains_key(name));
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if !host_known {
        // A page that resolves its own name to this machine must not read through it (DNS rebinding).
        Problem(
            if host_sent {
                Fault::bad_input("this server does not answer to that host name")
                    .remedy("name the host in the configuration's 'hosts'")
            } else {
                Fault::bad_input("a request names the host it is for, once").remedy("send one Host header")
            }
            .about("Host"),
        )
        .into_response()
    } else if preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        if request.headers().get(header::ACCEPT_ENCODING).is_some_and(|wanted| !is_acceptable(wanted)) {
            // Nobody is helped by 406: what cannot be had in any coding asked for is sent as it is (RFC 9110 §12.1).
            request.headers_mut().remove(header::ACCEPT_ENCODING);
        }
        as_problem(next.run(request).await)
    };
    let unchanged = response.status() == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    if unchanged {
        // A length would be that of what is not sent (RFC 9110 §8.6).
        headers.remove(header::CONTENT_LENGTH);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cimbra-revision", HeaderValue::from(city.store.revision()));
    // The same for 200 and 304, as RFC 9110 §15.4.5 has it, also where nothing is compressed.
    headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding, Origin, Authorization, X-API-Key"));
    if has_credential {
        let private = match headers.get(header::CACHE_CONTROL).and_then(|v| v.to_str().ok()) {
            Some(now) => now.replace("public", "private"),
            None => "private".to_owned(),
        };
        let private = if private.contains("private") || private.contains("no-store") {
            private
        } else {
            format!("private, {private}")
        };
        if let Ok(value) = HeaderValue::from_str(&private) {
            headers.insert(header::CACHE_CONTROL, value);
        }
    }
    if let Some(origin) = allowed.and_then(|o| HeaderValue::from_str(&o).ok()) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = "ETag, Link, Location, Retry-After, Allow, Accept-Ranges, Content-Range, Content-Disposition, \
                       Cimbra-Revision, Cimbra-Left-Out";
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, DELETE, OPTIONS"));
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("Authorization, X-API-Key, Content-Type, If-None-Match, Last-Event-ID"),
        );
    }
    response
}

/// An error that the framework has put in words of its own, as a problem; its headers, such as `Allow`, stay.
fn as_problem(response: Response) -> Response {
    let kind = match response.status() {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Kind::BadInput,
        StatusCode::NOT_FOUND => Kind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Kind::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLarge,
        StatusCode::INTERNAL_SERVER_ERROR => Kind::Internal,
        _ => return response,
    };
    let form = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if form.starts_with("application/") || form.starts_with("text/html") {
        return response;
    }
    let what = match kind {
        Kind::NotFound => "there is nothing at this path",
        Kind::MethodNotAllowed => "this path does not take this method",
        Kind::TooLarge => "the body is over this server's limit",
        Kind::Internal => "a handler failed",
        _ => "the request cannot be read",
    };
    let mut told = Problem(Fault::new(kind, what)).into_response();
    let passing = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::ETAG];
    for (name, value) in response.headers().iter().filter(|(name, _)| !passing.contains(name)) {
        if !told.headers().contains_key(name) {
            told.headers_mut().insert(name.clone(), value.clone());
        }
    }
    told
}

/// Whether something can be sent to somebody who wants these codings (RFC 9110 §12.5.3): compressed, or as it is.
fn is_acceptable(wanted: &HeaderValue) -> bool {
    let text = wanted.to_str().unwrap_or_default();
    let of = |coding: &str| weight(text, coding).map(|weight| weight > 0.0);
    let plain = of("identity").or_else(|| of("*")).unwrap_or(true);
    plain || ["br", "zstd", "gzip"].into_iter().any(|coding| of(coding) == Some(true))
}

/// Whether a `Host` names loopback or one of `hosts`, whatever the port.
pub fn is_known_host(host: &str, hosts: &[String]) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or((rest, ""), |(name, port)| (name, port.trim_start_matches(':'))),
        None => host.rsplit_once(':').unwrap_or((host, "")),
    };
    // Links are made from the whole of it, so nothing may stand where the port should.
    if !port.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let loopback = name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    loopback || hosts.iter().any(|h| h.eq_ignore_ascii_case(name))
}

/// Paths that are open to everybody whatever the configuration: they hold nothing of the city.
const OPEN: &[&str] = &["/health/", "/portal", "/api", "/conformance", "/session"];

/// POSTs that ask and change nothing: no writes, so nothing to audit.
const ASKING: &[&str] = &["/terrain/height"];

/// Enforces the limits on query length, requests at once and time, and the right to read; writes are audited.
async fn limited(State((city, busy)): State<(City, Busy)>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut audited = Audited { city: city.clone(), caller: None, method, path, status: UNANSWERED };
    let response = admitted(&city, &busy, request, next, &mut audited).await;
    let response = response.unwrap_or_else(|fault| Problem(fault).into_response());
    audited.status = response.status().as_u16();
    if let Some(ActedAs(name)) = response.extensions().get() {
        audited.caller.get_or_insert_with(|| name.clone());
    }
    response
}

async fn admitted(
    city: &City,
    busy: &Busy,
    request: Request,
    next: Next,
    audited: &mut Audited,
) -> Result<Response, Fault> {
    let limits = city.settings.limits;
    if request.uri().query().is_some_and(|q| q.len() > limits.query_bytes) {
        return Err(Fault::new(Kind::UriTooLong, format!("the query string is over {} bytes", limits.query_bytes)));
    }
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path();
    let caller = Caller::of(&parts, city)?;
    if path != "/" && !OPEN.iter().any(|prefix| path.starts_with(prefix)) {
        caller.require_read()?;
    }
    audited.caller = caller.role.is_some().then(|| caller.name.clone());
    let slot = Arc::new(busy.enter(caller.share.clone(), limits.requests_per_caller, "requests")?);
    let said = parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    if !is_upload(&parts.method, path) && said.is_some_and(|bytes: usize| bytes > limits.body_bytes) {
        // Said beforehand, so refused beforehand: nothing of it is read.
        return Err(Fault::new(Kind::TooLarge, format!("the body is over {} bytes", limits.body_bytes)));
    }
    let open_ended = path.starts_with("/live") || is_upload(&parts.method, path);
    let deadline = Deadline::after(limits.seconds);
    // From here on the handler holds the slot, and with it the work that it may leave behind.
    parts.extensions.insert(Admitted { caller, slot, deadline });
    let answer = next.run(Request::from_parts(parts, body));
    if open_ended {
        return Ok(answer.await);
    }
    tokio::time::timeout(Duration::from_secs(limits.seconds), answer).await.map_err(|_| deadline.fault())
}

/// Whether a request brings a file, which has limits of its own for bytes and time.
fn is_upload(method: &Method, path: &str) -> bool {
    let attaches = path.starts_with("/assets/") && path.ends_with("/attachments") && *method == Method::POST;
    path.starts_with("/imports") || attaches
}

/// The status in the audit of a write whose sender hung up before there was an answer.
const UNANSWERED: u16 = 499;

/// A request on its way. When it ends a write is recorded, before its answer is sent: done, refused to a known caller, or given
/// up by its sender, for then too what it has begun goes on. What is refused to somebody without a key is only counted.
struct Audited {
    city: City,
    /// Who asks, once it is known; none without a key.
    caller: Option<String>,
    method: Method,
    path: String,
    status: u16,
}

impl Drop for Audited {
    /// A disk that takes no line is told in the log: the write itself has happened.
    fn drop(&mut self) {
        if self.method.is_safe() || ASKING.contains(&self.path.as_str()) {
            return;
        }
        let Self { city, caller, method, path, status } = self;
        if caller.is_none() && *status >= 400 {
            return city.audit.pass_over();
        }
        let caller = caller.as_deref().unwrap_or("anonymous");
        let act = Act { at: (city.clock)().0, caller, method: method.as_str(), path, status: *status };
        if let Err(fault) = city.audit.record(&act) {
            tracing::error!(%fault, "the audit could not be written");
        }
    }
}
