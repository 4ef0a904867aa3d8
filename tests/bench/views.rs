//! What a picture costs in process, without a city behind it.

use super::{figure, timed};
use cimbra::geom::Bounds;
use cimbra::lod::shape;
use cimbra::model::Class;
use cimbra::render::{Attitude, Camera, Item, Paint, Scene, Studio};
use std::time::{Duration, Instant};

/// Pictures of 1024 by 768 of ever larger cities of boxes.
pub fn run() {
    let studio = Studio::new();
    let begun = Instant::now();
    if let Err(fault) = studio.warm_up() {
        figure("a picture", "none", &fault.to_string());
        return;
    }
    let took = format!("{:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    figure("open the graphics adapter", &took, "shaders compiled");
    for boxes in [100, 10_000, 100_000] {
        let scene = city(boxes);
        let camera = Camera::fit(&scene.bounds(), Attitude::level(30.0, -30.0), 50.0, 1024.0 / 768.0, false);
        let draw = || studio.draw(&scene, &camera, [1024, 768]).unwrap();
        let mut took: Vec<(Duration, Duration)> = (0..5)
            .map(|_| {
                let (begun, used) = (Instant::now(), processor());
                drop(draw());
                (begun.elapsed(), processor() - used)
            })
            .collect();
        took.sort();
        let [least, median] = [took[0].0, took[2].0].map(|t| t.as_secs_f64() * 1e3);
        let over =
            format!("{} triangles, warm; {:.0} ms of processor", scene.triangles(), took[2].1.as_secs_f64() * 1e3);
        figure("a picture of 1024x768, least / median", &format!("{least:.0} / {median:.0} ms"), &over);
    }
    let scene = city(10_000);
    let camera = Camera::fit(&scene.bounds(), Attitude::level(30.0, -30.0), 50.0, 1024.0 / 768.0, false);
    let picture = studio.draw(&scene, &camera, [1024, 768]).unwrap();
    let mut bytes = 0;
    let took = timed(|| bytes = picture.to_png().unwrap().len());
    figure("a picture to PNG", &format!("{:.0} ms", took * 1e3), &format!("1024x768, {bytes} bytes"));
}

/// A square city of boxes of 12 triangles.
fn city(boxes: u32) -> Scene {
    let side = f64::from(boxes).sqrt().ceil() as u32;
    let place = |i: u32| {
        let (x, y) = (f64::from(i % side) * 30.0, f64::from(i / side) * 30.0);
        let height = 6.0 + f64::from(i.wrapping_mul(2_654_435_761) >> 24) / 4.0;
        let mesh = shape::cuboid(&Bounds { min: [x, y, 0.0], max: [x + 16.0, y + 14.0, height] }).into();
        Item { id: i + 1, mesh, paint: Paint::of_class(Class::Building) }
    };
    Scene { items: (0..boxes).map(place).collect(), ground: Some(0.0), ..Scene::default() }
}

/// Processor time of all threads so far: on a shared machine it says more than the clock.
fn processor() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds = |path: std::path::PathBuf| -> Option<u64> {
        std::fs::read_to_string(path).ok()?.split_whitespace().next()?.parse().ok()
    };
    Duration::from_nanos(tasks.filter_map(|t| nanoseconds(t.path().join("schedstat"))).sum())
}
