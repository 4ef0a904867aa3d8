//! glTF models made by hand: a cube, its numbers in a data URI.

use serde_json::{Value, json};

/// Base64 of RFC 4648, for data URIs.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let held = chunk.iter().fold(0_u32, |held, b| held << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for k in 0..4 {
            out.push(if k <= chunk.len() { char::from(DIGITS[(held >> (18 - 6 * k)) as usize & 63]) } else { '=' });
        }
    }
    out
}

/// Bytes under construction, with the views into them.
#[derive(Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
}

impl Buffer {
    /// Adds a view; gives its number.
    pub fn view(&mut self, bytes: &[u8]) -> usize {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        self.views.push(json!({ "buffer": 0, "byteOffset": self.bytes.len(), "byteLength": bytes.len() }));
        self.bytes.extend(bytes);
        self.views.len() - 1
    }
    /// Adds an accessor of `f32`; gives its number.
    pub fn floats(&mut self, kind: &str, numbers: &[f32]) -> usize {
        let width = match kind {
            "VEC2" => 2,
            "VEC3" => 3,
            "VEC4" => 4,
            _ => 1,
        };
        let view = self.view(&numbers.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>());
        self.accessors
            .push(json!({ "bufferView": view, "componentType": 5126, "count": numbers.len() / width, "type": kind }));
        self.accessors.len() - 1
    }
    /// Adds an accessor of `u16`; gives its number.
    pub fn shorts(&mut self, numbers: &[u16]) -> usize {
        let view = self.view(&numbers.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>());
        self.accessors
            .push(json!({ "bufferView": view, "componentType": 5123, "count": numbers.len(), "type": "SCALAR" }));
        self.accessors.len() - 1
    }
    /// The corners and the triangles of the cube from 0 to 1: accessors of its positions and indices.
    pub fn cube(&mut self) -> (usize, usize) {
        let corners: Vec<f32> = (0..8_u8).flat_map(|k| [k & 1, k >> 1 & 1, k >> 2 & 1].map(f32::from)).collect();
        let sides = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        let triangles: Vec<u16> = sides.iter().flat_map(|[a, b, c, d]| [*a, *b, *c, *a, *c, *d]).collect();
        (self.floats("VEC3", &corners), self.shorts(&triangles))
    }
    /// The model with these other members.
    pub fn model(self, more: Value) -> Value {
        let mut model = json!({
            "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [0] }],
            "buffers": [{ "byteLength": self.bytes.len(),
                "uri": format!("data:application/octet-stream;base64,{}", base64(&self.bytes)) }],
            "bufferViews": self.views, "accessors": self.accessors,
        });
        for (name, value) in more.as_object().unwrap() {
            model[name] = value.clone();
        }
        model
    }
}

/// A model of one cube with these nodes and members; mesh 0 is the cube.
pub fn cube(nodes: Value, more: Value) -> Value {
    let mut buffer = Buffer::default();
    let (corners, triangles) = buffer.cube();
    let roots: Vec<usize> = (0..nodes.as_array().unwrap().len()).collect();
    let primitive = json!({ "attributes": { "POSITION": corners }, "indices": triangles, "material": 0 });
    let mut model = buffer.model(json!({
        "nodes": nodes, "scenes": [{ "nodes": roots }], "meshes": [{ "primitives": [primitive] }],
        "materials": [{ "pbrMetallicRoughness": { "baseColorFactor": [1.0, 0.5, 0.0, 1.0] } }],
    }));
    for (name, value) in more.as_object().unwrap() {
        model[name] = value.clone();
    }
    model
}
