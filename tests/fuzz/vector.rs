//! Shapefile, GeoPackage, FlatGeobuf and OpenStreetMap PBF.

use super::Target;
use crate::support::osm;
use flatgeobuf::{ColumnType, FgbWriter, GeometryType};
use geozero::{ColumnValue, GeomProcessor, GeozeroGeometry, PropertyProcessor, error::Result};
use rusqlite::Connection;

const NOTHING: &[&str] = &["\0\0\0\0", "\u{7f}\u{7f}\u{7f}\u{7f}", "PROJCS", "id", "geom", "GP"];

/// A `.shp` of one record of each kind that has parts.
fn shp(kind: u32) -> Vec<u8> {
    let mut content = kind.to_le_bytes().to_vec();
    content.extend([0; 32]);
    let corners = [[0.0_f64, 0.0], [0.0, 9.0], [9.0, 9.0], [9.0, 0.0], [0.0, 0.0]];
    content.extend(2_u32.to_le_bytes());
    content.extend(10_u32.to_le_bytes());
    [0_u32, 5].iter().for_each(|start| content.extend(start.to_le_bytes()));
    if kind == 31 {
        [2_u32, 0].iter().for_each(|part| content.extend(part.to_le_bytes()));
    }
    let hole = corners.iter().rev().map(|[x, y]| [x / 3.0 + 1.0, y / 3.0 + 1.0]);
    corners.into_iter().chain(hole).flatten().for_each(|v| content.extend(v.to_le_bytes()));
    if kind > 10 {
        (0..12).for_each(|_| content.extend(7.0_f64.to_le_bytes()));
    }
    let words = |bytes: usize| u32::try_from(bytes / 2).unwrap().to_be_bytes();
    let mut all = vec![0, 0, 0x27, 0x0a];
    all.extend([0; 20]);
    all.extend(words(100 + 2 * (8 + content.len())));
    all.extend(1000_u32.to_le_bytes());
    all.extend(kind.to_le_bytes());
    all.extend([0; 64]);
    for number in [1_u32, 2] {
        all.extend(number.to_be_bytes());
        all.extend(words(content.len()));
        all.extend(&content);
    }
    all
}

/// The GeoPackage as SQL: three rows, one of them null.
fn gpkg() -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let sql = "PRAGMA page_size = 512; CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT, srs_id INTEGER);
        CREATE TABLE gpkg_spatial_ref_sys (srs_id INTEGER, organization TEXT, organization_coordsys_id INTEGER, definition TEXT);
        CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);
        INSERT INTO gpkg_contents VALUES ('t', 'features', 4326); INSERT INTO gpkg_spatial_ref_sys VALUES (4326, 'EPSG', 4326, '');
        INSERT INTO gpkg_geometry_columns VALUES ('t', 'geom', 4326); CREATE TABLE t (fid INTEGER PRIMARY KEY, geom BLOB, name TEXT, height REAL, open BOOLEAN);
        INSERT INTO t VALUES (1, x'47500001E61000000101000000000000000000F03F0000000000000040', '灯', 3.5, 1), (2, NULL, 'bare', NULL, 0),
        (3, x'47500001E61000000107000000010000000102000000020000000000000000000000000000000000000000000000000000400000000000000040', 'line', -1, NULL);";
    Connection::open(file.path()).unwrap().execute_batch(sql).unwrap();
    std::fs::read(file.path()).unwrap()
}

struct Triangle;

impl GeozeroGeometry for Triangle {
    fn process_geom<P: GeomProcessor>(&self, p: &mut P) -> Result<()> {
        p.polygon_begin(true, 1, 0)?;
        p.linestring_begin(false, 4, 0)?;
        for (i, [x, y]) in [[0.0, 0.0], [9.0, 0.0], [0.0, 9.0], [0.0, 0.0]].into_iter().enumerate() {
            p.xy(x, y, i)?;
        }
        p.linestring_end(false, 0)?;
        p.polygon_end(true, 0)
    }
}

fn fgb(kind: GeometryType) -> Vec<u8> {
    let mut out = FgbWriter::create("layer", kind).unwrap();
    out.add_column("名称", ColumnType::String, |_, _| {});
    out.add_column("height", ColumnType::Double, |_, _| {});
    for height in [9.0, -1.0, 3.0] {
        out.add_feature_geom(Triangle, |feature| {
            feature.property(0, "名称", &ColumnValue::String("楼")).unwrap();
            feature.property(1, "height", &ColumnValue::Double(height)).unwrap();
        })
        .unwrap();
    }
    let mut bytes = Vec::new();
    out.write(&mut bytes).unwrap();
    bytes
}

#[test]
fn any_bytes_of_a_shapefile_are_read_or_refused() {
    let seeds = vec![shp(5), shp(15), shp(3), shp(31)];
    let test = "fuzz::vector::any_bytes_of_a_shapefile_are_read_or_refused";
    Target { test, reader: "Shapefile", ending: "shp", seeds, words: NOTHING }.run();
}

#[test]
fn any_bytes_of_a_geopackage_are_read_or_refused() {
    let test = "fuzz::vector::any_bytes_of_a_geopackage_are_read_or_refused";
    Target { test, reader: "GeoPackage", ending: "gpkg", seeds: vec![gpkg()], words: NOTHING }.run();
}

#[test]
fn any_bytes_of_a_flatgeobuf_are_read_or_refused() {
    let seeds = vec![fgb(GeometryType::Polygon), fgb(GeometryType::Unknown)];
    let test = "fuzz::vector::any_bytes_of_a_flatgeobuf_are_read_or_refused";
    Target { test, reader: "FlatGeobuf", ending: "fgb", seeds, words: NOTHING }.run();
}

#[test]
fn any_bytes_of_an_osm_extract_are_read_or_refused() {
    let test = "fuzz::vector::any_bytes_of_an_osm_extract_are_read_or_refused";
    Target { test, reader: "OpenStreetMap PBF", ending: "osm.pbf", seeds: vec![osm::extract()], words: NOTHING }.run();
}
