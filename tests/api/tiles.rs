//! Tiles over HTTP: addresses that are for good, answers that are not sent twice, rights, several sites, a restart.

use crate::support::{Server, key, run, town};
use crate::tiles::reader::read;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// All tile addresses under a tileset's URL, external tilesets too, each with its answer's headers and bytes checked.
fn contents(server: &Server, path: &str, headers: &[(&str, &str)]) -> BTreeSet<String> {
    let (status, _, body) = server.get_bytes(path, headers);
    assert_eq!(status, 200, "{path}");
    let tileset: Value = serde_json::from_slice(&body).unwrap();
    let (folder, _) = path.rsplit_once('/').unwrap();
    let mut found = BTreeSet::new();
    let mut waiting = vec![tileset["root"].clone()];
    while let Some(tile) = waiting.pop() {
        waiting.extend(tile["children"].as_array().into_iter().flatten().cloned());
        let Some(uri) = tile["content"]["uri"].as_str() else { continue };
        let at = format!("{folder}/{uri}");
        if uri.split('?').next().unwrap().ends_with(".json") {
            found.extend(contents(server, &at, headers));
        } else {
            found.insert(at);
        }
    }
    found
}

fn header<'a>(headers: &'a ureq::http::HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn a_tile_is_immutable_and_a_tileset_is_asked_for_again() {
    let town = town(&[]);
    let (status, headers, body) = town.server.get_bytes("/3dtiles/tileset.json", &[]);
    assert_eq!((status, header(&headers, "cache-control")), (200, "no-cache"));
    let tag = header(&headers, "etag").to_owned();
    let (status, _, again) = town.server.get_bytes("/3dtiles/tileset.json", &[("If-None-Match", &tag)]);
    assert_eq!((status, again.len()), (304, 0));
    let map: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&map["asset"]["version"], map["root"]["children"].as_array().unwrap().len()), (&json!("1.1"), 1));
    let tiles = contents(&town.server, "/3dtiles/tileset.json", &[]);
    assert!(tiles.len() > 2);
    for tile in &tiles {
        let (status, headers, body) = town.server.get_bytes(tile, &[]);
        assert_eq!((status, header(&headers, "content-type")), (200, "model/gltf-binary"));
        assert_eq!(header(&headers, "cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(
            (&body[..4], u32::from_le_bytes(body[8..12].try_into().unwrap()) as usize),
            (&b"glTF"[..], body.len())
        );
        let (status, _, body) = town.server.get_bytes(tile, &[("If-None-Match", header(&headers, "etag"))]);
        assert_eq!((status, body.len()), (304, 0));
    }
    // The same addresses answer after a restart, before anybody asks for a tileset.
    let store = town.store.clone();
    drop(town.server);
    let server = Server::start(&store, &[]);
    for tile in &tiles {
        assert_eq!(server.get_bytes(tile, &[]).0, 200, "{tile}");
    }
}

#[test]
fn a_tile_is_sent_in_the_coding_that_is_wanted_and_is_the_same_in_each() {
    let town = town(&[]);
    let tile = contents(&town.server, "/collections/buildings/3dtiles/tileset.json", &[]).pop_last().unwrap();
    let flat = "/collections/buildings/tiles/WebMercatorQuad/12/1662/3399".to_owned();
    for path in [tile, flat] {
        let (_, headers, plain) = town.server.get_bytes(&path, &[]);
        assert!(plain.len() > 512 && !headers.contains_key("content-encoding"), "{path}");
        for (wanted, coding) in [
            ("gzip, deflate, br, zstd", "zstd"),
            ("gzip, deflate, br", "br"),
            ("gzip;q=0.8", "gzip"),
            ("identity, gzip;q=0.1", ""),
        ] {
            // Twice: what was kept is what was made.
            for _ in 0..2 {
                let (status, headers, bytes) = town.server.get_bytes(&path, &[("Accept-Encoding", wanted)]);
                assert_eq!((status, header(&headers, "content-encoding")), (200, coding), "{path}");
                assert!(header(&headers, "vary").contains("Accept-Encoding"));
                let read = match coding {
                    "zstd" => zstd::decode_all(&bytes[..]).unwrap(),
                    "br" => read_all(brotli::Decompressor::new(&bytes[..], 4096)),
                    "gzip" => read_all(flate2::read::GzDecoder::new(&bytes[..])),
                    _ => bytes,
                };
                assert!(read == plain, "{path} in {coding}");
                let tag = header(&headers, "etag").to_owned();
                let known = [("Accept-Encoding", wanted), ("If-None-Match", tag.as_str())];
                assert_eq!(town.server.get_bytes(&path, &known).0, 304, "the tag is that of what is said");
            }
        }
    }
}

fn read_all(mut reader: impl std::io::Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    bytes
}

/// The ids that the tiles under a tileset name, those that are among the `wanted`.
fn shown(server: &Server, path: &str, wanted: &BTreeSet<String>) -> BTreeSet<String> {
    let ids = rows(server, path).into_iter().map(|row| row["id"].as_str().unwrap().to_owned());
    ids.filter(|id| wanted.contains(id)).collect()
}

fn rows(server: &Server, path: &str) -> Vec<BTreeMap<String, Value>> {
    contents(server, path, &[])
        .iter()
        .flat_map(|tile| {
            let (status, _, bytes) = server.get_bytes(tile, &[]);
            assert_eq!(status, 200, "{tile}");
            read(&bytes).rows
        })
        .collect()
}

fn ids(server: &Server, path: &str) -> BTreeSet<String> {
    let items = server.get(path).1;
    items["features"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_tileset_of_a_storey_and_of_another_time_shows_what_items_show() {
    let town = town(&[]);
    let server = &town.server;
    let spaces = server.get("/collections/spaces/items?limit=10000").1;
    let labels = spaces["features"].as_array().unwrap().iter().filter_map(|f| f["properties"]["storey"].as_str());
    let label = labels.max().unwrap().bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    let all = ids(server, "/collections/spaces/items?limit=10000");
    let wanted = ids(server, &format!("/collections/spaces/items?limit=10000&storey={label}"));
    // Not every room has a shape.
    let drawn = shown(server, "/collections/spaces/3dtiles/tileset.json", &all);
    let wanted: BTreeSet<String> = wanted.intersection(&drawn).cloned().collect();
    assert!(!wanted.is_empty() && wanted.len() < drawn.len());
    assert_eq!(shown(server, &format!("/collections/spaces/3dtiles/tileset.json?storey={label}"), &all), wanted);
    // Before there was anything, and now.
    let none = server.get("/collections/spaces/3dtiles/tileset.json?datetime=2001-01-01T00:00:00Z").1;
    assert_eq!((none["root"].get("content"), none["root"].get("children")), (None, None));
    let now = "/collections/spaces/3dtiles/tileset.json?datetime=2999-01-01T00:00:00Z";
    assert_eq!(shown(server, now, &all), drawn);
    // What is packed has names of its own, which need nothing more.
    let packed = contents(server, "/collections/spaces/3dtiles/tileset.json?compression=meshopt", &[]);
    let plain = contents(server, "/collections/spaces/3dtiles/tileset.json", &[]);
    assert!(packed.len() == plain.len() && packed.is_disjoint(&plain));
    for tile in &packed {
        let (status, _, bytes) = server.get_bytes(tile, &[]);
        assert!(status == 200 && bytes.windows(23).any(|w| w == b"EXT_meshopt_compression"), "{tile}");
    }
    for (path, name) in [("datetime=yesterday", "datetime"), ("compression=zip", "compression")] {
        let (status, problem) = server.get(&format!("/3dtiles/tileset.json?{path}"));
        assert_eq!((status, &problem["errors"][0]["name"]), (400, &json!(name)));
    }
}

fn query(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

#[test]
fn a_tileset_of_a_filter_shows_what_matches_and_tells_nobody_more_than_they_may_see() {
    let town = town(&[]);
    let server = &town.server;
    let everything = rows(server, "/collections/assets/3dtiles/tileset.json");
    let matching = |test: &dyn Fn(&str, &str) -> bool| -> BTreeSet<String> {
        let word = |row: &BTreeMap<String, Value>, name: &str| {
            row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let rows = everything.iter().filter(|row| test(&word(row, "class"), &word(row, "storey")));
        rows.map(|row| word(row, "id")).collect()
    };
    let drawn = matching(&|_, _| true);
    let storey = everything.iter().filter(|r| r["class"] == "door").find_map(|r| r.get("storey")?.as_str()).unwrap();
    let doors = matching(&|class, on| class == "door" && on == storey);
    let walls = matching(&|class, _| class == "wall" || class == "smoke_detector");
    for (filter, wanted) in
        [(&*format!("class='door' AND storey='{storey}'"), doors), ("class IN ('wall', 'smoke_detector')", walls)]
    {
        assert!(!wanted.is_empty() && wanted.len() < drawn.len(), "{filter}");
        let path = format!("/collections/assets/3dtiles/tileset.json?filter={}", query(filter));
        assert_eq!(shown(server, &path, &drawn), wanted, "{filter}");
    }
    // A building that matches alone is drawn by the shape of what it is made of, which is not shown for itself.
    let path = format!("/3dtiles/tileset.json?filter={}", query("class='building'"));
    assert_eq!(shown(server, &path, &drawn), matching(&|class, _| class == "building"));
    let largest = |path: &str| contents(server, path, &[]).iter().map(|t| server.get_bytes(t, &[]).2.len()).max();
    assert_eq!(largest(&path), largest("/collections/buildings/3dtiles/tileset.json"), "the same leaves");
    // How to reach who answers for a grid is for those who may see it, and for nobody by way of a question.
    let ring = json!([[[118.78, 32.04], [118.7802, 32.04], [118.7802, 32.0402], [118.78, 32.04]]]);
    let grid = json!({ "type": "Feature", "id": "g9", "geometry": { "type": "Polygon", "coordinates": ring },
        "properties": { "class": "grid", "owner_phone": 13_812_345_678_u64 } });
    let file = json!({ "type": "FeatureCollection", "features": [grid] });
    assert_eq!(server.post("/imports?name=g.geojson", Some(&town.integrator), &file).0, 201);
    let asked = query("owner_phone > 1");
    let bearer = format!("Bearer {}", town.viewer);
    let path = format!("/collections/grids/3dtiles/tileset.json?filter={asked}");
    let (status, _, body) = server.get_bytes(&path, &[("Authorization", &bearer)]);
    let root = &serde_json::from_slice::<Value>(&body).unwrap()["root"];
    assert!(status == 200 && (root.get("content").is_some() || root.get("children").is_some()), "{root}");
    for wrong in [asked, query("storey ="), query("nothing='x'")] {
        let (status, problem) = server.get(&format!("/collections/grids/3dtiles/tileset.json?filter={wrong}"));
        assert_eq!((status, &problem["errors"][0]["name"]), (400, &json!("filter")), "{problem}");
    }
}

#[test]
fn every_collection_of_the_list_has_a_tileset_and_nothing_else_has() {
    let town = town(&[]);
    let (_, list) = town.server.get("/collections");
    for collection in list["collections"].as_array().unwrap() {
        let links = collection["links"].as_array().unwrap();
        let link = links.iter().find(|l| l["rel"].as_str().is_some_and(|r| r.ends_with("3dtiles"))).unwrap();
        let path = link["href"].as_str().unwrap().strip_prefix(&town.server.base).unwrap();
        for tile in contents(&town.server, path, &[]) {
            assert_eq!(town.server.get_bytes(&tile, &[]).0, 200, "{tile}");
        }
    }
    for (path, status, name) in [
        ("/3dtiles/tileset.json?lod=2", 400, Some("lod")),
        ("/collections/nothing/3dtiles/tileset.json", 404, Some("collectionId")),
        ("/3dtiles/000000000009/tileset.json", 404, Some("siteId")),
        ("/3dtiles/elsewhere/tileset.json", 404, Some("siteId")),
        ("/3dtiles/320106003001/00.glb", 404, Some("tile")),
        ("/3dtiles/320106003001/00000000000000000000000000000000.glb", 404, None),
        ("/collections/cameras/3dtiles/tileset.json", 401, None),
    ] {
        let (found, problem) = town.server.get(path);
        assert_eq!((found, problem["status"].as_u64()), (status, Some(status.into())), "{path}");
        assert_eq!(problem["errors"][0]["name"].as_str(), name, "{path}: {problem}");
    }
}

#[test]
fn cameras_are_in_the_tiles_of_those_who_may_see_them_only() {
    let town = town(&[]);
    let bearer = format!("Bearer {}", town.operator);
    let own = [("Authorization", bearer.as_str())];
    let cameras = contents(&town.server, "/collections/cameras/3dtiles/tileset.json", &own);
    assert!(!cameras.is_empty());
    for tile in &cameras {
        let (status, headers, _) = town.server.get_bytes(tile, &own);
        assert_eq!(status, 200);
        assert!(header(&headers, "cache-control").contains("private"), "not for shared caches");
        assert_eq!(town.server.get_bytes(tile, &[]).0, 401, "{tile}");
    }
    let open = contents(&town.server, "/3dtiles/tileset.json", &[]);
    let more: Vec<String> =
        contents(&town.server, "/3dtiles/tileset.json", &own).into_iter().filter(|t| !open.contains(t)).collect();
    assert!(!more.is_empty(), "the operator's map has cameras");
    for tile in more {
        assert_eq!(town.server.get_bytes(&tile, &[]).0, 404, "an address is no key: {tile}");
    }
    let says = |tile: &String| String::from_utf8_lossy(&town.server.get_bytes(tile, &[]).2).contains("camera");
    assert!(!open.iter().any(says), "the word is in no open tile");
}

#[test]
fn several_sites_are_a_tileset_of_tilesets() {
    let dir = tempfile::tempdir().unwrap();
    let (store, file) = (dir.path().join("store"), dir.path().join("two.geojson"));
    for (site, lon) in [("320106003001", 118.78), ("320106003002", 118.80)] {
        let square = json!([[[lon, 32.0], [lon + 0.0002, 32.0], [lon + 0.0002, 32.0002], [lon, 32.0002], [lon, 32.0]]]);
        // Only the first site's houses say how many storeys they have.
        let properties = if lon < 118.79 { json!({ "height": 20, "storeys": 6 }) } else { json!({ "height": 20 }) };
        let feature = json!({ "type": "Feature", "id": format!("house-{site}"), "properties": properties,
            "geometry": { "type": "Polygon", "coordinates": square } });
        let collection = json!({ "type": "FeatureCollection", "features": [feature] });
        std::fs::write(&file, collection.to_string()).unwrap();
        let (file, store) = (file.to_str().unwrap(), store.to_str().unwrap());
        let output = run(&["import", file, "--site", site, "--dataset", "houses", "--store", store]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let _ = key(&store, "viewer");
    let server = Server::start(&store, &[]);
    for path in ["/3dtiles", "/collections/buildings/3dtiles", "/collections/houses/3dtiles"] {
        let (_, all) = server.get(&format!("{path}/tileset.json"));
        let children = all["root"]["children"].as_array().unwrap();
        let sites: Vec<&str> = children.iter().map(|c| c["content"]["uri"].as_str().unwrap()).collect();
        assert_eq!(sites, ["320106003001/tileset.json", "320106003002/tileset.json"], "{path}");
        for (child, site) in children.iter().zip(sites) {
            let (_, own) = server.get(&format!("{path}/{site}"));
            let number = |v: &Value, i: usize| v[i].as_f64().unwrap();
            // The site's box, moved by its own transform, is the box that the outer tileset gives it.
            let (outer, inner) = (&child["boundingVolume"]["box"], &own["root"]["boundingVolume"]["box"]);
            let transform = &own["root"]["transform"];
            for k in 0..3 {
                let moved = (0..3).map(|j| number(transform, 4 * j + k) * number(inner, j)).sum::<f64>();
                assert!((moved + number(transform, 12 + k) - number(outer, k)).abs() < 1e-3);
            }
            assert!(own["geometricError"].as_f64().unwrap() <= child["geometricError"].as_f64().unwrap());
        }
        assert_eq!(contents(&server, &format!("{path}/tileset.json"), &[]).len(), 4, "a block and a house for each");
        // What one site knows nothing of is asked of the other; what none knows is a slip everywhere.
        let known = query("storeys = 6");
        assert_eq!(contents(&server, &format!("{path}/tileset.json?filter={known}"), &[]).len(), 2, "{path}");
        for (site, child) in [("320106003001", true), ("320106003002", false)] {
            let (status, own) = server.get(&format!("{path}/{site}/tileset.json?filter={known}"));
            assert_eq!((status, own["root"].get("children").is_some()), (200, child), "{path}/{site}");
            assert_eq!(server.get(&format!("{path}/{site}/tileset.json?filter={}", query("nothing = 6"))).0, 400);
        }
    }
}
