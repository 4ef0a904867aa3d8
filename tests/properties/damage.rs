//! A good mesh damaged in a known way: exactly that is found, and put right where it can be.

use cimbra::geom::{
    Defect, Face, Flaw, Inside, Mesh, Polygon, Surface, SurfaceKind, check, extrude, faces_to_mesh, inside, mend,
};
use proptest::prelude::*;

type V = [f64; 3];

fn sub(a: V, b: V) -> V {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn determinant(a: V, b: V, c: V) -> f64 {
    a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
}

/// The volume by the divergence theorem, whatever the mesh says of itself.
fn volume(mesh: &Mesh) -> f64 {
    let corner = |i: u32| mesh.positions[i as usize].map(f64::from);
    mesh.triangles.iter().map(|t| determinant(corner(t[0]), corner(t[1]), corner(t[2])) / 6.0).sum()
}

/// A closed prism over a star, its corners shared by all faces, in one surface.
fn prism() -> impl Strategy<Value = Mesh> {
    (prop::collection::vec(4.0..9.0_f64, 4..14), 2.0..12.0_f64).prop_map(|(radii, height)| {
        let step = std::f64::consts::TAU / radii.len() as f64;
        let ring =
            radii.iter().enumerate().map(|(i, r)| [(i as f64 * step).cos() * r, (i as f64 * step).sin() * r, 0.0]);
        let footprint = Polygon { exterior: ring.collect(), interiors: Vec::new() };
        let faces = extrude(&footprint, 0.0, height).into_iter().map(|f| Face { kind: SurfaceKind::Other, ..f });
        faces_to_mesh(&faces.collect::<Vec<_>>())
    })
}

fn count(flaws: &[Flaw], defect: Defect) -> usize {
    flaws.iter().find(|f| f.defect == defect).map_or(0, |f| f.count)
}

fn only(flaws: &[Flaw], defect: Defect) -> bool {
    flaws.len() == 1 && flaws[0].defect == defect
}

/// Pairs of triangles without a common corner whose sides go through each other, by signs of volumes of tetrahedra.
fn cuts(mesh: &Mesh) -> usize {
    let corner = |i: u32| mesh.positions[i as usize].map(f64::from);
    let side = |a: V, b: V, c: V, d: V| determinant(sub(b, a), sub(c, a), sub(d, a));
    let goes_through = |p: V, q: V, t: [V; 3]| {
        let (above, below) = (side(t[0], t[1], t[2], p), side(t[0], t[1], t[2], q));
        let turns = [0, 1, 2].map(|k| side(p, q, t[k], t[(k + 1) % 3]));
        above * below < 0.0 && (turns.iter().all(|v| *v > 0.0) || turns.iter().all(|v| *v < 0.0))
    };
    let mut cutting = std::collections::BTreeSet::new();
    for (i, s) in mesh.triangles.iter().enumerate() {
        for (j, t) in mesh.triangles.iter().enumerate().filter(|(j, t)| *j != i && s.iter().all(|c| !t.contains(c))) {
            let (a, b) = (s.map(corner), t.map(corner));
            if (0..3).any(|k| goes_through(a[k], a[(k + 1) % 3], b)) {
                cutting.extend([i, j]);
            }
        }
    }
    cutting.len()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_good_mesh_is_left_alone(mesh in prism()) {
        prop_assert_eq!(mend(&mesh, true), (None, Vec::new()));
        prop_assert_eq!(check(&mesh), Vec::new());
    }

    #[test]
    fn faces_that_are_turned_are_turned_back(mesh in prism(), picked in prop::collection::btree_set(0..1000_usize, 1..4)) {
        let mut bad = mesh.clone();
        let picked: std::collections::BTreeSet<usize> = picked.into_iter().map(|i| i % mesh.triangles.len()).collect();
        let area = |i: &usize| { let t = mesh.triangles[*i].map(|c| mesh.point(c).unwrap()); cimbra::geom::area_vector(&t).map(|v| v * v).iter().sum::<f64>().sqrt() };
        prop_assume!(picked.iter().map(area).sum::<f64>() < 0.45 * (0..mesh.triangles.len()).map(|i| area(&i)).sum::<f64>());
        picked.iter().for_each(|i| bad.triangles[*i].swap(1, 2));
        let (mended, flaws) = mend(&bad, true);
        prop_assert!(only(&flaws, Defect::FlippedFaces), "{flaws:?}");
        prop_assert_eq!(flaws[0].count, picked.len());
        let mended = mended.unwrap();
        prop_assert!((volume(&mended) / volume(&mesh) - 1.0).abs() < 1e-6);
        prop_assert_eq!(check(&mended), Vec::new());
    }

    #[test]
    fn a_mesh_that_is_inside_out_is_turned_and_a_cavity_is_not(mesh in prism(), shift in 100.0..200.0_f64) {
        let mut bad = mesh.clone();
        bad.triangles.iter_mut().for_each(|t| t.swap(1, 2));
        let (mended, flaws) = mend(&bad, true);
        prop_assert!(only(&flaws, Defect::InsideOut) && flaws[0].count == 1, "{flaws:?}");
        prop_assert!((volume(&mended.unwrap()) / volume(&mesh) - 1.0).abs() < 1e-6);
        // The same shell turned in and drawn together is a hollow inside the good one; beside it, it is inside out.
        let with = |scale: f32, away: f64| {
            let mut two = mesh.clone();
            let first = two.positions.len() as u32;
            two.positions.extend(bad.positions.iter().map(|p| [p[0] * scale + away as f32, p[1] * scale, p[2] * scale]));
            two.triangles.extend(bad.triangles.iter().map(|t| t.map(|i| i + first)));
            mend(&two, true).1
        };
        prop_assert_eq!(with(0.25, 0.0), Vec::new());
        prop_assert!(only(&with(0.25, shift), Defect::InsideOut));
    }

    #[test]
    fn a_missing_triangle_is_found_and_a_small_hole_closed(mesh in prism(), pick in 0..1000_usize) {
        let mut bad = mesh.clone();
        let gone = bad.triangles.remove(pick % mesh.triangles.len());
        let corners = gone.map(|c| mesh.point(c).unwrap());
        let around: f64 = (0..3).map(|k| sub(corners[(k + 1) % 3], corners[k]).map(|v| v * v).iter().sum::<f64>().sqrt()).sum();
        let found = check(&bad);
        prop_assert!(only(&found, Defect::OpenEdges) && found[0].count == 3, "{found:?}");
        prop_assert!((found[0].length - around).abs() < 1e-3);
        let (as_surface, flaws) = mend(&bad, false);
        prop_assert!(as_surface.is_none() && flaws.is_empty(), "an open surface stays open: {flaws:?}");
        let (mended, flaws) = mend(&bad, true);
        let size = cimbra::geom::Bounds::of(corners).diagonal();
        if size < 0.24 * mesh.bounds().diagonal() {
            prop_assert!(only(&flaws, Defect::Holes) && flaws[0].count == 1, "{flaws:?}");
            let mended = mended.unwrap();
            prop_assert_eq!(check(&mended), Vec::new());
            prop_assert!((volume(&mended) / volume(&mesh) - 1.0).abs() < 1e-6);
        } else if size > 0.26 * mesh.bounds().diagonal() {
            prop_assert!(mended.is_none() && flaws.is_empty(), "a large hole is not for a program to close: {flaws:?}");
        }
    }

    #[test]
    fn vertices_and_triangles_that_come_twice_are_joined(mesh in prism(), picked in prop::collection::btree_set(0..1000_usize, 1..6), off in -0.04..0.04_f64) {
        let picked: std::collections::BTreeSet<usize> = picked.into_iter().map(|i| i % mesh.triangles.len()).collect();
        let mut bad = mesh.clone();
        for i in &picked {
            let at = bad.triangles[*i][0] as usize;
            let near = bad.positions[at].map(|v| v + off as f32 / 1000.0);
            bad.triangles[*i][0] = bad.positions.len() as u32;
            bad.positions.push(near);
        }
        let (mended, flaws) = mend(&bad, true);
        let mended = mended.unwrap();
        // A position whose triangles all went to copies of it is no longer there to be joined.
        let used: std::collections::BTreeSet<u32> = bad.triangles.iter().flatten().copied().collect();
        prop_assert!(only(&flaws, Defect::DuplicateVertices), "{flaws:?}");
        prop_assert_eq!(flaws[0].count, used.len() - mended.positions.len());
        prop_assert_eq!(mended.positions.len(), mesh.positions.len());
        prop_assert_eq!(check(&mended), Vec::new());
        let mut twice = mesh.clone();
        picked.iter().for_each(|i| { let [a, b, c] = mesh.triangles[*i]; twice.triangles.push([b, c, a]); twice.triangles.push([a, a, c]); });
        let (mended, flaws) = mend(&twice, true);
        prop_assert_eq!((count(&flaws, Defect::DuplicateTriangles), count(&flaws, Defect::DegenerateTriangles), flaws.len()), (picked.len(), picked.len(), 2));
        let corners = |m: &Mesh| m.triangles.iter().map(|t| t.map(|c| m.positions[c as usize])).collect::<Vec<_>>();
        prop_assert_eq!(corners(&mended.unwrap()), corners(&mesh));
    }

    #[test]
    fn a_vertex_pushed_through_the_other_side_is_found_as_brute_force_finds_it(mesh in prism(), pick in 0..1000_usize, to in prop::array::uniform3(-30.0..30.0_f32)) {
        let mut bad = mesh.clone();
        let pick = pick % mesh.positions.len();
        bad.positions[pick] = to;
        let found = count(&check(&bad), Defect::SelfIntersections);
        let expected = cuts(&bad);
        // What lies within a tenth of a millimetre of touching may be told either way.
        prop_assert!(found.abs_diff(expected) <= expected / 8, "{found} triangles, by brute force {expected}");
        prop_assert!((found > 0) == (expected > 0) || expected <= 2, "{found}, {expected}");
    }

    #[test]
    fn a_point_is_inside_a_prism_where_its_ring_and_heights_say_so(radii in prop::collection::vec(4.0..9.0_f64, 4..14), p in prop::array::uniform3(-10.0..10.0_f64)) {
        let step = std::f64::consts::TAU / radii.len() as f64;
        let ring: Vec<V> = radii.iter().enumerate().map(|(i, r)| [(i as f64 * step).cos() * r, (i as f64 * step).sin() * r, -3.0]).collect();
        let mesh = faces_to_mesh(&extrude(&Polygon { exterior: ring.clone(), interiors: Vec::new() }, -3.0, 6.0));
        // Even-odd over the ring's sides.
        let crossed = ring.iter().zip(ring.iter().cycle().skip(1)).filter(|(a, b)| {
            (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0] + (p[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
        });
        let expected = crossed.count() % 2 == 1 && p[2].abs() < 3.0;
        let Inside { inside: found, distance } = inside(&mesh, p);
        prop_assert!(found == expected || distance < 1e-4, "{p:?}: {found}, {distance} m from the surface");
    }
}

/// A triangle cut in two on one side of an edge only leaves no gap: the mesh is closed, and says where the corner is lacking.
#[test]
fn a_corner_on_an_edge_is_no_open_edge() {
    let points = [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0], [1.0, 1.0, 0.0]];
    let triangles = vec![[0, 2, 4], [0, 4, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]];
    let mesh =
        Mesh::from_points(&points, triangles, vec![Surface { first: 0, kind: SurfaceKind::Other, colour: None }]);
    let found = check(&mesh);
    assert!(only(&found, Defect::TJunctions) && found[0].count == 1, "{found:?}");
    assert!((0..3).all(|k| (found[0].near[k] - points[4][k]).abs() < 1e-6), "{found:?}");
    assert_eq!(mend(&mesh, true), (None, Vec::new()));
}
