//! What a commit costs, and what stays resident.

use super::{city, figure, resident, spread, times};
use cimbra::store::Store;
use cimbra::units::Instant;

/// A million assets in; then commits of one; then the store opened again.
pub fn run() {
    const COUNT: usize = 1_000_000;
    let dir = tempfile::tempdir().unwrap();
    let before = resident();
    let store = Store::open(dir.path()).unwrap();
    let begun = std::time::Instant::now();
    let (site, side) = city::grid(&store, COUNT);
    let took = begun.elapsed().as_secs_f64();
    let over = format!("{COUNT} boxes with meshes, one durable commit");
    figure("assets committed a second", &format!("{:.0}", COUNT as f64 / took), &over);
    let one = times(50, |i| {
        let mut draft = site.draft(city::dataset()).unwrap();
        draft.put(city::block(&site, i * 997, side, 99.0 + i as f64)).unwrap();
        draft.commit(Instant(2 + i as i64)).unwrap();
    });
    figure("commit of one asset, durable, median / p99", &spread(&one), &format!("{COUNT} assets"));
    let begun = std::time::Instant::now();
    site.repack().unwrap();
    figure("repack of the index", &format!("{:.1} s", begun.elapsed().as_secs_f64()), "beside readers");
    drop(site);
    drop(store);
    let begun = std::time::Instant::now();
    let store = Store::open(dir.path()).unwrap();
    figure("open a store", &format!("{:.1} s", begun.elapsed().as_secs_f64()), &format!("{COUNT} assets"));
    let bytes = (resident() - before) * 1024.0 * 1024.0 / COUNT as f64;
    figure("resident bytes an asset, process and all", &format!("{bytes:.0}"), "after opening; the goal is 250");
    drop(store);
}
