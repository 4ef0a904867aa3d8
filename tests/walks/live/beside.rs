//! What is live beside the tiles: state as bytes, read back by a reader of the document alone; styles and CZML of what is in alarm;
//! and nothing of it that the caller may not see.

use super::served::{House, datastream};
use super::{asset, put};
use crate::support::{Server, town};
use cimbra::model::Class;
use cimbra::store::Store;
use cimbra::units::Instant;
use serde_json::{Map, Value, json};

/// Bytes as `docs/live-tiles.md` has them.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(n);
        self.0 = rest;
        taken
    }
    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }
    fn varint(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return number;
            }
        }
    }
    fn zigzag(&mut self) -> i64 {
        let number = self.varint() as i64;
        if number & 1 == 0 { number >> 1 & i64::MAX } else { -(number >> 1 & i64::MAX) - 1 }
    }
    fn text(&mut self) -> &'a [u8] {
        let length = self.varint() as usize;
        self.take(length)
    }
}

/// The same as the JSON form says, from the binary one.
fn read(body: &[u8]) -> Value {
    let mut bytes = Bytes(body);
    assert_eq!(bytes.take(5), b"CLST\x01");
    let delta = bytes.byte() == 1;
    assert_eq!(bytes.take(2), [0, 0]);
    let seq = u64::from_le_bytes(bytes.take(8).try_into().unwrap());
    let [properties, count] = [0; 2].map(|_: u8| u32::from_le_bytes(bytes.take(4).try_into().unwrap()));
    let word = |text: &[u8]| String::from_utf8(text.to_vec()).unwrap();
    let properties: Vec<_> = (0..properties).map(|_| [word(bytes.text()), word(bytes.text())]).collect();
    let (mut features, mut id, mut time) = (Map::new(), Vec::new(), 0);
    for _ in 0..count {
        id.truncate(bytes.varint() as usize);
        id.extend(bytes.text());
        let mut one = Map::new();
        match bytes.byte() {
            0 if delta => drop(one.insert("alarm".to_owned(), Value::Null)),
            0 => {}
            severity => {
                let state = ["raised", "updated", "acknowledged", "cleared"][bytes.byte() as usize];
                let severity = ["warning", "minor", "major", "critical"][severity as usize - 1];
                one.insert("alarm".to_owned(), json!({ "id": bytes.varint(), "severity": severity, "state": state }));
            }
        }
        for _ in 0..bytes.varint() {
            let head = bytes.varint();
            let value = match head & 3 {
                0 => f64::from(f32::from_le_bytes(bytes.take(4).try_into().unwrap())),
                1 => f64::from_le_bytes(bytes.take(8).try_into().unwrap()),
                _ => bytes.zigzag() as f64 / 1000.0,
            };
            if head & 4 == 0 {
                time += bytes.zigzag();
            }
            let [property, unit] = &properties[(head >> 3) as usize];
            let value = json!({ "value": value, "unit": unit, "time": Instant(time).to_string() });
            one.insert(property.clone(), value);
        }
        assert!(features.insert(word(&id), Value::Object(one)).is_none(), "an id twice");
    }
    assert!(bytes.0.is_empty(), "nothing stands behind the features");
    json!({ "seq": seq, "features": features })
}

fn asked(server: &Server, path: &str, key: Option<&str>, accept: &str) -> (String, Vec<u8>) {
    let bearer = key.map(|key| format!("Bearer {key}"));
    let mut headers = vec![("Accept", accept)];
    headers.extend(bearer.iter().map(|b| ("Authorization", b.as_str())));
    let (status, headers, body) = server.get_bytes(path, &headers);
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    assert!(headers["vary"].to_str().unwrap().contains("Accept,"), "{path}");
    (headers["content-type"].to_str().unwrap().to_owned(), body)
}

/// The state in both forms, which must say the same; gives it.
fn both(server: &Server, path: &str, key: Option<&str>) -> Value {
    let (media, body) = asked(server, path, key, "application/octet-stream");
    assert_eq!(media, "application/octet-stream");
    let (media, text) = asked(server, path, key, "application/json, application/octet-stream");
    assert_eq!(media, "application/json");
    let (binary, json) = (read(&body), serde_json::from_slice::<Value>(&text).unwrap());
    assert_eq!(binary, json, "{path}");
    json
}

fn send(house: &House, server: &Server, device: &str, seconds: u32, result: f64) {
    let streams = asked(server, "/sta/v1.1/Things?$top=100", Some(&house.operator), "*/*").1;
    let things: Value = serde_json::from_slice(&streams).unwrap();
    let thing = things["value"].as_array().unwrap().iter().find(|t| t["properties"]["device"] == device).unwrap();
    let link = thing["Datastreams@iot.navigationLink"].as_str().unwrap().strip_prefix(&server.base).unwrap();
    let found: Value = serde_json::from_slice(&asked(server, link, Some(&house.operator), "*/*").1).unwrap();
    let smoke = found["value"].as_array().unwrap().iter().find(|d| d["properties"]["observedProperty"] == "smoke");
    let path = format!("/sta/v1.1/Datastreams({})/Observations", smoke.unwrap()["@iot.id"]);
    let body =
        json!({ "result": result, "phenomenonTime": format!("2026-01-01T00:00:{seconds:02}.{:03}Z", seconds * 7) });
    assert_eq!(server.post(&path, Some(&house.integrator), &body).0, 201);
}

#[test]
fn bytes_say_what_json_says_whole_and_in_deltas_and_to_whom_it_may_be_said() {
    let house = House::new(3);
    put(&Store::open(&house.store()).unwrap(), "eyes", vec![asset("CAM-0", Class::Camera, None, "smoke:m-1")]);
    let server = house.serve(&[]);
    let key = Some(house.operator.as_str());
    let empty = both(&server, "/state/assets", None);
    assert_eq!(empty["features"], json!({}));
    for (seconds, device, result) in [(1, "SD-0", 0.012), (2, "SD-1", 0.9), (3, "SD-2", 0.1 + 0.2), (4, "CAM-0", 0.8)] {
        send(&house, &server, device, seconds, result);
    }
    let open = both(&server, "/state/assets", None);
    assert_eq!(open["features"]["SD-1"]["alarm"]["severity"], "critical");
    assert_eq!(open["features"]["SD-2"]["smoke"]["value"], json!(0.1 + 0.2), "no digit is lost");
    assert!(open["features"]["CAM-0"].is_null() && open["seq"].as_u64() > empty["seq"].as_u64());
    assert_eq!(both(&server, "/state/assets", key)["features"]["CAM-0"]["alarm"]["severity"], "critical");
    assert!(both(&server, "/state/devices", key)["features"]["CAM-0"].is_null(), "of another collection");
    let (status, ..) = server.get_bytes("/state/cameras?f=bin", &[]);
    assert_eq!(status, 401);
    // What changed since, and nothing else; an alarm that is over is said to be.
    let since = format!("/state/assets?since={}", open["seq"]);
    assert_eq!(both(&server, &since, None)["features"], json!({}));
    send(&house, &server, "SD-1", 5, 0.0);
    let delta = both(&server, &since, None);
    let features = delta["features"].as_object().unwrap();
    assert_eq!((&features["SD-1"]["alarm"], features.contains_key("SD-0")), (&Value::Null, false), "{delta}");
    send(&house, &server, "CAM-0", 6, 0.0);
    let unseen = both(&server, &format!("/state/assets?since={}", delta["seq"]), None);
    assert_eq!(unseen["features"], json!({}), "a guarded alarm leaves no trace");
    // `f` wins over `Accept`, and an entity tag holds for bytes as well.
    assert_eq!(asked(&server, "/state/assets?f=json", None, "application/octet-stream").0, "application/json");
    let (_, headers, body) = server.get_bytes("/state/assets?f=bin", &[("Accept", "application/json")]);
    assert_eq!(read(&body), both(&server, "/state/assets", None));
    let again = [("If-None-Match", headers["etag"].to_str().unwrap())];
    assert_eq!(server.get_bytes("/state/assets?f=bin", &again).0, 304);
    assert_eq!(server.get("/state/assets?f=xml").0, 400);
}

#[test]
fn bytes_are_a_fraction_of_json() {
    let town = town(&[]);
    let files = town.files.to_str().unwrap();
    let sent = crate::support::run(&[
        "simulate",
        "--community",
        files,
        "--rate",
        "2000",
        "--seconds",
        "2",
        "--seed",
        "3",
        "--url",
        &town.server.base,
        "--key",
        &town.integrator,
    ]);
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let state = both(&town.server, "/state/assets", None);
    let size = |accept: &str| asked(&town.server, "/state/assets", None, accept).1.len();
    let (binary, text) = (size("application/octet-stream"), size("application/json"));
    let count = state["features"].as_object().unwrap().len();
    eprintln!("state of {count} features: {binary} bytes, {text} as JSON");
    assert!(count > 50 && binary * 6 < text, "{count} features: {binary} of {text}");
}

#[test]
fn styles_and_czml_show_alarms_to_whom_they_may_be_shown() {
    let town = town(&[]);
    let server = &town.server;
    let page = server.get("/collections/devices/items?class=smoke_detector&limit=1").1;
    let device = page["features"][0]["id"].as_str().unwrap();
    let items = server.get("/collections/devices/items?limit=10000&skipGeometry=true").1;
    let placed = items["features"].as_array().unwrap().iter().filter(|f| f["bbox"].is_array()).count();
    let packets = |path: &str| server.get(path).1.as_array().unwrap().clone();
    let before = packets("/live.czml");
    assert_eq!((&before[0]["id"], &before[0]["version"]), (&json!("document"), &json!("1.0")));
    assert_eq!(before.len(), placed + 1, "every device that has a place");
    let quiet = server.get("/styles/alarms.json").1["color"]["conditions"].as_array().unwrap().len();
    assert_eq!(quiet, 1);
    let stream = datastream(server, device, "smoke");
    let path = format!("/sta/v1.1/Datastreams({stream})/Observations");
    assert_eq!(server.post(&path, Some(&town.integrator), &json!({ "result": 0.9 })).0, 201);
    let first = packets("/live.czml?limit=1")[1].clone();
    assert_eq!((&first["id"], &first["properties"]["severity"]), (&json!(device), &json!("critical")));
    assert_eq!(first["point"]["color"]["rgba"], json!([255, 45, 32, 255]));
    assert_eq!(first["properties"]["state.smoke"], 0.9);
    let (_, headers, _) = server.get_bytes("/live.czml?limit=1", &[]);
    assert_eq!(headers["cimbra-left-out"], (placed - 1).to_string().as_str());
    let style = server.get("/styles/alarms.json").1.to_string();
    assert!(style.contains("color('#ff2d20'") && style.contains(device), "{style}");
    // Guarded: neither a camera nor its alarm.
    assert_eq!(server.get("/live.czml?collection=cameras").0, 401);
    let cameras = asked(server, "/live.czml?collection=cameras", Some(&town.viewer), "*/*").1;
    assert!(serde_json::from_slice::<Value>(&cameras).unwrap().as_array().unwrap().len() > 1);
    let shown = packets("/live.czml?collection=assets");
    assert!(!shown.iter().any(|packet| packet["properties"]["class"] == "camera"));
    assert!(shown.iter().any(|packet| packet["properties"]["class"] == "building"));
    // What is refused names the parameter.
    for (path, name) in [
        ("/styles/ramp.json?property=height&min=3", "max"),
        ("/styles/ramp.json?property=height&min=3&max=3", "max"),
        ("/styles/ramp.json?min=3&max=4", "property"),
        ("/styles/class.json?min=3", "min"),
        ("/live.czml?bbox=1,2", "bbox"),
    ] {
        let (status, problem) = server.get(path);
        assert_eq!((status, &problem["errors"][0]["name"]), (400, &json!(name)), "{path}: {problem}");
    }
    assert_eq!(server.get("/styles/none.json").0, 404);
    for style in server.get("/styles").1["styles"].as_array().unwrap() {
        let href = style["links"][0]["href"].as_str().unwrap().strip_prefix(&server.base).unwrap().to_owned();
        let href = href.replace("{property}", "height").replace("{min}", "0").replace("{max}", "50");
        assert!(server.get(&href).1["color"]["conditions"].is_array(), "{href}");
    }
}
