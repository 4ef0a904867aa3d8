//! What the corners of triangles show follows them through all that is done to a mesh: here it is told by their place alone.

use cimbra::geom::{
    At, Face, Mesh, Motion, Polygon, Sheer, Shown, SurfaceKind, Texture, Wrap, extrude, faces_to_mesh, mend, motion,
    simplify,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What is shown at a place.
fn at([x, y, z]: [f64; 3]) -> At {
    [(x / 16.0 + z / 7.0) as f32, (y / 16.0 - z / 5.0) as f32]
}

fn texture(k: u8) -> Texture {
    Texture { picture: [k; 32], tint: [255; 4], wrap: [Wrap::Repeat; 2], sheer: Sheer::Never }
}

/// The faces of a prism over a star around a place, two in three of them under one of two pictures.
fn faces() -> impl Strategy<Value = Vec<Face>> {
    (prop::collection::vec(4.0..9.0_f64, 4..14), 2.0..12.0_f64).prop_map(|(radii, height)| {
        let step = std::f64::consts::TAU / radii.len() as f64;
        let ring =
            radii.iter().enumerate().map(|(i, r)| [(i as f64 * step).cos() * r, (i as f64 * step).sin() * r, 0.0]);
        let footprint = Polygon { exterior: ring.collect(), interiors: Vec::new() };
        let dressed = |(k, face): (usize, Face)| {
            let shown = (k % 3 > 0).then(|| {
                let at = face.polygon.points().map(|p| at(*p)).collect();
                Box::new(Shown { texture: texture((k % 3) as u8), at })
            });
            Face { kind: SurfaceKind::Other, colour: Some([1, 2, 3, 255]), shown, ..face }
        };
        extrude(&footprint, 0.0, height).into_iter().enumerate().map(dressed).collect()
    })
}

/// How many triangles show which picture, each corner what its place says but for those of `fillings`.
fn shown(mesh: &Mesh, fillings: usize) -> Result<BTreeMap<Option<Texture>, usize>, TestCaseError> {
    prop_assert!(mesh.holds());
    let (mut count, mut odd) = (BTreeMap::new(), 0);
    for (surface, (_, run)) in mesh.runs().enumerate() {
        let texture = mesh.texture(surface).copied();
        for k in run {
            *count.entry(texture).or_default() += 1;
            let Some(told) = mesh.shown(k).filter(|_| texture.is_some()) else { continue };
            let near = |(i, told): (&u32, &At)| {
                let wanted = at(mesh.point(*i).unwrap());
                (0..2).all(|c| (told[c] - wanted[c]).abs() < 1e-4)
            };
            odd += usize::from(!mesh.triangles[k].iter().zip(&told).all(near));
        }
    }
    prop_assert!(odd <= fillings, "{odd} triangles show something else");
    Ok(count)
}

proptest! {
    #[test]
    fn corners_keep_what_they_show(faces in faces(), turned in any::<prop::sample::Index>(), doubled in any::<prop::sample::Index>(), gone in any::<prop::sample::Index>()) {
        let mesh = faces_to_mesh(&faces);
        let before = shown(&mesh, 0)?;
        prop_assert_eq!(before.len(), 3, "none and two pictures");
        // Faces turned over show at each corner what they did.
        let mut over = faces.clone();
        over.iter_mut().for_each(Face::turn);
        prop_assert_eq!(&shown(&faces_to_mesh(&over), 0)?, &before);
        // Inside out, it is turned back; a triangle that faces the other way is turned, one that came twice is left out.
        let mut bad = faces_to_mesh(&over);
        let whole = bad.triangles.len();
        let k = turned.index(whole);
        bad.triangles[k].swap(0, 1);
        let textures = bad.textures.as_mut().unwrap();
        textures.corners[k].swap(0, 1);
        let last = bad.surfaces.len() - 1;
        let first = bad.surfaces[last].first as usize;
        let twice = first + doubled.index(whole - first);
        bad.triangles.push(bad.triangles[twice]);
        textures.corners.push(textures.corners[twice]);
        let (mended, _) = mend(&bad, true);
        let mended = mended.unwrap();
        prop_assert!(mended.volume().is_some_and(|v| v > 0.0));
        prop_assert_eq!(&shown(&mended, 0)?, &before);
        // A hole is filled with what is beside it.
        let mut open = mesh.clone();
        let k = gone.index(whole);
        open.triangles.remove(k);
        open.textures.as_mut().unwrap().corners.remove(k);
        open.surfaces.iter_mut().for_each(|s| s.first -= u32::from(s.first as usize > k));
        if let (Some(filled), _) = mend(&open, true) {
            shown(&filled, 1)?;
        }
        // Moved, it is the same shape; under another picture it is not.
        let (s, c) = 0.7_f64.sin_cos();
        let way = Motion { rotation: [[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]], origin: [100.0, -5.0, 3.0] };
        let mut moved = way.place(&mesh);
        prop_assert_eq!(&moved.textures, &mesh.textures);
        prop_assert!(motion(&mesh, &moved, 1e-3).is_some());
        moved.textures.as_mut().unwrap().list[0] = texture(9);
        prop_assert!(motion(&mesh, &moved, 1e-3).is_none());
        prop_assert_eq!(simplify(&mesh, 5.0).mesh, mesh, "what shows a picture is not made lighter");
    }
}
