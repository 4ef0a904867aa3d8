//! Triangles cover what their polygon covers; extrusions enclose what they should; holes in a solid are found.

use cimbra::geom::{
    Face, Polygon, SurfaceKind, area_vector, closure, extrude, faces_to_mesh, open_rings, triangulate, turning, volume,
};
use proptest::prelude::*;

/// A star-shaped ring: a simple polygon whatever the radii, counter-clockwise.
fn star(radii: &[f64], scale: f64) -> Vec<[f64; 3]> {
    let step = std::f64::consts::TAU / radii.len() as f64;
    radii
        .iter()
        .enumerate()
        .map(|(i, r)| [(i as f64 * step).cos() * r * scale, (i as f64 * step).sin() * r * scale, 0.0])
        .collect()
}

fn shoelace(ring: &[[f64; 3]]) -> f64 {
    let pairs = ring.iter().zip(ring.iter().cycle().skip(1));
    pairs.map(|(a, b)| (a[0] * b[1] - b[0] * a[1]) / 2.0).sum::<f64>().abs()
}

/// A footprint with up to one hole, and its area by the shoelace formula.
fn footprint() -> impl Strategy<Value = (Polygon, f64)> {
    (prop::collection::vec(5.0..20.0_f64, 3..20), prop::option::of(prop::collection::vec(0.5..2.0_f64, 3..9))).prop_map(
        |(outer, inner)| {
            let exterior = star(&outer, 1.0);
            let mut hole = inner.map(|r| star(&r, 0.5)).unwrap_or_default();
            let area = shoelace(&exterior) - shoelace(&hole);
            hole.reverse();
            (Polygon { exterior, interiors: [hole].into_iter().filter(|h| !h.is_empty()).collect() }, area)
        },
    )
}

/// Turns and moves a polygon to map-like coordinates.
fn placed(polygon: &Polygon, a: f64, b: f64) -> Polygon {
    let place = |p: &[f64; 3]| {
        let (x, y) = (p[0] * a.cos() - p[1] * a.sin(), p[0] * a.sin() + p[1] * a.cos());
        [x * b.cos() + 85_000.0, y + 446_000.0, x * b.sin() + 3.0]
    };
    let ring = |r: &Vec<[f64; 3]>| r.iter().map(place).collect();
    Polygon { exterior: ring(&polygon.exterior), interiors: polygon.interiors.iter().map(ring).collect() }
}

fn area_of(points: &[[f64; 3]], triangles: &[[u32; 3]]) -> [f64; 3] {
    triangles.iter().fold([0.0; 3], |sum, t| {
        let v = area_vector(&t.map(|i| points[i as usize]));
        std::array::from_fn(|k| sum[k] + v[k] / 2.0)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn triangles_cover_the_polygon_and_keep_its_side((flat, area) in footprint(), a in 0.0..6.3_f64, b in 0.0..6.3_f64) {
        let polygon = placed(&flat, a, b);
        let triangles = triangulate(&polygon);
        let points: Vec<_> = polygon.points().copied().collect();
        let normal = area_vector(&polygon.exterior);
        let size = normal.iter().map(|v| v * v).sum::<f64>().sqrt();
        let mut sum = 0.0;
        for t in &triangles {
            let v = area_of(&points, &[*t]);
            let along = (0..3).map(|k| v[k] * normal[k]).sum::<f64>() / size;
            prop_assert!(along > -1e-6, "a triangle lies on its back");
            sum += along;
        }
        prop_assert!((sum - area).abs() < 1e-4 * area, "{sum} is not {area}");
    }
    #[test]
    fn an_extrusion_is_closed_and_has_area_times_height((polygon, area) in footprint(), base in -5.0..50.0_f64, height in 0.5..90.0_f64, left in any::<bool>()) {
        let mut polygon = polygon;
        if !left {
            polygon.exterior.reverse();
        }
        let faces = extrude(&polygon, base, height);
        prop_assert!(closure(&faces, 1e-3).is_closed());
        prop_assert!((volume(&faces) - area * height).abs() < 1e-6 * area * height);
        let mesh = faces_to_mesh(&faces);
        let triangles: Vec<Face> = mesh.triangles.iter().map(|t| {
            let exterior = t.iter().map(|i| mesh.point(*i).unwrap()).collect();
            Face::plain(Polygon { exterior, interiors: Vec::new() }, SurfaceKind::Other, None)
        }).collect();
        prop_assert!(closure(&triangles, 1e-3).is_closed(), "the mesh is as closed as its faces");
        prop_assert!((volume(&triangles) - area * height).abs() < 1e-4 * area * height);
        let kinds: Vec<_> = mesh.surfaces.iter().map(|s| s.kind).collect();
        prop_assert_eq!(kinds, vec![SurfaceKind::Wall, SurfaceKind::Roof, SurfaceKind::Ground]);
        for missing in 0..faces.len() {
            let mut open = faces.clone();
            let gone = open.remove(missing);
            let edges = gone.polygon.points().count();
            prop_assert_eq!(closure(&open, 1e-3).open_edges, edges, "a face taken out leaves its edges open");
        }
        let rings = open_rings(&faces[1..], 1e-3).unwrap();
        let ringed: f64 = rings.iter().map(|r| turning(r) / 2.0).sum();
        prop_assert!(rings.len() == 1 + polygon.interiors.len() && (ringed - area).abs() < 1e-6 * area, "the ground's outline is found");
        let mut inside_out = faces.clone();
        inside_out.iter_mut().for_each(|f| { f.polygon.exterior.reverse(); f.polygon.interiors.iter_mut().for_each(|r| r.reverse()); });
        prop_assert!(volume(&inside_out) < 0.0 && closure(&inside_out, 1e-3).is_closed());
    }
    #[test]
    fn any_numbers_are_survived(points in prop::collection::vec(prop::array::uniform3(any::<f64>()), 0..12), holes in prop::collection::vec(prop::collection::vec(prop::array::uniform3(any::<f64>()), 0..6), 0..3), h in any::<f64>()) {
        let polygon = Polygon { exterior: points, interiors: holes };
        let count = polygon.points().count();
        prop_assert!(triangulate(&polygon).iter().flatten().all(|i| (*i as usize) < count));
        let faces = extrude(&polygon, h, h);
        let _ = (closure(&faces, 1e-3), volume(&faces), faces_to_mesh(&faces));
        let own = [Face::plain(polygon, SurfaceKind::Wall, None)];
        let _ = (closure(&own, 1e-3), volume(&own), faces_to_mesh(&own));
    }
    #[test]
    fn grid_points_with_many_coincidences_are_survived(points in prop::collection::vec((0..4_i32, 0..4_i32), 0..14)) {
        let exterior: Vec<_> = points.iter().map(|(x, y)| [f64::from(*x), f64::from(*y), 0.0]).collect();
        let polygon = Polygon { exterior, interiors: Vec::new() };
        let _ = (triangulate(&polygon), extrude(&polygon, 0.0, 3.0));
    }
}

#[test]
fn a_hole_outside_a_long_exterior_is_left_out() {
    let exterior = star(&[10.0; 120], 1.0);
    let hole: Vec<_> = star(&[1.0; 5], 1.0).iter().map(|p| [p[0] - 20.0, p[1], 0.0]).collect();
    let with = triangulate(&Polygon { exterior: exterior.clone(), interiors: vec![hole] });
    assert_eq!(with, triangulate(&Polygon { exterior, interiors: Vec::new() }));
}
