//! glTF, GLB and OBJ.

use super::cityjson::PICTURE;
use super::{Target, real};
use crate::support::gltf::{Buffer, cube};
use serde_json::{Value, json};

/// A square that shows two pictures, one of them by an extension.
fn textured() -> Value {
    let mut buffer = Buffer::default();
    let points = buffer.floats("VEC3", &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    let places = buffer.floats("VEC2", &[0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 2.5]);
    let triangles = buffer.shorts(&[0, 1, 2, 0, 2, 3]);
    let webp = buffer.view(b"RIFF\x1c\0\0\0WEBPVP8L\x0f\0\0\0\x2f\0\0\0\0\x07\x10\xfd\x8f\xfe\x07\x22\xa2\xff\x01\0");
    let primitive = |material: usize| json!({ "attributes": { "POSITION": points, "TEXCOORD_0": places }, "indices": triangles, "material": material });
    buffer.model(json!({
        "nodes": [{ "mesh": 0 }], "meshes": [{ "primitives": [primitive(0), primitive(1)] }],
        "materials": [{ "alphaMode": "MASK", "pbrMetallicRoughness": { "baseColorTexture": { "index": 0, "texCoord": 0 } } },
            { "pbrMetallicRoughness": { "baseColorFactor": [1, 0.5, 0, 0.5], "baseColorTexture": { "index": 1,
                "extensions": { "KHR_texture_transform": { "offset": [0.5, 0.25], "rotation": 1.5, "scale": [2, 3] } } } } }],
        "textures": [{ "source": 0, "sampler": 0 }, { "extensions": { "EXT_texture_webp": { "source": 1 } } }],
        "samplers": [{ "wrapS": 33071, "wrapT": 33648 }],
        "images": [{ "uri": PICTURE }, { "bufferView": webp, "mimeType": "image/webp" }],
        "extensionsUsed": ["EXT_texture_webp", "KHR_texture_transform"], "extensionsRequired": ["EXT_texture_webp"],
    }))
}

#[test]
fn any_gltf_is_read_or_refused() {
    let nodes = json!([{ "name": "a", "mesh": 0, "children": [2] }, { "name": "b", "mesh": 0, "scale": [1, 2, 3] }, { "mesh": 0 }]);
    let mut buffer = Buffer::default();
    let (corners, triangles) = buffer.cube();
    let moved = buffer.floats("VEC3", &[0.0, 0.0, 0.0, 5.0, 5.0, 5.0]);
    let ends = buffer.view(&[0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
    let text = buffer.view(b"xy");
    let instanced = buffer.model(json!({
        "nodes": [{ "mesh": 0, "extensions": { "EXT_mesh_gpu_instancing": { "attributes": { "TRANSLATION": moved } },
            "EXT_instance_features": { "featureIds": [{ "featureCount": 2, "propertyTable": 0 }] } } }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": corners }, "indices": triangles, "mode": 4 }] }],
        "extensions": { "EXT_structural_metadata": { "schema": { "classes": { "c": { "properties": { "id": { "type": "STRING" } } } } },
            "propertyTables": [{ "class": "c", "count": 2, "properties": { "id": { "values": text, "stringOffsets": ends } } }] } },
    }));
    let mut seeds: Vec<Vec<u8>> =
        [cube(nodes, json!({})), instanced, textured()].iter().map(|m| m.to_string().into_bytes()).collect();
    seeds.extend(real("gltf/GpuInstancesMetadata/GpuInstancesMetadata.gltf"));
    seeds.extend(real("gltf/MetadataGranularities/tree-spruce-0-3.glb").filter(|glb| glb.len() < 1 << 18));
    let words = &[
        "\"children\":[0]",
        "\"sparse\"",
        "\"byteStride\":0",
        "\"count\":4294967295",
        "\"matrix\"",
        "VEC3",
        "SCALAR",
        "STRING",
        "\"mode\":5",
        "\"bufferView\":0",
        "TEXCOORD_1",
        "data:image/png;base64,",
    ];
    let test = "fuzz::model::any_gltf_is_read_or_refused";
    Target { test, reader: "glTF", ending: "gltf", seeds, words }.run();
}

#[test]
fn any_obj_is_read_or_refused() {
    let seeds = vec![
        b"mtllib a.mtl\no \xe6\xa5\xbc\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nusemtl a\nf 1 2 3 4\ng b\nf -4 -3 -2\n".to_vec(),
        b"# x\nv 1.5 2 3 0.5 0.5 0.5\nv 2 2 3 0 0 0\nv 2 3 3 1 1 1\nvn 0 0 1\nvt 0 0\nf 1/1/1 2/1/1 3/1/1\ns off\nl 1 2\np 1\n".to_vec(),
    ];
    let words =
        &["f 1 2 3\n", "v 1e309 0 0\n", "f 1 1 1\n", "f 99999999999 1 2\n", "o \n", "f -9 -8 -7\n", "usemtl", "\\\n"];
    let test = "fuzz::model::any_obj_is_read_or_refused";
    Target { test, reader: "OBJ", ending: "obj", seeds, words }.run();
}
