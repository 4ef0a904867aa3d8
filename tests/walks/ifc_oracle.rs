//! The IFC reader against IfcOpenShell: the same objects, types, parents, storeys, sets, boxes and volumes.

use crate::support::ifc::{Oracle, Read, agreement, moved, oracle, read, shaped};
use crate::support::shared;
use cimbra::formats::Placement;
use cimbra::geom::{Mesh, Shape};
use cimbra::model::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The derived file holds copies of the others: its counts are compared and its shapes, a minute's work, are not.
fn large(file: &Path) -> bool {
    std::fs::metadata(file).unwrap().len() > 10 << 20
}

#[test]
fn every_file_gives_what_ifcopenshell_gives() {
    let Some(shared) = shared() else { return };
    let mut files: Vec<_> = std::fs::read_dir(shared.join("data/ifc")).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "ifc"));
    files.sort();
    assert_eq!(files.len(), 7, "{files:?}");
    for file in files {
        let (read, oracle) = (read(&file), oracle(&file, !large(&file)));
        compare(&file.file_name().unwrap().to_string_lossy(), &read, &oracle);
    }
}

fn compare(file: &str, read: &Read, oracle: &Oracle) {
    let theirs: BTreeSet<_> =
        oracle.products.keys().chain(&oracle.project).chain(oracle.groups.keys()).cloned().collect();
    let ours: BTreeSet<_> = read.objects.keys().cloned().collect();
    assert_eq!(ours, theirs, "{file}: the same GlobalIds");
    assert_eq!(read.refused, Vec::<String>::new(), "{file}");
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
    }
    for (group, members) in &oracle.groups {
        for member in members.iter().filter_map(|id| read.objects.get(id)) {
            let lists = ["systems", "zones", "groups"].map(|name| member.attributes.iter().find(|(n, _)| n == name));
            let said = format!("{:?}", lists.iter().flatten().collect::<Vec<_>>());
            assert!(said.contains(group.as_str()), "{file}: {} is in {group}: {said}", member.id);
        }
    }
    let meshes = read.objects.iter().filter_map(|(id, o)| match &o.shape {
        Shape::Mesh(mesh) => Some((id.clone(), shaped(mesh))),
        _ => None,
    });
    let meshes: BTreeMap<_, _> = meshes.collect();
    let found = agreement(&meshes, oracle, moved(&read.frame, oracle));
    let elements = oracle.products.values().filter(|p| p.element).count();
    eprintln!(
        "{file}: {} objects, {elements} elements, {} with shape ({} there, {} of them not here), {} boxes over 1 cm off, \
         {} closed there, {} volumes over 1 % off, {:.1} s of processor and {:.0} MiB there; {:?} {:?}",
        read.objects.len(),
        meshes.len(),
        found.theirs,
        found.missing.len(),
        found.boxes.len(),
        found.closed,
        found.volumes.len(),
        oracle.cost.cpu,
        oracle.cost.peak,
        read.frame,
        read.notes
    );
    found.missing.iter().chain(&found.boxes).chain(&found.volumes).for_each(|line| eprintln!("  {line}"));
    assert_eq!(found.missing, Vec::<String>::new(), "{file}");
    assert_eq!(found.boxes, Vec::<String>::new(), "{file}");
    assert!(found.volumes.len() * 50 <= found.closed, "{file}: {} of {}", found.volumes.len(), found.closed);
    assert!(matches!(read.frame.placement, Some(Placement::Geographic { .. })), "{file}: every one names a place");
}

/// Elements of one representation map have the same corners in the same order, turned and moved: what looks for repeated
/// shapes by their content finds them.
#[test]
fn mapped_items_come_out_alike_but_for_a_rigid_motion() {
    let Some(shared) = shared() else { return };
    for name in ["AC11-Institute-Var-2", "AC20-FZK-Haus", "Duplex_Architecture", "Duplex_Electrical", "Office_A"] {
        let file = shared.join(format!("data/ifc/{name}.ifc"));
        let (read, oracle) = (read(&file), oracle(&file, false));
        let mut shapes: BTreeMap<u64, Vec<&Mesh>> = BTreeMap::new();
        for (id, product) in &oracle.products {
            if let (Some(map), Shape::Mesh(mesh)) = (product.map, &read.objects[id].shape) {
                shapes.entry(map).or_default().push(mesh);
            }
        }
        let (mut instances, mut alike, mut same) = (0, 0, 0);
        for meshes in shapes.values().filter(|m| m.len() > 1) {
            let first = meshes[0];
            for mesh in meshes {
                instances += 1;
                let order = mesh.triangles == first.triangles && mesh.positions.len() == first.positions.len();
                alike += usize::from(order && farthest(first, mesh) < 1e-4);
                same += usize::from(order && mesh.positions == first.positions);
            }
        }
        let repeated = shapes.values().filter(|m| m.len() > 1).count();
        eprintln!(
            "{name}: {} maps, {repeated} of them used by {instances} elements; {alike} alike, {same} bit by bit",
            shapes.len()
        );
        assert!(alike * 100 >= instances * 95, "{name}: {alike} of {instances}");
    }
}

/// How far corners of the two lie from each other once both stand in the frame of three of their own corners.
fn farthest(a: &Mesh, b: &Mesh) -> f64 {
    let point = |m: &Mesh, i: usize| m.positions[i].map(f64::from);
    let minus = |p: [f64; 3], q: [f64; 3]| [0, 1, 2].map(|k| p[k] - q[k]);
    let dot = |p: [f64; 3], q: [f64; 3]| (0..3).map(|k| p[k] * q[k]).sum::<f64>();
    let cross =
        |p: [f64; 3], q: [f64; 3]| [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]];
    let unit = |p: [f64; 3]| p.map(|c| c / dot(p, p).sqrt());
    // The corner farthest from the first, and that which is farthest from the line through both.
    let count = a.positions.len();
    let from = |m: &Mesh, i: usize| minus(point(m, i), point(m, 0));
    let longest =
        (0..count).max_by(|i, j| dot(from(a, *i), from(a, *i)).total_cmp(&dot(from(a, *j), from(a, *j)))).unwrap();
    let off = |i: usize| {
        let c = cross(unit(from(a, longest)), from(a, i));
        dot(c, c)
    };
    let widest = (0..count).max_by(|i, j| off(*i).total_cmp(&off(*j))).unwrap();
    let frame = |m: &Mesh| {
        let x = unit(from(m, longest));
        let z = unit(cross(x, from(m, widest)));
        [x, cross(z, x), z]
    };
    let (of_a, of_b) = (frame(a), frame(b));
    let apart = |i: usize| {
        let (p, q) = (from(a, i), from(b, i));
        let d = [0, 1, 2].map(|k| dot(of_a[k], p) - dot(of_b[k], q));
        dot(d, d).sqrt()
    };
    (0..count).map(apart).fold(0.0, f64::max)
}
