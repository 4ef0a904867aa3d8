//! What crosses sites and times: devices keep to their site, intervals show whatever lived in them.

use crate::support::run;
use cimbra::geom::Bounds;
use cimbra::model::{Asset, Class, DatasetName, Geometry, SiteCode};
use cimbra::query::{Features, Scope};
use cimbra::store::{Dataset, Store};
use cimbra::units::{Geodetic, Instant};

#[test]
fn a_device_of_another_site_is_not_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let (table, store) = (dir.path().join("panels.csv"), dir.path().join("store"));
    let row = "id,name,class,lon,lat,z,datastreams\nCAM-1,门口,camera,118.78,32.04,12,online:1\n";
    std::fs::write(&table, row).unwrap();
    let import = |site: &str| {
        let file = table.to_str().unwrap();
        run(&["import", file, "--site", site, "--crs", "EPSG:4979", "--store", store.to_str().unwrap()])
    };
    let first = import("320106003001");
    assert_eq!(first.status.code(), Some(0), "{}", String::from_utf8_lossy(&first.stderr));
    // The same id as an unguarded sensor would open the camera's readings to everybody.
    std::fs::write(&table, row.replace("camera", "sensor")).unwrap();
    let second = import("320106003002");
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(2), "{told}");
    assert!(told.contains("320106003001") && told.contains("CAM-1"), "{told}");
    assert_eq!(import("320106003001").status.code(), Some(0), "its own site may change it");
}

#[test]
fn an_interval_shows_whatever_was_valid_in_it_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let site =
        store.create_site(&SiteCode::new("320106003001").unwrap(), Geodetic::new(118.78, 32.04, 0.0), Instant(0));
    let site = site.unwrap();
    let commit = |at: i64, ids: &[&str], name: &str| {
        let mut draft = site
            .draft(Dataset {
                name: DatasetName::new("town").unwrap(),
                title: "town".into(),
                crs: "EPSG:4979".into(),
                source: None,
                imported: Instant(at),
                layers: Vec::new(),
            })
            .unwrap();
        for id in ids {
            let bounds = Bounds::of([[118.78, 32.04, 0.0]]);
            let (id, name) = ((*id).into(), name.to_owned());
            let (parent, storey, layer) = (None, None, None);
            let (class, attributes, geometry) = (Class::Component, Vec::new(), Geometry::default());
            draft.put(Asset { id, class, name, parent, storey, layer, attributes, geometry, bounds }).unwrap();
        }
        draft.retire_others();
        draft.commit(Instant(at)).unwrap();
    };
    commit(1000, &["stays", "goes"], "old");
    commit(2000, &["stays", "brief"], "new");
    commit(3000, &["stays"], "new");
    let ask = |start: Instant, end: Instant, boxes: Option<Vec<Bounds>>| -> Vec<(String, String)> {
        let snapshots = [site.snapshot()];
        let visible = |_| true;
        let question = Features {
            scope: Scope::All,
            boxes,
            when: Some((start, end)),
            equal: Vec::new(),
            visible: &visible,
            after: None,
            limit: 10,
        };
        let page = question.ask(&snapshots);
        assert_eq!(page.matched, page.rows.len());
        let told = |(_, row): &(usize, _)| {
            let asset = snapshots[0].asset(*row).unwrap();
            (asset.id().to_string(), asset.name().to_owned())
        };
        let mut found: Vec<_> = page.rows.iter().map(told).collect();
        found.sort();
        found
    };
    let pair = |id: &str, name: &str| (id.to_owned(), name.to_owned());
    let all = [pair("brief", "new"), pair("goes", "old"), pair("stays", "new")];
    assert_eq!(ask(Instant::MIN, Instant::MAX, None), all);
    let here = Bounds { min: [118.0, 32.0, -1.0], max: [119.0, 33.0, 1.0] };
    assert_eq!(ask(Instant::MIN, Instant::MAX, Some(vec![here])), all);
    assert_eq!(ask(Instant(1200), Instant(1500), None), [pair("goes", "old"), pair("stays", "old")]);
    assert_eq!(ask(Instant(2500), Instant(2500), None), [pair("brief", "new"), pair("stays", "new")]);
    assert!(ask(Instant(10), Instant(20), None).is_empty());
}
