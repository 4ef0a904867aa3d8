//! The catalogue: what is imported is described, rolled back, withdrawn, published and deleted while it is served.

use crate::support::{Server, key};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Two lamps and a smoke detector, or a later edition of them.
fn table(edition: u8) -> String {
    let head = "id,name,class,lon,lat,h,datastreams\n";
    match edition {
        1 => format!(
            "{head}L1,路灯一,lamp_pole,118.78,32.04,5,\nL2,路灯二,lamp_pole,118.7801,32.04,5,\nS1,烟感,smoke_detector,118.78,32.04,8,smoke:m-1\n"
        ),
        _ => format!(
            "{head}L1,路灯一号,lamp_pole,118.78,32.04,6,\nL3,路灯三,lamp_pole,118.7802,32.04,5,\nS1,烟感,smoke_detector,118.78,32.04,8,smoke:m-1\n"
        ),
    }
}

struct Client<'a> {
    server: &'a Server,
    key: &'a str,
}

impl Client<'_> {
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value, Option<String>) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true).build().into();
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.server.base));
        for (name, value) in headers.iter().chain(&[("X-API-Key", self.key)]).filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let mut answer = agent.run(request.body(body.to_owned()).unwrap()).unwrap();
        let place = answer.headers().get("location").map(|v| v.to_str().unwrap().to_owned());
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or_default(), place)
    }
    fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let (status, body, _) = self.send("POST", path, &[], body);
        (status, body)
    }
    fn get(&self, path: &str) -> (u16, Value) {
        let (status, body, _) = self.send("GET", path, &[], "");
        (status, body)
    }
}

fn names(client: &Client, query: &str) -> Vec<String> {
    let (status, page) = client.get(&format!("/collections/devices/items?limit=100{query}"));
    assert_eq!(status, 200, "{page}");
    let mut names: Vec<String> = page["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["properties"]["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn an_edition_comes_back_a_withdrawn_one_too_and_a_deleted_one_stays_in_history() {
    let dir = tempfile::tempdir().unwrap();
    let [integrator, viewer, operator] = ["integrator", "viewer", "operator"].map(|role| key(dir.path(), role));
    let mut server = Some(Server::start(dir.path(), &[]));
    let first = ["烟感", "路灯一", "路灯二"];
    let second = ["烟感", "路灯一号", "路灯三"];
    {
        let client = Client { server: server.as_ref().unwrap(), key: &integrator };
        for edition in [1, 2] {
            let (status, report) = client.post("/imports?name=lamps.csv&site=320106003001", &table(edition));
            assert_eq!(status, 201, "{report}");
        }
        assert_eq!(names(&client, ""), second);
        // Something else is there all the time: a site with nothing in it is not shown at all.
        let posts = "id,name,class,lon,lat,h\nP1,柱,city_furniture,118.78,32.041,5\n";
        assert_eq!(client.post("/imports?name=posts.csv&site=320106003001", posts).0, 201);
        let (_, shown) = client.get("/datasets/lamps");
        let editions = shown["editions"].as_array().unwrap();
        assert_eq!(editions.len(), 2, "{shown}");
        assert_eq!((&shown["standing"], &shown["counts"]["devices"]), (&json!("published"), &json!(3)));
        assert!(editions[0]["sha256"] != editions[1]["sha256"] && editions[0]["assets"] == 3);

        let (status, entry) =
            client.post("/datasets/lamps", r#"{"owner": "路灯所", "licence": "CC-BY-4.0", "description": "街灯"}"#);
        assert_eq!((status, &entry["owner"]), (200, &json!("路灯所")), "{entry}");
        let (status, _) = client.post("/datasets/lamps", r#"{"price": 1}"#);
        assert_eq!(status, 400);
        let first_revision = editions[0]["revision"].as_u64().unwrap();
        let (status, done) = client.post(&format!("/datasets/lamps/rollback?revision={first_revision}"), "");
        assert_eq!((status, &done["replaced"], &done["removed"]), (200, &json!(1), &json!(1)), "{done}");
        assert_eq!(names(&client, ""), first);
        assert_eq!(client.get("/datasets/lamps").1["sha256"], editions[0]["sha256"], "the file is that edition's");
        assert_eq!(client.get("/datasets/lamps").1["licence"], "CC-BY-4.0", "what was said of it stays");
        let (status, problem) = client.post("/datasets/lamps/rollback?revision=99", "");
        assert!(status == 404 && problem["detail"].as_str().unwrap().contains("99"), "{problem}");
        assert_eq!(client.post("/datasets/lamps/rollback", "").0, 400);
        assert_eq!(client.post("/datasets/lamps/publish", "").0, 409);
        let viewer = Client { server: client.server, key: &viewer };
        assert_eq!(viewer.post("/datasets/lamps/withdraw", "").0, 403);

        let before = client.get("/").1;
        assert!(before["title"].is_string());
        std::thread::sleep(Duration::from_millis(20));
        let now = jiff_now();
        std::thread::sleep(Duration::from_millis(20));
        let (status, done) = client.post("/datasets/lamps/withdraw", "");
        assert_eq!((status, &done["removed"]), (200, &json!(3)), "{done}");
        assert!(names(&client, "").is_empty());
        assert_eq!(names(&client, &format!("&datetime={now}")), first, "history keeps it");
        let listed = |client: &Client| {
            let all = client.get("/datasets").1["datasets"].as_array().unwrap().clone();
            all.iter()
                .map(|d| format!("{} {}", d["id"].as_str().unwrap(), d["standing"].as_str().unwrap()))
                .collect::<Vec<_>>()
        };
        assert_eq!(listed(&client), ["lamps withdrawn", "posts published"]);
        assert_eq!(listed(&viewer), ["posts published"], "a reader sees nothing of it");
        assert_eq!(viewer.get("/datasets/lamps").0, 404);
        assert_eq!(client.get("/collections/lamps").0, 404);
    }
    // What was done is on disk.
    drop(server.take());
    server = Some(Server::start(dir.path(), &[]));
    let client = Client { server: server.as_ref().unwrap(), key: &integrator };
    assert!(names(&client, "").is_empty());
    let (status, done) = client.post("/datasets/lamps/publish", "");
    assert_eq!((status, &done["added"]), (200, &json!(3)), "{done}");
    assert_eq!(names(&client, ""), first);
    assert_eq!(client.get("/datasets/lamps").1["owner"], "路灯所");

    let rule = r#"{"id": "test-smoke", "observedProperty": "smoke", "raiseAt": 0.5, "severity": "critical"}"#;
    let operator = Client { server: client.server, key: &operator };
    assert_eq!(operator.post("/rules", rule).0, 201);
    let reading = client.get("/sta/v1.1/Datastreams").1["value"][0]["@iot.id"].as_i64().unwrap();
    let (status, said) = client.post(&format!("/sta/v1.1/Datastreams({reading})/Observations"), r#"{"result": 0.9}"#);
    assert_eq!(status, 201, "{said}");
    assert!(client.get("/alarms").1["numberMatched"].as_u64().unwrap() >= 1);
    let (status, done, _) = client.send("DELETE", "/datasets/lamps", &[], "");
    assert_eq!((status, &done["removed"]), (200, &json!(3)), "{done}");
    assert!(done["alarmsCleared"].as_u64().unwrap() >= 1, "{done}");
    assert_eq!(client.get("/alarms").1["numberMatched"], 0, "what depended on it is cleared");
    let left = client.get("/datasets").1["datasets"].as_array().unwrap().len();
    assert_eq!((client.get("/datasets/lamps").0, left), (404, 1));
    assert_eq!(client.post("/imports?name=lamps.csv&site=320106003001", &table(2)).0, 201, "the name is free again");
    assert_eq!(names(&client, ""), second);
    assert!(client.get("/datasets/lamps").1["owner"].is_null(), "and nothing of the old entry is left");
}

/// Sites count their revisions each by itself, and the store all of them together.
#[test]
fn an_import_s_report_names_the_edition_that_it_made() {
    let dir = tempfile::tempdir().unwrap();
    let integrator = key(dir.path(), "integrator");
    let server = Server::start(dir.path(), &[]);
    let client = Client { server: &server, key: &integrator };
    let elsewhere = "id,name,class,lon,lat,h\nE1,柱,city_furniture,119.78,32.041,5\n";
    assert_eq!(client.post("/imports?name=elsewhere.csv&site=320106003002", elsewhere).0, 201);
    let mut reported = Vec::new();
    for edition in [1, 2] {
        let (status, report) = client.post("/imports?name=lamps.csv&site=320106003001", &table(edition));
        assert_eq!(status, 201, "{report}");
        reported.push(report["files"][0]["revision"].clone());
    }
    let shown = client.get("/datasets/lamps").1;
    let editions: Vec<_> = shown["editions"].as_array().unwrap().iter().map(|e| e["revision"].clone()).collect();
    assert_eq!(editions, reported);
    let (status, done) = client.post(&format!("/datasets/lamps/rollback?revision={}", reported[0]), "");
    assert_eq!((status, &done["replaced"]), (200, &json!(1)), "{done}");
}

/// What depended on a dataset goes with it, by the server and by the command alike: alarms when it is withdrawn, and what is
/// attached when it is deleted for good.
#[test]
fn alarms_and_attachments_go_with_a_dataset_by_http_and_by_the_command() {
    let dir = tempfile::tempdir().unwrap();
    let [integrator, operator] = ["integrator", "operator"].map(|role| key(dir.path(), role));
    let command = |arguments: &[&str]| {
        let store = dir.path().to_str().unwrap();
        let done = crate::support::run(&[&["dataset"], arguments, &["--store", store]].concat());
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let files = || std::fs::read_dir(dir.path().join("attachments")).unwrap().count() - 1;
    let alarms = |server: &Server| server.get("/alarms").1["numberMatched"].as_u64().unwrap();
    let attached = |server: &Server, id: &str| {
        let (status, listed) = server.get(&format!("/assets/{id}/attachments"));
        (status, listed["attachments"].as_array().map_or(0, Vec::len))
    };
    // An alarm is raised and a file attached to each of two lamps; the one lamp then goes by a new import.
    let prepare = |server: &Server| {
        let [client, operator] = [&integrator, &operator].map(|key| Client { server, key });
        for edition in [1, 2] {
            assert_eq!(client.post("/imports?name=lamps.csv&site=320106003001", &table(edition)).0, 201);
            for id in ["L1", "L2"].iter().filter(|id| edition == 1 || **id == "L1") {
                assert_eq!(client.post(&format!("/assets/{id}/attachments?name={id}-{edition}.txt"), id).0, 201);
            }
        }
        let posts = "id,name,class,lon,lat,h\nP1,柱,city_furniture,118.78,32.041,5\n";
        assert_eq!(client.post("/imports?name=posts.csv&site=320106003001", posts).0, 201);
        assert_eq!(client.post("/assets/P1/attachments?name=post.txt", "post").0, 201);
        let rule = r#"{"id": "test-smoke", "observedProperty": "smoke", "raiseAt": 0.5, "severity": "critical"}"#;
        assert!([201, 200].contains(&operator.post("/rules", rule).0));
        burn(server, &integrator);
        assert!(alarms(server) >= 1);
        assert_eq!((attached(server, "L1"), attached(server, "L2").0, files()), ((200, 1), 404, 3));
    };

    let server = Server::start(dir.path(), &[]);
    prepare(&server);
    let client = Client { server: &server, key: &integrator };
    let (status, done) = client.post("/datasets/lamps/withdraw", "");
    assert_eq!((status, &done["attachmentsRemoved"], files()), (200, &json!(0), 3), "{done}");
    assert_eq!(client.post("/datasets/lamps/publish", "").0, 200);
    assert_eq!(
        (attached(&server, "L1"), alarms(&server)),
        ((200, 1), 0),
        "a withdrawn one comes back with what it had"
    );
    // Withdrawn first: its assets are in no city when it is deleted.
    assert_eq!(client.post("/datasets/lamps/withdraw", "").0, 200);
    let (status, done, _) = client.send("DELETE", "/datasets/lamps", &[], "");
    assert_eq!((status, &done["attachmentsRemoved"], files()), (200, &json!(2), 1), "{done}");
    assert_eq!(attached(&server, "P1"), (200, 1), "another dataset's stay");

    prepare(&server);
    server.kill();
    let told = command(&["withdraw", "lamps"]);
    assert!(told.contains("alarms cleared") && !told.contains("attachments"), "{told}");
    assert_eq!(files(), 3);
    command(&["publish", "lamps"]);
    let server = Server::start(dir.path(), &[]);
    assert_eq!((alarms(&server), attached(&server, "L1")), (0, (200, 1)));
    burn(&server, &integrator);
    assert!(alarms(&server) >= 1);
    server.kill();
    let told = command(&["delete", "lamps"]);
    assert!(told.contains("alarms cleared") && told.contains("2 attachments removed"), "{told}");
    assert_eq!(files(), 1);
    let server = Server::start(dir.path(), &[]);
    assert_eq!((alarms(&server), attached(&server, "L1").0, attached(&server, "P1")), (0, 404, (200, 1)));
}

/// A rollback ends the alarms of devices that it takes out of the city, and of no others, by the server and by the command.
#[test]
fn a_rollback_clears_the_alarms_of_devices_that_were_not_there_then() {
    let dir = tempfile::tempdir().unwrap();
    let [integrator, operator] = ["integrator", "operator"].map(|role| key(dir.path(), role));
    let stays = "S1,烟感,smoke_detector,118.78,32.04,8,smoke:m-1\n";
    let goes = "S2,烟感二,smoke_detector,118.7801,32.04,8,smoke:m-2\n";
    let table = |rows: &[&str]| format!("id,name,class,lon,lat,h,datastreams\n{}", rows.concat());
    let alarms = |server: &Server| -> Vec<String> {
        let listed = server.get("/alarms").1;
        let mut devices: Vec<_> =
            listed["alarms"].as_array().unwrap().iter().map(|a| a["device"].as_str().unwrap().to_owned()).collect();
        devices.sort();
        // Two rules each.
        devices.dedup();
        devices
    };
    let both_burn = |server: &Server| {
        let client = Client { server, key: &integrator };
        assert_eq!(client.post("/imports?name=lamps.csv&site=320106003001", &table(&[stays, goes])).0, 201);
        let things = client.get("/sta/v1.1/Datastreams").1["value"].clone();
        for id in things.as_array().unwrap().iter().map(|stream| stream["@iot.id"].as_i64().unwrap()) {
            let path = format!("/sta/v1.1/Datastreams({id})/Observations");
            assert_eq!(client.post(&path, r#"{"result": 0.9}"#).0, 201);
        }
        assert_eq!(alarms(server), ["S1", "S2"]);
    };

    let server = Server::start(dir.path(), &[]);
    let client = Client { server: &server, key: &integrator };
    assert_eq!(client.post("/imports?name=lamps.csv&site=320106003001", &table(&[stays])).0, 201);
    let rule = r#"{"id": "test-smoke", "observedProperty": "smoke", "raiseAt": 0.5, "severity": "critical"}"#;
    assert_eq!(Client { server: &server, key: &operator }.post("/rules", rule).0, 201);
    let editions = client.get("/datasets/lamps").1["editions"].clone();
    let first = editions.as_array().unwrap().iter().map(|e| e["revision"].as_u64().unwrap()).min().unwrap();
    both_burn(&server);
    let (status, done) = client.post(&format!("/datasets/lamps/rollback?revision={first}"), "");
    assert_eq!((status, &done["alarmsCleared"], alarms(&server)), (200, &json!(2), vec!["S1".to_owned()]), "{done}");

    both_burn(&server);
    server.kill();
    let store = dir.path().to_str().unwrap();
    let words = ["dataset", "rollback", "lamps", "--revision", &first.to_string(), "--store", store];
    let done = crate::support::run(&words);
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && told.contains("2 alarms cleared"), "{told}");
    assert_eq!(alarms(&Server::start(dir.path(), &[])), ["S1"]);
}

/// A reading of the smoke detector that raises an alarm.
fn burn(server: &Server, key: &str) {
    let client = Client { server, key };
    let streams = client.get("/sta/v1.1/Datastreams").1["value"].clone();
    let id = streams[0]["@iot.id"].as_i64().unwrap();
    let (status, said) = client.post(&format!("/sta/v1.1/Datastreams({id})/Observations"), r#"{"result": 0.9}"#);
    assert_eq!(status, 201, "{said}");
}

fn jiff_now() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    cimbra::units::Instant(i64::try_from(now.as_millis()).unwrap()).to_string()
}

#[test]
fn an_import_that_is_not_waited_for_goes_on_and_tells_how_far_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let integrator = key(dir.path(), "integrator");
    let server = Server::start(dir.path(), &[]);
    let client = Client { server: &server, key: &integrator };
    let rows: String =
        (0..40_000).map(|i| format!("L{i},灯,lamp_pole,118.78,{},5,\n", 32.0 + f64::from(i) * 1e-6)).collect();
    let body = format!("id,name,class,lon,lat,h,datastreams\n{rows}");
    let path = "/imports?name=lamps.csv&site=320106003001";
    let (status, running, place) = client.send("POST", path, &[("Prefer", "respond-async")], &body);
    assert_eq!(
        (status, &running["status"], &running["file"]),
        (202, &json!("running"), &json!("lamps.csv")),
        "{running}"
    );
    let (place, begun) = (place.unwrap(), Instant::now());
    let phases = ["reading", "taking", "checking", "committing"];
    let mut seen = Vec::new();
    let report = loop {
        let (status, told) = client.get(&place);
        assert_eq!(status, 200, "{told}");
        if told["status"] != "running" {
            break told;
        }
        let phase = phases.iter().position(|phase| told["phase"] == *phase).unwrap() as u64;
        seen.push([phase, told["read"].as_u64().unwrap(), told["objects"].as_u64().unwrap()]);
        assert!(begun.elapsed() < Duration::from_secs(60), "{told}");
        std::thread::sleep(Duration::from_millis(2));
    };
    let grows = |one: &[u64; 3], next: &[u64; 3]| one.iter().zip(next).all(|(a, b)| a <= b);
    assert!(seen.windows(2).all(|pair| grows(&pair[0], &pair[1])), "none of them goes back: {seen:?}");
    assert!(seen.iter().all(|[_, read, objects]| objects <= read && *read <= 40_000), "{seen:?}");
    let reading: std::collections::BTreeSet<u64> = seen.iter().filter(|s| s[0] == 0).map(|s| s[1]).collect();
    assert!(reading.len() > 1, "it moves while the file is read: {seen:?}");
    assert!(seen.iter().any(|[phase, ..]| *phase == 1), "{seen:?}");
    assert_eq!((&report["objects"], &report["refused"]), (&json!(40_000), &json!(0)), "{report}");
    let (_, _, place) = client.send("POST", path, &[("Prefer", "respond-async")], "id,x\n1,2\n");
    let begun = Instant::now();
    while client.get(place.as_ref().unwrap()).1["status"] == "running" && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let refused = client.get(place.as_ref().unwrap()).1;
    assert!(refused["files"][0]["error"].is_string(), "a failure is told as well: {refused}");
    assert_eq!(client.get("/datasets/lamps").1["counts"]["devices"], 40_000, "and the old edition is whole");
}
