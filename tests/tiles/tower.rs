//! What is taller than it is wide is divided in cubes: a tower's elements and rooms told by bits as octrees, its inside tile by tile.

use super::city::{self, STOREYS, WIDE};
use super::implicit::{Held, alike, plan};
use super::tilesets;
use cimbra::geom::Bounds;
use cimbra::lod::{View, shape};
use cimbra::model::{Class, Collection, Collections};
use cimbra::tiles::tiles3d::{self, Compression};
use cimbra::tiles::{Address, Plan, Tiles};
use serde_json::Value;

#[test]
fn the_elements_and_rooms_of_a_tower_are_octrees() {
    let city = city::tower();
    for collection in [Collection::Elements, Collection::Spaces] {
        let held = alike(&plan(&city, &View::Collection(collection)));
        assert_eq!((held.tilings, held.octrees), (1, 1), "{collection:?}");
        assert!(held.subtrees.keys().all(|path| path.ends_with(".subtree") && path.contains('-')));
        assert!(collection == Collection::Spaces || held.subtrees.len() > 1, "{:?}", held.subtrees.keys());
    }
    // The building alone is one tile, whatever its shape.
    assert_eq!(alike(&plan(&city, &View::Collection(Collection::Buildings))).tilings, 0);
}

/// The sizes of the boxes of all leaves below a document's root.
fn leaves(plan: &Plan, tile: &Value, sizes: &mut Vec<[f64; 3]>) {
    for child in tile["children"].as_array().into_iter().flatten() {
        leaves(plan, child, sizes);
    }
    let uri = tile["content"]["uri"].as_str().unwrap_or_default();
    match uri.parse::<Address>() {
        Ok(address @ Address::Tileset(_)) => {
            let json: Value = serde_json::from_slice(&tilesets::file(plan, address)).unwrap();
            leaves(plan, &json["root"], sizes);
        }
        Ok(Address::Tile(_)) if tile.get("children").is_none() => {
            let half = |k: usize| tile["boundingVolume"]["box"][3 + 4 * k].as_f64().unwrap();
            sizes.push([0, 1, 2].map(|k| 2.0 * half(k)));
        }
        _ => {}
    }
}

#[test]
fn the_inside_of_a_tower_opens_by_some_storeys_at_a_time_and_by_no_shaft() {
    let city = city::tower();
    let plan = plan(&city, &View::Map);
    let held = alike(&plan);
    assert_eq!(held.tilings, 0, "only leaves take the place of a shell");
    let root = tiles3d::of_site(&plan, Compression::None, "").unwrap();
    let root: Value = serde_json::from_slice(&root).unwrap();
    let mut sizes = Vec::new();
    leaves(&plan, &root["root"], &mut sizes);
    assert!(sizes.len() > 8, "{sizes:?}");
    for [east, north, up] in sizes {
        assert!(up < 3.3 * f64::from(STOREYS) / 2.0 && east.max(north) <= WIDE + 2.0, "{east} {north} {up}");
    }
}

#[test]
fn what_becomes_wider_than_tall_is_squares_again_as_if_it_had_been_so_from_the_first() {
    let city = city::tower();
    let (kept, view) = (Tiles::default(), View::Collection(Collection::Elements));
    let held = || Held::of(&kept.plan(&city.snapshot(), &view, Collections::ALL).unwrap());
    let anew = || Held::of(&plan(&city, &view));
    let before = held();
    assert!((before.tilings, before.octrees) == (1, 1) && before == anew());
    let bench = |x: f64| shape::cuboid(&Bounds { min: [x, 0.0, 0.0], max: [x + 2.0, 0.5, 0.5] });
    let put = |x: f64| city.commit("bench", vec![city::meshed("bench", Class::Furniture, None, bench(x))]);
    put(500.0);
    let wide = held();
    assert!((wide.tilings, wide.octrees) == (1, 0) && wide == anew());
    put(20.0);
    let tall = held();
    assert!((tall.tilings, tall.octrees) == (1, 1) && tall == anew());
}
