//! The IFC reader against IfcOpenShell: the same objects, types, parents, storeys, sets, boxes and volumes.

use crate::support::{python, shared};
use cimbra::formats::ifc::Ifc;
use cimbra::formats::{Placement, ReadOptions, Reader, SourceFrame, SourceItem, SourceObject};
use cimbra::geom::{Bounds, Mesh, Shape};
use cimbra::model::Value;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

#[derive(Deserialize)]
struct Oracle {
    products: BTreeMap<String, Product>,
    project: Vec<String>,
}

#[derive(Deserialize)]
struct Product {
    r#type: String,
    element: bool,
    name: String,
    parent: Option<String>,
    storey: Option<String>,
    sets: usize,
    r#box: Option<[f64; 6]>,
    volume: Option<f64>,
}

struct Read {
    frame: SourceFrame,
    objects: BTreeMap<String, SourceObject>,
    refused: Vec<String>,
    notes: Vec<String>,
}

fn read(file: &Path) -> Read {
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
        }
        Ok(())
    })
    .unwrap();
    read
}

/// The derived file holds copies of the others: its counts are compared and its shapes, a minute's work, are not.
fn large(file: &Path) -> bool {
    std::fs::metadata(file).unwrap().len() > 10 << 20
}

fn oracle(file: &Path) -> Oracle {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/ifc_counts.py");
    let out = Command::new(python())
        .arg(script)
        .arg(file)
        .arg(if large(file) { "counts" } else { "shapes" })
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

fn volume(mesh: &Mesh) -> f64 {
    let p = |i: u32| mesh.positions[i as usize].map(f64::from);
    mesh.triangles
        .iter()
        .map(|t| {
            let (a, b, c) = (p(t[0]), p(t[1]), p(t[2]));
            (a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
                + a[2] * (b[0] * c[1] - b[1] * c[0]))
                / 6.0
        })
        .sum()
}

/// Oracle's boxes are in the file's frame; a model placed by its site counts from the site's placement.
fn shift(read: &Read, oracle: &Oracle) -> [f64; 3] {
    let pair = oracle.products.iter().find_map(|(id, p)| {
        let Shape::Mesh(mesh) = &read.objects.get(id)?.shape else { return None };
        Some((mesh.bounds(), p.r#box?))
    });
    pair.map_or([0.0; 3], |(ours, theirs)| std::array::from_fn(|k| ours.min[k] - theirs[k]))
}

#[test]
fn every_file_gives_what_ifcopenshell_gives() {
    let Some(shared) = shared() else { return };
    let mut files: Vec<_> = std::fs::read_dir(shared.join("data/ifc")).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "ifc"));
    files.sort();
    assert_eq!(files.len(), 7, "{files:?}");
    for file in files {
        let (read, oracle) = (read(&file), oracle(&file));
        compare(&file.file_name().unwrap().to_string_lossy(), &read, &oracle);
    }
}

fn compare(file: &str, read: &Read, oracle: &Oracle) {
    let theirs: BTreeSet<_> = oracle.products.keys().chain(&oracle.project).cloned().collect();
    let ours: BTreeSet<_> = read.objects.keys().cloned().collect();
    assert_eq!(ours, theirs, "{file}: the same GlobalIds");
    assert_eq!(read.refused, Vec::<String>::new(), "{file}");
    let ground = shift(read, oracle);
    let (mut shaped, mut boxed, mut alike, mut measured) = (0, 0, 0, 0);
    let mut differ = BTreeMap::<&str, usize>::new();
    for (id, product) in &oracle.products {
        let object = &read.objects[id];
        let about = || format!("{file} {id} {}", product.r#type);
        assert_eq!(object.attributes[0], ("ifc_type".into(), Value::Text(product.r#type.clone())), "{}", about());
        if !product.name.is_empty() {
            assert_eq!(object.name, product.name, "{}", about());
        }
        if let Some(parent) = &product.parent {
            assert_eq!(object.parent.as_deref(), Some(parent.as_str()), "{}", about());
        }
        if product.storey.as_deref().is_some_and(|s| !s.is_empty()) {
            assert_eq!(object.storey.as_deref(), product.storey.as_deref(), "{}", about());
        }
        let sets = object.attributes.iter().filter(|(name, _)| name.contains('.')).count();
        assert!(sets >= product.sets.min(1), "{}: {sets} of {} properties", about(), product.sets);
        let Some(theirs) = product.r#box else { continue };
        let Shape::Mesh(mesh) = &object.shape else {
            eprintln!("{}: no shape here", about());
            continue;
        };
        shaped += 1;
        let ours: Bounds = mesh.bounds();
        let near = |k: usize| {
            (ours.min[k] - ground[k] - theirs[k]).abs() < 0.02 && (ours.max[k] - ground[k] - theirs[k + 3]).abs() < 0.02
        };
        boxed += usize::from((0..3).all(near));
        let theirs = product.volume.unwrap_or(0.0);
        if theirs > 1e-4 {
            measured += 1;
            let same = (volume(mesh) / theirs - 1.0).abs() < 0.01;
            alike += usize::from(same);
            if !same {
                *differ.entry(product.r#type.as_str()).or_insert(0) += 1;
            }
        }
    }
    let elements = oracle.products.values().filter(|p| p.element).count();
    let with_shape = oracle.products.values().filter(|p| p.r#box.is_some()).count();
    let ours = read.objects.values().filter(|o| matches!(o.shape, Shape::Mesh(_))).count();
    eprintln!(
        "{file}: {} objects, {elements} elements, {ours} with shape ({with_shape} there), {boxed} of {shaped} boxes within 2 cm, \
         {alike} of {measured} volumes within 1 % (others: {differ:?}); {:?} {:?}",
        read.objects.len(),
        read.frame,
        read.notes
    );
    assert!(shaped * 100 >= with_shape * 98, "{file}: shapes {shaped} of {with_shape}");
    assert!(boxed * 100 >= shaped * 95, "{file}: boxes {boxed} of {shaped}");
    assert!(alike * 100 >= measured * 75, "{file}: volumes {alike} of {measured}");
    assert!(matches!(read.frame.placement, Some(Placement::Geographic { .. })), "{file}: every one names a place");
}
