//! IFC beside IfcOpenShell, file by file in one run: the same shapes, and what they cost.
//!
//! Theirs: one thread, openings cut, world coordinates; the time of opening and of the iterator's own work, not of Python's
//! start. Ours: the whole process that reads the file, relations and sets too.

use super::figure;
use crate::support::ifc::{Cost, Shaped, agreement, moved, oracle};
use crate::support::shared;
use cimbra::formats::ifc::Ifc;
use cimbra::formats::{Placement, ReadOptions, Reader, SourceFrame, SourceItem};
use cimbra::geom::Shape;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The first argument of the process that only reads an IFC file; the second is the file.
pub const ALONE: &str = "ifc-alone";

#[derive(Serialize, Deserialize)]
struct Told {
    shapes: BTreeMap<String, Shaped>,
    by_site: bool,
    cost: Cost,
}

/// Reads the file and prints what came and what it took; what came is measured in a second reading, which does not count.
pub fn tell(file: &Path) {
    Ifc.read(file, &ReadOptions::default(), &mut |_| Ok(())).unwrap();
    let cost = Cost { cpu: cpu(), peak: peak() };
    let (mut shapes, mut by_site) = (BTreeMap::new(), false);
    let each = &mut |item| {
        match item {
            SourceItem::Frame(frame) => by_site = matches!(frame.placement, Some(Placement::Geographic { .. })),
            SourceItem::Object(object) => {
                if let Shape::Mesh(mesh) = &object.shape {
                    shapes.insert(object.id.to_string(), crate::support::ifc::shaped(mesh));
                }
            }
            _ => {}
        }
        Ok(())
    };
    Ifc.read(file, &ReadOptions::default(), each).unwrap();
    println!("{}", serde_json::to_string(&Told { shapes, by_site, cost }).unwrap());
}

/// Processor time of this process, user and system, seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    // Fields 14 and 15 of proc(5), in hundredths of a second on every Linux.
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// The most memory that this process has held, MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

/// Every file of `data/ifc`, both ways.
pub fn run() {
    let Some(shared) = shared() else { return };
    let mut files: Vec<_> = std::fs::read_dir(shared.join("data/ifc")).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "ifc"));
    files.sort();
    let (mut closed, mut alike, mut spent, mut theirs) = (0, 0, 0.0, 0.0);
    for file in files {
        let out = Command::new(std::env::current_exe().unwrap()).arg(ALONE).arg(&file).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let told: Told = serde_json::from_slice(&out.stdout).unwrap();
        let oracle = oracle(&file, true);
        let placement = told.by_site.then(|| Placement::Geographic {
            origin: cimbra::units::Geodetic::default(),
            true_north: 0.0,
            accuracy: 0.0,
        });
        let ground = moved(&SourceFrame { crs: None, placement, assumed: false }, &oracle);
        let found = agreement(&told.shapes, &oracle, ground);
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let missing = found.missing.len();
        figure(
            "IFC: shapes here / there / missing",
            &format!("{} / {} / {missing}", told.shapes.len(), found.theirs),
            &name,
        );
        figure(
            "IFC: boxes within 1 cm",
            &format!("{} of {}", found.theirs - missing - found.boxes.len(), found.theirs),
            &name,
        );
        let (same, of) = (found.closed - found.volumes.len(), found.closed);
        figure("IFC: volumes of closed elements within 1 %", &format!("{same} of {of}"), &name);
        figure("IFC: closed here / there", &format!("{} / {}", found.closed_here, found.closed_there), &name);
        let Cost { cpu, peak } = told.cost;
        figure("IFC: processor time here / there", &format!("{cpu:.2} / {:.2} s", oracle.cost.cpu), &name);
        figure("IFC: peak memory here / there", &format!("{peak:.0} / {:.0} MiB", oracle.cost.peak), &name);
        for line in found.missing.iter().chain(&found.boxes).chain(&found.volumes) {
            eprintln!("  {line}");
        }
        eprintln!("  closed there and open here: {:?}", found.opened);
        (closed, alike, spent, theirs) = (closed + of, alike + same, spent + cpu, theirs + oracle.cost.cpu);
    }
    #[expect(clippy::cast_precision_loss, reason = "a share of some thousands")]
    let share = 100.0 * alike as f64 / f64::max(closed as f64, 1.0);
    figure(
        "IFC: volumes of closed elements within 1 %, all files",
        &format!("{share:.1} %"),
        &format!("{alike} of {closed}"),
    );
    figure(
        "IFC: processor time, part of IfcOpenShell's",
        &format!("{:.3}", spent / theirs),
        &format!("{spent:.1} of {theirs:.1} s"),
    );
}
