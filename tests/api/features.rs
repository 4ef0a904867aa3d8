//! Collections, items, search and the API document, judged by the generator's own files.

use crate::support::{Town, town};
use serde_json::Value;
use std::collections::BTreeSet;

/// Walks all pages of an items URL by its next links; gives the ids in order.
fn pages(town: &Town, path: &str) -> (Vec<String>, usize) {
    let (mut path, mut ids) = (path.to_owned(), Vec::new());
    loop {
        let (status, page) = town.server.get(&path);
        assert_eq!(status, 200, "{path}: {page}");
        let matched = page["numberMatched"].as_u64().unwrap() as usize;
        let features = page["features"].as_array().unwrap();
        assert_eq!(page["numberReturned"].as_u64().unwrap() as usize, features.len());
        ids.extend(features.iter().map(|f| f["id"].as_str().unwrap().to_owned()));
        let next = page["links"].as_array().unwrap().iter().find(|l| l["rel"] == "next");
        match next {
            Some(link) => path = link["href"].as_str().unwrap().strip_prefix(&town.server.base).unwrap().to_owned(),
            None => return (ids, matched),
        }
    }
}

fn ids_in_files(town: &Town, wanted: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(town.files.join("structures.city.json")).unwrap();
    let city: Value = serde_json::from_str(&text).unwrap();
    let objects = city["CityObjects"].as_object().unwrap();
    objects.iter().filter(|(_, o)| o["type"] == wanted).map(|(id, _)| id.clone()).collect()
}

#[test]
fn every_building_of_the_file_is_an_item_and_pages_neither_repeat_nor_skip() {
    let town = town(&[]);
    let (ids, matched) = pages(&town, "/collections/buildings/items?limit=3&dataset=structures");
    let unique: BTreeSet<_> = ids.iter().cloned().collect();
    assert_eq!(unique.len(), ids.len(), "an item came twice");
    assert_eq!(matched, ids.len());
    assert_eq!(unique, ids_in_files(&town, "Building"));
    let (all, matched) = pages(&town, "/collections/assets/items?limit=1000&skipGeometry=true");
    assert_eq!(all.len(), matched);
    assert!(all.len() > 100);
}

#[test]
fn boxes_of_four_and_six_numbers_agree_with_the_items_own_boxes() {
    let town = town(&[]);
    let (_, page) = town.server.get("/collections/assets/items?limit=10000&skipGeometry=true");
    let features = page["features"].as_array().unwrap();
    let boxed: Vec<(&str, Vec<f64>)> = features
        .iter()
        .filter_map(|f| {
            let b = f["bbox"].as_array()?.iter().map(|n| n.as_f64().unwrap()).collect();
            Some((f["id"].as_str().unwrap(), b))
        })
        .collect();
    let (_, some) = &boxed[boxed.len() / 2];
    let (x, y, z) = (some[0], some[1], some[2]);
    for d in [0.0, 0.000_05, 0.000_3, 0.01] {
        let flat = [x - d, y - d, x + d, y + d];
        let brute = |low: f64, high: f64| -> BTreeSet<&str> {
            let hit = |b: &[f64]| {
                b[0] <= flat[2] && flat[0] <= b[3] && b[1] <= flat[3] && flat[1] <= b[4] && b[2] <= high && low <= b[5]
            };
            boxed.iter().filter(|(_, b)| hit(b)).map(|(id, _)| *id).collect()
        };
        let ask =
            |bbox: String| pages(&town, &format!("/collections/assets/items?limit=500&skipGeometry=true&bbox={bbox}"));
        let four = ask(format!("{},{},{},{}", flat[0], flat[1], flat[2], flat[3])).0;
        assert_eq!(four.iter().map(String::as_str).collect::<BTreeSet<_>>(), brute(f64::MIN, f64::MAX));
        let six = ask(format!("{},{},{},{},{},{}", flat[0], flat[1], z - 1.0, flat[2], flat[3], z + 1.0)).0;
        assert_eq!(six.iter().map(String::as_str).collect::<BTreeSet<_>>(), brute(z - 1.0, z + 1.0));
    }
}

#[test]
fn an_item_is_found_by_its_id_its_uid_and_its_parent() {
    let town = town(&[]);
    let (_, page) = town.server.get("/collections/storeys/items?limit=1");
    let storey = &page["features"][0];
    let (id, uid) = (storey["id"].as_str().unwrap(), storey["uid"].as_str().unwrap());
    let (status, one) = town.server.get(&format!("/collections/storeys/items/{}", encode(id)));
    assert_eq!((status, &one["id"], one["bbox"].as_array().unwrap().len()), (200, &storey["id"], 6));
    assert_eq!(town.server.get(&format!("/collections/assets/items/{}", encode(uid))).1["id"], storey["id"]);
    assert_eq!(town.server.get(&format!("/collections/buildings/items/{}", encode(id))).0, 404);
    let (children, _) = pages(&town, &format!("/collections/assets/items?limit=100&parent={}", encode(id)));
    assert!(!children.is_empty(), "a storey has rooms");
    let parent = storey["properties"]["parent"].as_str().unwrap();
    let (siblings, _) = pages(&town, &format!("/collections/assets/items?limit=100&parent={}", encode(parent)));
    assert!(siblings.iter().any(|s| s == id));
}

#[test]
fn answers_are_tagged_and_not_sent_twice() {
    let town = town(&[]);
    for path in ["/collections", "/collections/buildings/items?limit=2", "/api", "/3dtiles/tileset.json"] {
        let (status, headers, _) = town.server.get_bytes(path, &[]);
        assert_eq!(status, 200, "{path}");
        let tag = headers["etag"].to_str().unwrap().to_owned();
        assert!(headers.contains_key("cimbra-revision"), "{path}");
        let (status, _, body) = town.server.get_bytes(path, &[("If-None-Match", &tag)]);
        assert_eq!((status, body.len()), (304, 0), "{path}");
    }
    let (_, headers, _) = town.server.get_bytes("/collections", &[("Accept-Encoding", "br")]);
    assert_eq!(headers["content-encoding"], "br");
}

#[test]
fn search_finds_names_in_both_scripts_and_codes() {
    let town = town(&[]);
    let (_, page) = town.server.get("/collections/buildings/items?limit=1&dataset=structures");
    let name = page["features"][0]["properties"]["name"].as_str().unwrap();
    let (status, found) = town.server.get(&format!("/search?q={}", encode(name)));
    assert_eq!(status, 200);
    assert_eq!(found["features"][0]["properties"]["name"], name);
    let (_, page) = town.server.get("/collections/devices/items?limit=1&class=smoke_detector");
    let (id, panel) = (&page["features"][0]["id"], page["features"][0]["properties"]["panel_text"].as_str().unwrap());
    let (_, found) = town.server.get(&format!("/search?q={}&limit=5", encode(panel)));
    assert!(found["features"].as_array().unwrap().iter().any(|f| f["id"] == *id), "{panel}: {found}");
    assert!(found["features"][0]["properties"]["path"].is_array());
    assert_eq!(town.server.get("/search?q=qqqqzzzz").1["features"].as_array().unwrap().len(), 0);
}

#[test]
fn a_wrong_parameter_is_named() {
    let town = town(&[]);
    for (path, status, name) in [
        ("/collections/buildings/items?limti=3", 400, "limti"),
        ("/collections/buildings/items?limit=0", 400, "limit"),
        ("/collections/buildings/items?limit=10001", 400, "limit"),
        ("/collections/buildings/items?bbox=1,2,3", 400, "bbox"),
        ("/collections/buildings/items?bbox=1,2,3,inf", 400, "bbox"),
        ("/collections/buildings/items?datetime=monday", 400, "datetime"),
        ("/collections/buildings/items?cursor=xyz", 400, "cursor"),
        ("/collections?x=1", 400, "x"),
        ("/search", 400, "q"),
        ("/collections/nothing/items", 404, "collectionId"),
        ("/collections/buildings/items/nobody", 404, "featureId"),
    ] {
        let (got, headers, body) = town.server.get_bytes(path, &[]);
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(got, status, "{path}: {problem}");
        assert_eq!(headers["content-type"], "application/problem+json", "{path}");
        assert_eq!(problem["errors"][0]["name"], name, "{path}: {problem}");
        assert_eq!(problem["status"], status);
    }
    let (status, problem) = town.server.get("/no/such/path");
    assert_eq!((status, &problem["status"]), (404, &Value::from(404)));
}

#[test]
fn the_api_document_names_every_route_it_serves() {
    let town = town(&[]);
    let (_, document) = town.server.get("/api");
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    for (path, operations) in paths {
        // An event stream has no end to wait for; it has walks of its own.
        let streams = operations["get"]["responses"]["200"]["content"].get("text/event-stream").is_some();
        if operations.get("get").is_none() || path.contains('{') || streams {
            continue;
        }
        let ok = operations["get"]["responses"]["200"]["content"].as_object().unwrap();
        if ok.contains_key("text/event-stream") {
            continue; // It never ends.
        }
        let (status, _, _) = town.server.get_bytes(path, &[]);
        assert!(status != 404 && status < 500, "{path} is documented and answers {status}");
    }
    for needed in ["/collections/{collectionId}/items", "/search", "/state/{collectionId}", "/views", "/alarms"] {
        assert!(paths.contains_key(needed), "{needed} is not in the document");
    }
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
