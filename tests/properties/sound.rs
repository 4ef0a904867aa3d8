//! The first look at a mesh against the thorough one: what it passes over has nothing to mend.

use crate::support::shared;
use cimbra::formats::{ReadOptions, SourceItem, reader_of};
use cimbra::geom::{Mesh, Shape, check, examine, faces_to_mesh, mend};

/// Every mesh of a file, as it comes in and with each tenth one damaged.
fn meshes(file: &std::path::Path) -> Vec<(Mesh, bool)> {
    let mut all = Vec::new();
    let mut take = |item| {
        let SourceItem::Object(object) = item else { return Ok(()) };
        let (mesh, body) = match object.shape {
            Shape::Mesh(mesh) => (mesh, true),
            Shape::Faces { faces, solid } => {
                // Map coordinates lose their digits in f32 unless they are taken from their middle, which the mesh does.
                (faces_to_mesh(&faces), solid)
            }
            _ => return Ok(()),
        };
        let number = all.len();
        let mut damaged = mesh.clone();
        match number % 50 {
            0 => damaged.triangles.truncate(mesh.triangles.len() - 1),
            10 => damaged.triangles.iter_mut().take(1).for_each(|t| t.swap(0, 1)),
            20 => damaged.triangles.iter_mut().for_each(|t| t.swap(0, 1)),
            30 => damaged.triangles.extend(mesh.triangles.first().copied()),
            40 => damaged.positions.iter_mut().take(1).for_each(|p| p[2] += 100.0),
            _ => {}
        }
        all.push((damaged, body));
        Ok(())
    };
    let options = ReadOptions::default();
    reader_of(file).unwrap().read(file, &options, &mut take).unwrap();
    all
}

#[test]
fn what_is_looked_at_once_is_what_is_looked_at_thoroughly() {
    let Some(shared) = shared() else { return };
    let (mut sound, mut mended, mut flawed) = (0, 0, 0);
    for file in [
        "ifc/Duplex_Architecture.ifc",
        "ifc/AC20-FZK-Haus.ifc",
        "cityjson/3dbag_99.city.jsonl",
        "cityjson/delft.city.json",
    ] {
        for (mesh, body) in meshes(&shared.join("data").join(file)) {
            let first = examine(&mesh, body);
            let (again, repaired) = mend(&mesh, body);
            let again = again.filter(|m| !m.triangles.is_empty());
            let left = check(again.as_ref().unwrap_or(&mesh));
            assert_eq!((&first.mended, &first.repaired), (&again, &repaired), "{file}: {mesh:?}");
            assert_eq!(first.left, left, "{file}: {mesh:?}");
            mended += usize::from(!repaired.is_empty());
            flawed += usize::from(!left.is_empty());
            sound += usize::from(repaired.is_empty() && left.is_empty());
        }
    }
    assert!(sound > 300 && mended > 20 && flawed > 20, "{sound} sound, {mended} mended, {flawed} flawed");
}
