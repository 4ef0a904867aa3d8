//! Simplified shapes stay as near as they say, by a measure written apart; repeated shapes are found, mirrored ones are not.

use cimbra::geom::{Mesh, Motion, Print, Shapes, Surface, SurfaceKind, Triangle, hausdorff, motion, simplify};
use proptest::prelude::*;

type V = [f64; 3];

fn sub(a: V, b: V) -> V {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}
fn dot(a: V, b: V) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
fn cross(a: V, b: V) -> V {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The distance from a point to a triangle: to its plane where the foot lies inside, else to the nearest of its sides.
fn to_triangle(p: V, t: &Triangle) -> f64 {
    let n = cross(sub(t[1], t[0]), sub(t[2], t[0]));
    let inside = |k: usize| dot(cross(sub(t[(k + 1) % 3], t[k]), sub(p, t[k])), n) >= 0.0;
    if dot(n, n) > 0.0 && (0..3).all(inside) {
        return (dot(sub(p, t[0]), n) / dot(n, n).sqrt()).abs();
    }
    let side = |k: usize| {
        let (a, ab) = (t[k], sub(t[(k + 1) % 3], t[k]));
        let along = if dot(ab, ab) > 0.0 { (dot(sub(p, a), ab) / dot(ab, ab)).clamp(0.0, 1.0) } else { 0.0 };
        let d = sub(p, [a[0] + along * ab[0], a[1] + along * ab[1], a[2] + along * ab[2]]);
        dot(d, d).sqrt()
    };
    (0..3).map(side).fold(f64::INFINITY, f64::min)
}

/// The greatest distance from points of `a`, no farther than `step` from each other, to the surface `b`.
fn sampled(a: &[Triangle], b: &[Triangle], step: f64) -> f64 {
    let mut worst: f64 = 0.0;
    for t in a {
        let longest = (0..3).map(|k| sub(t[(k + 1) % 3], t[k])).map(|e| dot(e, e).sqrt()).fold(0.0, f64::max);
        let n = (longest / step).ceil().max(1.0) as usize;
        for i in 0..=n {
            for j in 0..=n - i {
                let (u, v) = (i as f64 / n as f64, j as f64 / n as f64);
                let p = std::array::from_fn(|k| t[0][k] + u * (t[1][k] - t[0][k]) + v * (t[2][k] - t[0][k]));
                worst = worst.max(b.iter().map(|t| to_triangle(p, t)).fold(f64::INFINITY, f64::min));
            }
        }
    }
    worst
}

fn triangles(mesh: &Mesh) -> Vec<Triangle> {
    mesh.triangles.iter().map(|t| t.map(|i| mesh.point(i).unwrap())).collect()
}

fn soup(most: usize) -> impl Strategy<Value = Vec<Triangle>> {
    let corner = prop::array::uniform3(-1.0..1.0_f64);
    prop::collection::vec(prop::array::uniform3(corner), 1..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_hausdorff_distance_is_a_bound_and_a_tight_one(a in soup(7), b in soup(7)) {
        let between = hausdorff(&a, &b, 0.0);
        let step = 0.05;
        let seen = sampled(&a, &b, step).max(sampled(&b, &a, step));
        prop_assert!(seen <= between.most + 1e-9, "a point is {seen} away, over {between:?}");
        prop_assert!(between.least <= seen + step, "{between:?} has a point that sampling would have met: {seen}");
        prop_assert!(between.most - between.least < 3e-4, "{between:?}");
        prop_assert_eq!(hausdorff(&a, &a, 0.0).least, 0.0);
    }

    #[test]
    fn a_repeated_shape_is_found_wherever_it_is_moved_and_its_mirror_is_not(
        points in prop::collection::vec(prop::array::uniform3(-3.0..3.0_f64), 4..30),
        axis in prop::array::uniform3(-1.0..1.0_f64), angle in 0.0..6.3_f64, shift in prop::array::uniform3(-500.0..500.0_f64),
    ) {
        prop_assume!(dot(axis, axis) > 0.01);
        let mesh = fan(&points);
        let moved: Vec<V> = points.iter().map(|p| turned(*p, axis, angle)).map(|p| [p[0] + shift[0], p[1] + shift[1], p[2] + shift[2]]).collect();
        let there = fan(&moved);
        let mut shapes = Shapes::new(1e-4, 1000);
        shapes.insert(&mesh, Print::of(&mesh), 7);
        let (called, found) = shapes.find(&there, Print::of(&there)).expect("the same shape, moved");
        prop_assert_eq!(called, 7);
        let placed = found.place(&mesh);
        let worst = placed.points().zip(&moved).map(|(p, q)| sub(p, *q)).map(|d| dot(d, d).sqrt()).fold(0.0, f64::max);
        prop_assert!(worst < 2e-4, "a corner is {worst} m off");
        let [a, b, c] = [0, 1, 2].map(|k| found.rotation[k]);
        prop_assert!((dot(a, cross(b, c)) - 1.0).abs() < 1e-6, "a rotation does not mirror");
        let mirrored: Vec<V> = moved.iter().map(|p| [p[0], p[1], -p[2]]).collect();
        prop_assert!(motion(&mesh, &fan(&mirrored), 1e-4).is_none() || flat(&points));
        let mut bent = moved.clone();
        bent[points.len() / 2][1] += 0.002;
        prop_assert!(motion(&mesh, &fan(&bent), 1e-4).is_none(), "a corner is 2 mm elsewhere");
    }
}

/// Whether all points lie within a tenth of a millimetre of a plane, where a shape is its own mirror.
fn flat(points: &[V]) -> bool {
    let best = (1..points.len()).flat_map(|i| (1..i).map(move |j| (i, j)));
    let normal = best
        .map(|(i, j)| cross(sub(points[i], points[0]), sub(points[j], points[0])))
        .max_by(|a, b| dot(*a, *a).total_cmp(&dot(*b, *b)))
        .unwrap();
    let size = dot(normal, normal).sqrt();
    points.iter().all(|p| (dot(sub(*p, points[0]), normal) / size).abs() < 2e-3)
}

/// Rodrigues' rotation.
fn turned(p: V, axis: V, angle: f64) -> V {
    let size = dot(axis, axis).sqrt();
    let k = axis.map(|v| v / size);
    let (s, c) = angle.sin_cos();
    let (kxp, kp) = (cross(k, p), dot(k, p));
    std::array::from_fn(|i| p[i] * c + kxp[i] * s + k[i] * kp * (1.0 - c))
}

fn fan(points: &[V]) -> Mesh {
    let triangles = (2..points.len() as u32).map(|i| [0, i - 1, i]).collect();
    Mesh::from_points(points, triangles, Vec::new())
}

/// A grid of `n` by `m` quads over `at`, in two triangles each.
fn grid(n: u32, m: u32, at: impl Fn(f64, f64) -> V) -> Mesh {
    let index = |i: u32, j: u32| i * (m + 1) + j;
    let points: Vec<V> = (0..=n)
        .flat_map(|i| (0..=m).map(move |j| (i, j)))
        .map(|(i, j)| at(f64::from(i) / f64::from(n), f64::from(j) / f64::from(m)))
        .collect();
    let quad = |i, j| {
        let [a, b, c, d] = [index(i, j), index(i + 1, j), index(i + 1, j + 1), index(i, j + 1)];
        [[a, b, c], [a, c, d]]
    };
    let triangles = (0..n).flat_map(|i| (0..m).flat_map(move |j| quad(i, j))).collect();
    Mesh::from_points(&points, triangles, Vec::new())
}

/// A box of 2 m by `width` by 3 m whose faces are cut into squares; each face's points are its own.
fn cut_box(width: f64, n: u32) -> Mesh {
    let (size, mut points, mut triangles) = ([2.0, width, 3.0], Vec::new(), Vec::new());
    for axis in 0..3 {
        for end in [0.0, 1.0] {
            let face = grid(n, n, |u, v| {
                let mut p = [0.0; 3];
                (p[axis], p[(axis + 1) % 3], p[(axis + 2) % 3]) = (end, u, v);
                if end == 0.0 {
                    (p[(axis + 1) % 3], p[(axis + 2) % 3]) = (v, u);
                }
                std::array::from_fn(|k| p[k] * size[k])
            });
            let first = points.len() as u32;
            points.extend(face.points());
            triangles.extend(face.triangles.iter().map(|t| t.map(|i| i + first)));
        }
    }
    Mesh::from_points(&points, triangles, Vec::new())
}

#[test]
fn a_lighter_shape_is_as_near_as_it_says_by_dense_samples_of_both() {
    const MOST: f64 = 0.05;
    let tau = std::f64::consts::TAU;
    let ball = grid(12, 24, |u, v| {
        let (s, c) = (u * tau / 2.0).sin_cos();
        [s * (v * tau).cos(), s * (v * tau).sin(), c]
    });
    let pipe = grid(12, 16, |u, v| [u * 4.0, 0.04 * (v * tau).cos(), 0.04 * (v * tau).sin()]);
    let waves = grid(14, 14, |u, v| [u * 6.0, v * 6.0, 0.12 * (u * 9.0).sin() * (v * 7.0).cos()]);
    let cases = [
        ("a wall cut into squares", cut_box(0.4, 4), 12, 1e-3),
        ("a thin panel", cut_box(0.04, 4), 4, MOST),
        ("a ball", ball, 200, MOST),
        ("a pipe", pipe, 12, MOST),
        ("waves", waves, 300, MOST),
    ];
    for (name, mesh, at_most, error) in cases {
        let light = simplify(&mesh, MOST);
        let (a, b) = (triangles(&mesh), triangles(&light.mesh));
        assert!((1..=at_most).contains(&b.len()), "{name}: {} of {} triangles", b.len(), a.len());
        let step = 0.08;
        let seen = sampled(&a, &b, step).max(sampled(&b, &a, step));
        assert!(seen <= light.error.most && light.error.most <= error, "{name}: {seen}, {:?}", light.error);
        assert!(light.error.least <= seen + step, "{name}: {seen}, {:?}", light.error);
        assert_eq!(simplify(&mesh, MOST), light, "{name}: the same twice");
    }
}

/// A pane in a frame keeps both colours, though the pane's edge is near the frame; a handle of another colour may go.
#[test]
fn surfaces_keep_their_colours_and_things_smaller_than_the_error_keep_a_likeness() {
    let mut mesh = cut_box(0.06, 2);
    let pane = mesh.triangles.len() as u32;
    let frame = Surface { first: 0, kind: SurfaceKind::Window, colour: Some([90, 60, 30, 255]) };
    let glass = Surface { first: pane, kind: SurfaceKind::Window, colour: Some([200, 220, 255, 90]) };
    let corners = [[0.3, 0.07, 0.3], [1.7, 0.07, 0.3], [1.7, 0.07, 2.7], [0.3, 0.07, 2.7]];
    let first = mesh.positions.len() as u32;
    mesh.positions.extend(corners.map(|p: V| std::array::from_fn::<f32, 3, _>(|k| (p[k] - mesh.origin[k]) as f32)));
    mesh.triangles.extend([[first, first + 1, first + 2], [first, first + 2, first + 3]]);
    mesh.surfaces = vec![frame, glass];
    let light = simplify(&mesh, 0.05);
    let colours: Vec<_> = light.mesh.runs().map(|(s, run)| (s.colour, !run.is_empty())).collect();
    assert_eq!(colours, [(frame.colour, true), (glass.colour, true)]);
    assert!(light.mesh.triangles.len() < 12, "{}", light.mesh.triangles.len());
    let screw = grid(8, 12, |u, v| [0.01 * u, 0.004 * (v * 6.3).cos(), 0.004 * (v * 6.3).sin()]);
    let light = simplify(&screw, 0.05);
    assert!(light.mesh.triangles.len() >= 2 && light.error.most < 0.005, "{light:?}");
    let one = fan(&[[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);
    assert_eq!(simplify(&one, 0.05).mesh, one);
    assert!(simplify(&Mesh::default(), 0.05).mesh.triangles.is_empty());
    let still = Motion { rotation: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], origin: one.origin };
    assert_eq!(still.place(&one), one);
}

/// A block's top that a plate of another colour lies on is left out; what is seen keeps its colour.
#[test]
fn a_face_that_another_colour_lies_on_is_left_out() {
    let mut mesh = cut_box(0.4, 2);
    let (first, block) = (mesh.positions.len() as u32, mesh.triangles.len() as u32);
    let plate = cut_box(0.44, 1);
    let onto = |p: V| [1.02 * p[0] - 0.02, p[1] - 0.02, 3.0 + p[2] / 100.0];
    let there = |p: V| std::array::from_fn::<f32, 3, _>(|k| (onto(p)[k] - mesh.origin[k]) as f32);
    let positions: Vec<[f32; 3]> = plate.points().map(there).collect();
    mesh.positions.extend(positions);
    mesh.triangles.extend(plate.triangles.iter().map(|t| t.map(|i| i + first)));
    let colours = [Some([90, 60, 30, 255]), Some([200, 200, 200, 255])];
    mesh.surfaces = [(0, colours[0]), (block, colours[1])]
        .map(|(first, colour)| Surface { first, kind: SurfaceKind::Other, colour })
        .to_vec();
    let light = simplify(&mesh, 0.05);
    let left: Vec<_> = light.mesh.runs().map(|(surface, run)| (surface.colour, run.len())).collect();
    assert_eq!(left, [(colours[0], 10), (colours[1], 2)], "five faces and a sheet");
    let (a, b) = (triangles(&mesh), triangles(&light.mesh));
    let seen = sampled(&a, &b, 0.08).max(sampled(&b, &a, 0.08));
    assert!(seen <= light.error.most && light.error.most <= 0.05, "{seen}, {:?}", light.error);
}
