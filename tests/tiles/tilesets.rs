//! Tilesets over a real store, read back whole: what 3D Tiles 1.1 demands of the tree, and that nothing is lost.

use super::city::{self, City};
use super::reader;
use cimbra::geom::Bounds;
use cimbra::lod::View;
use cimbra::model::{Class, Collection, Collections, DatasetName};
use cimbra::tiles::tiles3d::{self, Compression};
use cimbra::tiles::{Address, Plan, Tiles};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a whole tileset holds: for each tile's depth and each feature the class, and how often leaves show it.
#[derive(Default)]
pub struct Seen {
    pub leaves: BTreeMap<String, usize>,
    pub inner: BTreeSet<String>,
    pub classes: BTreeMap<String, String>,
    pub tiles: usize,
    pub rows: BTreeMap<String, BTreeMap<String, Value>>,
}

/// The bytes at an address that there is.
pub fn file(plan: &Plan, address: Address) -> Vec<u8> {
    plan.encode(address).unwrap().unwrap()
}

/// A site's tileset as text, then each document in it, by its address.
pub fn documents(plan: &Plan) -> BTreeMap<Option<Address>, String> {
    let root = String::from_utf8(tiles3d::of_site(plan, Compression::None, "").unwrap()).unwrap();
    let (mut found, mut waiting) = (BTreeMap::new(), vec![(None, root)]);
    while let Some((name, text)) = waiting.pop() {
        for uri in text.split('"') {
            if let Ok(address @ Address::Tileset(_)) = uri.parse::<Address>() {
                waiting.push((Some(address), String::from_utf8(file(plan, address)).unwrap()));
            }
        }
        found.insert(name, text);
    }
    found
}

/// The names of all tiles that a site's documents name.
pub fn tiles(plan: &Plan) -> BTreeSet<String> {
    let named = |text: &String| text.split('"').filter(|s| s.ends_with(".glb")).map(str::to_owned).collect::<Vec<_>>();
    documents(plan).values().flat_map(named).collect()
}

/// Walks a site's tileset and checks every rule of the tree against every vertex of every tile.
pub fn walk(plan: &Plan) -> Seen {
    let tileset: Value = serde_json::from_slice(&tiles3d::of_site(plan, Compression::None, "").unwrap()).unwrap();
    assert_eq!(tileset["asset"]["version"], "1.1");
    let root = &tileset["root"];
    assert_eq!(root["refine"], "REPLACE");
    let transform: Vec<f64> = root["transform"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert_eq!(transform, plan.snapshot().frame().enu_to_ecef());
    let top = tileset["geometricError"].as_f64().unwrap();
    // At 50 km a screen of 1080 pixels and 60 degrees still draws the root: its error would be 16 pixels or more.
    assert!(top * 1080.0 / (50_000.0 * 2.0 * 30f64.to_radians().tan()) >= 16.0);
    let mut seen = Seen::default();
    if root.get("content").is_some() || root.get("children").is_some() {
        assert!(root.get("content").is_some(), "something to see from afar");
    }
    tile(plan, root, top, &[], &mut seen);
    for (name, text) in documents(plan) {
        let tiles = text.matches("geometricError").count() - 1;
        assert!(tiles < 1000, "{tiles} tiles in {name:?}");
    }
    seen
}

fn tile(plan: &Plan, node: &Value, above: f64, boxes: &[Bounds], seen: &mut Seen) {
    let error = node["geometricError"].as_f64().unwrap();
    assert!(error <= above && error >= 0.0, "{error} under {above}");
    let b: Vec<f64> = node["boundingVolume"]["box"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert_eq!(b.len(), 12);
    let half = [b[3], b[7], b[11]];
    assert!(half.iter().all(|h| *h >= 0.005), "a box is never flat: {half:?}");
    assert!([4, 5, 6, 8, 9, 10].iter().all(|i| b[*i] == 0.0));
    let own = Bounds { min: std::array::from_fn(|k| b[k] - half[k]), max: std::array::from_fn(|k| b[k] + half[k]) };
    let mut boxes = boxes.to_vec();
    boxes.push(own);
    let children = node.get("children").map(|c| c.as_array().unwrap());
    assert!(children.is_none_or(|c| !c.is_empty()), "no empty children");
    if let Some(address @ Address::Tileset(_)) = address(node) {
        // A part of the tree as a tileset of its own, in the same frame.
        assert!(children.is_none());
        let part: Value = serde_json::from_slice(&file(plan, address)).unwrap();
        assert_eq!((&part["root"]["refine"], part["root"].get("transform")), (&"REPLACE".into(), None));
        assert!(part["geometricError"].as_f64().unwrap() <= error);
        tile(plan, &part["root"], error, &boxes, seen);
        return;
    }
    if children.is_none() {
        assert_eq!(error, 0.0, "a leaf's error");
    } else {
        assert!(error > 0.0, "a tile of error 0 is never left for its parts");
    }
    if let Some(address) = address(node) {
        let glb = file(plan, address);
        let read = reader::read(&glb);
        let all = Bounds::of(read.vertices.iter().map(|(p, _)| *p));
        for volume in &boxes {
            assert!(volume.contains(&all), "{all:?} outside {volume:?}");
        }
        let slack = (0..3).map(|k| own.size()[k] - all.size()[k]).fold(0.0, f64::max);
        assert!(children.is_some() || slack < 2.0, "a leaf's box is tight: {slack} m");
        for row in read.rows {
            let id = row["id"].as_str().unwrap().to_owned();
            seen.classes.insert(id.clone(), row["class"].as_str().unwrap().to_owned());
            if children.is_none() {
                *seen.leaves.entry(id.clone()).or_default() += 1;
            } else {
                seen.inner.insert(id.clone());
            }
            seen.rows.insert(id, row);
        }
    }
    seen.tiles += 1;
    for child in children.into_iter().flatten() {
        tile(plan, child, error, &boxes, seen);
    }
}

/// The address of a tile's content.
pub fn address(node: &Value) -> Option<Address> {
    node["content"]["uri"].as_str().map(|uri| uri.parse().unwrap())
}

fn seen(city: &City, view: &View, allowed: Collections) -> Seen {
    walk(&Tiles::default().plan(&city.snapshot(), view, allowed).unwrap())
}

fn count(seen: &Seen, prefix: &str) -> usize {
    seen.leaves.keys().filter(|id| id.starts_with(prefix)).count()
}

#[test]
fn the_map_shows_everything_once_and_a_building_opens() {
    let city = city::town();
    let seen = seen(&city, &View::Map, Collections::of(|c| c != Collection::Cameras));
    assert!(seen.leaves.values().all(|n| *n == 1), "each feature is in one leaf");
    let wanted = [("b", 700), ("compound", 20), ("pipe", 30), ("d", 80), ("w", 4), ("r", 4), ("slab", 1), ("flat", 1)];
    for (prefix, n) in wanted {
        assert_eq!(count(&seen, prefix), n, "{prefix}");
    }
    assert_eq!(seen.leaves.len(), 700 + 20 + 30 + 80 + 4 + 3 + 1 + 1 + 1);
    assert!(seen.inner.contains("tower") && !seen.leaves.contains_key("tower"), "the tower opens");
    assert_eq!(seen.classes["r0"], "space");
    let row = &seen.rows["d03"];
    assert_eq!((&row["parent"], &row["collection"], &row["name"]), (&"r0".into(), &"devices".into(), &"名 d03".into()));
    assert_eq!((&row["@height"], &row["@层数"]), (&9.5.into(), &3.into()));
    assert!(seen.tiles > 6);
}

#[test]
fn each_collection_and_dataset_has_its_own() {
    let city = city::town();
    let of = |c| View::Collection(c);
    let all = Collections::ALL;
    for (collection, n) in [
        (Collection::Buildings, 722),
        (Collection::Elements, 5),
        (Collection::Spaces, 3),
        (Collection::Storeys, 1),
        (Collection::Devices, 80),
        (Collection::Cameras, 5),
        (Collection::Pipes, 30),
        (Collection::Components, 1),
        (Collection::Grids, 1),
        (Collection::Addresses, 0),
    ] {
        let seen = seen(&city, &of(collection), all);
        assert_eq!(seen.leaves.len(), n, "{}", collection.name());
        assert!(seen.leaves.values().all(|n| *n == 1));
        assert!(seen.rows.values().all(|r| r["collection"] == collection.name()));
    }
    let dataset = View::Dataset { name: DatasetName::new("town").unwrap(), layer: None };
    for view in [View::Assets, dataset] {
        let seen = seen(&city, &view, all);
        // All but the parts, which are drawn as their buildings, and the tower, whose inside replaces it.
        assert_eq!(seen.leaves.len() + 1, city.snapshot().len() - 40, "{view:?}");
    }
    let none = View::Dataset { name: DatasetName::new("other").unwrap(), layer: None };
    assert_eq!(seen(&city, &none, all).tiles, 1, "an empty tileset still has a root");
}

#[test]
fn the_same_city_gives_the_same_bytes_in_any_process_and_thread() {
    let (one, two) = (city::town(), city::town());
    let whole = |city: &City, threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let plan = Tiles::default().plan(&city.snapshot(), &View::Map, Collections::ALL).unwrap();
            let bytes: Vec<Vec<u8>> = tiles(&plan).iter().map(|name| file(&plan, name.parse().unwrap())).collect();
            (documents(&plan), bytes)
        })
    };
    let first = whole(&one, 1);
    assert_eq!(first, whole(&one, 2));
    assert!(first == whole(&two, 2), "another store of the same city");
}

#[test]
fn a_change_gives_new_addresses_to_the_tiles_that_show_it_and_to_no_other() {
    let city = city::town();
    let cache = Tiles::default();
    let addresses =
        || tiles(&cache.plan(&city.snapshot(), &View::Collection(Collection::Buildings), Collections::ALL).unwrap());
    let before = addresses();
    city.commit("other", vec![city::meshed("b000x", Class::Building, None, city::prism(-1490.0, -1480.0, 0.0, 9.0))]);
    let after = addresses();
    let kept = before.intersection(&after).count();
    assert!(kept >= before.len() / 2 && kept < before.len(), "{kept} of {} stay", before.len());
    let snapshot = city.snapshot();
    let buildings = View::Collection(Collection::Buildings);
    let tile = |name: &str| {
        let address = name.parse().unwrap();
        cache.tile(&snapshot, &buildings, Collections::ALL, address)
    };
    assert!(after.iter().all(|hash| tile(hash).is_ok()));
    let gone = before.difference(&after).next().unwrap();
    assert!(tile(gone).is_ok(), "for a viewer that has not been told yet");
    let other = Tiles::default().tile(&snapshot, &buildings, Collections::ALL, gone.parse().unwrap());
    assert_eq!(other.unwrap_err().kind, cimbra::fault::Kind::NotFound);
}

#[test]
fn what_a_caller_may_not_see_is_in_no_tile_and_answers_to_no_address() {
    let city = city::town();
    let tiles = Tiles::default();
    let open = Collections::of(|collection| !collection.is_guarded());
    let cameras = View::Collection(Collection::Cameras);
    let plan = tiles.plan(&city.snapshot(), &cameras, Collections::ALL).unwrap();
    let hash: Address = super::tilesets::tiles(&plan).first().unwrap().parse().unwrap();
    let tile = |rights| tiles.tile(&city.snapshot(), &cameras, rights, hash);
    assert!(tile(Collections::ALL).is_ok());
    assert!(tile(open).is_err(), "not even from the cache");
    let seen = walk(&tiles.plan(&city.snapshot(), &View::Map, open).unwrap());
    assert!(!seen.classes.values().any(|c| c == "camera"));
}

#[test]
fn a_parent_that_a_caller_may_not_see_is_in_no_tile() {
    let city = city::town();
    let devices = Collections::of(|collection| collection == Collection::Devices);
    let parent =
        |rights| seen(&city, &View::Collection(Collection::Devices), rights).rows["d03"].get("parent").cloned();
    assert_eq!((parent(Collections::ALL), parent(devices)), (Some("r0".into()), None));
}

/// That a dwelling has an owner is said by the name of a column already.
#[test]
fn names_of_columns_that_tell_of_persons_are_in_no_tile_of_who_may_not_read_them() {
    let city = city::empty("320106003001");
    let mut flat = city::meshed("flat", Class::Space, None, city::prism(0.0, 0.0, 0.0, 3.0));
    flat.attributes.push(("户主".into(), cimbra::model::Value::Text("张三".into())));
    city.commit("flats", vec![flat]);
    let (tiles, open) = (Tiles::default(), Collections::of(|collection| !collection.is_guarded()));
    let columns = |rights: Collections| {
        let plan = tiles.plan(&city.snapshot(), &View::Collection(Collection::Spaces), rights).unwrap();
        let address = super::tilesets::tiles(&plan).first().unwrap().parse().unwrap();
        let tile = reader::read(&file(&plan, address));
        let text = tile.json.to_string();
        (text.contains("户主") || text.contains("u6237"), text.contains("height"))
    };
    // Whoever asks first leaves nothing to the other.
    assert_eq!([open, Collections::ALL, open].map(columns), [(false, true), (true, true), (false, true)]);
}
