//! The GLB container (glTF 2.0 §4.4) around a tile's vertices and its property table.

use super::{Compression, metadata, vertices};
use crate::fault::{Fault, Result};
use crate::formats::glb;
use crate::geom::Bounds;
use crate::lod::colour::of_class;
use crate::tiles::colour;
use crate::tiles::content::{Content, Shapes};
use serde_json::{Value, json};
use std::collections::BTreeMap;

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

/// What is drawn: node, mesh and material of one number belong together.
#[derive(Default)]
struct Scene {
    nodes: Vec<Value>,
    meshes: Vec<Value>,
    materials: Vec<Value>,
}

impl Scene {
    /// Adds a mesh of one primitive at `origin`, east-north-up metres; gives its node.
    fn add(&mut self, [x, y, z]: [f64; 3], mut primitive: Value, material: Value) -> &mut Value {
        let number = self.nodes.len();
        primitive["material"] = json!(number);
        self.meshes.push(json!({ "primitives": [primitive] }));
        self.materials.push(material);
        self.nodes.push(json!({ "mesh": number, "translation": [x, z, -y] }));
        &mut self.nodes[number]
    }
}

/// A dull material of an sRGB colour, by which vertex colours are multiplied.
fn material(colour: [u8; 3]) -> Value {
    let [r, g, b] = colour.map(|c| f64::from(colour::linear(c)) / 255.0);
    json!({
        "pbrMetallicRoughness": { "baseColorFactor": [r, g, b, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.9 },
        "doubleSided": true
    })
}

/// Writes `content` as a GLB: the same content gives the same bytes.
///
/// Positions are `f32` offsets from the content's origin, which is the node's translation; axes are glTF's (x east, y up,
/// z south), which 3D Tiles turns back to east-north-up (OGC 22-025r4 §7.2.2.3).
///
/// # Errors
/// [`Kind::Internal`](crate::fault::Kind::Internal) when a tile holds no feature or more than 65,535, which the tree never makes.
pub fn encode(content: &Content, _compression: Compression) -> Result<Vec<u8>> {
    if content.features.is_empty() || content.features.len() > usize::from(u16::MAX) {
        return Err(Fault::internal(format!("a tile of {} features", content.features.len())));
    }
    let mut buffer = Buffer::default();
    let mut scene = Scene::default();
    let of_features =
        |count: usize| json!({ "featureIds": [{ "featureCount": count, "attribute": 0, "propertyTable": 0 }] });
    match &content.shapes {
        Shapes::Meshes(meshes) | Shapes::Glass(meshes) => {
            let glass = matches!(content.shapes, Shapes::Glass(_));
            let alpha = if glass { colour::GLASS } else { u8::MAX };
            let mut primitive = mesh_primitive(&mut buffer, &vertices::gather(content, meshes, alpha));
            primitive["extensions"] = json!({ "EXT_mesh_features": of_features(content.features.len()) });
            let mut material = material([u8::MAX; 3]);
            if glass {
                material["alphaMode"] = json!("BLEND");
            }
            scene.add(content.origin, primitive, material);
        }
        Shapes::Markers(points) => {
            let marker = mesh_primitive(&mut buffer, &vertices::marker());
            for (colour, markers) in by_colour(content, points) {
                let attributes = instances(&mut buffer, content.origin, &markers);
                let node = scene.add(content.origin, marker.clone(), material(colour));
                node["extensions"] = json!({ "EXT_mesh_gpu_instancing": { "attributes": attributes },
                    "EXT_instance_features": of_features(markers.len()) });
            }
        }
    }
    let (used, needed): (&[&str], &[&str]) = match &content.shapes {
        Shapes::Markers(_) => (&["EXT_instance_features", "EXT_mesh_gpu_instancing"], &["EXT_mesh_gpu_instancing"]),
        _ => (&["EXT_mesh_features"], &[]),
    };
    let used = [used, &["EXT_structural_metadata", "KHR_mesh_quantization"]].concat();
    let needed = [needed, &["KHR_mesh_quantization"]].concat();
    let structural = metadata::write(&mut buffer, content)?;
    let document = json!({
        "asset": { "version": "2.0", "generator": "Cimbra" },
        "extensionsUsed": used,
        "extensionsRequired": needed,
        "extensions": { "EXT_structural_metadata": structural },
        "scene": 0,
        "scenes": [{ "nodes": (0..scene.nodes.len()).collect::<Vec<_>>() }],
        "nodes": scene.nodes,
        "meshes": scene.meshes,
        "materials": scene.materials,
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{ "byteLength": buffer.bytes.len().next_multiple_of(8) }]
    });
    glb(&document, buffer.bytes)
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
    json!({ "attributes": attributes, "indices": indices, "mode": 4 })
}

/// A marker: its feature's position in the tile, and where it stands in east-north-up metres.
type Marker = (usize, [f64; 3]);

/// The markers of a tile by the colour of their class: one material and one node each, since instances have no colours.
fn by_colour(content: &Content, points: &[[f64; 3]]) -> BTreeMap<[u8; 3], Vec<Marker>> {
    let mut markers: BTreeMap<[u8; 3], Vec<Marker>> = BTreeMap::new();
    for (i, (feature, point)) in content.features.iter().zip(points).enumerate() {
        markers.entry(of_class(feature.class)).or_default().push((i, *point));
    }
    markers
}

/// `EXT_mesh_gpu_instancing` attributes: a translation and the feature's number for each marker.
fn instances(buffer: &mut Buffer, origin: [f64; 3], markers: &[Marker]) -> Value {
    let offsets: Vec<[f32; 3]> = markers.iter().map(|(_, p)| vertices::offset(*p, origin)).collect();
    let bounds = Bounds::of(offsets.iter().map(|p| p.map(f64::from)));
    #[expect(clippy::cast_precision_loss, reason = "a tile has at most 65,535 features")]
    let numbers: Vec<f32> = markers.iter().map(|(i, _)| *i as f32).collect();
    let translation = buffer.view(bytemuck::cast_slice(&offsets), json!({}));
    let limits = json!({ "min": bounds.min, "max": bounds.max });
    let translation = buffer.accessor(translation, FLOAT, "VEC3", markers.len(), limits);
    let feature = buffer.view(bytemuck::cast_slice(&numbers), json!({}));
    let feature = buffer.accessor(feature, FLOAT, "SCALAR", markers.len(), json!({}));
    json!({ "TRANSLATION": translation, "_FEATURE_ID_0": feature })
}
