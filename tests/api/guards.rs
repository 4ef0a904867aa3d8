//! Who may and who may not: refused writes change nothing, guarded layers are not there, strangers are turned away.

use crate::support::{run, town};
use serde_json::json;
use std::io::{Read, Write};

#[test]
fn refused_writes_are_401_or_403_and_change_nothing() {
    let town = town(&[]);
    let before = town.server.get("/state/assets").1;
    let stream = town.server.get("/sta/v1.1/Datastreams?$top=1").1["value"][0]["@iot.id"].as_u64().unwrap();
    let path = format!("/sta/v1.1/Datastreams({stream})/Observations");
    let reading = json!({ "result": 1.0, "phenomenonTime": "2026-01-01T00:00:00Z" });
    assert_eq!(town.server.post(&path, None, &reading).0, 401);
    assert_eq!(town.server.post(&path, Some("cimbra_0000"), &reading).0, 401);
    assert_eq!(town.server.post(&path, Some(&town.viewer), &reading).0, 403);
    assert_eq!(town.server.post("/imports?name=x.geojson", Some(&town.operator), &json!({})).0, 403);
    assert_eq!(town.server.post("/rules", Some(&town.integrator), &json!({})).0, 403);
    assert_eq!(town.server.post("/alarms/1/acknowledge", None, &json!({})).0, 401);
    assert_eq!(town.server.post("/tickets", None, &json!({})).0, 401);
    assert_eq!(town.server.get("/state/assets").1, before, "nothing has changed");
    // A known caller's refusals are audited by its key; what is refused without one changes nothing and is only counted.
    let lines = || -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(town.store.join("audit.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let refused = lines();
    assert_eq!(refused.iter().map(|l| &l["status"]).collect::<Vec<_>>(), [403, 403, 403], "{refused:?}");
    assert!(refused.iter().all(|l| l["caller"].as_str().unwrap().starts_with("key ")), "{refused:?}");
    let long = format!("/{}", "x".repeat(20_000));
    for _ in 0..20 {
        assert_eq!(town.server.post(&long, None, &json!({})).0, 404);
    }
    assert_eq!(lines().len(), 3, "nobody fills the disk without a key");
    assert_eq!(town.server.post(&long, Some(&town.viewer), &json!({})).0, 404);
    assert!(lines()[3]["path"].as_str().unwrap().len() < 600);
    let bearer = format!("Bearer {}", town.viewer);
    let counts = String::from_utf8(town.server.get_bytes("/metrics", &[("Authorization", &bearer)]).2).unwrap();
    assert!(counts.contains("cimbra_writes_refused_without_key_total 24\n"), "{counts}");
    assert_eq!(town.server.post(&path, Some(&town.integrator), &reading).0, 201);
    assert_eq!(lines()[4]["status"], 201);
}

#[test]
fn cameras_are_not_there_without_a_key() {
    let town = town(&[]);
    let count = |key: Option<&str>| {
        let header = key.map(|k| format!("Bearer {k}"));
        let headers: Vec<_> = header.iter().map(|h| ("Authorization", h.as_str())).collect();
        let path = "/collections/assets/items?class=camera&limit=1";
        let (_, _, body) = town.server.get_bytes(path, &headers);
        serde_json::from_slice::<serde_json::Value>(&body).unwrap()["numberMatched"].as_u64().unwrap()
    };
    assert!(count(Some(&town.viewer)) > 0, "the town has cameras");
    assert_eq!(count(None), 0);
    assert_eq!(town.server.get("/collections/cameras/items").0, 401);
    assert_eq!(town.server.get("/state/cameras").0, 401);
    assert_eq!(town.server.get("/collections/cameras/3dtiles/tileset.json").0, 401);
    let found = town.server.get("/search?q=camera&limit=1000").1;
    assert!(found["features"].as_array().unwrap().iter().all(|f| f["properties"]["class"] != "camera"));
}

#[test]
fn another_host_name_and_another_origin_are_turned_away() {
    let town = town(&[]);
    assert_eq!(town.server.get_bytes("/collections", &[("Host", "evil.example")]).0, 400);
    assert_eq!(town.server.get_bytes("/collections", &[("Host", "localhost:1/evil?x=")]).0, 400);
    let (status, headers, _) = town.server.get_bytes("/collections", &[("Origin", "https://evil.example")]);
    assert_eq!(status, 200);
    assert!(!headers.contains_key("access-control-allow-origin"));
    let (_, headers, _) = town.server.get_bytes("/collections", &[("Origin", "http://localhost:3000")]);
    assert_eq!(headers["access-control-allow-origin"], "http://localhost:3000");
    assert_eq!(headers["x-content-type-options"], "nosniff");
}

#[test]
fn listening_beyond_loopback_needs_a_decision() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let output = run(&["serve", "--listen", "0.0.0.0:0", "--store", store.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("public_layers"));
}

#[test]
fn a_ticket_in_a_url_opens_no_session_and_a_session_makes_none_that_does() {
    let town = town(&[]);
    let key = Some(town.operator.as_str());
    let ticket = |path: &str, key| town.server.post(path, key, &json!({})).1["ticket"].clone();
    let plain = ticket("/tickets", key);
    assert_eq!(town.server.post("/session", None, &json!({ "ticket": plain })).0, 401);
    let opening = ticket("/tickets?opens=session", key);
    let stream = format!("/live?ticket={}", opening.as_str().unwrap());
    assert_eq!(town.server.get(&stream).0, 401, "it stands for nothing in a stream's URL");
    let (status, session) = town.server.post("/session", None, &json!({ "ticket": opening }));
    assert_eq!((status, &session["role"]), (201, &json!("operator")));
    assert_eq!(town.server.post("/session", None, &json!({ "ticket": opening })).0, 401, "once");
    let token = session["token"].as_str();
    // What is done with the session is told by the key that it goes back to.
    let rule = json!({ "id": "warm", "observedProperty": "temperature", "raiseAt": 30, "severity": "minor" });
    assert_eq!(town.server.post("/rules", key, &rule).0, 201);
    assert_eq!(town.server.post("/rules", token, &rule).0, 201);
    let audit = std::fs::read_to_string(town.store.join("audit.jsonl")).unwrap();
    let callers: Vec<String> = audit
        .lines()
        .filter(|l| l.contains("/rules") || l.contains("/session"))
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["caller"].as_str().unwrap().to_owned()
        })
        .collect();
    let id = callers[1].strip_prefix("key ").unwrap();
    assert_eq!(callers, [format!("ticket of {id}"), format!("key {id}"), format!("session of {id}")]);
    assert_eq!(town.server.post("/tickets", token, &json!({})).0, 201);
    assert_eq!(town.server.post("/tickets?opens=session", token, &json!({})).0, 403);
}

#[test]
fn limits_hold() {
    let town = town(&[]);
    let long = format!("/search?q={}", "x".repeat(9000));
    assert_eq!(town.server.get(&long).0, 414);
    // A body that says it is too long is refused before any of it is sent.
    let address = town.server.base.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "POST /session HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n", 5 << 20).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
    assert_eq!(town.server.get("/search?q=").0, 400);
}

#[test]
fn public_layers_are_collections_and_views_are_open_on_loopback() {
    let dir = tempfile::tempdir().unwrap();
    let (store, file) = (dir.path().join("store"), dir.path().join("cimbra.toml"));
    std::fs::write(&file, "public_layers = [\"devices\", \"bulidings\"]\n").unwrap();
    let output = run(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--store",
        store.to_str().unwrap(),
        "--config",
        file.to_str().unwrap(),
    ]);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(words.contains("'bulidings'") && words.contains("buildings, storeys"), "{words}");
    std::fs::write(&file, "public_layers = [\"buildings\"]\n").unwrap();
    let town = town(&["--config", file.to_str().unwrap()]);
    let status = town.server.get("/views?lookat=118.78,32.04,12&size=8x8").0;
    assert!([200, 503].contains(&status), "{status}");
}
