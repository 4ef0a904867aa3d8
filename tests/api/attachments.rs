//! Files attached to assets: kept by their checksum, seen by those who see the asset, there after a kill, listed and audited.

use crate::support::{Server, Town, town};
use serde_json::{Value, json};

/// Any request: status, headers, bytes.
fn ask(
    server: &Server,
    method: &str,
    path: &str,
    key: Option<&str>,
    body: Option<(&str, &[u8])>,
) -> (u16, ureq::http::HeaderMap, Vec<u8>) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", server.base));
    if let Some(key) = key {
        request = request.header("Authorization", format!("Bearer {key}"));
    }
    let mut answer = match body {
        Some((media, bytes)) => agent.run(request.header("Content-Type", media).body(bytes.to_vec()).unwrap()),
        None => agent.run(request.body(()).unwrap()),
    }
    .unwrap();
    let bytes = answer.body_mut().with_config().limit(1 << 28).read_to_vec().unwrap();
    (answer.status().as_u16(), answer.headers().clone(), bytes)
}

fn escaped(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// The first asset of a class.
fn first(town: &Town, class: &str, key: Option<&str>) -> String {
    let path = format!("/collections/assets/items?class={class}&limit=1");
    json_of(&ask(&town.server, "GET", &path, key, None).2)["features"][0]["id"].as_str().unwrap().to_owned()
}

const SHA_OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

#[test]
fn a_file_is_attached_listed_fetched_and_taken_away_and_each_act_is_audited() {
    let town = town(&[]);
    let (server, operator) = (&town.server, Some(town.operator.as_str()));
    let valve = first(&town, "valve", None);
    let at = format!("/assets/{}/attachments", escaped(&valve));
    let post = |key: Option<&str>, query: &str, body: &[u8]| {
        ask(server, "POST", &format!("{at}{query}"), key, Some(("text/html; charset=utf-8", body)))
    };
    let name = format!("?name={}", escaped("竣工图 1.html"));
    assert_eq!(post(None, &name, b"abc").0, 401);
    assert_eq!(post(Some(&town.viewer), &name, b"abc").0, 403);
    assert_eq!(post(operator, "", b"abc").0, 400);
    assert_eq!(post(operator, "?name=../x", b"abc").0, 400);
    assert_eq!(post(operator, &name, b"").0, 400, "an empty file");
    assert_eq!(ask(server, "POST", &format!("/assets/nobody/attachments{name}"), operator, Some(("a/b", b"x"))).0, 404);
    assert_eq!(ask(server, "POST", &format!("{at}{name}"), operator, Some(("multipart/form-data", b"x"))).0, 400);
    let (status, headers, body) = post(operator, &name, b"abc");
    let kept = json_of(&body);
    assert_eq!((status, &kept["sha256"], &kept["bytes"]), (201, &json!(SHA_OF_ABC), &json!(3)), "{kept}");
    assert_eq!(headers["location"].to_str().unwrap(), kept["href"].as_str().unwrap());
    assert!(
        kept["by"].as_str().unwrap().starts_with("key ") && kept["time"].as_str().unwrap().ends_with('Z'),
        "{kept}"
    );
    // More than a JSON body may have, through the same door.
    let drawing: Vec<u8> = (0..9_000_000_u32).map(|n| (n % 251) as u8).collect();
    let large = json_of(&post(Some(&town.integrator), "?name=drawing.dwg", &drawing).2);

    let listed = server.get(&at).1;
    let names: Vec<&str> =
        listed["attachments"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["竣工图 1.html", "drawing.dwg"]);
    // Who sent it is for those who may attach; a reader and nobody are told the rest.
    let senders = |key: Option<&str>| {
        let listed = json_of(&ask(server, "GET", &at, key, None).2);
        listed["attachments"].as_array().unwrap().iter().filter(|a| a.get("by").is_some()).count()
    };
    assert_eq!([senders(None), senders(Some(&town.viewer)), senders(operator)], [0, 0, 2]);
    let item = server.get(&format!("/collections/pipes/items/{}", escaped(&valve))).1;
    let links: Vec<&Value> = item["links"].as_array().unwrap().iter().filter(|l| l["rel"] == "enclosure").collect();
    assert_eq!((links.len(), &links[0]["href"], &links[0]["title"]), (2, &kept["href"], &kept["name"]), "{item}");

    let path = format!("{at}/{SHA_OF_ABC}");
    let (status, headers, body) = server.get_bytes(&path, &[]);
    assert_eq!((status, body.as_slice()), (200, b"abc".as_slice()));
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    let disposition = headers["content-disposition"].to_str().unwrap();
    let name = "filename*=UTF-8''%E7%AB%A3%E5%B7%A5%E5%9B%BE%201.html";
    assert!(disposition.starts_with("attachment;") && disposition.ends_with(name), "{disposition}");
    let tag = headers["etag"].to_str().unwrap();
    assert_eq!(server.get_bytes(&path, &[("If-None-Match", tag)]).0, 304);
    let again = server.get_bytes(&format!("{at}/{}", large["sha256"].as_str().unwrap()), &[]).2;
    assert!(again == drawing, "{} bytes came back", again.len());
    assert_eq!(server.get(&format!("{at}/{}", "0".repeat(64))).0, 404);
    assert_eq!(server.get(&format!("{at}/..%2Fattachments.jsonl")).0, 404);

    assert_eq!(ask(server, "DELETE", &path, None, None).0, 401);
    assert_eq!(ask(server, "DELETE", &path, Some(&town.viewer), None).0, 403);
    let (status, _, gone) = ask(server, "DELETE", &path, operator, None);
    assert_eq!((status, json_of(&gone)["name"].clone()), (200, kept["name"].clone()));
    assert_eq!(ask(server, "DELETE", &path, operator, None).0, 404);
    assert_eq!(server.get(&path).0, 404);
    let audit = std::fs::read_to_string(town.store.join("audit.jsonl")).unwrap();
    let lines: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let done: Vec<&Value> = lines.iter().filter(|l| [&json!(200), &json!(201)].contains(&&l["status"])).collect();
    assert_eq!(done.iter().map(|l| l["method"].as_str().unwrap()).collect::<Vec<_>>(), ["POST", "POST", "DELETE"]);
    assert!(done.iter().all(|l| l["caller"].as_str().unwrap().starts_with("key ")));
}

#[test]
fn attachments_survive_a_kill_and_a_new_import_and_are_as_guarded_as_their_asset() {
    let town = town(&[]);
    let camera = first(&town, "camera", Some(&town.viewer));
    let grid = first(&town, "grid", None);
    let path = |asset: &str| format!("/assets/{}/attachments", escaped(asset));
    for asset in [&camera, &grid] {
        let (status, _, body) = ask(
            &town.server,
            "POST",
            &format!("{}?name=photo.jpg", path(asset)),
            Some(&town.operator),
            Some(("image/jpeg", b"abc")),
        );
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
    }
    assert_eq!(town.server.get(&path(&camera)).0, 404, "a guarded asset is not there, and nothing of it");
    assert_eq!(town.server.get(&format!("{}/{SHA_OF_ABC}", path(&camera))).0, 404);
    assert_eq!(ask(&town.server, "GET", &format!("{}/{SHA_OF_ABC}", path(&camera)), Some(&town.viewer), None).0, 200);
    let Town { server, store, files, integrator, .. } = &town;
    let grids = std::fs::read(files.join("grids.geojson")).unwrap();
    let changed = String::from_utf8(grids).unwrap().replace("网格岗位01", "网格岗位09");
    // The dataset is called after its file, whose name is a collection's.
    let again = "/imports?name=grids.geojson&dataset=grids_file";
    let (status, _, body) = ask(server, "POST", again, Some(integrator), Some(("a/b", changed.as_bytes())));
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
    let killed = std::process::Command::new("kill").args(["-9", &server.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let started = std::time::Instant::now();
    // The lock goes with the process.
    while std::net::TcpStream::connect(server.base.trim_start_matches("http://")).is_ok() {
        assert!(started.elapsed().as_secs() < 10);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let server = Server::start(store, &[]);
    let listed = server.get(&path(&grid)).1;
    assert_eq!(listed["attachments"][0]["sha256"], SHA_OF_ABC, "{listed}");
    assert_eq!(server.get_bytes(&format!("{}/{SHA_OF_ABC}", path(&grid)), &[]).2, b"abc");
}

#[test]
fn limits_on_size_and_number_hold() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("cimbra.toml");
    let limits = "[limits]\nattachment_bytes = 10\nattachments_per_asset = 2\nattachment_bytes_per_site = 20\n";
    std::fs::write(&file, limits).unwrap();
    let town = town(&["--config", file.to_str().unwrap()]);
    let grid = first(&town, "grid", None);
    let post = |body: &[u8]| {
        let path = format!("/assets/{}/attachments?name=x.txt", escaped(&grid));
        ask(&town.server, "POST", &path, Some(&town.operator), Some(("text/plain", body))).0
    };
    assert_eq!([post(b"0123456789a"), post(b"1"), post(b"2"), post(b"3"), post(b"2")], [413, 201, 201, 413, 201]);
    let left = std::fs::read_dir(town.store.join("attachments")).unwrap().count();
    assert_eq!(left, 3, "two files and their list: what was refused leaves nothing behind");
    let valve = first(&town, "valve", None);
    let post = |body: &[u8]| {
        let path = format!("/assets/{}/attachments?name=x.txt", escaped(&valve));
        ask(&town.server, "POST", &path, Some(&town.operator), Some(("text/plain", body)))
    };
    assert_eq!(post(b"1").0, 201, "the site has this content already");
    let (status, _, problem) = post(b"0123456789");
    assert_eq!(status, 201, "{}", json_of(&problem));
    let grid = format!("/assets/{}/attachments?name=x.txt", escaped(&grid));
    assert_eq!(ask(&town.server, "POST", &grid, Some(&town.operator), Some(("text/plain", b"2"))).0, 201);
    let wall = first(&town, "wall", None);
    let path = format!("/assets/{}/attachments?name=x.txt", escaped(&wall));
    let (status, _, problem) =
        ask(&town.server, "POST", &path, Some(&town.operator), Some(("text/plain", b"abcdefghi")));
    let problem = json_of(&problem).to_string();
    assert!(
        status == 413 && problem.contains("attachment_bytes_per_site") && problem.contains("20 bytes"),
        "{problem}"
    );
}
