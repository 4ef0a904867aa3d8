//! What readings cost in process: durable, judged, told.

use super::{figure, memory, spread, times};
use cimbra::geom::Bounds;
use cimbra::live::rules::judge;
use cimbra::model::{Asset, Class, DatasetName, Geometry, Observation, SiteCode, Value};
use cimbra::store::{Dataset, Store};
use cimbra::units::{Geodetic, Instant};
use std::path::Path;

const DEVICES: usize = 16_000;
const STREAMS: u64 = 2 * DEVICES as u64;

/// A community's devices, two datastreams each.
fn devices(dir: &Path) -> Store {
    let store = Store::open(dir).unwrap();
    let code = SiteCode::new("320106003001").unwrap();
    let site = store.create_site(&code, Geodetic::new(118.78, 32.04, 10.0), Instant(0)).unwrap();
    let name = DatasetName::from_stem("devices");
    let (title, crs) = ("devices".to_owned(), "EPSG:4979".to_owned());
    let mut draft = site
        .draft(Dataset {
            name,
            title,
            crs,
            source: None,
            imported: Instant(0),
            layers: vec![],
            entry: Default::default(),
        })
        .unwrap();
    for i in 0..DEVICES {
        let attributes = vec![("datastreams".to_owned(), Value::Text("smoke:m-1;temperature:Cel".to_owned()))];
        let asset = Asset {
            id: format!("SD-{i}").into(),
            class: Class::SmokeDetector,
            name: String::new(),
            parent: None,
            storey: None,
            layer: None,
            attributes,
            geometry: Geometry::default(),
            bounds: Bounds::EMPTY,
        };
        draft.put(asset).unwrap();
    }
    draft.commit(Instant(0)).unwrap();
    cimbra::live::install(&store).unwrap();
    store
}

/// `n` readings, the next of every datastream in turn; `from` counts all readings so far.
fn batch(from: &mut u64, n: u64) -> Vec<Observation> {
    let one = |k: u64| {
        let time = Instant((k / STREAMS * 1000) as i64);
        let result = (k % 13) as f64 / 1000.0;
        Observation { datastream: 1 + k % STREAMS, phenomenon_time: time, result_time: time, result }
    };
    let readings = (*from..*from + n).map(one).collect();
    *from += n;
    readings
}

/// Rates by batch, together from several callers, and what opening costs afterwards.
pub fn run() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let store = devices(&path);
    let mut from = 0;
    for (size, rounds) in [(1_000, 400), (50, 1_000), (1, 1_000)] {
        let took = times(rounds, |_| drop(store.append(batch(&mut from, size), judge).unwrap()));
        let seconds: f64 = took.iter().map(std::time::Duration::as_secs_f64).sum();
        let rate = format!("{:.0}", size as f64 * took.len() as f64 / seconds);
        figure("readings a second, durable, one caller", &rate, &format!("batches of {size}"));
        figure("a batch of readings, median / p99", &spread(&took), &format!("batches of {size}"));
    }
    let begun = std::time::Instant::now();
    std::thread::scope(|scope| {
        for caller in 0..16u64 {
            let store = &store;
            scope.spawn(move || {
                for n in 0..200u64 {
                    let time = Instant(1_000_000_000 + (n * 1000) as i64);
                    let one = |k: u64| Observation {
                        datastream: 1 + caller * 50 + k,
                        phenomenon_time: time,
                        result_time: time,
                        result: 0.01,
                    };
                    store.append((0..50).map(one).collect(), judge).unwrap();
                }
            });
        }
    });
    let rate = 16.0 * 200.0 * 50.0 / begun.elapsed().as_secs_f64();
    figure("readings a second, durable, 16 callers", &format!("{rate:.0}"), "batches of 50, shared commits");
    let bytes: u64 = size(&path.join("series"));
    figure("bytes on disk a reading, journal and all", &format!("{}", bytes / store.series().observation_count()), "");
    let over = format!("{STREAMS} datastreams, {} readings", store.series().observation_count());
    drop(store);
    let opened = memory::open_alone(&path);
    figure("open a store with its readings", &format!("{:.2} s", opened.seconds), &over);
    figure("resident for readings", &format!("{:.0} MiB", opened.bytes / 1048576.0), "a process that only opens it");
}

fn size(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries.map(|e| if e.file_type().unwrap().is_dir() { size(&e.path()) } else { blocks(&e.path()) }).sum()
}

/// What a file takes on disk; a journal is longer than what is written of it.
fn blocks(file: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    file.metadata().unwrap().blocks() * 512
}
