//! A city from 50 km to 50 m, a community from 200 m into a flat and to a door at 1 m: what an unmodified CesiumJS draws of them, picture by
//! picture, beside the same with every leaf loaded.

use super::{assert_none, delft, node};
use crate::support::{Server, town};
use serde_json::Value;
use std::path::Path;

/// What a viewer lets pass before it asks for more, pixels: CesiumJS's own choice.
const ERROR: u64 = 16;

/// Goes through the views of a kind and checks what holds for all: nothing fails, nothing is drawn twice in any frame, no building vanishes,
/// and what is drawn is nowhere farther from the full shapes than the viewer lets pass. Of the full shapes' pixels `kept` are drawn in
/// every frame, from the first view's last one on. The pictures stay in `target/tmp/distance`.
fn views(kind: &str, server: &Server, kept: f64) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("distance");
    std::fs::create_dir_all(&folder).unwrap();
    let seen = node("distance.mjs", &[kind, &server.base, folder.to_str().unwrap()]);
    for list in ["/outside", "/errors", "/failed"] {
        assert_none(&seen, list);
    }
    let views = seen["views"].as_array().unwrap();
    for (number, view) in views.iter().enumerate() {
        let name = &view["name"];
        assert_none(view, "/twice");
        // Nothing is there before the first tile is.
        let loading = |frame: &usize| number == 0 && *frame + 1 < view["kept"].as_array().unwrap().len();
        for (frame, share) in view["kept"].as_array().unwrap().iter().enumerate().filter(|(f, _)| !loading(f)) {
            assert!(share.as_f64().unwrap() >= kept, "{name}: {share} in frame {frame}");
            assert_eq!(view["absent"][frame], 0, "{name}: buildings that are in no tile of frame {frame}");
        }
        assert_eq!(view["lost"].as_array().unwrap().last().unwrap(), 0, "{name}: buildings that are not seen: {view}");
        assert!(view["away"].as_u64().unwrap() <= ERROR, "{name}: {} pixels away", view["away"]);
        // Blocks are as wide as their buildings ever are.
        let [covered, drawn] = ["covered", "drawn"].map(|n| view[n].as_f64().unwrap());
        assert!(covered > 20.0 && drawn <= 1.35 * covered, "{name}: {drawn} pixels for {covered}");
    }
    eprintln!(
        "{kind}: {:?}",
        views.iter().map(|v| (&v["name"], &v["covered"], &v["drawn"], &v["away"])).collect::<Vec<_>>()
    );
    views.clone()
}

/// That the last picture of a view is the one of the full shapes, but for one pixel in a hundred.
fn is_full(view: &Value) {
    assert!(view["same"].as_f64().unwrap() > 0.99, "{}: {}", view["name"], view["same"]);
}

#[test]
fn a_city_is_there_from_50_km_to_50_m_without_gaps_and_doubles() {
    let dir = tempfile::tempdir().unwrap();
    let Some(server) = delft(dir.path()) else { return };
    // From 50 km a pixel is 100 m wide, and 28 of them are the city.
    let views = views("city", &server, 0.85);
    assert_eq!(views.len(), 8);
    let nearer = views[1..].iter().flat_map(|view| view["kept"].as_array().unwrap());
    assert!(nearer.map(|share| share.as_f64().unwrap()).all(|share| share >= 0.99));
    assert!(views[4]["long"].as_u64().unwrap() > 30, "buildings that cannot be missing from 1 km");
    views[5..].iter().for_each(is_full);
}

#[test]
fn a_community_opens_without_gaps_and_doubles_down_to_a_door_at_1_m() {
    let town = town(&[]);
    let views = views("community", &town.server, 0.9);
    assert_eq!(views.len(), 4);
    for view in &views[2..] {
        is_full(view);
        assert!(view["met"].as_array().unwrap().contains(&view["aim"]), "{}: {}", view["name"], view["met"]);
    }
}
