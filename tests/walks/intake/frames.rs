//! What the command line decides about a source's frame: local grids by control points, map offsets, ballpark changes of datum.

use crate::support::run;
use cimbra::crs::SiteFrame;
use cimbra::model::Footprint;
use cimbra::store::Store;
use cimbra::units::Geodetic;
use std::path::Path;

/// Imports a table of one lamp at (`x`, `y`) with `more` options; gives its place, and what was told.
pub fn lamp(dir: &Path, place: &str, more: &[&str]) -> (Option<Geodetic>, String) {
    let (table, store) = (dir.join("lamps.csv"), dir.join("store"));
    _ = std::fs::remove_dir_all(&store);
    std::fs::write(&table, format!("id,name,class,x,y,z\nL1,路灯,lamp_pole,{place},12.5\n")).unwrap();
    let arguments = [&["import", table.to_str().unwrap(), "--store", store.to_str().unwrap()], more].concat();
    let done = run(&arguments);
    let told = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    if done.status.code() != Some(0) {
        return (None, told);
    }
    let store = Store::open(&store).unwrap();
    let snapshot = store.sites()[0].snapshot();
    match snapshot.geometry(snapshot.find("L1").unwrap()).unwrap().footprint {
        Footprint::Point(place) => (Some(place.into()), told),
        _ => (None, told),
    }
}

pub fn apart(a: Geodetic, b: Geodetic) -> f64 {
    SiteFrame::new(a).to_enu(b).iter().map(|d| d * d).sum::<f64>().sqrt()
}

#[test]
fn a_local_grid_is_placed_by_its_control_points_and_the_residuals_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let points = dir.path().join("points.csv");
    // A quarter turn: local x points north. The last point is 6 cm off.
    let table = "name,x,y,east,north\nA,0,0,384000,3546000\nB,1000,0,384000,3547000\nC,0,1000,383000,3546000\nD,1000,1000,383000.06,3547000\n";
    std::fs::write(&points, table).unwrap();
    let fitted = ["--crs", "EPSG:4549", "--control-points", points.to_str().unwrap()];
    let (local, told) = lamp(dir.path(), "500,-700", &fitted);
    assert!(told.contains("4 control points") && told.contains("at point 4"), "{told}");
    let (direct, _) = lamp(dir.path(), "384700,3546500", &["--crs", "EPSG:4549"]);
    let off = apart(local.unwrap(), direct.unwrap());
    assert!(off < 0.06, "{off} m");
    std::fs::write(&points, "x,y,east\n1,2,3\n").unwrap();
    let (none, told) = lamp(dir.path(), "500,-700", &fitted);
    assert!(none.is_none() && told.contains("north") && told.contains("points.csv"), "{told}");
    std::fs::write(&points, "x,y,east,north\n1,2,3,four\n").unwrap();
    let (none, told) = lamp(dir.path(), "500,-700", &fitted);
    assert!(none.is_none() && told.contains("line 2"), "{told}");
}

#[test]
fn a_map_offset_and_a_ballpark_change_are_taken_when_told_and_told_in_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let (place, told) = lamp(dir.path(), "118.78520646038584,32.03795079407344", &["--crs", "gcj02"]);
    let off = apart(place.unwrap(), Geodetic::new(118.78, 32.04, 12.5));
    assert!(told.contains("GCJ-02") && off < 0.001, "{off} m: {told}");
    let (none, told) = lamp(dir.path(), "40384700,3546700", &["--crs", "EPSG:2364"]);
    assert!(none.is_none() && told.contains("--allow-ballpark"), "{told}");
    let (some, told) = lamp(dir.path(), "40384700,3546700", &["--crs", "EPSG:2364", "--allow-ballpark"]);
    assert!(some.is_some() && told.contains("tens of metres"), "{told}");
}

/// Beijing 1954 has an operation for each of a few regions of China, and none for the rest of it.
#[test]
fn an_operation_is_of_the_data_s_own_region_or_there_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let crs = ["--crs", "EPSG:4214"];
    for (place, operation, accuracy) in
        [("109,38", "(6)", "1 m"), ("84,41", "(4)", "1 m"), ("119.5,35", "(2)", "15 m"), ("113,22", "(3)", "15 m")]
    {
        let (found, told) = table(dir.path(), &[place], &crs);
        assert!(found == 1 && told.contains(&format!("'Beijing 1954 to WGS 84 {operation}'")), "{place}: {told}");
        assert!(told.contains(&format!("good to about {accuracy}")), "{place}: {told}");
    }
    let (found, told) = table(dir.path(), &["121,31"], &crs);
    assert!(
        found == 1 && told.contains("121.00, 31.00 is outside the area that 'Beijing 1954 to WGS 84 (2)'"),
        "{told}"
    );
    let (found, told) = table(dir.path(), &["116.4,39.9"], &crs);
    assert!(found == 0 && told.contains("no operation is known for 116.40, 39.90"), "{told}");
    assert!(told.contains("(4)' (longitude 77.45 to 88") && told.contains("--helmert"), "{told}");
    // A first row that lies nowhere decides nothing, in a new site and in one that is there.
    let (found, told) = table(dir.path(), &["0,0", "109,38", "109.01,38"], &crs);
    assert!(found == 2 && told.contains("(6)'") && told.contains("refused p0"), "{told}");
    let there = ["--crs", "EPSG:4214", "--origin", "109,38,1000"];
    let (found, told) = table(dir.path(), &["84,41", "109,38"], &there);
    assert!(found == 1 && told.contains("(6)'") && told.contains("refused p0"), "{told}");
}

/// A change of datum with grids for several countries names those of the country at hand.
#[test]
fn grids_that_would_do_better_are_those_of_the_place() {
    let dir = tempfile::tempdir().unwrap();
    let crs = ["--crs", "EPSG:4230"];
    let (found, spain) = table(dir.path(), &["-3.7,40.4"], &crs);
    assert!(found == 1 && spain.contains("a better one needs es_"), "{spain}");
    let (found, greece) = table(dir.path(), &["23.7,38"], &crs);
    assert!(found == 1 && greece.contains("good to about") && !greece.contains("es_"), "{greece}");
    assert!(!greece.contains("a better one needs"), "no grid of PROJ's covers Greece: {greece}");
}

/// Checks a table of lamps at these places; gives how many would come in, and what is told.
fn table(dir: &Path, places: &[&str], more: &[&str]) -> (usize, String) {
    let file = dir.join("lamps.csv");
    let rows = places.iter().enumerate().map(|(n, place)| format!("p{n},lamp_pole,{place},5\n"));
    std::fs::write(&file, format!("id,class,lon,lat,h\n{}", rows.collect::<String>())).unwrap();
    let done = run(&[&["check", file.to_str().unwrap()], more].concat());
    let told = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    let count = told.lines().find_map(|line| line.split_once(" objects in,")?.0.parse().ok());
    (count.unwrap_or(0), told)
}
