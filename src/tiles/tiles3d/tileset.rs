//! `tileset.json`: of one site, and of several as a tileset of their tilesets.

use super::Compression;
use crate::crs::SiteFrame;
use crate::fault::Result;
use crate::geom::Bounds;
use crate::lod::View;
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
pub fn of_site(plan: &Plan, compression: Compression, prefix: &str) -> Result<Vec<u8>> {
    let names = Names { prefix, query: query(plan.view(), Compression::None) };
    let (frame, node) = (plan.snapshot().frame(), plan.root(compression)?);
    let mut root = node.map_or_else(nothing, |node| tile(node, &names));
    root["transform"] = json!(frame.enu_to_ecef());
    root["refine"] = json!("REPLACE");
    Ok(document(&root, node.map_or(0.0, |n| n.error)))
}

/// A part of a site's tileset of `view`, in the frame of the tileset that refers to it.
pub fn of_part(root: &Node, view: &View) -> Vec<u8> {
    let mut tile = tile(root, &Names { prefix: "", query: query(view, Compression::None) });
    tile["refine"] = json!("REPLACE");
    written(&tile, root.error)
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
    /// Those among `coverages`, each at `<folder>adopted/<site>/<dataset>/tileset.json`.
    pub fn among(coverages: &[Arc<Coverage>], folder: &str) -> Vec<Self> {
        let one = |coverage: &Arc<Coverage>| {
            let adopted = coverage.tileset()?;
            let name = escaped(coverage.dataset().as_str());
            let uri = format!("{folder}adopted/{}/{name}/tileset.json", coverage.site());
            Some(Self { uri, around: adopted.around, error: adopted.error })
        };
        coverages.iter().filter_map(one).collect()
    }
}

/// The tileset of several sites: one tile for each, whose content is the site's own tileset at `<code>/tileset.json`; then
/// those `beside` them.
///
/// # Errors
/// As [`Snapshot::geometry`](crate::store::Snapshot::geometry).
pub fn of_sites(plans: &[&Plan], beside: &[Beside], compression: Compression) -> Result<Vec<u8>> {
    let roots = plans.iter().map(|p| p.root(compression)).collect::<Result<Vec<_>>>()?;
    let errors = roots.iter().flatten().map(|n| n.error);
    let error = errors.chain(beside.iter().map(|b| b.error)).fold(FAR, f64::max);
    let query = plans.first().map_or_else(String::new, |plan| query(plan.view(), compression));
    let mut around = Bounds::EMPTY;
    let mut children: Vec<Value> = plans
        .iter()
        .zip(&roots)
        .map(|(plan, root)| {
            let frame = plan.snapshot().frame();
            let bounds = root.map_or(NOWHERE, |n| n.bounds);
            around = around.union(Bounds::of(bounds.corners().map(|c| apply(frame, c))));
            json!({
                "boundingVolume": { "box": turned(frame, &padded(&bounds)) },
                "geometricError": error,
                "content": { "uri": format!("{}/tileset.json{query}", plan.snapshot().site()) }
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
    Ok(document(&root, error))
}

/// A metre around the site's origin, for a site that shows nothing.
const NOWHERE: Bounds = Bounds { min: [-0.5; 3], max: [0.5; 3] };

fn nothing() -> Value {
    json!({ "boundingVolume": { "box": straight(&NOWHERE) }, "geometricError": 0.0 })
}

fn document(root: &Value, error: f64) -> Vec<u8> {
    written(root, error.max(FAR))
}

fn written(root: &Value, error: f64) -> Vec<u8> {
    let document = json!({
        "asset": { "version": "1.1" },
        "geometricError": error,
        "root": root
    });
    document.to_string().into_bytes()
}

/// What is put around a file's address, so that it is found again.
struct Names<'a> {
    prefix: &'a str,
    query: String,
}

/// What a view is asked for with; compression only of a tileset, whose files then have names of their own.
fn query(view: &View, compression: Compression) -> String {
    let at = view.at().map(|at| format!("datetime={at}"));
    let storey = view.storey().map(|storey| format!("storey={}", escaped(storey)));
    let filter = view.filter().map(|filter| format!("filter={}", escaped(filter)));
    let packed = (compression == Compression::Meshopt).then(|| "compression=meshopt".to_owned());
    let all: Vec<String> = at.into_iter().chain(storey).chain(filter).chain(packed).collect();
    if all.is_empty() { String::new() } else { format!("?{}", all.join("&")) }
}

/// A text as a query has it (RFC 3986 §2.1).
fn escaped(text: &str) -> String {
    let escape = |b: u8| {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }
    };
    text.bytes().map(escape).collect()
}

fn tile(node: &Node, names: &Names<'_>) -> Value {
    let mut tile =
        json!({ "boundingVolume": { "box": straight(&padded(&node.bounds)) }, "geometricError": node.error });
    if let Some(address) = node.content {
        tile["content"] = json!({ "uri": format!("{}{address}{}", names.prefix, names.query) });
    }
    if !node.children.is_empty() {
        tile["children"] = node.children.iter().map(|child| self::tile(child, names)).collect();
    }
    tile
}

/// Outward to whole centimetres: short to write, never thinner than two.
fn padded(bounds: &Bounds) -> Bounds {
    Bounds {
        min: bounds.min.map(|v| ((v * 100.0).floor() - 1.0) / 100.0),
        max: bounds.max.map(|v| ((v * 100.0).ceil() + 1.0) / 100.0),
    }
}

/// The twelve numbers of a box along the axes: its middle and three half axes (OGC 22-025r4 §6.7.2.2).
fn straight(bounds: &Bounds) -> [f64; 12] {
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
