//! Live state beside tiles in pages that are not ours: plain CesiumJS and 3d-tiles-renderer with the module, styles, CZML.

use super::{assert_none, node};
use crate::support::town;
use serde_json::{Value, json};

/// Cesium multiplies by white what nothing colours.
const WHITE: &str = "#ffffff";
const RED: &str = "#ff2d20";

#[test]
fn a_plain_cesium_page_shows_an_alarm_within_two_seconds_and_its_end() {
    let town = town(&[]);
    let seen = node("live.mjs", &["cesium", &town.server.base, &town.operator, &town.integrator]);
    for list in ["/outside", "/errors", "/failed", "/differ"] {
        assert_none(&seen, list);
    }
    came_and_went(&seen["events"]);
    came_and_went(&seen["polled"]);
    assert!(seen["events"]["restyled"].as_u64().unwrap() < 20, "only what changed: {}", seen["events"]);
    let [before, during, after] = ["before", "during", "after"].map(|when| seen["pixels"][when].as_i64().unwrap());
    assert!(during > before + 50 && after < before + 20, "red pixels {before} {during} {after}");
    // A style of the page's own stays under the alarms, and comes back.
    assert_eq!(seen["styled"], json!(["#00897b", RED, "#00897b"]));
    assert_eq!(seen["ramp"], json!("#ffffbf"), "0.5 is in the middle of the ramp");
    assert_eq!(seen["detached"], WHITE);
    let styles = &seen["styles"];
    assert_eq!(styles["alarms"][RED], 1, "{styles}");
    assert!(styles["age"].as_object().unwrap().keys().any(|colour| colour != "#8c9682"), "years are known: {styles}");
    assert!(
        styles["ramp"].as_object().unwrap().len() > 1 && styles["class"].as_object().unwrap().len() > 3,
        "{styles}"
    );
    let czml = &seen["czml"];
    let items = town.server.get("/collections/devices/items?limit=10000&skipGeometry=true").1;
    let placed = items["features"].as_array().unwrap().iter().filter(|f| f["bbox"].is_array()).count();
    assert_eq!(czml["entities"].as_u64(), Some(placed as u64));
    assert_eq!((&czml["colour"], &czml["calm"]), (&json!(RED), &json!("#00897b")));
    assert!(czml["off"].as_f64().unwrap() < 0.001, "{czml}");
}

#[test]
fn a_page_of_3d_tiles_renderer_shows_an_alarm_and_its_end() {
    let town = town(&[]);
    let seen = node("live.mjs", &["three", &town.server.base, &town.operator, &town.integrator]);
    for list in ["/outside", "/errors", "/failed", "/missing"] {
        assert_none(&seen, list);
    }
    came_and_went(&seen["device"]);
    came_and_went(&seen["room"]);
}

/// Colours before, while and after an alarm, and the seconds from the reading's answer to the colour.
fn came_and_went(seen: &Value) {
    for seconds in ["raised", "cleared"] {
        assert!(seen[seconds].as_f64().unwrap() < 2.0, "{seen}");
    }
    assert_ne!(seen["before"], seen["during"], "{seen}");
    assert_eq!(seen["after"], seen["before"], "{seen}");
    // As near as vertices' eight bits of linear light have it.
    let channel = |text: &str, k: usize| i32::from_str_radix(&text[2 * k + 1..2 * k + 3], 16).unwrap();
    let during = seen["during"].as_str().unwrap();
    assert!((0..3).all(|k| (channel(during, k) - channel(RED, k)).abs() <= 4), "{seen}");
    eprintln!("coloured after {} s, as it was after {} s", seen["raised"], seen["cleared"]);
}
