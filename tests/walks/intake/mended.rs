//! Real building models through the mender: what was a body stays the same body, whatever its faces needed.

use super::{import, only};
use crate::support::{ifc, shared};
use cimbra::geom::{Mesh, Shape};
use cimbra::ingest::ImportOptions;
use cimbra::store::Store;
use std::collections::BTreeMap;

/// Whether the mesh closes with corners joined that are less than `weld` metres apart, and the volume under it.
fn body(mesh: &Mesh, weld: f32) -> (bool, f64) {
    let mut numbers: BTreeMap<[i64; 3], Vec<(usize, [f32; 3])>> = BTreeMap::new();
    let mut joined = Vec::with_capacity(mesh.positions.len());
    for (i, p) in mesh.positions.iter().enumerate() {
        let cell = p.map(|c| (c / weld).floor() as i64);
        let around = (-1..=1).flat_map(|x| (-1..=1).flat_map(move |y| (-1..=1).map(move |z| [x, y, z])));
        let near = around.filter_map(|d| numbers.get(&std::array::from_fn(|k| cell[k] + d[k]))).flatten();
        let own = near.filter(|(_, q)| (0..3).all(|k| (q[k] - p[k]).abs() < weld)).map(|(number, _)| *number).min();
        let own = own.unwrap_or(i);
        if own == i {
            numbers.entry(cell).or_default().push((i, *p));
        }
        joined.push(own);
    }
    let mut edges: BTreeMap<(usize, usize), i32> = BTreeMap::new();
    let mut six_fold = 0.0;
    for t in &mesh.triangles {
        let corners = t.map(|i| joined[i as usize]);
        for k in 0..3 {
            let (a, b) = (corners[k], corners[(k + 1) % 3]);
            *edges.entry((a.min(b), a.max(b))).or_default() += (a < b) as i32 - (a > b) as i32;
        }
        let [a, b, c] = t.map(|i| mesh.positions[i as usize].map(f64::from));
        six_fold += a[0] * (b[1] * c[2] - b[2] * c[1])
            + a[1] * (b[2] * c[0] - b[0] * c[2])
            + a[2] * (b[0] * c[1] - b[1] * c[0]);
    }
    (edges.values().all(|n| *n == 0), six_fold / 6.0)
}

#[test]
fn bodies_of_real_models_keep_their_volume_through_the_mender() {
    let Some(shared) = shared() else { return };
    for (name, most) in [("Duplex_Architecture.ifc", 150), ("Office_A.ifc", 500)] {
        let (dir, file) = (tempfile::tempdir().unwrap(), shared.join("data/ifc").join(name));
        let read = ifc::read(&file);
        let store = Store::open(dir.path()).unwrap();
        let report = import(Some(&store), &[&file], ImportOptions::default());
        assert_eq!(report.refused, 0, "{}", report.text());
        let city = only(&store);
        let (mut bodies, mut closed_now, mut wrong) = (0, 0, Vec::new());
        for (id, object) in &read.objects {
            let Shape::Mesh(before) = &object.shape else { continue };
            let geometry = city.geometry(city.find(id).unwrap()).unwrap();
            let after = geometry.mesh.as_ref().unwrap();
            let ((closed, volume), (still, now)) = (body(before, 1e-4), body(after, 2e-4));
            let class = object.class;
            closed_now += usize::from(!closed && still);
            if still && !closed && now < -1e-6 {
                wrong.push(format!("{class:?} {id}: closed by the mender, and inside out: {now:.6} m³"));
            }
            if !closed {
                continue;
            }
            bodies += 1;
            // A millionth of a cubic metre is what 32-bit corners make of a body as large as a room.
            let apart = (now - volume).abs() > (volume.abs() * 1e-3).max(1e-6);
            if apart || !still || (volume > 0.0 && now <= 0.0) {
                wrong.push(format!("{class:?} {id}: {volume:.6} m³ in the file, {now:.6} stored, closed: {still}"));
            }
        }
        eprintln!("{name}: {bodies} bodies, {closed_now} closed by the mender, {} of them changed", wrong.len());
        assert!(bodies > most, "{name}: only {bodies} bodies to judge by");
        assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    }
}
