//! Shapes of an IFC file as this reader and as IfcOpenShell give them, one beside the other.

use super::python;
use cimbra::formats::ifc::Ifc;
use cimbra::formats::{Placement, ReadOptions, Reader, SourceFrame, SourceItem, SourceObject};
use cimbra::geom::Mesh;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// What IfcOpenShell finds; `tests/support/ifc_counts.py` says how.
#[derive(Deserialize)]
pub struct Oracle {
    pub products: BTreeMap<String, Product>,
    pub project: Vec<String>,
    pub groups: BTreeMap<String, Vec<String>>,
    /// Where the first site is placed, metres.
    pub site: [f64; 3],
    pub cost: Cost,
}

/// One product there.
#[derive(Deserialize)]
pub struct Product {
    pub r#type: String,
    pub element: bool,
    pub name: String,
    pub parent: Option<String>,
    pub storey: Option<String>,
    pub sets: usize,
    /// The representation map that is its whole shape.
    pub map: Option<u64>,
    pub r#box: Option<[f64; 6]>,
    pub volume: Option<f64>,
    pub closed: Option<bool>,
}

/// What reading took.
#[derive(Deserialize, Serialize, Default, Clone, Copy)]
pub struct Cost {
    /// Processor time, user and system, seconds.
    pub cpu: f64,
    /// The most memory that the process held, MiB.
    pub peak: f64,
}

/// One shape here.
#[derive(Deserialize, Serialize, Clone, Copy)]
pub struct Shaped {
    pub r#box: [f64; 6],
    pub volume: f64,
    pub closed: bool,
}

/// Asks IfcOpenShell, with shapes or without.
pub fn oracle(file: &Path, shapes: bool) -> Oracle {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/ifc_counts.py");
    let mode = if shapes { "shapes" } else { "counts" };
    let out = Command::new(python()).arg(script).arg(file).arg(mode).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Everything that the reader gives of one file.
pub struct Read {
    pub frame: SourceFrame,
    pub objects: BTreeMap<String, SourceObject>,
    pub refused: Vec<String>,
    pub notes: Vec<String>,
}

pub fn read(file: &Path) -> Read {
    let mut read = Read { frame: SourceFrame::default(), objects: BTreeMap::new(), refused: vec![], notes: vec![] };
    Ifc.read(file, &ReadOptions::default(), &mut |item| {
        match item {
            SourceItem::Frame(frame) => read.frame = frame,
            SourceItem::Object(o) => {
                let id = o.id.to_string();
                assert!(read.objects.insert(id.clone(), *o).is_none(), "{id} comes twice");
            }
            SourceItem::Refused { object, reason } => read.refused.push(format!("{object}: {reason}")),
            SourceItem::Note(note) => read.notes.push(note),
            SourceItem::Picture(_) => {}
        }
        Ok(())
    })
    .unwrap();
    read
}

/// Box, volume and closure of a mesh.
pub fn shaped(mesh: &Mesh) -> Shaped {
    let bounds = mesh.bounds();
    let [a, b, c] = bounds.min;
    let [d, e, f] = bounds.max;
    Shaped { r#box: [a, b, c, d, e, f], volume: volume(mesh), closed: closed(mesh) }
}

fn volume(mesh: &Mesh) -> f64 {
    let p = |i: u32| mesh.positions[i as usize].map(f64::from);
    let each = mesh.triangles.iter().map(|t| {
        let (a, b, c) = (p(t[0]), p(t[1]), p(t[2]));
        (a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]))
            / 6.0
    });
    each.sum()
}

/// Whether every edge is gone along as often in one direction as in the other.
fn closed(mesh: &Mesh) -> bool {
    let mut edges: BTreeMap<(u32, u32), i32> = BTreeMap::new();
    for [a, b, c] in &mesh.triangles {
        for (from, to) in [(a, b), (b, c), (c, a)] {
            *edges.entry((*from.min(to), *from.max(to))).or_default() += if from < to { 1 } else { -1 };
        }
    }
    edges.values().all(|n| *n == 0)
}

/// What a model's coordinates were moved by: one placed by its site counts from the site.
pub fn moved(frame: &SourceFrame, oracle: &Oracle) -> [f64; 3] {
    if matches!(frame.placement, Some(Placement::Geographic { .. })) { oracle.site } else { [0.0; 3] }
}

/// How far two readings of one file agree.
#[derive(Default)]
pub struct Agreement {
    /// Shapes there.
    pub theirs: usize,
    /// Of those, none here.
    pub missing: Vec<String>,
    /// Shapes here and none there.
    pub more: usize,
    /// Boxes that differ by over 1 cm, and by how much.
    pub boxes: Vec<String>,
    /// Closed ones on either side, of some volume.
    pub closed: usize,
    /// Of those, volumes that differ by over 1 %.
    pub volumes: Vec<String>,
    /// Closed there and open here.
    pub opened: BTreeMap<String, usize>,
    /// Closed here.
    pub closed_here: usize,
    /// Closed there.
    pub closed_there: usize,
}

/// Compares shapes; `moved` is taken from the oracle's.
pub fn agreement(ours: &BTreeMap<String, Shaped>, oracle: &Oracle, moved: [f64; 3]) -> Agreement {
    let mut found = Agreement::default();
    let theirs: BTreeSet<&String> =
        oracle.products.iter().filter(|(_, p)| p.r#box.is_some()).map(|(id, _)| id).collect();
    found.theirs = theirs.len();
    found.more = ours.keys().filter(|id| !theirs.contains(id)).count();
    found.closed_here = ours.values().filter(|s| s.closed).count();
    for id in theirs {
        let product = &oracle.products[id];
        let kind = &product.r#type;
        let Some(shape) = ours.get(id) else {
            found.missing.push(format!("{kind} {id}"));
            continue;
        };
        let their_box = product.r#box.unwrap();
        let apart = (0..6).map(|k| (shape.r#box[k] + moved[k % 3] - their_box[k]).abs()).fold(0.0, f64::max);
        if apart > 0.01 {
            found.boxes.push(format!("{kind} {id} {:.1} cm", apart * 100.0));
        }
        let (closed, volume) = (product.closed == Some(true), product.volume.unwrap_or(0.0));
        found.closed_there += usize::from(closed);
        if closed && !shape.closed {
            *found.opened.entry(kind.clone()).or_default() += 1;
        }
        // Smaller than a walnut: a part in a hundred of it is less than the files' own precision.
        if closed && volume.abs() > 1e-5 {
            found.closed += 1;
            if (shape.volume / volume - 1.0).abs() > 0.01 {
                let closed = if shape.closed { "closed" } else { "open" };
                found.volumes.push(format!("{kind} {id} {:.5} here, {closed}; {volume:.5} there", shape.volume));
            }
        }
    }
    found
}
