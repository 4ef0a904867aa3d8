//! Readings in history: what is taken, counted, kept over a restart and found again.

use super::{T0, asset, put, reading, store};
use cimbra::fault::Kind;
use cimbra::model::{Alarm, AlarmState, Class, Collections, Flaw, Observation, Rule};
use cimbra::store::{Span, Store, Taken, Verdict};
use cimbra::units::Instant;

/// A judge that never finds anything.
fn calm(_: &Rule, _: &Observation, _: Option<&Alarm>) -> Verdict {
    Verdict::Stand
}

fn values(store: &Store, datastream: u64, span: Span) -> Vec<(i64, f64)> {
    let all = store.series().observations(datastream, span);
    all.map(|o| o.unwrap().1).map(|o| (o.phenomenon_time.0 - T0, o.result)).collect()
}

#[test]
fn late_duplicate_early_and_broken_readings_are_told_apart_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path(), 1);
    let one = |ms, value| reading(&store, "SD-0", "temperature", ms, value);
    let early = Observation { phenomenon_time: Instant(T0 + 400_000), ..one(0, 1.0) };
    let batch = vec![
        one(1_000, 20.0),
        one(3_000, 21.0),
        one(2_000, 20.5),
        one(3_000, 21.0),
        one(3_000, 22.0),
        one(4_000, f64::NAN),
        early,
        one(2_000, 20.5),
    ];
    let taken = store.append(batch, calm).unwrap();
    assert_eq!(
        taken,
        [
            Taken::Stored(1),
            Taken::Stored(2),
            Taken::Late(3),
            Taken::Duplicate(2),
            Taken::Late(4),
            Taken::Refused(Flaw::NotANumber),
            Taken::Refused(Flaw::Early),
            Taken::Duplicate(3),
        ]
    );
    let again = store.append(vec![one(1_000, 20.0), one(500, 19.0)], calm).unwrap();
    assert_eq!(again, [Taken::Duplicate(1), Taken::Late(5)]);
    let id = one(0, 0.0).datastream;
    let check = |store: &Store| {
        let summary = store.series().datastream(id).unwrap();
        let q = summary.quality;
        assert_eq!((q.stored, q.late, q.duplicate, q.not_a_number, q.early), (5, 3, 3, 1, 1));
        assert_eq!(summary.latest.unwrap().result, 21.0);
        assert_eq!(summary.first, Some(Instant(T0 + 500)));
        let expected = [(500, 19.0), (1_000, 20.0), (2_000, 20.5), (3_000, 21.0), (3_000, 22.0)];
        assert_eq!(values(store, id, Span::ALL), expected);
        let back = values(store, id, Span { backwards: true, ..Span::ALL });
        assert_eq!(back, expected.iter().rev().copied().collect::<Vec<_>>());
        let state = store.pulse().of("SD-0", Collections::ALL).unwrap();
        assert_eq!((&*state.values[0].property, state.values[0].value), ("temperature", 21.0));
        for number in 1..=5 {
            assert!(store.series().observation(number).unwrap().is_some(), "{number}");
        }
        assert!(store.series().observation(6).unwrap().is_none());
        let numbers: Vec<u64> = store.series().numbered(2, false).map(|o| o.unwrap().0).collect();
        assert_eq!(numbers, [2, 3, 4, 5]);
        let numbers: Vec<u64> = store.series().numbered(4, true).map(|o| o.unwrap().0).collect();
        assert_eq!(numbers, [4, 3, 2, 1]);
    };
    check(&store);
    drop(store);
    check(&Store::open(dir.path()).unwrap());
}

#[test]
fn ids_stay_with_the_device_over_imports_and_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let first = store(dir.path(), 3);
    let ids = |store: &Store, device: &str| {
        let thing = store.series().thing_of(device).unwrap();
        (thing.id, store.series().datastreams_of(thing.id))
    };
    let before: Vec<_> = (0..3).map(|i| ids(&first, &format!("SD-{i}"))).collect();
    // Another order, one more property, another unit, a new device, a new name.
    put(
        &first,
        "panels",
        vec![
            asset("GD-9", Class::GasDetector, None, "gas:%{LEL}"),
            asset("SD-2", Class::SmokeDetector, None, "smoke:m-1;temperature:K;battery:%"),
        ],
    );
    let after = ids(&first, "SD-2");
    assert_eq!((after.0, &after.1[..2]), (before[2].0, &before[2].1[..]));
    assert_eq!(after.1.len(), 4, "a battery, and a series of its own for the new unit");
    assert_eq!(&*first.series().datastream_of(after.0, "temperature").unwrap().unit, "K");
    assert_eq!(ids(&first, "GD-9").0, 4);
    drop(first);
    let again = Store::open(dir.path()).unwrap();
    assert_eq!(ids(&again, "SD-0"), before[0]);
    assert_eq!(ids(&again, "SD-2"), after);
    assert_eq!((again.series().thing_count(), again.series().datastream_count()), (4, 9));
}

#[test]
fn devices_committed_just_before_a_crash_get_their_things_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    drop(store(dir.path(), 2));
    // The readings' archive as it was before the import: the crash came between the two commits.
    std::fs::remove_dir_all(dir.path().join("series")).unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert!(store.series().thing_of("SD-1").is_some());
    assert_eq!(store.series().thing_count(), 2);
}

#[test]
fn an_archive_behind_its_high_water_mark_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let first = store(dir.path(), 1);
    first.append(vec![reading(&first, "SD-0", "smoke", 0, 0.01)], calm).unwrap();
    drop(first);
    let file = dir.path().join("series/high-water");
    let mut mark = std::fs::read(&file).unwrap();
    let commit = u64::from_be_bytes(mark[..8].try_into().unwrap()) + 2;
    mark[..8].copy_from_slice(&commit.to_be_bytes());
    mark[8..].copy_from_slice(&(!commit).to_be_bytes());
    std::fs::write(&file, &mark).unwrap();
    let fault = Store::open(dir.path()).unwrap_err();
    assert_eq!(fault.kind, Kind::Corrupt);
    assert!(fault.to_string().contains("last 2 acknowledged commits"), "{fault}");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(Store::open(dir.path()).unwrap().series().observation_count(), 1);
}

#[test]
fn a_flipped_byte_in_the_journal_never_loses_a_reading_in_silence() {
    let dir = tempfile::tempdir().unwrap();
    let first = store(&dir.path().join("whole"), 1);
    let id = reading(&first, "SD-0", "smoke", 0, 0.0).datastream;
    for n in 0..100 {
        first.append(vec![reading(&first, "SD-0", "smoke", n, n as f64 / 1000.0)], calm).unwrap();
    }
    drop(first);
    let (mut refused, mut whole) = (0, 0);
    for n in 0..40usize {
        let copy = dir.path().join(format!("copy-{n}"));
        copy_dir(&dir.path().join("whole"), &copy);
        let journal = std::fs::read_dir(copy.join("series/engine")).unwrap().map(|e| e.unwrap().path());
        let journal = journal.into_iter().find(|p| p.extension().is_some_and(|e| e == "jnl")).expect("a journal");
        let mut bytes = std::fs::read(&journal).unwrap();
        let used = bytes.iter().rposition(|b| *b != 0).unwrap();
        let at = used * (n + 1) / 41;
        bytes[at] ^= 0x41;
        std::fs::write(&journal, bytes).unwrap();
        match Store::open(&copy) {
            Err(fault) => {
                assert_eq!(fault.kind, Kind::Corrupt, "{fault}");
                refused += 1;
            }
            Ok(store) => {
                assert_eq!(values(&store, id, Span::ALL).len(), 100, "byte {at}");
                whole += 1;
            }
        }
    }
    eprintln!("{refused} refused, {whole} whole");
    assert!(refused > 0, "some flips must hit a commit");
}

fn copy_dir(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|e| e.unwrap()) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn callers_at_once_share_commits_and_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path(), 8);
    std::thread::scope(|scope| {
        for device in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for n in 0..50 {
                    let r = reading(store, &format!("SD-{device}"), "smoke", n * 10, n as f64 / 1000.0);
                    assert!(matches!(store.append(vec![r], calm).unwrap()[..], [Taken::Stored(_)]));
                }
            });
        }
    });
    assert_eq!(store.series().observation_count(), 400);
    let numbers: Vec<u64> = store.series().numbered(1, false).map(|o| o.unwrap().0).collect();
    assert_eq!(numbers, (1..=400).collect::<Vec<_>>());
    for device in 0..8 {
        let id = reading(&store, &format!("SD-{device}"), "smoke", 0, 0.0).datastream;
        assert_eq!(values(&store, id, Span::ALL).len(), 50);
    }
}

#[test]
fn an_unknown_datastream_refuses_the_whole_call() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path(), 1);
    let good = reading(&store, "SD-0", "smoke", 0, 0.0);
    let stray = Observation { datastream: 77, ..good };
    assert_eq!(store.append(vec![good, stray], calm).unwrap_err().kind, Kind::NotFound);
    assert_eq!(store.series().observation_count(), 0);
    assert_eq!(
        store
            .act(1, |a| {
                a.state = AlarmState::Cleared;
                Ok(())
            })
            .unwrap_err()
            .kind,
        Kind::NotFound
    );
}
