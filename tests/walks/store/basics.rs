//! Sites, commits, names, time: one walk through each promise.

use super::{asset, code, contents, dataset, origin};
use cimbra::fault::Kind;
use cimbra::geom::Bounds;
use cimbra::index::key;
use cimbra::model::{Class, Collection, Value};
use cimbra::store::{Put, Store};
use cimbra::units::Instant;
use std::collections::HashMap;

#[test]
fn what_is_committed_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let site = store.create_site(&code(), origin(), Instant(1)).unwrap();
    assert_eq!(store.create_site(&code(), origin(), Instant(1)).unwrap_err().kind, Kind::Conflict);
    let before = site.snapshot();
    let mut draft = site.draft(dataset("delft")).unwrap();
    for n in 0..3000 {
        let mut a = asset(&format!("b{n}"), n, "new");
        if n % 3 == 1 {
            (a.class, a.parent) = (Class::BuildingPart, Some(format!("b{}", n - 1).into()));
        }
        assert_eq!(draft.put(a).unwrap(), Put::Added);
    }
    assert_eq!(draft.put(asset("b7", 7, "again")).unwrap_err().kind, Kind::Conflict, "twice in one draft");
    let done = draft.commit(Instant(100)).unwrap();
    assert_eq!((done.revision, done.added, done.replaced, done.removed), (1, 3000, 0, 0));
    assert!(before.is_empty() && before.find("b7").is_none(), "a snapshot never changes");

    let now = site.snapshot();
    assert_eq!((now.len(), now.count(Collection::Buildings), now.count(Collection::Parts)), (3000, 2000, 1000));
    let (parent, part) = (now.find("b300").unwrap(), now.find("b301").unwrap());
    assert_eq!((now.children(parent), now.ancestors(part)), (vec![part], vec![parent]));
    let all = contents(&now);
    let row = now.find("b42").unwrap();
    assert_eq!(now.in_box(&now.asset(row).unwrap().bounds(), None), [row]);
    let revision = store.revision();
    drop((before, now, site, store));

    let store = Store::open(dir.path()).unwrap();
    let now = store.site(&code()).unwrap().snapshot();
    assert_eq!(contents(&now), all);
    assert_eq!(
        (store.revision(), now.find("b42"), now.datasets().next().unwrap().title.as_str()),
        (revision, Some(row), "delft.city.json")
    );
}

#[test]
fn a_second_opener_is_told_to_use_the_url() {
    let dir = tempfile::tempdir().unwrap();
    let _store = Store::open(dir.path()).unwrap();
    let fault = Store::open(dir.path()).unwrap_err();
    assert_eq!(fault.kind, Kind::Conflict);
    assert!(fault.to_string().contains("--url"), "{fault}");
}

#[test]
fn time_shows_what_was() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let site = store.create_site(&code(), origin(), Instant(1)).unwrap();
    for (at, tag) in [(100, "one"), (200, "two")] {
        let mut draft = site.draft(dataset("a")).unwrap();
        draft.put(asset("x", 5, tag)).unwrap();
        if at == 100 {
            draft.put(asset("y", 6, tag)).unwrap();
        }
        draft.retire_others();
        draft.commit(Instant(at)).unwrap();
    }
    let now = site.snapshot();
    let tag = |row| now.attributes(row).unwrap()[0].1.clone();
    let (x, old) = (now.find("x").unwrap(), now.find_at("x", Instant(199)).unwrap());
    assert_ne!((x, tag(x)), (old, tag(old)));
    assert_eq!(now.asset(old).unwrap().valid(), (Instant(100), Instant(200)));
    assert_eq!(now.asset(x).unwrap().valid(), (Instant(200), Instant::MAX));
    assert_eq!((now.find("y"), now.len()), (None, 1));
    assert_eq!(
        (now.rows_at(Instant(99)).len(), now.rows_at(Instant(100)).len(), now.rows_at(Instant(200)).len()),
        (0, 2, 1)
    );
    let everywhere = Bounds { min: [-180.0, -90.0, f64::NEG_INFINITY], max: [180.0, 90.0, f64::INFINITY] };
    assert_eq!(now.in_box(&everywhere, Some(Instant(150))), now.rows_at(Instant(150)));
    assert_eq!(now.in_box(&everywhere, None), [x]);
}

#[test]
fn an_id_of_another_dataset_is_qualified_and_its_parts_follow() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let site = store.create_site(&code(), origin(), Instant(1)).unwrap();
    for name in ["a", "b", "b"] {
        let mut draft = site.draft(dataset(name)).unwrap();
        let mut part = asset(&format!("part-{name}"), 2, name);
        part.parent = Some("house".into());
        draft.put(part).unwrap();
        let put = draft.put(asset("house", 1, name)).unwrap();
        assert_eq!(matches!(&put, Put::Renamed(id) if **id == *"b~house"), name == "b", "{put:?}");
        draft.commit(Instant(10)).unwrap();
    }
    let now = site.snapshot();
    assert_eq!(now.len(), 4);
    for (house, part) in [("house", "part-a"), ("b~house", "part-b")] {
        let (house_row, part_row) = (now.find(house).unwrap(), now.find(part).unwrap());
        assert_eq!(now.children(house_row), [part_row]);
        assert_eq!(now.asset(part_row).unwrap().parent_id(), Some(house));
    }
}

#[test]
fn ids_of_one_hash_are_told_apart_in_one_commit_and_when_opening() {
    // Among some hundred thousand ids two share 32 bits.
    let mut seen = HashMap::new();
    let twins =
        (0..).map(|n| format!("id-{n}")).find_map(|id| seen.insert(key(&id), id.clone()).map(|twin| [twin, id]));
    let [one, other] = twins.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let site = store.create_site(&code(), origin(), Instant(1)).unwrap();
    for (at, tag) in [(10, "first"), (20, "second")] {
        let mut draft = site.draft(dataset("a")).unwrap();
        for (n, id) in [&one, &other].into_iter().enumerate() {
            draft.put(asset(id, n as u32, &format!("{tag} {id}"))).unwrap();
        }
        draft.commit(Instant(at)).unwrap();
    }
    let mut draft = site.draft(dataset("a")).unwrap();
    assert!(draft.remove(&one).unwrap());
    draft.commit(Instant(30)).unwrap();
    let holds = |store: &Store| {
        let now = store.site(&code()).unwrap().snapshot();
        let tag = |row| now.attributes(row).unwrap()[0].1.clone();
        let told = |word: &str, id: &str| Value::Text(format!("{word} {id}"));
        assert_eq!((now.find(&one), now.len()), (None, 1));
        assert_eq!(tag(now.find(&other).unwrap()), told("second", &other));
        for (at, word) in [(15, "first"), (25, "second")] {
            for id in [&one, &other] {
                assert_eq!(tag(now.find_at(id, Instant(at)).unwrap()), told(word, id));
            }
        }
    };
    holds(&store);
    drop((site, store));
    holds(&Store::open(dir.path()).unwrap());
}
