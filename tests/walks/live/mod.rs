//! The live half, from readings to alarms and events.

mod beside;
mod crash;
mod fuzz;
mod history;
mod limits;
mod pulse;
mod renewed;
mod rights;
mod served;
mod wire;

use cimbra::geom::Bounds;
use cimbra::model::{Asset, AssetId, Class, DatasetName, Geometry, Observation, SiteCode, Value};
use cimbra::store::{Dataset, Store};
use cimbra::units::{Geodetic, Instant};
use std::path::Path;

/// 2026-01-01T00:00:00Z.
pub const T0: i64 = 1_767_225_600_000;

/// An asset without geometry.
pub fn asset(id: &str, class: Class, parent: Option<&str>, datastreams: &str) -> Asset {
    Asset {
        id: id.into(),
        class,
        name: format!("{id} 名"),
        parent: parent.map(AssetId::from),
        storey: None,
        layer: None,
        attributes: match datastreams {
            "" => Vec::new(),
            text => vec![("datastreams".to_owned(), Value::Text(text.to_owned()))],
        },
        geometry: Geometry::default(),
        bounds: Bounds::EMPTY,
    }
}

/// Commits assets as one dataset of the site 320106003001, which is made when missing.
pub fn put(store: &Store, dataset: &str, assets: Vec<Asset>) {
    let code = SiteCode::new("320106003001").unwrap();
    let site = store
        .site(&code)
        .unwrap_or_else(|| store.create_site(&code, Geodetic::new(118.78, 32.04, 12.0), Instant(T0)).unwrap());
    let dataset = Dataset {
        name: DatasetName::new(dataset).unwrap(),
        title: format!("{dataset}.csv"),
        crs: "EPSG:4979".to_owned(),
        source: None,
        imported: Instant(T0),
        layers: Vec::new(),
        entry: Default::default(),
    };
    let mut draft = site.draft(dataset).unwrap();
    for asset in assets {
        draft.put(asset).unwrap();
    }
    draft.commit(Instant(T0)).unwrap();
}

/// A store with a building, a storey, a room and in it `n` detectors `SD-0`… of smoke and temperature.
pub fn store(dir: &Path, n: usize) -> Store {
    let store = Store::open(dir).unwrap();
    let mut assets = vec![
        asset("B", Class::Building, None, ""),
        asset("B-12A", Class::Storey, Some("B"), ""),
        asset("B-12A-厨", Class::Space, Some("B-12A"), ""),
    ];
    let device = |i| asset(&format!("SD-{i}"), Class::SmokeDetector, Some("B-12A-厨"), "smoke:m-1;temperature:Cel");
    assets.extend((0..n).map(device));
    put(&store, "panels", assets);
    store
}

/// A reading of a device, `ms` after [`T0`], taken by the server at that time.
pub fn reading(store: &Store, device: &str, property: &str, ms: i64, result: f64) -> Observation {
    let thing = store.series().thing_of(device).unwrap();
    let datastream = store.series().datastream_of(thing.id, property).unwrap().id;
    Observation { datastream, phenomenon_time: Instant(T0 + ms), result_time: Instant(T0 + ms), result }
}
