//! Planning variants in the store: what they change is theirs, all else follows the site, and nothing of the site changes.

use super::{asset, code, contents, dataset, origin};
use cimbra::fault::Kind;
use cimbra::geom::Mesh;
use cimbra::model::{Asset, AssetId, Collections, SiteCode, VariantName};
use cimbra::store::{Put, Site, Store};
use cimbra::units::Instant;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn name(name: &str) -> VariantName {
    VariantName::new(name).unwrap()
}

fn site(dir: &Path) -> (Store, Arc<Site>) {
    let store = Store::open(dir).unwrap();
    let site = store.create_site(&code(), origin(), Instant(0)).unwrap();
    (store, site)
}

/// Commits a dataset whole: what it had besides ends.
fn import(site: &Site, of: &str, assets: Vec<Asset>, at: i64) {
    let mut draft = site.draft(dataset(of)).unwrap();
    draft.put_all(assets).unwrap().into_iter().for_each(|put| drop(put.unwrap()));
    draft.retire_others();
    draft.commit(Instant(at)).unwrap();
}

fn tags(site: &Site) -> Vec<String> {
    let all = contents(&site.snapshot()).into_iter();
    all.map(|(id, asset)| format!("{id} {:?}", asset.attributes[0].1)).collect()
}

#[test]
fn a_variant_shows_its_changes_over_a_site_that_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (store, site) = site(dir.path());
    import(&site, "d", vec![asset("a", 1, "1"), asset("b", 2, "1"), asset("c", 3, "1")], 10);
    import(&site, "other", vec![asset("o", 4, "1")], 11);
    let (head, revision) = (contents(&site.snapshot()), store.revision());
    assert!(site.variants().is_empty() && site.variant(&name("v")).is_none());

    let variant = site.variant_to_write(&name("v")).unwrap();
    assert!(site.variant(&name("v")).is_none(), "it is there with its first commit");
    import(&variant, "d", vec![asset("a", 1, "1"), asset("b", 2, "new"), asset("n", 9, "new")], 20);
    assert_eq!((contents(&site.snapshot()), site.snapshot().revision()), (head.clone(), 2));
    assert_eq!(store.revision(), revision, "nothing of the city has changed");
    let wanted = ["a Text(\"1\")", "b Text(\"new\")", "n Text(\"new\")", "o Text(\"1\")"];
    assert_eq!(tags(&variant), wanted);
    let seen = variant.snapshot();
    let over = seen.overlay().unwrap();
    assert_eq!((over.name().as_str(), over.counts(Collections::ALL)), ("v", [1, 1, 1]));
    assert_eq!((over.changed(Collections::ALL), seen.count_of(&dataset("d").name)), (Instant(20), 3));
    assert!(site.snapshot().overlay().is_none());
    assert_eq!(seen.changed_since(over.base()).len(), 3);

    // The site goes on: what the variant changed stays the variant's, also what it removed.
    let more = vec![asset("a", 1, "2"), asset("b", 2, "2"), asset("c", 3, "2"), asset("e", 5, "2")];
    import(&site, "d", more.clone(), 30);
    assert_eq!(
        tags(&variant),
        ["a Text(\"2\")", "b Text(\"new\")", "e Text(\"2\")", "n Text(\"new\")", "o Text(\"1\")"]
    );
    assert_eq!(contents(&seen).len(), 4, "a snapshot stays what it is");
    import(&site, "d", vec![asset("e", 5, "2")], 31);
    assert_eq!(tags(&variant), ["b Text(\"new\")", "e Text(\"2\")", "n Text(\"new\")", "o Text(\"1\")"]);

    // Opened again it is what it was; what was never committed to is not there.
    let second = site.variant_to_write(&name("empty")).unwrap();
    let mut draft = second.draft(dataset("d")).unwrap();
    draft.put(asset("z", 1, "z")).unwrap();
    drop(draft);
    let before = contents(&variant.snapshot());
    drop((site, variant, second, seen));
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    let site = store.site(&code()).unwrap();
    assert_eq!(site.variants().len(), 1);
    let variant = site.variant(&name("v")).unwrap();
    assert_eq!(contents(&variant.snapshot()), before);
    let files = std::fs::read_dir(dir.path().join("sites").join(code().as_str()).join("variants")).unwrap();
    assert_eq!(files.count(), 2, "the other one's files are swept away");

    // The same file again replaces what it brought: here all but one asset ends.
    import(&variant, "d", vec![asset("n", 9, "newer")], 40);
    assert_eq!(tags(&variant), ["n Text(\"newer\")", "o Text(\"1\")"]);
    assert_eq!(tags(&site), ["e Text(\"2\")", "o Text(\"1\")"]);
}

#[test]
fn a_removed_variant_is_gone_for_good_and_one_of_its_name_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (store, site) = site(dir.path());
    import(&site, "d", vec![asset("a", 1, "1")], 10);
    let variant = site.variant_to_write(&name("方案-1")).unwrap();
    import(&variant, "d", vec![asset("a", 1, "2")], 20);
    let (seen, number) = (variant.snapshot(), variant.snapshot().overlay().unwrap().number());
    assert_eq!(site.remove_variant(&name("w")).unwrap_err().kind, Kind::NotFound);
    site.remove_variant(&name("方案-1")).unwrap();
    assert_eq!(site.remove_variant(&name("方案-1")).unwrap_err().kind, Kind::NotFound);
    assert!(site.variants().is_empty());
    assert_eq!(variant.draft(dataset("d")).err().map(|fault| fault.kind), Some(Kind::Conflict));
    assert_eq!(contents(&seen).len(), 1, "whoever looks at it goes on");
    let again = site.variant_to_write(&name("方案-1")).unwrap();
    import(&again, "d", vec![asset("x", 1, "3")], 30);
    assert_ne!(again.snapshot().overlay().unwrap().number(), number);
    assert_eq!(tags(&again), ["x Text(\"3\")"]);
    site.remove_variant(&name("方案-1")).unwrap();
    assert_eq!(again.variant_to_write(&name("on-top")).err().map(|fault| fault.kind), Some(Kind::Conflict));
    drop((site, variant, again, seen));
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert!(store.site(&code()).unwrap().variants().is_empty());
}

#[test]
fn a_variant_is_written_beside_its_site_and_removed_after_who_writes_it() {
    let dir = tempfile::tempdir().unwrap();
    let (store, site) = site(dir.path());
    let other = store.create_site(&SiteCode::new("320106003002").unwrap(), origin(), Instant(0)).unwrap();
    let variant = site.variant_to_write(&name("v")).unwrap();
    let mut draft = site.draft(dataset("d")).unwrap();
    draft.put(asset("n", 1, "city")).unwrap();
    // The variant is written while the site is, and takes no name from anybody: nor lets it go of the site's.
    let mut beside = variant.draft(dataset("e")).unwrap();
    assert_eq!(beside.put(asset("n", 2, "variant")).unwrap(), Put::Added);
    beside.commit(Instant(5)).unwrap();
    let mut elsewhere = other.draft(dataset("f")).unwrap();
    assert!(matches!(elsewhere.put(asset("n", 3, "other")).unwrap(), Put::Renamed(_)));
    drop(elsewhere);
    draft.commit(Instant(6)).unwrap();
    assert_eq!(tags(&variant), ["e~n Text(\"variant\")", "n Text(\"city\")"]);

    let mut last = variant.draft(dataset("e")).unwrap();
    last.put(asset("m", 4, "last")).unwrap();
    let removed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            site.remove_variant(&name("v")).unwrap();
            removed.store(true, Ordering::Release);
        });
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(!removed.load(Ordering::Acquire) && site.variant(&name("v")).is_some());
        last.commit(Instant(7)).unwrap();
    });
    assert!(removed.load(Ordering::Acquire) && site.variants().is_empty());
    assert_eq!(tags(&site), ["n Text(\"city\")"]);
}

#[test]
fn a_damaged_variant_is_told_by_its_file_and_can_be_ended() {
    let dir = tempfile::tempdir().unwrap();
    let (store, site) = site(dir.path());
    import(&site, "d", vec![asset("a", 1, "1")], 10);
    import(&site.variant_to_write(&name("v")).unwrap(), "d", vec![asset("a", 1, "2")], 20);
    import(&site.variant_to_write(&name("w")).unwrap(), "d", vec![asset("a", 1, "3")], 20);
    drop(site);
    drop(store);
    let folder = dir.path().join("sites").join(code().as_str()).join("variants");
    let files = || std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let log = files().find(|path| path.extension().is_some_and(|e| e == "log")).unwrap();
    let mut bytes = std::fs::read(&log).unwrap();
    let end = bytes.len();
    bytes[end - 10] ^= 1;
    std::fs::write(&log, bytes).unwrap();
    let fault = Store::open(dir.path()).unwrap_err();
    assert_eq!((fault.kind, fault.subject.as_deref()), (Kind::Corrupt, log.to_str()), "{fault}");
    assert!(fault.to_string().contains("end the variant"), "{fault}");
    // Without the name first, as a removal that was cut off leaves it.
    std::fs::remove_file(log.with_extension("json")).unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!((store.site(&code()).unwrap().variants().len(), files().count()), (1, 2));
    drop(store);
    // Where the folder cannot be read, the store says so and does not open without its variants.
    let aside = folder.with_extension("aside");
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, b"").unwrap();
    let fault = Store::open(dir.path()).unwrap_err();
    assert!(fault.kind == Kind::Io && fault.to_string().contains("variants"), "{fault}");
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&aside, &folder).unwrap();
    assert_eq!(Store::open(dir.path()).unwrap().site(&code()).unwrap().variants().len(), 1);
}

#[test]
fn a_variant_whose_file_is_gone_is_removed_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (_store, site) = site(dir.path());
    import(&site, "d", vec![asset("a", 1, "1")], 10);
    let variant = site.variant_to_write(&name("v")).unwrap();
    import(&variant, "d", vec![asset("a", 1, "2")], 20);
    let folder = dir.path().join("sites").join(code().as_str()).join("variants");
    let files = || std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    std::fs::remove_file(files().find(|path| path.extension().is_some_and(|e| e == "json")).unwrap()).unwrap();
    site.remove_variant(&name("v")).unwrap();
    assert_eq!((site.variants().len(), files().count()), (0, 0));
    assert_eq!(variant.draft(dataset("d")).err().map(|fault| fault.kind), Some(Kind::Conflict));
}

#[test]
fn an_id_that_the_site_gives_away_meanwhile_is_another_asset() {
    let dir = tempfile::tempdir().unwrap();
    let (_store, site) = site(dir.path());
    import(&site, "d", vec![asset("a", 1, "1"), asset("g", 2, "1")], 10);
    let variant = site.variant_to_write(&name("v")).unwrap();
    import(&variant, "d", vec![asset("a", 1, "1"), asset("x", 3, "mine")], 20);
    // What the variant added and what it removed are now of another dataset there.
    import(&site, "d", vec![asset("a", 1, "1")], 30);
    import(&site, "e", vec![asset("x", 4, "theirs"), asset("g", 5, "theirs")], 31);
    let wanted = ["a Text(\"1\")", "d~x Text(\"mine\")", "g Text(\"theirs\")", "x Text(\"theirs\")"];
    assert_eq!(tags(&variant), wanted);
    // It is known by its own name all the same.
    import(&variant, "d", vec![asset("a", 1, "1"), asset("x", 3, "newer")], 40);
    assert_eq!(tags(&variant)[1], "d~x Text(\"newer\")");
    // The site ends the other one: what the variant put under either name is one asset, and so is what it removes.
    import(&site, "e", vec![asset("g", 5, "theirs")], 41);
    assert_eq!(tags(&variant), ["a Text(\"1\")", "g Text(\"theirs\")", "x Text(\"newer\")"]);
    import(&site, "e", vec![asset("x", 4, "theirs"), asset("g", 5, "theirs")], 42);
    assert_eq!(tags(&variant)[1], "d~x Text(\"newer\")");
    import(&variant, "d", vec![asset("a", 1, "1")], 43);
    assert_eq!(tags(&variant), ["a Text(\"1\")", "g Text(\"theirs\")", "x Text(\"theirs\")"]);
    import(&site, "e", vec![asset("g", 5, "theirs")], 44);
    assert_eq!(tags(&variant), ["a Text(\"1\")", "g Text(\"theirs\")"]);
}

/// A fence of many corners at a place of its own, the same shape in each.
fn fence(id: &str, east: f64, tag: &str) -> Asset {
    let corner = |i: u32| [east + f64::from(i), (f64::from(i) * 0.7).sin(), (f64::from(i) * 1.1).cos()];
    let points: Vec<[f64; 3]> = (0..90).map(corner).collect();
    let mut fence = asset(id, 1, tag);
    let surfaces = fence.geometry.mesh.take().unwrap().surfaces;
    fence.geometry.mesh = Some(Mesh::from_points(&points, (2..90).map(|i| [0, i - 1, i]).collect(), surfaces));
    fence
}

#[test]
fn shapes_of_both_logs_are_read_where_they_lie() {
    let dir = tempfile::tempdir().unwrap();
    // So little room that hardly anything is kept.
    let store = Store::open_with(dir.path(), 1 << 16).unwrap();
    let site = store.create_site(&code(), origin(), Instant(0)).unwrap();
    let fences = |tag: &str, by: f64| (0..60).map(|i| fence(&format!("f{i}"), f64::from(i) * 5.0 + by, tag)).collect();
    import(&site, "d", fences("old", 0.0), 10);
    let variants: Vec<Arc<Site>> = (0..3).map(|n| site.variant_to_write(&name(&format!("v{n}"))).unwrap()).collect();
    for (n, variant) in (0..).zip(&variants) {
        import(variant, &format!("of-{n}"), vec![fence(&format!("own{n}"), f64::from(n), "new")], 20);
        import(variant, "d", fences("new", f64::from(n) + 0.25), 20);
    }
    let mut shapes = Vec::new();
    for _ in 0..2 {
        let bounds = |site: &Site, by: f64| {
            let snapshot = site.snapshot();
            for i in 0..60 {
                let row = snapshot.find(&format!("f{i}")).unwrap();
                let wanted = fence("f", f64::from(i) * 5.0 + by, "").geometry.mesh.unwrap();
                let near = |mesh: &Mesh| {
                    let pairs = mesh.points().zip(wanted.points());
                    pairs.flat_map(|(p, q)| (0..3).map(move |k| (p[k] - q[k]).abs())).fold(0.0, f64::max)
                };
                let geometry = snapshot.geometry(row).unwrap();
                assert!(near(geometry.mesh.as_ref().unwrap()) < 1.5e-4, "f{i}");
                let instance = snapshot.instance(row).unwrap().unwrap();
                let placed = instance.motion.place(instance.geometry.mesh.as_ref().unwrap());
                assert!(near(&placed) < 1.5e-4, "f{i}");
            }
            snapshot.instance(snapshot.find("f7").unwrap()).unwrap().unwrap().shape
        };
        shapes.push(bounds(&site, 0.0));
        shapes.extend((0..).zip(&variants).map(|(n, variant)| bounds(variant, f64::from(n) + 0.25)));
    }
    // A shape's number is of one log only, whatever lies at the same place in another.
    let own: std::collections::BTreeSet<u64> = shapes.iter().copied().collect();
    assert_eq!((own.len(), &shapes[..4]), (4, &shapes[4..]), "{shapes:?}");
}

/// The site and its variant by plain maps: what is put differs from what is seen, or it changes nothing.
#[test]
fn whatever_comes_on_either_side_the_two_are_as_maps_say() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let dir = tempfile::tempdir().unwrap();
    let (mut store, mut site) = site(dir.path());
    let mut head: BTreeMap<AssetId, Asset> = BTreeMap::new();
    let mut over: BTreeMap<AssetId, Option<Asset>> = BTreeMap::new();
    for round in 0..120 {
        let of_variant = rng.random_range(0..2) == 0;
        let target = if of_variant { site.variant_to_write(&name("v")).unwrap() } else { site.clone() };
        let mut draft = target.draft(dataset("d")).unwrap();
        for n in 0..30 {
            let id: AssetId = format!("a{n}").into();
            let seen = match over.get(&id).filter(|_| of_variant) {
                Some(own) => own.clone(),
                None => head.get(&id).cloned(),
            };
            let next = match rng.random_range(0..6) {
                0 => Some(asset(&id, n, &rng.random_range(0..3).to_string())),
                1 => None,
                _ => continue,
            };
            match &next {
                Some(put) => drop(draft.put(put.clone()).unwrap()),
                None => assert_eq!(draft.remove(&id).unwrap(), seen.is_some(), "{id} in round {round}"),
            }
            if next == seen {
                continue;
            }
            match (of_variant, next) {
                (true, next) => drop(over.insert(id, next)),
                (false, Some(put)) => drop(head.insert(id, put)),
                (false, None) => drop(head.remove(&id)),
            }
        }
        draft.commit(Instant(round)).unwrap();
        if rng.random_range(0..10) == 0 {
            site.repack().unwrap();
        }
        if rng.random_range(0..10) == 0 {
            drop((site, target));
            drop(store);
            store = Store::open(dir.path()).unwrap();
            site = store.site(&code()).unwrap();
        }
        let mut both = head.clone();
        for (id, own) in &over {
            match own {
                Some(asset) => drop(both.insert(id.clone(), asset.clone())),
                None => drop(both.remove(id)),
            }
        }
        assert_eq!(contents(&site.snapshot()), head.clone().into_iter().collect::<Vec<_>>(), "round {round}");
        let Some(variant) = site.variant(&name("v")) else { continue };
        let seen = variant.snapshot();
        assert_eq!(contents(&seen), both.clone().into_iter().collect::<Vec<_>>(), "round {round}");
        let boxed = seen.in_box(&seen.extent(), None).len();
        assert_eq!((seen.len(), boxed), (both.len(), both.len()), "round {round}");
        let [added, replaced, removed] = seen.overlay().unwrap().counts(Collections::ALL);
        let count = |is: &dyn Fn(Option<&Asset>, Option<&Asset>) -> bool| {
            let ids: std::collections::BTreeSet<&AssetId> = head.keys().chain(both.keys()).collect();
            ids.into_iter().filter(|id| is(head.get(*id), both.get(*id))).count()
        };
        assert_eq!(added, count(&|was, is| was.is_none() && is.is_some()));
        assert_eq!(removed, count(&|was, is| was.is_some() && is.is_none()));
        // What both sides changed alike still is the variant's.
        assert!(replaced >= count(&|was, is| was.is_some() && is.is_some() && was != is));
    }
    assert!(over.len() > 20 && store.sites().len() == 1);
}
