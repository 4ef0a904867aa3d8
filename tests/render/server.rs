//! `/views` over HTTP from the built binary, and the same picture from its command line.

use super::city::town;
use crate::support::{Server, cimbra, key};
use cimbra::model::{Direction, Observation, Rule, Severity};
use cimbra::render::decode_ids;
use cimbra::store::{Store, Verdict};
use cimbra::units::Instant;
use serde_json::Value;

/// A served town; the folder is removed with it.
fn served(hide_drivers: bool) -> (tempfile::TempDir, Server, String) {
    let (folder, snapshot) = town();
    drop(snapshot);
    let viewer = key(folder.path(), "viewer");
    let mut command = cimbra(&["serve", "--listen", "127.0.0.1:0", "--store"]);
    command.arg(folder.path());
    if hide_drivers {
        // The Vulkan loader then finds no driver, as on a machine without one.
        command.env("VK_DRIVER_FILES", "/nonexistent").env("VK_ICD_FILENAMES", "/nonexistent");
    }
    let server = Server::spawn(command);
    (folder, server, viewer)
}

fn escaped(id: &str) -> String {
    id.bytes().map(|b| format!("%{b:02X}")).collect()
}

#[test]
fn a_view_its_ids_and_a_pick_agree() {
    let (_folder, server, viewer) = served(false);
    let query = format!("asset={}&size=200x150", escaped("幢1"));
    let (status, headers, png) = server.get_bytes(&format!("/views?{query}"), &[]);
    assert_eq!((status, &headers["content-type"]), (200, &"image/png".parse().unwrap()));
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(&png[16..24], &[0, 0, 0, 200, 0, 0, 0, 150], "the size in the header");
    let tag = headers["etag"].to_str().unwrap();
    assert_eq!(server.get_bytes(&format!("/views?{query}"), &[("If-None-Match", tag)]).0, 304);
    let (_, _, ids) = server.get_bytes(&format!("/views?{query}&f=ids"), &[]);
    let (size, ids, legend) = decode_ids(&ids).unwrap();
    let middle = ids[75 * 200 + 100];
    assert_eq!((size, legend[middle as usize - 1].as_str()), ([200, 150], "幢1"));
    let (status, picked) = server.get(&format!("/views/pick?{query}&x=100&y=75"));
    assert_eq!((status, &picked["asset"]["id"]), (200, &Value::from("幢1")));
    assert_eq!(picked["asset"]["uid"], "320106003001/town/幢1");
    let point: Vec<f64> = picked["point"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert!((point[0] - 118.78).abs() < 3e-4 && (point[1] - 32.04).abs() < 3e-4 && (11.0..43.0).contains(&point[2]));
    let (_, sky) = server.get(&format!("/views/pick?{query}&x=0&y=0"));
    assert_eq!((&sky["asset"], &sky["point"]), (&Value::Null, &Value::Null));
    // A camera is there for who may see it.
    let at =
        "/views/pick?lookat=118.77973554,32.04,18&range=20&heading=0&pitch=-10&size=101x101&x=50&y=50&layers=cameras";
    assert_eq!(server.get(at).1["asset"], Value::Null);
    let bearer = format!("Bearer {viewer}");
    let (_, _, seen) = server.get_bytes(at, &[("Authorization", &bearer)]);
    assert_eq!(serde_json::from_slice::<Value>(&seen).unwrap()["asset"]["id"], "cam");
}

#[test]
fn a_stored_alarm_opens_its_building() {
    let (folder, snapshot) = town();
    drop(snapshot);
    let store = Store::open(folder.path()).unwrap();
    let rule = Rule {
        id: "hot".to_owned(),
        observed_property: "temperature".to_owned(),
        class: None,
        direction: Direction::Above,
        raise_at: 60.0,
        clear_at: 50.0,
        severity: Severity::Critical,
        enabled: true,
    };
    store.put_rules(&[rule]).unwrap();
    let thing = store.series().thing_of("烟感05").unwrap();
    let datastream = store.series().datastream_of(thing.id, "temperature").unwrap().id;
    let at = Instant(1_767_225_600_000);
    let hot = Observation { datastream, phenomenon_time: at, result_time: at, result: 80.0 };
    store
        .append(vec![hot], |_, _, active| active.map_or(Verdict::Raise("hot".to_owned()), |_| Verdict::Stand))
        .unwrap();
    drop(store);
    let server = Server::start(folder.path(), &[]);
    let legend = |more: &str| {
        let path = format!("/views?asset={}&size=120x90&f=ids{more}", escaped("幢1"));
        decode_ids(&server.get_bytes(&path, &[]).2).unwrap().2
    };
    assert!(legend("&style=alarms").contains(&"3F-厨房".to_owned()), "the room of the alarm is drawn");
    assert!(!legend("").contains(&"3F-厨房".to_owned()));
}

#[test]
fn without_an_adapter_views_say_what_to_install_and_everything_else_serves() {
    let (_folder, server, _) = served(true);
    let asset = escaped("幢1");
    for (query, status, name) in [
        ("size=10x10".to_owned(), 400, "camera"),
        (format!("asset={asset}&size=9999x1"), 400, "size"),
        (format!("asset={asset}&section=1,2"), 400, "section"),
        (format!("asset={asset}&f=gif"), 400, "f"),
        ("bbox=1,1,1,1".to_owned(), 400, "bbox"),
        ("asset=nobody".to_owned(), 404, "asset"),
        (format!("asset={asset}&highlight=nobody"), 404, "highlight"),
    ] {
        let (got, problem) = server.get(&format!("/views?{query}"));
        assert_eq!((got, &problem["errors"][0]["name"]), (status, &Value::from(name)), "{query}: {problem}");
    }
    let crossing = server.get("/views?bbox=179.5,0,-179.5,1&size=10x10");
    assert_eq!(crossing.0, 503, "a box across the antimeridian is a box: {}", crossing.1);
    let (status, headers, body) = server.get_bytes(&format!("/views?asset={asset}"), &[]);
    let told = String::from_utf8(body).unwrap();
    assert_eq!(status, 503, "{told}");
    assert!(headers.contains_key("retry-after") && told.contains("apt-get install libvulkan1 mesa-vulkan-drivers"));
    assert_eq!(server.get("/collections").0, 200);
    let pick = format!("/views/pick?asset={asset}&size=200x150&x=100&y=75");
    assert_eq!(server.get(&pick).1["asset"]["id"], "幢1", "a pick needs no adapter");
    assert_eq!(server.get(&format!("/views/pick?asset={asset}&size=200x150&x=200&y=75")).0, 400);
}

#[test]
fn the_command_line_draws_the_same_picture() {
    let (folder, server, _) = served(false);
    let (_, _, png) = server.get_bytes(&format!("/views?asset={}&size=90x60&pitch=-20", escaped("幢1")), &[]);
    let out = folder.path().join("out.png");
    let view = |more: &[&str]| {
        let mut command = cimbra(&["view"]);
        command.arg(&out).arg("--store").arg(folder.path()).args(more).output().unwrap()
    };
    let held = view(&["--asset", "幢1"]);
    assert_eq!(held.status.code(), Some(2), "a store that is served is not opened twice");
    drop(server);
    let drawn = view(&["--asset", "幢1", "--size", "90x60", "--pitch", "-20"]);
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
    assert_eq!(std::fs::read(&out).unwrap(), png);
    let refused = view(&["--asset", "幢1", "--size", "0x60"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("size"));
    let jpeg = cimbra(&["view", "out.jpg", "--asset", "幢1", "--store"]).arg(folder.path()).output().unwrap();
    let told = String::from_utf8_lossy(&jpeg.stderr).into_owned();
    assert_eq!(jpeg.status.code(), Some(2), "{told}");
    assert!(told.contains("out.jpg") && told.contains("out.png"), "{told}");
}
