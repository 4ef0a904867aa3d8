//! A whole city in one CityJSONSeq: imported, indexed and durable, and how much memory ten times the file needs.

use super::figure;
use crate::support::{cimbra, shared};
use std::path::Path;
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
        let file = dir.path().join(format!("delft-{times}.city.jsonl"));
        let made = Command::new("python3")
            .arg(shared.join("tools/replicate_cityjsonseq.py"))
            .arg(shared.join("data/cityjson/delft.city.jsonl"))
            .arg(times.to_string())
            .arg(&file)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
        let megabytes = std::fs::metadata(&file).unwrap().len() / 1_000_000;
        let (seconds, peak) = import(&file, &dir.path().join(format!("store-{times}")));
        let over = format!("Delft x{times}, {megabytes} MB, durable");
        figure("CityJSONSeq: import, wall", &format!("{seconds:.1} s"), &over);
        figure("CityJSONSeq: buildings a second", &format!("{:.0}", BUILDINGS * f64::from(times) / seconds), &over);
        figure("CityJSONSeq: peak memory", &format!("{peak:.0} MiB"), &over);
        peaks.push(peak);
    }
    figure("CityJSONSeq: peak memory, x100 to x10", &format!("{:.2}", peaks[1] / peaks[0]), "the goal is 1.5");
}

/// Seconds of the import, process and all, and the most memory it held, MiB.
fn import(file: &Path, store: &Path) -> (f64, f64) {
    let begun = Instant::now();
    let mut command = cimbra(&["import", "--json", "--height-offset", "43", "--store"]);
    let mut child = command.arg(store).arg(file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
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
    assert!(status.success(), "the import of {} failed", file.display());
    (begun.elapsed().as_secs_f64(), peak)
}
