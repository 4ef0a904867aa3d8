//! Point clouds from the file to the tiles that are served, judged by laspy and pyproj.

mod broken;

use crate::support::{Server, key, python, run};
use cimbra::formats::tiles3d::check::{CheckLimits, Counts, check};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// What the oracle prints.
fn oracle(arguments: &[&str]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/points_oracle.py");
    let output = Command::new(python()).arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Imports with `more` arguments: the exit code, the report and what stderr says.
fn import(file: &Path, store: &Path, more: &[&str]) -> (Option<i32>, Value, String) {
    let (file, store) = (file.to_str().unwrap(), store.to_str().unwrap());
    let done = run(&[&["import", file, "--store", store, "--json"], more].concat());
    let report = serde_json::from_slice(&done.stdout).unwrap_or_default();
    (done.status.code(), report, String::from_utf8_lossy(&done.stderr).into_owned())
}

#[test]
fn every_point_of_every_form_is_in_one_tile_where_pyproj_puts_it() {
    let dir = tempfile::tempdir().unwrap();
    let all = oracle(&["write", dir.path().to_str().unwrap()]);
    let (all, store) = (all.as_array().unwrap(), dir.path().join("store"));
    assert!(all.len() > 12);
    for one in all {
        let file = Path::new(one["file"].as_str().unwrap());
        let more: Vec<&str> = one["args"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
        let (code, report, told) = import(file, &store, &more);
        assert_eq!((code, &report["objects"]), (Some(0), &json!(1)), "{}: {told}", file.display());
        let points = &report["files"][0]["points"];
        assert_eq!((&points["read"], &points["withheld"]), (&one["count"], &one["withheld"]), "{}", file.display());
        assert_eq!(points["classes"], one["classes"], "{}", file.display());
    }
    let server = Server::start(&store, &[]);
    let map = server.get("/3dtiles/tileset.json").1.to_string();
    for one in all {
        let name = Path::new(one["file"].as_str().unwrap()).file_stem().unwrap().to_str().unwrap();
        let path = format!("/adopted/000000000001/{name}/tileset.json");
        assert!(map.contains(&path), "{name} is not in the whole map");
        let text = |key: &str| one[key].to_string();
        let url = format!("{}{path}", server.base);
        let seen = oracle(&["compare", one["file"].as_str().unwrap(), &url, &text("crs"), &text("up")]);
        let kept = one["count"].as_u64().unwrap() - one["withheld"].as_u64().unwrap();
        assert_eq!(
            (&seen["points"], &seen["once"], &seen["same"], &seen["even"]),
            (&json!(kept), &json!(true), &json!(true), &json!(true)),
            "{name}: {seen}"
        );
        assert!(seen["worst"].as_f64().unwrap() < 0.001, "{name}: {seen}");
        assert_ne!(seen["colours"], json!(false), "{name}: {seen}");
        assert!(seen["largest"].as_u64().unwrap() <= 50_000, "{name}: {seen}");
        assert!(kept <= 50_000 || seen["tiles"].as_u64().unwrap() > 4, "{name}: {seen}");
    }
    drop(server);
    let baked = ["explicit", "implicit"].map(|tiling| baked(&store, &dir.path().join(tiling), tiling));
    assert!(baked[0].subtrees == 0 && baked[1].subtrees >= all.len(), "{baked:?}");
    assert_eq!((baked[0].contents, baked[0].vertices), (baked[1].contents, baked[1].vertices));
}

/// What the checker counts in the whole map as files, told so; it finds nothing wrong.
fn baked(store: &Path, out: &Path, tiling: &str) -> Counts {
    let (folder, store) = (out.to_str().unwrap(), store.to_str().unwrap());
    let done = run(&["bake", folder, "--store", store, "--tiling", tiling, "--precompress", "none"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let report = check(&out.join("tileset.json"), &CheckLimits::default(), &|_| {}).unwrap();
    assert!(report.is_clean() && report.not_looked_into.is_empty(), "{}", report.text());
    report.counts
}

#[test]
fn a_cloud_told_by_bits_has_the_same_tiles_and_one_of_an_older_store_is_told_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (dir.path().join("scan.laz"), dir.path().join("store"));
    std::fs::write(&file, crate::support::las::las(7, true, 60_000)).unwrap();
    let (code, _, told) = import(&file, &store, &[]);
    assert_eq!(code, Some(0), "{told}");
    let folder = "/adopted/000000000001/scan";
    let asked = |server: &Server| {
        let (status, map) = server.get("/3dtiles/tileset.json?tiling=implicit");
        let uri = map["root"]["children"].as_array().unwrap().iter().filter_map(|tile| tile["content"]["uri"].as_str());
        let uri = uri.filter(|uri| uri.contains("adopted")).map(str::to_owned).collect::<Vec<_>>();
        let tilesets = ["", "?tiling=implicit", "?a=b&tiling=implicit", "?tiling=explicit"];
        let tilesets = tilesets.map(|query| server.get(&format!("{folder}/tileset.json{query}")).1);
        assert!(status == 200 && tilesets[0] == tilesets[3] && tilesets[1] == tilesets[2]);
        let [explicit, implicit, ..] = tilesets;
        (uri, explicit, implicit)
    };
    let server = Server::start(&store, &[]);
    let (uri, explicit, implicit) = asked(&server);
    assert_eq!(uri, [format!("..{folder}/implicit.json")]);
    let tiling = &implicit["root"]["children"][0]["implicitTiling"];
    assert_eq!((&tiling["subdivisionScheme"], explicit["root"].get("implicitTiling")), (&json!("OCTREE"), None));
    let (status, headers, bytes) = server.get_bytes(&format!("{folder}/0-0-0-0.subtree"), &[]);
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "application/octet-stream"));
    assert!(bytes.starts_with(b"subt"));
    drop(server);
    // As a store is that was written before there was this.
    let coverages = store.join("sites/000000000001/coverages");
    let manifests = std::fs::read_dir(coverages).unwrap().map(|entry| entry.unwrap().path());
    let manifest = manifests.into_iter().find(|path| path.is_file()).unwrap();
    let mut json: Value = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    let form = json["form"]["tileset"].as_object_mut().unwrap();
    assert!(form.remove("implicit").is_some());
    std::fs::write(&manifest, json.to_string()).unwrap();
    let (uri, again, implicit) = asked(&Server::start(&store, &[]));
    assert!(uri == [format!("..{folder}/tileset.json")] && again == explicit && implicit == explicit);
    baked(&store, &dir.path().join("out"), "implicit");
}

#[test]
fn a_cloud_is_checked_without_a_trace_replaced_by_its_next_import_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (dir.path().join("扫描.laz"), dir.path().join("store"));
    std::fs::write(&file, crate::support::las::las(7, true, 4000)).unwrap();
    let done = run(&["check", file.to_str().unwrap()]);
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.success() && told.contains("points: 4000 in the file, 0 withheld and left out, 4000 in"),
        "{told}"
    );
    assert!(told.contains("4000 never classified (0)") && told.contains("points on a square metre"), "{told}");
    let (code, first, told) = import(&file, &store, &[]);
    assert_eq!((code, &first["files"][0]["added"]), (Some(0), &json!(1)), "{told}");
    let tiles = || {
        let coverages = store.join("sites/000000000001/coverages");
        let folder = std::fs::read_dir(coverages).unwrap().map(|e| e.unwrap().path()).find(|p| p.is_dir()).unwrap();
        (std::fs::read(folder.join("tileset.json")).unwrap(), std::fs::read(folder.join("0-0-0-0.glb")).unwrap())
    };
    let before = tiles();
    let (code, again, told) = import(&file, &store, &[]);
    assert_eq!((code, &again["files"][0]["replaced"]), (Some(0), &json!(1)), "{told}");
    assert!(before == tiles(), "the same file gives the same bytes");
    assert_eq!(std::fs::read_dir(store.join("sites/000000000001/coverages")).unwrap().count(), 2);
    // Moved as a whole, a store still finds its tiles.
    let moved = dir.path().join("elsewhere");
    std::fs::rename(&store, &moved).unwrap();
    let integrator = key(&moved, "integrator");
    let server = Server::start(&moved, &[]);
    let path = "/adopted/000000000001/%E6%89%AB%E6%8F%8F";
    assert_eq!(server.get_bytes(&format!("{path}/tileset.json"), &[]).2, before.0);
    let (status, headers, glb) = server.get_bytes(&format!("{path}/0-0-0-0.glb"), &[]);
    assert_eq!((status, headers["content-type"].to_str().unwrap(), glb), (200, "model/gltf-binary", before.1.clone()));
    let glb = gltf::Gltf::from_slice(&before.1).unwrap();
    let primitive = glb.meshes().next().unwrap().primitives().next().unwrap();
    assert_eq!((primitive.mode(), primitive.attributes().count()), (gltf::mesh::Mode::Points, 5));
    let removed = ureq::delete(format!("{}/collections/%E6%89%AB%E6%8F%8F", server.base))
        .header("Authorization", format!("Bearer {integrator}"))
        .call()
        .unwrap();
    assert!(removed.status().is_success());
    assert_eq!(server.get(&format!("{path}/tileset.json")).0, 404);
    assert!(!server.get("/3dtiles/tileset.json").1.to_string().contains("adopted"));
}
