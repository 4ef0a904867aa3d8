//! A city made by hand in a real store: buildings with parts, a building of walls and rooms, a road, pipes, devices.

use cimbra::crs::SiteFrame;
use cimbra::geom::{Bounds, Mesh};
use cimbra::lod::shape;
use cimbra::model::{Asset, Class, DatasetName, Footprint, Geometry, SiteCode, Value};
use cimbra::store::{Dataset, Site, Snapshot, Store};
use cimbra::units::{Geodetic, Instant};
use std::sync::Arc;

pub const ORIGIN: Geodetic = Geodetic::new(118.78, 32.04, 12.0);

/// A store that goes away with the test.
pub struct City {
    pub store: Store,
    pub code: SiteCode,
    _dir: tempfile::TempDir,
}

impl City {
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.site().snapshot()
    }
    pub fn site(&self) -> Arc<Site> {
        self.store.site(&self.code).unwrap()
    }
    /// Its folder, once nothing has the store open any more.
    pub fn closed(self) -> tempfile::TempDir {
        self._dir
    }
    /// Commits `assets` as one dataset.
    pub fn commit(&self, dataset: &str, assets: Vec<Asset>) {
        let site = self.site();
        let dataset = Dataset {
            name: DatasetName::new(dataset).unwrap(),
            title: format!("{dataset}.city.json"),
            crs: "EPSG:4979".into(),
            source: None,
            imported: Instant(0),
            layers: vec![],
            entry: Default::default(),
        };
        let mut draft = site.draft(dataset).unwrap();
        for asset in assets {
            draft.put(asset).unwrap();
        }
        draft.commit(Instant(1)).unwrap();
    }
}

pub fn empty(code: &str) -> City {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let code = SiteCode::new(code).unwrap();
    store.create_site(&code, ORIGIN, Instant(0)).unwrap();
    City { store, code, _dir: dir }
}

pub fn asset(id: &str, class: Class, parent: Option<&str>, geometry: Geometry) -> Asset {
    let frame = SiteFrame::new(ORIGIN);
    let points: Vec<[f64; 3]> = match (&geometry.mesh, &geometry.footprint) {
        (Some(mesh), _) => mesh.points().map(|p| frame.to_geodetic(p).to_array()).collect(),
        (None, Footprint::None) => vec![],
        (None, Footprint::Point(p)) => vec![*p],
        (None, Footprint::Lines(lines)) => lines.concat(),
        (None, Footprint::Areas(areas)) => areas.concat().concat(),
    };
    Asset {
        id: id.into(),
        class,
        name: format!("名 {id}"),
        parent: parent.map(Into::into),
        storey: None,
        layer: None,
        attributes: vec![("height".into(), Value::Float(9.5)), ("层数".into(), Value::Int(3))],
        bounds: Bounds::of(points),
        geometry,
    }
}

pub fn meshed(id: &str, class: Class, parent: Option<&str>, mesh: Mesh) -> Asset {
    asset(id, class, parent, Geometry { footprint: Footprint::None, mesh: Some(mesh) })
}

pub fn geodetic(enu: [f64; 3]) -> [f64; 3] {
    SiteFrame::new(ORIGIN).to_geodetic(enu).to_array()
}

pub fn prism(x: f64, y: f64, turn: f64, high: f64) -> Mesh {
    let (s, c) = turn.sin_cos();
    let ring = [(0.0, 0.0), (12.0, 0.0), (12.0, 9.0), (0.0, 9.0)].map(|(u, v)| [x + c * u - s * v, y + s * u + c * v]);
    shape::prism(&ring, 0.0, high)
}

/// 700 plain buildings on 3 km, 20 whose shape is their parts', one of walls with rooms inside, one that is only a
/// footprint; a road, 30 pipes, 80 smoke detectors, 5 cameras, a storey, a grid.
pub fn town() -> City {
    let city = empty("320106003001");
    let mut assets = Vec::new();
    for i in 0..700u32 {
        let (x, y) = (f64::from(i % 28) * 110.0 - 1500.0, f64::from(i / 28) * 120.0 - 1500.0);
        assets.push(meshed(
            &format!("b{i:03}"),
            Class::Building,
            None,
            prism(x, y, f64::from(i), 6.0 + f64::from(i % 30)),
        ));
    }
    for i in 0..20u32 {
        let (id, x) = (format!("compound{i}"), f64::from(i) * 40.0 - 1490.0);
        assets.push(asset(&id, Class::Building, None, Geometry::default()));
        for k in 0..2u32 {
            let mesh = prism(x + 13.0 * f64::from(k), 1700.0, 0.0, 8.0 + 4.0 * f64::from(k));
            assets.push(meshed(&format!("{id}-{k}"), Class::BuildingPart, Some(&id), mesh));
        }
        let own = assets.iter().rposition(|a| *a.id == *id).unwrap();
        assets[own].bounds = assets[own + 1].bounds.union(assets[own + 2].bounds);
    }
    bim(&mut assets, [1700.0, 1700.0]);
    let ring = [[800.0, 1800.0], [830.0, 1800.0], [830.0, 1815.0], [800.0, 1815.0], [800.0, 1800.0]];
    let area = vec![vec![ring.map(|[x, y]| geodetic([x, y, 0.0])).to_vec()]];
    let footprint = |areas| Geometry { footprint: Footprint::Areas(areas), mesh: None };
    assets.push(asset("flat", Class::Building, None, footprint(area.clone())));
    let road = [[-1600.0, 0.0], [1600.0, 0.0], [1600.0, 8.0], [-1600.0, 8.0], [-1600.0, 0.0]];
    let road = vec![vec![road.map(|[x, y]| geodetic([x, y, 0.1])).to_vec()]];
    assets.push(asset("road", Class::Road, None, footprint(road)));
    assets.push(asset("grid-1", Class::Grid, None, footprint(area)));
    for i in 0..30u32 {
        let y = f64::from(i) * 100.0 - 1500.0;
        let line = vec![geodetic([-900.0, y, -2.0]), geodetic([0.0, y, -2.5]), geodetic([0.0, y, -4.0])];
        let geometry = Geometry { footprint: Footprint::Lines(vec![line]), mesh: None };
        assets.push(asset(&format!("pipe{i}"), Class::Pipe, None, geometry));
    }
    for i in 0..85u32 {
        let at = geodetic([f64::from(i) * 30.0 - 1300.0, f64::from(i % 7) * 250.0 - 800.0, 2.5]);
        let class = if i < 80 { Class::SmokeDetector } else { Class::Camera };
        let parent = if i == 3 { Some("r0") } else { None };
        let geometry = Geometry { footprint: Footprint::Point(at), mesh: None };
        assets.push(asset(&format!("d{i:02}"), class, parent, geometry));
    }
    city.commit("town", assets);
    city
}

/// A building without a shape of its own: a storey, four walls, a slab and three rooms.
pub fn bim(assets: &mut Vec<Asset>, [x, y]: [f64; 2]) {
    let cuboid = |min, max| shape::cuboid(&Bounds { min, max });
    let n = assets.len();
    let around = |a: &mut Asset| a.bounds = Bounds::of([geodetic([x, y, 0.0]), geodetic([x + 20.0, y + 10.0, 3.3])]);
    assets.push(asset("tower", Class::Building, None, Geometry::default()));
    assets.push(asset("s1", Class::Storey, Some("tower"), Geometry::default()));
    assets[n..].iter_mut().for_each(around);
    let walls = [
        ([x, y, 0.0], [x + 20.0, y + 0.3, 3.0]),
        ([x, y + 9.7, 0.0], [x + 20.0, y + 10.0, 3.0]),
        ([x, y, 0.0], [x + 0.3, y + 10.0, 3.0]),
        ([x + 19.7, y, 0.0], [x + 20.0, y + 10.0, 3.0]),
    ];
    for (i, (min, max)) in walls.into_iter().enumerate() {
        assets.push(meshed(&format!("w{i}"), Class::Wall, Some("s1"), cuboid(min, max)));
    }
    assets.push(meshed("slab", Class::Slab, Some("s1"), cuboid([x, y, 3.0], [x + 20.0, y + 10.0, 3.3])));
    for i in 0..3 {
        let (a, b) = (x + 0.3 + 6.0 * f64::from(i), x + 6.3 + 6.0 * f64::from(i));
        assets.push(meshed(&format!("r{i}"), Class::Space, Some("s1"), cuboid([a, y + 0.3, 0.0], [b, y + 9.7, 3.0])));
    }
}

/// How many storeys a tower has, of 3.3 m, and metres along each side.
pub const STOREYS: u32 = 40;
pub const WIDE: f64 = 30.0;

/// A tower without a shape of its own: on each storey walls and a slab, 25 pieces of furniture and 16 rooms.
pub fn tower() -> City {
    let city = empty("320106003009");
    let cuboid = |min, max| shape::cuboid(&Bounds { min, max });
    let mut assets = vec![asset("tower", Class::Building, None, Geometry::default())];
    assets[0].bounds = Bounds::of([geodetic([0.0; 3]), geodetic([WIDE, WIDE, 3.3 * f64::from(STOREYS)])]);
    for storey in 0..STOREYS {
        let z = 3.3 * f64::from(storey);
        let mut put = |id: String, class, min: [f64; 2], max: [f64; 2], high: [f64; 2]| {
            let mesh = cuboid([min[0], min[1], z + high[0]], [max[0], max[1], z + high[1]]);
            assets.push(meshed(&format!("{storey}-{id}"), class, Some("tower"), mesh));
        };
        put("slab".into(), Class::Slab, [0.0; 2], [WIDE; 2], [3.0, 3.3]);
        for (k, (min, max)) in [
            ([0.0, 0.0], [WIDE, 0.3]),
            ([0.0, WIDE - 0.3], [WIDE, WIDE]),
            ([0.0, 0.0], [0.3, WIDE]),
            ([WIDE - 0.3, 0.0], [WIDE, WIDE]),
        ]
        .into_iter()
        .enumerate()
        {
            put(format!("w{k}"), Class::Wall, min, max, [0.0, 3.0]);
        }
        for k in 0..25 {
            let at = [f64::from(k % 5) * 6.0 + 1.5, f64::from(k / 5) * 6.0 + 1.5];
            put(format!("f{k}"), Class::Furniture, at, [at[0] + 1.0, at[1] + 0.5], [0.0, 0.8]);
        }
        for k in 0..16 {
            let at = [f64::from(k % 4) * 7.35 + 0.3, f64::from(k / 4) * 7.35 + 0.3];
            put(format!("r{k}"), Class::Space, at, [at[0] + 7.0, at[1] + 7.0], [0.0, 3.0]);
        }
    }
    city.commit("tower", assets);
    city
}
