//! The store from the outside: what is committed is there, whole, and stays.

mod basics;
mod damage;
mod kill;
mod shapes;
mod standing;
mod together;
mod variants;

use cimbra::geom::{Bounds, Mesh, Surface, SurfaceKind};
use cimbra::model::{Asset, AssetId, Class, DatasetName, Footprint, Geometry, SiteCode, Value};
use cimbra::store::{Dataset, Snapshot};
use cimbra::units::{Geodetic, Instant};

pub fn code() -> SiteCode {
    SiteCode::new("320106003001").unwrap()
}

pub fn origin() -> Geodetic {
    Geodetic::new(118.78, 32.04, 12.0)
}

pub fn dataset(name: &str) -> Dataset {
    let name = DatasetName::new(name).unwrap();
    let title = format!("{name}.city.json");
    Dataset {
        name,
        title,
        crs: "EPSG:7415".into(),
        source: None,
        imported: Instant(5),
        layers: vec![],
        entry: Default::default(),
    }
}

/// A building of one triangle at a place told by `n`, with attributes that say `tag`.
pub fn asset(id: &str, n: u32, tag: &str) -> Asset {
    let (lon, lat) = (118.78 + f64::from(n % 100) * 1e-4, 32.04 + f64::from(n / 100) * 1e-4);
    let bounds = Bounds::of([[lon, lat, 10.0], [lon + 5e-5, lat + 5e-5, 20.0 + f64::from(n % 7)]]);
    let east = f64::from(n % 100) * 9.4;
    let points = [[east, 1.0, 0.0], [east + 3.0, 1.0, 0.0], [east, 4.0, f64::from(n % 7)]];
    let surfaces = vec![Surface { first: 0, kind: SurfaceKind::Wall, colour: Some([1, 2, 3, 255]) }];
    Asset {
        id: id.into(),
        class: Class::Building,
        name: format!("楼 {id}"),
        parent: None,
        storey: Some("12A".into()),
        layer: None,
        attributes: vec![("tag".into(), Value::Text(tag.into())), ("n".into(), Value::Int(n.into()))],
        geometry: Geometry {
            footprint: Footprint::Areas(vec![vec![vec![bounds.min, bounds.max, [lon, lat + 5e-5, 10.0], bounds.min]]]),
            mesh: Some(Mesh::from_points(&points, vec![[0, 1, 2]], surfaces)),
        },
        bounds,
    }
}

/// Everything current in a snapshot, as it would be put again, by id.
pub fn contents(snapshot: &Snapshot) -> Vec<(AssetId, Asset)> {
    let mut all: Vec<_> = snapshot
        .rows()
        .map(|row| {
            let asset = snapshot.asset(row).unwrap().to_asset().unwrap();
            (asset.id.clone(), asset)
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}
