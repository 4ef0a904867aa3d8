//! `/imports` and `cimbra import --url`: the same intake over HTTP, for those who may.

use crate::support::{Server, key, run};
use serde_json::{Value, json};
use std::path::Path;

const FOOTPRINT: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","id":"h1","properties":{"height":12.5,"name":"一号楼"},"geometry":{"type":"Polygon","coordinates":[[[118.78,32.04],[118.7802,32.04],[118.7802,32.0402],[118.78,32.0402],[118.78,32.04]]]}},
{"type":"Feature","id":"h2","properties":{"height":-3,"name":"二号楼"},"geometry":{"type":"Polygon","coordinates":[[[118.781,32.04],[118.7812,32.04]]]}}]}"#;

fn post(server: &Server, path: &str, key: Option<&str>, body: &str) -> (u16, Value, Option<String>) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = agent.post(format!("{}{path}", server.base));
    if let Some(key) = key {
        request = request.header("X-API-Key", key);
    }
    let mut answer = request.send(body).unwrap();
    let place = answer.headers().get("location").map(|v| v.to_str().unwrap().to_owned());
    let body = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&body).unwrap(), place)
}

#[test]
fn an_upload_is_taken_in_and_reported_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let (integrator, viewer) = (key(&store, "integrator"), key(&store, "viewer"));
    let server = Server::start(&store, &[]);
    let good = "/imports?name=houses.geojson&site=320106003001";
    assert_eq!(post(&server, good, None, FOOTPRINT).0, 401);
    assert_eq!(post(&server, good, Some(&viewer), FOOTPRINT).0, 403);
    for (path, parameter) in [
        ("/imports", "name"),
        ("/imports?name=../x.geojson", "name"),
        ("/imports?name=.x", "name"),
        ("/imports?name=x.geojson&site=12", "site"),
        ("/imports?name=x.geojson&heigth-offset=1", "heigth-offset"),
        ("/imports?name=x.geojson&class=castle", "class"),
    ] {
        let (status, problem, _) = post(&server, path, Some(&integrator), FOOTPRINT);
        assert_eq!((status, &problem["errors"][0]["name"]), (400, &json!(parameter)), "{path}: {problem}");
    }
    let (status, problem, _) = post(&server, good, Some(&integrator), &FOOTPRINT[..200]);
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!(status, 400, "{problem}");
    assert!(!detail.contains(&*store.to_string_lossy()), "no path of the server: {detail}");
    assert_eq!(server.get("/collections/buildings/items").1["numberMatched"], 0, "nothing came in");

    let (status, report, place) = post(&server, good, Some(&integrator), FOOTPRINT);
    assert_eq!((status, &report["objects"], &report["refused"]), (201, &json!(1), &json!(1)), "{report:#}");
    assert_eq!(report["files"][0]["file"], "houses.geojson");
    let (status, _, again) = server.get_bytes(&place.unwrap(), &[("Authorization", &format!("Bearer {integrator}"))]);
    assert_eq!((status, serde_json::from_slice::<Value>(&again).unwrap()), (200, report));
    let house = server.get("/collections/buildings/items/h1").1;
    assert_eq!(house["properties"]["name"], "一号楼", "{house}");
    let left = std::fs::read_dir(store.join("uploads")).unwrap().count();
    assert_eq!(left, 0, "the uploads are cleared away");
}

#[test]
fn import_with_a_url_sends_the_files_to_the_server_that_holds_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let (store, file) = (dir.path().join("store"), dir.path().join("houses.geojson"));
    std::fs::write(&file, FOOTPRINT).unwrap();
    let integrator = key(&store, "integrator");
    let server = Server::start(&store, &[]);
    let told = |arguments: &[&str], file: &Path| {
        let out = run(&[&["import", file.to_str().unwrap(), "--json"], arguments].concat());
        (
            out.status.code(),
            serde_json::from_slice::<Value>(&out.stdout).ok(),
            String::from_utf8_lossy(&out.stderr).into_owned(),
        )
    };
    let (code, _, words) = told(&["--store", store.to_str().unwrap()], &file);
    assert!(code == Some(2) && words.contains("--url"), "a second process is told of --url: {words}");
    let (code, _, words) = told(&["--url", &server.base, "--key", "cimbra_0000"], &file);
    assert!(code == Some(2) && words.contains("--key"), "{words}");
    let (code, report, words) = told(&["--url", &server.base, "--key", &integrator], &file);
    let report = report.unwrap();
    assert_eq!((code, &report["objects"], &report["refused"]), (Some(1), &json!(1), &json!(1)), "{words}");
    assert!(words.contains("h2"), "{words}");
    assert_eq!(server.get("/collections/buildings/items").1["numberMatched"], 1);
    std::fs::write(&file, "{").unwrap();
    assert_eq!(told(&["--url", &server.base, "--key", &integrator], &file).0, Some(2));
    assert_eq!(told(&["--url", "http://127.0.0.1:9", "--key", &integrator], &file).0, Some(2));
}

/// CityJSON of one block, in this CRS.
fn block(crs: Option<&str>) -> String {
    let corners: Vec<Value> = (0..8).map(|i| json!([(i & 1) * 10, (i >> 1 & 1) * 10, (i >> 2) * 5])).collect();
    let faces = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [1, 3, 7, 5], [3, 2, 6, 7], [2, 0, 4, 6]];
    let shell: Vec<Value> = faces.iter().map(|face| json!([face])).collect();
    let metadata = crs
        .map_or(json!({}), |crs| json!({ "referenceSystem": format!("https://www.opengis.net/def/crs/EPSG/0/{crs}") }));
    json!({ "type": "CityJSON", "version": "2.0", "metadata": metadata,
        "transform": { "scale": [1, 1, 1], "translate": [85_000, 447_000, 0] }, "vertices": corners,
        "CityObjects": { "b1": { "type": "Building", "geometry": [{ "type": "Solid", "lod": "1", "boundaries": [shell] }] } } })
    .to_string()
}

#[test]
fn a_refused_import_names_the_query_s_parameters_and_is_told_as_a_local_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let integrator = key(&store, "integrator");
    let server = Server::start(&store, &[]);
    let names = |problem: &Value| -> Vec<String> {
        problem["errors"].as_array().into_iter().flatten().map(|e| e["name"].as_str().unwrap().to_owned()).collect()
    };
    let houses = "/imports?name=houses.geojson&site=320106003001";
    assert_eq!(post(&server, houses, Some(&integrator), FOOTPRINT).0, 201);
    for (query, body, expected) in [
        ("site=320106003001", block(None), &["crs", "origin"][..]),
        ("site=320106003001", block(Some("7415")), &["height-offset"][..]),
        ("site=320106003001&crs=EPSG:28992&height-offset=43", block(Some("7415")), &["crs"][..]),
        // The only site there is lies elsewhere.
        ("height-offset=43", block(Some("7415")), &["site", "crs", "origin"][..]),
    ] {
        let (status, problem, _) =
            post(&server, &format!("/imports?name=b.city.json&{query}"), Some(&integrator), &body);
        assert_eq!(status, 400, "{query}: {problem}");
        let named = names(&problem);
        assert!(expected.iter().all(|name| named.contains(&(*name).to_owned())), "{query}: {problem:#}");
        let said = format!("{} {}", problem["detail"], problem["errors"]);
        assert!(!said.contains("--"), "the words of the query: {said}");
        assert_eq!(
            (&problem["report"]["objects"], &problem["report"]["refused"]),
            (&json!(0), &json!(1)),
            "{problem:#}"
        );
    }
    let (status, problem, _) =
        post(&server, &format!("{houses}&height-grid=/etc/passwd"), Some(&integrator), FOOTPRINT);
    let said = problem.to_string();
    assert!(
        status == 400 && said.contains("on the server's machine") && said.contains("height-offset=M"),
        "{problem:#}"
    );
    // The command says the same of a file whether it is taken here or there, once.
    let bad = dir.path().join("bad.geojson");
    std::fs::write(&bad, r#"{"type":"FeatureCollection","features":[
{"type":"Feature","id":"x1","properties":{"height":3},"geometry":{"type":"Polygon","coordinates":[[[118.781,32.04],[118.7812,32.04]]]}},
{"type":"Feature","id":"x2","properties":{"height":3},"geometry":{"type":"Polygon","coordinates":[[[118.781,32.04]]]}}]}"#).unwrap();
    let unplaced = dir.path().join("b.city.json");
    std::fs::write(&unplaced, block(None)).unwrap();
    let local = dir.path().join("local");
    for file in [&bad, &unplaced] {
        let told = |where_to: &[&str]| {
            let done =
                run(&[&["import", file.to_str().unwrap(), "--site", "320106003001", "--json"], where_to].concat());
            let mut report: Value = serde_json::from_slice(&done.stdout).unwrap();
            report["seconds"] = json!(0);
            report["files"][0]["seconds"] = json!(0);
            // Where the reading is done, it is told as it goes on.
            let words = String::from_utf8_lossy(&done.stderr).into_owned();
            let words: Vec<_> = words.lines().filter(|line| !line.starts_with("reading ")).map(str::to_owned).collect();
            (done.status.code(), report, words)
        };
        let here = told(&["--store", local.to_str().unwrap()]);
        let there = told(&["--url", &server.base, "--key", &integrator]);
        assert_eq!(here, there);
        assert_eq!(here.0, Some(2), "{:?}", here.2);
    }
}
