//! What an IFC file means besides shapes: values with units, types, materials, links, devices, alignments and its place, in files
//! that IfcOpenShell writes and judged by what was written, by brute force and by pyproj.

use super::intake::{import, only};
use crate::support::ifc::{Read, read};
use crate::support::python;
use cimbra::formats::SourceObject;
use cimbra::geom::Shape;
use cimbra::ingest::{ImportOptions, Origin};
use cimbra::model::Value;
use cimbra::store::Store;
use cimbra::units::Geodetic;
use serde_json::Value as Json;
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

struct Written {
    dir: tempfile::TempDir,
    said: Json,
}

/// The files, written once.
static WRITTEN: LazyLock<Written> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/ifc_author.py");
    let out = Command::new(python()).arg(script).arg(dir.path()).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    Written { dir, said: serde_json::from_slice(&out.stdout).unwrap() }
});

struct File {
    read: Read,
    ids: Json,
}

impl File {
    fn new(name: &str, ids: &Json) -> Self {
        let read = read(&WRITTEN.dir.path().join(format!("{name}.ifc")));
        assert_eq!(read.refused, Vec::<String>::new(), "{name}");
        Self { read, ids: ids.clone() }
    }
    fn id(&self, name: &str) -> &str {
        self.ids[name].as_str().expect(name)
    }
    fn object(&self, name: &str) -> &SourceObject {
        &self.read.objects[self.id(name)]
    }
    fn value(&self, name: &str, attribute: &str) -> Json {
        let found = self.object(name).attributes.iter().find(|(n, _)| n == attribute);
        found.map_or(Json::Null, |(_, value)| plain(value))
    }
    fn class(&self, name: &str) -> &str {
        self.object(name).class.name()
    }
}

fn plain(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(v) => json!(v),
        Value::Int(v) => json!(v),
        Value::Float(v) => json!(v),
        Value::Text(v) => json!(v),
        Value::List(v) => v.iter().map(plain).collect(),
        Value::Map(v) => v.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
    }
}

#[test]
fn properties_and_quantities_keep_their_kind_and_every_number_has_its_unit() {
    let f = File::new("meaning", &WRITTEN.said["meaning"]);
    for (name, value) in [
        ("P.Length", json!(3000.0)),
        ("P.Depth", json!(4.0)),
        ("P.External", json!(true)),
        ("P.Unknown", Json::Null),
        ("P.Count", json!(7)),
        ("P.Label", json!("承重")),
        ("P.Status", json!(["NEW", "EXISTING"])),
        ("P.Loads", json!([1.5, 2.5])),
        ("P.Range", json!({"lower": 1.0, "upper": 9.0, "set_point": 5.0})),
        ("P.Curve", json!({"defining": [1.0, 2.0], "defined": [10.0, 20.0]})),
        ("P.Made", json!("钢")),
        ("P.Whole", json!({"Part": 2.0, "Word": "x"})),
        ("Q.Gross", json!(1.5)),
        ("Q.Parts", json!({"Side": 7.5})),
    ] {
        assert_eq!(f.value("wall", name), value, "{name}");
    }
    let units = json!({
        "P.Length": "mm", "P.Depth": "[in_i]", "P.U": "W.m-2.K-1", "P.Cost": "CNY", "P.Loads": "W", "P.Range": "mm",
        "P.Curve.defining": "mm", "P.Curve.defined": "W", "P.Whole.Part": "m2", "Q.Gross": "m3", "Q.Parts.Side": "m2",
        "Q.Weight": "kg",
    });
    assert_eq!(f.value("wall", "units"), units);
    assert!(f.object("wall").attributes.iter().any(|(n, v)| n == "P.Empty" && *v == Value::Null));
    // The door's lining comes from its type, and so do its material and its classification.
    assert_eq!(f.value("door", "lining.LiningDepth"), json!(50.0));
    assert_eq!(f.value("door", "type_name"), json!("D900"));
    assert_eq!(f.value("door", "type_id").as_str(), Some(f.id("D900")));
    assert_eq!(f.value("door", "material"), json!("wool"));
    let classified =
        json!([{"system": "OmniClass", "code": "23-17 11", "name": "Doors", "uri": "https://example.org/23-17"}]);
    assert_eq!(f.value("door", "classification"), classified);
    assert_eq!(f.value("wall", "material"), json!(["钢", "wool"]));
    let layers =
        json!([{"name": "skin", "material": "钢", "thickness": 0.002}, {"material": "wool", "thickness": 0.08}]);
    let layered = f.value("wall", "material_layers");
    assert_eq!(layered[0]["name"], layers[0]["name"]);
    for i in [0, 1] {
        let (ours, theirs) = (&layered[i]["thickness"], &layers[i]["thickness"]);
        assert!((ours.as_f64().unwrap() - theirs.as_f64().unwrap()).abs() < 1e-12);
    }
}

#[test]
fn groups_ports_connections_boundaries_and_references_are_found_from_both_ends() {
    let f = File::new("meaning", &WRITTEN.said["meaning"]);
    for group in ["cold water", "flat", "lot 1"] {
        assert_eq!(f.class(group), "group");
    }
    assert_eq!(f.value("cold water", "serves"), json!([f.id("building")]));
    assert_eq!(f.value("cold water", "predefined_type"), json!("DOMESTICCOLDWATER"));
    assert_eq!(f.value("pump", "systems"), json!([{"id": f.id("cold water"), "name": "cold water"}]));
    assert_eq!(f.value("room", "zones"), json!([{"id": f.id("flat"), "name": "flat"}]));
    assert_eq!(f.value("door", "groups"), json!([{"id": f.id("lot 1"), "name": "lot 1"}]));
    let (out, into) = (f.id("out"), f.id("into"));
    let pump = json!([{"id": f.id("pipe"), "by": out, "port": into, "flow": "SOURCE"}]);
    assert_eq!(f.value("pump", "connected_to"), pump);
    let pipe = json!([{"id": f.id("pump"), "by": into, "port": out, "flow": "SINK"}]);
    assert_eq!(f.value("pipe", "connected_to"), pipe);
    assert_eq!(f.value("out", "connected_to"), json!([{"id": f.id("pipe"), "port": into}]));
    assert_eq!(
        (f.value("out", "flow_direction"), f.object("into").parent.as_deref()),
        (json!("SOURCE"), Some(f.id("pipe")))
    );
    assert_eq!(f.value("wall", "connected_to"), json!([{"id": f.id("other"), "at": "ATEND", "to_at": "ATSTART"}]));
    assert_eq!(f.value("other", "connected_to"), json!([{"id": f.id("wall"), "at": "ATSTART", "to_at": "ATEND"}]));
    assert_eq!(f.value("wall", "also_in"), json!([f.id("F2")]));
    assert_eq!(f.object("wall").parent.as_deref(), Some(f.id("F1")));
    let bounded = json!([
        {"id": f.id("door"), "level": "1st", "physical": "PHYSICAL", "side": "INTERNAL"},
        {"id": f.id("wall"), "level": "2nd", "physical": "PHYSICAL", "side": "EXTERNAL"},
    ]);
    assert_eq!(f.value("room", "bounded_by"), bounded);
    assert_eq!((f.value("door", "bounds"), f.value("wall", "bounds")), (json!([f.id("room")]), json!([f.id("room")])));
}

#[test]
fn sensors_alarms_meters_and_lifts_are_devices_by_entity_by_type_and_last_by_name() {
    let f = File::new("meaning", &WRITTEN.said["meaning"]);
    for (name, class) in [
        ("smoke", "smoke_detector"),
        ("camera", "camera"),
        ("valve", "valve"),
        ("pump", "flow_element"),
        ("pipe", "flow_element"),
        ("烟感-01", "smoke_detector"),
        ("smoke damper", "flow_element"),
        ("lamp", "device"),
        ("meter", "water_meter"),
        ("alarm", "alarm_device"),
    ] {
        assert_eq!(f.class(name), class, "{name}");
    }
    assert!(
        f.read.notes.iter().any(|n| n.contains("by their names") && n.contains("1 smoke_detector")),
        "{:?}",
        f.read.notes
    );
    let f = File::new("old", &WRITTEN.said["old"]);
    for (name, class) in [
        ("smoke", "smoke_detector"),
        ("hydrant", "hydrant"),
        ("valve", "valve"),
        ("meter", "water_meter"),
        ("light", "device"),
        ("basin", "flow_element"),
        ("actuator", "actuator"),
        ("lift", "lift"),
        ("escalator", "element"),
    ] {
        assert_eq!(f.class(name), class, "{name}");
    }
    assert!(!f.read.notes.iter().any(|n| n.contains("by their names")), "{:?}", f.read.notes);
}

fn points(json: &Json) -> Vec<[f64; 4]> {
    serde_json::from_value(json.clone()).unwrap()
}

#[test]
fn an_alignment_is_a_line_within_a_centimetre_of_its_curve_with_stations() {
    let said = &WRITTEN.said["rail"];
    let f = File::new("rail", &said["ids"]);
    let Shape::Lines(lines) = &f.object("main").shape else { panic!("no line: {:?}", f.read.notes) };
    let [line] = &lines[..] else { panic!("{} lines", lines.len()) };
    let stations: Vec<f64> = serde_json::from_value(f.value("main", "stations")).unwrap();
    assert_eq!((stations.len(), stations[0]), (line.len(), 1000.0));
    let length = said["length"].as_f64().unwrap();
    assert!((f.value("main", "length").as_f64().unwrap() - length).abs() < 1e-6);
    assert!((stations.last().unwrap() - 1000.0 - length).abs() < 1e-6);
    // The point at a station of the line, against the curve summed up in steps of a millimetre.
    let at = |along: f64| {
        let i = stations.partition_point(|s| s - 1000.0 < along).clamp(1, line.len() - 1);
        let t = (along + 1000.0 - stations[i - 1]) / (stations[i] - stations[i - 1]);
        [0, 1, 2].map(|k| line[i - 1][k] + t * (line[i][k] - line[i - 1][k]))
    };
    let far = |rows: &[[f64; 4]]| {
        let apart = |[d, x, y, z]: &[f64; 4]| {
            let [a, b, c] = at(*d);
            ((a - x).powi(2) + (b - y).powi(2) + (c - z).powi(2)).sqrt()
        };
        rows.iter().map(apart).fold(0.0, f64::max)
    };
    let (truth, engine) = (points(&said["axis"]), points(&said["engine"]));
    assert!(truth.len() > 1000 && engine.len() == 40);
    let (from_truth, from_engine) = (far(&truth), far(&engine));
    eprintln!("alignment: {} points, {from_truth:.4} m from the sum, {from_engine:.4} m from IfcOpenShell", line.len());
    assert!(from_truth < 0.01, "{from_truth}");
    assert!(from_engine < 0.01, "{from_engine}");
    // Stations count down along the other alignment, from the end of which they are given.
    let back: Vec<f64> = serde_json::from_value(f.value("siding", "stations")).unwrap();
    assert_eq!((back[0], *back.last().unwrap()), (500.0, 400.0));
    // Points of the line itself lie on the curve.
    let last = truth.last().unwrap();
    let end = line.last().unwrap();
    assert!((0..3).all(|k| (end[k] - last[k + 1]).abs() < 0.001), "{end:?} {last:?}");
}

#[test]
fn roads_railways_and_pipes_under_streets_are_told_from_those_in_buildings() {
    let f = File::new("rail", &WRITTEN.said["rail"]["ids"]);
    for (name, class) in [
        ("main", "component"),
        ("IfcRoad", "road"),
        ("carriageway", "road"),
        ("pavement", "road"),
        ("IfcRailway", "railway"),
        ("IfcBridge", "bridge"),
        ("IfcMarineFacility", "other_construction"),
        ("IfcFacility", "other_construction"),
        ("main pipe", "pipe"),
        ("bend", "pipe"),
        ("manhole", "manhole"),
        ("valve", "valve"),
        ("street lamp", "lamp_pole"),
        ("riser", "flow_element"),
    ] {
        assert_eq!(f.class(name), class, "{name}");
    }
    assert_eq!(f.object("pavement").parent.as_deref(), Some(f.id("carriageway")));
    let left_out = f.read.notes.iter().find(|n| n.contains("no assets of their own")).unwrap();
    assert!(left_out.contains("IfcAlignmentSegment") && left_out.contains("2 IfcReferent"), "{left_out}");
    // The sign is a metre wide and stands 150 m along, 4 m to the left.
    let axis = points(&WRITTEN.said["rail"]["axis"]);
    let i = axis.iter().position(|p| (p[0] - 150.0).abs() < 1e-6).unwrap();
    let (a, b) = (axis[i], axis[i + 1]);
    let length = (b[1] - a[1]).hypot(b[2] - a[2]);
    let foot = [a[1] - 4.0 * (b[2] - a[2]) / length, a[2] + 4.0 * (b[1] - a[1]) / length];
    let Shape::Mesh(mesh) = &f.object("sign").shape else { panic!("the sign has no shape") };
    let nearest = (0..mesh.positions.len() as u32).filter_map(|i| mesh.point(i));
    let nearest = nearest.map(|p| (p[0] - foot[0]).hypot(p[1] - foot[1])).fold(f64::MAX, f64::min);
    assert!(nearest < 0.01, "{nearest} m");
}

/// The largest distance between two boxes of longitude, latitude and height; metres.
fn apart(ours: &[f64; 6], theirs: &[f64; 6]) -> f64 {
    let metres = |k: usize| {
        let per = [111_320.0 * theirs[1].to_radians().cos(), 111_320.0, 1.0][k % 3];
        (ours[k] - theirs[k]).abs() * per
    };
    (0..6).map(metres).fold(0.0, f64::max)
}

#[test]
fn every_way_to_say_a_place_is_told_in_the_report_and_comes_out_where_pyproj_has_it() {
    for (name, said) in WRITTEN.said["places"].as_object().unwrap() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let file = WRITTEN.dir.path().join(format!("{name}.ifc"));
        let mut options = ImportOptions { height_offset: Some(0.0), ..ImportOptions::default() };
        let refused = matches!(name.as_str(), "nowhere" | "projected");
        if refused {
            let report = import(Some(&store), &[&file], options.clone());
            let report = &report.files[0];
            let error = report.error.clone().unwrap_or_default();
            assert!(error.contains("--origin") && error.contains("--crs"), "{name}: {error}");
            if let Some(note) = said["note"].as_str() {
                assert!(report.notes.iter().any(|n| n.contains(note)), "{name}: {:?}", report.notes);
                options.crs = Some("EPSG:25832".into());
            } else {
                continue;
            }
        }
        let report = import(Some(&store), &[&file], options);
        let report = &report.files[0];
        assert_eq!(report.error, None, "{name}");
        let note = said["note"].as_str().unwrap();
        assert!(report.notes.iter().any(|n| n.contains(note)), "{name}: {:?}", report.notes);
        if let Some(accuracy) = said["accuracy"].as_f64() {
            assert!(
                (report.accuracy_metres.unwrap() / accuracy - 1.0).abs() < 0.01,
                "{name}: {:?}",
                report.accuracy_metres
            );
        }
        if name != "projected" {
            // What a caller says goes over all that the file says.
            let dir = tempfile::tempdir().unwrap();
            let position = Geodetic::new(10.0, 50.0, 100.0);
            let told = ImportOptions { origin: Some(Origin { position, heading: None }), ..ImportOptions::default() };
            let report = import(Some(&Store::open(dir.path()).unwrap()), &[&file], told);
            assert_eq!(report.files[0].frame.as_deref(), Some("--origin"), "{name}");
            assert!(report.files[0].moved_metres.unwrap() > 1000.0, "{name}");
        }
        let city = only(&store);
        let bounds = city.asset(city.find(said["id"].as_str().unwrap()).unwrap()).unwrap().bounds();
        let [a, b, c] = bounds.min;
        let [d, e, f] = bounds.max;
        let theirs: [f64; 6] = serde_json::from_value(said["box"].clone()).unwrap();
        let off = apart(&[a, b, c, d, e, f], &theirs);
        eprintln!("{name}: {:.4} mm from pyproj's, {:?}", off * 1000.0, report.accuracy_metres);
        assert!(off < 0.001, "{name}: {off} m; {bounds:?} {theirs:?}");
    }
}
