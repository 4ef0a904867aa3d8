//! The IFC reader in a process of its own: what never ends, swells or breaks down in there is ended from here.

use super::wire::{self, Word};
use super::{Limits, read_here};
use crate::fault::{Fault, Kind, Result};
use crate::formats::Sink;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Bytes kept of what the worker says on stderr, the last ones.
const SAID: usize = 4096;
/// How long a worker that has closed its stream may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(2);
/// What Rust's runtime says, there and nowhere else, before it ends a process whose allocation was refused.
const OUT_OF_MEMORY: &str = "memory allocation of";

/// A program that reads IFC files for this process, and what one file may cost it.
#[derive(Debug, Clone, PartialEq)]
pub struct Worker {
    /// The program: it is called as `PROGRAM read-ifc` with the limits and the file, keeps the limit of memory itself, ends
    /// when its stdin does, and writes what [`serve`] writes.
    pub program: PathBuf,
    /// What one file may cost.
    pub limits: Limits,
}

/// The worker's side: reads `file` in this process and writes to `out` all that comes of it, a fault included.
///
/// # Errors
/// [`Kind::Io`] when the other end is gone.
pub fn serve(file: &Path, limits: &Limits, out: &mut dyn Write) -> Result<()> {
    let mut out = BufWriter::new(out);
    let read = read_here(file, limits, &mut |item| wire::write(&Word::Item(item), &mut out));
    wire::write(&read.map_or_else(Word::Failed, |()| Word::Done), &mut out)?;
    out.flush().map_err(|e| Fault::io("writing to the process that asked", &e))
}

impl Worker {
    /// Reads `file` in a process that does not outlive this call.
    ///
    /// # Errors
    /// The reader's own, the sink's, [`Kind::TooLarge`] when the time or the memory is used up, [`Kind::BadInput`] when the
    /// process broke down, and [`Kind::Unavailable`] when it cannot be started.
    pub(super) fn read(&self, file: &Path, sink: &mut Sink) -> Result<()> {
        let about = |fault: Fault| fault.about(file.display().to_string());
        let mut words = BufReader::with_capacity(1 << 16, self.start(file).map_err(about)?);
        loop {
            match wire::read(&mut words) {
                Ok(Word::Item(item)) => sink(item)?,
                Ok(Word::Done) => return Ok(()),
                Ok(Word::Failed(fault)) => return Err(about(fault)),
                Err(error) => return Err(about(self.ended(words.into_inner(), &error))),
            }
        }
    }

    fn start(&self, file: &Path) -> Result<Running> {
        let Limits { bytes, time, memory, vertices, attributes } = &self.limits;
        let mut command = Command::new(&self.program);
        command.arg0("cimbra").arg("read-ifc");
        command.arg(format!("--bytes={bytes}")).arg(format!("--seconds={}", time.as_secs_f64()));
        command.arg(format!("--memory={memory}")).arg(format!("--vertices={vertices}"));
        command.arg(format!("--attributes={attributes}")).arg("--").arg(file);
        // A backtrace would push the runtime's one telling line out of what is kept.
        command.env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let missing = |why: String| Fault::new(Kind::Unavailable, format!("the process that reads IFC files {why}"));
        let mut child = command.spawn().map_err(|e| missing(format!("does not start: {e}")))?;
        match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (Some(stdin), Some(out), Some(err)) => {
                Ok(Running { child, _stdin: stdin, out, err: Some(err), said: Vec::new(), left: *time, room: *memory })
            }
            _ => Err(missing("has no pipes".into())),
        }
    }

    /// Why the stream ended before its last word.
    fn ended(&self, mut running: Running, error: &io::Error) -> Fault {
        let in_parts = "export the model in parts, such as one file a building";
        if error.kind() == io::ErrorKind::TimedOut {
            let seconds = self.limits.time.as_secs_f64();
            return Fault::new(Kind::TooLarge, format!("took over {seconds} s, the limit")).remedy(in_parts);
        }
        // One that talks nonsense may go on for ever; only an end of its stream may be its own end.
        let status = (error.kind() == io::ErrorKind::UnexpectedEof).then(|| running.end()).flatten();
        let said = String::from_utf8_lossy(&running.said).into_owned();
        let signal = status.and_then(|s| s.signal());
        if said.contains(OUT_OF_MEMORY) || error.kind() == io::ErrorKind::OutOfMemory {
            let mib = self.limits.memory >> 20;
            return Fault::new(Kind::TooLarge, format!("needs over {mib} MiB of memory, the limit")).remedy(in_parts);
        }
        let how = match (error.kind(), signal, status.and_then(|s| s.code())) {
            (io::ErrorKind::InvalidData, ..) => ": what it wrote is none of its words".into(),
            (_, Some(signal), _) => format!(": it ended by signal {signal}"),
            (_, _, Some(code)) => format!(": it ended early with status {code}"),
            _ => String::new(),
        };
        Fault::bad_input(format!("the IFC engine broke down on this file{how}"))
            .remedy("export it again, or in parts, to find the element that does it")
    }
}

/// A worker at work; dropped, it is ended.
struct Running {
    child: Child,
    /// Closed when this process ends, however it ends: the worker's sign to end too.
    _stdin: ChildStdin,
    out: ChildStdout,
    err: Option<ChildStderr>,
    said: Vec<u8>,
    /// How long it may still be waited for. Time that the sink takes is not the worker's and does not count.
    left: Duration,
    /// Bytes that may still come: what a worker has to say fits its memory.
    room: u64,
}

impl Running {
    /// Waits for something on stderr, which is heard, or on stdout, when that is `wanted`; tells whether stdout has something.
    ///
    /// # Errors
    /// `TimedOut` when there is no time left.
    fn wait(&mut self, wanted: bool) -> io::Result<bool> {
        let began = Instant::now();
        let mut streams: Vec<PollFd> = Vec::new();
        streams.extend(wanted.then(|| PollFd::new(&self.out, PollFlags::IN)));
        streams.extend(self.err.as_ref().map(|err| PollFd::new(err, PollFlags::IN)));
        // A time beyond the system's own count has no end.
        let found = poll(&mut streams, Timespec::try_from(self.left).ok().as_ref());
        let has = |i: usize| streams.get(i).is_some_and(|s| !s.revents().is_empty());
        let (out, err) = (wanted && has(0), has(usize::from(wanted)));
        drop(streams);
        if err {
            self.hear();
        }
        self.left = self.left.saturating_sub(began.elapsed());
        match found {
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
            Ok(_) if !out && self.left.is_zero() => Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => Ok(out),
        }
    }

    /// Takes what is on stderr, whose end may be all there is.
    fn hear(&mut self) {
        let mut bytes = [0; SAID];
        let count = self.err.as_mut().and_then(|err| err.read(&mut bytes).ok()).unwrap_or(0);
        match bytes.get(..count) {
            Some(said) if count > 0 => self.said.extend_from_slice(said),
            _ => self.err = None,
        }
        self.said.drain(..self.said.len().saturating_sub(SAID));
    }

    /// Gives it a while to end by itself, ends it otherwise, and tells how it ended.
    fn end(&mut self) -> Option<ExitStatus> {
        self.left = PATIENCE;
        // Its end closes its stderr.
        while self.err.is_some() && self.wait(false).is_ok() {}
        // One that has ended already keeps its own status.
        _ = self.child.kill();
        self.child.wait().ok()
    }
}

impl Read for Running {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        while !self.wait(true)? {}
        let count = (&mut self.out).take(self.room).read(into)?;
        self.room -= count as u64;
        Ok(count)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
        if !self.said.is_empty() {
            tracing::warn!("the process that reads IFC files said: {}", String::from_utf8_lossy(&self.said).trim_end());
        }
    }
}
