//! What the leaves of real files weigh, as they are and as gzip sends them: figures that only a decision may raise.

use super::real::{imported, snapshot};
use super::tilesets::address;
use crate::support::shared;
use cimbra::lod::View;
use cimbra::model::Collections;
use cimbra::tiles::{Address, Plan, Tiles, tiles3d};
use serde_json::Value;
use std::process::Command;

/// The leaves of a tile, at full detail.
fn leaves(plan: &Plan, tile: &Value, into: &mut Vec<Vec<u8>>) {
    let children = tile["children"].as_array();
    children.into_iter().flatten().for_each(|child| leaves(plan, child, into));
    let Some(address) = address(tile).filter(|_| children.is_none()) else { return };
    let bytes = plan.encode(address).unwrap().unwrap();
    match address {
        Address::Tile(_) => into.push(bytes),
        Address::Tileset(_) => leaves(plan, &serde_json::from_slice::<Value>(&bytes).unwrap()["root"], into),
    }
}

/// Imports a shared file and asserts that its leaves take no more than `most` bytes, and `most_zipped` after `gzip -6`.
fn weigh(file: &str, more: &[&str], most: usize, most_zipped: usize) {
    let Some(shared) = shared() else { return };
    let (dir, store) = imported(&shared.join("data").join(file), more);
    let plan = Tiles::default().plan(&snapshot(&store), &View::Map, Collections::ALL).unwrap();
    let tileset: Value =
        serde_json::from_slice(&tiles3d::of_site(&plan, tiles3d::Compression::None, "").unwrap()).unwrap();
    let mut found = Vec::new();
    leaves(&plan, &tileset["root"], &mut found);
    let path = dir.path().join("leaf.glb");
    let zipped = |bytes: &Vec<u8>| {
        std::fs::write(&path, bytes).unwrap();
        let output = Command::new("gzip").arg("-6c").arg(&path).output().unwrap();
        assert!(output.status.success());
        output.stdout.len()
    };
    let (plain, gzip): (usize, usize) = (found.iter().map(Vec::len).sum(), found.iter().map(zipped).sum());
    eprintln!("{file}: {} leaves, {plain} bytes, {gzip} after gzip -6", found.len());
    assert!(!found.is_empty() && plain <= most && gzip <= most_zipped, "{plain} of {most}, {gzip} of {most_zipped}");
}

#[test]
fn the_leaves_of_delft_and_of_a_house_stay_small() {
    weigh("cityjson/delft.city.jsonl", &["--height-offset", "43"], 4_800_000, 1_250_000);
    weigh("ifc/Duplex_Architecture.ifc", &["--origin", "118.78,32.04,20"], 1_050_000, 175_000);
}
