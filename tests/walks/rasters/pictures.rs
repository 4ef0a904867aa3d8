//! Imagery tiles, against the colours that GDAL reads where pyproj puts them.

use super::{import, oracle};
use crate::support::Server;
use serde_json::json;
use std::path::Path;

#[test]
fn every_form_of_picture_is_tiled_with_its_own_colours() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let all = oracle(&["pictures", dir.path().to_str().unwrap()]).as_array().unwrap().clone();
    assert!(all.len() > 12);
    for one in &all {
        let file = Path::new(one["file"].as_str().unwrap());
        let (code, report, told) = import(file, &store, &[]);
        assert_eq!((code, &report["objects"]), (Some(0), &json!(1)), "{}: {told}", file.display());
    }
    let server = Server::start(&store, &[]);
    let listed = server.get("/imagery").1;
    assert_eq!(listed["imagery"].as_array().unwrap().len(), all.len());
    for one in &all {
        let file = Path::new(one["file"].as_str().unwrap());
        let name = file.file_stem().unwrap().to_str().unwrap();
        let url = format!("{}/imagery/{name}", server.base);
        let seen = oracle(&["imagery", &url, file.to_str().unwrap(), &one["close"].to_string()]);
        assert_eq!(seen["wrong"].as_array().map(Vec::len), Some(0), "{name}: {seen:#}");
        let (inside, exact) = (seen["inside"].as_f64().unwrap(), seen["exact"].as_f64().unwrap());
        assert!(inside > 20_000.0 && exact / inside > 0.99, "{name}: {seen:#}");
    }
    let about = server.get("/imagery/rgb").1;
    let z = about["maxzoom"].as_u64().unwrap();
    let (status, headers, _) = server.get_bytes("/imagery/rgb/0/0/0.png", &[]);
    assert_eq!(
        (status, headers["content-type"].to_str().unwrap(), &headers["cache-control"]),
        (200, "image/png", &"no-cache".parse().unwrap())
    );
    let tag = headers["etag"].to_str().unwrap();
    assert_eq!(server.get_bytes("/imagery/rgb/0/0/0.png", &[("If-None-Match", tag)]).0, 304);
    assert!(z >= 17, "half a metre: {about}");
    for missing in
        ["rgb/0/1/0.png", "rgb/0/0/0.jpeg", "rgb/25/0/0.png", "none/0/0/0.png", "rgb/1/-1/0.png", "rgb/1/0/+0.png"]
    {
        assert_eq!(server.get(&format!("/imagery/{missing}")).0, 404, "{missing}");
    }
    assert_eq!(server.get("/terrain/layer.json").1["maxzoom"], 0, "pictures are no terrain");
}
