//! The GLB container (glTF 2.0 §4.4) around a tile's vertices and its property table.

use super::{metadata, vertices};
use crate::fault::{Fault, Result};
use crate::geom::Bounds;
use crate::tiles::colour;
use crate::tiles::content::{Content, Shapes};
use crate::tiles::schema::Schema;
use serde_json::{Value, json};

/// GL's numbers for what bytes hold and what a buffer is for (glTF 2.0 §3.6.2.2, §5.11.5).
pub(super) const UNSIGNED_BYTE: u32 = 5121;
const BYTE: u32 = 5120;
const UNSIGNED_SHORT: u32 = 5123;
const UNSIGNED_INT: u32 = 5125;
const FLOAT: u32 = 5126;
const ARRAY_BUFFER: u32 = 34962;
const ELEMENT_ARRAY_BUFFER: u32 = 34963;

/// The binary chunk and its views, as they grow.
#[derive(Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
}

impl Buffer {
    /// Appends `bytes` as a view at a multiple of 8 (metadata needs 8, accessors 4) and gives its number. A view of
    /// nothing is not allowed, so it is one zero byte.
    pub(super) fn view(&mut self, bytes: &[u8], extra: Value) -> usize {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let mut view = json!({ "buffer": 0, "byteOffset": self.bytes.len(), "byteLength": bytes.len().max(1) });
        if let (Some(view), Value::Object(extra)) = (view.as_object_mut(), extra) {
            view.extend(extra);
        }
        self.bytes.extend_from_slice(if bytes.is_empty() { &[0] } else { bytes });
        self.views.push(view);
        self.views.len() - 1
    }
    fn accessor(&mut self, view: usize, component: u32, kind: &str, count: usize, extra: Value) -> usize {
        let mut accessor = json!({ "bufferView": view, "componentType": component, "type": kind, "count": count });
        if let (Some(accessor), Value::Object(extra)) = (accessor.as_object_mut(), extra) {
            accessor.extend(extra);
        }
        self.accessors.push(accessor);
        self.accessors.len() - 1
    }
}

/// Writes `content` as a GLB: the same content and schema give the same bytes.
///
/// Positions are `f32` offsets from the content's origin, which is the node's translation; axes are glTF's (x east, y up,
/// z south), which 3D Tiles turns back to east-north-up (OGC 22-025r4 §7.2.2.3).
///
/// # Errors
/// [`Kind::Internal`](crate::fault::Kind::Internal) when a tile holds no feature or more than 65,535, which the tree never makes.
pub fn encode(content: &Content, schema: &Schema) -> Result<Vec<u8>> {
    if content.features.is_empty() || content.features.len() > usize::from(u16::MAX) {
        return Err(Fault::internal(format!("a tile of {} features", content.features.len())));
    }
    let mut buffer = Buffer::default();
    let count = content.features.len();
    let [x, y, z] = content.origin;
    let mut node = json!({ "mesh": 0, "translation": [x, z, -y] });
    let mut used = vec!["EXT_mesh_features", "EXT_structural_metadata", "KHR_mesh_quantization"];
    let feature_ids = json!({ "featureIds": [{ "featureCount": count, "attribute": 0, "propertyTable": 0 }] });
    let mut primitive = match &content.shapes {
        Shapes::Meshes(meshes) => mesh_primitive(&mut buffer, &vertices::gather(content, meshes, u8::MAX)),
        Shapes::Glass(meshes) => mesh_primitive(&mut buffer, &vertices::gather(content, meshes, colour::GLASS)),
        Shapes::Markers(points) => {
            used = vec!["EXT_instance_features", "EXT_mesh_gpu_instancing", "EXT_structural_metadata"];
            used.push("KHR_mesh_quantization");
            let attributes = instances(&mut buffer, content.origin, points);
            node["extensions"] = json!({
                "EXT_mesh_gpu_instancing": { "attributes": attributes }, "EXT_instance_features": feature_ids });
            mesh_primitive(&mut buffer, &vertices::marker(content))
        }
    };
    if !matches!(content.shapes, Shapes::Markers(_)) {
        primitive["extensions"] = json!({ "EXT_mesh_features": feature_ids });
    }
    let mut material = json!({
        "pbrMetallicRoughness": { "baseColorFactor": [1.0, 1.0, 1.0, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.9 },
        "doubleSided": true
    });
    if matches!(content.shapes, Shapes::Glass(_)) {
        material["alphaMode"] = json!("BLEND");
    }
    let structural = metadata::write(&mut buffer, content, schema)?;
    let instanced = matches!(content.shapes, Shapes::Markers(_));
    let mut required = vec!["KHR_mesh_quantization"];
    if instanced {
        required.insert(0, "EXT_mesh_gpu_instancing");
    }
    let document = json!({
        "asset": { "version": "2.0", "generator": "Cimbra" },
        "extensionsUsed": used,
        "extensionsRequired": required,
        "extensions": { "EXT_structural_metadata": structural },
        "scene": 0,
        "scenes": [{ "nodes": [0] }],
        "nodes": [node],
        "meshes": [{ "primitives": [primitive] }],
        "materials": [material],
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{ "byteLength": buffer.bytes.len().next_multiple_of(8) }]
    });
    container(&document, buffer.bytes)
}

fn mesh_primitive(buffer: &mut Buffer, vertices: &vertices::Vertices) -> Value {
    let count = vertices.positions.len();
    let bounds = Bounds::of(vertices.positions.iter().map(|p| p.map(f64::from)));
    let view = |buffer: &mut Buffer, bytes: &[u8], stride: u32| {
        buffer.view(bytes, json!({ "byteStride": stride, "target": ARRAY_BUFFER }))
    };
    let positions = view(buffer, bytemuck::cast_slice(&vertices.positions), 12);
    let limits = json!({ "min": bounds.min, "max": bounds.max });
    let positions = buffer.accessor(positions, FLOAT, "VEC3", count, limits);
    let normals = view(buffer, bytemuck::cast_slice(&vertices.normals), 4);
    let normals = buffer.accessor(normals, BYTE, "VEC3", count, json!({ "normalized": true }));
    let colours = view(buffer, bytemuck::cast_slice(&vertices.colours), 4);
    let colours = buffer.accessor(colours, UNSIGNED_BYTE, "VEC4", count, json!({ "normalized": true }));
    let mut attributes = json!({ "POSITION": positions, "NORMAL": normals, "COLOR_0": colours });
    if let Some(features) = &vertices.features {
        let features = view(buffer, bytemuck::cast_slice(features), 4);
        attributes["_FEATURE_ID_0"] = json!(buffer.accessor(features, UNSIGNED_SHORT, "SCALAR", count, json!({})));
    }
    // 65,535 is the primitive restart value, so it is no index of 16 bits (glTF 2.0 §3.7.2.1).
    let corners: &[u32] = vertices.triangles.as_flattened();
    let (bytes, component): (Vec<u8>, u32) = if count <= usize::from(u16::MAX) {
        #[expect(clippy::cast_possible_truncation, reason = "there are at most 65,535 vertices")]
        let short = corners.iter().flat_map(|i| (*i as u16).to_le_bytes()).collect();
        (short, UNSIGNED_SHORT)
    } else {
        (corners.iter().flat_map(|i| i.to_le_bytes()).collect(), UNSIGNED_INT)
    };
    let indices = buffer.view(&bytes, json!({ "target": ELEMENT_ARRAY_BUFFER }));
    let indices = buffer.accessor(indices, component, "SCALAR", corners.len(), json!({}));
    json!({ "attributes": attributes, "indices": indices, "material": 0, "mode": 4 })
}

/// `EXT_mesh_gpu_instancing` attributes: a translation and the feature's number for each marker.
fn instances(buffer: &mut Buffer, origin: [f64; 3], points: &[[f64; 3]]) -> Value {
    let offsets: Vec<[f32; 3]> = points.iter().map(|p| vertices::offset(*p, origin)).collect();
    let bounds = Bounds::of(offsets.iter().map(|p| p.map(f64::from)));
    #[expect(clippy::cast_precision_loss, reason = "a tile has at most 65,535 features")]
    let numbers: Vec<f32> = (0..points.len()).map(|i| i as f32).collect();
    let translation = buffer.view(bytemuck::cast_slice(&offsets), json!({}));
    let limits = json!({ "min": bounds.min, "max": bounds.max });
    let translation = buffer.accessor(translation, FLOAT, "VEC3", points.len(), limits);
    let feature = buffer.view(bytemuck::cast_slice(&numbers), json!({}));
    let feature = buffer.accessor(feature, FLOAT, "SCALAR", points.len(), json!({}));
    json!({ "TRANSLATION": translation, "_FEATURE_ID_0": feature })
}

/// Header and two chunks: JSON padded with spaces so that the binary one's bytes start at a multiple of 8 of the file,
/// as metadata wants; binary padded with zeros, so that the file's length is such a multiple too.
fn container(document: &Value, mut binary: Vec<u8>) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec(document).map_err(|e| Fault::internal(format!("writing a GLB: {e}")))?;
    text.resize((28 + text.len()).next_multiple_of(8) - 28, b' ');
    binary.resize(binary.len().next_multiple_of(8), 0);
    let size =
        |n: usize| u32::try_from(n).map_err(|_| Fault::internal("a tile of more than 4 GiB")).map(u32::to_le_bytes);
    let mut glb = Vec::with_capacity(28 + text.len() + binary.len());
    glb.extend_from_slice(b"glTF");
    glb.extend_from_slice(&2u32.to_le_bytes());
    glb.extend_from_slice(&size(28 + text.len() + binary.len())?);
    glb.extend_from_slice(&size(text.len())?);
    glb.extend_from_slice(b"JSON");
    glb.extend_from_slice(&text);
    glb.extend_from_slice(&size(binary.len())?);
    glb.extend_from_slice(b"BIN\0");
    glb.extend_from_slice(&binary);
    Ok(glb)
}
