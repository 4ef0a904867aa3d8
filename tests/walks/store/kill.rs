//! `kill -9` and a full disk in the middle of commits: what was acknowledged is there whole, nothing else is.

use super::{asset, code, contents, dataset, origin};
use cimbra::fault::Kind;
use cimbra::model::Value;
use cimbra::store::Store;
use cimbra::units::Instant;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant as Clock};

/// Assets in a commit of the victim; the whole commit carries one tag, so a half would show.
const BATCH: u32 = 40;
const STORE: &str = "CIMBRA_TEST_STORE";

/// This test binary once more, running only `test`.
fn victim(test: &str, dir: &Path, shell: Option<&str>) -> Command {
    let exe = std::env::current_exe().unwrap();
    let mut command = match shell {
        Some(script) => {
            let mut bash = Command::new("bash");
            bash.args(["-c", script, "bash"]).arg(exe);
            bash
        }
        None => Command::new(exe),
    };
    command.args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"]).env(STORE, dir);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Not a test by itself: commits until it is killed, telling each commit after it was acknowledged.
#[test]
#[ignore = "the victim of killed_in_the_middle_of_commits"]
fn commits_until_killed() {
    let Some(dir) = std::env::var_os(STORE) else { return };
    let store = Store::open(Path::new(&dir)).unwrap();
    let site = store.site(&code()).unwrap();
    loop {
        let next = site.snapshot().revision() + 1;
        let mut draft = site.draft(dataset("d")).unwrap();
        for n in 0..BATCH {
            draft.put(asset(&format!("a{n}"), n, &next.to_string())).unwrap();
        }
        draft.put(asset(&format!("only-{next}"), 77, "single")).unwrap();
        let done = draft.commit(Instant(next.cast_signed())).unwrap();
        println!("\nacked {}", done.revision);
    }
}

#[test]
fn killed_in_the_middle_of_commits() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap().create_site(&code(), origin(), Instant(0)).unwrap());
    let (mut revision, mut random) = (0, 0x2545_f491_4f6c_dd1d_u64);
    for round in 0..14 {
        let mut child = victim("walks::store::kill::commits_until_killed", dir.path(), None).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acked =
            lines.map_while(Result::ok).filter_map(|l| l.strip_prefix("acked ").map(|n| n.parse::<u64>().unwrap()));
        let first = acked.next().expect("the victim acknowledged no commit");
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let until = Clock::now() + Duration::from_micros(random >> 40 & 0x1ffff);
        std::thread::sleep(until - Clock::now().min(until));
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it died is still in the pipe.
        let acked = acked.last().unwrap_or(first);

        let store = Store::open(dir.path()).unwrap();
        let now = store.site(&code()).unwrap().snapshot();
        assert!(acked > revision && now.revision() >= acked, "round {round}: {acked} acked, {} there", now.revision());
        assert!(now.revision() <= acked + 1, "one commit at most was under way");
        revision = now.revision();
        let tag = Value::Text(revision.to_string());
        let (batch, single): (Vec<_>, Vec<_>) = contents(&now).into_iter().partition(|(id, _)| id.starts_with('a'));
        assert!(
            batch.len() == BATCH as usize && batch.iter().all(|(_, a)| a.attributes[0].1 == tag),
            "half a commit shows"
        );
        assert_eq!(single.len() as u64, revision, "each commit's own asset");
        let then = now.find_at("a3", Instant(revision.cast_signed() - 1));
        assert_eq!(then.is_some(), revision > 1);
    }
}

/// Not a test by itself: runs into the limit on the size of a file, which looks like a full disk.
#[test]
#[ignore = "the victim of a_full_disk_refuses_the_commit_and_nothing_else"]
fn commits_until_the_disk_is_full() {
    let Some(dir) = std::env::var_os(STORE) else { return };
    let store = Store::open(Path::new(&dir)).unwrap();
    let site = store.site(&code()).unwrap();
    let noise =
        |n: u64| (0..2000u64).map(|i| char::from(33 + ((n * 7919 + i * i * 31) % 90) as u8)).collect::<String>();
    let mut refused = None;
    for n in 0..2000 {
        let mut draft = site.draft(dataset("d")).unwrap();
        draft.put(asset(&format!("a{n}"), 1, &noise(n))).unwrap();
        match draft.commit(Instant(n.cast_signed())) {
            Ok(_) => assert!(refused.is_none()),
            Err(fault) => {
                assert_eq!(fault.kind, Kind::Io, "{fault}");
                assert_eq!(site.snapshot().len() as u64, n, "nothing of the refused commit shows");
                refused = Some(n);
                break;
            }
        }
    }
    // What is small enough still goes in: the refused commit's bytes are gone again.
    let mut draft = site.draft(dataset("d")).unwrap();
    draft.remove("a0").unwrap();
    draft.commit(Instant(5000)).unwrap();
    println!("\nrefused {}", refused.expect("the limit was never met"));
}

#[test]
fn a_full_disk_refuses_the_commit_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap().create_site(&code(), origin(), Instant(0)).unwrap());
    let limited = "trap '' XFSZ; ulimit -f 128; exec \"$@\"";
    let out = victim("walks::store::kill::commits_until_the_disk_is_full", dir.path(), Some(limited)).output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    let refused: usize =
        said.lines().find_map(|l| l.strip_prefix("refused ")?.parse().ok()).unwrap_or_else(|| panic!("{said}"));
    let store = Store::open(dir.path()).unwrap();
    let now = store.site(&code()).unwrap().snapshot();
    assert_eq!((now.len(), now.revision()), (refused - 1, refused as u64 + 1));
    assert_eq!(contents(&now).len(), refused - 1, "every blob reads back");
}
