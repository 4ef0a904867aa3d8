//! glTF, GLB and OBJ models from the file to the city: where they stand, what they are told apart into, what they are refused for.

use crate::support::gltf::{Buffer, cube};
use crate::support::{python, run, shared, town};
use cimbra::model::Value as Attribute;
use cimbra::store::{Snapshot, Store};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const HERE: &str = "118.78,32.04,20";

/// Imports with `more` arguments: the exit code, the report and what stderr says.
fn import(file: &Path, store: &Path, more: &[&str]) -> (Option<i32>, Value, String) {
    let (file, store) = (file.to_str().unwrap(), store.to_str().unwrap());
    let done = run(&[&["import", file, "--store", store, "--json"], more].concat());
    let report = serde_json::from_slice(&done.stdout).unwrap_or_default();
    (done.status.code(), report, String::from_utf8_lossy(&done.stderr).into_owned())
}

/// Imports a model that must come in whole; the store's only site and the report.
fn taken(model: &Value, more: &[&str]) -> (Arc<Snapshot>, Value) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("model.gltf");
    std::fs::write(&file, model.to_string()).unwrap();
    let (code, report, told) = import(&file, &dir.path().join("store"), more);
    assert_eq!(code, Some(0), "{told}");
    (Store::open(&dir.path().join("store")).unwrap().sites()[0].snapshot(), report)
}

/// The box of every asset's mesh in east-north-up metres, by id.
fn boxes(snapshot: &Snapshot) -> BTreeMap<String, [[f64; 3]; 2]> {
    let each = snapshot.rows().map(|row| {
        let mesh = snapshot.geometry(row).unwrap().mesh.clone().unwrap();
        let bounds = mesh.bounds();
        (snapshot.asset(row).unwrap().id().to_owned(), [bounds.min, bounds.max])
    });
    each.collect()
}

fn close(a: [[f64; 3]; 2], b: [[f64; 3]; 2], metres: f64) -> bool {
    a.iter().flatten().zip(b.iter().flatten()).all(|(a, b)| (a - b).abs() < metres)
}

fn attributes(snapshot: &Snapshot, id: &str) -> BTreeMap<String, Attribute> {
    let row = snapshot.find(id).unwrap();
    snapshot.attributes(row).unwrap().iter().cloned().collect()
}

#[test]
fn real_models_stand_where_trimesh_sees_them() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("data/gltf");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder.join("MetadataGranularities")).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "glb"));
    files.sort();
    files.truncate(8);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/model_oracle.py");
    let output = Command::new(python()).arg(script).args(&files).output().unwrap();
    let expected: BTreeMap<String, [[f64; 3]; 2]> = serde_json::from_slice(&output.stdout).unwrap();
    for file in &files {
        let dir = tempfile::tempdir().unwrap();
        let (code, report, told) = import(file, &dir.path().join("store"), &["--origin", HERE]);
        assert_eq!(code, Some(0), "{told}");
        assert_eq!(report["files"][0]["classes"], json!({ "component": 1 }));
        let seen = boxes(&Store::open(&dir.path().join("store")).unwrap().sites()[0].snapshot());
        let (id, seen) = seen.first_key_value().unwrap();
        assert_eq!(id.as_str(), file.file_stem().unwrap().to_str().unwrap());
        assert!(close(*seen, expected[file.to_str().unwrap()], 2e-3), "{id}: {seen:?}, not {expected:?}");
    }
    let dir = tempfile::tempdir().unwrap();
    let file = folder.join("GpuInstancesMetadata/GpuInstancesMetadata.gltf");
    assert_eq!(import(&file, &dir.path().join("store"), &["--origin", HERE]).0, Some(0));
    let snapshot = Store::open(&dir.path().join("store")).unwrap().sites()[0].snapshot();
    assert_eq!(snapshot.len(), 10, "an asset each instance");
    for row in snapshot.rows() {
        let values = snapshot.attributes(row).unwrap();
        assert!(
            values.iter().any(|(name, v)| name == "example_STRING" && matches!(v, Attribute::Text(t) if !t.is_empty())),
            "{values:?}"
        );
    }
}

#[test]
fn nodes_turn_scale_mirror_and_instance_what_they_hold() {
    let turned = json!([0.0, (0.5_f64).sqrt(), 0.0, (0.5_f64).sqrt()]);
    let nodes = json!([
        { "name": "东楼", "mesh": 0, "translation": [10.0, 2.0, -30.0], "scale": [4.0, 3.0, 2.0],
            "extras": { "楼层": 3, "class": "building", "tags": ["a", 1, null] } },
        { "name": "turned", "mesh": 0, "rotation": turned },
        { "name": "mirrored", "mesh": 0, "matrix": [-1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 5.0, 0.0, 0.0, 1.0] },
    ]);
    let (snapshot, report) = taken(&cube(nodes, json!({})), &["--origin", HERE]);
    assert_eq!(report["files"][0]["classes"], json!({ "building": 1, "component": 2 }));
    let seen = boxes(&snapshot);
    // Upright: x east, -z north, y up.
    assert!(close(seen["东楼"], [[10.0, 28.0, 2.0], [14.0, 30.0, 5.0]], 1e-4), "{seen:?}");
    assert!(close(seen["turned"], [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]], 1e-4), "{seen:?}");
    assert!(close(seen["mirrored"], [[4.0, -1.0, 0.0], [5.0, 0.0, 1.0]], 1e-4), "{seen:?}");
    let values = attributes(&snapshot, "东楼");
    assert_eq!(values["楼层"], Attribute::Int(3));
    assert!(matches!(&values["tags"], Attribute::List(list) if list.len() == 3));
    for id in ["东楼", "turned", "mirrored"] {
        let mesh = snapshot.geometry(snapshot.find(id).unwrap()).unwrap().mesh.clone().unwrap();
        let volume = mesh.volume().expect("it closes");
        assert!(volume > 0.9, "{id} is not turned inside out: {volume}");
        // Half of linear light is 188 in sRGB.
        assert_eq!(mesh.surfaces[0].colour, Some([255, 188, 0, 255]));
    }
    // Without names of their own, or with a class for all, it is one asset called after its file.
    let nodes = json!([{ "mesh": 0 }, { "name": "x", "mesh": 0, "translation": [9.0, 0.0, 0.0] }]);
    let (snapshot, _) =
        taken(&cube(nodes, json!({})), &["--origin", "118.78,32.04,20,90", "--class", "city_furniture"]);
    let seen = boxes(&snapshot);
    assert_eq!(seen.len(), 1);
    // Heading 90: the model's back (-z) looks east.
    assert!(close(seen["model"], [[-1.0, -10.0, 0.0], [0.0, 0.0, 1.0]], 1e-4), "{seen:?}");
}

#[test]
fn coordinates_of_a_country_and_of_the_globe_keep_their_millimetres() {
    // Projected, z up: a translation that 32 bits would round to three centimetres.
    let nodes = json!([{ "name": "a", "mesh": 0, "translation": [465000.123, 5247000.456, 431.789] }]);
    let (snapshot, report) = taken(&cube(nodes, json!({})), &["--crs", "EPSG:32632"]);
    let footprint = snapshot.asset(snapshot.find("model").unwrap()).unwrap().bounds();
    let frame = report["files"][0]["frame"].as_str().unwrap();
    assert_eq!(frame, "EPSG:32632");
    let way = cimbra::crs::Transform::new("EPSG:32632", &cimbra::crs::Choice::default()).unwrap();
    let mut corner = [[465000.123, 5247000.456, 431.789]];
    way.forward(&mut corner).unwrap();
    assert!((footprint.min[2] - 431.789).abs() < 1e-4, "{footprint:?}");
    let metres = [(footprint.min[0] - corner[0][0]) * 75_000.0, (footprint.min[1] - corner[0][1]) * 111_000.0];
    assert!(metres.iter().all(|m| m.abs() < 0.02), "corners of a square that is turned a little: {metres:?}");
    // Geocentric by CESIUM_RTC.
    let at = cimbra::crs::to_ecef(cimbra::units::Geodetic::new(118.78, 32.04, 55.5));
    let more = json!({ "extensionsUsed": ["CESIUM_RTC"], "extensionsRequired": ["CESIUM_RTC"],
        "extensions": { "CESIUM_RTC": { "center": at } } });
    let (snapshot, _) = taken(&cube(json!([{ "mesh": 0 }]), more), &[]);
    let bounds = snapshot.asset(snapshot.find("model").unwrap()).unwrap().bounds();
    let frame = cimbra::crs::SiteFrame::new(cimbra::units::Geodetic::new(118.78, 32.04, 55.5));
    let far =
        bounds.corners().map(|c| frame.to_enu(c.into())).into_iter().flatten().fold(0.0_f64, |a, b| a.max(b.abs()));
    assert!(far < 2.5, "the cube is at its centre: {bounds:?}");
}

/// A model of four cubes in one primitive, told apart by `_FEATURE_ID_0`, with a table of every kind of property.
fn featured() -> Value {
    let mut buffer = Buffer::default();
    let mut corners = Vec::new();
    let mut triangles: Vec<u16> = Vec::new();
    let mut ids = Vec::new();
    for k in 0..4_u16 {
        for c in 0..8_u16 {
            corners.extend([f32::from(c & 1) + 10.0 * f32::from(k), f32::from(c >> 1 & 1), f32::from(c >> 2 & 1)]);
            // The last cube is none's.
            ids.push(f32::from(k));
        }
        let sides = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        triangles.extend(sides.iter().flat_map(|[a, b, c, d]| [*a, *b, *c, *a, *c, *d]).map(|i: u16| i + 8 * k));
    }
    let (positions, ids, indices) =
        (buffer.floats("VEC3", &corners), buffer.floats("SCALAR", &ids), buffer.shorts(&triangles));
    let texts = "塔楼B楼裙房";
    let text = buffer.view(texts.as_bytes());
    let text_ends = buffer.view(&[0_u32, 6, 10, 16].iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>());
    let ids_text = buffer.view(b"b-1b-2b-3");
    let ids_ends = buffer.view(&[0_u8, 3, 6, 9]);
    let double = buffer.view(&[1.5_f64, -2.25, 1e300].iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>());
    let small = buffer.view(&[200_u8, 7, 255]);
    let big =
        buffer.view(&[i64::MIN, 0, 9_007_199_254_740_993].iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>());
    let flags = buffer.view(&[0b101]);
    let choices = buffer.view(&[2_u16, 0, 9].iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>());
    let vectors = buffer.view(&(0..6_i16).flat_map(|n| (n * 100).to_le_bytes()).collect::<Vec<_>>());
    let list = buffer.view(&(1..=6_u16).flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    let list_ends = buffer.view(&[0_u16, 1, 1, 6].iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>());
    let properties = json!({
        "标识": { "type": "STRING", "semantic": "ID" },
        "name": { "type": "STRING" },
        "double": { "type": "SCALAR", "componentType": "FLOAT64" },
        "share": { "type": "SCALAR", "componentType": "UINT8", "normalized": true, "scale": 100.0 },
        "small": { "type": "SCALAR", "componentType": "UINT8", "noData": 7, "default": -1 },
        "gone": { "type": "SCALAR", "componentType": "UINT8", "noData": 7 },
        "big": { "type": "SCALAR", "componentType": "INT64" },
        "flag": { "type": "BOOLEAN" },
        "use": { "type": "ENUM", "enumType": "uses" },
        "vector": { "type": "VEC2", "componentType": "INT16" },
        "list": { "type": "SCALAR", "componentType": "UINT16", "array": true },
        "broken": { "type": "SCALAR", "componentType": "FLOAT64" },
    });
    let columns = json!({
        "标识": { "values": ids_text, "stringOffsets": ids_ends, "stringOffsetType": "UINT8" },
        "name": { "values": text, "stringOffsets": text_ends },
        "double": { "values": double }, "share": { "values": small }, "small": { "values": small }, "gone": { "values": small },
        "big": { "values": big }, "flag": { "values": flags }, "use": { "values": choices }, "vector": { "values": vectors },
        "list": { "values": list, "arrayOffsets": list_ends, "arrayOffsetType": "UINT16" },
        "broken": { "values": small },
    });
    let primitive = json!({ "attributes": { "POSITION": positions, "_FEATURE_ID_0": ids }, "indices": indices,
        "extensions": { "EXT_mesh_features": { "featureIds": [{ "featureCount": 3, "attribute": 0, "propertyTable": 0, "nullFeatureId": 3 }] } } });
    buffer.model(json!({
        "nodes": [{ "mesh": 0 }], "meshes": [{ "primitives": [primitive] }],
        "extensionsUsed": ["EXT_mesh_features", "EXT_structural_metadata"],
        "extensions": { "EXT_structural_metadata": {
            "schema": { "id": "s", "classes": { "house": { "properties": properties } },
                "enums": { "uses": { "values": [{ "name": "住宅", "value": 0 }, { "name": "shop", "value": 2 }] } } },
            "propertyTables": [{ "class": "house", "count": 3, "properties": columns }] } },
    }))
}

#[test]
fn every_feature_becomes_an_asset_with_its_row_of_the_table() {
    let (snapshot, report) = taken(&featured(), &["--origin", HERE, "--class", "building"]);
    let ids: Vec<_> = boxes(&snapshot).into_keys().collect();
    assert_eq!(ids, ["b-1", "b-2", "b-3", "model"], "the last cube is no feature and stays the model's");
    assert!(report.to_string().contains("broken"), "a column that is too short is told: {report}");
    let first = attributes(&snapshot, "b-1");
    assert_eq!(snapshot.asset(snapshot.find("b-1").unwrap()).unwrap().name(), "塔楼");
    assert_eq!(first["double"], Attribute::Float(1.5));
    assert_eq!(first["small"], Attribute::Int(200));
    assert!(matches!(first["share"], Attribute::Float(n) if (n - 200.0 / 255.0 * 100.0).abs() < 1e-9));
    assert_eq!((&first["flag"], &first["big"]), (&Attribute::Bool(true), &Attribute::Int(i64::MIN)));
    assert_eq!(first["use"], Attribute::Text("shop".into()));
    assert_eq!(first["vector"], Attribute::List(vec![Attribute::Int(0), Attribute::Int(100)]));
    assert_eq!(first["list"], Attribute::List(vec![Attribute::Int(1)]));
    let second = attributes(&snapshot, "b-2");
    assert_eq!((&second["small"], &second["use"]), (&Attribute::Int(-1), &Attribute::Text("住宅".into())));
    assert!(!second.contains_key("gone") && second["list"] == Attribute::List(vec![]));
    let third = attributes(&snapshot, "b-3");
    assert_eq!((&third["big"], &third["use"]), (&Attribute::Int(9_007_199_254_740_993), &Attribute::Int(9)));
    assert!(matches!(&third["list"], Attribute::List(list) if list.len() == 5));
    assert!(close(boxes(&snapshot)["b-3"], [[20.0, -1.0, 0.0], [21.0, 0.0, 1.0]], 1e-4));
}

#[test]
fn a_tile_of_this_server_comes_back_with_its_features() {
    let town = town(&[]);
    let map = town.server.get("/collections/buildings/3dtiles/tileset.json").1;
    let site = town.server.get("/3dtiles/tileset.json").1["root"]["children"][0]["content"]["uri"]
        .as_str()
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .to_owned();
    let uri = map.to_string();
    let end = uri.find(".glb").unwrap();
    let (_, _, tile) =
        town.server.get_bytes(&format!("/collections/buildings/3dtiles/{site}/{}", &uri[end - 32..end + 4]), &[]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tile.glb");
    std::fs::write(&file, tile).unwrap();
    let (code, _, told) = import(&file, &dir.path().join("store"), &["--origin", HERE]);
    assert_eq!(code, Some(0), "{told}");
    let snapshot = Store::open(&dir.path().join("store")).unwrap().sites()[0].snapshot();
    let known = town.server.get("/collections/buildings/items?limit=1000&skipGeometry=true").1;
    let known: Vec<&str> = known["features"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap()).collect();
    assert!(!snapshot.is_empty());
    for row in snapshot.rows() {
        let asset = snapshot.asset(row).unwrap();
        assert!(known.contains(&asset.id()) && asset.class().name() == "building", "{}", asset.id());
    }
}

#[test]
fn a_bad_model_is_one_error_with_its_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let node = || json!([{ "mesh": 0 }]);
    let with = |more: Value| cube(node(), more).to_string().into_bytes();
    let mut climbing = cube(node(), json!({}));
    climbing["buffers"][0]["uri"] = json!("../../../etc/passwd");
    let mut missing = cube(node(), json!({}));
    missing["buffers"][0]["uri"] = json!("model.bin");
    let mut short = cube(node(), json!({}));
    short["buffers"][0]["byteLength"] = json!(1_000_000_000);
    let mut squeezed = cube(node(), json!({}));
    squeezed["bufferViews"][0]["extensions"] = json!({ "EXT_meshopt_compression": { "buffer": 0, "byteLength": 3, "byteStride": 4, "mode": "ATTRIBUTES", "count": 1 } });
    let draco = json!({ "extensionsUsed": ["KHR_draco_mesh_compression"], "extensionsRequired": ["KHR_draco_mesh_compression"] });
    let mut beyond = cube(node(), json!({}));
    beyond["accessors"][1]["count"] = json!(4_000_000_000_u64);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("draco", with(draco), "gltf-transform"),
        ("meshopt", squeezed.to_string().into(), "EXT_meshopt_compression"),
        ("unknown", with(json!({ "extensionsRequired": ["ACME_shape"] })), "ACME_shape"),
        ("old", with(json!({ "asset": { "version": "1.0" } })), "gltf-pipeline"),
        ("climbing", climbing.to_string().into(), "own folder"),
        ("missing", missing.to_string().into(), "model.glb"),
        ("short", short.to_string().into(), "buffer 0"),
        (
            "a circle",
            cube(json!([{ "children": [1] }, { "children": [0], "mesh": 0 }]), json!({})).to_string().into(),
            "in a circle",
        ),
        ("no mesh", with(json!({ "meshes": [] })), "mesh 0"),
        ("beyond", beyond.to_string().into(), "accessors"),
        ("nothing", with(json!({ "scenes": [{ "nodes": [] }] })), "holds no objects"),
        ("cut", b"glTF\x02\0\0\0\xff\0\0\0\x08\0\0\0JSON{".to_vec(), "not whole"),
        ("no place", with(json!({})), "--origin"),
    ];
    for (what, bytes, wanted) in cases {
        let name = if bytes.starts_with(b"glTF") { "case.glb" } else { "case.gltf" };
        let (file, store) = (dir.path().join(name), dir.path().join("store"));
        std::fs::write(&file, bytes).unwrap();
        let more: &[&str] = if what == "no place" { &[] } else { &["--origin", HERE] };
        let (code, _, told) = import(&file, &store, more);
        assert!(code == Some(2) && told.contains(wanted) && told.contains("case.gl"), "{what}: {told}");
    }
}

#[test]
fn obj_objects_come_in_with_their_colours_and_concave_faces() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("院子.obj");
    std::fs::write(dir.path().join("院子.mtl"), "newmtl 红\nKd 1 0 0\nnewmtl glass\nKd 0 0.5 1\nd 0.25\n").unwrap();
    // An L of 4 by 4 less 3 by 3 in the plane y = 0, seen from above, then a square above it.
    let text = "# made by hand\nmtllib 院子.mtl\no 院墙\nv 0 0 0\nv 4 0 0\nv 4 0 -1\nv 1 0 -1\nv 1 0 -4\nv 0 0 -4\nusemtl 红\nf 1 2 3 4 5 6\n\
        v 0 2 0\nv 1 2 0\nv 1 2 -1\nv 0 2 -1\nusemtl glass\nf 7 8 9 10\no other\nusemtl 红\nf -4 -3 -2\n";
    std::fs::write(&file, text).unwrap();
    let (code, report, told) = import(&file, &dir.path().join("store"), &["--origin", HERE]);
    assert_eq!((code, &report["objects"]), (Some(0), &json!(2)), "{told}");
    let snapshot = Store::open(&dir.path().join("store")).unwrap().sites()[0].snapshot();
    let seen = boxes(&snapshot);
    assert!(close(seen["院墙"], [[0.0, 0.0, 0.0], [4.0, 4.0, 2.0]], 1e-4), "{seen:?}");
    let mesh = snapshot.geometry(snapshot.find("院墙").unwrap()).unwrap().mesh.clone().unwrap();
    let mut colours: Vec<_> = mesh.surfaces.iter().map(|s| s.colour.unwrap()).collect();
    colours.sort_unstable();
    assert_eq!(colours, [[0, 128, 255, 64], [255, 0, 0, 255]]);
    let area: f64 = mesh
        .triangles
        .iter()
        .map(|t| {
            let [a, b, c] = t.map(|i| mesh.point(i).unwrap());
            ((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2.0
        })
        .sum();
    assert!((area - 8.0).abs() < 1e-3, "7 of the concave one and 1 above, all facing up: {area}");
    // In the coordinates of a country z is up and millimetres stay.
    std::fs::write(&file, "v 465000.123 5247000.456 431.789\nv 465001.123 5247000.456 431.789\nv 465001.123 5247001.456 433.789\nf 1 2 3\n").unwrap();
    let (code, _, told) = import(&file, &dir.path().join("other"), &["--crs", "EPSG:32632"]);
    assert_eq!(code, Some(0), "{told}");
    let snapshot = Store::open(&dir.path().join("other")).unwrap().sites()[0].snapshot();
    let bounds = snapshot.asset(snapshot.find("院子").unwrap()).unwrap().bounds();
    assert!((bounds.min[2] - 431.789).abs() < 1e-6 && (bounds.max[2] - 433.789).abs() < 1e-6, "{bounds:?}");
    for (text, wanted) in [
        ("v 0 0 0\nv 1 0 0\nv x 0 0\nf 1 2 3\n", "no sound OBJ"),
        ("v 0 0 0\nv 1 0 0\nv 1 1 0\nf 1 2 9\n", "no sound OBJ"),
        ("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 2 2 2\n", "has no face"),
    ] {
        std::fs::write(&file, text).unwrap();
        let (code, _, told) = import(&file, &dir.path().join("third"), &["--origin", HERE]);
        assert!(code == Some(2) && told.contains(wanted), "{text}: {told}");
    }
    std::fs::write(&file, "mtllib ../../etc/passwd\nv 0 0 0\nv 1 0 0\nv 1 1 0\nf 1 2 3\n").unwrap();
    let (code, report, told) = import(&file, &dir.path().join("fourth"), &["--origin", HERE]);
    assert!(code == Some(0) && report.to_string().contains("own folder"), "{report} {told}");
}
