//! Implicit tilings over HTTP: subtrees and contents at places, which are asked for again and not sent twice.

use crate::support::{Server, town};
use serde_json::{Value, json};

const FOLDER: &str = "/collections/elements/3dtiles";

fn header<'a>(headers: &'a ureq::http::HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// The folder of the one implicit tiling that a tileset begins with.
fn tiling(server: &Server, more: &str) -> String {
    let (status, tileset) = server.get(&format!("{FOLDER}/tileset.json?tiling=implicit{more}"));
    assert_eq!((status, &tileset["asset"]["version"]), (200, &json!("1.1")));
    let [root] = &tileset["root"]["children"].as_array().unwrap()[..] else { unreachable!("{tileset:#}") };
    assert_eq!(root["implicitTiling"]["subdivisionScheme"], "QUADTREE");
    assert_eq!(tileset["schema"]["classes"]["tile"]["properties"]["error"]["semantic"], "TILE_GEOMETRIC_ERROR");
    let content = root["content"]["uri"].as_str().unwrap();
    let (folder, rest) = content.split_once("/{level}/{x}/{y}.glb").unwrap();
    assert!(rest.is_empty() || rest.starts_with('?'), "{content}");
    format!("{FOLDER}/{folder}")
}

#[test]
fn subtrees_and_contents_are_sent_once_and_asked_for_again() {
    let town = town(&[]);
    let server = &town.server;
    let folder = tiling(server, "");
    for (file, media) in [("0/0/0.subtree", "application/octet-stream"), ("0/0/0.glb", "model/gltf-binary")] {
        let (status, headers, body) = server.get_bytes(&format!("{folder}/{file}"), &[]);
        assert_eq!((status, header(&headers, "content-type")), (200, media), "{file}");
        assert_eq!(header(&headers, "cache-control"), "no-cache");
        assert!(body.starts_with(if file.ends_with("glb") { b"glTF" } else { b"subt" }));
        let tag = header(&headers, "etag").to_owned();
        let (status, headers, rest) = server.get_bytes(&format!("{folder}/{file}"), &[("If-None-Match", &tag)]);
        assert_eq!((status, rest.len(), header(&headers, "etag")), (304, 0, &*tag));
        // A content is the file of that name, whoever asks how.
        if let Some(name) = tag.strip_prefix("W/\"").and_then(|tag| tag.strip_suffix(".glb\"")) {
            let site = folder.split("/implicit/").next().unwrap();
            let (status, headers, named) = server.get_bytes(&format!("{site}/{name}.glb"), &[]);
            assert!(status == 200 && header(&headers, "cache-control").ends_with("immutable") && named == body);
        } else {
            assert!(file.ends_with("subtree"), "{tag}");
        }
    }
    let packed = tiling(server, "&compression=meshopt");
    let (_, _, bytes) = server.get_bytes(&format!("{packed}/0/0/0.glb"), &[]);
    assert!(packed != folder && bytes.windows(23).any(|w| w == b"EXT_meshopt_compression"));
    // CesiumJS asks for every file with what the tileset was asked with.
    let (status, _, again) = server.get_bytes(&format!("{packed}/0/0/0.glb?tiling=implicit&compression=meshopt"), &[]);
    assert!(status == 200 && again == bytes);
    for (path, status) in [
        (format!("{FOLDER}/tileset.json?tiling=octree"), 400),
        (format!("{folder}/0/0/0.glb?tiling=octree"), 400),
        (format!("{folder}/0/0/0.glb?lod=2"), 400),
        (format!("{folder}/1/9/0.glb"), 404),
        (format!("{folder}/00/0/0.glb"), 404),
        (format!("{folder}/0/0/0.json"), 404),
        (format!("{folder}x/0/0/0.subtree"), 404),
    ] {
        let (found, problem) = server.get(&path);
        assert_eq!((found, problem["status"].as_u64()), (status, Some(status.into())), "{path}");
    }
}

#[test]
fn the_whole_map_hands_on_how_tiles_are_told() {
    let town = town(&[]);
    let (_, map) = town.server.get("/3dtiles/tileset.json?tiling=implicit&compression=meshopt");
    let uri = map["root"]["children"][0]["content"]["uri"].as_str().unwrap();
    assert!(uri.ends_with("/tileset.json?compression=meshopt&tiling=implicit"), "{uri}");
    assert!(map["schema"].is_object(), "where CesiumJS looks for it");
    let (status, site) = town.server.get(&format!("/3dtiles/{uri}"));
    assert!(status == 200 && site["root"].is_object());
    let (_, plain) = town.server.get("/3dtiles/tileset.json");
    assert_eq!(plain.get("schema"), None::<&Value>);
}
