//! An independent reader of GLB tiles: by the words of glTF 2.0, KHR_mesh_quantization, EXT_mesh_gpu_instancing, EXT_mesh_features,
//! EXT_instance_features, EXT_structural_metadata and EXT_meshopt_compression.

use super::table;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A tile as read: vertices in the tile's z-up frame, each with its feature, and the table's rows.
pub struct Tile {
    pub vertices: Vec<([f64; 3], usize)>,
    /// The corners of each triangle that is drawn, by their place in `vertices`.
    pub corners: Vec<[usize; 3]>,
    /// The colour of each feature's material, linear.
    pub tints: Vec<[f64; 3]>,
    /// Triangles that are stored; instances draw one several times.
    pub triangles: usize,
    /// The greatest step between stored positions, metres.
    pub step: f64,
    pub rows: Vec<BTreeMap<String, Value>>,
    pub json: Value,
}

/// Reads `glb` and checks on the way what its extensions demand.
pub fn read(glb: &[u8]) -> Tile {
    assert_eq!(&glb[..4], b"glTF");
    assert_eq!(u32::from_le_bytes(glb[8..12].try_into().unwrap()) as usize, glb.len(), "the header's length");
    assert_eq!(glb.len() % 8, 0);
    let text = u32::from_le_bytes(glb[12..16].try_into().unwrap()) as usize;
    let json: Value = serde_json::from_slice(&glb[20..20 + text]).unwrap();
    let file = File { buffers: buffers(&json, &glb[28 + text..]), json };
    let names = |list: &str| -> BTreeSet<String> {
        file.json[list].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    assert!(names("extensionsRequired").is_subset(&names("extensionsUsed")));
    let rows = table::rows(&file);
    let nodes = file.json["nodes"].as_array().unwrap();
    assert!(file.json["scenes"][0]["nodes"].as_array().unwrap().iter().map(number).eq(0..nodes.len()));
    let mut tile = Tile {
        vertices: Vec::new(),
        corners: Vec::new(),
        tints: vec![[0.0; 3]; rows.len()],
        triangles: 0,
        step: 0.0,
        rows,
        json: Value::Null,
    };
    let mut runs = BTreeSet::new();
    let mut used = BTreeSet::new();
    for node in nodes {
        used.extend(file.draw(node, &mut tile, &mut runs));
    }
    used.insert("EXT_structural_metadata".to_owned());
    used.insert("KHR_mesh_quantization".to_owned());
    if file.buffers.len() > 1 {
        used.insert("EXT_meshopt_compression".to_owned());
    }
    for texture in file.json["textures"].as_array().into_iter().flatten() {
        used.extend(texture["extensions"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
    }
    assert_eq!(used, names("extensionsUsed"), "what is said to be used is used");
    let distinct: BTreeSet<usize> = tile.vertices.iter().map(|(_, f)| *f).collect();
    assert!(distinct.iter().copied().eq(0..distinct.len()), "feature ids run from 0 without gaps");
    assert_eq!(tile.rows.len(), distinct.len(), "one row for each feature");
    tile.json = file.json;
    tile
}

pub fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

/// The document and its buffers, those that are compressed unpacked.
pub struct File {
    pub json: Value,
    buffers: Vec<Vec<u8>>,
}

fn buffers(json: &Value, bin: &[u8]) -> Vec<Vec<u8>> {
    let declared = json["buffers"].as_array().unwrap();
    let mut buffers: Vec<Vec<u8>> = declared.iter().map(|b| vec![0; number(&b["byteLength"])]).collect();
    buffers[0].copy_from_slice(bin);
    assert!(declared[1..].iter().all(|b| b["extensions"]["EXT_meshopt_compression"]["fallback"] == true));
    for view in json["bufferViews"].as_array().unwrap() {
        let Some(own) = view["extensions"].get("EXT_meshopt_compression") else { continue };
        let (start, length) = (number(&own["byteOffset"]), number(&own["byteLength"]));
        let (stride, count) = (number(&own["byteStride"]), number(&own["count"]));
        let packed = &bin[start..start + length];
        assert_eq!(number(&view["byteLength"]), stride * count);
        let raw = match (own["mode"].as_str().unwrap(), stride) {
            ("ATTRIBUTES", 4) => meshopt::decode_vertex_buffer::<[u8; 4]>(packed, count).unwrap().concat(),
            ("ATTRIBUTES", 8) => meshopt::decode_vertex_buffer::<[u8; 8]>(packed, count).unwrap().concat(),
            ("ATTRIBUTES", 12) => meshopt::decode_vertex_buffer::<[u8; 12]>(packed, count).unwrap().concat(),
            ("TRIANGLES", 2) => {
                let all = meshopt::decode_index_buffer::<u16>(packed, count).unwrap();
                all.into_iter().flat_map(u16::to_le_bytes).collect()
            }
            ("TRIANGLES", 4) => {
                let all = meshopt::decode_index_buffer::<u32>(packed, count).unwrap();
                all.into_iter().flat_map(u32::to_le_bytes).collect()
            }
            other => unreachable!("{other:?}"),
        };
        // The headers that the extension knows: version 0 of vertices, 1 of triangles.
        assert_eq!(packed[0], if own["mode"] == "TRIANGLES" { 0xe1 } else { 0xa0 });
        let (buffer, at) = (number(&view["buffer"]), number(&view["byteOffset"]));
        assert_eq!(buffer, 1);
        buffers[buffer][at..at + raw.len()].copy_from_slice(&raw);
    }
    buffers
}

impl File {
    /// The bytes of a view.
    pub fn view(&self, number: usize) -> &[u8] {
        let view = &self.json["bufferViews"][number];
        let (start, length) = (self::number(&view["byteOffset"]), self::number(&view["byteLength"]));
        assert_eq!(start % 8, 0, "views start at multiples of 8");
        &self.buffers[self::number(&view["buffer"])][start..start + length]
    }
    /// The stored numbers of an accessor, a row for each element, not normalised.
    fn stored(&self, accessor: &Value) -> Vec<Vec<f64>> {
        let accessor = &self.json["accessors"][number(accessor)];
        let width = match accessor["type"].as_str().unwrap() {
            "SCALAR" => 1,
            "VEC2" => 2,
            "VEC3" => 3,
            "VEC4" => 4,
            other => unreachable!("{other}"),
        };
        let component = number(&accessor["componentType"]);
        let size = match component {
            5120 | 5121 => 1,
            5122 | 5123 => 2,
            5125 | 5126 => 4,
            other => unreachable!("{other}"),
        };
        let view = number(&accessor["bufferView"]);
        let stride = self.json["bufferViews"][view]["byteStride"].as_u64().map_or(size * width, |s| s as usize);
        let offset = accessor["byteOffset"].as_u64().unwrap_or(0) as usize;
        assert!(offset.is_multiple_of(size) && (stride == size * width || offset.is_multiple_of(4)));
        let bytes = self.view(view);
        let one = |at: usize| {
            let b = &bytes[at..at + size];
            match component {
                5120 => f64::from(b[0] as i8),
                5121 => f64::from(b[0]),
                5122 => f64::from(i16::from_le_bytes(b.try_into().unwrap())),
                5123 => f64::from(u16::from_le_bytes(b.try_into().unwrap())),
                5125 => f64::from(u32::from_le_bytes(b.try_into().unwrap())),
                _ => f64::from(f32::from_le_bytes(b.try_into().unwrap())),
            }
        };
        let rows: Vec<Vec<f64>> = (0..number(&accessor["count"]))
            .map(|i| (0..width).map(|k| one(offset + i * stride + k * size)).collect())
            .collect();
        if let Some(min) = accessor["min"].as_array() {
            for k in 0..width {
                let values = rows.iter().map(|row| row[k]);
                assert_eq!(min[k].as_f64().unwrap() as f32 as f64, values.clone().fold(f64::MAX, f64::min));
                assert_eq!(accessor["max"][k].as_f64().unwrap() as f32 as f64, values.fold(f64::MIN, f64::max));
            }
        }
        rows
    }
    /// Adds what a node draws; gives the extensions that it uses. Triangles of a mesh met before, in `runs`, are not counted again.
    fn draw(&self, node: &Value, tile: &mut Tile, runs: &mut BTreeSet<usize>) -> Vec<String> {
        let own = &self.json["meshes"][number(&node["mesh"])]["primitives"][0];
        let material = &self.json["materials"][number(&own["material"])];
        let tint = [0, 1, 2].map(|k| material["pbrMetallicRoughness"]["baseColorFactor"][k].as_f64().unwrap());
        let positions = self.stored(&own["attributes"]["POSITION"]);
        assert!(self.json["accessors"][number(&own["attributes"]["POSITION"])]["min"].is_array());
        for normal in self.stored(&own["attributes"]["NORMAL"]) {
            let length = normal.iter().map(|v| (v / 127.0).powi(2)).sum::<f64>().sqrt();
            assert!((length - 1.0).abs() < 0.02, "{length}");
        }
        assert_eq!(self.stored(&own["attributes"]["COLOR_0"]).len(), positions.len());
        let shows = material["pbrMetallicRoughness"]["baseColorTexture"].is_object();
        assert_eq!(own["attributes"].get("TEXCOORD_0").map(|a| self.stored(a).len()), shows.then_some(positions.len()));
        let indices: Vec<usize> = self.stored(&own["indices"]).iter().map(|i| i[0] as usize).collect();
        assert!(indices.iter().all(|i| *i < positions.len()) && indices.len().is_multiple_of(3));
        if runs.insert(number(&own["indices"])) {
            tile.triangles += indices.len() / 3;
        }
        let three = |v: &Value| [0, 1, 2].map(|k| v[k].as_f64().unwrap());
        let (translation, scale) = (three(&node["translation"]), three(&node["scale"]));
        assert!(scale[0] == scale[1] && scale[1] == scale[2], "one scale, which turns no normal");
        let place = |p: [f64; 3]| {
            let p: [f64; 3] = std::array::from_fn(|k| p[k] * scale[k] + translation[k]);
            [p[0], -p[2], p[1]]
        };
        let instancing = &node["extensions"]["EXT_mesh_gpu_instancing"]["attributes"];
        let before = tile.vertices.len();
        let mut add = |rotation: &[f64], shift: &[f64], of: &dyn Fn(usize) -> usize| {
            let base = tile.vertices.len();
            for (i, p) in positions.iter().enumerate() {
                let turned = turn(rotation, [p[0], p[1], p[2]]);
                let moved = std::array::from_fn(|k| turned[k] + shift[k]);
                tile.vertices.push((place(moved), of(i)));
            }
            tile.corners.extend(indices.chunks(3).map(|c| [c[0] + base, c[1] + base, c[2] + base]));
        };
        let still = [0.0, 0.0, 0.0, 1.0];
        let (set, used) = if let Some(shifts) = instancing.get("TRANSLATION") {
            assert!(own["extensions"].is_null());
            let shifts = self.stored(shifts);
            let numbers = self.stored(&instancing["_FEATURE_ID_0"]);
            let rotations = instancing.get("ROTATION").map(|rotations| self.stored(rotations));
            assert_eq!(numbers.len(), shifts.len());
            for (i, (shift, number)) in shifts.iter().zip(&numbers).enumerate() {
                let rotation = rotations.as_ref().map_or(&still[..], |all| &all[i]);
                add(rotation, shift, &|_| number[0] as usize);
            }
            let used = ["EXT_mesh_gpu_instancing", "EXT_instance_features"].map(str::to_owned).to_vec();
            (&node["extensions"]["EXT_instance_features"]["featureIds"][0], used)
        } else {
            tile.step = tile.step.max(scale[0]);
            let numbers = self.stored(&own["attributes"]["_FEATURE_ID_0"]);
            let accessor = &self.json["accessors"][number(&own["attributes"]["_FEATURE_ID_0"])];
            assert_eq!(accessor["componentType"], 5123);
            add(&still, &[0.0; 3], &|i| numbers[i][0] as usize);
            (&own["extensions"]["EXT_mesh_features"]["featureIds"][0], vec!["EXT_mesh_features".to_owned()])
        };
        let features: BTreeSet<usize> = tile.vertices[before..].iter().map(|(_, f)| *f).collect();
        assert_eq!(number(&set["featureCount"]), features.len(), "featureCount");
        assert_eq!((set["attribute"].as_u64(), set["propertyTable"].as_u64()), (Some(0), Some(0)));
        features.into_iter().for_each(|f| tile.tints[f] = tint);
        used
    }
}

/// `p` turned by a unit quaternion (x, y, z, w): p + 2 w (q × p) + 2 q × (q × p).
fn turn(q: &[f64], p: [f64; 3]) -> [f64; 3] {
    assert!((q.iter().map(|v| v * v).sum::<f64>() - 1.0).abs() < 1e-6, "a unit quaternion");
    let cross =
        |a: &[f64], b: [f64; 3]| [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let once = cross(q, p);
    let twice = cross(q, once);
    std::array::from_fn(|k| p[k] + 2.0 * (q[3] * once[k] + twice[k]))
}
