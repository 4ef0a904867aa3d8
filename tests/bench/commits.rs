//! What a commit costs, what opening costs, and what stays resident.

use super::{city, figure, memory, spread, timed, times};
use cimbra::store::Store;
use cimbra::units::Instant;

/// A million assets in; the store opened; then commits of one, of many, and the index packed anew.
pub fn run() {
    const COUNT: usize = 1_000_000;
    let dir = tempfile::tempdir().unwrap();
    let over = format!("{COUNT} assets");
    let store = Store::open(dir.path()).unwrap();
    let took = timed(|| drop(city::grid(&store, COUNT)));
    let rate = format!("{:.0}", COUNT as f64 / took);
    figure("assets committed a second", &rate, &format!("{over} with meshes, one durable commit"));
    drop(store);
    let opened = memory::open_alone(dir.path());
    figure("open a store", &format!("{:.2} s", opened.seconds), &over);
    let bytes = format!("{:.0}", opened.bytes / COUNT as f64);
    figure("resident bytes an asset", &bytes, "a process that only opens the store above; the goal is 250");
    let store = Store::open(dir.path()).unwrap();
    let site = store.sites().remove(0);
    let side = COUNT.isqrt();
    let one = times(50, |i| {
        let mut draft = site.draft(city::dataset()).unwrap();
        draft.put(city::block(&site, i * 997, side, 99.0 + i as f64)).unwrap();
        draft.commit(Instant(2 + i as i64)).unwrap();
    });
    figure("commit of one asset, durable, median / p99", &spread(&one), &over);
    let snapshot = site.snapshot();
    let took = timed(|| assert!((0..COUNT).all(|i| snapshot.find(&city::id(i)).is_some())));
    figure("assets found by id a second", &format!("{:.0}", COUNT as f64 / took), &over);
    drop(snapshot);
    let mut draft = site.draft(city::dataset()).unwrap();
    (0..COUNT / 7).for_each(|i| drop(draft.put(city::block(&site, i, side, 3.0)).unwrap()));
    let took = timed(|| assert_eq!(draft.commit(Instant(1000)).unwrap().replaced, COUNT / 7));
    figure("commit of a seventh that is written already", &format!("{took:.2} s"), &over);
    let took = timed(|| assert!(site.repack().unwrap(), "a seventh has changed"));
    figure("repack of the index", &format!("{took:.2} s"), "after that, beside readers");
}
