//! Writers, readers and repacking at once; sources kept.

use super::{asset, code, dataset, origin};
use cimbra::geom::Bounds;
use cimbra::store::{Draft, Site, Snapshot, Store};
use cimbra::units::Instant;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn everything_goes_from_thread_to_thread() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Store>();
    shared::<Site>();
    shared::<Snapshot>();
    sent::<Draft>();
}

/// What the indexes answer against a look at every row.
fn agrees(now: &Snapshot) {
    for n in [0, 17, 250, 999, 4321, 8999] {
        let around = asset("probe", n, "").bounds;
        let window = Bounds { min: around.min, max: [around.max[0] + 1e-3, around.max[1] + 4e-4, 13.0] };
        let slow: Vec<_> = now.rows().filter(|r| now.asset(*r).unwrap().bounds().intersects(&window)).collect();
        assert_eq!(now.in_box(&window, None), slow);
    }
    for row in now.rows().step_by(7) {
        let a = now.asset(row).unwrap();
        assert_eq!(now.find(a.id()), Some(row));
        let slow: Vec<_> = now.rows().filter(|r| now.asset(*r).unwrap().parent_id() == Some(a.id())).collect();
        if row.number() % 2100 == 0 {
            assert!(slow.len() > 50, "the test must have something to lose: {}", slow.len());
            assert_eq!(now.children(row), slow);
        }
    }
}

#[test]
fn repacking_while_commits_go_on_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let site = store.create_site(&code(), origin(), Instant(0)).unwrap();
    let (done, begun) = (AtomicBool::new(false), site.snapshot());
    let packed = std::thread::scope(|scope| {
        let packer = scope.spawn(|| {
            let mut packed = 0;
            while !done.load(Ordering::Acquire) {
                packed += u32::from(site.repack().unwrap());
                std::thread::yield_now();
            }
            packed
        });
        let reader = scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                let now = site.snapshot();
                assert_eq!((now.len(), now.revision()), (now.rows().count(), now.revision()));
            }
        });
        let mut random = 88_172_645_463_325_252_u64;
        for round in 0..120 {
            let mut draft = site.draft(dataset("d")).unwrap();
            for k in 0..100 {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                // Half of them new in order, half moved from somewhere to somewhere.
                let id = if k < 50 { round * 50 + k } else { random % (round * 50 + 50) };
                let mut a = asset(&format!("a{id}"), (random >> 20) as u32 % 9000, &round.to_string());
                a.parent = (id % 100 != 0).then(|| format!("a{}", id / 2100 * 2100).into());
                let _ = draft.put(a);
            }
            draft.commit(Instant(round.cast_signed())).unwrap();
        }
        done.store(true, Ordering::Release);
        reader.join().unwrap();
        packer.join().unwrap()
    });
    assert!(packed > 0, "nothing was repacked");
    let now = site.snapshot();
    assert_eq!((now.len(), begun.len()), (6000, 0));
    agrees(&now);
    site.repack().unwrap();
    agrees(&site.snapshot());
    let then = now.rows_at(Instant(60));
    assert_eq!(then.len(), 61 * 50);
    let everywhere = Bounds { min: [-180.0, -90.0, -1e9], max: [180.0, 90.0, 1e9] };
    assert_eq!(site.snapshot().in_box(&everywhere, Some(Instant(60))), then);
}

#[test]
fn a_source_is_kept_as_it_was_under_the_hash_of_its_content() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    let site = store.create_site(&code(), origin(), Instant(0)).unwrap();
    let file = dir.path().join("塔.ifc");
    std::fs::write(&file, "abc").unwrap();
    // FIPS 180-2, appendix B.1.
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    for _ in 0..2 {
        assert_eq!(site.keep_source(&file).unwrap(), hash);
    }
    let sources = dir.path().join("store/sources");
    assert_eq!(std::fs::read_dir(&sources).unwrap().count(), 1);
    let kept = zstd::decode_all(std::fs::File::open(sources.join(format!("{hash}.zst"))).unwrap()).unwrap();
    assert_eq!(kept, b"abc");
    assert!(site.keep_source(&dir.path().join("absent")).is_err());
    assert_eq!(std::fs::read_dir(&sources).unwrap().count(), 1, "nothing half is left");
}
