//! The GLB writer alone: every feature, attribute and offset comes back, and the bytes are always the same.

use super::reader;
use cimbra::geom::{Mesh, Surface, SurfaceKind};
use cimbra::lod::{Drawn, colour, shape};
use cimbra::model::{Class, Value};
use cimbra::tiles::content::{Content, Feature, Piece, Shapes};
use cimbra::tiles::tiles3d::{self, Compression};
use std::sync::Arc;

fn feature(id: &str, class: Class, attributes: Vec<(String, Value)>) -> Feature {
    Feature {
        id: id.into(),
        class,
        name: String::new(),
        parent: Some("地块".into()),
        storey: None,
        attributes: Arc::new(attributes),
    }
}

#[test]
fn what_goes_into_a_glb_comes_back() {
    let nested = Value::Map(vec![("b".into(), Value::Bool(true)), ("n".into(), Value::List(vec![Value::Int(1)]))]);
    let attributes = vec![
        ("层数".to_owned(), Value::Int(18)),
        ("h".to_owned(), Value::Float(12.25)),
        ("ok".to_owned(), Value::Bool(true)),
        ("pset".to_owned(), nested),
        ("note".to_owned(), Value::Text("玻璃 façade".into())),
    ];
    let features = vec![
        feature("楼-1", Class::Building, attributes),
        feature("b2", Class::Building, vec![("h".to_owned(), Value::Null), ("ok".to_owned(), Value::Bool(false))]),
        feature("flat", Class::Building, vec![]),
    ];
    let ring = [[1000.0, 2000.0], [1010.125, 2000.0], [1010.125, 2007.0]];
    let prism = Arc::new(shape::prism(&ring, 3.0, 9.5));
    let mut tall = shape::prism(&ring, 10.0, 20.0);
    tall.surfaces = vec![Surface { first: 0, kind: SurfaceKind::Roof, colour: Some([255, 0, 0, 255]) }];
    let collapsed = Mesh::from_points(&[[1005.0, 2003.0, 4.0]; 3], vec![[0, 1, 2]], vec![]);
    let content = Content {
        origin: [1004.0, 2003.0, 5.0],
        shapes: Shapes::Meshes(vec![
            Piece::new(0, Drawn::Made(prism.clone())),
            Piece::new(1, tall.into()),
            Piece::new(2, collapsed.into()),
        ]),
        features,
        pictures: Default::default(),
    };
    let glb = tiles3d::encode(&content, Compression::None).unwrap();
    assert_eq!(glb, tiles3d::encode(&content, Compression::None).unwrap());
    let tile = reader::read(&glb);
    assert_eq!(tile.rows.len(), 3);
    let row = &tile.rows[0];
    assert_eq!(
        (&row["id"], &row["class"], &row["collection"]),
        (&"楼-1".into(), &"building".into(), &"buildings".into())
    );
    assert_eq!((&row["parent"], row.get("storey"), row.get("name")), (&"地块".into(), None, None));
    assert_eq!((&row["@层数"], &row["@h"], &row["@ok"]), (&18.into(), &12.25.into(), &1.into()));
    assert_eq!((&row["@pset"], &row["@note"]), (&r#"{"b":true,"n":[1]}"#.into(), &"玻璃 façade".into()));
    assert_eq!((tile.rows[1].get("@h"), &tile.rows[1]["@ok"]), (None, &0.into()), "of three one is not told");
    // Each position of the mesh, rounded to the grid that the tile says.
    assert_eq!(tile.step, 2f64.powi(-11), "metres");
    for point in prism.points() {
        let grid = point.map(|v| (v / tile.step).round() * tile.step);
        assert!(tile.vertices.iter().any(|(p, feature)| *p == grid && *feature == 0), "{point:?}");
    }
}

#[test]
fn markers_are_instances_with_their_own_numbers() {
    let features: Vec<_> = (0..70).map(|i| feature(&format!("d{i:02}"), Class::SmokeDetector, vec![])).collect();
    let points: Vec<[f64; 3]> = (0..70).map(|i| [f64::from(i) * 2.0, -f64::from(i), 3.0]).collect();
    let content = Content {
        origin: [60.0, -30.0, 3.0],
        features,
        shapes: Shapes::Markers(points.clone()),
        pictures: Default::default(),
    };
    let tile = reader::read(&tiles3d::encode(&content, Compression::None).unwrap());
    assert_eq!(tile.triangles, 8, "one octahedron for all");
    for (i, point) in points.iter().enumerate() {
        let own = tile.vertices.iter().filter(|(_, feature)| *feature == i);
        let far = own.flat_map(|(p, _)| (0..3).map(move |k| (p[k] - point[k]).abs())).fold(0.0, f64::max);
        assert!((far - 0.3).abs() < 1e-5, "marker {i} stands around its point: {far}");
    }
    assert_eq!(tile.rows[69]["id"], "d69");
}

#[test]
fn markers_have_the_colour_of_their_class() {
    let classes = [Class::SmokeDetector, Class::Camera, Class::SmokeDetector, Class::Hydrant];
    let features: Vec<_> = classes.iter().enumerate().map(|(i, c)| feature(&format!("d{i}"), *c, vec![])).collect();
    let points = (0..4).map(|i| [f64::from(i), 0.0, 0.0]).collect();
    let content = Content { origin: [0.0; 3], features, shapes: Shapes::Markers(points), pictures: Default::default() };
    let glb = tiles3d::encode(&content, Compression::None).unwrap();
    assert_eq!(glb, tiles3d::encode(&content, Compression::None).unwrap());
    let tile = reader::read(&glb);
    for (class, tint) in classes.iter().zip(&tile.tints) {
        let expected = colour::of_class(*class).map(|c| f64::from(colour::linear(c)));
        assert!((0..3).all(|k| (tint[k] - expected[k]).abs() < 1.0 / 255.0), "{class}: {tint:?}, {expected:?}");
    }
    let meshes = tile.json["meshes"].as_array().unwrap();
    assert_eq!(meshes.len(), 3, "one mesh for each colour");
    // Each under numbers of its own for its positions, which are the same bytes.
    let bytes = |mesh: &serde_json::Value| {
        let attributes = mesh["primitives"][0]["attributes"].as_object().unwrap().clone();
        let accessor = |number: &serde_json::Value| tile.json["accessors"][reader::number(number)].clone();
        attributes.into_iter().map(|(name, number)| (name, accessor(&number))).collect::<Vec<_>>()
    };
    assert!(meshes.iter().all(|mesh| bytes(mesh) == bytes(&meshes[0])), "and one shape for all");
    let positions = meshes.iter().map(|mesh| reader::number(&mesh["primitives"][0]["attributes"]["POSITION"]));
    assert_eq!(positions.collect::<std::collections::BTreeSet<_>>().len(), 3);
}

#[test]
fn more_attributes_than_columns_lose_none() {
    let many: Vec<(String, Value)> = (0..300).map(|i| (format!("a{i:03}"), Value::Int(i))).collect();
    let features = vec![feature("x", Class::Building, many)];
    let content = Content {
        origin: [0.0; 3],
        shapes: Shapes::Glass(vec![Piece::new(0, shape::octahedron([0.0; 3], 1.0).into())]),
        features,
        pictures: Default::default(),
    };
    let tile = reader::read(&tiles3d::encode(&content, Compression::None).unwrap());
    assert_eq!(tile.json["materials"][0]["alphaMode"], "BLEND");
    let others: serde_json::Value = serde_json::from_str(tile.rows[0]["other_attributes"].as_str().unwrap()).unwrap();
    let own = tile.rows[0].keys().filter(|k| k.starts_with('@')).count();
    assert_eq!(own + others.as_object().unwrap().len(), 300);
    assert_eq!(others["a299"], 299);
}
