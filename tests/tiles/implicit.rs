//! Implicit tilings: the same features and contents as tile by tile, judged by a reader of subtrees of its own and by the checker; what
//! stays where the city changes.

use super::checker::report;
use super::city::{self, City};
use super::real::{REAL, imported, snapshot};
use super::{reader, tilesets};
use crate::support::shared;
use cimbra::lod::{Tiling, View};
use cimbra::model::{Class, Collection, Collections, DatasetName};
use cimbra::tiles::bake::bake;
use cimbra::tiles::tiles3d::{self, Compression, Manner};
use cimbra::tiles::{Address, Plan, Quarter, Tiles};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const IMPLICIT: Manner = Manner { compression: Compression::None, tiling: Tiling::Implicit };

/// All that a site's implicit tileset leads to.
#[derive(Default, PartialEq)]
pub struct Held {
    documents: BTreeMap<String, String>,
    pub subtrees: BTreeMap<String, Vec<u8>>,
    /// The contents at places, by the names that they have tile by tile.
    contents: BTreeMap<String, Address>,
    /// The contents that have names only.
    named: BTreeSet<Address>,
    /// Contents of tiles without parts.
    leaves: BTreeSet<Address>,
    pub tilings: usize,
    pub octrees: usize,
}

impl Held {
    pub fn of(plan: &Plan) -> Self {
        let mut held = Self::default();
        let root = tiles3d::of_site(plan, IMPLICIT, "").unwrap();
        held.document(plan, "tileset.json", String::from_utf8(root).unwrap());
        held
    }
    fn document(&mut self, plan: &Plan, name: &str, text: String) {
        let json: Value = serde_json::from_str(&text).unwrap();
        assert!(self.documents.insert(name.to_owned(), text).is_none(), "{name} twice");
        self.tile(plan, &json["root"]);
    }
    fn tile(&mut self, plan: &Plan, tile: &Value) {
        let uri = tile["content"]["uri"].as_str();
        if tile.get("implicitTiling").is_some() {
            self.tilings += 1;
            self.quarters(plan, tile, uri.unwrap());
            return;
        }
        match uri.map(|uri| uri.parse::<Address>().unwrap()) {
            Some(address @ Address::Tileset(_)) => {
                let text = String::from_utf8(tilesets::file(plan, address)).unwrap();
                self.document(plan, &address.to_string(), text);
            }
            Some(address) => {
                self.named.insert(address);
                if tile.get("children").is_none() {
                    self.leaves.insert(address);
                }
            }
            None => {}
        }
        tile["children"].as_array().into_iter().flatten().for_each(|child| self.tile(plan, child));
    }
    /// By the words of OGC 22-025r4 §7.
    fn quarters(&mut self, plan: &Plan, tile: &Value, contents: &str) {
        let tiling = &tile["implicitTiling"];
        let (bits_of, fan) = match tiling["subdivisionScheme"].as_str() {
            Some("QUADTREE") => (2, 4_usize),
            Some("OCTREE") => (3, 8),
            other => unreachable!("{other:?}"),
        };
        self.octrees += usize::from(fan == 8);
        let number = |name: &str| tiling[name].as_u64().unwrap() as u32;
        let (levels, available) = (number("subtreeLevels"), number("availableLevels"));
        let named = |template: &str, [level, x, y, z]: [u32; 4]| {
            let parts = [("{level}", level), ("{x}", x), ("{y}", y), ("{z}", z)];
            parts.iter().fold(template.to_owned(), |text, (name, n)| text.replace(name, &n.to_string()))
        };
        let (mut waiting, mut deepest) = (vec![[0_u32; 4]], 0);
        while let Some(root) = waiting.pop() {
            let path = named(tiling["subtrees"]["uri"].as_str().unwrap(), root);
            let bytes = plan.subtree_at(&quarter(&path)).unwrap();
            let nodes = (fan.pow(levels) - 1) / (fan - 1);
            let [tiles, drawn, below] = bits(&bytes, [nodes, nodes, fan.pow(levels)]);
            assert!(self.subtrees.insert(path, bytes).is_none());
            // Column, row and layer by every second or third bit of the number within the level.
            let spot = |level: u32, morton: u32| {
                let own = |shift: u32| {
                    let bit = |bit: u32| (morton >> (bits_of * bit + shift) & 1) << bit;
                    if shift < bits_of { (0..level).map(bit).sum::<u32>() } else { 0 }
                };
                let [x, y, z] = [0, 1, 2].map(|axis| (root[1 + axis] << level) + own(axis as u32));
                [root[0] + level, x, y, z]
            };
            for level in 0..levels {
                let start = (fan.pow(level) - 1) / (fan - 1);
                for morton in 0..fan.pow(level) {
                    let index = start + morton;
                    if !tiles[index] {
                        continue;
                    }
                    let parts = if level + 1 == levels { &below } else { &tiles };
                    let first = if level + 1 == levels { fan * morton } else { fan * index + 1 };
                    let leaf = !parts[first..first + fan].iter().any(|there| *there);
                    let at = spot(level, morton as u32);
                    deepest = deepest.max(at[0] + 1);
                    if drawn[index] {
                        let path = named(contents, at);
                        let address = plan.content_at(&quarter(&path)).unwrap();
                        self.contents.insert(path, address);
                        if leaf {
                            self.leaves.insert(address);
                        }
                    } else {
                        assert!(!leaf, "a leaf without content");
                        assert!(plan.content_at(&quarter(&named(contents, at))).is_err());
                    }
                }
            }
            let more = (0_u32..).zip(&below).filter(|(_, there)| **there);
            waiting.extend(more.map(|(morton, _)| spot(levels, morton)));
        }
        assert_eq!(deepest, available);
    }
    /// The ids that leaves show; a feature is in one leaf only.
    fn ids(&self, plan: &Plan) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        for address in &self.leaves {
            for row in reader::read(&tilesets::file(plan, *address)).rows {
                let id = row["id"].as_str().unwrap().to_owned();
                assert!(ids.insert(id.clone()), "{id} is in two leaves");
            }
        }
        ids
    }
}

fn quarter(path: &str) -> Quarter {
    let [folder, tiling, level, x, y] = path.split('/').collect::<Vec<_>>()[..] else { unreachable!("{path}") };
    assert_eq!(folder, "implicit");
    let quarter = Quarter::read(tiling, level, x, y).unwrap();
    assert_eq!(quarter.to_string(), path);
    quarter
}

/// The bits of tiles, contents and child subtrees.
fn bits(bytes: &[u8], lengths: [usize; 3]) -> [Vec<bool>; 3] {
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    assert_eq!((&bytes[..8], number(8) % 8, number(16) % 8), (&b"subt\x01\0\0\0"[..], 0, 0));
    let json: Value = serde_json::from_slice(&bytes[24..24 + number(8)]).unwrap();
    let binary = &bytes[24 + number(8)..];
    assert_eq!(binary.len(), number(16));
    let of = |availability: &Value, length: usize| -> Vec<bool> {
        if let Some(constant) = availability["constant"].as_u64() {
            return vec![constant == 1; length];
        }
        let view = &json["bufferViews"][availability["bitstream"].as_u64().unwrap() as usize];
        let [from, size] = ["byteOffset", "byteLength"].map(|name| view[name].as_u64().unwrap() as usize);
        let found: Vec<bool> = (0..length).map(|k| binary[from..from + size][k / 8] >> (k % 8) & 1 == 1).collect();
        assert!(found.contains(&true) && found.contains(&false), "else it would be a constant");
        found
    };
    [
        of(&json["tileAvailability"], lengths[0]),
        of(&json["contentAvailability"][0], lengths[1]),
        of(&json["childSubtreeAvailability"], lengths[2]),
    ]
}

/// What is shown tile by tile, and the names of all tiles.
fn explicit(plan: &Plan) -> (BTreeSet<String>, BTreeSet<String>) {
    (tilesets::walk(plan).leaves.into_keys().collect(), tilesets::tiles(plan))
}

/// Both tilesets of a plan show the same, in the same tiles, and the checker finds nothing; gives the implicit one.
pub fn alike(plan: &Plan) -> Held {
    let held = Held::of(plan);
    let (ids, tiles) = explicit(plan);
    assert_eq!(held.ids(plan), ids);
    for (path, address) in &held.contents {
        assert!(tiles.contains(&address.to_string()), "{path} is no tile of the explicit tileset");
    }
    for compression in [Compression::None, Compression::Meshopt] {
        let dir = tempfile::tempdir().unwrap();
        let baked = bake(plan, dir.path(), Manner { compression, ..IMPLICIT }, false, &|_, _| ()).unwrap();
        assert_eq!((baked.features, baked.subtrees), (plan.features(), held.subtrees.len()));
        let report = report(&dir.path().join("tileset.json"));
        assert!(report.is_clean() && report.not_looked_into.is_empty(), "{}", report.text());
        assert_eq!((report.counts.ids, report.counts.subtrees), (ids.len(), held.subtrees.len()));
        if compression == Compression::None {
            for (path, address) in &held.contents {
                assert!(std::fs::read(dir.path().join(path)).unwrap() == tilesets::file(plan, *address), "{path}");
            }
        }
    }
    held
}

pub fn plan(city: &City, view: &View) -> std::sync::Arc<Plan> {
    Tiles::default().plan(&city.snapshot(), view, Collections::ALL).unwrap()
}

#[test]
fn a_city_and_its_collections_show_the_same_both_ways() {
    let city = city::town();
    let buildings = alike(&plan(&city, &View::Collection(Collection::Buildings)));
    assert_eq!((buildings.tilings, buildings.named.len()), (1, 0), "nothing opens there");
    for collection in [Collection::Devices, Collection::Pipes, Collection::Addresses, Collection::Spaces] {
        alike(&plan(&city, &View::Collection(collection)));
    }
}

#[test]
fn where_a_building_opens_its_squares_are_told_one_by_one() {
    let city = city::town();
    let house = |i: u32| {
        let (x, y) = (f64::from(i % 40) * 40.0 + 200.0, f64::from(i / 40) * 40.0 + 200.0);
        city::meshed(&format!("h{i}"), Class::Building, None, city::prism(x, y, 0.0, 5.0 + f64::from(i % 7)))
    };
    city.commit("houses", (0..1500).map(house).collect());
    let held = alike(&plan(&city, &View::Map));
    // The tower's squares hold a tile that is divided in its own way; those beside them do not.
    assert!(held.tilings > 1 && held.subtrees.len() > 1 && !held.named.is_empty(), "{}", held.tilings);
}

#[test]
fn delft_and_a_bim_show_the_same_both_ways() {
    let Some(shared) = shared() else { return };
    for (name, more) in REAL {
        let (_dir, store) = imported(&shared.join("data").join(name), more);
        for view in [View::Map, View::Collection(Collection::Elements)] {
            let plan = Tiles::default().plan(&snapshot(&store), &view, Collections::ALL).unwrap();
            let held = alike(&plan);
            let what = format!(
                "{name}, {view:?}: {} tilings ({} octrees), {} subtrees, {} contents, {} others in {} documents",
                held.tilings,
                held.octrees,
                held.subtrees.len(),
                held.contents.len(),
                held.named.len(),
                held.documents.len()
            );
            eprintln!("{what}");
        }
    }
}

#[test]
fn the_same_city_gives_the_same_subtrees_in_any_process_and_thread() {
    let whole = |city: &City, threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Held::of(&plan(city, &View::Map)))
    };
    let one = city::town();
    let first = whole(&one, 1);
    assert!(first == whole(&one, 2) && first == whole(&city::town(), 2));
}

#[test]
fn after_an_edit_only_what_shows_it_has_other_bytes_at_its_place() {
    let city = city::town();
    let (kept, view) = (Tiles::default(), View::Collection(Collection::Buildings));
    let held = || Held::of(&kept.plan(&city.snapshot(), &view, Collections::ALL).unwrap());
    let before = held();
    let mut b = city::meshed("b000", Class::Building, None, city::prism(-1500.0, -1500.0, 0.0, 6.0));
    b.attributes.push(("year".into(), cimbra::model::Value::Int(1999)));
    city.commit("town-edit", vec![b]);
    let after = held();
    assert!(after == Held::of(&plan(&city, &view)), "what is sorted in is what is planned anew");
    // An attribute changes the tiles that carry it, one of each level, and neither volumes nor errors.
    let differs = |(path, address): &(&String, &Address)| before.contents.get(*path) != Some(address);
    let changed: BTreeSet<&str> = after.contents.iter().filter(differs).map(|(path, _)| &**path).collect();
    let levels: BTreeSet<&str> = changed.iter().map(|path| path.split('/').nth(2).unwrap()).collect();
    assert!(!changed.is_empty() && levels.len() == changed.len(), "{changed:?}");
    assert!(after.contents.len() > 2 * changed.len() && after.contents.keys().eq(before.contents.keys()));
    assert!(after.subtrees == before.subtrees && after.documents == before.documents);
    // A taller one changes the subtrees above it, and no others.
    city.commit(
        "town-edit",
        vec![city::meshed("b000", Class::Building, None, city::prism(-1500.0, -1500.0, 0.0, 66.0))],
    );
    let taller = held();
    let same = taller.subtrees.iter().filter(|(path, bytes)| after.subtrees.get(*path) == Some(bytes)).count();
    assert!(same > 0 && same < after.subtrees.len(), "{same} of {}", after.subtrees.len());
}

#[test]
fn what_is_nowhere_is_told_so() {
    let city = city::town();
    let plan = plan(&city, &View::Collection(Collection::Buildings));
    let held = Held::of(&plan);
    let some = quarter(held.subtrees.keys().next().unwrap());
    let other = |change: &dyn Fn(&mut Quarter)| {
        let mut quarter = some.clone();
        change(&mut quarter);
        plan.subtree_at(&quarter).unwrap_err().kind
    };
    let gone = cimbra::fault::Kind::NotFound;
    assert_eq!(other(&|q| q.spot.level = u32::MAX), gone);
    assert_eq!(other(&|q| q.spot.x = u32::MAX), gone);
    assert_eq!(other(&|q| q.octree = true), gone, "it is of squares");
    assert_eq!(other(&|q| q.spot.z = 1), gone);
    assert_eq!(other(&|q| q.spot.level += 1), gone, "no subtree begins there");
    for tiling in ["", "bodies", "bodies-0-0-0-0", "bodies-22-9-9", "bodies-4294967295-0-0", "rooms-0-0-0"] {
        assert_eq!(other(&|q| q.tiling = tiling.into()), gone, "{tiling}");
    }
    for [level, x, y] in [
        ["+0", "0", "0.glb"],
        ["00", "0", "0.glb"],
        ["0", "0", "0"],
        ["0", "-1", "0.glb"],
        ["0", "0", "0.json"],
        ["0", "0", "0-.glb"],
        ["0", "0", "0-0-0.glb"],
    ] {
        assert!(Quarter::read(&some.tiling, level, x, y).is_none(), "{level}/{x}/{y}");
    }
    let dataset = View::Dataset { name: DatasetName::new("other").unwrap(), layer: None };
    alike(&Tiles::default().plan(&city.snapshot(), &dataset, Collections::ALL).unwrap());
}
