//! A shape that stands in many places is stored once, and every asset has its own mesh all the same.

use super::{asset, code, dataset, origin};
use cimbra::geom::Mesh;
use cimbra::model::Asset;
use cimbra::store::{Snapshot, Store};
use cimbra::units::Instant;
use std::path::Path;

/// A door of many corners, turned and moved; `bend` moves one corner by metres.
fn door(id: &str, angle: f64, at: [f64; 3], bend: f64) -> Asset {
    let (s, c) = angle.sin_cos();
    let mut points: Vec<[f64; 3]> = (0..120)
        .map(|i| {
            let i = f64::from(i);
            [(i * 0.37).sin() * 0.5, 0.1 * (i * 1.3).cos(), 1.0 + (i * 0.71).sin()]
        })
        .collect();
    points[60][0] += bend;
    let placed = |p: &[f64; 3]| [c * p[0] - s * p[1] + at[0], s * p[0] + c * p[1] + at[1], p[2] + at[2]];
    let points: Vec<_> = points.iter().map(placed).collect();
    let mut door = asset(id, 1, "door");
    let surfaces = door.geometry.mesh.take().unwrap().surfaces;
    door.geometry.mesh = Some(Mesh::from_points(&points, (2..120).map(|i| [0, i - 1, i]).collect(), surfaces));
    door
}

fn doors() -> Vec<Asset> {
    let place = |i: u32| [f64::from(i % 20) * 3.0, f64::from(i / 20) * 7.0, f64::from(i % 5)];
    let mut doors: Vec<Asset> =
        (0..200).map(|i| door(&format!("door{i}"), f64::from(i) * 0.3, place(i), 0.0)).collect();
    doors.push(door("bent", 0.3, [1.0, 2.0, 3.0], 0.002));
    doors
}

fn log_bytes(dir: &Path) -> u64 {
    let each = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    each.map(|p| if p.is_dir() { log_bytes(&p) } else { std::fs::metadata(&p).unwrap().len() }).sum()
}

fn holds(snapshot: &Snapshot, doors: &[Asset]) {
    let first = snapshot.instance(snapshot.find("door0").unwrap()).unwrap().unwrap();
    for door in doors {
        let row = snapshot.find(&door.id).unwrap();
        let (stored, expected) = (snapshot.geometry(row).unwrap(), door.geometry.mesh.as_ref().unwrap());
        let mesh = stored.mesh.as_ref().unwrap();
        assert_eq!((&mesh.triangles, &mesh.surfaces), (&expected.triangles, &expected.surfaces), "{}", door.id);
        assert_eq!(stored.footprint, door.geometry.footprint);
        let apart = |(p, q): ([f64; 3], [f64; 3])| (0..3).map(|k| (p[k] - q[k]).abs()).fold(0.0, f64::max);
        let worst = mesh.points().zip(expected.points()).map(apart).fold(0.0, f64::max);
        assert!(worst < 1.5e-4, "{}: a corner is {worst} m off", door.id);
        let instance = snapshot.instance(row).unwrap().unwrap();
        assert_eq!(instance.shape == first.shape, &*door.id != "bent", "{}", door.id);
        let placed = instance.motion.place(instance.geometry.mesh.as_ref().unwrap());
        assert!(placed.points().zip(mesh.points()).map(apart).fold(0.0, f64::max) < 1e-6);
    }
}

#[test]
fn a_repeated_shape_takes_few_bytes_and_comes_back_in_every_place() {
    let dir = tempfile::tempdir().unwrap();
    let (mut sizes, all) = (Vec::new(), doors());
    for (name, count) in [("one", 1), ("all", all.len())] {
        let home = dir.path().join(name);
        let store = Store::open(&home).unwrap();
        let site = store.create_site(&code(), origin(), Instant(1)).unwrap();
        let mut draft = site.draft(dataset("doors")).unwrap();
        all.iter().take(count).for_each(|door| _ = draft.put(door.clone()).unwrap());
        draft.commit(Instant(2)).unwrap();
        if count > 1 {
            holds(&site.snapshot(), &all);
            // The same again changes nothing, though what lies there is not bit for bit what came.
            let mut draft = site.draft(dataset("doors")).unwrap();
            all.iter().for_each(|door| _ = draft.put(door.clone()).unwrap());
            draft.retire_others();
            let done = draft.commit(Instant(3)).unwrap();
            assert_eq!((done.unchanged, done.replaced, done.removed), (all.len(), 0, 0));
            // What is kept stays, what is neither kept nor put ends.
            let mut draft = site.draft(dataset("doors")).unwrap();
            assert!(draft.keep("door7").unwrap() && !draft.keep("door7").unwrap() && !draft.keep("nothing").unwrap());
            draft.retire_others();
            let done = draft.commit(Instant(4)).unwrap();
            assert_eq!((done.unchanged, done.removed), (1, all.len() - 1));
            // Its shape lies with a door that has ended, and is there all the same.
            let snapshot = site.snapshot();
            let row = snapshot.find("door7").unwrap();
            assert_eq!(snapshot.geometry(row).unwrap().mesh.as_ref().unwrap().triangles.len(), 118);
        }
        drop((site, store));
        sizes.push(log_bytes(&home));
    }
    let store = Store::open(&dir.path().join("all")).unwrap();
    let snapshot = store.sites()[0].snapshot();
    let then = snapshot.find_at("door9", Instant(2)).unwrap();
    assert_eq!(snapshot.geometry(then).unwrap().mesh.as_ref().unwrap().positions.len(), 120, "after opening again");
    // 120 corners and 118 triangles take some 2 kB; a place takes a tenth.
    let each = (sizes[1] - sizes[0]) / 200;
    assert!(each < 700, "{each} bytes a door, with its identity, attributes and footprint");
}
