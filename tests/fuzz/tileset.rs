//! The JSON of tilesets that are adopted.

use super::{Target, real};
use cimbra::formats::tiles3d::{rebased, survey};
use cimbra::geom::matrix::IDENTITY;
use std::path::Path;

/// Looks through one case and writes it anew as moved; gives how many tiles it has.
pub fn drive(case: &Path) -> usize {
    let folder = case.parent().unwrap();
    for name in ["a.b3dm", "b.glb"] {
        std::fs::write(folder.join(name), "x").unwrap();
    }
    match survey(case) {
        Ok(found) => {
            assert!(found.contents > 0 && found.bounds.iter().all(|n| n.is_finite()));
            // What is adopted can be moved, but where a transform leaves no volume.
            let _ = rebased(&std::fs::read(case).unwrap(), Some(&IDENTITY), &IDENTITY);
            found.tiles
        }
        Err(fault) => {
            assert!(fault.to_string().len() < 4000);
            0
        }
    }
}

#[test]
fn any_json_is_adopted_or_refused() {
    let seed = r#"{"asset":{"version":"1.1"},"geometricError":9,"root":{"transform":[1,0,0,0,0,1,0,0,0,0,1,0,5,6,7,1],
        "boundingVolume":{"region":[-1.3,0.69,-1.29,0.7,0,20]},"geometricError":5,"content":{"uri":"a.b3dm"},
        "children":[{"boundingVolume":{"box":[0,0,0,7,0,0,0,7,0,0,0,7]},"geometricError":0,"contents":[{"uri":"b.glb"}]},
        {"boundingVolume":{"sphere":[0,0,0,4]},"geometricError":0,"content":{"url":"./a.b3dm"}}]}}"#;
    let mut seeds = vec![seed.as_bytes().to_vec()];
    seeds.extend(
        real("3dtiles/TilesetWithRequestVolume/city/tileset.json")
            .map(|real| String::from_utf8(real).unwrap().replace("ll.b3dm", "a.b3dm").into_bytes()),
    );
    let words = &[
        "\"children\":[",
        "\"implicitTiling\":{\"subtrees\":{\"uri\":\"a.b3dm\"}}",
        "../",
        "%2e%2e/",
        "tileset.json",
        "1e308",
        "region",
        "sphere",
        "{\"uri\":\"a.b3dm\"}",
    ];
    let test = "fuzz::tileset::any_json_is_adopted_or_refused";
    Target { test, reader: "3D Tiles", ending: "json", seeds, words }.run();
}
