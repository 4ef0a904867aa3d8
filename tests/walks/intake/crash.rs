//! `kill -9` in the middle of an import: the store opens again and holds all of it or nothing.

use super::blocks;
use crate::support::cimbra;
use cimbra::store::Store;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

const COUNT: i64 = 6_000;

/// How many current assets the store has, after checking that they are all of one height, and that height.
fn held(dir: &Path) -> (usize, Option<f64>) {
    let store = Store::open(dir).unwrap();
    let Some(site) = store.sites().pop() else { return (0, None) };
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
