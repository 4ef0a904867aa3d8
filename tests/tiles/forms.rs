//! Repeated shapes as instances, and compressed bytes: what is read back is what the plain form says.

use super::reader::{self, Tile};
use cimbra::geom::{Mesh, Motion};
use cimbra::lod::{Drawn, shape};
use cimbra::model::{Class, Geometry, Value};
use cimbra::tiles::content::{Content, Feature, Piece, Shapes};
use cimbra::tiles::tiles3d::{self, Compression};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A tube of many triangles, around (0, 0, 0).
fn ring() -> Mesh {
    let at = |i: u32| {
        let (s, c) = (f64::from(i) * std::f64::consts::TAU / 40.0).sin_cos();
        [0.4 * c, 0.3 * s, 0.1 * s]
    };
    shape::tube(&[(0..=40).map(at).collect()], 0.02)
}

/// Chairs that are one shape turned, two of them of another class, between walls of their own; each has a name and a date.
pub fn furnished() -> Content {
    let geometry = Arc::new(Geometry { mesh: Some(ring()), ..Geometry::default() });
    let (mut features, mut pieces) = (Vec::new(), Vec::new());
    for i in 0..24u32 {
        let chair = i % 2 == 0;
        let class = if !chair {
            Class::Wall
        } else if i < 20 {
            Class::Furniture
        } else {
            Class::Element
        };
        let [x, y, z] = [f64::from(i % 6) * 1.5, f64::from(i / 6) * 2.0, f64::from(i) * 0.01];
        let (s, c) = (f64::from(i) * 0.3).sin_cos();
        let rotation = [[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]];
        pieces.push(if chair {
            let motion = Motion { rotation, origin: [x, y, z] };
            Piece { feature: i, shape: Drawn::Stored(geometry.clone()), motion, number: Some(7) }
        } else {
            Piece::new(i, shape::prism(&[[x, y], [x + 0.5, y], [x + 0.5, y + 0.2], [x, y + 0.2]], 0.0, 2.5).into())
        });
        features.push(Feature {
            id: format!("n{i}").as_str().into(),
            class,
            name: format!("名 {i}"),
            parent: None,
            storey: Some(if i < 12 { "1F".into() } else { "2F".into() }),
            attributes: Arc::new(vec![("built".into(), Value::Text("2020-03-07".into()))]),
        });
    }
    Content { origin: [4.0, 3.0, 1.0], features, shapes: Shapes::Meshes(pieces), pictures: Default::default() }
}

fn read(content: &Content, compression: Compression) -> (Vec<u8>, Tile) {
    let glb = tiles3d::encode(content, compression).unwrap();
    assert!(glb == tiles3d::encode(content, compression).unwrap(), "the same bytes again");
    let tile = reader::read(&glb);
    (glb, tile)
}

/// The triangles of a tile with their features, each from its least corner on, in tenths of a millimetre.
fn triangles(tile: &Tile) -> Vec<(usize, [[i64; 3]; 3])> {
    let at = |i: usize| tile.vertices[i].0.map(|v| (v * 1e4).round() as i64);
    let one = |corners: &[usize; 3]| {
        let mut points = corners.map(at);
        let least = (0..3).min_by_key(|i| points[*i]).unwrap();
        points.rotate_left(least);
        (tile.vertices[corners[0]].1, points)
    };
    let mut all: Vec<_> = tile.corners.iter().map(one).collect();
    all.sort_unstable();
    all
}

#[test]
fn a_shape_in_several_places_is_there_once_for_each_colour() {
    let content = furnished();
    let (small, tile) = read(&content, Compression::None);
    let Shapes::Meshes(pieces) = &content.shapes else { unreachable!() };
    let mut each = content.clone();
    each.shapes = Shapes::Meshes(pieces.iter().map(|p| Piece { number: None, ..p.clone() }).collect());
    let (large, plain) = read(&each, Compression::None);
    assert!(small.len() * 3 < large.len(), "{} of {} bytes", small.len(), large.len());
    let nodes = tile.json["nodes"].as_array().unwrap();
    let instances = nodes.iter().filter(|n| n["extensions"]["EXT_mesh_gpu_instancing"].is_object()).count();
    assert_eq!((nodes.len(), instances), (3, 2), "one for each colour, and the walls");
    assert_eq!((plain.json["nodes"].as_array().unwrap().len(), tile.corners.len()), (1, plain.corners.len()));
    assert_eq!(tile.rows, plain.rows);
    // Each vertex of a piece is within what the two grids round of where its motion takes the shape.
    for piece in pieces {
        let own: Vec<[f64; 3]> =
            tile.vertices.iter().filter(|(_, f)| *f == piece.feature as usize).map(|(p, _)| *p).collect();
        for point in piece.shape.positions.iter().map(|p| piece.motion.apply(p.map(f64::from))) {
            let away = |p: &[f64; 3]| (0..3).map(|k| (p[k] - point[k]).powi(2)).sum::<f64>().sqrt();
            let nearest = own.iter().map(away).fold(f64::MAX, f64::min);
            assert!(nearest < 0.5e-3, "{nearest} m");
        }
    }
    assert_eq!(
        tile.json["extensions"]["EXT_structural_metadata"]["schema"]["classes"]["asset"]["properties"]["built"]["description"],
        "Dates (ISO 8601)"
    );
    assert_eq!((&tile.rows[3]["storey"], &tile.rows[3]["class"]), (&"1F".into(), &"wall".into()));
}

#[test]
fn compressed_bytes_hold_the_same_triangles_and_rows() {
    let wide = |content: &mut Content| {
        // A shape that 16 bits do not span, and more vertices than 16 bits number.
        let n = content.features.len() as u32;
        let far = shape::prism(&[[-400.0, 0.0], [400.0, 0.0], [400.0, 900.0], [-400.0, 900.0]], 0.0, 3.0);
        let circle = |k: u32| {
            let at = |i: u32| {
                let (s, c) = (f64::from(i) * std::f64::consts::TAU / 2000.0).sin_cos();
                [20.0 * c, 20.0 * s, f64::from(k)]
            };
            (0..=2000).map(at).collect::<Vec<_>>()
        };
        let many = shape::tube(&(0..5).map(circle).collect::<Vec<_>>(), 0.1);
        let Shapes::Meshes(pieces) = &mut content.shapes else { unreachable!() };
        pieces.extend([Piece::new(n, far.into()), Piece::new(n + 1, many.into())]);
        let more = ["far", "many"].map(|id| Feature { id: id.into(), ..content.features[1].clone() });
        content.features.extend(more);
    };
    let (plain, large) = (furnished(), {
        let mut content = furnished();
        wide(&mut content);
        content
    });
    for content in [plain, large] {
        let (before, plain) = read(&content, Compression::None);
        let (after, packed) = read(&content, Compression::Meshopt);
        assert!(after.len() < before.len(), "{} of {} bytes", after.len(), before.len());
        assert!(triangles(&plain) == triangles(&packed) && plain.rows == packed.rows);
        let required = packed.json["extensionsRequired"].as_array().unwrap();
        assert!(required.contains(&"EXT_meshopt_compression".into()));
    }
}

#[test]
fn columns_are_as_narrow_as_their_values() {
    let value = |i: u32| -> Vec<(String, Value)> {
        let big = 1i64 << 53;
        let told = |v: Value| if i == 3 { Value::Null } else { v };
        vec![
            ("b".into(), Value::Bool(i.is_multiple_of(3))),
            ("bn".into(), told(Value::Bool(i.is_multiple_of(3)))),
            ("u8".into(), Value::Int(i64::from(i) + 160)),
            ("u16".into(), told(Value::Int(i64::from(i) + 160))),
            ("i8".into(), Value::Int(i64::from(i) - 128)),
            ("i16".into(), told(Value::Int(i64::from(i) - 128))),
            ("u32".into(), Value::Int(i64::from(u32::MAX) - i64::from(i))),
            ("i32".into(), told(Value::Int(i64::from(i32::MAX) - 200 - i64::from(i) * 40_000_000))),
            ("f64i".into(), told(Value::Int(big - i64::from(i)))),
            ("text".into(), Value::Int(big + 1 + i64::from(i))),
            ("f32".into(), told(Value::Float(f64::from(i) / 4.0))),
            ("f64".into(), told(Value::Float(f64::from(i) / 10.0))),
            ("enum".into(), told(Value::Text(["Pand in gebruik", "Pand buiten gebruik"][i as usize % 2].into()))),
            ("few".into(), Value::Text(["", "x"][i as usize % 2].into())),
            ("when".into(), told(Value::Text(format!("2021-05-{:02}T12:00:00.5+02:00", i % 28 + 1)))),
            ("never".into(), Value::Text(format!("2021-02-{:02}", i % 31 + 1))),
            ("nothing".into(), Value::Null),
        ]
    };
    let features = (0..96u32).map(|i| Feature {
        id: format!("{i}").as_str().into(),
        class: Class::Building,
        name: String::new(),
        parent: None,
        storey: None,
        attributes: Arc::new(value(i)),
    });
    let mesh = |i: u32| shape::octahedron([f64::from(i), 0.0, 0.0], 0.4);
    let shapes = Shapes::Meshes((0..96).map(|i| Piece::new(i, mesh(i).into())).collect());
    let content =
        Content { origin: [48.0, 0.0, 0.0], features: features.collect(), shapes, pictures: Default::default() };
    let (_, tile) = read(&content, Compression::None);
    let properties = &tile.json["extensions"]["EXT_structural_metadata"]["schema"]["classes"]["asset"]["properties"];
    let of = |name: &str| {
        let own = &properties[name];
        let kind = own["componentType"].as_str().or(own["type"].as_str()).unwrap();
        format!("{kind}{}", if own.get("noData").is_some() { " or none" } else { "" })
    };
    let found: Vec<String> = value(0).iter().map(|(name, _)| format!("{name}: {}", of(name))).collect();
    let expected = [
        "b: UINT8",
        "bn: UINT8 or none",
        "u8: UINT8",
        "u16: UINT16 or none",
        "i8: INT8",
        "i16: INT16 or none",
        "u32: UINT32",
        "i32: INT32 or none",
        "f64i: FLOAT64 or none",
        "text: STRING",
        "f32: FLOAT32 or none",
        "f64: FLOAT64 or none",
        "enum: ENUM or none",
        "few: STRING",
        "when: ENUM or none",
        "never: STRING",
        "nothing: STRING or none",
    ];
    assert_eq!(found, expected);
    assert_eq!((&properties["class"]["type"], &properties["id"]["type"]), (&"ENUM".into(), &"STRING".into()));
    let described: BTreeSet<_> = ["when", "never"].map(|name| properties[name]["description"].as_str()).into();
    assert_eq!(described, BTreeSet::from([None, Some("Dates with times (ISO 8601)")]), "31 February is no date");
    for (i, row) in (0..96u32).zip(&tile.rows) {
        for (name, value) in value(i) {
            let held = row.get(&format!("@{name}"));
            match value {
                Value::Null => assert_eq!(held, None, "{name}"),
                Value::Bool(b) => assert_eq!(held, Some(&u8::from(b).into())),
                Value::Int(v) if name == "text" => assert_eq!(held, Some(&v.to_string().into())),
                Value::Int(v) => assert_eq!(held.unwrap().as_f64(), Some(v as f64), "{name}"),
                Value::Float(v) => assert_eq!(held, Some(&v.into()), "{name}"),
                Value::Text(v) => assert_eq!(held, Some(&v.into()), "{name}"),
                _ => unreachable!(),
            }
        }
    }
}
