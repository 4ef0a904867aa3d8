//! What a question costs in process.

use super::{city, figure, spread, times};
use cimbra::geom::Bounds;
use cimbra::model::Collections;
use cimbra::query::{Features, Scope, Search};
use cimbra::store::Store;
use std::sync::Arc;

/// Boxes, pages and search over 200,000 blocks.
pub fn run() {
    const COUNT: usize = 200_000;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (site, side) = city::grid(&store, COUNT);
    let snapshot = site.snapshot();
    // A box of about 10 x 11 blocks.
    let corner = |x: f64, y: f64| snapshot.frame().to_geodetic([x * city::PITCH, y * city::PITCH, 0.0]);
    let area = |i: usize| {
        let (x, y) = ((i * 37 % (side - 12)) as f64, (i * 91 % (side - 12)) as f64);
        let (a, b) = (corner(x - 0.2, y - 0.2), corner(x + 9.5, y + 10.5));
        Bounds { min: [a.lon, a.lat, f64::NEG_INFINITY], max: [b.lon, b.lat, f64::INFINITY] }
    };
    let mut rows = 0;
    let boxes = times(2000, |i| rows += snapshot.in_box(&area(i), None).len());
    figure("box query, rows only, median / p99", &spread(&boxes), &format!("{} rows each", rows / 2001));
    let all = Collections::ALL;
    let snapshots = [Arc::clone(&snapshot)];
    let ask = |area: Option<Bounds>, limit| {
        let boxes = area.map(|b| vec![b]);
        let question =
            Features { scope: Scope::All, boxes, when: None, equal: vec![], visible: all, after: None, limit };
        question.ask(&snapshots)
    };
    let pages = times(500, |i| assert!(ask(Some(area(i)), 1000).matched > 0));
    figure("items in a box with their exact count, median / p99", &spread(&pages), "as above, no geometry");
    let whole = times(20, |_| assert_eq!(ask(None, 10).matched, COUNT));
    figure("first page of everything with its exact count", &spread(&whole), &format!("{COUNT} assets"));
    let search = Search::default();
    let hits = times(20, |i| {
        let found = search.find(&snapshots, &format!("{}号楼", i * 7919), 10, all).unwrap();
        assert!(!found.is_empty());
    });
    figure("search by name, median / p99", &spread(&hits), &format!("{COUNT} assets"));
}
