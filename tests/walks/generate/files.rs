//! CityJSON, GeoJSON and the table of devices of a generated community: whole, closed, in place.

use super::community;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::rc::Rc;

/// A city object: its key, itself, and its document's vertices in metres.
type CityObject = (String, Value, Rc<[[f64; 3]]>);

/// The city objects of a CityJSON file or sequence.
fn city_objects(dir: &Path) -> Vec<CityObject> {
    let name = if dir.join("structures.city.json").exists() { "structures.city.json" } else { "structures.city.jsonl" };
    let text = std::fs::read_to_string(dir.join(name)).unwrap();
    let documents: Vec<Value> = if name.ends_with('l') {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    } else {
        vec![serde_json::from_str(&text).unwrap()]
    };
    let transform = documents[0]["transform"].clone();
    let number = |v: &Value| v.as_f64().unwrap();
    let mut found = Vec::new();
    for document in documents {
        let metres = |v: &Value| {
            [0, 1, 2].map(|k| number(&v[k]) * number(&transform["scale"][k]) + number(&transform["translate"][k]))
        };
        let vertices: Rc<[[f64; 3]]> = document["vertices"].as_array().unwrap().iter().map(metres).collect();
        for (key, object) in document["CityObjects"].as_object().unwrap() {
            found.push((key.clone(), object.clone(), Rc::clone(&vertices)));
        }
    }
    found
}

/// The rings of a solid's outer shell.
fn rings(geometry: &Value) -> Vec<Vec<usize>> {
    let surfaces = geometry["boundaries"][0].as_array().unwrap();
    let index = |v: &Value| usize::try_from(v.as_u64().unwrap()).unwrap();
    surfaces.iter().map(|s| s[0].as_array().unwrap().iter().map(index).collect()).collect()
}

/// Six times the volume that the rings enclose, from a fan of each ring; positive when they face outwards.
fn volume(rings: &[Vec<usize>], vertices: &[[f64; 3]]) -> f64 {
    let origin = vertices[rings[0][0]];
    let at = |i: usize| [0, 1, 2].map(|k| vertices[i][k] - origin[k]);
    let mut six = 0.0;
    for ring in rings {
        for pair in ring[1..].windows(2) {
            let (a, b, c) = (at(ring[0]), at(pair[0]), at(pair[1]));
            six += a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
                + a[2] * (b[0] * c[1] - b[1] * c[0]);
        }
    }
    six
}

fn check(households: u32) {
    let (dir, manifest) = community(households, 3);
    let objects = city_objects(dir.path());
    let keys: BTreeMap<&str, &Value> = objects.iter().map(|(key, object, _)| (key.as_str(), object)).collect();
    assert_eq!(keys.len(), objects.len(), "a key twice");
    let names = |v: &Value| {
        v.as_array().map(|a| a.iter().map(|n| n.as_str().unwrap().to_owned()).collect()).unwrap_or_default()
    };
    let mut boxes: HashMap<&str, [[f64; 3]; 2]> = HashMap::new();
    for (key, object, vertices) in &objects {
        let children: Vec<String> = names(&object["children"]);
        let parents: Vec<String> = names(&object["parents"]);
        assert!(children.iter().all(|c| names(&keys[c.as_str()]["parents"]).contains(key)), "{key}");
        assert!(parents.iter().all(|p| names(&keys[p.as_str()]["children"]).contains(key)), "{key}");
        assert_eq!(parents.is_empty(), object["type"] == "Building", "{key}");
        for geometry in object["geometry"].as_array().unwrap().iter().filter(|g| g["type"] == "Solid") {
            let rings = rings(geometry);
            let mut edges: HashMap<(usize, usize), i32> = HashMap::new();
            for ring in &rings {
                assert!(ring.iter().collect::<BTreeSet<_>>().len() == ring.len() && ring.len() >= 3, "{key}: {ring:?}");
                for i in 0..ring.len() {
                    *edges.entry((ring[i], ring[(i + 1) % ring.len()])).or_default() += 1;
                }
            }
            assert!(edges.iter().all(|(&(a, b), &n)| n == 1 && edges.get(&(b, a)) == Some(&1)), "{key} is open");
            assert!(volume(&rings, vertices) > 0.0, "{key} is inside out");
            let extent = rings.iter().flatten().fold([[f64::MAX; 3], [f64::MIN; 3]], |b, &i| {
                [[0, 1, 2].map(|k| b[0][k].min(vertices[i][k])), [0, 1, 2].map(|k| b[1][k].max(vertices[i][k]))]
            });
            boxes.insert(key, extent);
        }
    }
    let rooms = keys.values().filter(|o| o["type"] == "BuildingRoom").count() as u64;
    assert!(rooms > 0 && rooms < manifest.counts["rooms"], "the first tower's rooms come as IFC");
    devices(dir.path(), &boxes, &manifest.counts);
}

/// Ids are unique, counts are those of the manifest, and every device lies in the box of its space, but for those of which the
/// truth says that they are entered a storey too high.
fn devices(dir: &Path, boxes: &HashMap<&str, [[f64; 3]; 2]>, counts: &BTreeMap<String, u64>) {
    let misplaced: BTreeSet<String> = super::rows(&dir.join(".truth/traps.csv"))
        .into_iter()
        .filter(|row| row["trap"] == "misplaced")
        .map(|row| row["device"].clone())
        .collect();
    let mut reader = csv::Reader::from_path(dir.join("devices.csv")).unwrap();
    let (mut ids, mut classes, mut placed) = (BTreeSet::new(), BTreeMap::<String, u64>::new(), 0);
    for row in reader.deserialize::<HashMap<String, String>>() {
        let row = row.unwrap();
        assert!(ids.insert(row["id"].clone()), "{} twice", row["id"]);
        *classes.entry(row["class"].clone()).or_default() += 1;
        assert!(cimbra::model::Class::from_source(&row["class"]).is_some(), "{}", row["class"]);
        if let Some([low, high]) = boxes.get(row["parent"].as_str()) {
            let mut at = ["x", "y", "z"].map(|c| row[c].parse::<f64>().unwrap());
            if misplaced.contains(&row["id"]) {
                assert!(at[2] > high[2], "{row:?} lies in its room after all");
                // A storey is as high as its rooms and the slab above them.
                at[2] -= high[2] - low[2] + 0.15;
            }
            assert!(
                (0..3).all(|k| low[k] - 2e-3 <= at[k] && at[k] <= high[k] + 2e-3),
                "{row:?} is not in {low:?} {high:?}"
            );
            placed += 1;
        }
    }
    assert!(placed > 0);
    for (class, n) in classes {
        assert_eq!(counts[&class], n, "{class}");
    }
}

#[test]
fn solids_close_parts_and_wholes_agree_and_devices_are_in_their_rooms() {
    check(500);
}

#[test]
fn a_large_community_is_a_sequence_and_just_as_sound() {
    check(1_600);
}

#[test]
fn geojson_lies_where_pyproj_puts_it() {
    let (dir, _) = community(500, 3);
    let text = std::fs::read_to_string(dir.path().join("addresses.geojson")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let features = document["features"].as_array().unwrap();
    let plate = features.iter().find(|f| f["id"] == "A-B001").unwrap();
    let at = [0, 1].map(|k| plate["geometry"]["coordinates"][k].as_f64().unwrap());
    // The tower's door plate is 28 m along and 16 m across from its corner, E 384731.854, N 3547043.317 in EPSG:4549;
    // pyproj gives this for the same point.
    let expected = [118.77989018554, 32.04113720840];
    assert!((0..2).all(|k| (at[k] - expected[k]).abs() < 2e-8), "{at:?}");
    let ids: BTreeSet<&str> = features.iter().map(|f| f["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), features.len());
}
