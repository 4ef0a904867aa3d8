//! Every reader in a worker: rasters and point clouds cross whole, and a server outlives what any file does to its reader.

use super::worker::{built, import, kill, read, stand_in, wait_for, worker_of};
use super::{blocks, only};
use crate::support::las::las;
use crate::support::tiff::{placed, tiff};
use crate::support::{Server, key, shared};
use cimbra::fault::{Fault, Kind};
use cimbra::formats::points::Cloud;
use cimbra::formats::raster::{Content, GeoTiff};
use cimbra::formats::{Limits, Mapping, ReadOptions, SourceItem, Up, Worker, reader_of};
use cimbra::model::{Class, DatasetName};
use cimbra::store::Store;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tiff::encoder::{Compression, DeflateLevel, TiffEncoder, colortype};
use tiff::tags::Tag;

fn keep<T>(all: &mut Vec<T>, one: T) -> Result<(), Fault> {
    all.push(one);
    Ok(())
}

fn written(dir: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let file = dir.join(name);
    std::fs::write(&file, bytes).unwrap();
    file
}

#[test]
fn what_the_caller_says_reaches_the_reader_in_the_worker() {
    let dir = tempfile::tempdir().unwrap();
    let table = written(dir.path(), "poles.csv", "编号,lon,lat,状态\n\"灯-1\",118.7,32.0,on\n灯-2,118.71,32.01,off\n");
    let map = "[fields]\nid = \"编号\"\n[class]\ndefault = \"lamp_pole\"\n[rename]\n\"状态\" = \"state\"\n";
    let model = written(dir.path(), "wall.obj", "o a\nv 0 0 0\nv 1 0 0\nv 0 1 2\nf 1 2 3\n");
    let mapped = ReadOptions { mapping: Some(Mapping::parse(map).unwrap().into()), ..ReadOptions::default() };
    let turned = ReadOptions { up: Some(Up::Z), class: Some(Class::Bridge), ..ReadOptions::default() };
    for (file, options) in [(&table, &mapped), (&model, &turned), (&model, &ReadOptions::default())] {
        let (mut here, mut there): (Vec<SourceItem>, Vec<SourceItem>) = (Vec::new(), Vec::new());
        reader_of(file).unwrap().read(file, options, &mut |item| keep(&mut here, item)).unwrap();
        built(Limits::default()).read(file, options, &mut |item| keep(&mut there, item)).unwrap();
        assert!(here == there && here.len() > 1, "{here:?} and {there:?}");
    }
    let object = |options: &ReadOptions, file: &Path| {
        let mut said: Vec<String> = Vec::new();
        let take = &mut |item: SourceItem| keep(&mut said, format!("{item:?}"));
        built(Limits::default()).read(file, options, take).unwrap();
        said.concat()
    };
    let said = object(&mapped, &table);
    assert!(said.contains("\"灯-2\"") && said.contains("LampPole") && said.contains("\"state\""), "{said}");
    assert!(object(&turned, &model).contains("Bridge") && object(&turned, &model) != object(&mapped, &model));
}

type Rows = (Vec<Vec<u32>>, Vec<Vec<[u8; 4]>>);

/// The bits of all rows, of heights and of colours.
fn rows(raster: Result<GeoTiff, Fault>) -> Result<Rows, Fault> {
    let (mut raster, mut heights, mut colours) = (raster?, Vec::new(), Vec::new());
    match raster.about.content {
        Content::Heights => raster.heights(&mut |row| keep(&mut heights, row.iter().map(|h| h.to_bits()).collect()))?,
        Content::Colours => raster.colours(&mut |row| keep(&mut colours, row.to_vec()))?,
    }
    Ok((heights, colours))
}

#[test]
fn rasters_and_clouds_cross_whole_and_so_do_their_faults() {
    let dir = tempfile::tempdir().unwrap();
    let worker = built(Limits::default());
    let whole = tiff(&placed());
    let mut files = vec![
        written(dir.path(), "a.tif", &whole),
        written(dir.path(), "short.tif", &whole[..100]),
        written(dir.path(), "placeless.tif", tiff(&[])),
    ];
    files.extend(shared().map(|shared| shared.join("data/dem/zh_dem_25.tif")));
    for file in &files {
        for content in [None, Some(Content::Heights), Some(Content::Colours)] {
            let (here, there) = (GeoTiff::open(file, content), GeoTiff::open_in(&worker, file, content));
            let said = |opened: &Result<GeoTiff, Fault>| opened.as_ref().map(|raster| raster.about.clone()).ok();
            assert_eq!(said(&here), said(&there), "{}", file.display());
            assert!(rows(here) == rows(there), "{} {content:?}", file.display());
        }
    }
    assert!(rows(GeoTiff::open_in(&worker, &files[0], None)).unwrap().0.len() == 8);
    for (format, packed, cut) in [(0, false, 0), (3, true, 0), (6, true, 0), (7, true, 200), (8, false, 0)] {
        let bytes = las(format, packed, 5000);
        let file = written(dir.path(), "c.laz", &bytes[..bytes.len() - cut]);
        let points = |opened: Result<Cloud, Fault>| -> Result<_, Fault> {
            let (mut cloud, mut all) = (opened?, Vec::new());
            cloud.read(&mut |batch| keep(&mut all, batch.to_vec()))?;
            Ok((cloud.about.clone(), cloud.withheld, all.concat()))
        };
        let (here, there) = (points(Cloud::open(&file)), points(Cloud::open_in(&worker, &file)));
        assert!(here.as_ref().is_ok_and(|(.., all)| all.len() == 5000) || cut > 0, "{here:?}");
        assert_eq!(here, there);
    }
}

#[test]
fn a_worker_that_lies_about_a_raster_or_a_cloud_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    // Too many pixels; a header where none belongs; the end before the rows.
    for script in [
        "printf '\\100\\0\\0\\0\\006\\377\\377\\377\\377\\377\\377\\377\\377\\0'; head -c 54 /dev/zero",
        "printf '\\006\\0\\0\\0\\003\\001\\0\\0\\0n'",
        "printf '\\001\\0\\0\\0\\004'",
    ] {
        let file = written(dir.path(), "a.tif", script);
        assert_eq!(GeoTiff::open_in(&stand_in(9.0), &file, None).err().unwrap().kind, Kind::BadInput, "{script}");
        assert_eq!(Cloud::open_in(&stand_in(9.0), &file).err().unwrap().kind, Kind::BadInput, "{script}");
    }
}

#[test]
fn whatever_breaks_its_reader_is_refused_by_name_and_the_others_come_in() {
    let dir = tempfile::tempdir().unwrap();
    let (files, store) = (dir.path().join("files"), Store::open(&dir.path().join("store")).unwrap());
    std::fs::create_dir(&files).unwrap();
    let names = ["a.city.json", "b.geojson", "c.csv", "d.obj", "e.shp", "f.gpkg", "g.fgb", "h.osm.pbf", "i.gltf"];
    let scripts = ["kill -SEGV $$", "kill -ABRT $$", "exec sleep 1000", "exit 0"];
    for (name, script) in names.iter().zip(scripts.iter().cycle()) {
        written(&files, name, script);
    }
    // Made for a new site, a file is looked at before it is taken: that breaks down here too.
    let mut worker = stand_in(0.5);
    worker.every = true;
    let report = import(Some(&store), &files, worker);
    assert_eq!((report.objects, report.files.len()), (0, names.len()), "{}", report.json());
    for name in names {
        let file = report.files.iter().find(|file| file.file.ends_with(name)).unwrap();
        let error = file.error.clone().unwrap_or_default();
        let why = error.contains("broke down on this file") || error.contains("took over 0.5 s");
        assert!(why && error.contains(name), "{name}: {error}");
    }
    let good = written(&files, "z.city.jsonl", blocks(3, 10));
    assert_eq!(import(Some(&store), &good, built(Limits::default())).objects, 3);
    assert_eq!(only(&store).len(), 3);
}

/// A GeoJSON of one area with `count` corners.
fn corners(count: usize) -> String {
    let ring: Vec<String> = (0..count)
        .map(|i| (i % (count - 1)) as f64 / count as f64 * std::f64::consts::TAU)
        .map(|at| format!("[{:.7},{:.7}]", 118.78 + at.sin() / 99.0, 32.04 + at.cos() / 99.0))
        .collect();
    format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","id":"x","properties":{{}},"geometry":{{"type":"Polygon","coordinates":[[{}]]}}}}]}}"#,
        ring.join(",")
    )
}

/// A raster of 64 MiB of heights in one strip, which takes a few kilobytes.
fn swelling() -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out).unwrap().with_compression(Compression::Deflate(DeflateLevel::Fast));
    let mut image = encoder.new_image::<colortype::Gray32Float>(4096, 4096).unwrap();
    image.rows_per_strip(4096).unwrap();
    let tags = image.encoder();
    tags.write_tag(Tag::ModelPixelScaleTag, &[1.0, 1.0, 0.0][..]).unwrap();
    tags.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, 465_000.0, 5_247_000.0, 0.0][..]).unwrap();
    let keys: &[u16] = &[1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32632];
    tags.write_tag(Tag::GeoKeyDirectoryTag, keys).unwrap();
    image.write_data(&vec![7.0; 4096 * 4096]).unwrap();
    out.into_inner()
}

fn post(server: &Server, key: &str, name: &str, body: &[u8]) -> (u16, Value) {
    let url = format!("{}/imports?name={name}&height-offset=0", server.base);
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.post(url).header("X-API-Key", key).send(body).unwrap();
    (answer.status().as_u16(), serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap())
}

#[test]
fn a_server_refuses_by_name_what_takes_too_long_or_too_much_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (store, config) = (dir.path().join("store"), dir.path().join("cimbra.toml"));
    let integrator = key(&store, "integrator");
    let with = |limits: &str| {
        std::fs::write(&config, format!("[limits]\n{limits}\n")).unwrap();
        Server::start(&store, &["--config", config.to_str().unwrap()])
    };
    let table = |rows: usize| -> String {
        let row = |i: usize| format!("pole-{i},118.78,{:.7}\n", 32.04 + (i % 1000) as f64 / 1e6);
        std::iter::once("id,lon,lat\n".to_owned()).chain((0..rows).map(row)).collect()
    };
    let small = [
        ("a.city.jsonl", blocks(2, 10).into_bytes()),
        ("b.geojson", corners(5).into_bytes()),
        ("c.csv", table(3).into_bytes()),
        ("d.tif", tiff(&placed())),
        ("e.las", las(3, true, 50)),
    ];
    let refused = |server: &Server, name: &str, bytes: &[u8], why: &str| {
        let (status, problem) = post(server, &integrator, name, bytes);
        let file = &problem["report"]["files"][0];
        let error = file["error"].as_str().unwrap_or_default();
        assert!(status == 400 && error.contains(why) && error.contains(name), "{name}: {status} {problem:#}");
        assert!(!problem.to_string().contains(&*store.to_string_lossy()), "no path of the server: {problem}");
        assert_eq!((file["file"].as_str(), server.get("/health/live").0), (Some(name), 200));
    };
    let server = with("read_seconds = 0");
    small.iter().for_each(|(name, bytes)| refused(&server, name, bytes, "took over 0 s"));
    server.kill();
    let server = with("import_seconds = 0");
    small.iter().for_each(|(name, bytes)| refused(&server, name, bytes, "with all that is made of it"));
    server.kill();
    let server = with("read_memory_bytes = 16777216");
    let document = format!(
        r#"{{"type":"CityJSON","version":"2.0","transform":{{"scale":[1,1,1],"translate":[0,0,0]}},"CityObjects":{{}},"vertices":[{}[1,2,3]]}}"#,
        "[1,2,3],".repeat(3_000_000)
    );
    for (name, bytes) in [
        ("a.city.json", document.into_bytes()),
        ("b.geojson", corners(800_000).into_bytes()),
        ("c.csv", table(400_000).into_bytes()),
        ("d.tif", swelling()),
    ] {
        refused(&server, name, &bytes, "over 16 MiB of memory");
    }
    // Nested beyond what is read, each is refused by its reader and nothing overflows.
    for name in ["deep.city.json", "deep.geojson", "deep.gltf"] {
        let deep = format!(r#"{{"type":"CityJSON","asset":{{"version":"2.0"}},"features":{}"#, "[".repeat(1_000_000));
        let (status, problem) = post(&server, &integrator, name, deep.as_bytes());
        assert_eq!((status, server.get("/health/live").0), (400, 200), "{name}: {problem:#}");
    }
    server.kill();
    let server = Server::start(&store, &[]);
    for (name, bytes) in &small[1..3] {
        assert_eq!(post(&server, &integrator, name, bytes).0, 201, "{name}");
    }
    assert_eq!(server.get("/collections/assets/items").1["numberMatched"], json!(4));
}

#[test]
fn a_server_outlives_a_worker_that_is_killed_while_it_reads_a_city() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let integrator = key(&store, "integrator");
    let server = Server::start(&store, &[]);
    let many = blocks(20_000, 10);
    let (status, problem) = std::thread::scope(|scope| {
        let posted = scope.spawn(|| post(&server, &integrator, "many.city.jsonl", many.as_bytes()));
        // The survey's and the import's own: whichever is met.
        kill(worker_of(server.id()));
        posted.join().unwrap()
    });
    assert!(status == 400 && problem.to_string().contains("it ended by signal 9"), "{status} {problem:#}");
    assert_eq!(server.get("/collections/assets/items").1["numberMatched"], json!(0), "nothing of it is kept");
    assert_eq!(post(&server, &integrator, "few.city.jsonl", blocks(3, 10).as_bytes()).0, 201);
    let begun = Instant::now();
    wait_for("no worker", || std::fs::read_dir(store.join("uploads")).is_ok_and(|d| d.count() == 0).then_some(()));
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn real_files_of_every_kind_cross_whole() {
    let Some(shared) = shared() else { return };
    for file in [
        "cityjson/3dbag_99.city.jsonl",
        "cityjson/zurich_subset_lod2.city.json",
        "cityjson/delft.city.json",
        "geojson/3dbag_footprints.geojson",
        "gltf/MetadataGranularities/tree-spruce-0-3.glb",
        "sensing/occupancy_6005.csv",
    ] {
        let file = shared.join("data").join(file);
        let (here, there) = (read(&file, None), read(&file, Some(built(Limits::default()))));
        assert!(here == there, "{}", file.display());
        assert!(here.is_err() || here.unwrap().len() > 1, "{}", file.display());
    }
}

/// While a server's worker reads, others change the same site.
#[test]
fn a_site_is_written_to_while_a_worker_reads_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let lamps = |count: u32, name: &str| {
        let rows = (0..count).map(|i| format!("{name}{i},lamp_pole,118.78,{},5\n", 32.04 + f64::from(i) * 1e-6));
        written(dir.path(), &format!("{name}.csv"), format!("id,class,lon,lat,h\n{}", rows.collect::<String>()))
    };
    let store = Store::open(&at("store")).unwrap();
    let few = import(Some(&store), &lamps(3, "few"), built(Limits::default()));
    assert_eq!(few.objects, 3, "{}", few.summary());
    // Reads, says all but the last word, and waits.
    let (real, here) = (env!("CARGO_BIN_EXE_cimbra"), dir.path().display());
    let lines = [
        "#!/bin/sh",
        &format!("'{real}' \"$@\" > {here}/words"),
        &format!("head -c -5 {here}/words"),
        &format!("touch {here}/said"),
        &format!("while [ ! -e {here}/go ]; do sleep 0.02; done"),
        &format!("tail -c 5 {here}/words"),
    ];
    let program = written(dir.path(), "worker.sh", lines.join("\n"));
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let many = lamps(5000, "many");
    let worker = Worker { program, ..built(Limits::default()) };
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| import(Some(&store), &many, worker));
        wait_for("the words", || at("said").exists().then_some(()));
        // What is said is taken within this, where it is taken at once.
        std::thread::sleep(Duration::from_secs(1));
        let site = store.sites()[0].clone();
        scope.spawn(move || {
            let describe = |entry: &mut cimbra::store::Entry| entry.owner = Some("the district".into());
            tell.send(site.describe(&DatasetName::new("few").unwrap(), describe, cimbra::units::Instant(9))).unwrap();
        });
        let edited = told.recv_timeout(Duration::from_secs(10));
        let unfinished = !reading.is_finished();
        written(dir.path(), "go", "");
        let report = reading.join().unwrap();
        assert!(edited.is_ok_and(|done| done.is_ok()) && unfinished, "the edit waits for the reader");
        assert_eq!((report.objects, only(&store).len()), (5000, 5003), "{}", report.summary());
    });
    assert_eq!(only(&store).catalogue().next().unwrap().entry.owner.as_deref(), Some("the district"));
}
