//! CityJSON in, CityJSON out: equal by an oracle in Python that writes out all that numbers lead to.

use super::{done, export, import, script};
use crate::support::shared;
use serde_json::{Value, json};
use std::path::Path;

fn equal(a: &Path, b: &Path) {
    let (is, told) = script("cityjson_equal.py", &[a, b, Path::new("--heads")]);
    assert!(is, "{told}");
}

#[test]
fn real_files_leave_equal_as_files_and_as_sequences() {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    for (name, more) in [
        ("delft.city.jsonl", "--height-offset=43"),
        ("3dbag_99.city.jsonl", "--height-offset=43"),
        ("delft.city.json", "--height-offset=43"),
        ("zurich_subset_lod2.city.json", "--height-offset=48"),
        // Textures, materials, and no CRS.
        ("rotterdam_subset.city.json", "--crs=EPSG:28992"),
    ] {
        let (source, store) = (shared.join("data/cityjson").join(name), dir.path().join(name));
        import(&source, &store, &[more]);
        for ending in ["out.city.json", "out.city.jsonl"] {
            let out = dir.path().join(ending);
            let told = export(&out, &store, &[]);
            assert!(told.contains("as they came"), "{told}");
            equal(&source, &out);
        }
    }
}

/// A building of two parts, a tree that is a template twice, a texture, a material, an extension.
fn document() -> Value {
    let cube = json!([[[0, 3, 2, 1]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]]]);
    let solid = json!([{ "type": "Solid", "lod": "2.2", "boundaries": [cube],
        "semantics": { "surfaces": [{ "type": "RoofSurface", "slope": 0.1 }], "values": [[null, 0, null, null, null, null]] },
        "material": { "day": { "values": [[0, 1, null, 0, 0, 0]] } },
        "texture": { "winter": { "values": [[[[1, 0, 1, 2, 3]], [[0, 3, 2, 1, 0]], [[null]], [[null]], [[null]], [[null]]]] } }
    }, { "type": "MultiSurface", "lod": "0", "boundaries": [[[0, 1, 2, 3]]] }]);
    let matrix = [2.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let tree = |at: u32| {
        json!({ "type": "SolitaryVegetationObject", "attributes": { "kind": "银杏", "height": 0.1 },
        "geometry": [{ "type": "GeometryInstance", "template": 1, "boundaries": [at], "transformationMatrix": matrix }] })
    };
    json!({
        "type": "CityJSON", "version": "2.0",
        "extensions": { "Noise": { "url": "https://example.org/noise.ext.json", "version": "2.0" } },
        "+noise": { "model": "x" },
        "metadata": { "referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/25832", "title": "两栋" },
        "transform": { "scale": [0.001, 0.001, 0.001], "translate": [458000.0, 5438000.0, 100.0] },
        "CityObjects": {
            "house": { "type": "Building", "children": ["p1", "p2"], "attributes": { "name": "楼", "area": 0.30000000000000004 } },
            "p1": { "type": "BuildingPart", "parents": ["house"], "geometry": solid, "+noise-db": 55 },
            "p2": { "type": "BuildingPart", "parents": ["house"], "geometry": solid },
            "t1": tree(6), "t2": tree(7)
        },
        "vertices": [[0,0,0],[10000,0,0],[10000,10000,0],[0,10000,0],[0,0,10000],[10000,0,10000],[10000,10000,10000],[0,10000,10000]],
        "appearance": {
            "materials": [{ "name": "red", "diffuseColor": [1.0, 0.0, 0.0] }, { "name": "blue" }],
            "textures": [{ "type": "PNG", "image": "a.png" }, { "type": "JPG", "image": "b.jpg" }],
            "vertices-texture": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
            "default-theme-texture": "winter", "default-theme-material": "day"
        },
        "geometry-templates": {
            "templates": [
                { "type": "MultiPoint", "lod": "1", "boundaries": [0] },
                { "type": "MultiSurface", "lod": "2", "boundaries": [[[0, 1, 2]]], "material": { "day": { "value": 1 } } }
            ],
            "vertices-templates": [[0.0, 0.0, 0.0], [1.5, 0.0, 0.0], [0.0, 0.0, 4.5]]
        }
    })
}

#[test]
fn materials_textures_templates_and_extensions_leave_whole_and_a_part_leaves_with_its_whole() {
    let dir = tempfile::tempdir().unwrap();
    let [source, store, out] = ["a.city.json", "store", "out.city.json"].map(|name| dir.path().join(name));
    std::fs::write(&source, document().to_string()).unwrap();
    import(&source, &store, &[]);
    for ending in ["out.city.json", "out.city.jsonl"] {
        export(&dir.path().join(ending), &store, &[]);
        equal(&source, &dir.path().join(ending));
    }
    // The oracle sees a number that leads elsewhere.
    let mut other = document();
    other["CityObjects"]["p1"]["geometry"][0]["texture"]["winter"]["values"][0][0][0][0] = json!(0);
    std::fs::write(dir.path().join("other.city.json"), other.to_string()).unwrap();
    let (is, told) = script("cityjson_equal.py", &[&dir.path().join("other.city.json"), &out]);
    assert!(!is && told.contains("p1 geometry"), "{told}");

    export(&out, &store, &["--filter", "id='p2'"]);
    let part: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    let objects = part["CityObjects"].as_object().unwrap();
    assert_eq!(objects.keys().collect::<Vec<_>>(), ["house", "p2"], "a part stands within its whole");
    assert_eq!(objects["house"]["children"], json!(["p2"]));
    assert!(objects["house"]["geometry"].is_null() && objects["p2"]["geometry"][0]["texture"].is_object());
}

#[test]
fn two_files_and_other_formats_leave_together_and_come_in_again() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("a.city.json"), document().to_string()).unwrap();
    let mut second = document();
    second["transform"]["translate"] = json!([458100.0, 5438000.0, 90.0]);
    std::fs::write(at("b.city.json"), second.to_string()).unwrap();
    std::fs::write(at("lamps.csv"), "id,name,class,x,y,z,crs\nL1,路灯,lamp_pole,458050,5438005,101,EPSG:25832\n")
        .unwrap();
    for file in ["a.city.json", "b.city.json", "lamps.csv"] {
        import(&at(file), &at("store"), &[]);
    }
    let told = export(&at("all.city.json"), &at("store"), &[]);
    assert!(told.contains("11 assets (1 of them made"), "{told}");
    let all: Value = serde_json::from_slice(&std::fs::read(at("all.city.json")).unwrap()).unwrap();
    let place = |id: &str| {
        let anchor = &all["CityObjects"][id]["geometry"][0]["boundaries"][0];
        let vertex = &all["vertices"][anchor.as_u64().unwrap() as usize];
        let axis = |k: usize| {
            let [scale, shift] = ["scale", "translate"].map(|n| all["transform"][n][k].as_f64().unwrap());
            vertex[k].as_f64().unwrap() * scale + shift
        };
        [axis(0), axis(1), axis(2)]
    };
    let near = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.001);
    assert!(near(place("t1"), [458_010.0, 5_438_010.0, 110.0]), "{:?}", place("t1"));
    assert!(near(place("b~t1"), [458_110.0, 5_438_010.0, 100.0]), "{:?}", place("b~t1"));
    assert!(near(place("L1"), [458_050.0, 5_438_005.0, 101.0]), "{:?}", place("L1"));
    assert_eq!(all["CityObjects"]["b~p1"]["parents"], json!(["b~house"]));
    assert_eq!(all["CityObjects"]["b~t2"]["geometry"][0]["template"], json!(3));
    assert_eq!(all["CityObjects"]["L1"]["type"], "CityFurniture");
    let told = import(&at("all.city.json"), &at("again"), &[]);
    assert!(told.contains("11 objects in, 0 refused"), "{told}");
    // The standard has no lamps; what was exported from here says what it is, so that a camera stays guarded, too.
    assert!(told.contains("1 lamp_pole"), "{told}");
}

#[test]
fn an_ifc_model_leaves_as_city_objects_that_come_in_again_with_the_same_boxes() {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    import(&shared.join("data/ifc/Duplex_Architecture.ifc"), &at("store"), &[]);
    for ending in ["duplex.city.json", "duplex.city.jsonl"] {
        export(&at(ending), &at("store"), &[]);
        import(&at(ending), &at(&format!("again-{ending}")), &[]);
        let [old, new] = ["store".to_owned(), format!("again-{ending}")].map(|store| {
            let csv = at("rows.csv");
            done(&["export", csv.to_str().unwrap(), "--store", at(&store).to_str().unwrap()]);
            let mut rows = csv::Reader::from_path(csv).unwrap();
            rows.records()
                .map(|r| r.unwrap())
                .map(|r| (r[0].to_owned(), [8, 9, 10].map(|i| r[i].parse::<f64>().ok())))
                .collect::<std::collections::BTreeMap<_, _>>()
        });
        assert_eq!(old.keys().collect::<Vec<_>>(), new.keys().collect::<Vec<_>>());
        // Shapes without a box of their own get that of their parts, which differ by what the format can say of parents.
        let apart = old.iter().filter(|(id, place)| {
            let other = new[*id];
            place
                .iter()
                .zip(other)
                .zip([1e-8, 1e-8, 0.002])
                .any(|((a, b), most)| matches!((a, b), (Some(a), Some(b)) if (a - b).abs() > most))
        });
        let apart: Vec<_> = apart.collect();
        assert!(apart.len() <= 2, "{apart:?}");
    }
}
