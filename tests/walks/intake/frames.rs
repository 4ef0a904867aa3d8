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
