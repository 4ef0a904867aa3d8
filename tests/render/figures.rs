//! How long pictures take: `cargo test --release --test city render::figures -- --ignored --nocapture`.

use super::blocks::item;
use cimbra::model::Class;
use cimbra::render::{Attitude, Camera, Paint, Scene, Studio};
use std::time::{Duration, Instant};

/// Processor time of all threads so far: on a shared machine it says more than the clock.
fn cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds = |path: std::path::PathBuf| -> Option<u64> {
        std::fs::read_to_string(path).ok()?.split_whitespace().next()?.parse().ok()
    };
    Duration::from_nanos(tasks.filter_map(|t| nanoseconds(t.path().join("schedstat"))).sum())
}

/// A square city of boxes of 12 triangles.
fn city(boxes: u32) -> Scene {
    let side = f64::from(boxes).sqrt().ceil() as u32;
    let place = |i: u32| {
        let (x, y) = (f64::from(i % side) * 30.0, f64::from(i / side) * 30.0);
        let height = 6.0 + f64::from(i.wrapping_mul(2_654_435_761) >> 24) / 4.0;
        item(i + 1, [x, y, 0.0], [x + 16.0, y + 14.0, height], Paint::of_class(Class::Building))
    };
    Scene { items: (0..boxes).map(place).collect(), ground: Some(0.0), ..Scene::default() }
}

#[test]
#[ignore = "a measurement, not a check"]
fn pictures_of_1024_by_768() {
    let studio = Studio::new();
    let size = [1024, 768];
    let start = Instant::now();
    studio.warm_up().unwrap();
    println!("view: opening the adapter and compiling {:?}", start.elapsed());
    for boxes in [100, 10_000, 100_000] {
        let scene = city(boxes);
        let camera = Camera::fit(&scene.bounds(), Attitude::level(30.0, -30.0), 50.0, 1024.0 / 768.0, false);
        let mut times: Vec<(Duration, Duration)> = (0..5)
            .map(|_| {
                let (start, used) = (Instant::now(), cpu());
                studio.draw(&scene, &camera, size).unwrap();
                (start.elapsed(), cpu() - used)
            })
            .collect();
        times.sort();
        let picture = studio.draw(&scene, &camera, size).unwrap();
        let start = Instant::now();
        let bytes = picture.to_png().unwrap().len();
        println!(
            "view: {} triangles, warm: least {:?} (processor {:?}), median {:?}; PNG {:?}, {bytes} bytes",
            scene.triangles(),
            times[0].0,
            times[0].1,
            times[2].0,
            start.elapsed()
        );
    }
}
