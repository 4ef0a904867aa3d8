//! An adopted tileset as CesiumJS takes it within the whole map, where it was moved to.

use super::{assert_none, node};
use crate::support::{Server, run, shared};

#[test]
fn cesium_shows_an_adopted_tileset_where_it_was_moved_to() {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = shared.join("data/3dtiles/TilesetWithRequestVolume/tileset.json");
    let store = dir.path().join("store");
    let done = run(&[
        "import",
        file.to_str().unwrap(),
        "--store",
        store.to_str().unwrap(),
        "--dataset",
        "oblique",
        "--origin",
        "118.78,32.04,15",
    ]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let server = Server::start(&store, &[]);
    let seen = node("adopted.mjs", &[&format!("{}/3dtiles/tileset.json", server.base)]);
    for list in ["/failed", "/outside", "/errors"] {
        assert_none(&seen, list);
    }
    let contents = seen["contents"].as_array().unwrap();
    let models: Vec<_> = contents.iter().filter(|c| c[0].as_str().unwrap().ends_with(".b3dm")).collect();
    assert!(models.len() >= 4, "{seen:#}");
    for one in models {
        let (lon, lat, h) = (one[1].as_f64().unwrap(), one[2].as_f64().unwrap(), one[3].as_f64().unwrap());
        assert!((lon - 118.78).abs() < 0.005 && (lat - 32.04).abs() < 0.005 && (-40.0..80.0).contains(&h), "{one}");
    }
}
