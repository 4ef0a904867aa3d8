//! The id image against rays cast in `f64` by code written apart: another camera, another intersection.

use super::blocks::{community, item};
use super::pictures::draw;
use cimbra::geom::Mesh;
use cimbra::model::Class;
use cimbra::render::{Attitude, Camera, Paint, Scene};
use glam::{DMat3, DVec3};

/// A camera of the oracle: a position, angles in degrees and a vertical angle of view.
struct Pinhole {
    eye: [f64; 3],
    heading: f64,
    pitch: f64,
    fov: f64,
    size: [u32; 2],
}

impl Pinhole {
    /// The direction through a pixel: a vector in front of a camera that looks north, tilted, then turned.
    fn direction(&self, x: f64, y: f64) -> [f64; 3] {
        let [w, h] = self.size.map(f64::from);
        let focal = h / 2.0 / (self.fov / 2.0).to_radians().tan();
        let (east, north, up) = (x - w / 2.0, focal, h / 2.0 - y);
        let (s, c) = self.pitch.to_radians().sin_cos();
        let (north, up) = (north * c - up * s, north * s + up * c);
        let (s, c) = self.heading.to_radians().sin_cos();
        [east * c + north * s, north * c - east * s, up]
    }

    /// The id of the nearest triangle: the plane is met, then the point is on the inner side of all three edges.
    fn id(&self, meshes: &[(u32, &Mesh)], x: f64, y: f64) -> u32 {
        let d = self.direction(x, y);
        let mut best = (f64::INFINITY, 0);
        for (id, mesh) in meshes {
            for t in &mesh.triangles {
                let [a, b, c] = t.map(|i| mesh.point(i).unwrap());
                let n = cross(sub(b, a), sub(c, a));
                let along = dot(n, d);
                let far = dot(n, sub(a, self.eye)) / along;
                if along == 0.0 || far <= 0.0 || far >= best.0 {
                    continue;
                }
                let p: [f64; 3] = std::array::from_fn(|k| self.eye[k] + d[k] * far);
                if [(a, b), (b, c), (c, a)].iter().all(|(u, v)| dot(cross(sub(*v, *u), sub(p, *u)), n) >= 0.0) {
                    best = (far, *id);
                }
            }
        }
        best.1
    }
}

fn sub(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|k| a[k] - b[k])
}
fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// Draws the scene and compares sampled pixels; gives how many showed something.
fn compare(scene: &Scene, pinhole: &Pinhole) -> usize {
    let attitude = Attitude::level(pinhole.heading, pinhole.pitch);
    let camera = Camera::perspective(DVec3::from(pinhole.eye), DMat3::IDENTITY, attitude, pinhole.fov);
    let picture = draw(scene, &camera, pinhole.size);
    let meshes: Vec<(u32, &Mesh)> = scene.items.iter().map(|i| (i.id, &*i.mesh)).collect();
    let (mut seen, mut edges, mut checked) = (0, 0, 0);
    for y in (1..pinhole.size[1]).step_by(7) {
        for x in (1..pinhole.size[0]).step_by(5) {
            let at = [f64::from(x) + 0.5, f64::from(y) + 0.5];
            let expected = pinhole.id(&meshes, at[0], at[1]);
            // On an edge the answer hangs on the last bit: the oracle disagrees with itself a fiftieth of a pixel away.
            let sure = [(0.02, 0.0), (-0.02, 0.0), (0.0, 0.02), (0.0, -0.02)]
                .iter()
                .all(|(dx, dy)| pinhole.id(&meshes, at[0] + dx, at[1] + dy) == expected);
            checked += 1;
            if !sure {
                edges += 1;
                continue;
            }
            seen += usize::from(expected != 0);
            assert_eq!(picture.id_at(x, y), expected, "pixel {x} {y}");
            let hit = scene.hit(camera.sight(at, pinhole.size)).map_or(0, |(id, _)| id);
            assert_eq!(hit, expected, "the ray of a pick at {x} {y}");
        }
    }
    assert!(edges * 20 < checked, "{edges} of {checked} pixels were left out as edges");
    seen
}

#[test]
fn the_ids_are_those_of_rays_through_pixel_centres() {
    let scene = Scene { items: community([0.0; 3], |_| Paint::of_class(Class::Building)), ..Scene::default() };
    let views = [
        Pinhole { eye: [-220.0, -260.0, 140.0], heading: 40.0, pitch: -22.0, fov: 45.0, size: [320, 200] },
        Pinhole { eye: [10.0, 10.0, 300.0], heading: 200.0, pitch: -89.0, fov: 60.0, size: [201, 301] },
        Pinhole { eye: [-30.0, -20.0, 1.7], heading: 10.0, pitch: 15.0, fov: 75.0, size: [320, 200] },
    ];
    for view in &views {
        let seen = compare(&scene, view);
        assert!(seen > 200, "the view shows the scene: {seen}");
    }
}

#[test]
fn what_is_nearer_hides_what_is_farther_whatever_the_order() {
    let near = item(1, [-5.0, 50.0, 0.0], [5.0, 50.01, 10.0], Paint::plain([255, 0, 0]));
    let far = item(2, [-20.0, 50.02, -10.0], [20.0, 51.0, 20.0], Paint::plain([0, 0, 255]));
    for items in [vec![near.clone(), far.clone()], vec![far, near]] {
        let view = Pinhole { eye: [0.0, 0.0, 5.0], heading: 0.0, pitch: 0.0, fov: 40.0, size: [200, 200] };
        assert!(compare(&Scene { items, ..Scene::default() }, &view) > 500);
    }
}

#[test]
fn one_centimetre_is_sharp_fifty_kilometres_from_the_origin() {
    // Stripes one centimetre wide, seen from two metres away: 15 pixels each.
    let centre = [38_123.456, 32_000.789, -190.123];
    let stripes = (0..20_u32).map(|i| {
        let x = centre[0] + f64::from(i) * 0.01 - 0.1;
        item(
            i + 1,
            [x, centre[1], centre[2] - 0.1],
            [x + 0.01, centre[1] + 0.05, centre[2] + 0.1],
            Paint::plain([9; 3]),
        )
    });
    let scene = Scene { items: stripes.collect(), ..Scene::default() };
    let eye = [centre[0], centre[1] - 2.0, centre[2]];
    let view = Pinhole { eye, heading: 0.0, pitch: 0.0, fov: 8.0, size: [400, 400] };
    assert!(compare(&scene, &view) > 1000);
}
