//! `cimbra read`: the process that reads one file for another one, within limits that it keeps itself.

use super::Outcome;
use crate::fault::{Fault, Kind, Result};
use crate::formats::ifc::STACK_BYTES;
use crate::formats::{Limits, ReadOptions, reader_of, serve};
use crate::ingest::ImportOptions;
use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};
use std::path::PathBuf;
use std::time::Duration;

/// Steps of priority that a worker gives way to everything else by.
const GIVES_WAY: i32 = 5;

/// Read a file for another process of this program; ends when its stdin does
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long)]
    seconds: f64,
    #[arg(long)]
    memory: u64,
    #[arg(long)]
    bytes: u64,
    #[arg(long)]
    vertices: usize,
    #[arg(long)]
    attributes: usize,
    #[arg(long)]
    class: Option<String>,
    #[arg(long)]
    up: Option<String>,
    #[arg(long = "as")]
    content: Option<String>,
    #[arg(long)]
    map: Option<String>,
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Args {
    /// Reads the file to stdout.
    ///
    /// # Errors
    /// Limits that cannot be set, or a stdout that nobody reads; what is wrong with the file goes to stdout.
    pub fn run(self) -> Result<Outcome> {
        let time = Duration::try_from_secs_f64(self.seconds)
            .map_err(|e| Fault::parameter("--seconds", format!("'{}' is no time: {e}", self.seconds)))?;
        let Self { bytes, memory, vertices, attributes, .. } = self;
        let limits = Limits { time, memory, bytes, vertices, attributes, ..Limits::default() };
        let named = [("class", &self.class), ("up", &self.up), ("as", &self.content), ("map", &self.map)];
        let given = |name: &str| named.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.as_deref());
        let ImportOptions { class, up, content, mapping, .. } = ImportOptions::read(&given)?;
        end_with_the_parent()?;
        let is_ifc = reader_of(&self.file).is_ok_and(|reader| reader.name() == "IFC");
        confine(&limits, if is_ifc { STACK_BYTES } else { 0 })?;
        let options = ReadOptions { class, mapping, up, limits };
        serve(&self.file, &options, content, &mut std::io::stdout().lock())?;
        Ok(Outcome::Done)
    }
}

/// Ends this process when whoever started it has closed its stdin, as its end does, whatever the engine is doing then.
fn end_with_the_parent() -> Result<()> {
    let watch = || {
        _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        std::process::exit(2);
    };
    std::thread::Builder::new().spawn(watch).map(drop).map_err(|e| Fault::io("starting a thread", &e))
}

/// Puts this process under its limits; each of its threads has a stack of `stack` bytes, or one that does not count.
fn confine(limits: &Limits, stack: u64) -> Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    // Stacks are set apart whole and hardly used; counted in, they would eat a small limit on a machine of many cores.
    keep(Resource::Data, limits.memory.saturating_add(threads.saturating_mul(stack)))?;
    // The clock is watched from outside; this ends an engine that runs on although nobody is there to do that.
    keep(Resource::Cpu, limits.time.as_secs().saturating_add(1).saturating_mul(threads))?;
    // A core file would be as large as the memory.
    keep(Resource::Core, 0)?;
    // Where the machine's own memory ends first, this process is the one to go; and it never slows down the server.
    _ = std::fs::write("/proc/self/oom_score_adj", "500");
    _ = nice(GIVES_WAY);
    Ok(())
}

/// Limits `resource` to `most`, or to less where this process may have no more.
fn keep(resource: Resource, most: u64) -> Result<()> {
    let most = Some(getrlimit(resource).maximum.map_or(most, |there| there.min(most)));
    setrlimit(resource, Rlimit { current: most, maximum: most })
        .map_err(|e| Fault::new(Kind::Unavailable, format!("a worker's limit cannot be set: {e}")))
}
