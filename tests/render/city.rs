//! From a store to a picture: what is asked for is shown, what hides it is glass, what may not be seen is not there.

use super::blocks::block;
use cimbra::crs::SiteFrame;
use cimbra::geom::{Bounds, Mesh};
use cimbra::lod::Proxies;
use cimbra::model::{
    Asset, AssetId, Class, Collection, Collections, DatasetName, Footprint, Geometry, Severity, SiteCode, Value,
};
use cimbra::render::{City, Composition, Request, Studio, compose};
use cimbra::store::{Dataset, Snapshot, Store};
use cimbra::units::{Geodetic, Instant};
use std::collections::HashMap;
use std::sync::Arc;

pub const ORIGIN: Geodetic = Geodetic::new(118.78, 32.04, 12.0);

pub fn asset(id: &str, class: Class, parent: Option<&str>, geometry: Geometry, bounds: Bounds) -> Asset {
    Asset {
        id: id.into(),
        class,
        name: id.to_owned(),
        parent: parent.map(Into::into),
        storey: None,
        layer: None,
        attributes: Vec::new(),
        geometry,
        bounds,
    }
}

fn solid(id: &str, class: Class, parent: Option<&str>, mesh: Mesh) -> Asset {
    let frame = SiteFrame::new(ORIGIN);
    let bounds = Bounds::of(mesh.bounds().corners().map(|c| frame.to_geodetic(c).to_array()));
    asset(id, class, parent, Geometry { footprint: Footprint::None, mesh: Some(mesh) }, bounds)
}

fn point(id: &str, class: Class, parent: Option<&str>, at: [f64; 3]) -> Asset {
    let at = SiteFrame::new(ORIGIN).to_geodetic(at).to_array();
    asset(id, class, parent, Geometry { footprint: Footprint::Point(at), mesh: None }, Bounds::of([at]))
}

/// A dataset of nothing yet.
pub fn dataset(name: &str) -> Dataset {
    Dataset {
        name: DatasetName::new(name).unwrap(),
        title: name.to_owned(),
        crs: "EPSG:4979".to_owned(),
        source: None,
        imported: Instant(0),
        layers: Vec::new(),
        entry: Default::default(),
    }
}

/// A tower whose shell is a building part, with a storey, a room and a detector in it; a neighbour to the south that
/// stands in the way; a camera on a pole; a pipe.
pub fn town() -> (tempfile::TempDir, Arc<Snapshot>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let site = store.create_site(&SiteCode::new("320106003001").unwrap(), ORIGIN, Instant(0)).unwrap();
    let dataset = dataset("town");
    let mut draft = site.draft(dataset).unwrap();
    let mut storey = solid("3F", Class::Storey, Some("幢1"), block([0.0, 0.0, 6.0], [20.0, 20.0, 9.0]));
    storey.storey = Some("3F".into());
    let mut flat = solid("3F-1户", Class::Unit, Some("3F"), block([1.0, 1.0, 6.0], [11.0, 9.0, 9.0]));
    flat.storey = Some("3F".into());
    let mut room = solid("3F-厨房", Class::Space, Some("3F-1户"), block([2.0, 2.0, 6.0], [10.0, 8.0, 9.0]));
    room.storey = Some("3F".into());
    let mut detector = point("烟感05", Class::SmokeDetector, Some("3F-厨房"), [6.0, 5.0, 8.8]);
    detector.storey = Some("3F".into());
    detector.attributes = vec![("datastreams".to_owned(), Value::Text("temperature:Cel".to_owned()))];
    let line = [[-30.0, -5.0, -2.0], [60.0, -5.0, -2.0]].map(|p| SiteFrame::new(ORIGIN).to_geodetic(p).to_array());
    let lawn = [[-25.0, 25.0], [-5.0, 25.0], [-5.0, 45.0], [-25.0, 45.0], [-25.0, 25.0]];
    let lawn = lawn.map(|[x, y]| SiteFrame::new(ORIGIN).to_geodetic([x, y, 0.2]).to_array());
    let green = Geometry { footprint: Footprint::Areas(vec![vec![lawn.to_vec()]]), mesh: None };
    let pipe = Geometry { footprint: Footprint::Lines(vec![line.to_vec()]), mesh: None };
    for asset in [
        asset("幢1", Class::Building, None, Geometry::default(), Bounds::EMPTY),
        solid("幢1-part", Class::BuildingPart, Some("幢1"), block([0.0, 0.0, 0.0], [20.0, 20.0, 30.0])),
        storey,
        flat,
        room,
        asset("lawn", Class::Vegetation, None, green, Bounds::of(lawn)),
        detector,
        solid("south", Class::Building, None, block([-5.0, -40.0, 0.0], [25.0, -30.0, 60.0])),
        solid("north", Class::Building, None, block([0.0, 60.0, 0.0], [20.0, 70.0, 20.0])),
        point("cam", Class::Camera, None, [-25.0, 0.0, 6.0]),
        asset("pipe", Class::Pipe, None, pipe, Bounds::of(line)),
    ] {
        draft.put(asset).unwrap();
    }
    draft.commit(Instant(1)).unwrap();
    (folder, site.snapshot())
}

pub fn request(query: &str) -> Request {
    let pairs: HashMap<&str, &str> = query.split('&').filter_map(|p| p.split_once('=')).collect();
    Request::read(&|name| pairs.get(name).map(|v| (*v).to_owned())).unwrap()
}

fn composed(snapshot: &Arc<Snapshot>, query: &str, alarms: &[(&str, Severity)], guarded: bool) -> Composition {
    let alarms: HashMap<AssetId, Severity> = alarms.iter().map(|(id, s)| ((*id).into(), *s)).collect();
    let visible = Collections::of(|c| guarded || !c.is_guarded());
    let snapshots = [snapshot.clone()];
    compose(&request(query), &City { snapshots: &snapshots, visible, alarms: &alarms, proxies: &Proxies::default() })
        .unwrap()
}

/// Ids in the picture with how many of its pixels show each.
fn shown(composition: &Composition, size: [u32; 2]) -> HashMap<String, usize> {
    let picture = super::pictures::draw(&composition.scene, &composition.camera, size);
    if let Some(folder) = std::env::var_os("CIMBRA_PICTURES") {
        let name = format!("city-{}.png", composition.legend.len());
        std::fs::write(std::path::Path::new(&folder).join(name), picture.to_png().unwrap()).unwrap();
    }
    let mut counts = HashMap::new();
    for id in picture.ids.into_iter().filter(|id| *id != 0) {
        *counts.entry(composition.legend[id as usize - 1].to_string()).or_insert(0) += 1;
    }
    counts
}

const SIZE: [u32; 2] = [320, 240];

#[test]
fn a_building_is_its_parts_and_what_hides_it_is_glass() {
    let (_folder, town) = town();
    let seen = shown(&composed(&town, "asset=幢1&size=320x240&heading=0&pitch=-10", &[], false), SIZE);
    assert!(seen["幢1"] > 5_000, "the part has its building's id: {seen:?}");
    assert!(!seen.contains_key("south"), "the neighbour in front is glass: {seen:?}");
    assert!(!seen.contains_key("3F-厨房") && !seen.contains_key("烟感05"), "a shell hides its inside: {seen:?}");
    let part = shown(&composed(&town, "asset=幢1-part&size=320x240&heading=0&pitch=-10", &[], false), SIZE);
    assert!(part["幢1-part"] > 5_000, "a part that is asked for has its own id: {part:?}");
}

#[test]
fn a_room_and_a_storey_are_seen_through_the_shell() {
    let (_folder, town) = town();
    let room = shown(&composed(&town, "asset=3F-厨房&size=320x240", &[], false), SIZE);
    assert!(room["3F-厨房"] > 5_000 && !room.contains_key("幢1"), "{room:?}");
    let storey = shown(&composed(&town, "asset=3F&size=320x240", &[], false), SIZE);
    assert!(storey["3F-厨房"] > 1_000 && !storey.contains_key("3F"), "a storey is what is in it: {storey:?}");
    assert!(!storey.contains_key("3F-1户"), "so is a flat: {storey:?}");
    let bbox = "118.7798,32.0398,118.7804,32.0403";
    let label = shown(&composed(&town, &format!("bbox={bbox}&storey=3F&size=320x240"), &[], false), SIZE);
    assert!(label.contains_key("3F-厨房") && !label.contains_key("幢1"), "{label:?}");
    let detector = shown(&composed(&town, "asset=烟感05&size=320x240", &[], false), SIZE);
    assert!(detector["烟感05"] > 20, "{detector:?}");
}

#[test]
fn an_alarm_shows_its_room_through_a_tinted_shell() {
    let (_folder, town) = town();
    let query = "asset=幢1&style=alarms&size=320x240&pitch=-20";
    let quiet = composed(&town, query, &[], false);
    assert!(!shown(&quiet, SIZE).contains_key("3F-厨房"));
    let alarmed = composed(&town, query, &[("烟感05", Severity::Critical)], false);
    let seen = shown(&alarmed, SIZE);
    assert!(seen["3F-厨房"] > 200, "the room of the detector is seen: {seen:?}");
    let picture = super::pictures::draw(&alarmed.scene, &alarmed.camera, SIZE);
    let room = alarmed.legend.iter().position(|id| &**id == "3F-厨房").unwrap() as u32 + 1;
    let of_room: Vec<_> = picture.ids.iter().zip(&picture.colour).filter(|(id, _)| **id == room).collect();
    let red = of_room.iter().filter(|(_, c)| c[0] > 150 && c[1] < 110 && c[2] < 110).count();
    assert!(red * 10 > of_room.len() * 8, "{red} of {} pixels of the room are red", of_room.len());
}

#[test]
fn layers_choose_and_what_may_not_be_seen_is_not_there() {
    let (_folder, town) = town();
    let bbox = "bbox=118.7797,32.0398,118.7806,32.0403&size=320x240";
    let seen = shown(&composed(&town, bbox, &[], false), SIZE);
    assert!(seen.contains_key("幢1") && !seen.contains_key("cam") && !seen.contains_key("pipe"), "{seen:?}");
    assert!(seen["lawn"] > 300, "an area is filled: {seen:?}");
    let pipes = shown(&composed(&town, &format!("{bbox}&layers=pipes"), &[], false), SIZE);
    assert!(pipes.keys().eq(["pipe"]), "{pipes:?}");
    let asked = format!("{bbox}&layers=cameras,buildings");
    assert!(!shown(&composed(&town, &asked, &[], false), SIZE).contains_key("cam"));
    let all = shown(&composed(&town, &asked, &[], true), SIZE);
    assert!(all.contains_key("cam") && all.contains_key("幢1"), "{all:?}");
    let pointed = shown(&composed(&town, &format!("{bbox}&highlight=烟感05"), &[], false), SIZE);
    assert!(pointed.contains_key("烟感05"), "what is pointed out is seen: {pointed:?}");
}

#[test]
fn what_may_not_be_seen_lends_no_name_no_shape_and_no_height() {
    let (_folder, town) = town();
    let snapshots = [town];
    let alarms = HashMap::new();
    let picture = |query: &str, hidden: &[Collection]| {
        let visible = Collections::of(|c| !hidden.contains(&c));
        compose(
            &request(query),
            &City { snapshots: &snapshots, visible, alarms: &alarms, proxies: &Proxies::default() },
        )
        .unwrap()
    };
    let legend = |query: &str, hidden: &[Collection]| -> Vec<String> {
        picture(query, hidden).legend.iter().map(ToString::to_string).collect()
    };
    let near = "bbox=118.7797,32.0398,118.7806,32.0403&size=320x240";
    let parts = legend(near, &[Collection::Buildings]);
    assert!(parts.contains(&"幢1-part".to_owned()) && !parts.contains(&"幢1".to_owned()), "{parts:?}");
    let storey = legend("asset=3F&size=320x240", &[Collection::Spaces, Collection::Elements]);
    assert!(storey.contains(&"3F".to_owned()), "its hull gives way to nothing that is seen: {storey:?}");
    // Nothing but a camera and a pipe are here, not at the height of the site's origin.
    let [open, closed] = ["118.7797,32.0399,118.7798,32.0401", "118.7797,32.0399,12,118.7798,32.0401,12"]
        .map(|bbox| format!("bbox={bbox}&size=320x240"));
    let eye = |query: &str, hidden: &[Collection]| picture(query, hidden).camera.eye;
    let hidden = [Collection::Cameras, Collection::Pipes];
    assert_eq!(eye(&open, &hidden), eye(&closed, &hidden));
    assert_ne!(eye(&open, &[]), eye(&closed, &[]));
}

#[test]
fn a_guarded_or_missing_asset_is_not_found() {
    let (_folder, town) = town();
    let snapshots = [town];
    let alarms = HashMap::new();
    let (visible, proxies) = (Collections::of(|c| !c.is_guarded()), Proxies::default());
    let city = City { snapshots: &snapshots, visible, alarms: &alarms, proxies: &proxies };
    for id in ["cam", "nobody"] {
        let fault = compose(&request(&format!("asset={id}")), &city).unwrap_err();
        assert_eq!((fault.kind, fault.subject.as_deref()), (cimbra::fault::Kind::NotFound, Some("asset")), "{fault}");
    }
    let empty = City { snapshots: &[], ..city };
    assert_eq!(compose(&request("camera=1,2,3,4,5"), &empty).unwrap_err().kind, cimbra::fault::Kind::NotFound);
}

#[test]
fn a_pick_needs_no_adapter_and_agrees_with_the_picture() {
    let (_folder, town) = town();
    let composition = composed(&town, "bbox=118.7798,32.0396,118.7804,32.0407&size=320x240", &[], false);
    let picture = super::pictures::draw(&composition.scene, &composition.camera, SIZE);
    let frame = SiteFrame::new(ORIGIN);
    let mut met = 0;
    for (x, y) in (0..320).step_by(16).flat_map(|x| (0..240).step_by(12).map(move |y| (x, y))) {
        let picked = composition.pick([x, y]);
        let expected = picture.id_at(x, y).checked_sub(1).map(|i| composition.legend[i as usize].clone());
        // A pixel whose centre lies on an edge may fall to either side.
        if picked.as_ref().map(|p| &p.asset) != expected.as_ref() {
            let around = [(-1, 0), (1, 0), (0, -1), (0, 1)];
            let beside = |(dx, dy)| picture.id_at(x.wrapping_add_signed(dx), y.wrapping_add_signed(dy));
            assert!(around.into_iter().any(|d| beside(d) != picture.id_at(x, y)), "{x} {y}: {picked:?} {expected:?}");
            continue;
        }
        if let Some(picked) = picked {
            let ([px, py], _) = composition.camera.project(frame.to_enu(picked.point), SIZE).unwrap();
            assert!((px - f64::from(x) - 0.5).abs() < 0.01 && (py - f64::from(y) - 0.5).abs() < 0.01);
            met += 1;
        }
    }
    assert!(met > 40, "the picture shows something: {met}");
}

#[test]
fn a_full_queue_is_refused_and_the_next_picture_is_drawn() {
    let (_folder, town) = town();
    let composition = composed(&town, "asset=幢1&size=1500x1500", &[], false);
    let studio = Studio::new();
    let refused = std::thread::scope(|scope| {
        let drawings: Vec<_> = (0..24)
            .map(|_| scope.spawn(|| studio.draw(&composition.scene, &composition.camera, [1500, 1500])))
            .collect();
        drawings.into_iter().filter_map(|d| d.join().unwrap().err()).collect::<Vec<_>>()
    });
    assert!(!refused.is_empty(), "24 drawings at once are more than the queue takes");
    assert!(refused.iter().all(|f| f.kind == cimbra::fault::Kind::Unavailable && f.remedy.is_some()), "{refused:?}");
    studio.draw(&composition.scene, &composition.camera, [30, 30]).unwrap();
}
