//! Fuzz targets on stable Rust: seeds mutated by a seeded generator and read for `CIMBRA_FUZZ_SECONDS` (3) each.
//!
//! Every target runs in a process of its own with 3 GiB of address space and a deadline, so that an abort, a stack
//! overflow, a hang or an allocation without bounds is a failure with the guilty file kept, not the end of the test run.

mod checker;
mod cityjson;
mod geojson;
mod ifc;
mod model;
mod mutate;
mod points;
mod raster;
mod table;
mod tileset;
mod vector;

use crate::support::shared;
use cimbra::formats::{Limits, Media, READERS, ReadOptions, Reader, SourceItem, Worker, reader_of};
use cimbra::geom::{Shape, closure, faces_to_mesh, triangulate};
use mutate::Mutator;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One target: a reader, what it is fed, and the words that its format knows.
pub struct Target {
    /// The test's own path, `fuzz::name::…`, by which the child runs it again.
    pub test: &'static str,
    /// The reader's name in [`READERS`].
    pub reader: &'static str,
    /// The ending of the case files.
    pub ending: &'static str,
    /// Sound files to begin with.
    pub seeds: Vec<Vec<u8>>,
    /// Words to strew in.
    pub words: &'static [&'static str],
}

/// Longer than any case of at most a few hundred kilobytes may take.
const SLOWEST_CASE: Duration = Duration::from_secs(25);
/// Mutated cases that a worker reads too.
const CROSSING: u32 = 8;
/// Mutated cases at least, however long they take.
const FEWEST: u32 = 40;

fn seconds() -> u64 {
    std::env::var("CIMBRA_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(3)
}

/// The bytes of a real file, if the shared data is there.
pub fn real(path: &str) -> Option<Vec<u8>> {
    std::fs::read(shared()?.join("data").join(path)).ok()
}

impl Target {
    /// Runs the target in a child process, or, in that child, the cases themselves.
    pub fn run(self) {
        match std::env::var_os("CIMBRA_FUZZ_CASE") {
            Some(case) => self.cases(Path::new(&case)),
            None => self.supervise(),
        }
    }
    fn supervise(&self) {
        let folder = std::env::temp_dir().join(format!("cimbra-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let case: PathBuf = folder.join(format!("{}.{}", self.test.replace("::", "-"), self.ending));
        let mut child = Command::new("sh")
            .args(["-c", "ulimit -v 3145728; exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", self.test, "--nocapture", "--test-threads=1"])
            .env("CIMBRA_FUZZ_CASE", &case)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(seconds() + 30);
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if Instant::now() > deadline {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        assert!(
            status.is_some_and(|s| s.success()),
            "{} fails ({status:?}) on the file kept at {}",
            self.reader,
            case.display()
        );
        std::fs::remove_file(&case).unwrap();
    }
    fn cases(self, case: &Path) {
        let reader = READERS.iter().find(|r| r.name() == self.reader).copied();
        // What is no reader of objects has a way of its own.
        let own = match self.reader {
            "GeoTIFF" => raster::drive,
            "checker" => checker::drive,
            "LAS" => points::drive,
            _ => tileset::drive,
        };
        let drive = |case: &Path| reader.map_or_else(|| own(case), |reader| drive(reader, case));
        for seed in &self.seeds {
            std::fs::write(case, seed).unwrap();
            assert!(reader.is_none_or(|reader| reader.sniff(seed)), "a seed is not taken for {}", self.reader);
            assert!(drive(case) > 0, "a seed must give objects, else nothing is tested");
            crosses(reader, case);
        }
        let (end, mut count, mut taken) = (Instant::now() + Duration::from_secs(seconds()), 0_u32, 0_usize);
        let mut mutator = Mutator::new(self.seeds, self.words);
        // A busy machine reads few files in that time, and few say little.
        while Instant::now() < end || count < FEWEST {
            let begun = Instant::now();
            std::fs::write(case, mutator.next()).unwrap();
            taken += drive(case);
            if count < CROSSING {
                crosses(reader, case);
            }
            assert!(begun.elapsed() < SLOWEST_CASE, "one case took {:?}", begun.elapsed());
            count += 1;
        }
        eprintln!("{}: {count} cases, {taken} objects", self.reader);
        assert!(count > 20 && taken > 0, "{count} cases gave {taken} objects: the mutations reach nothing");
    }
}

/// Holds what a worker says of the case against what is read here.
fn crosses(reader: Option<&dyn Reader>, case: &Path) {
    let Some(reader) = reader.filter(|reader| reader_of(case).is_ok_and(|found| found.name() == reader.name())) else {
        return;
    };
    let worker = Worker { program: env!("CARGO_BIN_EXE_cimbra").into(), limits: Limits::default(), every: true };
    let options = ReadOptions::default();
    let (mut here, mut there) = (Vec::new(), Vec::new());
    let kept = |all: &mut Vec<String>, item: SourceItem| {
        all.push(format!("{item:?}"));
        Ok(())
    };
    let ends = [
        reader.read(case, &options, &mut |item| kept(&mut here, item)),
        worker.read(case, &options, &mut |item| kept(&mut there, item)),
    ];
    assert_eq!(ends[0], ends[1]);
    let differs = here.iter().zip(&there).find(|(here, there)| here != there);
    assert!(here.len() == there.len() && differs.is_none(), "{} and {}: {differs:?}", here.len(), there.len());
}

/// Reads one case and does with its objects what intake would; gives how many there were.
fn drive(reader: &dyn Reader, case: &Path) -> usize {
    let (mut objects, mut frames) = (0, 0);
    let read = reader.read(case, &ReadOptions::default(), &mut |item| {
        match item {
            SourceItem::Frame(_) => {
                frames += 1;
                assert!(frames == 1 && objects == 0, "one frame, before all objects");
            }
            SourceItem::Object(object) => {
                objects += 1;
                assert!(frames == 1 && !object.id.is_empty(), "{object:?}");
                assert!(object.id.len() <= 512, "an id without bounds");
                match &object.shape {
                    Shape::Faces { faces, .. } => {
                        let mesh = faces_to_mesh(faces);
                        assert!(mesh.holds());
                        let _ = closure(faces, 1e-3);
                    }
                    Shape::Areas(areas) => areas.iter().for_each(|a| drop(triangulate(a))),
                    other => drop(other.bounds()),
                }
            }
            SourceItem::Refused { object, reason } => assert!(!object.is_empty() && !reason.is_empty()),
            SourceItem::Picture(bytes) => assert!(Media::of(&bytes).is_some(), "what is no picture"),
            SourceItem::Note(_) => {}
        }
        Ok(())
    });
    if let Err(fault) = read {
        let said = fault.to_string();
        assert!(said.len() < 4000, "a fault quotes its input without bounds: {} bytes", said.len());
    }
    objects
}
