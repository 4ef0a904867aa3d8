//! A plain grid of boxes as a city of any size; ids, names and parents are as long and as many as in a BIM.

use cimbra::geom::{Bounds, Mesh};
use cimbra::model::{Asset, Class, DatasetName, Footprint, Geometry, SiteCode};
use cimbra::store::{Dataset, Site, Store};
use cimbra::units::{Geodetic, Instant};
use std::sync::Arc;

/// Metres between neighbours.
pub const PITCH: f64 = 30.0;

/// The id of the asset at place `i`, as long as IFC's.
pub fn id(i: usize) -> String {
    format!("2O2Fr$t4X7Zf8NO{i:07}")
}

/// The asset at place `i` of a grid `side` wide, `height` metres high.
pub fn block(site: &Site, i: usize, side: usize, height: f64) -> Asset {
    let (x, y) = ((i % side) as f64 * PITCH, (i / side) as f64 * PITCH);
    let corners: Vec<[f64; 3]> = (0..8)
        .map(|k| [x + f64::from(k & 1) * 12.0, y + f64::from(k >> 1 & 1) * 12.0, f64::from(k >> 2) * height])
        .collect();
    let sides = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [1, 3, 7, 5], [3, 2, 6, 7], [2, 0, 4, 6]];
    let triangles = sides.iter().flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]).collect();
    let lonlat = |p: [f64; 3]| site.frame().to_geodetic(p).to_array();
    let ring = [0, 1, 3, 2, 0].map(|k| lonlat(corners[k])).to_vec();
    Asset {
        id: id(i).into(),
        class: Class::Building,
        name: format!("{i}号楼 混凝土墙"),
        parent: (!i.is_multiple_of(20)).then(|| id(i - i % 20).into()),
        storey: None,
        layer: None,
        attributes: vec![("height".to_owned(), cimbra::model::Value::Float(height))],
        bounds: Bounds::of(corners.iter().map(|p| lonlat(*p))),
        geometry: Geometry {
            footprint: Footprint::Areas(vec![vec![ring]]),
            mesh: Some(Mesh::from_points(&corners, triangles, Vec::new())),
        },
    }
}

/// The dataset of the grid.
pub fn dataset() -> Dataset {
    let name = DatasetName::from_stem("grid");
    Dataset {
        name,
        title: "grid".into(),
        crs: "EPSG:4979".into(),
        source: None,
        imported: Instant(0),
        layers: vec![],
        entry: Default::default(),
    }
}

/// A site of `count` blocks in one commit.
pub fn grid(store: &Store, count: usize) -> (Arc<Site>, usize) {
    let code = SiteCode::new("320106003001").unwrap();
    let site = store.create_site(&code, Geodetic::new(118.78, 32.04, 10.0), Instant(0)).unwrap();
    let side = count.isqrt().max(1);
    let mut draft = site.draft(dataset()).unwrap();
    for i in 0..count {
        draft.put(block(&site, i, side, 10.0 + (i % 40) as f64)).unwrap();
    }
    draft.commit(Instant(1)).unwrap();
    (site, side)
}
