//! Features as exports write them, and as they must not be.

use super::*;
use crate::formats::SourceObject;
use crate::geom::{Shape, closure, volume};
use crate::model::Class;

fn items_with(text: &str, options: &ReadOptions) -> Result<Vec<SourceItem>> {
    let mut items = Vec::new();
    read(text.as_bytes(), options, &mut |item| {
        items.push(item);
        Ok(())
    })?;
    Ok(items)
}

fn items(text: &str) -> Result<Vec<SourceItem>> {
    items_with(text, &ReadOptions::default())
}

fn objects(text: &str) -> Vec<SourceObject> {
    let all = items(text).unwrap();
    all.into_iter().filter_map(|i| if let SourceItem::Object(o) = i { Some(*o) } else { None }).collect()
}

fn refusals(text: &str) -> Vec<(String, String)> {
    let refused = |i| if let SourceItem::Refused { object, reason } = i { Some((object, reason)) } else { None };
    items(text).unwrap().into_iter().filter_map(refused).collect()
}

fn crs(text: &str) -> Option<String> {
    items(text)
        .unwrap()
        .into_iter()
        .find_map(|i| if let SourceItem::Frame(f) = i { Some(f.crs) } else { None })
        .unwrap()
}

const SQUARE: &str = "[[[0,0],[0,10],[10,10],[10,0],[0,0]],[[2,2],[4,2],[4,4],[2,4],[2,2]]]";

fn feature(id: &str, kind: &str, coordinates: &str, properties: &str) -> String {
    format!(
        r#"{{"type":"Feature","id":"{id}","properties":{{{properties}}},"geometry":{{"type":"{kind}","coordinates":{coordinates}}}}}"#
    )
}

fn collection(features: &[String]) -> String {
    format!(r#"{{"type":"FeatureCollection","name":"layer","features":[{}]}}"#, features.join(","))
}

#[test]
fn a_polygon_with_a_height_is_a_closed_building_whatever_its_rings_sense() {
    for (properties, bottom, top) in [
        (r#""height":9"#, 0.0, 9.0),
        (r#""building:height":"9 m","min_height":3"#, 3.0, 9.0),
        (r#""measuredHeight":9,"base_height":2"#, 2.0, 11.0),
        (r#""b3_h_dak_max":9.5,"b3_h_maaiveld":0.5"#, 0.5, 9.5),
    ] {
        let [building] = &objects(&collection(&[feature("a", "Polygon", SQUARE, properties)]))[..] else { panic!() };
        let Shape::Faces { faces, solid: true } = &building.shape else { panic!("{:?}", building.shape) };
        assert!(closure(faces, 1e-9).is_closed());
        assert!((volume(faces) - 96.0 * (top - bottom)).abs() < 1e-9, "{properties}");
        let bounds = building.shape.bounds();
        assert_eq!((bounds.min[2], bounds.max[2], building.class), (bottom, top, Class::Building));
        assert_eq!(building.footprint.len(), 1);
        assert!(building.footprint[0].exterior.iter().all(|p| p[2] == bottom));
    }
    let z = SQUARE
        .replace("0]", "0,7]")
        .replace("[2,2]", "[2,2,7]")
        .replace("[4,2]", "[4,2,7]")
        .replace("[4,4]", "[4,4,7]")
        .replace("[2,4]", "[2,4,7]");
    let [building] = &objects(&feature("a", "Polygon", &z, r#""height":3"#))[..] else { panic!() };
    assert_eq!(building.shape.bounds().max[2], 10.0, "the outline's own z is the ground");
}

#[test]
fn classes_come_from_the_feature_then_the_option_then_the_shape() {
    let classes = |properties: &str, kind: &str, coordinates: &str, option| {
        let text = collection(&[feature("a", kind, coordinates, properties)]);
        let all = items_with(&text, &ReadOptions { class: option, ..ReadOptions::default() }).unwrap();
        all.into_iter().find_map(|i| if let SourceItem::Object(o) = i { Some(o.class) } else { None }).unwrap()
    };
    assert_eq!(classes(r#""class":"grid""#, "Polygon", SQUARE, Some(Class::Building)), Class::Grid);
    assert_eq!(classes("", "Polygon", SQUARE, Some(Class::Building)), Class::Building);
    assert_eq!(classes(r#""height":3"#, "Polygon", SQUARE, Some(Class::Component)), Class::Component);
    assert_eq!(classes(r#""height":3"#, "Polygon", SQUARE, None), Class::Building);
    assert_eq!(classes("", "Polygon", SQUARE, None), Class::Component);
    assert_eq!(classes(r#""class":"pipe""#, "LineString", "[[0,0],[1,1]]", None), Class::Pipe);
    assert_eq!(classes(r#""class":"camera""#, "Point", "[0,0,3]", None), Class::Camera);
    assert_eq!(classes(r#""class":"噪声屏""#, "Point", "[0,0,3]", None), Class::Device);
}

#[test]
fn ids_names_parents_and_attributes_come_through() {
    let text = collection(&[
        r#"{"type":"Feature","properties":{"id":7,"name":"东门","parent":"B1","storey":"12A","class":"bin","fill":{"now":0.5}},"geometry":{"type":"Point","coordinates":[1,2,3,99]}}"#.into(),
        r#"{"type":"Feature","properties":null,"geometry":null}"#.into(),
        r#"{"type":"Feature","properties":null,"geometry":null}"#.into(),
    ]);
    let [bin, a, b] = &objects(&text)[..] else { panic!() };
    assert_eq!(
        (&*bin.id, bin.name.as_str(), bin.parent.as_deref(), bin.storey.as_deref()),
        ("7", "东门", Some("B1"), Some("12A"))
    );
    assert_eq!(bin.attributes, [("fill".to_owned(), Value::Map(vec![("now".into(), Value::Float(0.5))]))]);
    assert_eq!(bin.shape, Shape::Points(vec![[1.0, 2.0, 3.0]]));
    assert!(a.id.starts_with("made-") && *b.id == *format!("{}-2", a.id));
    assert_eq!(objects(&text)[1].id, a.id, "the same at the next reading");
}

#[test]
fn one_bad_feature_is_refused_alone() {
    let bad = [
        (feature("bad", "Polygon", "[[0,0],[1,1]]", ""), "not nested as a Polygon"),
        (feature("bad", "Polygon", "[[[0,0],[1,1],[2,2],[0,0]]]", ""), "no area"),
        (feature("bad", "Point", "[\"a\",1]", ""), "not nested as a Point"),
        (feature("bad", "Circle", "[0,0]", ""), "'Circle' is not a geometry type"),
        (feature("bad", "Polygon", SQUARE, r#""height":-4"#), "makes no building"),
        (feature("good", "Point", "[0,0]", ""), "twice"),
        (r#"{"type":"Thing"}"#.into(), "not 'Feature'"),
    ];
    for (bad, reason) in bad {
        let text = collection(&[feature("good", "Point", "[0,0]", ""), bad]);
        let refused = refusals(&text);
        assert!(refused.len() == 1 && refused[0].1.contains(reason), "{reason}: {refused:?}");
        assert_eq!(objects(&text).len(), 1, "{reason}");
    }
}

#[test]
fn the_crs_is_the_one_of_the_2008_text_or_84_or_unknown() {
    let point = |c: &str| feature("a", "Point", c, "");
    assert_eq!(crs(&collection(&[point("[118,32]")])).as_deref(), Some("OGC:CRS84"));
    assert_eq!(crs(&collection(&[])).as_deref(), Some("OGC:CRS84"));
    assert_eq!(crs(&collection(&[point("[500000,3540000]")])), None);
    let member = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4549"}},"features""#;
    let named = collection(&[point("[500000,3540000]")]).replace("\"features\"", member);
    assert_eq!(crs(&named).as_deref(), Some("urn:ogc:def:crs:EPSG::4549"));
    let late = collection(&[point("[5,3]")])
        .replace("]}]", "]}],")
        .replace("]}}]}", &format!("]}}}}],{}}}", &member[..member.len() - 11]));
    let fault = items(&late).unwrap_err().to_string();
    assert!(fault.contains("after its first feature"), "{fault} {late}");
}

#[test]
fn sequences_single_features_and_bare_geometries_are_read() {
    let (a, b) = (feature("a", "Point", "[0,0]", ""), feature("b", "Point", "[1,1]", ""));
    for text in [
        format!("{a}\n{b}\n"),
        format!("\x1e{a}\n\x1e{b}\n"),
        format!("\u{feff}{a}\r\n\r\n{b}"),
        collection(&[a.clone(), b.clone()]),
    ] {
        assert_eq!(objects(&text).len(), 2, "{text}");
    }
    assert_eq!(objects(&a).len(), 1);
    assert_eq!(objects(r#"{"type":"Point","coordinates":[1,2]}"#).len(), 1);
    assert!(GeoJson.sniff(b"\x1e{\"type\":\"Feature\"") && !GeoJson.sniff(b"{\"type\":\"CityJSONFeature\""));
}

#[test]
fn cut_wrong_deep_and_huge_files_are_refused_whole() {
    let text = collection(&[feature("a", "Point", "[0,0]", ""), feature("b", "Point", "[1,1]", "")]);
    let huge = collection(&[feature("a", "Point", "[0,0]", &format!("\"x\":\"{}\"", "y".repeat(65 << 20)))]);
    for (text, said) in [
        (text[..text.len() - 5].to_owned(), "not whole"),
        (String::new(), "empty"),
        (text.replace("\"features\":", "\"features\""), "is not JSON at line 1"),
        (format!("{text}]"), "is not"),
        (r#"{"type":"Topology","objects":{}}"#.into(), "type 'Topology' is not GeoJSON"),
        (r#"{"type":"FeatureCollection"}"#.into(), "without 'features'"),
        (feature("a", "Polygon", &"[".repeat(100_000), ""), "recursion limit"),
        (feature("a", "Point", "[1e999,0]", ""), "out of range"),
        (huge, "larger than 64 MiB"),
    ] {
        let fault = items(&text).unwrap_err().to_string();
        assert!(fault.contains(said), "{said}: {fault}");
    }
}
