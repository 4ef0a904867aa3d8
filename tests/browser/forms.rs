//! The same tile plain and compressed, with instances and enumerations, in CesiumJS and in loaders.gl's own decoder.

use super::{assert_none, node};
use crate::tiles::{forms::furnished, reader};
use cimbra::crs::SiteFrame;
use cimbra::tiles::tiles3d::{self, Compression};
use cimbra::units::Geodetic;
use serde_json::{Value, json};

#[test]
fn both_forms_are_drawn_picked_and_styled_alike() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let content = furnished();
    let frame = SiteFrame::new(Geodetic::new(118.78, 32.04, 12.0));
    let plain = tiles3d::encode(&content, Compression::None).unwrap();
    for (form, bytes) in
        [("plain", plain.clone()), ("packed", tiles3d::encode(&content, Compression::Meshopt).unwrap())]
    {
        put(&format!("{form}.glb"), &bytes);
        let tileset = json!({
            "asset": { "version": "1.1" },
            "geometricError": 100.0,
            "root": {
                "transform": frame.enu_to_ecef(),
                "boundingVolume": { "box": [4, 3, 1, 6, 0, 0, 0, 6, 0, 0, 0, 4] },
                "geometricError": 0.0,
                "refine": "REPLACE",
                "content": { "uri": format!("{form}.glb") }
            }
        });
        put(&format!("{form}.json"), tileset.to_string().as_bytes());
    }
    // Where each feature is met from straight above: the middle of its highest triangle.
    let tile = reader::read(&plain);
    let top = |corners: &[usize; 3]| corners.map(|i| tile.vertices[i].0[2]).iter().sum::<f64>();
    let aims: Vec<Value> = (0..tile.rows.len())
        .map(|f| {
            let own = tile.corners.iter().filter(|c| tile.vertices[c[0]].1 == f);
            let highest = own.max_by(|a, b| top(a).total_cmp(&top(b))).unwrap();
            let middle = [0, 1, 2].map(|k| highest.iter().map(|i| tile.vertices[*i].0[k]).sum::<f64>() / 3.0);
            json!({ "at": middle, "id": tile.rows[f]["id"], "class": tile.rows[f]["class"],
                "storey": tile.rows[f]["storey"], "built": tile.rows[f]["@built"] })
        })
        .collect();
    put("aims.json", Value::from(aims.clone()).to_string().as_bytes());
    let seen = node("forms.mjs", &[folder.path().to_str().unwrap()]);
    for list in ["/outside", "/errors", "/invalid"] {
        assert_none(&seen, list);
    }
    for form in ["plain", "packed"] {
        assert_none(&seen, &format!("/{form}/failed"));
        assert_eq!(seen[form]["features"], aims.len(), "{form}");
        for (aim, picked) in aims.iter().zip(seen[form]["picked"].as_array().unwrap()) {
            let expected = json!([aim["id"], aim["class"], aim["storey"], aim["built"]]);
            assert_eq!(*picked, expected, "{form}: where {} is", aim["id"]);
        }
        // A style that shows walls alone leaves nothing else to pick.
        let walls = seen[form]["walls"].as_array().unwrap();
        assert!(walls.iter().zip(&aims).all(|(hit, aim)| *hit == (aim["class"] == "wall")), "{form}: {walls:?}");
    }
    assert!(seen["triangles"].as_u64().unwrap() > 500 && seen["different"] == 0, "{seen:#}");
}
