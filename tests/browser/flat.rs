//! Vector tiles as strangers read them: Mapbox's own reader held against the items, MapLibre GL JS drawing them.

use super::{assert_none, node};
use crate::support::{Server, run, shared, town};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;

/// What a stranger reads in all tiles of a collection at these levels.
fn read(server: &Server, collection: &str, query: &str, levels: &[u8]) -> Value {
    let levels: Vec<String> = levels.iter().map(u8::to_string).collect();
    let mut arguments = vec![server.base.as_str(), collection, query];
    arguments.extend(levels.iter().map(String::as_str));
    node("vector.mjs", &arguments)
}

/// Every item that has a place is in the tiles of every level, well formed and where it belongs.
fn all_there(server: &Server, collection: &str, levels: &[u8]) -> Value {
    let seen = read(server, collection, "", levels);
    assert_eq!(seen["levels"].as_object().unwrap().len(), levels.len());
    for (level, of) in seen["levels"].as_object().unwrap() {
        for list in ["flaws", "wrongPlace", "contradict"] {
            assert_none(&seen, &format!("/levels/{level}/{list}"));
        }
        assert_eq!((&of["missing"], &of["leftOut"]), (&json!(0), &json!(0)), "{collection} {level}: {of}");
        assert_eq!((&of["distinct"], &of["numbers"]), (&seen["placed"], &seen["placed"]), "{collection} {level}: {of}");
        assert!(of["bytes"].as_u64().unwrap() <= 500_000, "{collection} {level}: {of}");
    }
    seen
}

fn delft() -> Option<(tempfile::TempDir, Server)> {
    let input = shared()?.join("data/cityjson/delft.city.jsonl");
    let dir = tempfile::tempdir().unwrap();
    Some((served(dir.path(), &input, &["--height-offset", "43"]), dir)).map(|(server, dir)| (dir, server))
}

fn served(dir: &Path, input: &Path, more: &[&str]) -> Server {
    let store = dir.join("store");
    let mut import = vec!["import", input.to_str().unwrap(), "--store", store.to_str().unwrap()];
    import.extend(more);
    let imported = run(&import);
    assert!(imported.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&imported.stderr));
    Server::start(&store, &[])
}

/// Hexagons and heat count what the items count, at every level and resolution.
fn counted(server: &Server, collection: &str, property: Option<(&str, f64)>) {
    let (_, page) = server.get(&format!("/collections/{collection}/items?limit=1&bbox=-180,-90,180,90"));
    let matched = page["numberMatched"].as_u64().unwrap();
    assert!(matched > 0);
    let more = property.map_or(String::new(), |(name, _)| format!("&property={name}"));
    for (query, sum) in
        [("aggregate=h3", "count"), ("aggregate=h3&resolution=11", "count"), ("aggregate=heat", "count")]
    {
        let seen = read(server, collection, &format!("{query}{more}"), &[0, 11, 14, 16]);
        for (level, of) in seen["levels"].as_object().unwrap() {
            for list in ["flaws", "contradict"] {
                assert_none(&seen, &format!("/levels/{level}/{list}"));
            }
            assert_eq!(of[sum].as_u64(), Some(matched), "{collection} {query} {level}: {of}");
            if let Some((_, expected)) = property {
                assert!(
                    (of["sum"].as_f64().unwrap() - expected).abs() < 1e-6 * expected.abs(),
                    "{query} {level}: {of}"
                );
            } else if query.ends_with("heat") {
                assert_eq!(of["weight"].as_u64(), Some(matched), "{level}: {of}");
                assert_eq!(of["features"], of["distinct"], "a point is in one tile: {of}");
            }
        }
    }
}

#[test]
fn every_building_of_delft_is_in_the_tiles_and_where_it_stands() {
    let Some((_dir, server)) = delft() else { return };
    let seen = all_there(&server, "buildings", &[0, 10, 13, 15, 16, 18]);
    assert_eq!(seen["placed"], 1115);
    for (level, of) in seen["levels"].as_object().unwrap() {
        // Half a pixel, and what rounding moves.
        let most = if level == "18" { 1.0 } else { 6.0 };
        assert!(of["deviation"].as_f64().unwrap() < most, "{level}: {of}");
    }
    assert!(seen["levels"]["18"]["metres"].as_f64().unwrap() < 0.03);
    let (_, page) = server.get("/collections/buildings/items?limit=10000&skipGeometry=true");
    let heights = page["features"].as_array().unwrap().iter().filter_map(|f| f["properties"]["b3_h_dak_max"].as_f64());
    counted(&server, "buildings", Some(("b3_h_dak_max", heights.sum())));
    counted(&server, "buildings", None);
}

#[test]
fn everything_of_a_community_is_in_the_tiles_of_its_collections() {
    let town = town(&[]);
    let (_, list) = town.server.get("/collections");
    let mut features = 0;
    for collection in list["collections"].as_array().unwrap() {
        let name = collection["id"].as_str().unwrap();
        let (_, page) = town.server.get(&format!("/collections/{name}/items?limit=1"));
        if page["numberMatched"] != 0 {
            let seen = all_there(&town.server, name, &[12, 17]);
            features += seen["levels"]["17"]["features"].as_u64().unwrap();
        }
    }
    assert!(features > 4000, "{features}");
    counted(&town.server, "devices", None);
    counted(&town.server, "assets", None);
}

#[test]
fn hexagons_sum_up_live_values() {
    let town = town(&[]);
    let (_, streams) = town.server.get("/sta/v1.1/Datastreams?$top=10000");
    let smoke = streams["value"].as_array().unwrap().iter().filter(|s| s["properties"]["observedProperty"] == "smoke");
    for (stream, value) in smoke.take(3).zip([0.01, 0.02, 0.04]) {
        let reading = json!({ "result": value, "phenomenonTime": "2026-01-01T00:00:00Z" });
        let path = format!("/sta/v1.1/Datastreams({})/Observations", stream["@iot.id"]);
        assert!(matches!(town.server.post(&path, Some(&town.integrator), &reading).0, 200 | 201));
        let seen = read(&town.server, "devices", "aggregate=h3&property=state.smoke", &[15]);
        assert_none(&seen, "/levels/15/contradict");
    }
    let of = read(&town.server, "devices", "aggregate=h3&property=state.smoke", &[15])["levels"]["15"].clone();
    assert_eq!((&of["values"], of["sum"].as_f64().map(|s| (s * 100.0).round())), (&json!(3), Some(7.0)), "{of}");
}

#[test]
fn a_tile_that_would_be_too_heavy_keeps_the_largest_and_says_what_it_leaves_out() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("many.geojson");
    let square = |i: u32| {
        let (x, y) = (118.78 + f64::from(i % 120) * 2e-5, 32.04 + f64::from(i / 120) * 2e-5);
        // The last ones are the largest.
        let size = if i >= 11_980 { 1.8e-5 } else { 1e-5 };
        let ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]];
        json!({ "type": "Feature", "id": format!("house-{i}"), "geometry": { "type": "Polygon", "coordinates": [ring] },
            "properties": { "height": 3, "remark": format!("a remark that is nobody else's: {i} {i} {i} {i}") } })
    };
    let city = json!({ "type": "FeatureCollection", "features": (0..12_000).map(square).collect::<Vec<_>>() });
    std::fs::write(&file, city.to_string()).unwrap();
    let server = served(dir.path(), &file, &["--site", "320106003001"]);
    let tiles = "/collections/buildings/tiles/WebMercatorQuad";
    let (_, headers, tile) = server.get_bytes(&format!("{tiles}/10/415/849"), &[]);
    let left_out: u32 = headers["cimbra-left-out"].to_str().unwrap().parse().unwrap();
    assert!(left_out > 2_000 && left_out < 10_000 && tile.len() <= 500_000, "{left_out} {}", tile.len());
    let holds = |tile: &[u8], text: &str| tile.windows(text.len()).any(|part| part == text.as_bytes());
    assert!((11_980..12_000).all(|i| holds(&tile, &format!("house-{i}"))), "the largest are there");
    assert!(!holds(&tile, "a remark"), "attributes go before features do");
    let (_, _, asked) = server.get_bytes(&format!("{tiles}/10/415/849?properties=remark"), &[]);
    assert!(holds(&asked, "a remark") && asked.len() <= 500_000);
    // Near enough nothing is left out; and the same city gives the same bytes.
    let seen = all_there(&server, "buildings", &[17]);
    assert_eq!(seen["placed"], 12_000);
    drop(server);
    let again = Server::start(&dir.path().join("store"), &[]);
    assert_eq!(again.get_bytes(&format!("{tiles}/10/415/849"), &[]).2, tile);
}

/// Draws a style at a place; gives the ids that are drawn. Nothing may go wrong.
fn drawn(server: &Server, style: &str, place: [f64; 2], zoom: &str, pitch: &str) -> (Value, HashSet<String>) {
    let [lon, lat] = place.map(|c| c.to_string());
    let seen = node("maplibre.mjs", &[&format!("{}{style}", server.base), &lon, &lat, zoom, pitch]);
    for list in ["/failed", "/outside", "/errors"] {
        assert_none(&seen, list);
    }
    assert_eq!(seen["idle"], true, "{style}");
    let ids = seen["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    (seen, ids)
}

/// The ids of a collection whose box meets a box.
fn within(server: &Server, collection: &str, [west, south, east, north]: [f64; 4]) -> HashSet<String> {
    let path =
        format!("/collections/{collection}/items?limit=10000&skipGeometry=true&bbox={west},{south},{east},{north}");
    let (_, page) = server.get(&path);
    page["features"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn maplibre_draws_delft_and_knows_every_id() {
    let Some((_dir, server)) = delft() else { return };
    let (lon, lat) = (4.369, 52.0015);
    let (seen, ids) = drawn(&server, "/collections/buildings/tiles/style.json", [lon, lat], "15.5", "0");
    for layer in ["buildings-area", "buildings-edge", "buildings-volume"] {
        assert!(seen["layers"][layer].as_u64().unwrap() > 500, "{seen}");
    }
    assert!(seen["colours"].as_u64().unwrap() > 100, "something is drawn");
    // The page is 1000 by 700 pixels of which a tile has 512; what is well within it must be drawn, nothing far outside may be.
    let degrees = 360.0 / 512.0 / 2.0_f64.powf(15.5);
    let around = |share: f64| {
        let (x, y) = (500.0 * degrees * share, 350.0 * degrees * share * lat.to_radians().cos());
        within(&server, "buildings", [lon - x, lat - y, lon + x, lat + y])
    };
    let (inner, outer) = (around(0.95), around(1.3));
    let missing: Vec<_> = inner.difference(&ids).take(5).collect();
    let strange: Vec<_> = ids.difference(&outer).take(5).collect();
    assert!(inner.len() > 400 && missing.is_empty() && strange.is_empty(), "{missing:?} {strange:?}");
    let (seen, _) = drawn(&server, "/tiles/style.json", [lon, lat], "16", "55");
    assert!(seen["layers"]["buildings-volume"].as_u64().unwrap() > 500, "{seen}");
    for aggregate in ["h3", "heat"] {
        let style = format!("/collections/buildings/tiles/style.json?aggregate={aggregate}");
        let (seen, _) = drawn(&server, &style, [lon, lat], "14", "0");
        assert_eq!(seen["counted"], 1115, "{aggregate}: every building is in a hexagon that is drawn, once");
    }
    all_drawn(&server);
}

/// Draws the whole map, all of it in sight: every item that has a place is drawn and nothing else is, with its class and name.
fn all_drawn(server: &Server) -> Value {
    let (_, page) = server.get("/collections/assets/items?limit=10000&skipGeometry=true");
    let items = page["features"].as_array().unwrap();
    assert_eq!(page["numberMatched"].as_u64(), Some(items.len() as u64), "one page holds all");
    let placed: Vec<&Value> = items.iter().filter(|f| f["bbox"].is_array()).collect();
    let side = |k: usize| placed.iter().map(move |f| f["bbox"][k].as_f64().unwrap());
    let (west, south) = (side(0).fold(180.0, f64::min), side(1).fold(90.0, f64::min));
    let (east, north) = (side(3).fold(-180.0, f64::max), side(4).fold(-90.0, f64::max));
    // The page is 1000 by 700 pixels of which a tile has 512; a tenth of it stays free.
    let degrees = 1.1 * ((east - west) / 1000.0).max((north - south) / south.to_radians().cos() / 700.0);
    let zoom = (360.0 / 512.0 / degrees).log2().to_string();
    let (seen, _) =
        drawn(server, "/tiles/style.json", [f64::midpoint(west, east), f64::midpoint(south, north)], &zoom, "0");
    let told = seen["told"].as_object().unwrap();
    for item in &placed {
        let (id, of) = (item["id"].as_str().unwrap(), &item["properties"]);
        let name = of["name"].as_str().filter(|name| !name.is_empty());
        assert_eq!(told.get(id), Some(&json!([of["class"], name])), "{id}");
    }
    assert_eq!(told.len(), placed.len(), "nothing else is drawn");
    seen
}

#[test]
fn maplibre_draws_all_of_a_bim() {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let server = served(dir.path(), &shared.join("data/ifc/Duplex_Architecture.ifc"), &["--origin", "118.78,32.04,20"]);
    let seen = all_drawn(&server);
    assert!(seen["layers"]["elements-area"].as_u64().unwrap() > 200, "{}", seen["layers"]);
    for collection in ["elements", "spaces"] {
        all_there(&server, collection, &[16, 20]);
    }
}

#[test]
fn maplibre_draws_a_community() {
    let town = town(&[]);
    let (_, page) = town.server.get("/collections/devices/items?class=hydrant&limit=1");
    let at = page["features"][0]["geometry"]["coordinates"].clone();
    let place = [0, 1].map(|k| at[k].as_f64().unwrap());
    let (seen, ids) = drawn(&town.server, "/tiles/style.json", place, "17", "0");
    assert!(ids.contains(page["features"][0]["id"].as_str().unwrap()));
    for layer in ["buildings-volume", "devices-point", "pipes-line", "components-area"] {
        assert!(seen["layers"][layer].as_u64().unwrap() > 0, "{layer}: {}", seen["layers"]);
    }
    all_drawn(&town.server);
}
