//! At every tile of a city, each building below it is drawn within the tile's error of its full shape, by a measure that shares nothing
//! with what told the error: points over both surfaces, each against every triangle of the other.

use super::reader;
use super::real::{REAL, imported, snapshot};
use super::tilesets::{address, file};
use crate::support::{shared, town};
use cimbra::geom::{Bounds, Triangle};
use cimbra::lod::View;
use cimbra::model::{Class, Collections};
use cimbra::store::{Snapshot, Store};
use cimbra::tiles::tiles3d::{self, Compression};
use cimbra::tiles::{Address, Plan, Tiles};
use rayon::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a tile draws of buildings and of what they are built of, by id, and its parts.
struct Node {
    error: f64,
    drawn: BTreeMap<String, Drawn>,
    parts: Vec<Node>,
}

/// A surface, and how far its corners may be from where they were before they were rounded.
#[derive(Clone, Default)]
struct Drawn {
    surface: Vec<Triangle>,
    rounded: f64,
}

impl Drawn {
    fn add(&mut self, other: &Self) {
        self.surface.extend(&other.surface);
        self.rounded = self.rounded.max(other.rounded);
    }
    fn size(&self) -> f64 {
        Bounds::of(self.surface.iter().flatten().copied()).diagonal()
    }
}

fn grown(plan: &Plan, node: &Value) -> Node {
    let mut own = Node { error: node["geometricError"].as_f64().unwrap(), drawn: BTreeMap::new(), parts: Vec::new() };
    match address(node) {
        Some(address @ Address::Tileset(_)) => {
            let part: Value = serde_json::from_slice(&file(plan, address)).unwrap();
            return grown(plan, &part["root"]);
        }
        Some(address) => {
            let tile = reader::read(&file(plan, address));
            for corners in &tile.corners {
                let row = &tile.rows[tile.vertices[corners[0]].1];
                if ["buildings", "elements"].contains(&row["collection"].as_str().unwrap()) {
                    let drawn = own.drawn.entry(row["id"].as_str().unwrap().to_owned()).or_default();
                    drawn.surface.push(corners.map(|i| tile.vertices[i].0));
                    drawn.rounded = tile.step;
                }
            }
        }
        None => {}
    }
    own.parts = node["children"].as_array().into_iter().flatten().map(|child| grown(plan, child)).collect();
    own
}

/// What is compared: a stand-in at a tile of this error, and the full shape.
struct Pair<'a> {
    id: &'a str,
    error: f64,
    drawn: &'a Drawn,
    full: &'a Drawn,
}

/// A city's full shapes.
struct City<'a> {
    /// As leaves show them.
    full: BTreeMap<String, Drawn>,
    /// The building that each is, or is in.
    homes: BTreeMap<String, String>,
    /// Each building with all that it is built of.
    whole: BTreeMap<String, Drawn>,
    snapshot: &'a Snapshot,
}

impl City<'_> {
    fn collect(&mut self, node: &Node) {
        for (id, drawn) in node.drawn.iter().filter(|_| node.parts.is_empty()) {
            assert!(self.full.insert(id.clone(), drawn.clone()).is_none(), "{id} is in two leaves");
            let row = self.snapshot.find(id).unwrap();
            let mut chain = std::iter::once(row).chain(self.snapshot.ancestors(row));
            if let Some(home) = chain.find(|r| self.snapshot.asset(*r).unwrap().class() == Class::Building) {
                let home = self.snapshot.asset(home).unwrap().id().to_string();
                self.whole.entry(home.clone()).or_default().add(drawn);
                self.homes.insert(id.clone(), home);
            }
        }
        node.parts.iter().for_each(|part| self.collect(part));
    }
    /// Lists what stands in for all that is below a tile that has parts; gives the ids of that.
    fn stands_in<'a>(&'a self, node: &'a Node, pairs: &mut Vec<Pair<'a>>) -> BTreeSet<&'a str> {
        if node.parts.is_empty() {
            return node.drawn.keys().map(String::as_str).filter(|id| self.homes.contains_key(*id)).collect();
        }
        let below: BTreeSet<&str> = node.parts.iter().flat_map(|part| self.stands_in(part, pairs)).collect();
        let error = node.error;
        let mut buildings = BTreeSet::new();
        for id in &below {
            let home = self.homes[*id].as_str();
            if let Some(drawn) = node.drawn.get(home) {
                if buildings.insert(home) {
                    pairs.push(Pair { id: home, error, drawn, full: &self.whole[home] });
                }
            } else if let Some(drawn) = node.drawn.get(*id) {
                pairs.push(Pair { id, error, drawn, full: &self.full[*id] });
            } else {
                let size = self.full[*id].size();
                assert!(size <= error, "{id}, {size} m long, is not drawn at a tile of {error} m");
            }
        }
        below
    }
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn product(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn upright(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The square of the distance from a point to a triangle: to its plane where the foot is inside all three sides, else to a side.
fn away2(p: [f64; 3], t: &Triangle) -> f64 {
    let normal = upright(minus(t[1], t[0]), minus(t[2], t[0]));
    let size = product(normal, normal);
    let mut least = f64::INFINITY;
    let mut inside = size > 0.0;
    for k in 0..3 {
        let (from, side) = (minus(p, t[k]), minus(t[(k + 1) % 3], t[k]));
        inside &= product(upright(side, from), normal) >= 0.0;
        let along = (product(from, side) / product(side, side).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        let rest = minus(from, side.map(|v| v * along));
        least = least.min(product(rest, rest));
    }
    if inside { product(minus(p, t[0]), normal).powi(2) / size } else { least }
}

/// How far the farthest of a grid of points over one surface is from the other: no more than the truth, and less by at most the
/// grid's spacing.
fn farthest(from: &[Triangle], onto: &[Triangle], spacing: f64) -> f64 {
    let boxes: Vec<Bounds> = onto.iter().map(|t| Bounds::of(*t)).collect();
    let outside2 =
        |b: &Bounds, p: [f64; 3]| (0..3).map(|k| (b.min[k] - p[k]).max(p[k] - b.max[k]).max(0.0).powi(2)).sum::<f64>();
    let (mut most, mut nearest) = (0.0_f64, 0);
    for t in from {
        let longest = (0..3).map(|k| minus(t[(k + 1) % 3], t[k])).map(|s| product(s, s).sqrt()).fold(0.0, f64::max);
        let n = (longest / spacing).ceil().max(1.0) as u32;
        for (i, j) in (0..=n).flat_map(|i| (0..=n - i).map(move |j| (i, j))) {
            let (u, v) = (f64::from(i) / f64::from(n), f64::from(j) / f64::from(n));
            let p = std::array::from_fn(|k| t[0][k] + u * (t[1][k] - t[0][k]) + v * (t[2][k] - t[0][k]));
            // What was nearest to the point before is looked at first: most points are nearer than the farthest already.
            let mut least = away2(p, &onto[nearest]);
            for (i, (t, bounds)) in onto.iter().zip(&boxes).enumerate() {
                if least <= most {
                    break;
                }
                if outside2(bounds, p) < least {
                    let away = away2(p, t);
                    if away < least {
                        (least, nearest) = (away, i);
                    }
                }
            }
            most = most.max(least);
        }
    }
    most.sqrt()
}

/// Every stand-in of a site's map is within its tile's error; gives how many there are, and the greatest share of its error that one takes.
fn is_within_its_errors(store: &Store) -> (usize, f64) {
    let snapshot = snapshot(store);
    let plan = Tiles::default().plan(&snapshot, &View::Map, Collections::ALL).unwrap();
    let tileset: Value = serde_json::from_slice(&tiles3d::of_site(&plan, Compression::None, "").unwrap()).unwrap();
    let root = grown(&plan, &tileset["root"]);
    let mut city = City { full: BTreeMap::new(), homes: BTreeMap::new(), whole: BTreeMap::new(), snapshot: &snapshot };
    city.collect(&root);
    let mut pairs = Vec::new();
    let below = city.stands_in(&root, &mut pairs);
    assert_eq!(below.len(), city.homes.len(), "all is below the root");
    let share = |pair: &Pair<'_>| {
        let Pair { id, error, drawn, full } = pair;
        // Where an error is small, finer than what light forms leave out.
        let spacing = (error / 4.0).max(0.1);
        let away =
            farthest(&drawn.surface, &full.surface, spacing).max(farthest(&full.surface, &drawn.surface, spacing));
        assert!(away <= error + drawn.rounded + full.rounded, "{id} is {away} m from its shape at a tile of {error} m");
        away / error
    };
    (pairs.len(), pairs.par_iter().map(share).reduce(|| 0.0, f64::max))
}

#[test]
fn every_building_of_delft_is_drawn_within_the_error_of_each_tile_above_it() {
    let Some(shared) = shared() else { return };
    let (file, more) = REAL[0];
    let (_dir, store) = imported(&shared.join("data").join(file), more);
    let (compared, share) = is_within_its_errors(&store);
    eprintln!("{compared} stand-ins, at most {share:.3} of a tile's error");
    // A measure that finds nothing says nothing: some block is nearly as far from its building as its tile says.
    assert!(compared > 2000 && share > 0.7, "{compared} stand-ins, {share}");
}

#[test]
fn every_building_of_a_community_is_drawn_within_the_error_of_each_tile_above_it() {
    let town = town(&[]);
    town.server.kill();
    let store = Store::open(&town.store).unwrap();
    let (compared, share) = is_within_its_errors(&store);
    eprintln!("{compared} stand-ins, at most {share:.3} of a tile's error");
    assert!(compared > 30 && share > 0.3, "{compared} stand-ins, {share}");
}
