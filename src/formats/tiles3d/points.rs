//! Points as the content of a tile (3D Tiles 1.1, glTF 2.0 in POINTS mode), written.

use crate::fault::Result;
use crate::formats::glb;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// GL's numbers for what bytes hold (glTF 2.0 §5.1.3).
const UNSIGNED_BYTE: u32 = 5121;
const UNSIGNED_SHORT: u32 = 5123;
const FLOAT: u32 = 5126;

/// One point as a tile has it, 32 bytes.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Vertex {
    position: [f32; 3],
    colour: [u16; 4],
    class: [u8; 4],
    intensity: [u16; 2],
    returns: [u8; 4],
}

/// sRGB of 8 bits as linear light of 16: no two of them become one.
static LINEAR: LazyLock<[u16; 256]> = LazyLock::new(|| {
    let linear = |c: f64| if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 65,535")]
    let level = |n: u32| (linear(f64::from(n) / 255.0) * 65_535.0).round() as u16;
    let mut levels = [0; 256];
    levels.iter_mut().zip(0..).for_each(|(slot, n)| *slot = level(n));
    levels
});

impl Vertex {
    /// A point at `east`, `north`, `up` metres from the tile's origin, with its sRGB colour, class, intensity, and which
    /// return it is of how many.
    #[expect(clippy::cast_possible_truncation, reason = "offsets are kept with 32 bits")]
    pub fn new([east, north, up]: [f64; 3], colour: [u8; 3], class: u8, intensity: u16, returns: [u8; 2]) -> Self {
        let level = |c: u8| LINEAR.get(usize::from(c)).copied().unwrap_or_default();
        let ([r, g, b], [number, of]) = (colour.map(level), returns);
        Self {
            position: [east as f32, up as f32, -north as f32],
            colour: [r, g, b, u16::MAX],
            class: [class, 0, 0, 0],
            intensity: [intensity, 0],
            returns: [number, of, 0, 0],
        }
    }
}

/// A GLB of `points` around `origin`, east-north-up metres of the tileset: linear colours, and `_CLASSIFICATION`, `_INTENSITY`
/// and `_RETURNS` (number, of how many) as property attributes (`EXT_structural_metadata`), so that clients can style by them.
///
/// # Errors
/// As [`glb`].
pub fn points_glb(origin: [f64; 3], points: &[Vertex]) -> Result<Vec<u8>> {
    let (mut min, mut max) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
    for Vertex { position, .. } in points {
        for ((min, max), c) in min.iter_mut().zip(&mut max).zip(position) {
            (*min, *max) = (min.min(*c), max.max(*c));
        }
    }
    let bytes = bytemuck::cast_slice::<Vertex, u8>(points).to_vec();
    let accessor = |offset: usize, component: u32, kind: &str, more: Value| {
        let mut accessor = json!({ "bufferView": 0, "byteOffset": offset, "componentType": component, "type": kind,
            "count": points.len() });
        if let (Some(accessor), Value::Object(more)) = (accessor.as_object_mut(), more) {
            accessor.extend(more);
        }
        accessor
    };
    let accessors = [
        accessor(0, FLOAT, "VEC3", json!({ "min": min, "max": max })),
        accessor(12, UNSIGNED_SHORT, "VEC4", json!({ "normalized": true })),
        accessor(20, UNSIGNED_BYTE, "SCALAR", json!({})),
        accessor(24, UNSIGNED_SHORT, "SCALAR", json!({})),
        accessor(28, UNSIGNED_BYTE, "VEC2", json!({})),
    ];
    let [x, y, z] = origin;
    let document = json!({
        "asset": { "version": "2.0", "generator": "Cimbra" },
        "extensionsUsed": ["EXT_structural_metadata", "KHR_materials_unlit"],
        "extensions": { "EXT_structural_metadata": {
            "schema": { "id": "cimbra_points", "classes": { "point": { "properties": {
                "classification": { "type": "SCALAR", "componentType": "UINT8" },
                "intensity": { "type": "SCALAR", "componentType": "UINT16" },
                "returns": { "type": "VEC2", "componentType": "UINT8" } } } } },
            "propertyAttributes": [{ "class": "point", "properties": {
                "classification": { "attribute": "_CLASSIFICATION" },
                "intensity": { "attribute": "_INTENSITY" },
                "returns": { "attribute": "_RETURNS" } } }] } },
        "scene": 0,
        "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0, "translation": [x, z, -y] }],
        "meshes": [{ "primitives": [{
            "mode": 0,
            "material": 0,
            "attributes": { "POSITION": 0, "COLOR_0": 1, "_CLASSIFICATION": 2, "_INTENSITY": 3, "_RETURNS": 4 },
            "extensions": { "EXT_structural_metadata": { "propertyAttributes": [0] } } }] }],
        "materials": [{
            "pbrMetallicRoughness": { "metallicFactor": 0.0, "roughnessFactor": 1.0 },
            "extensions": { "KHR_materials_unlit": {} } }],
        "accessors": accessors,
        "bufferViews": [{ "buffer": 0, "byteLength": bytes.len(), "byteStride": 32, "target": 34962 }],
        "buffers": [{ "byteLength": bytes.len() }]
    });
    glb(&document, bytes)
}
