//! A model with a picture on it, baked, in CesiumJS: each quarter of the picture is seen where the model shows it.

use super::{assert_none, node};
use crate::support::gltf::Buffer;
use crate::support::run;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::json;
use std::io::Cursor;

#[test]
fn a_viewer_shows_a_picture_the_right_way_up_whole_and_packed() {
    // North-west red, north-east green, south-west blue, south-east white.
    let picture = RgbImage::from_fn(64, 64, |x, y| match (x < 32, y < 32) {
        (true, true) => Rgb([250, 0, 0]),
        (false, true) => Rgb([0, 250, 0]),
        (true, false) => Rgb([0, 0, 250]),
        (false, false) => Rgb([250, 250, 250]),
    });
    let mut png = Vec::new();
    picture.write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
    let mut buffer = Buffer::default();
    // A square of 20 m around (0, 0, 0), north at the picture's top.
    let points = buffer.floats("VEC3", &[-10.0, 0.0, -10.0, 10.0, 0.0, -10.0, 10.0, 0.0, 10.0, -10.0, 0.0, 10.0]);
    let places = buffer.floats("VEC2", &[0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0]);
    let triangles = buffer.shorts(&[0, 2, 1, 0, 3, 2]);
    let image = buffer.view(&png);
    let model = buffer.model(json!({
        "nodes": [{ "mesh": 0 }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": points, "TEXCOORD_0": places }, "indices": triangles, "material": 0 }] }],
        "materials": [{ "pbrMetallicRoughness": { "baseColorTexture": { "index": 0 } } }],
        "textures": [{ "source": 0 }], "images": [{ "bufferView": image, "mimeType": "image/png" }],
    }));
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("square.gltf"), model.to_string()).unwrap();
    let [file, store] = [at("square.gltf"), at("store")];
    assert!(run(&["import", &file, "--store", &store, "--origin", "118.78,32.04,12"]).status.success());
    for form in ["none", "meshopt"] {
        let baked = run(&["bake", &at(form), "--store", &store, "--compression", form, "--precompress", "none"]);
        assert!(baked.status.success(), "{}", String::from_utf8_lossy(&baked.stderr));
    }
    std::fs::write(at("aims.json"), json!([[-5, 5, 0], [5, 5, 0], [-5, -5, 0], [5, -5, 0]]).to_string()).unwrap();
    let seen = node("textures.mjs", &[dir.path().to_str().unwrap(), "none/000000000001", "meshopt/000000000001"]);
    for list in ["/outside", "/errors", "/invalid", "/failed_tiles"] {
        assert_none(&seen, list);
    }
    assert!(seen["tiles"].as_u64() >= Some(2), "{seen}");
    for form in ["none", "meshopt"] {
        let channels: Vec<Vec<u64>> =
            serde_json::from_value(seen["seen"][format!("{form}/000000000001")].clone()).unwrap();
        let bright = |k: usize| channels[k].iter().map(|c| *c > 130).collect::<Vec<_>>();
        assert_eq!(bright(0), [true, false, false], "{form} north-west: {channels:?}");
        assert_eq!(bright(1), [false, true, false], "{form} north-east: {channels:?}");
        assert_eq!(bright(2), [false, false, true], "{form} south-west: {channels:?}");
        assert_eq!(bright(3), [true, true, true], "{form} south-east: {channels:?}");
    }
}
