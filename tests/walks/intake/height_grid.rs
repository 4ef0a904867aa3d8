//! A site's height grid, judged by PROJ's own `vgridshift` in pyproj, by hand-made interpolation and by GDAL's GeoTIFF.

use super::frames::lamp;
use crate::support::las::las;
use crate::support::tiff::{doubles, placed, shorts, tiff};
use crate::support::{cimbra, python, run};
use cimbra::crs::{Choice, HeightGrid, Transform};
use cimbra::formats::{Placement, SourceFrame};
use cimbra::ingest::{Georeference, ImportOptions};
use cimbra::units::Geodetic;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Rows, columns, the lower left node (latitude, longitude) and the step of the grid here.
const GRID: (u32, u32, [f64; 2], f64) = (4, 5, [31.9, 118.6], 0.1);
/// Places of EPSG:4549 in it.
const PLACES: [[f64; 2]; 3] = [[384_700.0, 3_546_500.0], [379_000.0, 3_535_000.0], [395_123.4, 3_551_234.5]];

/// A height at a node that neither a plane nor one bilinear piece has.
fn node(row: u32, column: u32) -> f32 {
    let (row, column) = (row as f32, column as f32);
    5.0 + 0.31 * row * row + 0.7 * column - 0.11 * row * column * column
}

fn gtx() -> Vec<u8> {
    let (rows, columns, [south, west], step) = GRID;
    let mut out: Vec<u8> = [south, west, step, step].iter().flat_map(|n| n.to_be_bytes()).collect();
    out.extend([rows, columns].iter().flat_map(|n| n.to_be_bytes()));
    (0..rows).for_each(|r| (0..columns).for_each(|c| out.extend(node(r, c).to_be_bytes())));
    out
}

fn by_hand(place: Geodetic) -> f64 {
    let (_, _, [south, west], step) = GRID;
    let (v, u) = ((place.lat - south) / step, (place.lon - west) / step);
    let (row, column, fv, fu) = (v.floor() as u32, u.floor() as u32, v.fract(), u.fract());
    let at = |r, c| f64::from(node(row + r, column + c));
    (at(0, 0) * (1.0 - fu) + at(0, 1) * fu) * (1.0 - fv) + (at(1, 0) * (1.0 - fu) + at(1, 1) * fu) * fv
}

/// What `code` prints, run with `arguments`.
fn py(code: &str, arguments: &[&str]) -> String {
    let done = Command::new(python()).args(["-c", code]).args(arguments).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

fn by_pyproj(grid: &Path, place: Geodetic, z: f64) -> f64 {
    let code = "import sys, pyproj
way = '+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=vgridshift +multiplier=1 +grids=' + sys.argv[1]
print(repr(pyproj.Transformer.from_pipeline(way).transform(*map(float, sys.argv[2:]))[2]))";
    let [lon, lat, z] = [place.lon, place.lat, z].map(|n| n.to_string());
    py(code, &[grid.to_str().unwrap(), &lon, &lat, &z]).parse().unwrap()
}

/// The grid as GTX under a name with a blank and a quote, and as GeoTIFF that GDAL writes.
fn grids(dir: &Path) -> [PathBuf; 2] {
    let [plain, odd, tif] = ["grid.gtx", "a \"site's\", grid.GTX", "grid.tif"].map(|name| dir.join(name));
    std::fs::write(&odd, gtx()).unwrap();
    std::fs::write(&plain, gtx()).unwrap();
    let code = "import sys, rasterio
with rasterio.open(sys.argv[1]) as grid:
    with rasterio.open(sys.argv[2], 'w', driver='GTiff', width=grid.width, height=grid.height, count=1, dtype='float32',
                       crs='EPSG:4326', transform=grid.transform, compress='deflate', predictor=3, tiled=True, blockxsize=16, blockysize=16) as out:
        out.write(grid.read(1), 1)";
    py(code, &[plain.to_str().unwrap(), tif.to_str().unwrap()]);
    [odd, tif]
}

#[test]
fn heights_become_ellipsoidal_by_a_grid_as_pyproj_and_hand_have_it() {
    let dir = tempfile::tempdir().unwrap();
    let of_pyproj = [dir.path().join("grid.gtx"), dir.path().join("grid.tif")];
    for (grid, oracle) in grids(dir.path()).iter().zip(&of_pyproj) {
        let name = grid.file_name().unwrap().to_str().unwrap();
        for [x, y] in PLACES {
            for crs in ["EPSG:4549+5737", "EPSG:4549"] {
                let more = ["--crs", crs, "--height-grid", grid.to_str().unwrap()];
                let (place, told) = lamp(dir.path(), &format!("{x},{y}"), &more);
                let place = place.unwrap_or_else(|| panic!("{told}"));
                let (hand, proj) = (12.5 + by_hand(place), by_pyproj(oracle, place, 12.5));
                let off = [hand, proj].map(|h| (place.h - h).abs());
                eprintln!("{name} {crs}: {off:?} m from hand and pyproj");
                assert!(off.iter().all(|off| *off < 1e-3), "{name} {crs}: {} is not {hand}, {proj}", place.h);
                assert!(told.contains(&format!("the height grid '{name}', as told")), "{told}");
            }
        }
    }
}

#[test]
fn many_points_go_through_a_grid_as_each_alone_and_come_back() {
    let grid = HeightGrid::from_gtx("g", &mut gtx().as_slice()).unwrap();
    let choice = Choice { height_grid: Some(grid), epoch: Some(2026.5), ..Choice::default() };
    let transform = Transform::new("EPSG:4549+5737", &choice).unwrap();
    // Across the lines of the grid, enough of them in one place for a patch.
    let sources: Vec<[f64; 3]> =
        (0..900).map(|n| [f64::from(n % 30) * 7.0, f64::from(n / 30) * 7.0, f64::from(n % 7)]).collect();
    let sources: Vec<[f64; 3]> = sources.iter().map(|[x, y, z]| [386_600.0 + x, 3_542_200.0 + y, *z]).collect();
    let mut all = sources.clone();
    transform.forward(&mut all).unwrap();
    for (source, found) in sources.iter().zip(&all) {
        let mut alone = [*source];
        transform.forward(&mut alone).unwrap();
        assert!((0..3).all(|k| (alone[0][k] - found[k]).abs() < [1e-11, 1e-11, 1e-6][k]), "{source:?}: {found:?}");
    }
    transform.inverse(&mut all).unwrap();
    for (source, back) in sources.iter().zip(&all) {
        assert!((0..3).all(|k| (source[k] - back[k]).abs() < 1e-3), "{source:?}: {back:?}");
    }
}

#[test]
fn a_model_that_stands_at_its_site_s_elevation_is_raised_by_a_grid() {
    let grid = HeightGrid::from_gtx("g", &mut gtx().as_slice()).unwrap();
    let origin = Geodetic::new(118.78, 32.04, 7.0);
    let placement = Some(Placement::Geographic { origin, true_north: 0.0, accuracy: 0.0 });
    let options = ImportOptions { height_grid: Some(grid), ..ImportOptions::default() };
    let placed =
        Georeference::new(&SourceFrame { crs: None, placement, assumed: false }, &options, None, None).unwrap();
    let found = placed.model_origin().unwrap();
    assert!((found.h - 7.0 - by_hand(origin)).abs() < 1e-6, "{found:?}");
    assert!(placed.notes.iter().any(|note| note.contains("elevation plus the height grid 'g'")), "{:?}", placed.notes);
}

/// Whatever a header says: an error, or a grid whose heights are numbers or none.
#[test]
fn a_mutated_header_is_refused_or_holds_together() {
    let whole = gtx();
    let mut taken = 0;
    for at in 0..40 {
        for byte in [0, 1, 0x3f, 0x7f, 0x80, 0xc0, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            let Ok(grid) = HeightGrid::from_gtx("g", &mut bytes.as_slice()) else { continue };
            taken += 1;
            let choice = Choice { height_grid: Some(grid), ..Choice::default() };
            let mut points = PLACES.map(|[x, y]| [x, y, 1.0]);
            if Transform::new("EPSG:4549", &choice).unwrap().forward(&mut points).is_ok() {
                assert!(points.iter().flatten().all(|n| n.is_finite()), "byte {at} as {byte}: {points:?}");
            }
        }
    }
    assert!((40..280).contains(&taken), "{taken}");
}

#[test]
fn a_grid_that_cannot_be_used_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let [grid, _] = grids(dir.path()).map(|grid| grid.to_str().unwrap().to_owned());
    let at = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (whole, text) = (gtx(), "place,height\n".repeat(9));
    let mut empty = whole.clone();
    empty[40..].as_chunks_mut().0.iter_mut().for_each(|n| *n = (-88.8888_f32).to_be_bytes());
    let [short, cut, words, void] = [
        at("short.gtx", &whole[..30]),
        at("cut.gtx", &whole[..whole.len() - 3]),
        at("words.gtx", text.as_bytes()),
        at("void.gtx", &empty),
    ];
    let utm = at("utm.tif", &tiff(&placed()));
    // Whole numbers from 100 on of 16 bits, 100 of which stands for no value: the southern rows of this grid have one.
    let degrees = shorts(&[1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4326]);
    let holed = at(
        "holed.tif",
        &tiff(&[
            (33_550, 12, 3, doubles(&[0.1, 0.1, 0.0])),
            (33_922, 12, 6, doubles(&[0.0, 0.0, 0.0, 118.75, 32.05, 0.0])),
            (34_735, 3, 12, degrees),
            (42_113, 2, 4, b"100\0".to_vec()),
        ]),
    );
    let inside = "384700,3546500";
    let yellow = ["--crs", "EPSG:4549+5737"];
    for (place, frame, file, more, said) in [
        (inside, &yellow[..], &grid, &["--height-offset", "3"][..], &["--height-offset"][..]),
        ("384700,3446500", &yellow, &grid, &[], &["outside the height grid 'a \"site's\", grid.GTX'"]),
        (inside, &yellow, &void, &[], &["height grid 'void.gtx'", "no value"]),
        (inside, &yellow, &holed, &[], &["height grid 'holed.tif'", "no value"]),
        (inside, &yellow, &short, &[], &["short.gtx", "shorter than the header", "gdal_translate"]),
        (inside, &yellow, &cut, &[], &["cut.gtx", "4 rows of 5 nodes", "117 bytes", "gdal_translate"]),
        (inside, &yellow, &words, &[], &["words.gtx", "is no height grid", "gdal_translate"]),
        (inside, &yellow, &utm, &[], &["utm.tif", "no longitudes and latitudes"]),
        (inside, &yellow, &"gone.gtx".to_owned(), &[], &["gone.gtx"]),
        ("118.78,32.04", &["--crs", "EPSG:4979"], &grid, &[], &["above the ellipsoid already", "--height-grid"]),
        (inside, &yellow, &grid, &["--url", "http://127.0.0.1:9", "--key", "k"], &["height-grid", "server's machine"]),
    ] {
        let mut more = [frame, &["--height-grid", file], more].concat();
        if more.contains(&"--url") {
            let lamps = at("far.csv", format!("id,class,x,y,z\nL1,lamp_pole,{place},1\n").as_bytes());
            let done = run(&[&["import", &lamps], &more[..]].concat());
            let told = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(said.iter().all(|words| told.contains(words)), "{told}");
            continue;
        }
        let (none, told) = lamp(dir.path(), place, std::mem::take(&mut more).as_slice());
        assert!(none.is_none() && said.iter().all(|words| told.contains(words)), "{file}: {told}");
    }
    // What keeps the way from its CRS for later, or knows no heights, takes none.
    let tileset = br#"{"asset":{"version":"1.1"},"geometricError":1,"root":{"boundingVolume":{"sphere":[0,0,0,1]},"geometricError":1}}"#;
    for file in [utm, at("tileset.json", tileset)] {
        let done = run(&["check", &file, "--height-grid", &grid]);
        // A tileset is judged besides, and what its adoption would say is part of that.
        let told = String::from_utf8_lossy(&[done.stderr, done.stdout].concat()).into_owned();
        assert!(done.status.code() != Some(0) && told.contains("height-grid: 'a \"site's\""), "{told}");
    }
    // The points of a cloud take one.
    let cloud = at("cloud.las", &las(3, false, 50));
    let done = run(&["check", &cloud, "--height-grid", &grid, "--json"]);
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.code() == Some(0) && told.contains("height grid 'a \\\"site's"), "{told}");
}

/// A grid that PROJ cannot read is as one that is not there, and what is told works.
#[test]
fn grids_that_this_proj_does_not_read_are_passed_over_and_the_remedy_is_one() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["uk_os_OSGM15_GB.tif", "uk_os_OSTN15_NTv2_OSGBtoETRS.tif", "ch_swisstopo_chgeo2004_ETRS89_LN02.tif"] {
        std::fs::write(dir.path().join(name), tiff(&placed())).unwrap();
    }
    let (table, store) = (dir.path().join("lamps.csv"), dir.path().join("store"));
    let import = |place: &str, crs: &str, more: &[&str], grids: &Path| {
        _ = std::fs::remove_dir_all(&store);
        std::fs::write(&table, format!("id,name,class,x,y,z\nL1,lamp,lamp_pole,{place},12.5\n")).unwrap();
        let words = ["import", table.to_str().unwrap(), "--store", store.to_str().unwrap(), "--crs", crs];
        let done = cimbra(&[&words[..], more].concat()).env("PROJ_DATA", grids).output().unwrap();
        (done.status.code(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
    };
    let (british, swiss) = ("400000,300000", "2600000,1200000");
    let (empty, full) = (dir.path().join("none"), dir.path());
    for grids in [&empty, full] {
        let (code, told) = import(british, "EPSG:7405", &[], grids);
        assert!(code == Some(2) && told.contains("--height-grid FILE") && told.contains("--height-offset M"), "{told}");
        assert!(
            told.contains("uk_os_OSGM15_GB.tif") && told.contains("closed") && !told.contains("PROJ_DATA"),
            "{told}"
        );
        let (code, told) = import(swiss, "EPSG:2056+5728", &[], grids);
        assert!(code == Some(2) && told.contains("LN02.tif of PROJ's own is one"), "{told}");
        let (code, told) = import(british, "EPSG:27700", &[], grids);
        assert!(code == Some(0) && told.contains("without GeoTIFF") && !told.contains("PROJ_DATA"), "{told}");
        let (code, told) = import(british, "EPSG:7405", &["--height-offset", "49"], grids);
        assert!(code == Some(0), "{told}");
    }
}
