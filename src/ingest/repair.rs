//! One mesh on its way in: put right where that changes no shape, and looked through for what is left.

use super::finding::{self, Finding, Kind};
use crate::crs::SiteFrame;
use crate::formats::SourceObject;
use crate::geom::{Defect, Examined, Flaw, Shape, examine};
use crate::model::{Asset, Class, Collection};

/// Whether the source says that the object's shape encloses a volume, or it is an element of a building model that should.
pub(super) fn is_body(object: &SourceObject, model: bool) -> bool {
    match &object.shape {
        Shape::Faces { solid, .. } => *solid,
        Shape::Mesh(_) => model && encloses(object.class),
        _ => false,
    }
}

/// Elements and rooms do; furniture, plants, proxies and the ground are drawn as surfaces as often as not.
const fn encloses(class: Class) -> bool {
    match class.collection() {
        Collection::Spaces => true,
        Collection::Elements => !matches!(
            class,
            Class::Furniture | Class::Proxy | Class::Element | Class::Installation | Class::CurtainWall | Class::Flow
        ),
        _ => false,
    }
}

/// Mends the asset's mesh, and says what was mended and what else is wrong with it.
pub(super) fn mend_asset(asset: &mut Asset, body: bool, frame: &SiteFrame) -> Vec<(Kind, Finding)> {
    let Some(mesh) = asset.geometry.mesh.as_mut().filter(|m| !m.triangles.is_empty()) else { return Vec::new() };
    let Examined { mended, repaired, left } = examine(mesh, body);
    if let Some(mended) = mended {
        *mesh = mended;
    }
    let told = |flaw: &Flaw, repaired| {
        let (kind, said) = words(flaw, body);
        let near: [f64; 3] = {
            let p = frame.to_geodetic(flaw.near);
            [p.lon, p.lat, p.h]
        };
        let finding = Finding::new(kind, &asset.id, asset.class, Some(near), said);
        (kind, Finding { count: flaw.count, repaired, ..finding })
    };
    repaired.iter().map(|f| told(f, true)).chain(left.iter().map(|f| told(f, false))).collect()
}

fn words(flaw: &Flaw, body: bool) -> (Kind, String) {
    let n = flaw.count;
    match flaw.defect {
        Defect::DuplicateVertices => {
            (finding::DUPLICATE_VERTICES, format!("{n} vertices are joined to others within 0.1 mm"))
        }
        Defect::DuplicateTriangles => {
            (finding::DUPLICATE_TRIANGLES, format!("{n} triangles that came twice are left out"))
        }
        Defect::DegenerateTriangles => {
            (finding::DEGENERATE_TRIANGLES, format!("{n} triangles without area are left out"))
        }
        Defect::FlippedFaces => {
            (finding::FLIPPED_FACES, format!("{n} triangles are turned to the side of those beside them"))
        }
        Defect::InsideOut => (finding::INVERTED_NORMALS, format!("{n} closed shells faced inward and are turned")),
        Defect::Holes => (finding::HOLES, format!("{n} small flat holes are closed")),
        Defect::OpenEdges if body => {
            (finding::UNCLOSED_SHELL, format!("is not closed: {n} open edges of {:.2} m together", flaw.length))
        }
        Defect::OpenEdges => (finding::OPEN_SURFACE, format!("is an open surface with {n} edges")),
        Defect::TJunctions => (finding::T_JUNCTIONS, format!("{n} vertices lie on an edge of a triangle without them")),
        Defect::SelfIntersections => (finding::SELF_INTERSECTION, format!("{n} triangles cut through each other")),
        Defect::NotChecked => (finding::NOT_CHECKED, format!("{n} triangles are too many to look for cuts")),
    }
}
