//! An exporter renews all ids: devices keep readings, datastreams, open alarms and the name by which they send, and where two
//! may be one of old nothing is guessed.

use super::served::{Broker, House, Stream, all, datastream, until};
use crate::support::{Server, run};
use cimbra::model::Collections;
use cimbra::store::{Named, Store};
use serde_json::{Value, json};

/// A house with a room and devices in it; every id with `mark` behind it. The two lamps stand in one place and differ by name
/// only, the twins not even so.
fn house(mark: &str, devices: &[(&str, &str, f64)]) -> String {
    let square = |size: f64| {
        let ring: Vec<Value> = [(0.0, 0.0), (size, 0.0), (size, size), (0.0, size), (0.0, 0.0)]
            .map(|(dx, dy)| json!([118.78 + dx, 32.04 + dy]))
            .to_vec();
        json!({ "type": "Polygon", "coordinates": [ring] })
    };
    let feature = |properties: Value, geometry: Value| json!({ "type": "Feature", "properties": properties, "geometry": geometry });
    let body = |id: &str, class: &str, parent: Option<&str>, size: f64| {
        let parent = parent.map(|parent| format!("{parent}{mark}"));
        let properties =
            json!({ "id": format!("{id}{mark}"), "class": class, "parent": parent, "base_height": 20, "height": 3 });
        feature(properties, square(size))
    };
    let device = |(id, name, x): &(&str, &str, f64)| {
        let properties = json!({ "id": format!("{id}{mark}"), "name": name, "class": "smoke_detector",
            "parent": format!("room{mark}"), "datastreams": "smoke:m-1;temperature:Cel" });
        feature(properties, json!({ "type": "Point", "coordinates": [118.78 + x * 1e-5, 32.04 + 1e-5, 22.5] }))
    };
    let fixed = [body("house", "building", None, 2e-4), body("room", "space", Some("house"), 1e-4)];
    let all: Vec<Value> = fixed.into_iter().chain(devices.iter().map(device)).collect();
    json!({ "type": "FeatureCollection", "features": all }).to_string()
}

fn import(server: &Server, key: &str, body: &str) -> Value {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let query = "name=panels.geojson&site=320106003002&origin=118.78,32.04,12&height-offset=0";
    let mut answer =
        agent.post(format!("{}/imports?{query}", server.base)).header("X-API-Key", key).send(body).unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    assert_eq!(answer.status().as_u16(), 201, "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    report["report"]["files"].get(0).or(report["files"].get(0)).cloned().unwrap_or(report)
}

const DEVICES: &[(&str, &str, f64)] = &[
    ("SD-fire", "烟感 1", 1.0),
    ("lamp-a", "left", 3.0),
    ("lamp-b", "right", 3.0),
    ("twin-a", "twin", 5.0),
    ("twin-b", "twin", 5.0),
    ("SD-goes", "烟感 2", 7.0),
];

#[test]
fn a_device_whose_id_was_renewed_keeps_its_history_its_alarm_and_its_sender() {
    let (broker, house_of) = (Broker::start(), House::new(1));
    let mut server = house_of.serve(&["--mqtt", &broker.url()]);
    let key = house_of.integrator.clone();
    import(&server, &key, &house("", DEVICES));
    let at = |s: u32| format!("2026-01-01T02:13:{s:02}Z");
    let until_state = |server: &Server, device: &str, value: f64| {
        until(device, || server.get("/state/assets").1["features"][device]["smoke"]["value"] == value);
    };
    for (i, (device, ..)) in DEVICES.iter().enumerate() {
        broker.send(device, "smoke", &at(1), 0.001 * (i + 1) as f64);
        until_state(&server, device, 0.001 * (i + 1) as f64);
    }
    broker.send("SD-fire", "smoke", &at(2), 0.3);
    until_state(&server, "SD-fire", 0.3);
    let stream = datastream(&server, "SD-fire", "smoke");
    let alarm = server.get("/alarms").1["alarms"][0].clone();
    assert_eq!((&alarm["device"], &alarm["asset"]), (&json!("SD-fire"), &json!("room")));
    let mut events = Stream::open(&server, "", None);
    assert_eq!(events.next()["type"], "snapshot");

    let attach = |id: &str| {
        let url = format!("{}/assets/{id}/attachments?name={id}.txt", server.base);
        ureq::post(url).header("X-API-Key", &key).send(id).unwrap();
    };
    ["SD-fire", "room", "twin-a"].iter().for_each(|id| attach(id));

    let kept: Vec<_> = DEVICES.iter().copied().filter(|(id, ..)| *id != "SD-goes").collect();
    let report = import(&server, &key, &house("-2026", &kept));
    let mut renewed: Vec<(&str, &str)> = report["renewed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["was"].as_str().unwrap(), r["id"].as_str().unwrap()))
        .collect();
    renewed.sort_unstable();
    let expected = [("SD-fire", "SD-fire-2026"), ("lamp-a", "lamp-a-2026"), ("lamp-b", "lamp-b-2026")];
    assert_eq!(renewed, expected, "{report}");
    let unbound = report["findings"].as_array().unwrap().iter().filter(|f| f["kind"] == "unbound_device");
    let unbound: Vec<(&str, &str)> =
        unbound.map(|f| (f["id"].as_str().unwrap(), f["said"].as_str().unwrap())).collect();
    let said = |id: &str| unbound.iter().find(|(of, _)| *of == id).unwrap().1;
    assert_eq!(unbound.len(), 3, "{report}");
    assert!(said("twin-a").contains("twin-a-2026 or twin-b-2026"), "{report}");
    assert!(said("twin-b").contains("twin-a-2026 or twin-b-2026"), "{report}");
    assert!(said("SD-goes").contains("nothing of its class and shape"), "{report}");

    // What is attached follows too, to any asset.
    let files = |server: &Server, id: &str| {
        let all = server.get(&format!("/assets/{id}/attachments")).1["attachments"].clone();
        all.as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (files(&server, "SD-fire-2026"), files(&server, "room-2026")),
        (vec!["SD-fire.txt".to_owned()], vec!["room.txt".to_owned()])
    );
    assert!(files(&server, "twin-a-2026").is_empty() && files(&server, "twin-b-2026").is_empty());

    // The stream tells it under the new id.
    loop {
        let state = events.next_of("state");
        if state["asset"] == "SD-fire-2026" {
            assert_eq!(state["state"]["smoke"]["value"], 0.3, "{state}");
            break;
        }
    }
    let stands = |server: &Server, device: &str, value: f64, readings: usize| {
        until_state(server, device, value);
        let features = server.get("/state/assets").1["features"].clone();
        for other in ["", "-2026", "-2027"].map(|mark| format!("SD-fire{mark}")).iter().filter(|id| *id != device) {
            assert_eq!(features[other].get("smoke"), None, "{other}: {features}");
            let room = &features[other.replace("SD-fire", "room")];
            assert!(room.get("alarm").is_none_or(Value::is_null), "{other}: {features}");
        }
        assert_eq!(datastream(server, device, "smoke"), stream, "the datastream is the same");
        let history = all(server, &format!("/sta/v1.1/Datastreams({stream})/Observations"));
        assert_eq!(history.len(), readings, "{history:?}");
        let now = server.get("/alarms").1["alarms"].clone();
        assert_eq!(now.as_array().unwrap().len(), 1, "{now}");
        let ids = (&now[0]["id"], &now[0]["device"], &now[0]["asset"]);
        let room = json!(device.replace("SD-fire", "room"));
        assert_eq!(ids, (&alarm["id"], &json!(device), &room), "{now}");
        for marked in [device, room.as_str().unwrap()] {
            assert_eq!(features[marked]["alarm"]["id"], alarm["id"], "{marked}: {features}");
        }
    };
    stands(&server, "SD-fire-2026", 0.3, 2);
    // The device itself knows nothing of new ids, and another sender may use them.
    broker.send("SD-fire", "smoke", &at(3), 0.31);
    stands(&server, "SD-fire-2026", 0.31, 3);
    broker.send("SD-fire-2026", "smoke", &at(4), 0.32);
    stands(&server, "SD-fire-2026", 0.32, 4);
    broker.send("twin-a", "smoke", &at(4), 0.0077);
    let history = |device: &str| {
        let id = datastream(&server, device, "smoke");
        all(&server, &format!("/sta/v1.1/Datastreams({id})/Observations")).len()
    };
    until("the twin's reading is in its old series", || history("twin-a") == 2);
    assert_eq!((history("twin-a-2026"), history("twin-b-2026")), (0, 0), "none is guessed");

    server.kill();
    server = house_of.serve(&["--mqtt", &broker.url()]);
    stands(&server, "SD-fire-2026", 0.32, 4);
    broker.send("SD-fire", "smoke", &at(5), 0.33);
    stands(&server, "SD-fire-2026", 0.33, 5);

    // The same file again finds them as they are; a third set of ids finds them too, and so does the way back.
    let again = import(&server, &key, &house("-2026", &kept));
    assert_eq!(
        (&again["unchanged"], &again["added"], &again["renewed"]),
        (&json!(7), &json!(0), &json!([])),
        "{again}"
    );
    import(&server, &key, &house("-2027", &kept));
    broker.send("SD-fire", "smoke", &at(6), 0.34);
    stands(&server, "SD-fire-2027", 0.34, 6);
    broker.send("SD-fire-2026", "smoke", &at(7), 0.35);
    stands(&server, "SD-fire-2027", 0.35, 7);
    let editions = server.get("/datasets/panels?site=320106003002").1["editions"].clone();
    let path = format!("/datasets/panels/rollback?site=320106003002&revision={}", editions[0]["revision"]);
    assert_eq!(server.post(&path, Some(&key), &json!({})).0, 200, "{editions}");
    stands(&server, "SD-fire", 0.35, 7);
    broker.send("SD-fire-2027", "smoke", &at(8), 0.36);
    stands(&server, "SD-fire", 0.36, 8);
    assert_eq!((files(&server, "room").len(), files(&server, "twin-a").len()), (1, 1));
}

/// The machine stops after the import is on disk and before the things have followed it: they follow when the store opens.
#[test]
fn what_was_renewed_is_handed_on_also_after_a_crash_between_the_two_logs() {
    let dir = tempfile::tempdir().unwrap();
    let [store, file, series, before] =
        ["store", "panels.geojson", "store/series", "before"].map(|name| dir.path().join(name));
    let import = |mark: &str| {
        std::fs::write(&file, house(mark, DEVICES)).unwrap();
        let [store, file] = [&store, &file].map(|path| path.to_str().unwrap());
        let more = ["--origin", "118.78,32.04,12", "--height-offset", "0"];
        let done = run(&[&["import", file, "--store", store], more.as_slice()].concat());
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    };
    import("");
    let opened = Store::open(&store).unwrap();
    let thing = opened.series().thing_of("SD-fire").unwrap();
    opened.append(vec![super::reading(&opened, "SD-fire", "smoke", 5, 0.01)], cimbra::live::rules::judge).unwrap();
    drop(opened);
    let copied = std::process::Command::new("cp").arg("-r").args([&series, &before]).status().unwrap();
    assert!(copied.success());
    import("-2026");
    std::fs::remove_dir_all(&series).unwrap();
    std::fs::rename(&before, &series).unwrap();
    for _ in 0..2 {
        let opened = Store::open(&store).unwrap();
        let now = opened.series().thing_of("SD-fire-2026").unwrap();
        assert_eq!((now.id, now.former.as_slice()), (thing.id, &["SD-fire".into()][..]));
        assert!(matches!(opened.series().thing_named(None, "SD-fire"), Named::One(one) if one.id == thing.id));
        let state = |id: &str| opened.pulse().of(id, Collections::ALL).map(|s| s.values.len());
        assert_eq!((state("SD-fire-2026"), state("SD-fire").unwrap_or(0)), (Some(1), 0));
        assert_ne!(opened.series().thing_of("twin-a-2026").unwrap().id, opened.series().thing_of("twin-a").unwrap().id);
    }
}
