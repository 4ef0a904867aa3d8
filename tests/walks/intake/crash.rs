//! `kill -9` in the middle of an import: the store opens again and holds all of it or nothing.

use super::blocks;
use super::worker::{is_alive, wait_for, worker_of};
use crate::support::{Server, cimbra, key};
use cimbra::model::VariantName;
use cimbra::store::{Site, Store};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

const COUNT: i64 = 6_000;

/// How many current assets the store has, after checking that they are all of one height, and that height.
fn held(dir: &Path) -> (usize, Option<f64>) {
    let store = Store::open(dir).unwrap();
    store.sites().pop().map_or((0, None), |site| height(&site))
}

fn height(site: &Site) -> (usize, Option<f64>) {
    let city = site.snapshot();
    let heights: Vec<f64> = city
        .rows()
        .map(|row| {
            city.geometry(row).unwrap();
            let size = city.asset(row).unwrap().bounds().size();
            size[2].round()
        })
        .collect();
    assert!(heights.iter().all(|h| *h == heights[0]), "one version, not two mixed");
    (city.len(), heights.first().copied())
}

#[test]
fn a_killed_import_leaves_all_or_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (store, file) = (dir.path().join("store"), dir.path().join("blocks.city.jsonl"));
    let start = |height: i64| {
        std::fs::write(&file, blocks(COUNT, height)).unwrap();
        let mut command = cimbra(&["import", "--json", "--store"]);
        command.arg(&store).arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let begun = Instant::now();
    assert!(start(10).wait().unwrap().success());
    let whole = begun.elapsed();
    assert_eq!(held(&store), (COUNT as usize, Some(10.0)));
    std::fs::remove_dir_all(&store).unwrap();

    let (mut before, mut killed, rounds) = ((0, None), 0, 12);
    for round in 0..rounds {
        let height = 11 + round;
        let mut child = start(height);
        std::thread::sleep(
            whole.mul_f64(f64::from(i32::try_from(round).unwrap()) / 11.0 * 1.1) + Duration::from_millis(5),
        );
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        let now = held(&store);
        let all = (COUNT as usize, Some(height as f64));
        assert!(now == all || now == before, "round {round}: {now:?} is neither {all:?} nor {before:?}");
        before = now;
    }
    eprintln!("{killed} of {rounds} imports of {} ms were killed while they ran", whole.as_millis());
    assert!(killed >= 3, "only {killed} were killed in time");
    assert!(start(99).wait().unwrap().success(), "and a later import goes through");
    assert_eq!(held(&store), (COUNT as usize, Some(99.0)));
}

#[test]
fn a_killed_import_into_a_variant_leaves_it_and_the_city_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let (store, file) = (dir.path().join("store"), dir.path().join("blocks.city.jsonl"));
    let start = |height: i64, more: &[&str]| {
        std::fs::write(&file, blocks(COUNT, height)).unwrap();
        let mut command = cimbra(&["import", "--json", "--store"]);
        command.arg(&store).arg(&file).args(more).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let begun = Instant::now();
    assert!(start(10, &[]).wait().unwrap().success());
    let whole = begun.elapsed();
    let held = || {
        let store = Store::open(&store).unwrap();
        let site = store.sites().pop().unwrap();
        assert_eq!(height(&site), (COUNT as usize, Some(10.0)), "the city itself");
        assert_eq!(site.snapshot().revision(), 1);
        site.variant(&VariantName::new("high").unwrap()).map(|variant| height(&variant))
    };
    let (mut before, mut killed, rounds) = (None, 0, 10);
    assert_eq!(held(), before);
    for round in 0..rounds {
        let mut child = start(11 + round, &["--variant", "high"]);
        let part = f64::from(i32::try_from(round).unwrap()) / 9.0 * 1.2;
        std::thread::sleep(whole.mul_f64(part) + Duration::from_millis(5));
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        let (now, all) = (held(), Some((COUNT as usize, Some((11 + round) as f64))));
        assert!(now == all || now == before, "round {round}: {now:?} is neither {all:?} nor {before:?}");
        before = now;
    }
    eprintln!("{killed} of {rounds} imports of {} ms were killed while they ran", whole.as_millis());
    assert!(killed >= 3, "only {killed} were killed in time");
    assert!(start(99, &["--variant", "high"]).wait().unwrap().success(), "and a later import goes through");
    assert_eq!(held(), Some((COUNT as usize, Some(99.0))));
}

/// Sends a city to be taken in while nobody waits; gives where its report will be.
fn send(server: &Server, key: &str, city: &str) -> String {
    let url = format!("{}/imports?name=blocks.city.jsonl&height-offset=0", server.base);
    let request = ureq::post(url).header("X-API-Key", key).header("Prefer", "respond-async");
    let answer = request.send(city).unwrap();
    assert_eq!(answer.status(), 202);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// What the server says of an import: its objects so far and, once it is done, its report.
fn said(server: &Server, key: &str, place: &str) -> Value {
    let (status, _, body) = server.get_bytes(place, &[("X-API-Key", key)]);
    assert_eq!(status, 200);
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn a_server_killed_while_it_takes_a_city_in_leaves_the_version_before_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let integrator = key(&store, "integrator");
    let mut server = Server::start(&store, &[]);
    let place = send(&server, &integrator, &blocks(COUNT, 10));
    let begun = Instant::now();
    let report = wait_for("the report", || {
        let said = said(&server, &integrator, &place);
        (said["status"] != "running").then_some(said)
    });
    let whole = begun.elapsed();
    assert_eq!((&report["objects"], &report["refused"]), (&COUNT.into(), &0.into()), "{report:#}");
    let (mut before, mut killed, mut counted) = ((COUNT as usize, Some(10.0)), 0, 0);
    for round in 0..6 {
        let height = 11 + round;
        let place = send(&server, &integrator, &blocks(COUNT, height));
        // At the start, with the worker there; then later and later, once objects have come in.
        let worker = worker_of(server.id());
        std::thread::sleep(whole.mul_f64(round as f64 / 5.0));
        let now = said(&server, &integrator, &place);
        killed += u32::from(now["status"] == "running");
        counted += u32::from(now["status"] == "running" && now["objects"].as_u64() > Some(0));
        server.kill();
        wait_for("the worker's end", || (!is_alive(worker)).then_some(()));
        let (now, all) = (held(&store), (COUNT as usize, Some(height as f64)));
        assert!(now == all || now == before, "round {round}: {now:?} is neither {all:?} nor {before:?}");
        before = now;
        server = Server::start(&store, &[]);
        assert_eq!(server.get("/collections/buildings/items").1["numberMatched"], COUNT);
    }
    assert!(killed >= 3 && counted >= 1, "{killed} of 6 were killed in time, {counted} of them with objects in");
    let place = send(&server, &integrator, &blocks(COUNT, 99));
    let report =
        wait_for("the report", || Some(said(&server, &integrator, &place)).filter(|s| s["status"] != "running"));
    assert_eq!(report["objects"], COUNT);
    server.kill();
    assert_eq!(held(&store), (COUNT as usize, Some(99.0)));
    assert_eq!(std::fs::read_dir(store.join("uploads")).unwrap().count(), 0, "what the dead have left is cleared away");
}
