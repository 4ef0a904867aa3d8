//! A sound tileset made by hand, with everything in it that the checker has a rule for, to be broken one thing at a time.

use cimbra::crs::SiteFrame;
use cimbra::units::Geodetic;
use meshopt::{encode_index_buffer, encode_vertex_buffer_level};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

pub const AT: Geodetic = Geodetic::new(118.78, 32.04, 12.0);

/// A file before it is bytes.
#[derive(Clone)]
pub enum File {
    Json(Value),
    Glb(Value, Vec<u8>),
    Subtree(Value, Vec<u8>),
    Raw(Vec<u8>),
}

/// The files of a tileset by name.
#[derive(Clone)]
pub struct Files(pub BTreeMap<String, File>);

fn le(n: usize, size: usize) -> Vec<u8> {
    n.to_le_bytes()[..size].to_vec()
}

impl File {
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Json(json) => json.to_string().into_bytes(),
            Self::Raw(bytes) => bytes.clone(),
            Self::Glb(json, bin) => {
                let mut text = json.to_string().into_bytes();
                text.resize((28 + text.len()).next_multiple_of(8) - 28, b' ');
                let parts = [
                    b"glTF".to_vec(),
                    le(2, 4),
                    le(28 + text.len() + bin.len(), 4),
                    le(text.len(), 4),
                    b"JSON".to_vec(),
                    text,
                    le(bin.len(), 4),
                    b"BIN\0".to_vec(),
                    bin.clone(),
                ];
                parts.concat()
            }
            Self::Subtree(json, bin) => {
                let mut text = json.to_string().into_bytes();
                text.resize(text.len().next_multiple_of(8), b' ');
                [b"subt".to_vec(), le(1, 4), le(text.len(), 8), le(bin.len(), 8), text, bin.clone()].concat()
            }
        }
    }
}

impl Files {
    /// The JSON of a file.
    pub fn json(&mut self, name: &str) -> &mut Value {
        match self.0.get_mut(name).unwrap() {
            File::Json(json) | File::Glb(json, _) | File::Subtree(json, _) => json,
            File::Raw(_) => unreachable!("{name} has no JSON"),
        }
    }
    /// The binary of a file.
    pub fn bin(&mut self, name: &str) -> &mut Vec<u8> {
        match self.0.get_mut(name).unwrap() {
            File::Glb(_, bin) | File::Subtree(_, bin) => bin,
            _ => unreachable!("{name} has no binary"),
        }
    }
    /// The bytes of a view of a file's binary.
    pub fn view(&mut self, name: &str, view: usize) -> &mut [u8] {
        let own = &self.json(name)["bufferViews"][view];
        let [from, length] = ["byteOffset", "byteLength"].map(|m| own[m].as_u64().unwrap() as usize);
        &mut self.bin(name)[from..from + length]
    }
    /// Puts a value where a pointer says; nothing takes the member out.
    pub fn set(&mut self, name: &str, pointer: &str, value: Option<Value>) {
        let (above, last) = pointer.rsplit_once('/').unwrap();
        match (self.json(name).pointer_mut(above).unwrap(), value) {
            (Value::Array(list), Some(value)) => list[last.parse::<usize>().unwrap()] = value,
            (Value::Object(object), Some(value)) => drop(object.insert(last.to_owned(), value)),
            (Value::Object(object), None) => assert!(object.remove(last).is_some(), "{pointer}"),
            _ => unreachable!("{pointer}"),
        }
    }
    /// Changes a file's bytes as they are written.
    pub fn raw(&mut self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.0[name].bytes();
        change(&mut bytes);
        self.0.insert(name.to_owned(), File::Raw(bytes));
    }
    pub fn write(&self, folder: &Path) {
        for (name, file) in &self.0 {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file.bytes()).unwrap();
        }
    }
}

/// A binary under construction: views at multiples of 8.
#[derive(Default)]
pub struct Bin {
    pub bytes: Vec<u8>,
    pub views: Vec<Value>,
}

impl Bin {
    fn put(&mut self, bytes: &[u8]) -> usize {
        let from = self.bytes.len();
        self.bytes.extend(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        from
    }
    pub fn view(&mut self, bytes: &[u8], stride: Option<usize>) -> usize {
        let from = self.put(bytes);
        let mut view = json!({ "buffer": 0, "byteOffset": from, "byteLength": bytes.len() });
        if let Some(stride) = stride {
            view["byteStride"] = stride.into();
        }
        self.views.push(view);
        self.views.len() - 1
    }
}

fn f32s(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

fn u16s(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

fn u32s(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// The twelve triangles of a cube whose corners count in binary.
pub const CUBE: [u32; 36] =
    [0, 2, 3, 0, 3, 1, 4, 5, 7, 4, 7, 6, 0, 1, 5, 0, 5, 4, 2, 6, 7, 2, 7, 3, 0, 4, 6, 0, 6, 2, 1, 3, 7, 1, 7, 5];

fn corner(k: u16) -> [u16; 3] {
    [k & 1, k >> 1 & 1, k >> 2 & 1]
}

/// A cube of 2 m of two features, with every kind of column.
fn featured() -> File {
    let mut bin = Bin::default();
    let corners: Vec<f32> = (0..8).flat_map(|k| corner(k).map(|c| f32::from(c) * 2.0)).collect();
    bin.view(&f32s(&corners), Some(12));
    bin.view(&u16s(&(0..8).flat_map(|k| [k / 4, 0]).collect::<Vec<_>>()), Some(4));
    bin.view(&u16s(&CUBE.map(|n| n as u16)), None);
    bin.view("楼b".as_bytes(), None);
    bin.view(&u32s(&[0, 3, 4]), None);
    bin.view(&[2, 0], None);
    bin.view(&[0b10], None);
    bin.view(&[9.5_f64.to_le_bytes(), (-1.0_f64).to_le_bytes()].concat(), None);
    bin.view(&[7, 8, 9], None);
    bin.view(&[0, 1, 3], None);
    bin.view(&u16s(&(0..8).flat_map(|k| [corner(k)[0] * 65_535, corner(k)[2] * 65_535]).collect::<Vec<_>>()), Some(4));
    // What a PNG begins as; nobody looks at its pixels.
    bin.view(b"\x89PNG\r\n\x1a\n........", None);
    let schema = json!({ "id": "s", "enums": { "kind": { "valueType": "UINT8", "values": [
            { "name": "wall", "value": 0 }, { "name": "roof", "value": 2 }] } },
        "classes": { "thing": { "properties": {
            "id": { "type": "STRING", "required": true },
            "kind": { "type": "ENUM", "enumType": "kind" },
            "open": { "type": "BOOLEAN" },
            "height": { "type": "SCALAR", "componentType": "FLOAT64", "noData": -1.0, "max": 10.0 },
            "codes": { "type": "SCALAR", "componentType": "UINT8", "array": true } } } } });
    let table = json!({ "class": "thing", "count": 2, "properties": {
        "id": { "values": 3, "stringOffsets": 4 }, "kind": { "values": 5 }, "open": { "values": 6 },
        "height": { "values": 7, "min": 9.5, "max": 9.5 },
        "codes": { "values": 8, "arrayOffsets": 9, "arrayOffsetType": "UINT8" } } });
    let json = json!({ "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0, "rotation": [0.0, 0.0, 0.0, 1.0] }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0, "_FEATURE_ID_0": 1, "TEXCOORD_0": 3 }, "indices": 2, "material": 0, "mode": 4,
            "extensions": { "EXT_mesh_features": { "featureIds": [{ "attribute": 0, "featureCount": 2, "propertyTable": 0 }] } } }] }],
        "materials": [{ "pbrMetallicRoughness": { "baseColorTexture": { "index": 0 } } }],
        "textures": [{ "source": 0 }], "images": [{ "bufferView": 11, "mimeType": "image/png" }],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3", "min": [0.0, 0.0, 0.0], "max": [2.0, 2.0, 2.0] },
            { "bufferView": 1, "componentType": 5123, "count": 8, "type": "SCALAR" },
            { "bufferView": 2, "componentType": 5123, "count": 36, "type": "SCALAR" },
            { "bufferView": 10, "componentType": 5123, "normalized": true, "count": 8, "type": "VEC2" }],
        "bufferViews": bin.views, "buffers": [{ "byteLength": bin.bytes.len() }],
        "extensionsUsed": ["EXT_mesh_features", "EXT_structural_metadata"],
        "extensions": { "EXT_structural_metadata": { "schema": schema, "propertyTables": [table] } } });
    File::Glb(json, bin.bytes)
}

/// Three instances of a quantised cube of 2 m, packed by meshoptimizer.
fn packed() -> File {
    let rows: Vec<[u16; 4]> = (0..8).map(|k| corner(k).map(|c| c * 100)).map(|[x, y, z]| [x, y, z, 0]).collect();
    let (vertices, indices) =
        (encode_vertex_buffer_level(&rows, 2, Some(0)).unwrap(), encode_index_buffer(&CUBE, 8).unwrap());
    let mut bin = Bin::default();
    let packed = |from: usize, length: usize, stride: usize, count: usize, mode: &str, at: usize| {
        json!({ "buffer": 1, "byteOffset": at, "byteLength": stride * count, "extensions": { "EXT_meshopt_compression": {
            "buffer": 0, "byteOffset": from, "byteLength": length, "byteStride": stride, "count": count, "mode": mode } } })
    };
    let (a, b) = (bin.put(&vertices), bin.put(&indices));
    let mut attributes = packed(a, vertices.len(), 8, 8, "ATTRIBUTES", 0);
    attributes["byteStride"] = 8.into();
    bin.views = vec![attributes, packed(b, indices.len(), 2, 36, "TRIANGLES", 64)];
    // In the node's own units of 2 cm.
    bin.view(&f32s(&[0.0, 0.0, 0.0, 200.0, 0.0, 0.0, 400.0, 0.0, 0.0]), None);
    bin.view(&u16s(&[0, 1, 2]), None);
    bin.view(b"d0d1d2", None);
    bin.view(&u32s(&[0, 2, 4, 6]), None);
    bin.view(&f32s(&[0.0, 0.0, 0.0, 1.0].repeat(3)), None);
    let json = json!({ "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0, "scale": [0.02, 0.02, 0.02], "extensions": {
            "EXT_mesh_gpu_instancing": { "attributes": { "TRANSLATION": 2, "ROTATION": 4, "_FEATURE_ID_0": 3 } },
            "EXT_instance_features": { "featureIds": [{ "attribute": 0, "featureCount": 3, "propertyTable": 0 }] } } }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "indices": 1 }] }],
        "accessors": [
            { "bufferView": 0, "componentType": 5123, "count": 8, "type": "VEC3", "min": [0, 0, 0], "max": [100, 100, 100] },
            { "bufferView": 1, "componentType": 5123, "count": 36, "type": "SCALAR" },
            { "bufferView": 2, "componentType": 5126, "count": 3, "type": "VEC3" },
            { "bufferView": 3, "componentType": 5123, "count": 3, "type": "SCALAR" },
            { "bufferView": 6, "componentType": 5126, "count": 3, "type": "VEC4" }],
        "bufferViews": bin.views,
        "buffers": [{ "byteLength": bin.bytes.len() },
            { "byteLength": 136, "extensions": { "EXT_meshopt_compression": { "fallback": true } } }],
        "extensionsUsed": ["EXT_meshopt_compression", "KHR_mesh_quantization", "EXT_mesh_gpu_instancing", "EXT_instance_features",
            "EXT_structural_metadata"],
        "extensionsRequired": ["EXT_meshopt_compression", "KHR_mesh_quantization", "EXT_mesh_gpu_instancing"],
        "extensions": { "EXT_structural_metadata": {
            "schema": { "id": "s", "classes": { "thing": { "properties": { "id": { "type": "STRING" } } } } },
            "propertyTables": [{ "class": "thing", "count": 3, "properties": { "id": { "values": 4, "stringOffsets": 5 } } }] } } });
    File::Glb(json, bin.bytes)
}

/// One triangle whose first corner is at x, y, z of the tile.
pub fn triangle([x, y, z]: [f64; 3]) -> File {
    let mut bin = Bin::default();
    bin.view(&f32s(&[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]), Some(12));
    let json = json!({ "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0, "translation": [x, z, -y] }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 } }] }],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0.0, 0.0, 0.0], "max": [1.0, 1.0, 0.0] }],
        "bufferViews": bin.views, "buffers": [{ "byteLength": bin.bytes.len() }] });
    File::Glb(json, bin.bytes)
}

fn subtree(tiles: u8, contents: u8, children: Option<u16>) -> File {
    let count = |bits: u16| bits.count_ones();
    let mut bin = vec![tiles, 0, 0, 0, 0, 0, 0, 0, contents, 0, 0, 0, 0, 0, 0, 0];
    let mut views = vec![
        json!({ "buffer": 0, "byteOffset": 0, "byteLength": 1 }),
        json!({ "buffer": 0, "byteOffset": 8, "byteLength": 1 }),
    ];
    let below = match children {
        Some(bits) => {
            bin.extend(bits.to_le_bytes());
            views.push(json!({ "buffer": 0, "byteOffset": 16, "byteLength": 2 }));
            json!({ "bitstream": 2, "availableCount": count(bits) })
        }
        None => json!({ "constant": 0, "availableCount": 0 }),
    };
    let length = bin.len();
    bin.resize(bin.len().next_multiple_of(8), 0);
    let json = json!({ "buffers": [{ "byteLength": length }], "bufferViews": views,
        "tileAvailability": { "bitstream": 0, "availableCount": count(tiles.into()) },
        "contentAvailability": [{ "bitstream": 1, "availableCount": count(contents.into()) }],
        "childSubtreeAvailability": below });
    File::Subtree(json, bin)
}

/// A box of half axes of `h` metres around a point.
pub fn cuboid([x, y, z]: [f64; 3], h: f64) -> Value {
    json!({ "box": [x, y, z, h, 0.0, 0.0, 0.0, h, 0.0, 0.0, 0.0, h] })
}

/// The whole: explicit tiles, an external tileset, an implicit quadtree of two subtrees, a region, a content of 3D Tiles 1.0.
pub fn sound() -> Files {
    let (lon, lat) = (AT.lon.to_radians(), AT.lat.to_radians());
    let region = json!({ "region": [lon - 5e-6, lat - 5e-6, lon + 5e-6, lat + 5e-6, AT.h - 20.0, AT.h + 20.0] });
    let around = json!({ "region": [lon - 1e-5, lat - 1e-5, lon + 1e-5, lat + 1e-5, AT.h - 30.0, AT.h + 30.0] });
    let tileset = json!({ "asset": { "version": "1.1" }, "geometricError": 500, "root": {
        "transform": SiteFrame::new(AT).enu_to_ecef(), "boundingVolume": cuboid([0.0; 3], 20.0), "geometricError": 100,
        "refine": "REPLACE", "content": { "uri": "a.glb", "boundingVolume": cuboid([1.0, -1.0, 1.0], 1.0) },
        "children": [
            { "boundingVolume": cuboid([0.0; 3], 15.0), "geometricError": 0, "content": { "uri": "b.glb?v=1" },
                "viewerRequestVolume": { "sphere": [0.0, 0.0, 0.0, 500.0] } },
            { "boundingVolume": { "sphere": [0.0, 0.0, 0.0, 18.0] }, "geometricError": 9, "content": { "uri": "e/tileset.json" } },
            { "boundingVolume": cuboid([0.0; 3], 8.0), "geometricError": 8, "content": { "uri": "i/{level}.{x}.{y}.glb" },
                "implicitTiling": { "subdivisionScheme": "QUADTREE", "subtreeLevels": 2, "availableLevels": 3,
                    "subtrees": { "uri": "s/{level}.{x}.{y}.subtree" } } },
            { "boundingVolume": around, "geometricError": 4, "refine": "ADD", "contents": [{ "uri": "r.glb", "boundingVolume": region }],
                "children": [{ "boundingVolume": cuboid([0.0; 3], 3.0), "geometricError": 0, "content": { "uri": "old.b3dm" } }] }] } });
    let external = json!({ "asset": { "version": "1.0" }, "geometricError": 7, "root": {
        "boundingVolume": cuboid([0.0; 3], 9.0), "geometricError": 6, "refine": "ADD", "content": { "url": "../r.glb" },
        "transform": [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 2.0, 0.0, 0.0, 1.0],
        "children": [{ "boundingVolume": cuboid([0.0; 3], 5.0), "geometricError": 0, "content": { "uri": "in.gltf" } }] } });
    let old = [b"b3dm".to_vec(), le(1, 4), le(32, 4), vec![0; 16], b"glTF".to_vec()].concat();
    let mut inner = crate::support::gltf::cube(json!([{ "mesh": 0 }]), json!({}));
    (inner["accessors"][0]["min"], inner["accessors"][0]["max"]) = (json!([0, 0, 0]), json!([1, 1, 1]));
    inner["bufferViews"][0]["byteStride"] = 12.into();
    let files = [
        ("tileset.json", File::Json(tileset)),
        ("a.glb", featured()),
        ("b.glb", packed()),
        ("r.glb", triangle([0.0, 0.0, 0.0])),
        ("e/tileset.json", File::Json(external)),
        ("e/in.gltf", File::Json(inner)),
        ("s/0.0.0.subtree", subtree(0b10011, 0b10010, Some(1 << 12))),
        ("s/2.2.2.subtree", subtree(0b1, 0b1, None)),
        ("i/1.0.0.glb", triangle([-4.0, -4.0, 0.0])),
        ("i/1.1.1.glb", triangle([5.0, 6.0, -7.0])),
        ("i/2.2.2.glb", triangle([2.0, 3.0, 1.0])),
        ("old.b3dm", File::Raw(old)),
    ];
    Files(files.into_iter().map(|(name, file)| (name.to_owned(), file)).collect())
}
