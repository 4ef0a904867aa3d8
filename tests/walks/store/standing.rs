//! Ids of what is withdrawn: kept for it, and given back with it.

use super::{asset, code, dataset, origin};
use cimbra::model::{DatasetName, SiteCode};
use cimbra::store::{Site, Store};
use cimbra::units::Instant;

/// Imports `ids` as a dataset; tells what they are called.
fn import(site: &Site, name: &str, ids: &[&str], at: i64) -> Vec<String> {
    let mut draft = site.draft(dataset(name)).unwrap();
    ids.iter().for_each(|id| _ = draft.put(asset(id, 1, name)).unwrap());
    draft.retire_others();
    draft.commit(Instant(at)).unwrap();
    called(site, name)
}

fn called(site: &Site, name: &str) -> Vec<String> {
    let now = site.snapshot();
    let of = now.rows().filter_map(|row| now.asset(row)).filter(|a| a.dataset().as_str() == name);
    let mut ids: Vec<String> = of.map(|a| a.id().to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn what_is_withdrawn_comes_back_under_its_ids_whatever_came_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let name = |text: &str| DatasetName::new(text).unwrap();
    let other = SiteCode::new("320106003002").unwrap();
    {
        let store = Store::open(dir.path()).unwrap();
        let site = store.create_site(&code(), origin(), Instant(1)).unwrap();
        store.create_site(&other, origin(), Instant(1)).unwrap();
        assert_eq!(import(&site, "first", &["X1", "X2"], 10), ["X1", "X2"]);
        assert_eq!(import(&site, "second", &["X1", "X2"], 20), ["second~X1", "second~X2"]);
        site.withdraw(&name("first"), Instant(30)).unwrap();
        site.withdraw(&name("second"), Instant(31)).unwrap();
    }
    // Also in another process and in another site.
    let store = Store::open(dir.path()).unwrap();
    let (site, beside) = (store.site(&code()).unwrap(), store.site(&other).unwrap());
    assert_eq!(import(&site, "third", &["X1"], 40), ["third~X1"]);
    assert_eq!(import(&beside, "fourth", &["X1", "X3"], 50), ["X3", "fourth~X1"]);
    // The first is gone for good: its ids are free, and the second's are still what they were.
    site.delete(&name("first"), Instant(60)).unwrap();
    site.publish_again(&name("second"), Instant(70)).unwrap();
    assert_eq!(called(&site, "second"), ["second~X1", "second~X2"]);
    assert_eq!(import(&site, "fifth", &["X1"], 80), ["X1"]);
    // An asset that an edition had and the next one has not comes back under its id, too.
    let revision = site.snapshot().revision();
    assert_eq!(import(&site, "second", &["X2"], 90), ["second~X2"]);
    site.delete(&name("fifth"), Instant(100)).unwrap();
    let edition = site.snapshot().editions(&name("second")).rfind(|e| e.revision <= revision).cloned();
    site.roll_back(&name("second"), edition.unwrap().revision, Instant(110)).unwrap();
    assert_eq!(called(&site, "second"), ["second~X1", "second~X2"]);
    // Imported anew while it is withdrawn: the same.
    site.withdraw(&name("second"), Instant(120)).unwrap();
    assert_eq!(import(&site, "second", &["X1", "X2"], 130), ["second~X1", "second~X2"]);
}
