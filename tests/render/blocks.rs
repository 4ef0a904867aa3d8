//! Hand-made scenes of boxes for the tests of pictures.

use cimbra::geom::{Mesh, Surface, SurfaceKind};
use cimbra::render::{Item, Paint};

/// A box from `low` to `high` with walls, roof and ground, faces turned outwards.
pub fn block(low: [f64; 3], high: [f64; 3]) -> Mesh {
    let p: Vec<[f64; 3]> =
        (0..8).map(|i| std::array::from_fn(|k| if i >> k & 1 == 0 { low[k] } else { high[k] })).collect();
    let quads: [[u32; 4]; 6] = [[0, 1, 5, 4], [1, 3, 7, 5], [3, 2, 6, 7], [2, 0, 4, 6], [4, 5, 7, 6], [0, 2, 3, 1]];
    let triangles = quads.iter().flat_map(|q| [[q[0], q[1], q[2]], [q[0], q[2], q[3]]]).collect();
    let surface = |first, kind| Surface { first, kind, colour: None };
    let surfaces = vec![surface(0, SurfaceKind::Wall), surface(8, SurfaceKind::Roof), surface(10, SurfaceKind::Ground)];
    Mesh::from_points(&p, triangles, surfaces)
}

/// A box as an item.
pub fn item(id: u32, low: [f64; 3], high: [f64; 3], paint: Paint) -> Item {
    Item { id, mesh: block(low, high).into(), paint }
}

/// A small community around `centre`: towers of storeys and rows of walk-ups, ids from 1 without gaps.
pub fn community(centre: [f64; 3], paint: impl Fn(u32) -> Paint) -> Vec<Item> {
    let mut items = Vec::new();
    let mut add = |low: [f64; 3], high: [f64; 3]| {
        let id = items.len() as u32 + 1;
        let at = |p: [f64; 3]| std::array::from_fn(|k| p[k] + centre[k]);
        items.push(item(id, at(low), at(high), paint(id)));
    };
    for tower in 0..4 {
        let x = f64::from(tower) * 60.0 - 90.0;
        for storey in 0..(12 + tower * 5) {
            let z = f64::from(storey) * 3.0;
            let inset = if storey % 6 == 5 { 1.0 } else { 0.0 };
            add([x - 12.0 + inset, 40.0 + inset, z], [x + 12.0 - inset, 56.0 - inset, z + 3.0]);
        }
    }
    for row in 0..3 {
        for column in 0..5 {
            let (x, y) = (f64::from(column) * 48.0 - 96.0, f64::from(row) * -38.0);
            add([x - 18.0, y - 6.0, 0.0], [x + 18.0, y + 6.0, 18.0]);
            add([x - 3.0, y - 9.0, 0.0], [x + 3.0, y - 6.0, 19.5]);
        }
    }
    items
}
