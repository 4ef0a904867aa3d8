//! What HTTP asks of every answer: problems as problems, methods named, conditional and cross-origin headers whole.

use crate::support::{Server, town};
use serde_json::{Value, json};
use std::io::{Read, Write};

/// Sends `text` as it is: the head and the body of what comes back.
fn raw(server: &Server, text: &str) -> (String, String) {
    let host = server.base.strip_prefix("http://").unwrap();
    let mut socket = std::net::TcpStream::connect(host).unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    socket.write_all(text.replace("HOST", host).as_bytes()).unwrap();
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

fn is_problem(headers: &ureq::http::HeaderMap, body: &[u8], status: u16) -> bool {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    headers["content-type"] == "application/problem+json" && problem["status"] == status
}

#[test]
fn every_error_is_a_problem_and_every_405_names_the_methods() {
    let town = town(&[]);
    for (path, status) in [
        ("/collections/%ff", 400),
        ("/collections/%ff/items", 400),
        ("/collections/buildings/items/%ff", 400),
        ("/portal/nofile", 404),
        ("/portal/%ff", 400),
        ("/sta/v1.1/%ff", 400),
        ("/nothing", 404),
        ("/sta/v1.1/CreateObservations", 405),
    ] {
        let (got, headers, body) = town.server.get_bytes(path, &[]);
        assert_eq!(got, status, "{path}: {}", String::from_utf8_lossy(&body));
        assert!(is_problem(&headers, &body, status), "{path}: {headers:?} {}", String::from_utf8_lossy(&body));
    }
    let key = format!("Authorization: Bearer {}", town.integrator);
    for (method, path, allowed) in [
        ("DELETE", "/collections", "get,head"),
        ("POST", "/alarms", "get,head"),
        ("GET", "/alarms/1/acknowledge", "post"),
        ("PUT", "/rules", "get,head,post"),
        ("GET", "/sta/v1.1/CreateObservations", "post"),
        ("POST", "/sta/v1.1/Things", "get,head"),
        ("POST", "/portal/", "get,head"),
    ] {
        let (head, body) =
            raw(&town.server, &format!("{method} {path} HTTP/1.1\r\nHost: HOST\r\n{key}\r\nConnection: close\r\n\r\n"));
        assert!(head.starts_with("http/1.1 405"), "{method} {path}: {head}");
        let allow = head.lines().find_map(|line| line.strip_prefix("allow: ")).unwrap_or_default();
        assert_eq!(allow.replace(' ', ""), allowed, "{method} {path}");
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["status"], 405, "{method} {path}");
    }
    assert_eq!(town.server.post("/sta/v1.1/Things", None, &json!({ "name": "x" })).0, 401);
    for codings in ["identity;q=0", "*;q=0", "deflate, identity;q=0.0"] {
        let (status, _, body) = town.server.get_bytes("/health/live", &[("Accept-Encoding", codings)]);
        assert_eq!(
            (status, serde_json::from_slice::<Value>(&body).unwrap()),
            (200, json!({ "status": "live" })),
            "{codings}"
        );
    }
    let (_, headers, _) = town.server.get_bytes("/collections", &[("Accept-Encoding", "gzip, identity;q=0")]);
    assert_eq!(headers["content-encoding"], "gzip");
}

#[test]
fn a_request_names_its_host_once() {
    let town = town(&[]);
    let head = |text: &str| raw(&town.server, text).0;
    assert!(head("GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n").starts_with("http/1.1 400"));
    assert!(
        head("GET /health/live HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\nConnection: close\r\n\r\n")
            .starts_with("http/1.1 400")
    );
    assert!(head("GET /health/live HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n").starts_with("http/1.1 200"));
    assert!(head("GET /health/live HTTP/1.0\r\n\r\n").contains(" 200"));
}

#[test]
fn conditional_answers_vary_as_the_first_and_lie_about_no_length() {
    let town = town(&[]);
    let path = "/collections";
    let (_, headers, whole) = town.server.get_bytes(path, &[]);
    let tag = headers["etag"].to_str().unwrap().to_owned();
    let vary = |head: &str| head.lines().find(|l| l.starts_with("vary: ")).map(str::to_owned);
    let ask = |method: &str, more: &str| {
        raw(&town.server, &format!("{method} {path} HTTP/1.1\r\nHost: HOST\r\n{more}Connection: close\r\n\r\n")).0
    };
    for coding in ["", "Accept-Encoding: gzip\r\n"] {
        let first = ask("GET", coding);
        assert!(vary(&first).unwrap().contains("accept-encoding"), "{first}");
        let same = ask("GET", &format!("{coding}If-None-Match: {tag}\r\n"));
        assert!(same.starts_with("http/1.1 304") && !same.contains("content-length"), "{same}");
        assert_eq!(vary(&same), vary(&first));
        let head = ask("HEAD", coding);
        let length = head.lines().find_map(|l| l.strip_prefix("content-length: "));
        let right = if coding.is_empty() { Some(whole.len().to_string()) } else { None };
        assert!(length.is_none() || length.map(str::to_owned) == right, "{head}");
        assert_eq!(vary(&head), vary(&first));
    }
    let preflight = ask("OPTIONS", "Origin: http://localhost:3000\r\nAccess-Control-Request-Method: POST\r\n");
    assert!(preflight.contains("access-control-max-age: "), "{preflight}");
    let exposed = ask("GET", "Origin: http://localhost:3000\r\n");
    let exposed = exposed.lines().find(|l| l.starts_with("access-control-expose-headers")).unwrap().to_owned();
    assert!(exposed.contains("location") && exposed.contains("retry-after"), "{exposed}");
}
