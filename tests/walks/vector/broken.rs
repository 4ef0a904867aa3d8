//! Files that are not what they say: each is refused with a reason, and what can be taken of it is.

use super::{made, read, try_read};
use cimbra::formats::ReadOptions;
use rusqlite::Connection;
use std::path::Path;

fn said(file: &Path) -> String {
    try_read(file, &ReadOptions::default()).err().expect("a file that must be refused is taken")
}

#[test]
fn files_cut_short_are_not_whole() {
    let dir = made();
    for (name, keep) in
        [("Polygon.shp", 150), ("Polygon.shp", 60), ("values.fgb", 400), ("values.fgb", 12), ("values.gpkg", 5000)]
    {
        let bytes = std::fs::read(dir.path().join(name)).unwrap();
        let cut = dir.path().join(format!("cut-{keep}-{name}"));
        std::fs::write(&cut, &bytes[..keep]).unwrap();
        let said = said(&cut);
        assert!(said.contains("not whole") || said.contains("cannot be read"), "{name} {keep}: {said}");
    }
    let table = dir.path().join("values.dbf");
    let bytes = std::fs::read(&table).unwrap();
    std::fs::write(&table, &bytes[..bytes.len() - 40]).unwrap();
    assert!(said(&dir.path().join("values.shp")).contains("rows too early"));
}

#[test]
fn a_shp_alone_says_what_it_lacks_and_one_bad_record_is_refused_alone() {
    let dir = made();
    let alone = dir.path().join("alone.shp");
    let mut bytes = std::fs::read(dir.path().join("MultiPolygon.shp")).unwrap();
    std::fs::write(&alone, &bytes).unwrap();
    let got = read(&alone);
    assert_eq!((got.objects.len(), got.crs), (1, None));
    assert!(got.notes.iter().any(|n| n.contains("no .dbf")) && got.notes.iter().any(|n| n.contains("no .shx")));
    // More points announced than the record holds.
    bytes[100 + 8 + 40..100 + 8 + 44].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    std::fs::write(&alone, &bytes).unwrap();
    let got = read(&alone);
    assert_eq!(got.objects.len(), 0);
    assert!(got.refused[0].starts_with("record 1: the record is shorter"), "{:?}", got.refused);
}

/// A `.shp` of one record.
fn shp(kind: u32, content: &[u8]) -> Vec<u8> {
    let words = |bytes: usize| u32::try_from(bytes / 2).unwrap().to_be_bytes();
    let mut all = vec![0, 0, 0x27, 0x0a];
    all.extend([0_u8; 20]);
    all.extend(words(108 + content.len()));
    all.extend(1000_u32.to_le_bytes());
    all.extend(kind.to_le_bytes());
    all.extend([0_u8; 64]);
    all.extend(1_u32.to_be_bytes());
    all.extend(words(content.len()));
    all.extend(content);
    all
}

#[test]
fn rings_that_turn_the_wrong_way_are_outlines_and_measures_are_told() {
    // PolygonM (25): two squares that turn left, as no outline should, each with measures.
    let squares = [0.0_f64, 20.0].map(|x| [[x, 0.0], [x + 9.0, 0.0], [x + 9.0, 9.0], [x, 9.0], [x, 0.0]]);
    let mut content = 25_u32.to_le_bytes().to_vec();
    content.extend([0_u8; 32]);
    for number in [2_u32, 10, 0, 5] {
        content.extend(number.to_le_bytes());
    }
    squares.as_flattened().as_flattened().iter().for_each(|v| content.extend(v.to_le_bytes()));
    (0..12).for_each(|_| content.extend(5.0_f64.to_le_bytes()));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("turned.shp");
    std::fs::write(&file, shp(25, &content)).unwrap();
    let got = read(&file);
    let cimbra::geom::Shape::Areas(areas) = &got.objects[0].shape else { panic!("{:?}", got.objects) };
    assert_eq!((areas.len(), areas[0].exterior.len()), (2, 4));
    for said in ["1 shapes have measures", "1 polygons turn their rings"] {
        assert!(got.notes.iter().any(|n| n.contains(said)), "{said}: {:?}", got.notes);
    }
}

#[test]
fn deleted_rows_and_rows_without_a_shape_are_counted() {
    let dir = made();
    let (table, file) = (dir.path().join("values.dbf"), dir.path().join("values.shp"));
    let bytes = std::fs::read(&table).unwrap();
    let (head, width) = (
        usize::from(u16::from_le_bytes([bytes[8], bytes[9]])),
        usize::from(u16::from_le_bytes([bytes[10], bytes[11]])),
    );
    let mut deleted = bytes.clone();
    deleted[head] = b'*';
    std::fs::write(&table, &deleted).unwrap();
    let got = read(&file);
    assert_eq!(got.objects.iter().map(|o| o.id.to_string()).collect::<Vec<_>>(), ["b"]);
    assert!(got.notes.iter().any(|n| n.starts_with("1 rows are marked as deleted")), "{:?}", got.notes);
    let mut more = bytes.clone();
    more[4] = 3;
    more.truncate(head + 2 * width);
    more.extend(&bytes[head..head + width]);
    std::fs::write(&table, &more).unwrap();
    assert!(read(&file).notes.iter().any(|n| n.starts_with("1 rows of the .dbf have no shape")));
    let mut fewer = bytes;
    fewer[4] = 1;
    std::fs::write(&table, &fewer).unwrap();
    assert!(read(&file).notes.iter().any(|n| n.starts_with("1 shapes have no row")));
}

#[test]
fn a_multipatch_is_a_solid_where_it_closes() {
    // A tetrahedron as a fan of three triangles and a ring (Esri's technical description, p. 20).
    let points: [[f64; 3]; 9] = [
        [0.0, 0.0, 5.0],
        [0.0, 0.0, 0.0],
        [9.0, 0.0, 0.0],
        [0.0, 9.0, 0.0],
        [0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0],
        [0.0, 9.0, 0.0],
        [9.0, 0.0, 0.0],
        [0.0, 0.0, 0.0],
    ];
    let mut content = 31_u32.to_le_bytes().to_vec();
    content.extend([0_u8; 32]);
    for number in [2_u32, 9, 0, 5, 1, 2] {
        content.extend(number.to_le_bytes());
    }
    points.iter().for_each(|p| p[..2].iter().for_each(|v| content.extend(v.to_le_bytes())));
    content.extend([0_u8; 16]);
    points.iter().for_each(|p| content.extend(p[2].to_le_bytes()));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("roof.shp");
    std::fs::write(&file, shp(31, &content)).unwrap();
    let got = read(&file);
    let cimbra::geom::Shape::Faces { faces, solid: true } = &got.objects[0].shape else { panic!("{:?}", got.objects) };
    assert!((cimbra::geom::volume(faces) - 9.0 * 9.0 / 2.0 * 5.0 / 3.0).abs() < 1e-9, "its faces look outwards");
}

#[test]
fn formats_that_are_not_read_say_what_they_are_and_how_to_convert_them() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let gml =
        |version: &str| format!("<?xml version='1.0'?><CityModel xmlns='http://www.opengis.net/citygml/{version}'/>");
    for (name, content, what, convert) in [
        ("a.gml", gml("2.0"), "CityGML 2.0", "citygml-tools to-cityjson"),
        ("b.xml", gml("3.0"), "CityGML 3.0", "citygml-tools to-cityjson"),
        ("c.city.json", gml("3.0"), "CityGML 3.0 by its content and CityJSON or GeoJSON by its name", "citygml-tools"),
        ("d.kml", "<kml xmlns='http://www.opengis.net/kml/2.2'/>".into(), "KML", "ogr2ogr"),
        ("e.dxf", "0\nSECTION\n2\nHEADER\n".into(), "DXF", "ogr2ogr"),
        ("f.dbf", "\u{3}|\u{1}\u{1}\0\0".into(), "a part of a Shapefile", "import the .shp"),
    ] {
        std::fs::write(at(name), content).unwrap();
        let said = said(&at(name));
        assert!(said.contains(what) && said.contains(convert), "{name}: {said}");
    }
    std::fs::create_dir(at("town.gdb")).unwrap();
    std::fs::write(at("town.gdb/a00000001.gdbtable"), [3, 0, 0, 0]).unwrap();
    let said = cimbra::ingest::expand(&[at("town.gdb")]).unwrap_err().to_string();
    assert!(said.contains("file geodatabase") && said.contains("ogr2ogr"), "{said}");
}

#[test]
fn what_is_sqlite_and_no_geopackage_is_named_and_nothing_in_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let make = |name: &str, sql: &str| {
        Connection::open(at(name)).unwrap().execute_batch(sql).unwrap();
        at(name)
    };
    let contents = "CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT, srs_id INTEGER);
        CREATE TABLE gpkg_spatial_ref_sys (srs_id INTEGER, organization TEXT, organization_coordsys_id INTEGER, definition TEXT);
        CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);";
    assert!(said(&make("a.gpkg", "CREATE TABLE t (x)")).contains("no GeoPackage"));
    assert!(said(&make("b.gpkg", "CREATE TABLE spatial_ref_sys (srid)")).contains("SpatiaLite"));
    let endless = format!(
        "{contents} INSERT INTO gpkg_contents VALUES ('v', 'attributes', 0);
        CREATE VIEW v AS SELECT 1 AS id FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c WHERE x < 0);"
    );
    let endless = make("c.gpkg", &endless);
    let begun = std::time::Instant::now();
    assert!(said(&endless).contains("more than seconds"), "{}", said(&endless));
    assert!(begun.elapsed().as_secs() < 120);
    // A geometry that is none, and one with a curve.
    let mixed = format!(
        "{contents} INSERT INTO gpkg_contents VALUES ('t', 'features', 4326); INSERT INTO gpkg_spatial_ref_sys VALUES (4326, 'EPSG', 4326, '');
        INSERT INTO gpkg_geometry_columns VALUES ('t', 'geom', 4326); CREATE TABLE t (fid INTEGER PRIMARY KEY, geom BLOB, id TEXT);
        INSERT INTO t VALUES (1, x'00', 'broken'), (2, NULL, 'bare'), (3, x'47500001E6100000010800000001000000000000000000F03F000000000000F03F', 'curve'),
        (4, x'47500001E61000000101000000000000000000F03F0000000000000040', 'good'), (6, 'text', 'written'), (5, x'47500011E61000000101000000000000000000F87F000000000000F87F', 'empty');"
    );
    let got = read(&make("d.gpkg", &mixed));
    let ids: Vec<_> = got.objects.iter().map(|o| o.id.to_string()).collect();
    assert_eq!(ids, ["bare", "good", "empty"]);
    assert!(got.refused[0].starts_with("broken: its geometry cannot be read"), "{:?}", got.refused);
    assert!(got.refused[2].starts_with("written: its geometry is no binary value"), "{:?}", got.refused);
    assert!(got.refused[1].starts_with("curve: curves are not taken"), "{:?}", got.refused);
    std::fs::write(at("d.gpkg-wal"), "x").unwrap();
    assert!(said(&at("d.gpkg")).contains("write-ahead log"));
}

/// A table that the contents list and that is not there is refused by its name; what it brought before stays, and the others
/// come in.
#[test]
fn a_layer_that_is_not_there_is_refused_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (dir.path().join("town.gpkg"), dir.path().join("store"));
    let point = |x: u8| format!("x'47500001E6100000010100000000000000000{x:03X}3F0000000000000040'");
    let table = |name: &str, x: u8| {
        format!(
            "INSERT INTO gpkg_contents VALUES ('{name}', 'features', 4326); INSERT INTO gpkg_geometry_columns VALUES ('{name}', 'geom', 4326);
            CREATE TABLE {name} (fid INTEGER PRIMARY KEY, geom BLOB); INSERT INTO {name} VALUES (1, {});", point(x)
        )
    };
    let sql = format!(
        "CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT, srs_id INTEGER);
        CREATE TABLE gpkg_spatial_ref_sys (srs_id INTEGER, organization TEXT, organization_coordsys_id INTEGER, definition TEXT);
        CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);
        INSERT INTO gpkg_spatial_ref_sys VALUES (4326, 'EPSG', 4326, ''); {} {} {}",
        table("trees", 0xF0), table("bins", 0xF1), table("lamps", 0xF2)
    );
    let database = Connection::open(&file).unwrap();
    database.execute_batch(&sql).unwrap();
    let import = || {
        let [file, store] = [&file, &store].map(|path| path.to_str().unwrap());
        let done = crate::support::run(&["import", file, "--store", store, "--class", "vegetation", "--json"]);
        assert!(!done.stdout.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
        let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        (done.status.code(), report["files"][0].clone())
    };
    let (code, whole) = import();
    assert_eq!((code, &whole["objects"]), (Some(0), &serde_json::json!(3)), "{whole}");
    database.execute_batch("DROP TABLE trees; DROP TABLE lamps; CREATE VIEW lamps AS SELECT * FROM posts;").unwrap();
    let got = read(&file);
    assert_eq!(got.objects.iter().map(|o| &*o.id).collect::<Vec<_>>(), ["bins.1"]);
    let refused: Vec<&str> = got.refused.iter().map(|r| r.split(':').next().unwrap()).collect();
    assert_eq!(refused, ["trees", "lamps"], "{:?}", got.refused);
    assert!(got.refused[0].contains("gpkg_contents") && got.refused[1].contains("posts"), "{:?}", got.refused);
    let (code, part) = import();
    assert_eq!(code, Some(1), "some refused: {part}");
    let counts = ["objects", "unchanged", "removed"].map(|name| part[name].as_u64().unwrap());
    assert_eq!(counts, [1, 3, 0], "{part}");
}

#[test]
fn a_view_without_an_end_is_given_up() {
    let dir = made();
    let endless =
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS n, 'a' || x AS id FROM c";
    let slow = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 900000000) SELECT count(*) AS n, 'a' AS id FROM c";
    for (view, expected) in [(endless, "gives more than"), (slow, "take more than seconds")] {
        let file = dir.path().join("view.gpkg");
        std::fs::copy(dir.path().join("values.gpkg"), &file).unwrap();
        let database = Connection::open(&file).unwrap();
        database.execute_batch(&format!("CREATE VIEW v AS {view};")).unwrap();
        let sql = "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('v', 'attributes', 'v')";
        database.execute(sql, []).unwrap();
        drop(database);
        let said = said(&file);
        assert!(said.contains(expected), "{said}");
    }
}
