//! CityJSON, whole and in sequence.

use super::{Target, real};
use cimbra::formats::{ReadOptions, SourceItem, reader_of};
use cimbra::geom::Shape;

const CUBE: &str = r#"{"type":"CityJSON","version":"2.0","metadata":{"referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/7415"},
"transform":{"scale":[0.001,0.001,0.001],"translate":[85000,446000,1]},
"CityObjects":{
"b":{"type":"Building","attributes":{"name":"三号楼","n":{"x":[1,2.5,null]}},"children":["p","s"],"geometry":[{"type":"MultiSurface","lod":"0","boundaries":[[[0,1,2,3],[4,5,6]]]}]},
"p":{"type":"BuildingPart","parents":["b"],"geometry":[{"type":"Solid","lod":"2.2","boundaries":[[[[0,3,2,1]],[[4,5,6,7]],[[0,1,5,4]],[[1,2,6,5]],[[2,3,7,6]],[[3,0,4,7]]]],
"semantics":{"surfaces":[{"type":"GroundSurface"},{"type":"WallSurface"},{"type":"RoofSurface"}],"values":[[0,2,1,1,null,1]]}}]},
"s":{"type":"BuildingStorey","parents":["b"],"children":["r"]},
"r":{"type":"+Room","parents":["s"],"geometry":[{"type":"CompositeSolid","lod":1,"boundaries":[[[[[0,3,2,1]],[[4,5,6,7]],[[0,1,5,4]],[[1,2,6,5]],[[2,3,7,6]],[[3,0,4,7]]]]]}]},
"t":{"type":"SolitaryVegetationObject","geometry":[{"type":"GeometryInstance","template":0,"boundaries":[6],"transformationMatrix":[2,0,0,0,0,2,0,0,0,0,2,0,0,0,0,1]}]},
"l":{"type":"Road","geometry":[{"type":"MultiLineString","lod":"1","boundaries":[[0,1,2]]}]},
"m":{"type":"CityFurniture","geometry":[{"type":"MultiPoint","lod":"1","boundaries":[0,1]}]}},
"geometry-templates":{"templates":[{"type":"MultiSurface","lod":"2","boundaries":[[[0,1,2]]]}],"vertices-templates":[[0,0,0],[1,0,0],[0,1,0]]},
"vertices":[[0,0,0],[1000,0,0],[1000,1000,0],[0,1000,0],[0,0,1000],[1000,0,1000],[1000,1000,1000],[0,1000,1000]]}"#;

const WORDS: &[&str] = &[
    "\"type\":\"CityJSONFeature\"",
    "CityObjects",
    "Solid",
    "MultiSolid",
    "MultiSurface",
    "MultiPoint",
    "GeometryInstance",
    "Building",
    "BuildingStorey",
    "CityObjectGroup",
    "boundaries",
    "semantics",
    "values",
    "vertices",
    "transform",
    "parents",
    "children",
    "lod",
    "template",
    "1.1",
    "b",
    "p",
    "\n",
    "\u{feff}",
    "[[[[0,1,2]]]],",
    "null,",
    "vertices-texture",
    "\"texture\"",
    "[[[0,0,1,2]]]",
    "\\ud800",
];

/// A picture of two pixels by two, red and blue.
pub const PICTURE: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR42mP4zwAE/xkgFAAb8gP9PpddpAAAAABJRU5ErkJggg==";

/// A solid with textures in two themes, a material, and a template that shows a picture too.
fn textured() -> Vec<u8> {
    let shell = "[[[0,3,2,1]],[[4,5,6,7]],[[0,1,5,4]],[[1,2,6,5]],[[2,3,7,6]],[[3,0,4,7]]]";
    let told = "[[[0,0,3,2,1]],[[1,0,1,2,3]],[[null]],[[0,1,2,1,0]],[[null]],[[0,3,0,0,3]]]";
    CUBE.replace(
        &format!("\"boundaries\":[{shell}],\n\"semantics\""),
        &format!(
            "\"boundaries\":[{shell}],\"material\":{{\"day\":{{\"value\":0}}}},\"texture\":{{\"day\":{{\"values\":[{told}]}},\"night\":{{\"values\":[[]]}}}},\n\"semantics\""
        ),
    )
    .replace("\"boundaries\":[[[0,1,2]]]}]", "\"boundaries\":[[[0,1,2]]],\"texture\":{\"day\":{\"values\":[[[0,0,1,2]]]}}}]")
    .replacen(
        "\"geometry-templates\"",
        &format!(
            "\"appearance\":{{\"default-theme-texture\":\"day\",\"materials\":[{{\"name\":\"m\",\"diffuseColor\":[1,0,0]}}],\"textures\":[{{\"type\":\"PNG\",\"image\":\"{PICTURE}\"}},{{\"image\":\"a.png\",\"wrapMode\":\"mirror\"}}],\"vertices-texture\":[[0,0],[1,0],[1,1],[0,1.5]]}},\n\"geometry-templates\""
        ),
        1,
    )
    .into_bytes()
}

#[test]
fn the_textured_seed_shows_its_pictures() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.city.json");
    std::fs::write(&file, textured()).unwrap();
    let (mut pictures, mut shown) = (0, 0);
    let mut sink = |item| {
        match item {
            SourceItem::Picture(_) => pictures += 1,
            SourceItem::Object(object) => {
                if let Shape::Faces { faces, .. } = &object.shape {
                    shown += faces.iter().filter(|face| face.shown.is_some()).count();
                }
            }
            _ => {}
        }
        Ok(())
    };
    reader_of(&file).unwrap().read(&file, &ReadOptions::default(), &mut sink).unwrap();
    assert_eq!((pictures, shown), (1, 4), "three sides of the part, and the tree");
}

/// The whole file as a sequence: the header without objects, then one feature.
fn sequence() -> Vec<u8> {
    let header = r#"{"type":"CityJSON","version":"1.1","transform":{"scale":[0.001,0.001,0.001],"translate":[85000,446000,1]},"CityObjects":{},"vertices":[]}"#;
    let feature = CUBE.replace('\n', "").replacen("\"CityJSON\"", "\"CityJSONFeature\",\"id\":\"b\"", 1);
    format!("{header}\n{feature}\n{}\n", feature.replace("\"b\"", "\"b2\"").replace("\"p\"", "\"p2\"")).into_bytes()
}

#[test]
fn any_bytes_are_read_or_refused() {
    let mut seeds = vec![CUBE.as_bytes().to_vec(), sequence(), textured()];
    seeds.extend(real("cityjson/rotterdam_subset.city.json"));
    seeds.extend(real("cityjson/delft.city.jsonl").map(|all| {
        let end = all.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(4).map_or(all.len(), |(i, _)| i);
        all[..end].to_vec()
    }));
    let test = "fuzz::cityjson::any_bytes_are_read_or_refused";
    Target { test, reader: "CityJSON", ending: "city.json", seeds, words: WORDS }.run();
}
