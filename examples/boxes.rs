//! A city of one box: open a store, commit an asset, ask what is in a box of longitude, latitude and height.

use cimbra::fault::Result;
use cimbra::geom::{Bounds, Mesh};
use cimbra::model::{Asset, Class, DatasetName, Footprint, Geometry, SiteCode, Value};
use cimbra::store::{Dataset, Store};
use cimbra::units::{Geodetic, Instant};
use std::io::Write;

fn main() -> Result<()> {
    let dir = std::env::temp_dir().join(format!("cimbra-example-{}", std::process::id()));
    let store = Store::open(&dir)?;
    let site = store.create_site(&SiteCode::new("320106003001")?, Geodetic::new(118.78, 32.04, 12.0), Instant(0))?;
    // Geometry is in the site's east-north-up metres; the box is in longitude, latitude and height.
    let corners = [[0.0, 0.0, 0.0], [20.0, 0.0, 0.0], [0.0, 12.0, 0.0], [0.0, 0.0, 18.0]];
    let triangles = vec![[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]];
    let geodetic = corners.map(|p| site.frame().to_geodetic(p).to_array());
    let (name, title, crs) = (DatasetName::new("sketch")?, "A sketch".to_owned(), "EPSG:4979".to_owned());
    let mut draft = site.draft(Dataset {
        name,
        title,
        crs,
        source: None,
        imported: Instant(0),
        layers: Vec::new(),
        entry: Default::default(),
    })?;
    draft.put(Asset {
        id: "hall".into(),
        class: Class::Building,
        name: "礼堂".to_owned(),
        parent: None,
        storey: None,
        layer: None,
        attributes: vec![("built".to_owned(), Value::Int(1936))],
        geometry: Geometry {
            footprint: Footprint::Point(geodetic[0]),
            mesh: Some(Mesh::from_points(&corners, triangles, Vec::new())),
        },
        bounds: Bounds::of(geodetic),
    })?;
    draft.commit(Instant(1))?;
    let snapshot = site.snapshot();
    let found = snapshot.in_box(&Bounds { min: [118.77, 32.03, 0.0], max: [118.79, 32.05, 20.0] }, None);
    let mut out = std::io::stdout();
    for asset in found.into_iter().filter_map(|row| snapshot.asset(row)) {
        let _told = writeln!(out, "{} {} {}", asset.id(), asset.class(), asset.name());
    }
    let _cleared = std::fs::remove_dir_all(dir);
    Ok(())
}
