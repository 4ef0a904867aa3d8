//! What a caller may not see is absent: from alarms and state, from lists, extents, paths and links, and from what numbers tell.

use super::served::{House, Stream, datastream};
use super::{asset, put};
use crate::support::Server;
use cimbra::geom::Bounds;
use cimbra::model::{Asset, Class, DatasetName, SiteCode};
use cimbra::store::{Dataset, Store};
use cimbra::units::{Geodetic, Instant};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ROOM: &str = "B-12A-厨";

/// [`House`] with one detector, and a camera that smells smoke in the same room.
fn house() -> House {
    let house = House::new(1);
    let store = Store::open(&house.store()).unwrap();
    put(&store, "eyes", vec![asset("CAM-0", Class::Camera, Some(ROOM), "smoke:m-1")]);
    house
}

/// What `path` answers without a key or with one.
fn ask(server: &Server, path: &str, key: Option<&str>) -> (u16, Value) {
    let bearer = key.map(|key| format!("Bearer {key}"));
    let headers: Vec<_> = bearer.iter().map(|b| ("Authorization", b.as_str())).collect();
    let (status, _, body) = server.get_bytes(path, &headers);
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn escaped(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

/// Sends readings of one datastream, one second after the other.
struct Sender<'a> {
    server: &'a Server,
    key: &'a str,
    seconds: u32,
}

impl Sender<'_> {
    fn send(&mut self, datastream: u64, result: f64) {
        self.seconds += 1;
        let time = format!("2026-01-01T00:{:02}:{:02}Z", self.seconds / 60, self.seconds % 60);
        let body = json!({ "result": result, "phenomenonTime": time });
        let path = format!("/sta/v1.1/Datastreams({datastream})/Observations");
        assert_eq!(self.server.post(&path, Some(self.key), &body).0, 201);
    }
}

/// The datastream of the camera, which is not there without a key.
fn camera_stream(server: &Server, key: &str) -> u64 {
    let things = ask(server, "/sta/v1.1/Things", Some(key)).1;
    let camera = things["value"].as_array().unwrap().iter().find(|t| t["properties"]["device"] == "CAM-0").unwrap();
    let link = camera["Datastreams@iot.navigationLink"].as_str().unwrap().strip_prefix(&server.base).unwrap();
    ask(server, link, Some(key)).1["value"][0]["@iot.id"].as_u64().unwrap()
}

#[test]
fn a_guarded_alarm_hides_no_lesser_one_and_leaves_no_trace() {
    let house = house();
    let (server, key) = (house.serve(&[]), Some(house.operator.as_str()));
    let mut sender = Sender { server: &server, key: &house.integrator, seconds: 0 };
    let (smoke, heat) = (camera_stream(&server, &house.operator), datastream(&server, "SD-0", "temperature"));
    let features =
        |query: &str, key: Option<&str>| ask(&server, &format!("/state/assets{query}"), key).1["features"].clone();
    let now = || ask(&server, "/state/assets", None).1["seq"].as_u64().unwrap();
    let severity = |key| -> Vec<Value> {
        let item = ask(&server, "/collections/buildings/items/B", key).1["properties"]["alarm"]["severity"].clone();
        vec![features("", key)["B"]["alarm"]["severity"].clone(), item]
    };
    let none = [Value::Null, Value::Null];

    let begun = now();
    sender.send(smoke, 0.5);
    assert_eq!(severity(key), ["critical", "critical"]);
    assert_eq!(severity(None), none);
    assert_eq!(features("", None), json!({}));
    assert_eq!(features(&format!("?since={begun}"), None), json!({}), "nothing that may be known has changed");
    assert_eq!(features(&format!("?since={begun}"), key)["B"]["alarm"]["severity"], "critical");

    sender.send(heat, 70.0);
    assert_eq!(severity(key), ["critical", "critical"]);
    assert_eq!(severity(None), ["major", "major"], "the worst of those that may be known");
    assert_eq!(features(&format!("?since={begun}"), None)[ROOM]["alarm"]["severity"], "major");
    let mut stream = Stream::open(&server, "", None);
    let snapshot = stream.next();
    assert_eq!(snapshot["features"]["B"]["alarm"]["severity"], "major");
    let begun_alarms = stream.last.split_once('.').unwrap().1.to_owned();

    // The guarded alarm goes and comes again: nothing of it is told, neither by an asset nor by a null.
    let begun = now();
    sender.send(smoke, 0.0);
    assert_eq!(features(&format!("?since={begun}"), None), json!({}));
    assert_eq!(features(&format!("?since={begun}"), key)["B"]["alarm"]["severity"], "major");
    sender.send(smoke, 0.5);
    assert_eq!(features(&format!("?since={begun}"), None), json!({}));

    // Nor by the ids of the stream: they name the last alarm that was sent.
    sender.send(heat, 70.5);
    assert_eq!(stream.next()["type"], "state");
    assert_eq!(stream.last.split_once('.').unwrap().1, begun_alarms);

    // The lesser alarm is over: that is told, although the other is not.
    sender.send(heat, 20.0);
    assert_eq!(stream.next_of("alarm")["alarm"]["state"], "cleared");
    assert_eq!(features(&format!("?since={begun}"), None)["B"], json!({ "alarm": null }));
    assert_eq!(severity(None), none);
    assert_eq!(severity(key), ["critical", "critical"]);
}

fn placed(id: &str, class: Class, lon: f64, layer: &str) -> Asset {
    let mut asset = asset(id, class, None, "");
    asset.bounds = Bounds::of([[lon, 32.04, 12.0], [lon + 0.001, 32.041, 15.0]]);
    asset.layer = Some(layer.into());
    asset
}

/// Serves `house` with this configuration.
pub fn configured(house: &House, text: &str) -> Server {
    let file = house.dir.path().join("cimbra.toml");
    std::fs::write(&file, text).unwrap();
    house.serve(&["--config", file.to_str().unwrap()])
}

/// A house of which only the devices are open, beside a site of which nothing is.
fn closed() -> (House, Server) {
    let house = house();
    let store = Store::open(&house.store()).unwrap();
    put(
        &store,
        "places",
        vec![
            placed("P", Class::ParkingBay, 118.80, "open"),
            placed("W", Class::Component, 118.70, "closed"),
            placed("CAM-1", Class::Camera, 118.90, "closed"),
        ],
    );
    let other = SiteCode::new("320106003002").unwrap();
    let site = store.create_site(&other, Geodetic::new(118.70, 32.04, 12.0), Instant(0)).unwrap();
    let (name, title, crs) = (DatasetName::new("elsewhere").unwrap(), "elsewhere.csv".into(), "EPSG:4979".into());
    let mut draft = site
        .draft(Dataset {
            name,
            title,
            crs,
            source: None,
            imported: Instant(0),
            layers: vec![],
            entry: Default::default(),
        })
        .unwrap();
    draft.put(placed("E", Class::Building, 118.60, "closed")).unwrap();
    draft.commit(Instant(0)).unwrap();
    drop((site, store));
    let server = configured(&house, "public_layers = [\"devices\"]");
    (house, server)
}

#[test]
fn metrics_on_loopback_count_what_the_caller_may_read() {
    let house = house();
    let server = Server::start(&house.store(), &[]);
    let camera = camera_stream(&server, &house.operator);
    let mut sender = Sender { server: &server, key: &house.integrator, seconds: 0 };
    sender.send(camera, 0.9);
    let text = |key: Option<&str>| {
        let bearer = key.map(|key| format!("Bearer {key}"));
        let headers: Vec<_> = bearer.iter().map(|b| ("Authorization", b.as_str())).collect();
        let (status, _, body) = server.get_bytes("/metrics", &headers);
        assert_eq!(status, 200);
        String::from_utf8(body).unwrap()
    };
    let (open, all) = (text(None), text(Some(&house.operator)));
    for (name, readable, whole) in [("things", 1, 2), ("alarms_active", 0, 1), ("observations_total", 0, 1)] {
        assert!(open.contains(&format!("\ncimbra_{name} {readable}\n")), "{open}");
        assert!(all.contains(&format!("\ncimbra_{name} {whole}\n")), "{all}");
    }
    assert!(all.contains("cimbra_readings_stored_total 1\n") && !open.contains("readings_"), "{open}");
}

#[test]
fn a_closed_layer_is_in_no_list_and_no_extent() {
    let (house, server) = closed();
    let key = Some(house.operator.as_str());
    let ids = |key| -> BTreeSet<String> {
        let list = ask(&server, "/collections", key).1["collections"].clone();
        list.as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect()
    };
    let open = ["assets", "devices", "panels", "places", "places.open"].map(str::to_owned);
    assert_eq!(ids(None), open.into_iter().collect());
    let all = ids(key);
    assert!(
        ["eyes", "places.closed", "elsewhere", "cameras", "buildings"].iter().all(|id| all.contains(*id)),
        "{all:?}"
    );
    for (path, status) in
        [("eyes", 404), ("places.closed", 404), ("elsewhere", 404), ("buildings", 401), ("places", 200)]
    {
        for rest in ["", "/items", "/3dtiles/tileset.json"] {
            assert_eq!(ask(&server, &format!("/collections/{path}{rest}"), None).0, status, "{path}{rest}");
            assert_eq!(ask(&server, &format!("/collections/{path}{rest}"), key).0, 200, "{path}{rest}");
        }
    }
    let extent =
        |path: &str, key| ask(&server, &format!("/collections/{path}"), key).1["extent"]["spatial"]["bbox"][0].clone();
    let bay = json!([118.80, 32.04, 12.0, 118.801, 32.041, 15.0]);
    for path in ["assets", "devices", "places", "places.open"] {
        assert_eq!(extent(path, None), bay, "{path}");
    }
    assert_eq!(extent("devices", key), bay);
    assert_eq!(extent("assets", key), json!([118.60, 32.04, 12.0, 118.90 + 0.001, 32.041, 15.0]));
    assert_eq!(extent("places", key), json!([118.70, 32.04, 12.0, 118.90 + 0.001, 32.041, 15.0]));
    assert_eq!(ask(&server, "/collections/places.closed", key).1["title"], "closed", "a layer's title is its own name");
    // A site of which nothing may be seen is not there.
    let sites = |key| ask(&server, "/3dtiles/tileset.json", key).1["root"]["children"].as_array().unwrap().len();
    assert_eq!((sites(None), sites(key)), (1, 2));
    assert_eq!(ask(&server, "/3dtiles/320106003002/tileset.json", None).0, 404);
    assert_eq!(ask(&server, "/3dtiles/320106003002/tileset.json", key).0, 200);
    assert!(!ask(&server, "/health/ready", None).1.as_object().unwrap().contains_key("sites"));
    assert_eq!((ask(&server, "/metrics", None).0, ask(&server, "/metrics", key).0), (401, 200));
}

#[test]
fn a_closed_layer_is_in_no_path_no_link_and_no_alarm() {
    let (house, server) = closed();
    let key = Some(house.operator.as_str());
    let device = |key| ask(&server, "/collections/devices/items/SD-0", key).1["properties"]["parent"].clone();
    assert_eq!((device(None), device(key)), (Value::Null, json!(ROOM)));
    let children = |key| {
        let path = format!("/collections/devices/items?parent={}", escaped(ROOM));
        ask(&server, &path, key).1["numberMatched"].clone()
    };
    assert_eq!((children(None), children(key)), (json!(0), json!(1)));
    let path =
        |key| ask(&server, "/search?q=SD-0", key).1["features"][0]["properties"]["path"].as_array().unwrap().len();
    assert_eq!((path(None), path(key)), (0, 3));

    let mut stream = Stream::open(&server, "", None);
    assert_eq!(stream.next()["type"], "snapshot");
    let mut sender = Sender { server: &server, key: &house.integrator, seconds: 0 };
    sender.send(datastream(&server, "SD-0", "smoke"), 0.9);
    let event = stream.next_of("alarm");
    assert_eq!(event["context"], json!({ "ancestors": [], "path": [] }));
    assert_eq!(event["alarm"]["asset"], "SD-0", "the device stands in for the room");
    let listed = |key| ask(&server, "/alarms", key).1["alarms"][0].clone();
    assert_eq!((&listed(None)["asset"], &listed(key)["asset"]), (&json!("SD-0"), &json!(ROOM)));
    let one = format!("/alarms/{}", listed(None)["id"]);
    assert_eq!(ask(&server, &one, None).1["asset"], "SD-0");
    assert_eq!(
        ask(&server, "/state/assets", None).1["features"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["SD-0"]
    );

    let rule =
        json!({ "id": "seen", "observedProperty": "smoke", "class": "camera", "raiseAt": 9, "severity": "minor" });
    assert_eq!(server.post("/rules", key, &rule).0, 201);
    assert_eq!((ask(&server, "/rules/seen", None).0, ask(&server, "/rules/seen", key).0), (404, 200));
    let rules = |key| ask(&server, "/rules", key).1["rules"].as_array().unwrap().len();
    assert_eq!(rules(None) + 1, rules(key));
}
