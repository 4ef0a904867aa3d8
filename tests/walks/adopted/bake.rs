//! Adopted tilesets among the files of a bake: as they are served, and never as they were before.

use super::{AT, import, made};
use crate::support::{Server, run};
use serde_json::{Value, json};
use std::io::Read;

#[test]
fn a_bake_takes_adopted_tilesets_along() {
    let dir = tempfile::tempdir().unwrap();
    let file = made(&dir.path().join("photos"), AT);
    let (store, out) = (dir.path().join("store"), dir.path().join("out"));
    let origin = ["--dataset", "实景", "--origin", "118.791,32.052,40,30"];
    assert_eq!(import(&file, &store, &origin).0, Some(0));
    let server = Server::start(&store, &[]);
    let base = "/adopted/000000000001/%E5%AE%9E%E6%99%AF";
    let served = |path: &str| server.get_bytes(&format!("{base}/{path}"), &[]).2;
    let files = [
        ("tileset.json", served("tileset.json")),
        ("子 集/inner.json", served("%E5%AD%90%20%E9%9B%86/inner.json")),
        ("root.b3dm", served("root.b3dm")),
    ];
    drop(server);
    let bake = |codings: &str| {
        let (out, store) = (out.to_str().unwrap(), store.to_str().unwrap());
        let done = run(&["bake", out, "--store", store, "--precompress", codings]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    bake("gzip,br");
    let folder = out.join("adopted/000000000001/实景");
    for (path, bytes) in &files {
        assert!(std::fs::read(folder.join(path)).unwrap() == *bytes, "{path}");
    }
    assert!(!folder.join("secret.txt").exists() && !folder.join(".hidden.json").exists());
    let map: Value = serde_json::from_slice(&std::fs::read(out.join("tileset.json")).unwrap()).unwrap();
    let uri = format!("{}/tileset.json", &base[1..]);
    assert!(map["root"]["children"].as_array().unwrap().iter().any(|c| c["content"]["uri"] == json!(uri)), "{map:#}");
    // A copy that was stopped is gone on with, one of a file that is another now is made anew, and so is what was prepared of it.
    std::fs::write(folder.join("root.b3dm"), b"half").unwrap();
    let changed = std::fs::read_to_string(dir.path().join("photos/子 集/深/a.glb")).unwrap().replace("not", "NOT");
    std::fs::write(dir.path().join("photos/子 集/深/a.glb"), &changed).unwrap();
    bake("gzip");
    assert!(std::fs::read(folder.join("root.b3dm")).unwrap() == files[2].1);
    let unpacked = |path: &str| {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(folder.join(path)).unwrap();
        flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
        bytes
    };
    assert!(unpacked("子 集/深/a.glb.gz") == changed.as_bytes() && unpacked("tileset.json.gz") == files[0].1);
    assert!(!folder.join("tileset.json.br").exists(), "of another city, perhaps");
}
