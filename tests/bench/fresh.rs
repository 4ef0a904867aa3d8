//! How soon a change of one building of a city is in its tile: the commit is durable, then everything on the way down is asked for.

use super::{figure, spread};
use cimbra::crs::SiteFrame;
use cimbra::geom::Bounds;
use cimbra::lod::View;
use cimbra::model::{Asset, Class, Collections, Value};
use cimbra::store::{Snapshot, Store};
use cimbra::tiles::tiles3d::{self, Compression};
use cimbra::tiles::{Address, Tiles};
use serde_json::Value as Json;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Over a store of Delft x100: shapes replaced, then attributes alone.
pub fn run(store: &Path) {
    let store = Store::open(store).unwrap();
    let site = store.sites().remove(0);
    let tiles = Tiles::default();
    let over = format!("{} assets; site tileset, documents and leaf", site.snapshot().len());
    let of = |snapshot: &Snapshot, row| snapshot.asset(row).is_some_and(|a| a.class() == Class::BuildingPart);
    let rows: Vec<_> = site.snapshot().rows().filter(|row| of(&site.snapshot(), *row)).collect();
    // The city is open in a viewer.
    let first = site.snapshot().asset(rows[0]).unwrap().to_asset().unwrap();
    leaf(&tiles, &site.snapshot(), site.frame(), &first);
    for (what, is_shape) in [("a building replaced", true), ("a building's attributes changed", false)] {
        let (mut commits, mut answers, mut proxies): (Vec<Duration>, Vec<Duration>, Vec<Duration>) = Default::default();
        for turn in 0..100 {
            let row = rows[(turn * 7919 + 13) % rows.len()];
            let mut asset = site.snapshot().asset(row).unwrap().to_asset().unwrap();
            asset.attributes.push((format!("edit{turn}"), Value::Int(turn as i64)));
            if let (true, Some(mesh)) = (is_shape, &mut asset.geometry.mesh) {
                mesh.positions.iter_mut().for_each(|p| p[2] *= 1.1);
            }
            let dataset = site.snapshot().datasets().next().unwrap().clone();
            // The leaf may be in the viewer's cache already; what is above it is what changes for the others.
            leaf(&tiles, &site.snapshot(), site.frame(), &asset);
            let begun = Instant::now();
            let mut draft = site.draft(dataset).unwrap();
            draft.put(asset.clone()).unwrap();
            draft.commit(cimbra::units::Instant(2_000_000_000_000 + turn as i64)).unwrap();
            let committed = Instant::now();
            let above = leaf(&tiles, &site.snapshot(), site.frame(), &asset);
            answers.push(committed.elapsed());
            commits.push(committed - begun);
            let begun = Instant::now();
            for address in above {
                tiles.tile(&site.snapshot(), &View::Map, Collections::ALL, address).unwrap();
            }
            proxies.push(answers[turn] + begun.elapsed());
        }
        [&mut commits, &mut answers, &mut proxies].into_iter().for_each(|times| times.sort_unstable());
        figure(&format!("{what}: commit, median / p99"), &spread(&commits), &over);
        figure(&format!("{what}: its leaf answered, median / p99"), &spread(&answers), "after the commit");
        figure(&format!("{what}: all that stands in for it, median / p99"), &spread(&proxies), "after the commit");
    }
}

/// Asks for all that leads to a building's leaf, and for the leaf; gives the tiles that stand in for it on the way.
fn leaf(tiles: &Tiles, snapshot: &Arc<Snapshot>, frame: &SiteFrame, asset: &Asset) -> Vec<Address> {
    let at = frame.to_enu(asset.bounds.center().into());
    let plan = tiles.plan(snapshot, &View::Map, Collections::ALL).unwrap();
    let root = tiles3d::of_site(&plan, Compression::None, "").unwrap();
    let root: Json = serde_json::from_slice(&root).unwrap();
    let (mut above, mut found) = (Vec::new(), false);
    let needle = asset.parent.as_ref().unwrap_or(&asset.id).as_bytes();
    descend(&root["root"], at, &mut above, &mut found, &|address| {
        let bytes = tiles.tile(snapshot, &View::Map, Collections::ALL, address).unwrap();
        (memchr::memmem::find(&bytes, needle).is_some(), bytes)
    });
    assert!(found, "{} is in no leaf", asset.id);
    above
}

fn descend(
    tile: &Json,
    at: [f64; 3],
    above: &mut Vec<Address>,
    found: &mut bool,
    read: &dyn Fn(Address) -> (bool, Arc<[u8]>),
) {
    let b: Vec<f64> = tile["boundingVolume"]["box"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let half = [b[3], b[7], b[11]];
    let bounds = Bounds { min: std::array::from_fn(|k| b[k] - half[k]), max: std::array::from_fn(|k| b[k] + half[k]) };
    if *found || !bounds.contains(&Bounds::of([at])) {
        return;
    }
    let address = tile["content"]["uri"].as_str().map(|uri| uri.parse::<Address>().unwrap());
    let children = tile["children"].as_array();
    match address {
        Some(address @ Address::Tileset(_)) => {
            let part: Json = serde_json::from_slice(&read(address).1).unwrap();
            descend(&part["root"], at, above, found, read);
        }
        Some(address @ Address::Tile(_)) if children.is_none() => *found = read(address).0,
        _ => {
            let depth = above.len();
            above.extend(address);
            children.into_iter().flatten().for_each(|child| descend(child, at, above, found, read));
            if !*found {
                above.truncate(depth);
            }
        }
    }
}
