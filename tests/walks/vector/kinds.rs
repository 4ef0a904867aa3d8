//! Every kind of geometry and of value, encodings, layers.

use super::{corners, made, mapped, oracle, read, value};
use cimbra::geom::{Shape, closure};
use cimbra::model::{Class, Value};

#[test]
fn every_kind_of_geometry_has_the_points_that_gdal_finds() {
    let dir = made();
    let mut seen = 0;
    for kind in [
        "Point",
        "PointZ",
        "LineString",
        "LineStringZ",
        "MultiPointZ",
        "MultiLineString",
        "Polygon",
        "MultiPolygon",
        "PolygonZ",
    ] {
        for ending in ["shp", "gpkg", "fgb"] {
            let file = dir.path().join(format!("{kind}.{ending}"));
            let got = read(&file);
            assert_eq!(got.refused, Vec::<String>::new(), "{kind}.{ending}");
            let [object] = &got.objects[..] else { panic!("{kind}.{ending}: {} objects", got.objects.len()) };
            let wanted = oracle(&["read", file.to_str().unwrap()]);
            let points = wanted["rows"][0]["points"].as_array().unwrap();
            let mut points: Vec<[f64; 3]> =
                points.iter().map(|p| [0, 1, 2].map(|k| p[k].as_f64().unwrap_or(0.0))).collect();
            points.sort_by(|a, b| a.partial_cmp(b).unwrap());
            points.dedup();
            assert_eq!(corners(&object.shape), points, "{kind}.{ending}");
            match &object.shape {
                Shape::Points(_) => assert!(kind.contains("Point")),
                Shape::Lines(lines) => assert_eq!(lines.len(), if kind.starts_with("Multi") { 2 } else { 1 }),
                Shape::Areas(areas) => {
                    let rings: Vec<usize> = areas.iter().map(|a| a.interiors.len()).collect();
                    let wanted: &[usize] = match kind {
                        "Polygon" => &[1],
                        "MultiPolygon" => &[1, 0],
                        _ => &[0],
                    };
                    assert_eq!(rings, wanted, "{kind}.{ending}");
                }
                other => panic!("{kind}.{ending}: {other:?}"),
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 27);
}

#[test]
fn values_keep_their_types_as_far_as_their_format_does() {
    let dir = made();
    for ending in ["shp", "gpkg", "fgb"] {
        let got = read(&dir.path().join(format!("values.{ending}")));
        let [a, b] = &got.objects[..] else { panic!("{ending}: {:?}", got.refused) };
        assert_eq!((&*a.id, &*b.id), ("a", "b"), "{ending}");
        // A name under a Chinese word, a height that makes a solid, a null that is not there.
        assert_eq!((a.name.as_str(), b.name.as_str()), ("一号楼", ""), "{ending}");
        let Shape::Faces { faces, solid: true } = &a.shape else { panic!("{ending}: {:?}", a.shape) };
        assert!(closure(faces, 1e-6).is_closed() && a.class == Class::Building);
        assert_eq!((&b.shape, value(b, "height")), (&Shape::Empty, None), "{ending}");
        assert_eq!(value(a, "count"), Some(&Value::Int(7)), "{ending}");
        assert_eq!(value(b, "count"), Some(&Value::Int(-1)), "{ending}");
        assert_eq!(value(a, "code"), Some(&Value::Text("0012".into())), "{ending}");
        assert_eq!(value(b, "code"), Some(&Value::Text("12".into())), "a code stays text: {ending}");
        let Some(Value::Text(built)) = value(a, "built") else { panic!("{ending}: {:?}", a.attributes) };
        assert!(built.starts_with("2024-03-05"), "{ending}: {built}");
        assert_eq!(value(b, "built"), None, "{ending}");
        assert_eq!(value(a, "public"), Some(&Value::Bool(true)), "{ending}: {:?}", a.attributes);
    }
}

#[test]
fn chinese_tables_without_a_declared_encoding_are_read_as_gbk_and_that_is_told() {
    let dir = made();
    let got = read(&dir.path().join("gbk.shp"));
    assert_eq!(&*got.objects[0].id, "楼1");
    assert_eq!(value(&got.objects[0], "地址"), Some(&Value::Text("南京市鼓楼区汉口路22号".into())));
    assert!(got.notes.iter().any(|n| n.contains("GBK")), "{:?}", got.notes);
    // Declared as something else, they are still what they can only be.
    std::fs::write(dir.path().join("gbk.cpg"), "UTF-8").unwrap();
    let wrongly = read(&dir.path().join("gbk.shp"));
    assert!(wrongly.objects == got.objects && wrongly.notes.iter().any(|n| n.contains("declares UTF-8")));
    // Declared as it is, it needs no note.
    std::fs::write(dir.path().join("gbk.cpg"), "936").unwrap();
    let declared = read(&dir.path().join("gbk.shp"));
    assert_eq!((declared.objects, declared.notes.iter().any(|n| n.contains("GBK"))), (got.objects, false));
}

#[test]
fn tables_of_a_geopackage_are_layers_each_in_its_own_crs() {
    let dir = made();
    let file = dir.path().join("several.gpkg");
    let got = read(&file);
    assert_eq!((got.crs.as_deref(), got.refused.len()), (None, 0), "{:?}", got.refused);
    let all: Vec<_> = got
        .objects
        .iter()
        .map(|o| (o.id.to_string(), o.layer.as_deref().unwrap_or_default(), o.crs.as_deref(), o.shape != Shape::Empty))
        .collect();
    let lamps = "灯 \"杆\"";
    assert_eq!(
        all,
        [
            (format!("{lamps}.1"), lamps, Some("EPSG:4490"), true),
            ("houses.1".into(), "houses", Some("EPSG:4549"), true),
            ("p1".into(), "people", None, false),
        ]
    );
    assert_eq!(value(&got.objects[2], "people"), Some(&Value::Int(3)));
    let houses = mapped(&file, "layers = [\"houses\"]\n[fields]\nid = \"H-{fid}\"").unwrap();
    assert_eq!((houses.crs.as_deref(), &*houses.objects[0].id), (Some("EPSG:4549"), "H-1"));
    assert_eq!(houses.objects[0].crs, None, "the only layer's CRS is the file's");
    let fault = mapped(&file, "layers = [\"roads\"]").err().unwrap();
    assert!(fault.contains("'roads'") && fault.contains("houses, people"), "{fault}");
}
