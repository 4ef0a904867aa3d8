//! Small files, one for each thing that a CityJSON reader must get right.

use super::*;
use crate::formats::SourceObject;
use crate::geom::{Shape, SurfaceKind, volume};
use crate::model::{Class, Value};

/// A cube of 1 m at (10, 20, 30), its first face the ground.
const CUBE: &str = "[[[0,3,2,1]],[[4,5,6,7]],[[0,1,5,4]],[[1,2,6,5]],[[2,3,7,6]],[[3,0,4,7]]]";
const CORNERS: &str =
    "[[0,0,0],[1000,0,0],[1000,1000,0],[0,1000,0],[0,0,1000],[1000,0,1000],[1000,1000,1000],[0,1000,1000]]";

pub(crate) fn document(objects: &str) -> String {
    format!(
        r#"{{"type":"CityJSON","version":"2.0","metadata":{{"referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/7415"}},
        "transform":{{"scale":[0.001,0.001,0.001],"translate":[10,20,30]}},"CityObjects":{{{objects}}},"vertices":{CORNERS}}}"#
    )
}

fn solid(id: &str, shell: &str) -> String {
    format!(r#""{id}":{{"type":"Building","geometry":[{{"type":"Solid","lod":"2","boundaries":[{shell}]}}]}}"#)
}

fn items(text: &str) -> Result<Vec<SourceItem>> {
    let mut items = Vec::new();
    let pictures = Arc::new(Pictures::of(Path::new("city.json")));
    read(Lines::new(text.as_bytes(), LONGEST_LINE), pictures, &mut |item| {
        items.push(item);
        Ok(())
    })?;
    Ok(items)
}

fn objects(text: &str) -> Vec<SourceObject> {
    let all = items(text).unwrap();
    all.into_iter().filter_map(|i| if let SourceItem::Object(o) = i { Some(*o) } else { None }).collect()
}

fn refusals(text: &str) -> Vec<(String, String)> {
    let refused = |i| if let SourceItem::Refused { object, reason } = i { Some((object, reason)) } else { None };
    items(text).unwrap().into_iter().filter_map(refused).collect()
}

fn faces(object: &SourceObject) -> (&[crate::geom::Face], bool) {
    match &object.shape {
        Shape::Faces { faces, solid } => (faces, *solid),
        other => panic!("faces, not {other:?}"),
    }
}

#[test]
fn a_solid_comes_in_real_coordinates_with_its_surfaces_named() {
    let text = document(&solid("a", CUBE));
    let all = items(&text).unwrap();
    let SourceItem::Frame(frame) = &all[0] else { panic!("the frame comes first") };
    assert_eq!(frame.crs.as_deref(), Some("https://www.opengis.net/def/crs/EPSG/0/7415"));
    let [cube] = &objects(&text)[..] else { panic!("one object") };
    let (faces, solid) = faces(cube);
    assert!(solid && (volume(faces) - 1.0).abs() < 1e-9);
    assert_eq!(cube.shape.bounds().min, [10.0, 20.0, 30.0]);
    let count = |kind| faces.iter().filter(|f| f.kind == kind).count();
    assert_eq!([SurfaceKind::Wall, SurfaceKind::Roof, SurfaceKind::Ground].map(count), [4, 1, 1]);
    assert_eq!(cube.footprint.len(), 1, "the ground, seen from above");
    assert!(crate::geom::turning(&cube.footprint[0].exterior) > 0.0);
    assert!(cube.attributes.contains(&("lod".into(), Value::Text("2".into()))));
}

#[test]
fn what_is_wrong_with_one_object_refuses_that_object_only() {
    let open = CUBE.replacen("[[4,5,6,7]],", "", 1);
    let cases = [
        (solid("bad", &open), "does not close: 4 open edges"),
        (solid("bad", &CUBE.replace("[[4,5,6,7]]", "[[4,5,6,99]]")), "vertex 99 does not exist (there are 8)"),
        (solid("bad", "[[0,3,2,1]]"), "not nested as a Solid needs"),
        (solid("bad", "[[[\"x\"]]]"), "not nested"),
        (solid("bad", "[[[-1,2,3]]]"), "not nested"),
        (solid("bad", "[[[0,3,2,1],7]]"), "not nested"),
        (solid("bad", CUBE).replace("Solid", "Sphere"), "'Sphere' is not a geometry type"),
        (solid("bad", CUBE).replace("\"Solid\"", "\"GeometryInstance\""), "names no template"),
        (solid("good", CUBE).replace("good", "good2") + "," + &solid("good2", CUBE), "twice"),
    ];
    for (bad, reason) in cases {
        let text = document(&format!("{bad},{}", solid("good", CUBE)));
        let refused = refusals(&text);
        assert!(refused.len() == 1 && refused[0].1.contains(reason), "{reason}: {refused:?}");
        assert!(objects(&text).iter().any(|o| &*o.id == "good"), "{reason}");
    }
}

#[test]
fn an_object_of_another_structure_is_refused_by_its_id_and_those_beside_it_come_in() {
    let wrong = r#""c":{"type":"Building","geometry":"none"},"d":[1,2]"#;
    let text = document(&format!("{},{wrong},{}", solid("a", CUBE), solid("b", CUBE)));
    assert_eq!(objects(&text).iter().map(|o| &*o.id).collect::<Vec<_>>(), ["a", "b"]);
    let told = refusals(&text);
    assert_eq!(told.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["c", "d"]);
    assert!(told.iter().all(|(_, reason)| reason.starts_with("is no city object: ")), "{told:?}");
    let header = document("").replace('\n', "");
    let line = format!(
        r#"{{"type":"CityJSONFeature","id":"a","CityObjects":{{{},{wrong}}},"vertices":{CORNERS}}}"#,
        solid("a", CUBE)
    );
    let sequence = format!("{header}\n{line}\n");
    assert_eq!((objects(&sequence).len(), refusals(&sequence).len()), (1, 2));
}

#[test]
fn a_solid_without_its_ground_gets_one_and_that_is_told() {
    let text = document(&solid("a", &CUBE.replacen("[[0,3,2,1]],", "", 1)));
    let [cube] = &objects(&text)[..] else { panic!("one object") };
    let (faces, solid) = faces(cube);
    assert!(solid && faces.len() == 6 && (volume(faces) - 1.0).abs() < 1e-9);
    assert_eq!(faces.iter().filter(|f| f.kind == SurfaceKind::Ground).count(), 1);
    assert_eq!(cube.footprint.len(), 1);
    let told =
        items(&text).unwrap().into_iter().any(|i| matches!(i, SourceItem::Note(n) if n.contains("lack their ground")));
    assert!(told);
}

#[test]
fn the_best_level_that_holds_is_taken_and_level_0_is_the_footprint() {
    let open = CUBE.replacen("[[4,5,6,7]],", "", 1);
    let text = document(&format!(
        r#""a":{{"type":"Building","geometry":[
        {{"type":"MultiSurface","lod":0,"boundaries":[[[0,1,2,3]]]}},
        {{"type":"Solid","lod":1.2,"boundaries":[{CUBE}]}},
        {{"type":"Solid","lod":"2.2","boundaries":[{open}]}}]}},
        "flat":{{"type":"LandUse","geometry":[{{"type":"MultiSurface","lod":"0","boundaries":[[[0,1,2,3]]]}}]}}"#
    ));
    let all = objects(&text);
    assert!(faces(&all[0]).1, "the closed solid of level 1.2");
    assert_eq!(all[0].footprint.len(), 1);
    assert!(all[0].attributes.contains(&("lod".into(), Value::Text("1.2".into()))));
    assert!(matches!(&all[1].shape, Shape::Areas(a) if a.len() == 1));
    assert_eq!(all[1].class, Class::Site);
}

#[test]
fn trees_names_storeys_extensions_and_nested_attributes_come_through() {
    let text = document(
        r#""b":{"type":"Building","attributes":{"name":"三号楼","n":{"x":[1,2.5,null]}},"children":["s"]},
        "s":{"type":"BuildingStorey","attributes":{"name":"12A"},"parents":["b"],"children":["r"]},
        "r":{"type":"BuildingRoom","address":[{"city":"南京"}]},
        "t":{"type":"+NoiseBarrier","parents":["g"]},
        "g":{"type":"CityObjectGroup","children":["r","t"]}"#,
    );
    let all = objects(&text);
    let get = |id: &str| all.iter().find(|o| &*o.id == id).unwrap();
    assert_eq!((get("b").name.as_str(), get("b").storey.as_deref()), ("三号楼", None));
    assert_eq!((get("r").parent.as_deref(), get("r").storey.as_deref()), (Some("s"), Some("12A")));
    assert_eq!(get("s").storey.as_deref(), Some("12A"));
    assert_eq!((get("t").class, get("t").parent.as_deref()), (Class::Element, None));
    assert!(get("t").attributes.contains(&("cityjson_type".into(), Value::Text("+NoiseBarrier".into()))));
    assert!(get("r").attributes.iter().any(|(n, v)| n == "address" && matches!(v, Value::List(_))));
    let nested = Value::List(vec![Value::Int(1), Value::Float(2.5), Value::Null]);
    assert!(get("b").attributes.contains(&("n".into(), Value::Map(vec![("x".into(), nested)]))));
}

#[test]
fn a_template_is_turned_and_moved() {
    let cube = solid("x", CUBE);
    let template = &cube[cube.find("[{").unwrap()..=cube.rfind(']').unwrap()];
    let corners = CORNERS.replace("1000", "2");
    let text = document(
        r#""tree":{"type":"SolitaryVegetationObject","geometry":[{"type":"GeometryInstance","template":0,"boundaries":[6],
        "transformationMatrix":[2,0,0,0, 0,2,0,0, 0,0,2,0, 0,0,0,1]}]}"#,
    );
    let text = text.replace(
        "\"CityObjects\"",
        &format!(r#""geometry-templates":{{"templates":{template},"vertices-templates":{corners}}},"CityObjects""#),
    );
    let [tree] = &objects(&text)[..] else { panic!("one object: {:?}", refusals(&text)) };
    let bounds = tree.shape.bounds();
    assert_eq!((bounds.min, bounds.max), ([11.0, 21.0, 31.0], [15.0, 25.0, 35.0]));
}

#[test]
fn a_sequence_is_read_line_by_line_and_a_broken_one_is_refused_whole() {
    let header = r#"{"type":"CityJSON","version":"1.1","transform":{"scale":[1,1,1],"translate":[0,0,0]},"CityObjects":{},"vertices":[]}"#;
    let feature = |id: &str| {
        let corners = CORNERS.replace("1000", "1");
        format!(
            r#"{{"type":"CityJSONFeature","id":"{id}","CityObjects":{{{}}},"vertices":{corners}}}"#,
            solid(id, CUBE)
        )
    };
    let text = format!("{header}\n{}\n\n{}\n", feature("a"), feature("b"));
    assert_eq!(objects(&text).len(), 2);
    assert_eq!(refusals(&format!("{text}{}", feature("a")))[0].0, "a");
    let odd = refusals(&format!("{text}{}\n", r#"{"type":"CityJSONFeature","vertices":7}"#));
    assert_eq!(odd[0].0, "line 5");
    let cut = items(&text[..text.len() - 30]).unwrap_err().to_string();
    assert!(cut.contains("line 4") && cut.contains("not whole"), "{cut}");
    let other = items(&format!("{text}{{\"type\":\"Feature\"}}")).unwrap_err().to_string();
    assert!(other.contains("line 5") && other.contains("'Feature'"), "{other}");
}

#[test]
fn other_versions_other_json_and_cut_files_are_refused_by_name() {
    let text = document(&solid("a", CUBE));
    for (text, said) in [
        (text.replace("\"2.0\"", "\"1.0\""), "version '1.0'"),
        (text.replace("\"2.0\"", "\"9\""), "version '9'"),
        (text.replace("\"CityJSON\"", "\"Topology\""), "type 'Topology'"),
        (text[..text.len() - 9].to_owned(), "not whole"),
        (text.replace("\"vertices\":[[", "\"vertices\":[[["), "is not CityJSON at line 2"),
        (text.replace("\"CityObjects\":", "\"CityObjects\""), "is not JSON at line 2"),
        (format!("{text} x"), "is not JSON at line 2"),
        ("[".repeat(100_000), "is not"),
        (document(&solid("a", &"[".repeat(100_000))), "recursion limit"),
    ] {
        let fault = items(&text).unwrap_err().to_string();
        assert!(fault.contains(said), "{said}: {fault}");
    }
}

#[test]
fn materials_colour_surfaces_and_templates_and_what_is_no_texture_is_told() {
    let text = format!(
        r#"{{"type":"CityJSON","version":"2.0","transform":{{"scale":[0.001,0.001,0.001],"translate":[0,0,0]}},
        "appearance":{{"materials":[{{"name":"a","diffuseColor":[1.0,0.0,0.5],"transparency":0.5}},{{"name":"no colour"}}]}},
        "geometry-templates":{{"templates":[{{"type":"MultiSurface","lod":"2","boundaries":[[[0,1,2]]],"material":{{"t":{{"value":0}}}}}}],
            "vertices-templates":[[0,0,0],[1,0,0],[0,1,0]]}},
        "CityObjects":{{
            "cube":{{"type":"Building","geometry":[{{"type":"Solid","lod":"2","boundaries":[{CUBE}],
                "material":{{"day":{{"values":[[0,1,null,0,0,0]]}}}},
                "texture":{{"day":{{"values":[[[[0,0,1,2,3]],[[null]],[[null]],[[null]],[[null]],[[null]]]]}}}}}}]}},
            "tree":{{"type":"SolitaryVegetationObject","geometry":[{{"type":"GeometryInstance","template":0,"boundaries":[0],
                "transformationMatrix":[1,0,0,0, 0,1,0,0, 0,0,1,0, 0,0,0,1]}}]}}
        }},"vertices":{CORNERS}}}"#
    );
    let all = objects(&text);
    let colours = |o: &SourceObject| faces(o).0.iter().map(|f| f.colour).collect::<Vec<_>>();
    let pink = Some([255, 0, 128, 128]);
    assert_eq!(colours(&all[0]), [pink, None, None, pink, pink, pink]);
    assert_eq!(colours(&all[1]), [pink]);
    let notes: Vec<_> = items(&text).unwrap().into_iter().filter(|i| matches!(i, SourceItem::Note(_))).collect();
    assert!(format!("{notes:?}").contains("a texture is left out of 1 objects, the first of them 'cube'"), "{notes:?}");
}
