//! The router and what every request passes through: host, origin, limits, headers, panics, compression.

use super::ask::Admitted;
use super::busy::Busy;
use super::caller::Caller;
use super::problem::Problem;
use super::routes;
use super::state::City;
use super::work::Deadline;
use crate::fault::{Fault, Kind};
use crate::store::Act;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
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
async fn guarded(State(city): State<City>, request: Request, next: Next) -> Response {
    let settings = city.settings.clone();
    let text =
        |name: HeaderName, headers: &HeaderMap| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let host = text(header::HOST, request.headers()).or_else(|| request.uri().host().map(str::to_owned));
    let host_known = host.as_deref().is_none_or(|h| is_known_host(h, &settings.hosts));
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
            Fault::bad_input("this server does not answer to that host name")
                .about("Host")
                .remedy("name the host in the configuration's 'hosts'"),
        )
        .into_response()
    } else if preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cimbra-revision", HeaderValue::from(city.store.revision()));
    headers.append(header::VARY, HeaderValue::from_static("Origin, Authorization, X-API-Key"));
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
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag, Link, Cimbra-Revision"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, OPTIONS"));
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("Authorization, X-API-Key, Content-Type, If-None-Match, Last-Event-ID"),
        );
    }
    response
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

/// Enforces the limits on query length, requests at once and time, and the right to read; writes are audited.
async fn limited(State((city, busy)): State<(City, Busy)>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut audited = Audited { city: city.clone(), caller: "unknown".to_owned(), method, path, status: UNANSWERED };
    let response = admitted(&city, &busy, request, next, &mut audited).await;
    let response = response.unwrap_or_else(|fault| Problem(fault).into_response());
    audited.status = response.status().as_u16();
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
    audited.caller.clone_from(&caller.name);
    let slot = Arc::new(busy.enter(caller.share.clone(), limits.requests_per_caller, "requests")?);
    let said = parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    if !path.starts_with("/imports") && said.is_some_and(|bytes: usize| bytes > limits.body_bytes) {
        // Said beforehand, so refused beforehand: nothing of it is read.
        return Err(Fault::new(Kind::TooLarge, format!("the body is over {} bytes", limits.body_bytes)));
    }
    let open_ended = path.starts_with("/live") || path.starts_with("/imports");
    let deadline = Deadline::after(limits.seconds);
    // From here on the handler holds the slot, and with it the work that it may leave behind.
    parts.extensions.insert(Admitted { caller, slot, deadline });
    let answer = next.run(Request::from_parts(parts, body));
    if open_ended {
        return Ok(answer.await);
    }
    tokio::time::timeout(Duration::from_secs(limits.seconds), answer).await.map_err(|_| deadline.fault())
}

/// The status in the audit of a write whose sender hung up before there was an answer.
const UNANSWERED: u16 = 499;

/// A request on its way. When it ends a write is recorded: done, refused, or given up by its sender, for then too what it has
/// begun goes on.
struct Audited {
    city: City,
    caller: String,
    method: Method,
    path: String,
    status: u16,
}

impl Drop for Audited {
    /// A disk that takes no line is told in the log: the write itself has happened.
    fn drop(&mut self) {
        if self.method.is_safe() {
            return;
        }
        let Self { city, caller, method, path, status } = self;
        let act = Act { at: (city.clock)().0, caller, method: method.as_str(), path, status: *status };
        if let Err(fault) = city.audit.record(&act) {
            tracing::error!(%fault, "the audit could not be written");
        }
    }
}
