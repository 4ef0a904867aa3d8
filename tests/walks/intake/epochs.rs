//! Epochs that sources state themselves, against what `--epoch` makes of the same coordinates.

use super::frames::apart;
use crate::support::las::{bytes, las, las_of};
use crate::support::run;
use crate::support::tiff::{doubles, shorts, tiff};
use cimbra::model::Footprint;
use cimbra::store::Store;
use cimbra::units::Geodetic;
use rusqlite::Connection;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A place of UTM zone 50 in Nanjing.
const PLACE: [f64; 2] = [668_000.0, 3_546_000.0];
const UTM: &str = "PROJCRS[\"WGS 84 / UTM zone 50N\",BASEGEOGCRS[\"WGS 84\",DATUM[\"World Geodetic System 1984\",ELLIPSOID[\"WGS 84\",6378137,298.257223563]]],\
    CONVERSION[\"UTM zone 50N\",METHOD[\"Transverse Mercator\"],PARAMETER[\"Latitude of natural origin\",0],PARAMETER[\"Longitude of natural origin\",117],\
    PARAMETER[\"Scale factor at natural origin\",0.9996],PARAMETER[\"False easting\",500000],PARAMETER[\"False northing\",0]],CS[Cartesian,2],\
    AXIS[\"(E)\",east],AXIS[\"(N)\",north],LENGTHUNIT[\"metre\",1]]";

/// Imports; gives the first file's report and where the dataset is: the place of its one point, or a corner of its box.
fn import(file: &Path, more: &[&str]) -> (Value, Option<Geodetic>) {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let (file, at) = (file.to_str().unwrap(), store.to_str().unwrap());
    let done = run(&[&["import", file, "--store", at, "--class", "lamp_pole", "--json"], more].concat());
    let report: Value = serde_json::from_slice(&done.stdout).unwrap_or_default();
    let store = Store::open(&store).unwrap();
    let sites = store.sites();
    let place = sites.first().and_then(|site| match site.coverages().first() {
        Some(coverage) => {
            let grid = coverage.terrain().unwrap();
            let mut corner = [[PLACE[0], PLACE[1], 100.0]];
            grid.spec().transform().unwrap().forward(&mut corner).unwrap();
            Some(Geodetic { h: coverage.bounds().min[2], ..corner[0].into() })
        }
        None => {
            let snapshot = site.snapshot();
            let row = snapshot.rows().next().unwrap();
            match snapshot.geometry(row).unwrap().footprint {
                Footprint::Point(place) => Some(place.into()),
                _ => None,
            }
        }
    });
    (report["files"][0].clone(), place)
}

/// A GeoTIFF of heights at [`PLACE`], with a coordinate epoch (CoordinateEpochGeoKey) where one is given.
fn raster(epoch: Option<f64>) -> Vec<u8> {
    let keys = [1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, 32_650, 5120, 34_736, 1, 1];
    let count = if epoch.is_some() { 16 } else { 12 };
    let mut keys = keys[..count].to_vec();
    keys[3] = (count / 4 - 1) as u16;
    tiff(&[
        (33_550, 12, 3, doubles(&[10.0, 10.0, 0.0])),
        (33_922, 12, 6, doubles(&[0.0, 0.0, 0.0, PLACE[0], PLACE[1], 0.0])),
        (34_735, 3, count as u32, shorts(&keys)),
        (34_736, 12, 2, doubles(&[7.0, epoch.unwrap_or(0.0)])),
    ])
}

/// A GeoPackage of one point, with an epoch in its reference system where one is given, of EPSG or by WKT.
fn geopackage(file: &Path, epoch: Option<f64>, by_wkt: bool) {
    let bytes = |n: f64| n.to_le_bytes().map(|b| format!("{b:02X}")).concat();
    let (column, value) = match epoch {
        Some(year) => (", epoch DOUBLE", format!(", {year}")),
        None => ("", String::new()),
    };
    let (organization, definition) = if by_wkt { ("own", UTM) } else { ("EPSG", "") };
    let sql = format!(
        "CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT, srs_id INTEGER);
        CREATE TABLE gpkg_spatial_ref_sys (srs_id INTEGER, organization TEXT, organization_coordsys_id INTEGER, definition TEXT{column});
        CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);
        INSERT INTO gpkg_spatial_ref_sys VALUES (100000, '{organization}', 32650, '{definition}'{value});
        INSERT INTO gpkg_contents VALUES ('t', 'features', 100000); INSERT INTO gpkg_geometry_columns VALUES ('t', 'geom', 100000);
        CREATE TABLE t (fid INTEGER PRIMARY KEY, geom BLOB, id TEXT);
        INSERT INTO t VALUES (1, x'47500001A08601000101000000{}{}', 'p');",
        bytes(PLACE[0]),
        bytes(PLACE[1])
    );
    Connection::open(file).unwrap().execute_batch(&sql).unwrap();
}

/// A Shapefile of one point and its `.prj`.
fn shapefile(file: &Path, prj: &str) {
    let mut out = Vec::new();
    out.extend(9994_i32.to_be_bytes());
    out.extend([0; 20]);
    out.extend(64_i32.to_be_bytes());
    out.extend([1000_i32, 1].iter().flat_map(|n| n.to_le_bytes()));
    out.extend([PLACE[0], PLACE[1], PLACE[0], PLACE[1], 0.0, 0.0, 0.0, 0.0].iter().flat_map(|n| n.to_le_bytes()));
    out.extend([1_i32, 10].iter().flat_map(|n| n.to_be_bytes()));
    out.extend(1_i32.to_le_bytes());
    out.extend(PLACE.iter().flat_map(|n| n.to_le_bytes()));
    std::fs::write(file, out).unwrap();
    std::fs::write(file.with_extension("prj"), prj).unwrap();
}

#[test]
fn an_epoch_that_a_source_states_moves_it_as_the_option_does_and_the_option_wins() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, epoch: Option<f64>| -> PathBuf {
        let path = dir.path().join(format!("{}-{name}", if epoch.is_some() { "dated" } else { "plain" }));
        match name {
            "r.tif" => std::fs::write(&path, raster(epoch)).unwrap(),
            "s.shp" => {
                let metadata = |year| format!("COORDINATEMETADATA[{UTM},EPOCH[{year}]]");
                shapefile(&path, &epoch.map_or(UTM.to_owned(), metadata));
            }
            _ => geopackage(&path, epoch, name == "w.gpkg"),
        }
        path
    };
    for name in ["r.tif", "s.shp", "g.gpkg", "w.gpkg"] {
        let (plain, dated) = (write(name, None), write(name, Some(2026.5)));
        let ((_, as_it_is), (by_option, moved)) = (import(&plain, &[]), import(&plain, &["--epoch", "2026.5"]));
        let (stated, found) = import(&dated, &[]);
        let (as_it_is, moved) = (as_it_is.unwrap(), moved.unwrap_or_else(|| panic!("{by_option:#}")));
        let found = found.unwrap_or_else(|| panic!("{stated:#}"));
        let notes = |report: &Value| report["notes"].to_string();
        assert!(apart(moved, found) < 1e-6, "{name}: {} m from what --epoch gives", apart(moved, found));
        assert!((0.7..0.9).contains(&apart(as_it_is, found)), "{name}: {}", apart(as_it_is, found));
        assert!(notes(&stated).contains("the epoch 2026.5 is the one that the source states"), "{stated:#}");
        assert!(notes(&by_option).contains("the epoch 2026.5 is that of --epoch"), "{by_option:#}");
        let (other, elsewhere) = import(&dated, &["--epoch", "2000"]);
        assert!(apart(elsewhere.unwrap(), as_it_is) < 1e-6, "{name}: --epoch wins");
        assert!(notes(&other).contains("in place of 2026.5"), "{other:#}");
    }
}

/// A row whose CRS has no epoch is not touched by the option, and one whose CRS has is.
#[test]
fn rows_state_epochs_with_their_systems() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("row.csv");
    let [x, y] = PLACE;
    let place = |crs: &str, more: &[&str]| {
        std::fs::write(&file, format!("id,x,y,z,crs\np,{x},{y},1,{crs}\n")).unwrap();
        import(&file, more).1.unwrap()
    };
    let (plain, dated) = (place("EPSG:32650", &["--epoch", "2026.5"]), place("EPSG:32650@2026.5", &[]));
    assert!((0.7..0.9).contains(&apart(plain, dated)), "{}", apart(plain, dated));
    assert!(apart(plain, place("EPSG:32650@2026.5", &["--epoch", "2000"])) < 1e-6);
}

#[test]
fn a_cloud_s_geo_keys_state_an_epoch_too() {
    let dir = tempfile::tempdir().unwrap();
    let keys = [1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, 32_650, 5120, 34_736, 1, 0];
    let stated = las_of(3, false, 9, &[(34_735, bytes(&keys)), (34_736, doubles(&[2026.5]))]);
    let extents = [(las(3, false, 9), &["--epoch", "2026.5"][..]), (stated, &[]), (las(3, false, 9), &[])].map(
        |(cloud, more)| {
            let file = dir.path().join("cloud.las");
            std::fs::write(&file, cloud).unwrap();
            let done = run(&[&["check", file.to_str().unwrap(), "--json"], more].concat());
            let report: Value = serde_json::from_slice(&done.stdout).unwrap();
            let told = report["files"][0]["notes"].to_string();
            (report["files"][0]["points"]["extent"].clone(), told)
        },
    );
    assert!(!extents[0].0.is_null() && extents[0].0 == extents[1].0 && extents[1].0 != extents[2].0, "{extents:?}");
    assert!(extents[1].1.contains("the epoch 2026.5 is the one that the source states"), "{extents:?}");
}

/// Heights that the caller adds to a raster's CRS take nothing from its epoch; one of a CRS without a code is passed over, told.
#[test]
fn a_raster_keeps_its_epoch_with_heights_from_the_caller_and_loses_it_without_a_code_aloud() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("r.tif");
    std::fs::write(&file, raster(Some(2026.5))).unwrap();
    let (report, found) = import(&file, &["--crs", "EPSG:32650+5737", "--height-offset", "0"]);
    assert!(report["notes"].to_string().contains("the epoch 2026.5 is the one"), "{report:#}");
    std::fs::write(&file, raster(None)).unwrap();
    let (_, moved) = import(&file, &["--epoch", "2026.5"]);
    assert!(apart(found.unwrap(), moved.unwrap()) < 1e-3);
    let mut bytes = raster(Some(2026.5));
    let code = bytes.windows(2).rposition(|pair| pair == 32_650_u16.to_le_bytes()).unwrap();
    bytes[code..code + 2].copy_from_slice(&32_767_u16.to_le_bytes());
    std::fs::write(&file, bytes).unwrap();
    let (report, _) = import(&file, &["--crs", "EPSG:32650"]);
    assert!(report["notes"].to_string().contains("--epoch 2026.5 takes it"), "{report:#}");
}

/// Where `--epoch` would be refused, a file that states an epoch comes in as it did, and is told so.
#[test]
fn an_epoch_where_no_motion_is_known_moves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("zone32.shp");
    shapefile(&file, &format!("COORDINATEMETADATA[{},EPOCH[2026.5]]", UTM.replace("origin\",117]", "origin\",9]")));
    let (report, place) = import(&file, &[]);
    assert!(place.is_some() && report["notes"].to_string().contains("moves nothing"), "{report:#}");
    assert!(import(&file, &["--epoch", "2026.5"]).1.is_none());
    let file = dir.path().join("early.gpkg");
    geopackage(&file, Some(1066.0), false);
    let (report, place) = import(&file, &[]);
    assert!(place.is_some() && report["notes"].to_string().contains("the epoch 1066"), "{report:#}");
}
