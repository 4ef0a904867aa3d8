//! An independent reader of GLB tiles: positions and normals through the `gltf` crate, feature ids and the property table
//! by EXT_mesh_features', EXT_instance_features' and EXT_structural_metadata's own words.

use gltf::accessor::DataType;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A tile as read: vertices in the tile's z-up frame, each with its feature, and the table's rows.
pub struct Tile {
    pub vertices: Vec<([f64; 3], usize)>,
    /// The colour of each feature's material, linear.
    pub tints: Vec<[f64; 3]>,
    pub triangles: usize,
    pub rows: Vec<BTreeMap<String, Value>>,
    pub json: Value,
    pub translation: [f64; 3],
    pub offsets: Vec<[f32; 3]>,
}

/// Reads `glb` and checks on the way what its extensions demand.
pub fn read(glb: &[u8]) -> Tile {
    assert_eq!(&glb[..4], b"glTF");
    assert_eq!(u32::from_le_bytes(glb[8..12].try_into().unwrap()) as usize, glb.len(), "the header's length");
    assert_eq!(glb.len() % 8, 0);
    let file = gltf::Gltf::from_slice_without_validation(glb).unwrap();
    let bin = file.blob.clone().unwrap();
    let text = u32::from_le_bytes(glb[12..16].try_into().unwrap()) as usize;
    let json: Value = serde_json::from_slice(&glb[20..20 + text]).unwrap();
    let used: BTreeSet<&str> = json["extensionsUsed"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    for required in json["extensionsRequired"].as_array().unwrap() {
        assert!(used.contains(required.as_str().unwrap()));
    }
    let rows = table(&json, &bin);
    let node = file.document.nodes().next().unwrap();
    let translation: Vec<f64> =
        json["nodes"][0]["translation"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let primitive = node.mesh().unwrap().primitives().next().unwrap();
    let reader = primitive.reader(|_| Some(&bin));
    let offsets: Vec<[f32; 3]> = reader.read_positions().unwrap().collect();
    let indices: Vec<u32> = reader.read_indices().unwrap().into_u32().collect();
    assert!(indices.iter().all(|i| (*i as usize) < offsets.len()) && indices.len().is_multiple_of(3));
    let positions = primitive.get(&gltf::Semantic::Positions).unwrap();
    for k in 0..3 {
        let values = offsets.iter().map(|p| p[k]);
        // serde_json reads a decimal to within one unit in the last place of f64, which f32 does not see.
        let limit = |v: &Value| v[k].as_f64().unwrap() as f32;
        assert_eq!(limit(&positions.min().unwrap()), values.clone().fold(f32::MAX, f32::min));
        assert_eq!(limit(&positions.max().unwrap()), values.fold(f32::MIN, f32::max));
    }
    let place = |p: [f32; 3], more: [f64; 3]| {
        let at: Vec<f64> = (0..3).map(|k| f64::from(p[k]) + more[k] + translation[k]).collect();
        [at[0], -at[2], at[1]]
    };
    let (mut vertices, mut tints) = (Vec::new(), vec![[0.0; 3]; rows.len()]);
    for (i, node) in json["nodes"].as_array().unwrap().iter().enumerate() {
        assert_eq!(node["translation"], json["nodes"][0]["translation"], "all nodes of a tile stand at its origin");
        assert_eq!(json["scenes"][0]["nodes"][i], i, "every node is in the scene");
        let own = &json["meshes"][node["mesh"].as_u64().unwrap() as usize]["primitives"][0];
        let material = &json["materials"][own["material"].as_u64().unwrap() as usize];
        let tint = [0, 1, 2].map(|k| material["pbrMetallicRoughness"]["baseColorFactor"][k].as_f64().unwrap());
        let before = vertices.len();
        let instancing = &node["extensions"]["EXT_mesh_gpu_instancing"]["attributes"];
        let set = if let Some(shift) = instancing["TRANSLATION"].as_u64() {
            let shifts = floats(&json, &bin, shift as usize);
            let numbers = floats(&json, &bin, instancing["_FEATURE_ID_0"].as_u64().unwrap() as usize);
            for (shift, number) in shifts.chunks(3).zip(&numbers) {
                let shift = [f64::from(shift[0]), f64::from(shift[1]), f64::from(shift[2])];
                vertices.extend(offsets.iter().map(|p| (place(*p, shift), *number as usize)));
            }
            &node["extensions"]["EXT_instance_features"]["featureIds"][0]
        } else {
            let numbers = primitive.get(&gltf::Semantic::Extras("FEATURE_ID_0".into())).expect("_FEATURE_ID_0");
            assert_eq!(numbers.data_type(), DataType::U16);
            let view = numbers.view().unwrap();
            let (start, stride) = (view.offset() + numbers.offset(), view.stride().unwrap_or(2));
            for (i, p) in offsets.iter().enumerate() {
                let at = start + i * stride;
                vertices.push((place(*p, [0.0; 3]), usize::from(u16::from_le_bytes([bin[at], bin[at + 1]]))));
            }
            &own["extensions"]["EXT_mesh_features"]["featureIds"][0]
        };
        let features: BTreeSet<usize> = vertices[before..].iter().map(|(_, f)| *f).collect();
        assert_eq!(set["featureCount"].as_u64().unwrap() as usize, features.len(), "featureCount");
        assert_eq!((set["attribute"].as_u64(), set["propertyTable"].as_u64()), (Some(0), Some(0)));
        features.into_iter().for_each(|f| tints[f] = tint);
    }
    let distinct: BTreeSet<usize> = vertices.iter().map(|(_, f)| *f).collect();
    assert!(distinct.iter().copied().eq(0..distinct.len()), "feature ids run from 0 without gaps");
    assert_eq!(rows.len(), distinct.len(), "one row for each feature");
    Tile {
        vertices,
        tints,
        triangles: indices.len() / 3,
        rows,
        translation: [translation[0], translation[1], translation[2]],
        offsets,
        json,
    }
}

fn floats(json: &Value, bin: &[u8], accessor: usize) -> Vec<f32> {
    let accessor = &json["accessors"][accessor];
    assert_eq!(accessor["componentType"], 5126);
    let width = if accessor["type"] == "VEC3" { 3 } else { 1 };
    let (start, _) = view(json, accessor["bufferView"].as_u64().unwrap() as usize);
    let count = accessor["count"].as_u64().unwrap() as usize * width;
    bin[start..start + 4 * count].chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

fn view(json: &Value, number: usize) -> (usize, usize) {
    let view = &json["bufferViews"][number];
    let (start, length) = (view["byteOffset"].as_u64().unwrap(), view["byteLength"].as_u64().unwrap());
    assert_eq!(start % 8, 0, "views start at multiples of 8");
    (start as usize, length as usize)
}

fn table(json: &Value, bin: &[u8]) -> Vec<BTreeMap<String, Value>> {
    let extension = &json["extensions"]["EXT_structural_metadata"];
    let tables = extension["propertyTables"].as_array().unwrap();
    assert_eq!(tables.len(), 1, "one property table");
    let class = &extension["schema"]["classes"][tables[0]["class"].as_str().unwrap()]["properties"];
    let count = tables[0]["count"].as_u64().unwrap() as usize;
    let mut rows = vec![BTreeMap::new(); count];
    for name in class.as_object().unwrap().keys() {
        let ok = |c: char| c.is_ascii_alphanumeric() || c == '_';
        assert!(name.chars().all(ok) && !name.starts_with(|c: char| c.is_ascii_digit()), "{name}");
    }
    for (name, column) in tables[0]["properties"].as_object().unwrap() {
        let property = &class[name];
        let (start, length) = view(json, column["values"].as_u64().unwrap() as usize);
        let values = &bin[start..start + length];
        let offsets = column["stringOffsets"].as_u64().map(|v| {
            let (start, length) = view(json, v as usize);
            assert_eq!(length, 4 * (count + 1), "count + 1 offsets");
            let read = |b: &[u8]| u32::from_le_bytes(b.try_into().unwrap()) as usize;
            bin[start..start + length].chunks(4).map(read).collect::<Vec<_>>()
        });
        for (i, row) in rows.iter_mut().enumerate() {
            let value = match (property["type"].as_str().unwrap(), property["componentType"].as_str()) {
                ("STRING", None) => {
                    let offsets = offsets.as_ref().unwrap();
                    Value::from(std::str::from_utf8(&values[offsets[i]..offsets[i + 1]]).unwrap())
                }
                ("SCALAR", Some("INT32")) => i32::from_le_bytes(values[4 * i..4 * i + 4].try_into().unwrap()).into(),
                ("SCALAR", Some("FLOAT64")) => f64::from_le_bytes(values[8 * i..8 * i + 8].try_into().unwrap()).into(),
                ("SCALAR", Some("UINT8")) => values[i].into(),
                other => unreachable!("{name}: {other:?}"),
            };
            if property.get("noData") != Some(&value) {
                let own = property["name"].as_str().unwrap_or(name);
                row.insert(if property["name"].is_null() { name.clone() } else { format!("@{own}") }, value);
            }
        }
    }
    rows
}
