//! A whole city in one CityJSONSeq: imported, indexed and durable, baked as a tileset beside tyler, and served from a cold start.

use super::figure;
use super::fresh;
use crate::support::{Server, cimbra, shared};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Buildings of the original.
const BUILDINGS: f64 = 1115.0;

/// Delft ten and a hundred times, made by the script beside the data.
pub fn run() {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut peaks = Vec::new();
    for times in [10, 100] {
        let file = replicated(&shared, times, dir.path());
        let megabytes = std::fs::metadata(&file).unwrap().len() / 1_000_000;
        let store = dir.path().join(format!("store-{times}"));
        let (seconds, peak) =
            watched(cimbra(&["import", "--json", "--height-offset", "43", "--store"]).arg(&store).arg(&file));
        let over = format!("Delft x{times}, {megabytes} MB, durable");
        figure("CityJSONSeq: import, wall", &format!("{seconds:.1} s"), &over);
        figure("CityJSONSeq: buildings a second", &format!("{:.0}", BUILDINGS * f64::from(times) / seconds), &over);
        figure("CityJSONSeq: peak memory", &format!("{peak:.0} MiB"), &over);
        peaks.push(peak);
        let folder = dir.path().join(format!("baked-{times}"));
        let mut bake = cimbra(&["bake", "--precompress", "none", "--store"]);
        let (baked, most) = watched(bake.arg(&store).arg(&folder));
        figure("bake a tileset from the store, wall", &format!("{baked:.1} s"), &over);
        figure("bake: peak memory", &format!("{most:.0} MiB"), &over);
        let ours = seconds + baked;
        figure(
            "from the file to a whole tileset, wall",
            &format!("{ours:.1} s"),
            "the import and the bake, one after the other",
        );
        tyler(&file, &dir.path().join(format!("tyler-{times}")), ours);
        if times == 100 {
            cold(&store);
            fresh::run(&store);
        }
    }
    figure("CityJSONSeq: peak memory, x100 to x10", &format!("{:.2}", peaks[1] / peaks[0]), "the goal is 1.5");
}

/// Delft so many times, in `dir`.
pub(super) fn replicated(shared: &Path, times: u32, dir: &Path) -> PathBuf {
    let file = dir.join(format!("delft-{times}.city.jsonl"));
    let mut script = Command::new("python3");
    script.arg(shared.join("tools/replicate_cityjsonseq.py")).arg(shared.join("data/cityjson/delft.city.jsonl"));
    assert!(script.arg(times.to_string()).arg(&file).stdout(Stdio::null()).status().unwrap().success());
    file
}

/// The peer, where it is installed (`cargo install tyler`); it takes a folder with the file in it.
fn tyler(file: &Path, out: &Path, ours: f64) {
    let program = std::env::var_os("TYLER").unwrap_or_else(|| "tyler".into());
    if Command::new(&program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        return figure("tyler 0.4.1, wall", "not measured", "install it, or say where it is with TYLER");
    }
    let folder = out.with_extension("in");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::hard_link(file, folder.join(file.file_name().unwrap())).unwrap();
    let kinds = ["--object-type", "Building", "--object-type", "BuildingPart", "--output"];
    let (seconds, peak) = watched(Command::new(program).args(kinds).arg(out).arg(&folder));
    figure("tyler 0.4.1, wall", &format!("{seconds:.1} s"), "the same file, buildings and their parts, leaves only");
    figure("tyler 0.4.1, peak memory", &format!("{peak:.0} MiB"), "the same");
    figure("tyler's time to ours", &format!("{:.1}", seconds / ours), "the goal is 5");
}

/// From the start of a server over the store to its first tile.
fn cold(store: &Path) {
    let begun = Instant::now();
    let server = Server::start(store, &[]);
    let map = server.get("/3dtiles/tileset.json").1;
    let site = map["root"]["children"][0]["content"]["uri"].as_str().unwrap().to_owned();
    let tileset = server.get(&format!("/3dtiles/{site}")).1;
    let tile = tileset["root"]["content"]["uri"].as_str().unwrap();
    let (status, _, bytes) = server.get_bytes(&format!("/3dtiles/{}/{tile}", site.split('/').next().unwrap()), &[]);
    assert!(status == 200 && bytes.len() > 10_000);
    let took = format!("{:.2} s", begun.elapsed().as_secs_f64());
    figure("cold start to the first tile", &took, "Delft x100; map, tileset and root tile over HTTP; the goal is 1 s");
}

/// Seconds of a command, process and all, and the most memory it held, MiB.
fn watched(command: &mut Command) -> (f64, f64) {
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut peak = 0.0_f64;
    let status = loop {
        if let Ok(text) = std::fs::read_to_string(format!("/proc/{}/status", child.id())) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
            peak = peak.max(kib.unwrap_or(0.0) / 1024.0);
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "{command:?} failed");
    (begun.elapsed().as_secs_f64(), peak)
}
