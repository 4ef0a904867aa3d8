//! The store against a plain list of versions: whatever the commits, every question has the same answer.

use cimbra::geom::Bounds;
use cimbra::model::{Asset, Class, Collection, DatasetName, Geometry, SiteCode, Value};
use cimbra::store::{Dataset, Row, Snapshot, Store};
use cimbra::units::{Geodetic, Instant};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

const DATASETS: [&str; 2] = ["甲", "乙"];

/// One version as the oracle keeps it: all of them in a list, searched from end to end.
#[derive(Clone)]
struct Held {
    asset: Asset,
    dataset: usize,
    from: i64,
    to: i64,
}

#[derive(Debug, Clone)]
struct Change {
    dataset: usize,
    retire: bool,
    /// Id, place, what it says; no place means remove.
    ops: Vec<(u8, Option<u8>, u8)>,
    wait: i64,
    repack: bool,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let op = (0..40u8, prop::option::weighted(0.8, 0..64u8), 0..3u8);
    let change = (0..2usize, prop::bool::weighted(0.2), prop::collection::vec(op, 0..25), 0..3i64, any::<bool>());
    let change = change.prop_map(|(dataset, retire, ops, wait, repack)| Change { dataset, retire, ops, wait, repack });
    prop::collection::vec(change, 1..12)
}

/// Boxes on a lattice, so that many touch exactly; some far away, some with no place.
fn place(n: u8) -> Bounds {
    let (x, y, z) = (f64::from(n % 8), f64::from(n / 8), f64::from(n % 3));
    match n {
        0 => Bounds::EMPTY,
        1 => Bounds::of([[-170.0, -80.0, -5000.0], [170.0, 80.0, 9000.0]]),
        2 => Bounds::of([[118.780_000_1, 32.04, 5.0]]),
        _ => Bounds::of([
            [118.78 + x * 1e-4, 32.04 + y * 1e-4, z],
            [118.78 + (x + 1.0) * 1e-4, 32.04 + (y + 1.0) * 1e-4, z + 1.0],
        ]),
    }
}

fn made(dataset: usize, id: u8, at: u8, tag: u8) -> Asset {
    let prefix = ["a", "b"][dataset];
    Asset {
        id: format!("{prefix}{id}").into(),
        class: if id.is_multiple_of(2) { Class::Wall } else { Class::Space },
        name: format!("名 {tag}"),
        parent: (tag != 2).then(|| format!("{prefix}{}", (id / 3).wrapping_sub(tag)).into()),
        storey: None,
        layer: (tag == 1).then(|| "上".into()),
        attributes: vec![("tag".into(), Value::Int(tag.into()))],
        geometry: Geometry::default(),
        bounds: place(at),
    }
}

fn meets(a: &Bounds, b: &Bounds) -> bool {
    (0..3).all(|k| a.min[k] <= a.max[k] && b.min[k] <= b.max[k] && a.max[k] >= b.min[k] && b.max[k] >= a.min[k])
}

/// What a snapshot shows of some rows, in words that the oracle can say too.
fn told(snapshot: &Snapshot, rows: impl IntoIterator<Item = Row>) -> BTreeSet<String> {
    let one = |row| {
        let a = snapshot.asset(row).unwrap();
        let tag = &snapshot.attributes(row).unwrap()[0].1;
        format!("{} {} {:?} {:?} {} {tag:?} {:?}", a.id(), a.class(), a.layer(), a.bounds(), a.name(), a.valid())
    };
    rows.into_iter().map(one).collect()
}

fn expected<'a>(held: impl Iterator<Item = &'a Held>) -> BTreeSet<String> {
    held.map(|h| {
        let a = &h.asset;
        let valid = (Instant(h.from), Instant(h.to));
        format!(
            "{} {} {:?} {:?} {} {:?} {valid:?}",
            a.id,
            a.class,
            a.layer.as_deref(),
            a.bounds,
            a.name,
            a.attributes[0].1
        )
    })
    .collect()
}

fn compare(snapshot: &Snapshot, oracle: &[Held], clock: i64) {
    let now = |h: &&Held| h.to == i64::MAX;
    assert_eq!(snapshot.len(), oracle.iter().filter(now).count());
    assert_eq!(told(snapshot, snapshot.rows()), expected(oracle.iter().filter(now)));
    let extent = oracle
        .iter()
        .filter(now)
        .filter(|h| !h.asset.bounds.is_empty())
        .fold(Bounds::EMPTY, |e, h| e.union(h.asset.bounds));
    assert_eq!(snapshot.extent(), extent);
    for collection in Collection::ALL {
        let mine = || oracle.iter().filter(now).filter(|h| h.asset.class.collection() == collection);
        let placed = mine().map(|h| h.asset.bounds).filter(|bounds| !bounds.is_empty());
        let only = [collection].into_iter().collect();
        assert_eq!(snapshot.extent_of(only), placed.fold(Bounds::EMPTY, Bounds::union), "{collection:?}");
        assert_eq!(snapshot.count(collection), mine().count());
        for (number, name) in DATASETS.into_iter().enumerate() {
            let name = DatasetName::new(name).unwrap();
            for layer in [None, Some("上"), Some("下")] {
                let mut brought = mine().filter(|h| h.dataset == number);
                let some = brought.any(|h| layer.is_none_or(|layer| h.asset.layer.as_deref() == Some(layer)));
                assert_eq!(snapshot.collections_of(&name, layer).contains(collection), some, "{name} {layer:?}");
            }
        }
    }
    for h in oracle.iter().filter(now) {
        let row = snapshot.find(&h.asset.id).unwrap();
        let children = oracle.iter().filter(now).filter(|c| c.asset.parent.as_ref() == Some(&h.asset.id));
        assert_eq!(told(snapshot, snapshot.children(row)), expected(children));
        assert_eq!(snapshot.asset(row).unwrap().parent_id(), h.asset.parent.as_deref());
    }
    for n in (0..64).step_by(3) {
        let window = place(n);
        let rows = snapshot.in_box(&window, None);
        assert!(rows.is_sorted());
        assert_eq!(
            told(snapshot, rows),
            expected(oracle.iter().filter(now).filter(|h| meets(&h.asset.bounds, &window)))
        );
        let at = i64::from(n) % (clock + 3) - 1;
        let then = |h: &&Held| h.from <= at && at < h.to;
        assert_eq!(told(snapshot, snapshot.rows_at(Instant(at))), expected(oracle.iter().filter(then)));
        let rows = snapshot.in_box(&window, Some(Instant(at)));
        assert_eq!(
            told(snapshot, rows),
            expected(oracle.iter().filter(then).filter(|h| meets(&h.asset.bounds, &window)))
        );
        for h in oracle.iter().filter(then).take(5) {
            let row = snapshot.find_at(&h.asset.id, Instant(at)).unwrap();
            assert_eq!(told(snapshot, [row]), expected([h].into_iter()));
        }
    }
}

/// Applies a change to the oracle as the promises in the store's documentation say.
fn apply(oracle: &mut Vec<Held>, change: &Change, clock: i64) {
    let mut put = BTreeSet::new();
    let end = |oracle: &mut Vec<Held>, id: &str| {
        oracle.iter_mut().filter(|h| h.to == i64::MAX && *h.asset.id == *id).for_each(|h| h.to = clock);
    };
    for (id, at, tag) in &change.ops {
        let asset = made(change.dataset, *id, at.unwrap_or(0), *tag);
        let known = |h: &Held| h.to == i64::MAX && h.asset == asset;
        match at {
            None if !put.contains(id) => end(oracle, &asset.id),
            Some(_) if put.insert(*id) && !oracle.iter().any(known) => {
                end(oracle, &asset.id);
                oracle.push(Held { asset, dataset: change.dataset, from: clock, to: i64::MAX });
            }
            _ => {}
        }
    }
    if change.retire {
        let kept: Vec<Arc<str>> = put.iter().map(|id| made(change.dataset, *id, 0, 0).id).collect();
        for h in oracle.iter_mut().filter(|h| h.to == i64::MAX && h.dataset == change.dataset) {
            if !kept.contains(&h.asset.id) {
                h.to = clock;
            }
        }
    }
    oracle.retain(|h| h.from != h.to);
}

fn walk(changes: &[Change]) {
    let dir = tempfile::tempdir().unwrap();
    let code = SiteCode::new("320106003001").unwrap();
    let store = Store::open(dir.path()).unwrap();
    let site = store.create_site(&code, Geodetic::new(118.78, 32.04, 3.0), Instant(0)).unwrap();
    let (mut oracle, mut clock, mut kept) = (Vec::new(), 0, Vec::new());
    for change in changes {
        clock += change.wait;
        let name = DatasetName::new(DATASETS[change.dataset]).unwrap();
        let (title, crs) = ("t".to_owned(), "EPSG:4979".to_owned());
        let dataset = Dataset {
            name,
            title,
            crs,
            source: None,
            imported: Instant(clock),
            layers: vec![],
            entry: Default::default(),
        };
        let mut draft = site.draft(dataset).unwrap();
        let mut put = BTreeSet::new();
        for (id, at, tag) in &change.ops {
            let asset = made(change.dataset, *id, at.unwrap_or(0), *tag);
            match at {
                Some(_) => assert_eq!(draft.put(asset).is_ok(), put.insert(*id)),
                None => assert_eq!(draft.remove(&asset.id).is_err(), put.contains(id)),
            }
        }
        if change.retire {
            draft.retire_others();
        }
        if change.repack {
            site.repack().unwrap();
        }
        draft.commit(Instant(clock)).unwrap();
        apply(&mut oracle, change, clock);
        kept.push((site.snapshot(), oracle.clone(), clock));
    }
    for (snapshot, oracle, clock) in &kept {
        compare(snapshot, oracle, *clock);
    }
    let rows: Vec<Row> = site.snapshot().rows().collect();
    drop((kept, site, store));
    let store = Store::open(dir.path()).unwrap();
    let snapshot = store.site(&code).unwrap().snapshot();
    compare(&snapshot, &oracle, clock);
    assert_eq!(snapshot.rows().collect::<Vec<_>>(), rows, "rows are the same after opening again");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn answers_like_a_plain_list_of_versions(changes in changes()) {
        walk(&changes);
    }
}
