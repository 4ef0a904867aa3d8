//! The IFC reader against IfcOpenShell: the same objects, types, parents, storeys, sets, boxes and volumes.

use crate::support::ifc::{Oracle, Read, agreement, moved, oracle, read, shaped};
use crate::support::shared;
use cimbra::formats::Placement;
use cimbra::geom::Shape;
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
         {} closed there, {} volumes over 1 % off; {:?} {:?}",
        read.objects.len(),
        meshes.len(),
        found.theirs,
        found.missing.len(),
        found.boxes.len(),
        found.closed,
        found.volumes.len(),
        read.frame,
        read.notes
    );
    found.missing.iter().chain(&found.boxes).chain(&found.volumes).for_each(|line| eprintln!("  {line}"));
    assert_eq!(found.missing, Vec::<String>::new(), "{file}");
    assert_eq!(found.boxes, Vec::<String>::new(), "{file}");
    assert!(found.volumes.len() * 50 <= found.closed, "{file}: {} of {}", found.volumes.len(), found.closed);
    assert!(matches!(read.frame.placement, Some(Placement::Geographic { .. })), "{file}: every one names a place");
}
