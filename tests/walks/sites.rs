//! What crosses sites and times: equal ids keep apart, devices keep to their site, intervals show whatever lived in them.

use crate::support::run;
use cimbra::geom::Bounds;
use cimbra::live::{Counts, Measurement, Sender, admit};
use cimbra::model::{Asset, Class, Collections, DatasetName, Geometry, SiteCode};
use cimbra::query::{Features, Scope};
use cimbra::store::{Dataset, Put, Store};
use cimbra::units::{Geodetic, Instant};
use std::sync::atomic::Ordering;

const SITES: [&str; 2] = ["320106003001", "320106003002"];

#[test]
fn sites_with_the_same_ids_keep_apart() {
    let dir = tempfile::tempdir().unwrap();
    let (table, store) = (dir.path().join("panels.csv"), dir.path().join("store"));
    let rows = "id,name,class,parent,lon,lat,z,datastreams\nCAM-1,门口,camera,HALL,118.78,32.04,12,online:1\n";
    let halls = "id,name,class,lon,lat,z\nHALL,大厅,space,118.78,32.04,12\n";
    let import = |site: &str, name: &str, text: &str| {
        let file = table.with_file_name(name);
        std::fs::write(&file, text).unwrap();
        let (file, store) = (file.to_str().unwrap(), store.to_str().unwrap());
        run(&["import", file, "--site", site, "--crs", "EPSG:4979", "--store", store, "--json"])
    };
    // The same id as an unguarded sensor must not open the camera's readings to everybody.
    for (site, class) in SITES.into_iter().zip(["camera", "sensor"]) {
        let of_halls = import(site, "halls.csv", halls);
        assert_eq!(of_halls.status.code(), Some(0), "{}", String::from_utf8_lossy(&of_halls.stderr));
        let done = import(site, "panels.csv", &rows.replace("camera", class));
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        let renamed = String::from_utf8_lossy(&done.stdout).contains("panels~CAM-1");
        assert_eq!(renamed, site == SITES[1], "the later clash has another name and the report tells it");
    }
    // A second import finds its own under the new name, and a third dataset of the same name in a third site has one too.
    assert_eq!(import(SITES[1], "panels.csv", &rows.replace("camera", "sensor")).status.code(), Some(0));
    assert_eq!(import("320106003003", "panels.csv", rows).status.code(), Some(0));

    let store = Store::open(&store).unwrap();
    let called = |site: &str, id: &str, class: Class| {
        let snapshot = store.site(&SiteCode::new(site).unwrap()).unwrap().snapshot();
        let asset = snapshot.asset(snapshot.find(id).unwrap()).unwrap();
        assert_eq!((asset.class(), asset.source_id()), (class, "CAM-1"), "{site}");
        let parent = asset.parent().and_then(|row| snapshot.asset(row)).map(|hall| hall.id().to_string());
        let children = asset.parent().map_or(0, |row| snapshot.children(row).len());
        (parent, children, snapshot.len())
    };
    assert_eq!(called(SITES[0], "CAM-1", Class::Camera), (Some("HALL".to_owned()), 1, 2));
    assert_eq!(called(SITES[1], "panels~CAM-1", Class::Sensor), (Some("halls~HALL".to_owned()), 1, 2));
    assert_eq!(called("320106003003", "320106003003~panels~CAM-1", Class::Camera), (None, 0, 1));

    // A sender that names no site is not guessed at.
    let counts = Counts::default();
    let send = |site: Option<&str>, device: &str, result: f64, at: i64| {
        let site = site.map(|s| SiteCode::new(s).unwrap());
        let reading = Measurement { observed_property: None, phenomenon_time: None, result };
        let sender = Sender { site, device: device.to_owned() };
        admit(&store, &counts, &[(sender, vec![reading])], Instant(at)).unwrap();
    };
    send(None, "CAM-1", 5.0, 1);
    assert_eq!(counts.readings_ambiguous_device.load(Ordering::Relaxed), 1);
    send(Some(SITES[0]), "CAM-1", 1.0, 2);
    send(Some(SITES[1]), "CAM-1", 0.0, 3);
    send(None, "panels~CAM-1", 7.0, 4);
    send(Some("320106003009"), "CAM-1", 9.0, 5);
    assert_eq!(counts.readings_unknown_device.load(Ordering::Relaxed), 1);
    let value =
        |id: &str| store.pulse().of(id, Collections::ALL).and_then(|state| state.values.first().map(|v| v.value));
    assert_eq!((value("CAM-1"), value("panels~CAM-1")), (Some(1.0), Some(7.0)));
}

#[test]
fn drafts_of_two_sites_at_once_do_not_take_one_id() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let [one, two] = SITES.map(|code| {
        store.create_site(&SiteCode::new(code).unwrap(), Geodetic::new(118.78, 32.04, 0.0), Instant(0)).unwrap()
    });
    let (mut first, mut second) = (one.draft(town(0)).unwrap(), two.draft(town(0)).unwrap());
    assert_eq!(first.put(component("lamp", "")).unwrap(), Put::Added);
    assert_eq!(second.put(component("lamp", "")).unwrap(), Put::Renamed("town~lamp".into()));
    drop(first);
    second.commit(Instant(1)).unwrap();
    let mut again = one.draft(town(2)).unwrap();
    assert_eq!(again.put(component("lamp", "")).unwrap(), Put::Added, "a draft that was given up holds nothing");
    again.commit(Instant(2)).unwrap();
    let mut third = two.draft(town(3)).unwrap();
    assert_eq!(third.put(component("lamp", "new")).unwrap(), Put::Renamed("town~lamp".into()));
    assert_eq!(third.commit(Instant(3)).unwrap().replaced, 1);
}

fn town(at: i64) -> Dataset {
    Dataset {
        name: DatasetName::new("town").unwrap(),
        title: "town".into(),
        crs: "EPSG:4979".into(),
        source: None,
        imported: Instant(at),
        layers: Vec::new(),
        entry: Default::default(),
    }
}

fn component(id: &str, name: &str) -> Asset {
    let bounds = Bounds::of([[118.78, 32.04, 0.0]]);
    let (id, name, parent, storey, layer) = (id.into(), name.to_owned(), None, None, None);
    let (class, attributes, geometry) = (Class::Component, Vec::new(), Geometry::default());
    Asset { id, class, name, parent, storey, layer, attributes, geometry, bounds }
}

#[test]
fn an_interval_shows_whatever_was_valid_in_it_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let site =
        store.create_site(&SiteCode::new("320106003001").unwrap(), Geodetic::new(118.78, 32.04, 0.0), Instant(0));
    let site = site.unwrap();
    let commit = |at: i64, ids: &[&str], name: &str| {
        let mut draft = site.draft(town(at)).unwrap();
        for id in ids {
            draft.put(component(id, name)).unwrap();
        }
        draft.retire_others();
        draft.commit(Instant(at)).unwrap();
    };
    commit(1000, &["stays", "goes"], "old");
    commit(2000, &["stays", "brief"], "new");
    commit(3000, &["stays"], "new");
    let ask = |start: Instant, end: Instant, boxes: Option<Vec<Bounds>>| -> Vec<(String, String)> {
        let snapshots = [site.snapshot()];
        let question = Features {
            scope: Scope::All,
            boxes,
            when: Some((start, end)),
            equal: Vec::new(),
            visible: Collections::ALL,
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
