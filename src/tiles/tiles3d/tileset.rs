//! `tileset.json`: of one site, and of several as a tileset of their tilesets.

use super::folder::folder;
use super::{Compression, Manner};
use crate::crs::SiteFrame;
use crate::fault::Result;
use crate::formats::tiles3d::SUBTREE_SCHEMA;
use crate::geom::Bounds;
use crate::lod::{self, Implied, Tiling, View};
use crate::store::Coverage;
use crate::tiles::plan::{Node, Plan};
use serde_json::{Value, json};
use std::sync::Arc;

/// The error of a whole tileset: large enough that a root of 200 pixels in height is drawn at 50 km, metres.
const FAR: f64 = 8192.0;

/// The tileset of one site. Tiles are in the site's east-north-up frame, which the root's `transform` puts on the globe;
/// their addresses are `<prefix><hash>.glb` or `.json`.
///
/// # Errors
/// As [`Snapshot::geometry`](crate::store::Snapshot::geometry).
pub fn of_site(plan: &Plan, manner: impl Into<Manner>, prefix: &str) -> Result<Vec<u8>> {
    let manner = manner.into();
    let names = Names::new(prefix, plan, manner);
    let (frame, node) = (plan.snapshot().frame(), plan.root(manner)?);
    let mut root = node.map_or_else(nothing, |node| tile(node, &names));
    root["transform"] = json!(frame.enu_to_ecef());
    root["refine"] = json!("REPLACE");
    Ok(written(root, node.map_or(FAR, |n| n.error.max(FAR)), manner.tiling))
}

/// A part of a plan's tileset, in the frame of the tileset that refers to it.
pub fn of_part(root: &Node, plan: &Plan, manner: Manner) -> Vec<u8> {
    let mut tile = tile(root, &Names::new("", plan, manner));
    tile["refine"] = json!("REPLACE");
    written(tile, root.error, manner.tiling)
}

/// A tileset of another tool, as the whole map has it.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Where it is served, from the whole map's own address.
    pub uri: String,
    /// Its box between geocentric axes: the middle and three half axes.
    pub around: [f64; 12],
    /// Its geometric error, metres.
    pub error: f64,
}

impl Beside {
    /// Those among `coverages`, each at `<folder>adopted/<site>/<dataset>/tileset.json`, or at what tells it as `tiling` says, where
    /// there is that.
    pub fn among(coverages: &[Arc<Coverage>], folder: &str, tiling: Tiling) -> Vec<Self> {
        let implicit = tiling == Tiling::Implicit;
        let one = |coverage: &Arc<Coverage>| {
            let adopted = coverage.tileset()?;
            let name = escaped(coverage.dataset().as_str());
            let uri = format!("{folder}adopted/{}/{name}/{}", coverage.site(), adopted.first(implicit));
            let around = adopted.implicit.as_deref().filter(|_| implicit).copied().unwrap_or(adopted.around);
            Some(Self { uri, around, error: adopted.error })
        };
        coverages.iter().filter_map(one).collect()
    }
}

/// The tileset of several sites: one tile for each, whose content is the site's own tileset at `<code>/tileset.json`; then
/// those `beside` them.
///
/// # Errors
/// As [`Snapshot::geometry`](crate::store::Snapshot::geometry).
pub fn of_sites(plans: &[&Plan], beside: &[Beside], manner: impl Into<Manner>) -> Result<Vec<u8>> {
    let manner = manner.into();
    sites(plans, beside, manner, &|plan| query(plan, manner))
}

/// The same over folders of files, which were written in this manner and are asked for nothing.
///
/// # Errors
/// As [`of_sites`].
pub fn of_folders(plans: &[&Plan], beside: &[Beside], manner: impl Into<Manner>) -> Result<Vec<u8>> {
    sites(plans, beside, manner.into(), &|_| String::new())
}

fn sites(plans: &[&Plan], beside: &[Beside], manner: Manner, query: &dyn Fn(&Plan) -> String) -> Result<Vec<u8>> {
    let roots = plans.iter().map(|p| p.root(manner)).collect::<Result<Vec<_>>>()?;
    let errors = roots.iter().flatten().map(|n| n.error);
    let error = errors.chain(beside.iter().map(|b| b.error)).fold(FAR, f64::max);
    let mut around = Bounds::EMPTY;
    let mut children: Vec<Value> = plans
        .iter()
        .zip(&roots)
        // What a view leaves nothing of would only draw an eye's way there.
        .filter(|(plan, root)| root.is_some() || !matches!(plan.view(), View::Less(_)))
        .map(|(plan, root)| {
            let frame = plan.snapshot().frame();
            let bounds = root.map_or(NOWHERE, |n| n.bounds);
            around = around.union(Bounds::of(bounds.corners().map(|c| apply(frame, c))));
            json!({
                "boundingVolume": { "box": turned(frame, &padded(&bounds)) },
                "geometricError": error,
                "content": { "uri": format!("{}/tileset.json{}", plan.snapshot().site(), query(plan)) }
            })
        })
        .collect();
    for Beside { uri, around: own, error } in beside {
        let [x, y, z, a, b, c, d, e, f, g, h, i] = *own;
        let reach = [a.abs() + d.abs() + g.abs(), b.abs() + e.abs() + h.abs(), c.abs() + f.abs() + i.abs()];
        let end = |sign: f64| [x + sign * reach[0], y + sign * reach[1], z + sign * reach[2]];
        around = around.union(Bounds { min: end(-1.0), max: end(1.0) });
        children.push(json!({ "boundingVolume": { "box": own }, "geometricError": error, "content": { "uri": uri } }));
    }
    let around = if around.is_empty() { NOWHERE } else { around };
    let mut root = json!({
        "boundingVolume": { "box": straight(&padded(&around)) },
        "geometricError": 0.0,
        "refine": "REPLACE"
    });
    // `children` must not be empty, and a tile without any is a leaf.
    if !children.is_empty() {
        root["children"] = json!(children);
        root["geometricError"] = json!(error);
    }
    Ok(written(root, error.max(FAR), manner.tiling))
}

/// A metre around the site's origin, for a site that shows nothing.
const NOWHERE: Bounds = Bounds { min: [-0.5; 3], max: [0.5; 3] };

fn nothing() -> Value {
    json!({ "boundingVolume": { "box": straight(&NOWHERE) }, "geometricError": 0.0 })
}

/// The document of a root. What subtrees say of their tiles is told in each, because CesiumJS looks for it in the first one only.
fn written(root: Value, error: f64, tiling: Tiling) -> Vec<u8> {
    let mut document = json!({ "asset": { "version": "1.1" }, "geometricError": error, "root": root });
    if tiling == Tiling::Implicit {
        document["schema"] = serde_json::from_str(SUBTREE_SCHEMA).unwrap_or_default();
    }
    document.to_string().into_bytes()
}

/// What is put around a file's address, so that it is found again.
struct Names<'a> {
    prefix: &'a str,
    query: String,
    compression: Compression,
}

impl<'a> Names<'a> {
    fn new(prefix: &'a str, plan: &Plan, Manner { compression, .. }: Manner) -> Self {
        Self { prefix, query: query(plan, Manner::default()), compression }
    }
}

/// What a plan is asked for with; compression and tiling only of a tileset, whose files then have names of their own.
fn query(plan: &Plan, manner: Manner) -> String {
    let view = plan.view();
    let variant = plan.snapshot().overlay().map(|over| format!("variant={}", escaped(over.name().as_str())));
    let at = view.at().map(|at| format!("datetime={at}"));
    let storey = view.storey().map(|storey| format!("storey={}", escaped(storey)));
    let filter = view.filter().map(|filter| format!("filter={}", escaped(filter)));
    let packed = (manner.compression == Compression::Meshopt).then(|| "compression=meshopt".to_owned());
    let tiling = (manner.tiling == Tiling::Implicit).then(|| "tiling=implicit".to_owned());
    let all: Vec<String> =
        at.into_iter().chain(variant).chain(storey).chain(filter).chain(packed).chain(tiling).collect();
    if all.is_empty() { String::new() } else { format!("?{}", all.join("&")) }
}

/// A text as a query has it (RFC 3986 §2.1), no longer than browsers write it.
fn escaped(text: &str) -> String {
    let escape = |b: u8| {
        if b.is_ascii_alphanumeric() || b"-._~!'()*".contains(&b) {
            char::from(b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    text.bytes().map(escape).collect()
}

fn tile(node: &Node, names: &Names<'_>) -> Value {
    let mut tile =
        json!({ "boundingVolume": { "box": straight(&padded(&node.bounds)) }, "geometricError": node.error });
    if let Some(address) = node.content {
        tile["content"] = json!({ "uri": format!("{}{address}{}", names.prefix, names.query) });
    }
    if let Some(implied) = &node.implied {
        implicit(&mut tile, implied, names);
    }
    if !node.children.is_empty() {
        tile["children"] = node.children.iter().map(|child| self::tile(child, names)).collect();
    }
    tile
}

/// What makes a tile the root of an implicit tiling (OGC 22-025r4 §7.2).
fn implicit(tile: &mut Value, implied: &Implied, names: &Names<'_>) {
    let name = |compression, subtree| {
        let folder = folder(&implied.name(), compression);
        let ending = if subtree { "subtree" } else { "glb" };
        let place = if implied.is_octree() { "{x}/{y}-{z}" } else { "{x}/{y}" };
        json!({ "uri": format!("{}{folder}/{{level}}/{place}.{ending}{}", names.prefix, names.query) })
    };
    // Named once more, because CesiumJS asks this tile alone for what it hands on to those below.
    tile["refine"] = json!("REPLACE");
    tile["content"] = name(names.compression, false);
    tile["implicitTiling"] = json!({
        "subdivisionScheme": if implied.is_octree() { "OCTREE" } else { "QUADTREE" },
        "availableLevels": implied.levels(),
        "subtreeLevels": lod::SUBTREE,
        "subtrees": name(Compression::None, true)
    });
}

/// Outward to whole centimetres: short to write, never thinner than two.
pub(in crate::tiles) fn padded(bounds: &Bounds) -> Bounds {
    Bounds {
        min: bounds.min.map(|v| ((v * 100.0).floor() - 1.0) / 100.0),
        max: bounds.max.map(|v| ((v * 100.0).ceil() + 1.0) / 100.0),
    }
}

/// The twelve numbers of a box along the axes: its middle and three half axes (OGC 22-025r4 §6.7.2.2).
pub(in crate::tiles) fn straight(bounds: &Bounds) -> [f64; 12] {
    let ([x, y, z], [a, b, c]) = (bounds.center(), bounds.size().map(|s| s / 2.0));
    [x, y, z, a, 0.0, 0.0, 0.0, b, 0.0, 0.0, 0.0, c]
}

/// The same box of a site's east-north-up frame in ECEF.
fn turned(frame: &SiteFrame, bounds: &Bounds) -> [f64; 12] {
    let m = frame.enu_to_ecef();
    let ([x, y, z], half) = (apply(frame, bounds.center()), bounds.size().map(|s| s / 2.0));
    let axis = |k: usize| [m[4 * k] * half[k], m[4 * k + 1] * half[k], m[4 * k + 2] * half[k]];
    let (a, b, c) = (axis(0), axis(1), axis(2));
    [x, y, z, a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2]]
}

fn apply(frame: &SiteFrame, p: [f64; 3]) -> [f64; 3] {
    let m = frame.enu_to_ecef();
    std::array::from_fn(|k| m[k] * p[0] + m[4 + k] * p[1] + m[8 + k] * p[2] + m[12 + k])
}
