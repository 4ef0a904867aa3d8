//! Faults as `application/problem+json` (RFC 9457): the one place where a kind becomes a status.

use crate::fault::{Fault, Kind};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A fault on its way out of a handler.
#[derive(Debug, Clone)]
pub struct Problem(pub Fault);

/// What a handler returns.
pub type Answer<T = Response> = Result<T, Problem>;

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

/// The HTTP status and the title of a kind of fault.
pub const fn status(kind: Kind) -> (StatusCode, &'static str, &'static str) {
    match kind {
        Kind::BadInput => (StatusCode::BAD_REQUEST, "bad-input", "The request does not hold"),
        Kind::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized", "A key is needed"),
        Kind::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "This key may not do that"),
        Kind::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
        Kind::Conflict => (StatusCode::CONFLICT, "conflict", "It contradicts what is stored"),
        Kind::MethodNotAllowed => {
            (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "It does not take this method")
        }
        Kind::UriTooLong => (StatusCode::URI_TOO_LONG, "uri-too-long", "The address is over a limit"),
        Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "It is over a limit"),
        Kind::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many at once"),
        Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "It cannot be served just now"),
        Kind::Corrupt | Kind::Io | Kind::Internal => {
            (StatusCode::INTERNAL_SERVER_ERROR, "internal", "The server failed")
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(fault) = self;
        let (status, ..) = status(fault.kind);
        let named = fault.subject.clone().filter(|_| status.is_client_error());
        let errors: Vec<_> = named.map(|name| (name, fault.detail.clone())).into_iter().collect();
        response(&fault, &errors, None)
    }
}

/// A fault as an answer that names these parameters, each with the reason; `report` becomes a member of that name.
pub fn response(fault: &Fault, errors: &[(String, String)], report: Option<Value>) -> Response {
    let (status, slug, title) = status(fault.kind);
    // What failed inside is for the log: paths and library words are not the caller's business.
    let detail = if status.is_server_error() && fault.kind != Kind::Unavailable {
        tracing::error!(%fault, "request failed");
        "the server could not answer; its log says why".to_owned()
    } else {
        Fault { subject: None, ..fault.clone() }.to_string()
    };
    let mut body = json!({
        "type": format!("urn:cimbra:problem:{slug}"), "title": title, "status": status.as_u16(), "detail": detail,
    });
    if !errors.is_empty() {
        body["errors"] = errors.iter().map(|(name, reason)| json!({ "name": name, "reason": reason })).collect();
    }
    if let Some(report) = report {
        body["report"] = report;
    }
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"cimbra\""));
    }
    if matches!(fault.kind, Kind::Unavailable | Kind::TooMany) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}
