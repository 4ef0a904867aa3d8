//! A million assets: what a commit of one costs, what they take in memory. Run with `--ignored --nocapture`.

use super::{asset, code, dataset, origin};
use cimbra::geom::Bounds;
use cimbra::store::Store;
use cimbra::units::Instant;
use std::io::Write;
use std::process::Command;
use std::time::Instant as Clock;

/// Resident memory of this process, bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

fn say(what: &str, since: Clock) {
    let mut out = std::io::stdout();
    writeln!(out, "{what}: {:.3} ms", since.elapsed().as_secs_f64() * 1e3).unwrap();
}

#[test]
#[ignore = "a measurement of minutes"]
fn a_million() {
    let dir = tempfile::tempdir().unwrap();
    let n = std::env::var("CIMBRA_TEST_ASSETS").map_or(1_000_000, |n| n.parse().unwrap());
    let store = Store::open(dir.path()).unwrap();
    let site = store.create_site(&code(), origin(), Instant(0)).unwrap();
    let since = Clock::now();
    let mut draft = site.draft(dataset("d")).unwrap();
    for i in 0..n {
        let mut a = asset(&format!("2O2Fr$t4X7Zf8NOe{i:06}"), i % 90_000, "Concrete, Cast In Situ");
        if i % 20 != 0 {
            a.parent = Some(format!("2O2Fr$t4X7Zf8NOe{:06}", i - i % 20).into());
        }
        draft.put(a).unwrap();
    }
    say("put", since);
    let since = Clock::now();
    draft.commit(Instant(1)).unwrap();
    say("commit of all", since);
    drop((site, store));

    let weighed = Command::new(std::env::current_exe().unwrap())
        .args(["walks::store::scale::opened", "--exact", "--ignored", "--nocapture"])
        .env("CIMBRA_TEST_STORE", dir.path())
        .output()
        .unwrap();
    let weighed = String::from_utf8_lossy(&weighed.stdout).into_owned();
    println!("{}", weighed.lines().find(|l| l.starts_with("open")).unwrap());
    let store = Store::open(dir.path()).unwrap();
    let site = store.site(&code()).unwrap();
    let mut times = vec![];
    for k in 0..300 {
        let since = Clock::now();
        let mut draft = site.draft(dataset("edit")).unwrap();
        draft.put(asset(&format!("new-{}", k % 200), 5, &k.to_string())).unwrap();
        draft.commit(Instant(2 + k)).unwrap();
        times.push(since.elapsed());
    }
    times.sort();
    println!("commit of one: median {:?}, p99 {:?}", times[150], times[297]);
    let now = site.snapshot();
    let around = now.asset(now.rows().nth(77_777).unwrap()).unwrap().bounds();
    let window = Bounds { min: around.min, max: [around.min[0] + 2e-4, around.min[1] + 2e-4, 100.0] };
    let since = Clock::now();
    let hits = (0..1000).map(|_| now.in_box(&window, None).len()).sum::<usize>() / 1000;
    say(&format!("a thousand boxes of {hits} hits"), since);
    let since = Clock::now();
    let found = (0..n).filter(|i| now.find(&format!("2O2Fr$t4X7Zf8NOe{i:06}")).is_some()).count();
    say(&format!("{found} finds"), since);
    let mut draft = site.draft(dataset("d")).unwrap();
    for i in 0..n / 7 {
        draft.put(asset(&format!("2O2Fr$t4X7Zf8NOe{i:06}"), i, "moved")).unwrap();
    }
    let since = Clock::now();
    draft.commit(Instant(1000)).unwrap();
    say("commit of a seventh", since);
    let since = Clock::now();
    assert!(site.repack().unwrap());
    say("repack", since);
}

/// What an open store takes; in a process of its own, so that nothing else is weighed.
#[test]
#[ignore = "a part of a_million"]
fn opened() {
    let Some(dir) = std::env::var_os("CIMBRA_TEST_STORE") else { return };
    let (before, since) = (resident(), Clock::now());
    let store = Store::open(dir.as_ref()).unwrap();
    let (took, len) = (resident() - before, store.sites()[0].snapshot().len());
    println!("\nopen: {:.3} s, resident {} bytes an asset", since.elapsed().as_secs_f64(), took / len);
}
