//! CityJSON with textures.

use super::{baked, faces, import, jpeg, mesh, png, read};
use crate::support::shared;
use crate::support::textured::seen;
use cimbra::geom::{Face, Wrap};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A cube of 1 m at (10, 20, 30) whose walls to the south and the east show a picture that is `1 / step` metres wide, counted from
/// below; the east one has a window. `turn` turns it inside out.
fn cube(image: &str, turn: bool) -> Value {
    // Corners count in binary; 8 to 11 are a window in the east wall, 10 mm steps.
    let mut vertices: Vec<[i64; 3]> = (0..8).map(|k| [k & 1, k >> 1 & 1, k >> 2 & 1].map(|c| c * 100)).collect();
    vertices.extend([[100, 30, 30], [100, 30, 70], [100, 70, 70], [100, 70, 30]]);
    let places: Vec<[f64; 2]> = vertices.iter().map(|[x, y, z]| [(x + y) as f64 / 400.0, *z as f64 / 200.0]).collect();
    let mut rings = [
        vec![vec![0, 2, 3, 1]],
        vec![vec![4, 5, 7, 6]],
        vec![vec![0, 1, 5, 4, 0]],
        vec![vec![2, 6, 7, 3]],
        vec![vec![0, 4, 6, 2]],
        vec![vec![1, 3, 7, 5], vec![8, 9, 10, 11]],
        vec![vec![8, 11, 10, 9]],
    ];
    if turn {
        rings.iter_mut().flatten().for_each(|ring| ring.reverse());
    }
    let told = |rings: &Vec<Vec<u32>>, is: bool| -> Value {
        let ring = |ring: &Vec<u32>| if is { json!([vec![0], ring.clone()].concat()) } else { json!([null]) };
        rings.iter().map(ring).collect()
    };
    let values: Vec<Value> = rings.iter().enumerate().map(|(k, rings)| told(rings, k == 2 || k == 5)).collect();
    let none: Vec<Value> = rings.iter().map(|rings| told(rings, false)).collect();
    json!({ "type": "CityJSON", "version": "2.0",
        "metadata": { "referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415" },
        "transform": { "scale": [0.01, 0.01, 0.01], "translate": [85000.0, 446000.0, 0.0] }, "vertices": vertices,
        "CityObjects": { "a": { "type": "Building", "geometry": [{ "type": "Solid", "lod": "2", "boundaries": [rings],
            "texture": { "first by name": { "values": [none] }, "summer": { "values": [values] } } }] } },
        "appearance": { "default-theme-texture": "summer", "vertices-texture": places,
            "textures": [{ "type": "PNG", "image": image, "wrapMode": "mirror" }] } })
}

/// Faces that show something, each corner of which must show what its place says.
fn shown(faces: &[Face]) -> usize {
    let mut count = 0;
    for face in faces {
        let Some(shown) = &face.shown else { continue };
        let points: Vec<_> = face.polygon.points().collect();
        assert_eq!(points.len(), shown.at.len());
        for ([x, y, z], [u, v]) in points.into_iter().zip(&shown.at) {
            let wanted = [(x - 85000.0 + y - 446000.0) / 4.0, 1.0 - z / 2.0];
            assert!(
                (f64::from(*u) - wanted[0]).abs() < 1e-5 && (f64::from(*v) - wanted[1]).abs() < 1e-5,
                "{u} {v}, not {wanted:?}"
            );
        }
        count += 1;
    }
    count
}

#[test]
fn cityjson_surfaces_show_the_picture_of_the_default_theme_corner_by_corner() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.city.json");
    std::fs::write(dir.path().join("wall.png"), png()).unwrap();
    for turn in [false, true] {
        std::fs::write(&file, cube("wall.png", turn).to_string()).unwrap();
        let (objects, notes, pictures) = read(&file);
        let faces = faces(&objects[0].shape);
        assert_eq!((faces.len(), shown(faces), pictures), (7, 2, 1), "{notes}");
        assert_eq!(notes.contains("inside out"), turn, "{notes}");
        let texture = faces.iter().find_map(|f| f.shown.as_ref()).unwrap().texture;
        assert_eq!(texture.wrap, [Wrap::Mirror; 2]);
    }
    // As a sequence: what the header says of themes holds for its features.
    let mut whole = cube("wall.png", false);
    let head = json!({ "type": "CityJSON", "version": "2.0", "transform": whole["transform"], "metadata": whole["metadata"],
        "CityObjects": {}, "vertices": [], "appearance": { "default-theme-texture": "summer" } });
    whole["appearance"].as_object_mut().unwrap().remove("default-theme-texture");
    let feature = json!({ "type": "CityJSONFeature", "id": "a", "CityObjects": whole["CityObjects"], "vertices": whole["vertices"],
        "appearance": whole["appearance"] });
    let lines = dir.path().join("a.city.jsonl");
    std::fs::write(&lines, format!("{head}\n{feature}\n")).unwrap();
    let (objects, _, pictures) = read(&lines);
    assert_eq!((shown(faces(&objects[0].shape)), pictures), (2, 1));
    // In the city the south wall is drawn with it.
    let store = dir.path().join("store");
    std::fs::write(&file, cube("wall.png", false).to_string()).unwrap();
    let (_, snapshot) = import(&file, &store, &["--height-offset", "0"]);
    let own = mesh(&snapshot, "a");
    assert!(own.holds() && own.textures.as_ref().is_some_and(|t| t.of.iter().flatten().count() == 1));
    drop(snapshot);
    let tiles = baked(&store);
    let with = tiles.iter().flat_map(|tile| seen(tile)).filter(|seen| seen.pixel.is_some()).count();
    assert_eq!(with, 2 + 8, "the triangles of the south wall, and of the east one around its window");
}

#[test]
fn a_broken_appearance_costs_the_picture_and_not_the_object() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.city.json");
    std::fs::write(dir.path().join("wall.png"), png()).unwrap();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut whole = cube("wall.png", false);
        change(&mut whole);
        std::fs::write(&file, whole.to_string()).unwrap();
        let (objects, notes, _) = read(&file);
        (faces(&objects[0].shape).iter().filter(|f| f.shown.is_some()).count(), notes)
    };
    let at = "/CityObjects/a/geometry/0/texture/summer/values/0";
    type Change<'a> = &'a dyn Fn(&mut Value);
    let cases: [(Change, usize, &str); 9] = [
        (&|w| w["appearance"]["textures"][0]["image"] = json!("none.png"), 0, "beside it"),
        (&|w| w["appearance"]["textures"][0]["image"] = json!("../wall.png"), 0, "own folder"),
        (&|w| w["appearance"]["textures"] = json!([{ "image": 7 }]), 0, "number 0 of 1"),
        (&|w| w["appearance"]["textures"] = json!({}), 0, "number 0 of 0"),
        (&|w| w["appearance"]["vertices-texture"] = json!([[0.0, 0.0]]), 0, "beyond the 1 there are"),
        (&|w| w["appearance"]["vertices-texture"][0] = json!([1e39, 0.0]), 1, "beyond all numbers"),
        (&|w| *w.pointer_mut(&format!("{at}/2/0/0")).unwrap() = json!(5), 1, "number 5 of 1"),
        (&|w| *w.pointer_mut(&format!("{at}/5/1")).unwrap() = json!([null]), 1, "of each corner"),
        (&|w| *w.pointer_mut(at).unwrap() = json!("x"), 0, ""),
    ];
    for (change, left, wanted) in cases {
        let (count, notes) = with(change);
        assert_eq!(count, left, "{wanted}: {notes}");
        assert!(notes.contains(wanted) && (wanted.is_empty() || notes.contains("'a'")), "{wanted}: {notes}");
    }
}

/// An object, a corner's place in millimetres, and the point of its picture in millionths from the upper left.
type Corner = (String, [i64; 3], [i64; 2]);

#[test]
fn real_buildings_show_their_pictures_at_every_corner() {
    let Some(shared) = shared() else { return };
    let text = std::fs::read(shared.join("data/cityjson/rotterdam_subset.city.json")).unwrap();
    let whole: Value = serde_json::from_slice(&text).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rotterdam.city.json");
    std::fs::write(&file, &text).unwrap();
    // The pictures themselves are not published: others stand in, each of another length, so that none is taken for another.
    let definitions = whole["appearance"]["textures"].as_array().unwrap();
    for (k, definition) in definitions.iter().enumerate() {
        let path = dir.path().join(definition["image"].as_str().unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, [jpeg(), vec![0; k]].concat()).unwrap();
    }
    let (objects, notes, pictures) = read(&file);
    assert!(pictures <= definitions.len() && !notes.contains("left out"), "{notes}");
    let numbers =
        |value: &Value| -> Vec<f64> { value.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect() };
    let (scale, shift) = (numbers(&whole["transform"]["scale"]), numbers(&whole["transform"]["translate"]));
    let mut wanted: BTreeSet<Corner> = BTreeSet::new();
    let mut used = BTreeSet::new();
    for (id, object) in whole["CityObjects"].as_object().unwrap() {
        for geometry in object["geometry"].as_array().into_iter().flatten() {
            let told = geometry["texture"]["rgbTexture"]["values"].as_array().unwrap();
            for (surface, told) in geometry["boundaries"].as_array().unwrap().iter().zip(told) {
                for (ring, told) in surface.as_array().unwrap().iter().zip(told.as_array().unwrap()) {
                    let told = told.as_array().unwrap();
                    if told[0].is_null() {
                        continue;
                    }
                    used.insert(told[0].as_u64().unwrap());
                    let mut corners: Vec<Corner> = Vec::new();
                    for (corner, place) in ring.as_array().unwrap().iter().zip(&told[1..]) {
                        let at = numbers(&whole["vertices"][corner.as_u64().unwrap() as usize]);
                        let at = [0, 1, 2].map(|k| ((at[k] * scale[k] + shift[k]) * 1e3).round() as i64);
                        let place = numbers(&whole["appearance"]["vertices-texture"][place.as_u64().unwrap() as usize]);
                        let place = [place[0], 1.0 - place[1]].map(|c| (c * 1e6).round() as i64);
                        // A few corners stand twice in a row; the first is drawn.
                        if corners.last().is_none_or(|last| last.1 != at) {
                            corners.push((id.clone(), at, place));
                        }
                    }
                    if corners.len() > 1 && corners.first().unwrap().1 == corners.last().unwrap().1 {
                        corners.pop();
                    }
                    if corners.len() > 2 {
                        wanted.extend(corners);
                    }
                }
            }
        }
    }
    assert_eq!(pictures, used.len());
    let mut found: BTreeSet<Corner> = BTreeSet::new();
    for object in &objects {
        for face in faces(&object.shape) {
            let Some(shown) = &face.shown else { continue };
            for (point, at) in face.polygon.points().zip(&shown.at) {
                let at = at.map(|c| (f64::from(c) * 1e6).round() as i64);
                found.insert((object.id.to_string(), point.map(|c| (c * 1e3).round() as i64), at));
            }
        }
    }
    assert!(wanted.len() > 900, "{}", wanted.len());
    // The last digit of a millionth is beyond what 32 bits hold.
    let near = |a: &Corner, b: &Corner| (0..2).all(|k| (a.2[k] - b.2[k]).abs() <= 1);
    let has = |all: &BTreeSet<Corner>, one: &Corner| {
        let (low, high) = ((one.0.clone(), one.1, [i64::MIN; 2]), (one.0.clone(), one.1, [i64::MAX; 2]));
        all.range(low..=high).any(|other| near(one, other))
    };
    let lacking = wanted.iter().filter(|one| !has(&found, one)).count();
    let strange = found.iter().filter(|one| !has(&wanted, one)).count();
    assert_eq!((lacking, strange), (0, 0), "of {} corners", wanted.len());
}
