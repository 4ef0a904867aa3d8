//! Pictures in a tile: one material and primitive for each texture, one image for each picture, whole and compressed alike.

use super::reader;
use cimbra::formats::hash_of;
use cimbra::geom::{At, Mesh, Motion, Sheer, Surface, SurfaceKind, Texture, Textures, Wrap};
use cimbra::lod::{Drawn, shape};
use cimbra::model::{Class, Geometry};
use cimbra::tiles::content::{Content, Feature, Pictures, Piece, Shapes};
use cimbra::tiles::tiles3d::{self, Compression};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What bytes of a WebP and of a JPEG begin as; a tile carries them as they are.
const WEBP: &[u8] = b"RIFF\x0c\0\0\0WEBPVP8L....";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0....";

fn texture(picture: &[u8], wrap: Wrap, sheer: Sheer) -> Texture {
    Texture { picture: hash_of(picture), tint: [255, 188, 0, 255], wrap: [wrap, Wrap::Repeat], sheer }
}

/// A tube whose halves show two textures but for its last triangles; `far`: beyond the pictures' edges.
fn tube(far: f32) -> Mesh {
    let at = |i: u32| [f64::from(i) * 0.1, (f64::from(i) * 0.4).sin(), 0.0];
    let mut mesh = shape::tube(&[(0..=40).map(at).collect()], 0.05);
    let count = mesh.triangles.len();
    let surface =
        |first: usize| Surface { first: first as u32, kind: SurfaceKind::Other, colour: Some([9, 9, 9, 255]) };
    mesh.surfaces = vec![surface(0), surface(count / 2), surface(count - 8)];
    let place = |i: u32| -> At { [mesh.positions[i as usize][0].rem_euclid(1.0) * far, 0.5] };
    mesh.textures = Some(Box::new(Textures {
        list: vec![texture(WEBP, Wrap::Mirror, Sheer::Cut), texture(JPEG, Wrap::Repeat, Sheer::Never)],
        of: vec![Some(0), Some(1), None],
        corners: mesh.triangles.iter().map(|t| t.map(place)).collect(),
    }));
    assert!(mesh.holds());
    mesh
}

fn content() -> Content {
    let geometry = Arc::new(Geometry { mesh: Some(tube(1.0)), ..Geometry::default() });
    let mut pieces: Vec<Piece> = (0..12)
        .map(|i| {
            let motion = Motion::from([f64::from(i) * 5.0, 2.0, 0.5]);
            Piece { feature: i, shape: Drawn::Stored(geometry.clone()), motion, number: Some(3) }
        })
        .collect();
    pieces.push(Piece::new(12, tube(3.0).into()));
    pieces.push(Piece::new(13, shape::prism(&[[0.0, 9.0], [4.0, 9.0], [4.0, 12.0]], 0.0, 2.5).into()));
    let feature = |i: u32| Feature {
        id: format!("n{i}").as_str().into(),
        class: Class::Furniture,
        name: String::new(),
        parent: None,
        storey: None,
        attributes: Arc::default(),
    };
    let pictures: Pictures = [WEBP, JPEG].map(|bytes| (hash_of(bytes), Arc::new(bytes.to_vec()))).into();
    Content { origin: [0.0; 3], features: (0..14).map(feature).collect(), shapes: Shapes::Meshes(pieces), pictures }
}

#[test]
fn each_texture_has_one_material_and_each_picture_one_image() {
    let content = content();
    for compression in [Compression::None, Compression::Meshopt] {
        let glb = tiles3d::encode(&content, compression).unwrap();
        assert_eq!(glb, tiles3d::encode(&content, compression).unwrap(), "the same bytes again");
        let tile = reader::read(&glb);
        let json = &tile.json;
        let kinds: Vec<&Value> = json["images"].as_array().unwrap().iter().map(|i| &i["mimeType"]).collect();
        assert_eq!(kinds.len(), 2);
        assert!(kinds.contains(&&json!("image/webp")) && kinds.contains(&&json!("image/jpeg")));
        assert!(json["extensionsRequired"].as_array().unwrap().contains(&json!("EXT_texture_webp")));
        assert!([WEBP, JPEG].iter().all(|bytes| glb.windows(bytes.len()).filter(|w| w == bytes).count() == 1));
        let materials = json["materials"].as_array().unwrap();
        assert_eq!(materials.len(), 3, "the plain one and two");
        assert_eq!(materials.iter().filter(|m| m["alphaMode"] == "MASK").count(), 1);
        assert_eq!(json["samplers"], json!([{ "wrapS": 33648, "wrapT": 10497 }]));
        let [r, g, b] = [0, 1, 2].map(|k| materials[1]["pbrMetallicRoughness"]["baseColorFactor"][k].as_f64().unwrap());
        assert!(r == 1.0 && (g - 0.5).abs() < 0.01 && b == 0.0, "the tint in linear light: {r} {g} {b}");
        // The repeated shape and the single ones, each once for each texture and once without.
        let nodes = json["nodes"].as_array().unwrap();
        let instanced = nodes.iter().filter(|n| n["extensions"]["EXT_mesh_gpu_instancing"].is_object()).count();
        assert_eq!((nodes.len(), instanced), (6, 3));
        let of = |primitive: &Value| {
            let accessor = primitive["attributes"]["TEXCOORD_0"].as_u64()?;
            Some((primitive["material"].as_u64()?, json["accessors"][accessor as usize]["componentType"].as_u64()?))
        };
        let drawn: BTreeSet<_> =
            json["meshes"].as_array().unwrap().iter().filter_map(|mesh| of(&mesh["primitives"][0])).collect();
        assert_eq!(drawn, [(1, 5123), (1, 5126), (2, 5123), (2, 5126)].into(), "16 bits where none is beyond an edge");
        let triangles = tube(1.0).triangles.len();
        assert_eq!(tile.corners.len(), 13 * triangles + 8);
    }
    let mut lacking = content.clone();
    lacking.pictures.clear();
    assert!(tiles3d::encode(&lacking, Compression::None).unwrap_err().to_string().contains("lacks a picture"));
    let mut glass = content;
    let Shapes::Meshes(pieces) = glass.shapes else { unreachable!() };
    glass.shapes = Shapes::Glass(pieces);
    let tile = reader::read(&tiles3d::encode(&glass, Compression::None).unwrap());
    assert!(tile.json["materials"].as_array().unwrap().iter().all(|m| m["alphaMode"] == "BLEND"));
}

#[test]
fn many_textures_of_one_large_mesh_take_no_longer_than_its_triangles() {
    // Textures as many as an object has, over 200,000 positions: a walk over all for each would be near a thousand million steps.
    let many = u32::from(Textures::MOST);
    let count = 50 * many;
    let at = |i: u32| [f64::from(i / 450) * 0.5, f64::from(i % 450) * 0.5, f64::from(i % 2)];
    let points: Vec<[f64; 3]> = (0..count).map(at).collect();
    let triangles: Vec<[u32; 3]> = (0..count - 2).map(|i| [i, i + 1, i + 2]).collect();
    let surface = |k: u32| Surface { first: 50 * k, kind: SurfaceKind::Other, colour: None };
    let corners = vec![[[0.0; 2]; 3]; triangles.len()];
    let mut mesh = Mesh::from_points(&points, triangles, (0..many).map(surface).collect());
    let (mut textures, mut known) = (Textures::default(), std::collections::HashMap::new());
    let tinted = |k: u32| Texture { tint: k.to_le_bytes(), ..texture(WEBP, Wrap::Repeat, Sheer::Never) };
    textures.of = (0..many).map(|k| textures.number(&tinted(k), &mut known)).collect();
    assert!(textures.of.iter().all(Option::is_some) && textures.number(&tinted(many), &mut known).is_none());
    assert_eq!(textures.number(&tinted(7), &mut known), Some(7));
    textures.corners = corners;
    mesh.textures = Some(Box::new(textures));
    assert!(mesh.holds());
    let content = Content { shapes: Shapes::Meshes(vec![Piece::new(0, mesh.into())]), ..content() };
    let begun = std::time::Instant::now();
    let tile = reader::read(&tiles3d::encode(&content, Compression::None).unwrap());
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
    assert_eq!(tile.json["textures"].as_array().unwrap().len(), many as usize);
    assert_eq!(tile.json["images"].as_array().unwrap().len(), 1);
}
