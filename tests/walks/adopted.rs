//! Tilesets of other tools: looked through, served from where they lie, moved as a whole.

mod bake;

use crate::support::{Server, key, run, shared};
use cimbra::crs::{SiteFrame, from_ecef, to_ecef};
use cimbra::geom::matrix::{IDENTITY, Matrix, apply, times};
use cimbra::units::Geodetic;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

/// Imports with `more` arguments: the exit code, the report and what stderr says.
fn import(file: &Path, store: &Path, more: &[&str]) -> (Option<i32>, Value, String) {
    let (file, store) = (file.to_str().unwrap(), store.to_str().unwrap());
    let done = run(&[&["import", file, "--store", store, "--json"], more].concat());
    let report = serde_json::from_slice(&done.stdout).unwrap_or_default();
    (done.status.code(), report, String::from_utf8_lossy(&done.stderr).into_owned())
}

/// A tileset of two levels made by hand around a place: a box with a transform, a region below, a further JSON file.
fn made(folder: &Path, at: Geodetic) -> PathBuf {
    std::fs::create_dir_all(folder.join("子 集/深")).unwrap();
    std::fs::write(folder.join("子 集/深/a.glb"), b"glTF-not-read-here").unwrap();
    std::fs::write(folder.join("root.b3dm"), vec![7_u8; 5000]).unwrap();
    std::fs::write(folder.join("secret.txt"), "s").unwrap();
    std::fs::write(folder.join(".hidden.json"), "{}").unwrap();
    let region = region(at);
    let inner = json!({ "asset": { "version": "1.1" }, "geometricError": 5, "root": {
        "boundingVolume": { "region": region }, "geometricError": 0,
        "transform": [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 5.0, 6.0, 7.0, 1.0],
        "contents": [{ "uri": "%E6%B7%B1/a.glb?v=3", "boundingVolume": { "region": region } }] } });
    std::fs::write(folder.join("子 集/inner.json"), inner.to_string()).unwrap();
    let whole = json!({ "asset": { "version": "1.0" }, "geometricError": 300, "root": {
        "boundingVolume": { "box": [0, 0, 20, 100, 0, 0, 0, 80, 0, 0, 0, 25] }, "geometricError": 50, "refine": "ADD",
        "transform": SiteFrame::new(at).enu_to_ecef(), "content": { "url": "root.b3dm" },
        "children": [{ "boundingVolume": { "sphere": [10, 0, 5, 30] }, "viewerRequestVolume": { "region": region },
            "geometricError": 5, "content": { "uri": "./x/../子 集/inner.json" } }] } });
    let file = folder.join("tileset.json");
    std::fs::write(&file, whole.to_string()).unwrap();
    file
}

/// A region of 60 by 50 by 30 metres, nearly.
fn region(at: Geodetic) -> [f64; 6] {
    let (lon, lat) = (at.lon.to_radians(), at.lat.to_radians());
    [lon - 5e-6, lat - 4e-6, lon + 5e-6, lat + 4e-6, at.h - 3.0, at.h + 27.0]
}

/// What the server answers to GET of exactly this path; clients would bring it into order first.
fn spelt(server: &Server, path: &str) -> String {
    let host = server.base.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(host).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut said = String::new();
    socket.read_to_string(&mut said).unwrap();
    said
}

const AT: Geodetic = Geodetic::new(118.78, 32.04, 12.0);

fn matrix(value: &Value) -> Matrix {
    serde_json::from_value(value.clone()).unwrap_or(IDENTITY)
}

#[test]
fn a_folder_with_a_tileset_is_adopted_and_what_else_lies_there_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, store) = (dir.path().join("photos"), dir.path().join("store"));
    let file = made(&folder, AT);
    let mut whole: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let volume = whole["root"]["boundingVolume"].clone();
    let leaf = |uri: &str| json!({ "boundingVolume": volume, "geometricError": 0, "content": { "uri": uri } });
    let mut divided = leaf("c_{level}_{x}_{y}.glb");
    divided["implicitTiling"] = json!({ "subdivisionScheme": "QUADTREE", "subtreeLevels": 2, "availableLevels": 2,
        "subtrees": { "uri": "s_{level}_{x}_{y}.subtree" } });
    let children = whole["root"]["children"].as_array_mut().unwrap();
    children.extend([leaf("b.glb"), leaf("more.json"), divided]);
    std::fs::write(&file, whole.to_string()).unwrap();
    let more = json!({ "asset": { "version": "1.1" }, "geometricError": 5, "root": leaf("b.glb") });
    std::fs::write(folder.join("more.json"), more.to_string()).unwrap();
    std::fs::write(folder.join("schema.json"), r#"{"id":"s","classes":{}}"#).unwrap();
    for own in ["b.glb", "c_0_0_0.glb", "c_1_1_0.glb", "s_0_0_0.subtree", "other.pnts", "texture.ktx2"] {
        std::fs::write(folder.join(own), b"not-read-here").unwrap();
    }
    std::fs::remove_file(folder.join("secret.txt")).unwrap();
    // None of the tileset's: a table, and a model that it does not name.
    std::fs::write(folder.join("lamps.csv"), "id,class,lon,lat,h\nl1,lamp_pole,118.78,32.04,5\n").unwrap();
    std::fs::write(folder.join("house.glb"), b"broken").unwrap();
    let (code, report, told) = import(&folder, &store, &[]);
    let files: Vec<_> = report["files"].as_array().unwrap().iter().map(|f| f["file"].as_str().unwrap()).collect();
    let names: Vec<_> = files.iter().map(|file| file.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["house.glb", "lamps.csv", "tileset.json"], "{told}");
    assert_eq!((code, &report["objects"]), (Some(1), &json!(2)), "{told}");
    assert!(told.contains("house.glb") && !told.contains("b.glb"), "{told}");
    assert_eq!(report["files"][2]["format"], "3D Tiles");
    let left = report["left_out"].to_string();
    assert!(left.contains(".hidden.json") && !left.contains("子 集"), "{left}");
}

#[test]
fn a_tileset_is_served_from_where_it_lies_and_nothing_else_of_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, store) = (dir.path().join("photos"), dir.path().join("store"));
    let file = made(&folder, AT);
    std::fs::write(dir.path().join("beside.json"), "{}").unwrap();
    std::os::unix::fs::symlink(dir.path().join("beside.json"), folder.join("link.json")).unwrap();
    let (code, report, told) = import(&file, &store, &["--dataset", "实景"]);
    assert_eq!((code, &report["objects"]), (Some(0), &json!(1)), "{told}");
    assert!(report.to_string().contains("3 tiles, 2 files"), "{report:#}");
    let integrator = key(&store, "integrator");
    let server = Server::start(&store, &[]);
    let base = "/adopted/000000000001/%E5%AE%9E%E6%99%AF";
    let (status, headers, body) = server.get_bytes(&format!("{base}/tileset.json"), &[]);
    assert_eq!((status, body), (200, std::fs::read(&file).unwrap()), "not moved, so as it is");
    let tag = headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(server.get_bytes(&format!("{base}/tileset.json"), &[("If-None-Match", &tag)]).0, 304);
    let (status, headers, body) = server.get_bytes(&format!("{base}/%E5%AD%90%20%E9%9B%86/%E6%B7%B1/a.glb?"), &[]);
    assert_eq!(
        (status, &headers["content-type"], body.as_slice()),
        (200, &"model/gltf-binary".parse().unwrap(), &b"glTF-not-read-here"[..])
    );
    let (status, headers, body) =
        server.get_bytes(&format!("{base}/root.b3dm"), &[("Range", "bytes=10-19"), ("Accept-Encoding", "gzip")]);
    assert_eq!((status, headers["content-range"].to_str().unwrap(), body), (206, "bytes 10-19/5000", vec![7; 10]));
    assert_eq!(server.get_bytes(&format!("{base}/root.b3dm"), &[("Range", "bytes=9999-")]).0, 416);
    for hidden in [
        "secret.txt",
        ".hidden.json",
        "link.json",
        "../beside.json",
        "..%2fbeside.json",
        "%2e%2e/beside.json",
        "none.glb",
        "子%20集",
        "a%00.json",
    ] {
        assert_eq!(server.get(&format!("{base}/{hidden}")).0, 404, "{hidden}");
    }
    for climbing in
        ["../beside.json", "./../beside.json", "%2e%2e/beside.json", "x/../../beside.json", "/etc/passwd.json"]
    {
        let said = spelt(&server, &format!("{base}/{climbing}"));
        assert!(said.starts_with("HTTP/1.1 404"), "{climbing}: {said}");
    }
    let whole = server.get_bytes(&format!("{base}/root.b3dm"), &[("Range", "bytes=10-19"), ("If-Range", "\"x\"")]);
    assert_eq!((whole.0, whole.2.len()), (200, 5000), "a part of nobody knows what is not sent");
    for elsewhere in ["/adopted/000000000002/x/tileset.json", "/adopted/000000000001/other/tileset.json"] {
        assert_eq!(server.get(elsewhere).0, 404);
    }
    // The whole map has it.
    let map = server.get("/3dtiles/tileset.json").1;
    let child = &map["root"]["children"][0];
    assert_eq!(child["content"]["uri"], "../adopted/000000000001/%E5%AE%9E%E6%99%AF/tileset.json");
    let own: [f64; 12] = serde_json::from_value(child["boundingVolume"]["box"].clone()).unwrap();
    let middle = from_ecef([own[0], own[1], own[2]]);
    assert!((middle.lon - AT.lon).abs() < 1e-6 && (middle.h - 32.0).abs() < 0.01, "{middle:?}");
    assert!(map["root"]["geometricError"].as_f64() >= child["geometricError"].as_f64());
    let one = server.get("/collections/%E5%AE%9E%E6%99%AF").1;
    assert!(one["links"].to_string().contains("/adopted/000000000001/"), "{one}");
    // Over HTTP a tileset.json comes without its folder.
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let sent = agent.post(format!("{}/imports?name=tileset.json", server.base)).header("X-API-Key", &integrator);
    let mut answer = sent.send(std::fs::read(&file).unwrap()).unwrap();
    let told = answer.body_mut().read_to_string().unwrap();
    assert!(answer.status() == 400 && told.contains("not in the upload"), "{told}");
    let gone = agent
        .delete(format!("{}/collections/%E5%AE%9E%E6%99%AF", server.base))
        .header("X-API-Key", &integrator)
        .call()
        .unwrap();
    assert_eq!(gone.status(), 200);
    assert_eq!(server.get(&format!("{base}/tileset.json")).0, 404);
    assert!(file.exists(), "what was adopted stays where it lies");
}

#[test]
fn a_move_keeps_every_tile_where_it_was_in_the_whole_and_regions_move_along() {
    let dir = tempfile::tempdir().unwrap();
    let file = made(&dir.path().join("photos"), AT);
    let to = Geodetic::new(118.791, 32.052, 40.0);
    let store = dir.path().join("store");
    let (code, report, told) =
        import(&file, &store, &["--dataset", "m", "--origin", "118.791,32.052,40,30", "--height-offset", "2.5"]);
    assert_eq!(code, Some(0), "{told}");
    let moved = SiteFrame::new(AT).to_enu(Geodetic { h: 42.5, ..to }).iter().map(|d| d * d).sum::<f64>().sqrt();
    assert!((report["files"][0]["moved_metres"].as_f64().unwrap() - moved).abs() < 1e-6);
    let server = Server::start(&store, &[]);
    let whole = server.get("/adopted/000000000001/m/tileset.json").1;
    let inner = server.get("/adopted/000000000001/m/%E5%AD%90%20%E9%9B%86/inner.json").1;
    let text = whole.to_string() + &inner.to_string();
    // However the path is spelt, it is the moved file that is served.
    for path in
        ["./tileset.json", "/tileset.json", "%E5%AD%90%20%E9%9B%86/./inner.json", "%E5%AD%90%20%E9%9B%86//inner.json"]
    {
        let said = spelt(&server, &format!("/adopted/000000000001/m/{path}"));
        let body: Value = serde_json::from_str(said.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(body, if path.contains("inner") { inner.clone() } else { whole.clone() }, "{path}");
    }
    let part = server.get_bytes("/adopted/000000000001/m/tileset.json", &[("Range", "bytes=0-0")]);
    assert_eq!((part.0, part.2.as_slice()), (206, &b"{"[..]));
    assert!(!text.contains("region"), "a region would stay where it was: {text}");
    let now = SiteFrame::new(Geodetic { h: to.h + 2.5, ..to });
    let root = matrix(&whole["root"]["transform"]);
    // 30 degrees clockwise: what lay to the north lies to the north-north-east.
    let north = now.to_enu(from_ecef(apply(&root, [0.0, 100.0, 3.0])));
    let (sin, cos) = 30.0_f64.to_radians().sin_cos();
    assert!((0..3).all(|k| (north[k] - [100.0 * sin, 100.0 * cos, 3.0][k]).abs() < 1e-6), "{north:?}");
    // The region's corners, moved rigidly, lie in the boxes that stand for it; and those are no larger than they need be.
    let [west, south, east, north, low, high] = region(AT);
    let before = SiteFrame::new(AT);
    let inner_root = times(&root, &matrix(&inner["root"]["transform"]));
    let boxes = [
        (&whole["root"]["children"][0]["viewerRequestVolume"]["box"], root),
        (&inner["root"]["boundingVolume"]["box"], inner_root),
        (&inner["root"]["contents"][0]["boundingVolume"]["box"], inner_root),
    ];
    for (volume, place) in boxes {
        let own: [f64; 12] = serde_json::from_value(volume.clone()).unwrap();
        let at = |p: [f64; 3]| apply(&place, p);
        let middle = at([own[0], own[1], own[2]]);
        let axes: Vec<[f64; 3]> = (1..4)
            .map(|k| {
                let end = at([own[0] + own[3 * k], own[1] + own[3 * k + 1], own[2] + own[3 * k + 2]]);
                std::array::from_fn(|i| end[i] - middle[i])
            })
            .collect();
        for (lon, lat, h) in [(west, south, low), (east, north, high), (west, north, high), (east, south, low)] {
            let [x, y, z] = before.to_enu(Geodetic::new(lon.to_degrees(), lat.to_degrees(), h));
            let point = to_ecef(now.to_geodetic([x * cos + y * sin, -x * sin + y * cos, z]));
            for axis in &axes {
                let length: f64 = axis.iter().map(|c| c * c).sum();
                let along: f64 = (0..3).map(|i| (point[i] - middle[i]) * axis[i]).sum();
                assert!(
                    (along / length).abs() <= 1.0 && length.sqrt() < 60.0,
                    "{} of an axis of {}",
                    along / length,
                    length.sqrt()
                );
            }
        }
    }
    // The box in the whole map moves along.
    let own: [f64; 12] = serde_json::from_value(
        server.get("/3dtiles/tileset.json").1["root"]["children"][0]["boundingVolume"]["box"].clone(),
    )
    .unwrap();
    let middle = now.to_enu(from_ecef([own[0], own[1], own[2]]));
    assert!((0..3).all(|k| (middle[k] - [0.0, 0.0, 20.0][k]).abs() < 1e-6), "{middle:?}");
}

#[test]
fn the_real_sample_is_adopted_with_nothing_missing() {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = shared.join("data/3dtiles/TilesetWithRequestVolume/tileset.json");
    let (code, report, told) =
        import(&file, &dir.path().join("store"), &["--dataset", "sample", "--height-offset", "-3"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(report.to_string().contains("6 files of content") && !report.to_string().contains("missing"), "{report:#}");
    let server = Server::start(&dir.path().join("store"), &[]);
    for name in ["city/ll.b3dm", "points.pnts", "building.b3dm"] {
        let (status, _, body) = server.get_bytes(&format!("/adopted/000000000001/sample/{name}"), &[]);
        assert_eq!((status, body), (200, std::fs::read(file.parent().unwrap().join(name)).unwrap()));
    }
}

#[test]
fn a_tileset_that_cannot_be_adopted_is_one_error_with_its_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("photos");
    let file = made(&folder, AT);
    let good: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let with = |pointer: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed
    };
    let implicit = json!({ "boundingVolume": { "region": region(AT) }, "geometricError": 1, "content": { "uri": "{level}/{x}/{y}.glb" },
        "implicitTiling": { "subdivisionScheme": "QUADTREE", "availableLevels": 2, "subtreeLevels": 2, "subtrees": { "uri": "root.b3dm" } } });
    let cases: Vec<(&str, Value, &[&str], &str)> = vec![
        ("version", with("/asset/version", json!("0.0")), &[], "3d-tiles-tools upgrade"),
        ("climbing", with("/root/content/url", json!("../../etc/passwd.glb")), &[], "leaves its folder"),
        ("another server", with("/root/content/url", json!("http://127.0.0.1/x.glb")), &[], "is not a file beside it"),
        ("encoded climbing", with("/root/content/url", json!("%2e%2e/beside.glb")), &[], "leaves its folder"),
        ("no volume", with("/root/boundingVolume", json!({})), &[], "bounding volume"),
        ("a volume of words", with("/root/boundingVolume", json!({ "box": ["a"] })), &[], "bounding volume"),
        ("a transform of fifteen", with("/root/transform", json!(vec![1.0; 15])), &[], "sixteen"),
        (
            "nothing there",
            with(
                "/root",
                json!({ "boundingVolume": { "sphere": [0, 0, 0, 1] }, "geometricError": 1, "content": { "uri": "no.glb" } }),
            ),
            &[],
            "none of its contents",
        ),
        ("no place", with("/root/transform", json!(IDENTITY)), &[], "--origin"),
        ("a crs", good.clone(), &["--crs", "EPSG:4549"], "--crs"),
        ("implicit regions", with("/root", implicit), &["--height-offset", "3"], "implicitly"),
    ];
    let store = dir.path().join("store");
    for (what, json, more, wanted) in cases {
        std::fs::write(&file, json.to_string()).unwrap();
        let (code, _, told) = import(&file, &store, more);
        assert!(code == Some(2) && told.contains(wanted) && told.contains("tileset.json"), "{what}: {told}");
    }
    // A circle of files ends.
    std::fs::write(&file, with("/root/children/0/content/uri", json!("tileset.json")).to_string()).unwrap();
    assert_eq!(import(&file, &store, &[]).0, Some(2));
    std::fs::write(&file, good.to_string()).unwrap();
    std::fs::remove_file(folder.join("root.b3dm")).unwrap();
    let (code, report, _) = import(&file, &store, &[]);
    assert!(code == Some(0) && report.to_string().contains("1 files that it names are missing"), "{report:#}");
    // Served under the name of the first file, that one could not be reached.
    let other = folder.join("main.json");
    std::fs::write(&other, with("/root/children/0/content/uri", json!("tileset.json")).to_string()).unwrap();
    let (code, _, told) = import(&other, &store, &["--dataset", "other"]);
    assert!(code == Some(2) && told.contains("served under that name"), "{told}");
}

#[test]
fn the_catalogue_knows_what_lies_beside_the_assets_and_deletes_it() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, store) = (dir.path().join("photos"), dir.path().join("store"));
    let file = made(&folder, AT);
    let (code, report, told) = import(&file, &store, &["--dataset", "photos"]);
    assert_eq!(code, Some(0), "{told}");
    let site = report["files"][0]["site"].as_str().unwrap().to_owned();
    let at = store.to_str().unwrap();
    let dataset = |arguments: &[&str]| {
        let done = run(&[&["dataset"], arguments, &["--store", at]].concat());
        let said = [done.stdout, done.stderr].concat();
        (done.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    assert_eq!(dataset(&["describe", "photos", "--owner", "测绘院"]).0, Some(0));
    assert_eq!(import(&file, &store, &["--dataset", "photos"]).0, Some(0));
    for act in [&["withdraw", "photos"][..], &["rollback", "photos", "--revision", "1"]] {
        let (code, said) = dataset(act);
        assert!(code != Some(0) && said.contains("is a raster, a tileset or a point cloud"), "{act:?}: {said}");
    }
    let integrator = key(&store, "integrator");
    {
        let server = Server::start(&store, &[]);
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let (status, listed) = server.get("/datasets");
        assert_eq!((status, &listed["datasets"][0]["id"]), (200, &json!("photos")), "{listed}");
        assert_eq!(server.get("/datasets/photos").1["owner"], "测绘院", "what was said of it outlives an import");
        assert_eq!(server.post("/datasets/photos/withdraw", Some(&integrator), &json!({})).0, 409);
        assert_eq!(server.get(&format!("/adopted/{site}/photos/tileset.json")).0, 200);
        let request = agent.delete(format!("{}/datasets/photos", server.base)).header("X-API-Key", &integrator);
        assert_eq!(request.call().unwrap().status().as_u16(), 200);
        assert_eq!(server.get(&format!("/adopted/{site}/photos/tileset.json")).0, 404);
        assert_eq!(server.get("/datasets").1["datasets"], json!([]));
    }
    assert!(!dataset(&["list"]).1.contains("photos"), "and not after opening the store again");
    assert!(file.is_file(), "its folder is not ours");
}

#[test]
fn a_file_of_any_size_is_served_without_being_held_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, store) = (dir.path().join("photos"), dir.path().join("store"));
    let file = made(&folder, AT);
    let large = std::fs::File::create(folder.join("root.b3dm")).unwrap();
    large.set_len(3 << 30).unwrap();
    assert_eq!(import(&file, &store, &["--dataset", "photos"]).0, Some(0));
    let server = Server::start(&store, &[]);
    let url = format!("{}/adopted/000000000001/photos/root.b3dm", server.base);
    let mut answer = ureq::get(&url).header("Accept-Encoding", "identity").call().unwrap();
    assert_eq!(answer.headers()["content-length"], (3_u64 << 30).to_string());
    let mut some = vec![1; 300 << 20];
    answer.body_mut().as_reader().read_exact(&mut some).unwrap();
    assert!(some.iter().all(|byte| *byte == 0));
    let range = format!("bytes={}-", (3_u64 << 30) - 7);
    let (status, headers, end) = server.get_bytes("/adopted/000000000001/photos/root.b3dm", &[("Range", &range)]);
    assert_eq!((status, end.len(), headers["content-range"].to_str().unwrap().contains("/3221225472")), (206, 7, true));
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let most: u64 = most.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(most < 250 << 10, "{most} kB for 3 GiB");
}
