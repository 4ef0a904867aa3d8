//! Drawn scenes looked at pixel by pixel.

use super::blocks::{community, item};
use cimbra::model::{Class, Severity};
use cimbra::render::{Attitude, Background, Camera, Paint, Picture, Scene, Studio, decode_ids};
use std::sync::LazyLock;

/// One studio for all tests, as one server has.
static STUDIO: LazyLock<Studio> = LazyLock::new(Studio::new);

/// Draws with the studio of the tests; waits while other tests fill its queue.
pub fn draw(scene: &Scene, camera: &Camera, size: [u32; 2]) -> Picture {
    STUDIO.draw(scene, camera, size).expect("these tests need an adapter: apt-get install mesa-vulkan-drivers")
}

/// Keeps a picture where `CIMBRA_PICTURES` says, for people to look at.
fn keep(name: &str, picture: &Picture) {
    if let Some(folder) = std::env::var_os("CIMBRA_PICTURES") {
        let path = std::path::Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(path, picture.to_png().unwrap()).unwrap();
    }
}

fn overview(scene: &Scene, heading: f64, pitch: f64, size: [u32; 2]) -> Camera {
    let aspect = f64::from(size[0]) / f64::from(size[1]);
    Camera::fit(&scene.bounds(), Attitude::level(heading, pitch), 40.0, aspect, false)
}

/// The mean colour of the pixels of an item.
fn mean(picture: &Picture, id: u32) -> [f64; 3] {
    let of = || picture.ids.iter().zip(&picture.colour).filter(|(i, _)| **i == id).map(|(_, c)| c);
    assert!(of().count() > 30, "item {id} is hardly in the picture");
    std::array::from_fn(|k| of().map(|c| f64::from(c[k])).sum::<f64>() / of().count() as f64)
}

#[test]
fn alarms_have_their_colours_and_the_rest_is_grey() {
    let size = [1024, 768];
    let by_alarm = |id| match id {
        9 => Paint::of_alarm(Some(Severity::Critical)),
        30 => Paint::of_alarm(Some(Severity::Major)),
        50 => Paint::of_alarm(Some(Severity::Minor)),
        80 => Paint::of_alarm(Some(Severity::Warning)),
        18..=28 => Paint::of_alarm(None).as_glass(),
        _ => Paint::of_alarm(None),
    };
    let mut scene = Scene { items: community([0.0; 3], by_alarm), ground: Some(0.0), ..Scene::default() };
    scene.items.push(item(900, [-40.0, 44.0, 36.0], [-30.0, 50.0, 39.0], Paint::of_alarm(Some(Severity::Critical))));
    let camera = overview(&scene, 30.0, -28.0, size);
    let picture = draw(&scene, &camera, size);
    keep("community-alarms", &picture);
    let [r, g, b] = mean(&picture, 9);
    assert!(r > 180.0 && g < 90.0 && b < 90.0, "critical is red: {r} {g} {b}");
    let [r, g, b] = mean(&picture, 30);
    assert!(r > 190.0 && g > 90.0 && g < 160.0 && b < 80.0, "major is orange: {r} {g} {b}");
    let [r, g, b] = mean(&picture, 50);
    assert!(r > 190.0 && g > 160.0 && b < 110.0, "minor is yellow: {r} {g} {b}");
    let [r, g, b] = mean(&picture, 80);
    assert!(b > 180.0 && r < 110.0 && g < 160.0, "warning is blue: {r} {g} {b}");
    let [r, g, b] = mean(&picture, 60);
    assert!((r - g).abs() < 16.0 && (g - b).abs() < 22.0, "without an alarm grey: {r} {g} {b}");
    let [r, g, b] = mean(&picture, 900);
    assert!(r > g + 60.0 && r > b + 60.0, "a critical room shines through glass: {r} {g} {b}");
    assert!(!picture.ids.contains(&22), "glass is not in the id image");
}

#[test]
fn classes_have_colours_and_roofs_differ_from_walls() {
    let size = [1024, 768];
    let items = community([0.0; 3], |_| Paint::of_class(Class::Building));
    let scene = Scene { items, ground: Some(0.0), ..Scene::default() };
    let picture = draw(&scene, &overview(&scene, 30.0, -28.0, size), size);
    keep("community-class", &picture);
    let above = draw(&scene, &overview(&scene, 0.0, -90.0, size), size);
    let level = draw(&scene, &overview(&scene, 0.0, 0.0, size), size);
    let id = scene.items.len() as u32;
    let ([r, _, b], [wr, _, wb]) = (mean(&above, id), mean(&level, id));
    assert!(r - b > 50.0, "a roof is brick: {r} {b}");
    assert!((wr - wb).abs() < 40.0, "a wall is nearly white: {wr} {wb}");
}

#[test]
fn shade_is_darker_than_sun_and_can_be_left_out() {
    let paint = Paint::plain([200, 200, 200]);
    let tower = item(1, [-10.0, -10.0, 0.0], [10.0, 10.0, 60.0], paint);
    let slab = item(2, [-150.0, -150.0, -1.0], [150.0, 150.0, 0.0], paint);
    let lit = Scene { items: vec![tower, slab], shadows: true, ..Scene::default() };
    let flat = Scene { shadows: false, ..lit.clone() };
    let (size, attitude) = ([400, 400], Attitude::level(0.0, -90.0));
    let camera = Camera::fit(&lit.bounds(), attitude, 30.0, 1.0, true);
    // The sun stands in the west-south-west: 30 m east and 19 m north of the tower is shade, as far to the west is not.
    let at = |picture: &Picture, point: [f64; 3]| {
        let ([x, y], _) = camera.project(point, size).unwrap();
        assert_eq!(picture.id_at(x as u32, y as u32), 2);
        picture.colour[y as usize * 400 + x as usize][1]
    };
    let with = draw(&lit, &camera, size);
    keep("shade", &with);
    assert!(at(&with, [30.0, 19.0, 0.0]) + 40 < at(&with, [-60.0, 19.0, 0.0]));
    let without = draw(&flat, &camera, size);
    assert_eq!(at(&without, [30.0, 19.0, 0.0]), at(&without, [-60.0, 19.0, 0.0]));
}

#[test]
fn backgrounds_are_sky_one_colour_or_nothing() {
    let box_at = |background| Scene {
        items: vec![item(1, [0.0; 3], [10.0; 3], Paint::plain([10, 200, 10]))],
        background,
        ground: Some(0.0),
        ..Scene::default()
    };
    let camera = overview(&box_at(Background::Sky), 20.0, -5.0, [120, 90]);
    let corner = |background| draw(&box_at(background), &camera, [120, 90]).colour[0];
    let sky = corner(Background::Sky);
    assert!(sky[2] > sky[0] && sky[3] == 255, "the sky is blue: {sky:?}");
    assert_eq!(corner(Background::Flat([12, 34, 56])), [12, 34, 56, 255]);
    assert_eq!(corner(Background::Transparent)[3], 0);
    let clear = draw(&box_at(Background::Transparent), &camera, [120, 90]);
    assert!(clear.colour.iter().any(|c| c[3] == 255), "the box itself is opaque");
    assert_eq!(&clear.to_png().unwrap()[25..26], [6], "a transparent picture has an alpha channel");
}

#[test]
fn tiles_of_a_large_picture_meet_without_a_seam() {
    let scene = Scene { items: community([0.0; 3], |_| Paint::of_class(Class::Building)), ..Scene::default() };
    // 2100 pixels need two tiles across; the same view at a third of the size needs one.
    let (large, small) = ([2100, 900], [700, 300]);
    let middle = cimbra::geom::Bounds { min: [-60.0, -40.0, 0.0], max: [60.0, 50.0, 30.0] };
    let camera = Camera::fit(&middle, Attitude::level(30.0, -28.0), 40.0, 2100.0 / 900.0, false);
    let (a, b) = (draw(&scene, &camera, large), draw(&scene, &camera, small));
    let mut differ = 0;
    for y in 0..300 {
        for x in 0..700 {
            // The centre of a small pixel is the centre of the middle one of its nine.
            differ += usize::from(a.id_at(x * 3 + 1, y * 3 + 1) != b.id_at(x, y));
        }
    }
    assert!(differ < 60, "{differ} of 210000 pixels differ");
    let crossing = (0..900).filter(|y| a.id_at(2047, *y) != 0 && a.id_at(2048, *y) != 0).count();
    assert!(crossing > 50, "things cross the border of the tiles: {crossing}");
}

#[test]
fn the_id_image_says_what_its_numbers_mean() {
    let scene = Scene { items: vec![item(2, [0.0; 3], [10.0; 3], Paint::plain([90; 3]))], ..Scene::default() };
    let picture = draw(&scene, &overview(&scene, 0.0, 0.0, [64, 48]), [64, 48]);
    let bytes = picture.ids_to_png(&["无关", "幢-3 \"A\""]).unwrap();
    let (size, ids, legend) = decode_ids(&bytes).unwrap();
    assert_eq!((size, &ids), ([64, 48], &picture.ids));
    assert_eq!(legend[ids[24 * 64 + 32] as usize - 1], "幢-3 \"A\"");
}

#[test]
fn the_same_picture_twice_is_the_same_bytes() {
    let scene = Scene { items: community([0.0; 3], |_| Paint::of_class(Class::Building)), ..Scene::default() };
    let camera = overview(&scene, 75.0, -20.0, [300, 200]);
    assert_eq!(draw(&scene, &camera, [300, 200]), draw(&scene, &camera, [300, 200]));
}

#[test]
fn limits_are_named() {
    let camera = Camera::fit(
        &cimbra::geom::Bounds { min: [0.0; 3], max: [9.0; 3] },
        Attitude::level(0.0, 0.0),
        60.0,
        1.0,
        false,
    );
    for size in [[0, 10], [10, 4097], [u32::MAX, 1]] {
        let fault = STUDIO.draw(&Scene::default(), &camera, size).unwrap_err();
        assert_eq!(fault.subject.as_deref(), Some("size"), "{fault}");
    }
    let mut mesh = super::blocks::block([0.0; 3], [1.0; 3]);
    mesh.triangles = vec![[0, 1, 2]; 1_000_001];
    let heavy = cimbra::render::Item { id: 1, mesh: mesh.into(), paint: Paint::plain([1; 3]) };
    let scene = Scene { items: vec![heavy; 3], ..Scene::default() };
    let fault = STUDIO.draw(&scene, &camera, [9, 9]).unwrap_err();
    assert_eq!(fault.kind, cimbra::fault::Kind::TooLarge);
    assert!(fault.detail.contains("3000000"), "{fault}");
}
