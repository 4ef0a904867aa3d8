//! What callers feel: the built binary over HTTP, from import to picture.

use super::support::{Server, cimbra, key, shared};
use super::{figure, spread, timed, times};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

/// The demo community and, where the real data is, Delft.
pub fn run() {
    let dir = tempfile::tempdir().unwrap();
    let (files, store) = (dir.path().join("files"), dir.path().join("store"));
    let made = timed(|| done(cimbra(&["generate", "--households", "500"]).arg(&files)));
    figure("generate the community of 500 households", &format!("{made:.2} s"), "all its files");
    let took = timed(|| done(cimbra(&["import", "--site", "320106003001", "--store"]).arg(&store).arg(&files)));
    let integrator = key(&store, "integrator");
    let server = Server::start(&store, &[]);
    let assets = server.get("/collections/assets/items?limit=1").1["numberMatched"].as_f64().unwrap();
    figure("import it, assets a second", &format!("{:.0}", assets / took), &format!("{assets} assets, {took:.1} s"));
    tiles(&server, "the demo community", assets);
    items(&server);
    views(&server);
    readings(&server, &integrator);
    drop(server);
    if let Some(shared) = shared() {
        delft(&shared.join("data/cityjson/delft.city.jsonl"));
    }
}

fn delft(file: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let took = timed(|| done(cimbra(&["import", "--height-offset", "43.4", "--store"]).arg(dir.path()).arg(file)));
    figure("import Delft, buildings a second", &format!("{:.0}", 1115.0 / took), "1,115 buildings, process and all");
    tiles(&Server::start(dir.path(), &[]), "Delft", 1115.0);
}

/// Fetches every tile of the whole map once, cold.
fn tiles(server: &Server, of: &str, features: f64) {
    let begun = Instant::now();
    let tiles = every_tile(server);
    let bytes: usize = tiles.iter().map(|(_, tile)| tile.len()).sum();
    let took = begun.elapsed().as_secs_f64();
    let over = format!("{} tiles, {:.1} MB, cold, over HTTP", tiles.len(), bytes as f64 / 1e6);
    figure(&format!("tiles of {of}, features a second"), &format!("{:.0}", features / took), &over);
}

/// The path and the bytes of every tile of the whole map.
pub fn every_tile(server: &Server) -> Vec<(String, Vec<u8>)> {
    let (mut todo, mut tiles) = (vec!["/3dtiles/tileset.json".to_owned()], Vec::new());
    while let Some(path) = todo.pop() {
        let tileset = server.get(&path).1;
        let folder = path.rsplit_once('/').unwrap().0;
        let mut nodes = vec![&tileset["root"]];
        while let Some(node) = nodes.pop() {
            nodes.extend(node["children"].as_array().into_iter().flatten());
            let Some(uri) = node["content"]["uri"].as_str() else { continue };
            let path = format!("{folder}/{uri}");
            if uri.ends_with("json") {
                todo.push(path);
            } else {
                let bytes = server.get_bytes(&path, &[]).2;
                tiles.push((path, bytes));
            }
        }
    }
    tiles
}

fn items(server: &Server) {
    let extent = server.get("/collections/buildings").1["extent"]["spatial"]["bbox"][0].clone();
    let at = |k: usize| extent[k].as_f64().unwrap();
    let path = |i: usize| {
        let share = (i % 17) as f64 / 17.0;
        let (x, y) = (at(0) + (at(3) - at(0)) * share, at(1) + (at(4) - at(1)) * (1.0 - share));
        format!("/collections/assets/items?limit=113&bbox={},{},{},{}", x - 0.0002, y - 0.0002, x + 0.0002, y + 0.0002)
    };
    let mut rows = 0;
    let asked = times(300, |i| rows += server.get(&path(i)).1["numberReturned"].as_u64().unwrap());
    let over = format!("{} full features each, one caller", rows / 301);
    figure("items in a box over HTTP, median / p99", &spread(&asked), &over);
    let found = times(100, |i| assert!(server.get(&format!("/search?q={}%E5%8F%B7%E6%A5%BC", i % 9)).0 == 200));
    figure("search by name over HTTP, median / p99", &spread(&found), "the demo community");
}

fn views(server: &Server) {
    let extent = server.get("/collections/buildings").1["extent"]["spatial"]["bbox"][0].clone();
    let n: Vec<String> = extent.as_array().unwrap().iter().map(Value::to_string).collect();
    let path = format!("/views?bbox={}&size=1024x768&style=class", n.join(","));
    let begun = Instant::now();
    let (status, _, _) = server.get_bytes(&path, &[]);
    if status != 200 {
        figure("a view of the community", "none", "no graphics adapter here");
        return;
    }
    figure("first view, 1024x768", &format!("{:.0} ms", begun.elapsed().as_secs_f64() * 1e3), "shaders compiled");
    let warm = times(10, |_| assert_eq!(server.get_bytes(&path, &[]).0, 200));
    figure("warm view, 1024x768, median / p99", &spread(&warm), "the whole demo community");
}

fn readings(server: &Server, integrator: &str) {
    let streams = server.get("/sta/v1.1/Datastreams?$top=1000").1;
    let ids: Vec<u64> = streams["value"].as_array().unwrap().iter().map(|s| s["@iot.id"].as_u64().unwrap()).collect();
    const ROUNDS: usize = 40;
    let post = |round: usize| {
        let time = format!("2026-01-01T{:02}:{:02}:00Z", round / 60, round % 60);
        let groups: Vec<Value> = ids
            .iter()
            .map(|id| {
                json!({ "Datastream": { "@iot.id": id }, "components": ["phenomenonTime", "result"],
                    "dataArray@iot.count": 1, "dataArray": [[time, 0.01]] })
            })
            .collect();
        let (status, answer) = server.post("/sta/v1.1/CreateObservations", Some(integrator), &json!(groups));
        assert_eq!(status, 201, "{answer}");
    };
    let took = timed(|| (0..ROUNDS).for_each(post));
    let rate = (ROUNDS * ids.len()) as f64 / took;
    let over = format!("CreateObservations of {} each, on disk before the answer", ids.len());
    figure("readings a second over HTTP, one caller", &format!("{rate:.0}"), &over);
}

fn done(command: &mut std::process::Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
