//! Implicit tiling (OGC 22-025r4 §7): subtree after subtree, each node of each against its parent, its content and its file.

use super::clip;
use super::content::Job;
use super::report::Log;
use super::rule::Rule;
use super::subtree::{self, Bits, Size, Subtree};
use super::tile;
use super::volume::Volume;
use super::walk::{Above, Link, Refine, Walk, linked, read, reason};
use crate::geom::matrix::IDENTITY;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// The most nodes of one subtree.
const NODES: u64 = 1 << 24;
/// The most levels: coordinates have as many bits.
const LEVELS: u64 = 60;

/// How a tile is divided.
struct Tiling<'v> {
    octree: bool,
    /// Children of a tile: 4 or 8.
    fan: u64,
    levels: u64,
    available: u64,
    subtrees: &'v str,
    contents: Vec<&'v str>,
    place: &'v str,
    size: Size,
    /// The tile's own level in the whole.
    level: usize,
}

/// A tile by its level and coordinates below the implicit root.
#[derive(Clone, Copy)]
struct At(u64, [u64; 3]);

impl Tiling<'_> {
    fn named(&self, template: &str, At(level, [x, y, z]): At) -> String {
        let parts = [("{level}", level), ("{x}", x), ("{y}", y), ("{z}", z)];
        parts.iter().fold(template.to_owned(), |text, (name, n)| text.replace(name, &n.to_string()))
    }
    /// Where the node `morton` of `level` below `root` is.
    fn at(&self, At(above, root): At, level: u64, morton: u64) -> At {
        let dimensions = if self.octree { 3 } else { 2 };
        let mut own = [0; 3];
        for bit in 0..level {
            for (k, c) in own.iter_mut().enumerate().take(dimensions as usize) {
                *c |= (morton >> (bit * dimensions + k as u64) & 1) << bit;
            }
        }
        let [a, b, c] = root.map(|c| c << level);
        let [x, y, z] = own;
        At(above + level, [a | x, b | y, c | z])
    }
    /// The number of nodes above `level` in a subtree.
    fn offset(&self, level: u64) -> u64 {
        (self.fan.pow(level as u32) - 1) / (self.fan - 1)
    }
    fn tell(&self, At(level, [x, y, z]): At) -> String {
        let z = if self.octree { format!(", z {z}") } else { String::new() };
        format!("{} (level {level}, x {x}, y {y}{z})", self.place)
    }
}

/// What a node hands on to its parts: its volume and its error, as far as subtrees tell of them.
#[derive(Clone)]
struct Kin {
    link: Option<Arc<Link>>,
    error: Option<f64>,
}

/// Looks through all that the implicit root `node` stands for.
pub(super) fn tiling(
    walk: &mut Walk,
    node: &Value,
    tiling: &Value,
    place: &str,
    here: &Above,
    from: &[Arc<str>],
    log: &mut Log,
) {
    let Some(tiling) = sound(node, tiling, place, here.level, log) else { return };
    let Some(whole) = here.link.as_ref().and_then(|link| link.volume) else { return };
    if matches!(whole, Volume::Sphere(..)) {
        log.find(Rule::Implicit, format!("{place}/boundingVolume"), "is a sphere, which has no quarters");
        return;
    }
    let mut waiting = vec![(At(0, [0; 3]), Kin { link: here.link.clone(), error: here.error })];
    while let Some((root, kin)) = waiting.pop() {
        let name = tiling.named(tiling.subtrees, root);
        let Some(path) = tile::resolved(&name, from, &format!("{place}/implicitTiling/subtrees/uri"), log) else {
            return;
        };
        let mut own = Log::new(&path);
        let bytes = walk.read(&path, walk.limits.json);
        walk.report.counts.subtrees += 1;
        let found = match bytes {
            Err(fault) => {
                own.find(reason(&fault), tiling.tell(root), fault.detail);
                None
            }
            Ok(bytes) => {
                walk.report.counts.bytes += bytes.len() as u64;
                let file: [Arc<str>; 1] = [path.as_str().into()];
                let (folder, most) = (walk.folder.clone(), walk.limits.json);
                let load =
                    |uri: &str| read(&folder, &super::super::resolve(file.first().map_or("", |f| f), uri)?, most);
                subtree::read(&bytes, tiling.size, walk.schema.as_ref(), &load, &mut own)
            }
        };
        if let Some(found) = found {
            let more = nodes(walk, &tiling, &found, (root, kin), here, from, whole, &mut own);
            waiting.extend(more);
        }
        walk.report.absorb(own);
    }
}

fn sound<'v>(node: &'v Value, of: &'v Value, place: &'v str, level: usize, log: &mut Log) -> Option<Tiling<'v>> {
    let mut wrong = |member: &str, what: &str| log.find(Rule::Implicit, format!("{place}{member}"), what);
    let octree = match of.get("subdivisionScheme").and_then(Value::as_str) {
        Some("QUADTREE") => false,
        Some("OCTREE") => true,
        _ => {
            wrong("/implicitTiling/subdivisionScheme", "is neither QUADTREE nor OCTREE");
            return None;
        }
    };
    let number = |name: &str| of.get(name).and_then(Value::as_u64).filter(|n| (1..=LEVELS).contains(n));
    let (Some(levels), Some(available)) = (number("subtreeLevels"), number("availableLevels")) else {
        wrong("/implicitTiling", &format!("lacks subtreeLevels or availableLevels, from 1 to {LEVELS}"));
        return None;
    };
    for name in ["children", "metadata"] {
        if node.get(name).is_some() {
            wrong(&format!("/{name}"), "stands beside implicitTiling, which leaves it out");
        }
    }
    let templates = tile::contents(node, "");
    let mut contents = Vec::new();
    let variables: &[&str] = if octree { &["{level}", "{x}", "{y}", "{z}"] } else { &["{level}", "{x}", "{y}"] };
    let whole = |uri: &str| variables.iter().all(|name| uri.contains(name));
    for (content, member) in &templates {
        if content.get("boundingVolume").is_some() {
            wrong(&format!("{member}/boundingVolume"), "stands in a template, which leaves it out");
        }
        let uri = content.get("uri").and_then(Value::as_str).unwrap_or_default();
        if !whole(uri) {
            wrong(&format!("{member}/uri"), &format!("'{}' lacks one of {}", clip(uri), variables.join(", ")));
            return None;
        }
        if uri.split(['?', '#']).next().is_some_and(|path| path.to_ascii_lowercase().ends_with(".json")) {
            wrong(&format!("{member}/uri"), "names external tilesets, which an implicit tiling cannot hold");
        }
        contents.push(uri);
    }
    let subtrees = of.pointer("/subtrees/uri").and_then(Value::as_str).unwrap_or_default();
    if !whole(subtrees) {
        wrong("/implicitTiling/subtrees/uri", &format!("'{}' lacks one of {}", clip(subtrees), variables.join(", ")));
        return None;
    }
    let fan: u64 = if octree { 8 } else { 4 };
    let children = fan.checked_pow(levels as u32).filter(|n| *n <= NODES);
    let Some(children) = children else {
        log.find(
            Rule::Limit,
            format!("{place}/implicitTiling/subtreeLevels"),
            format!("makes subtrees of over {NODES} nodes"),
        );
        return None;
    };
    let size = Size { nodes: (children - 1) / (fan - 1), children, contents: contents.len() };
    Some(Tiling { octree, fan, levels, available, subtrees, contents, place, size, level })
}

/// How often something is so, and where first.
#[derive(Default)]
struct Seen(usize, Option<String>);

impl Seen {
    fn at(&mut self, place: impl Fn() -> String) {
        self.0 += 1;
        self.1.get_or_insert_with(place);
    }
    fn tell(self, rule: Rule, what: &str, log: &mut Log) {
        if let Self(count, Some(place)) = self {
            log.find(rule, place, format!("{what}, {count} in this subtree"));
        }
    }
}

/// Looks through the nodes of one subtree; gives the roots of those below it.
#[expect(clippy::too_many_arguments, reason = "one step of a walk, and all that it gathers")]
fn nodes(
    walk: &mut Walk,
    tiling: &Tiling,
    own: &Subtree,
    (root, above_root): (At, Kin),
    here: &Above,
    from: &[Arc<str>],
    whole: Volume,
    log: &mut Log,
) -> Vec<(At, Kin)> {
    let implied = |at: At| match at.0 {
        0 => here.link.clone(),
        level => {
            let part = Some(whole.part(level as u32, at.1, tiling.octree));
            Some(linked(here, part, IDENTITY, tiling.tell(at)))
        }
    };
    let (mut kin, mut row) = (HashMap::<u64, Kin>::new(), 0);
    let mut content_rows = vec![0; own.contents.len()];
    let (mut orphans, mut deep, mut strays) = (Seen::default(), Seen::default(), Seen::default());
    if !own.tiles.get(0) {
        let rule = if root.0 == 0 { Rule::Availability } else { Rule::ChildSubtree };
        log.find(rule, tiling.tell(root), "the first tile of the subtree is not available");
    }
    'all: for level in 0..tiling.levels {
        let (start, above) = (tiling.offset(level), tiling.offset(level.saturating_sub(1)));
        for morton in 0..tiling.fan.pow(level as u32) {
            let (index, place) = (start + morton, || tiling.tell(tiling.at(root, level, morton)));
            let there = own.tiles.get(index);
            // Each content with its row in the table, if there is one.
            let mut contents = Vec::new();
            for (k, (_, next)) in
                own.contents.iter().zip(&mut content_rows).enumerate().filter(|(_, (bits, _))| bits.get(index))
            {
                contents.push((k, *next));
                *next += 1;
            }
            if !there {
                contents.iter().for_each(|_| strays.at(place));
                continue;
            }
            row += 1;
            if level > 0 && !own.tiles.get(above + morton / tiling.fan) {
                orphans.at(place);
                continue;
            }
            let at = tiling.at(root, level, morton);
            if at.0 >= tiling.available {
                deep.at(place);
                continue;
            }
            // The implicit root has been counted as the tile that it is.
            if at.0 > 0 && !walk.count(tiling.level - 1 + at.0 as usize, tiling.place, log) {
                break 'all;
            }
            let below = |k: u64| match level + 1 == tiling.levels {
                true => own.children.get(morton * tiling.fan + k),
                false => own.tiles.get(tiling.offset(level + 1) + morton * tiling.fan + k),
            };
            let leaf = !(0..tiling.fan).any(below);
            let shown = here.refine == Some(Refine::Add) || leaf;
            let parent = if level == 0 { Some(&above_root) } else { kin.get(&(above + morton / tiling.fan)) };
            let told = told(own, row - 1, parent, leaf, || implied(at), (at, here), &place, log);
            for (k, row) in contents {
                let Some(template) = tiling.contents.get(k) else { continue };
                let Some(path) = tile::resolved(&tiling.named(template, at), from, &place(), log) else { continue };
                let Some(mut around) = told.link.clone() else { continue };
                if let Some(volume) = own.told_contents.get(k).and_then(|told| told.volume(row)) {
                    tile::inside(Some(&volume), &around, &format!("{} content", place()), log);
                    let above = Above { link: Some(around), ..here.clone() };
                    around = linked(&above, Some(volume), IDENTITY, format!("{} content", place()));
                }
                walk.content(Job { path, around, place: place(), shown });
            }
            kin.insert(index, told);
        }
    }
    let (mut loose, mut beyond, mut more) = (Seen::default(), Seen::default(), Vec::new());
    let last = tiling.offset(tiling.levels - 1);
    let some = !matches!(own.children, Bits::Constant(false));
    for morton in (0..tiling.size.children).filter(|m| some && own.children.get(*m)) {
        let at = tiling.at(root, tiling.levels, morton);
        if !own.tiles.get(last + morton / tiling.fan) {
            loose.at(|| tiling.tell(at));
        } else if at.0 >= tiling.available {
            beyond.at(|| tiling.tell(at));
        } else if more.len() < walk.limits.tiles {
            let above = kin.get(&(last + morton / tiling.fan)).unwrap_or(&above_root);
            more.push((at, above.clone()));
        }
    }
    orphans.tell(Rule::Availability, "is available below a tile that is not", log);
    deep.tell(Rule::Availability, "is available at or below availableLevels", log);
    strays.tell(Rule::ContentAvailability, "has a content and is not available", log);
    loose.tell(Rule::ChildSubtree, "is a subtree below a tile that is not available", log);
    beyond.tell(Rule::ChildSubtree, "is a subtree at or below availableLevels", log);
    more
}

/// The volume and the error of the node in a row of its subtree's table, held against its parent's.
#[expect(clippy::too_many_arguments, reason = "one node, and all that it is held against")]
fn told(
    own: &Subtree,
    row: usize,
    parent: Option<&Kin>,
    leaf: bool,
    implied: impl Fn() -> Option<Arc<Link>>,
    (at, here): (At, &Above),
    place: &dyn Fn() -> String,
    log: &mut Log,
) -> Kin {
    let link = match own.told.tells_volumes() {
        true => {
            let above = Above { link: parent.and_then(|p| p.link.clone()), ..here.clone() };
            Some(linked(&above, own.told.volume(row), IDENTITY, place()))
        }
        false => implied(),
    };
    let Some(error) = own.told.error(row) else {
        return Kin { link, error: here.error.map(|error| error * 0.5_f64.powi(at.0 as i32)) };
    };
    if let Some(above) = parent.and_then(|p| p.error).filter(|above| error > *above) {
        log.find(Rule::ErrorGrows, place(), format!("grows from {above} above to {error}"));
    }
    tile::leaf(Some(error), leaf, &place(), log);
    Kin { link, error: Some(error) }
}
