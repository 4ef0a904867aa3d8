//! Door plates: one for every building, unit and flat, with its house code.

use super::layer::{Layer, Shape, ToLonLat};
use super::out::Entry;
use super::site::Structure;
use super::tree::{Level, SITE_CODE, grow};
use crate::fault::Result;
use serde_json::json;
use std::path::Path;

const ROAD: &str = "汉口路";
const NUMBER: u32 = 22;

/// A building's postal address.
pub(super) fn street_address(structure: &Structure) -> String {
    format!("南京市鼓楼区{ROAD}{NUMBER}号{}号楼", structure.number)
}

/// Writes `addresses.geojson`.
pub(super) fn write(dir: &Path, structures: &[Structure], to_lon_lat: &ToLonLat<'_>) -> Result<Entry> {
    let mut layer = Layer::create(dir, "addresses.geojson", to_lon_lat)?;
    for structure in structures {
        let street = street_address(structure);
        let nodes = grow(structure);
        for node in &nodes {
            let unit = format!("{}单元", node.unit);
            let (address, plate) = match node.level {
                Level::Building => (street.clone(), "building"),
                Level::Unit => (format!("{street}{unit}"), "unit"),
                Level::Flat if node.house.is_some() => (format!("{street}{unit}{}", node.zh), "flat"),
                _ => continue,
            };
            // A building's and a unit's plate hang beside the door, north of the stair; a flat's is its middle.
            let [x, y] = if plate == "flat" { node.middle() } else { [node.middle()[0], node.rect()[3]] };
            let [e, n] = structure.project([x, y]);
            let z = if plate == "flat" { node.z[0] } else { 0 };
            let mut properties = vec![
                ("class", json!("address")),
                ("name", json!(address)),
                ("plate", json!(plate)),
                ("district", json!("鼓楼区")),
                ("street", json!("华侨路街道")),
                ("community_code", json!(SITE_CODE)),
                ("road", json!(ROAD)),
                ("number", json!(NUMBER)),
                ("building", json!(structure.number)),
                ("place", json!(super::ids::asset(structure, node))),
            ];
            if node.unit > 0 {
                properties.push(("unit", json!(node.unit)));
            }
            if let Some(house) = &node.house {
                let label = node.storey.and_then(|i| structure.storeys.get(i)).map(|s| s.label.clone());
                properties.push(("storey_label", json!(label)));
                properties.push(("room", json!(node.zh.trim_end_matches('室'))));
                properties.push(("house_code", json!(house)));
            }
            layer.feature(&format!("A-{}", node.key), &Shape::Point([e, n, structure.height(z)]), &properties)?;
        }
    }
    layer.finish()
}
