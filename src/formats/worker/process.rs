//! A worker as a process: its pipes, the time that it is waited for, and how it ended.

use crate::fault::{Fault, Kind, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io::{self, Read};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Bytes kept of what the worker says on stderr, the last ones.
const SAID: usize = 4096;
/// How long a worker that has closed its stream may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(2);

/// A worker at work; dropped, it is ended.
pub(super) struct Running {
    child: Child,
    /// Closed when this process ends, however it ends: the worker's sign to end too.
    _stdin: ChildStdin,
    out: ChildStdout,
    err: Option<ChildStderr>,
    /// The last of what it has said on stderr.
    pub said: Vec<u8>,
    /// How long it may still be waited for. Time that the sink takes is not the worker's and does not count.
    left: Duration,
    /// Bytes that may still come.
    pub room: u64,
}

impl Running {
    /// Starts `command`, which may be waited for as long as `left` and say as much as `room`.
    ///
    /// # Errors
    /// [`Kind::Unavailable`].
    pub fn start(mut command: Command, left: Duration, room: u64) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let missing = |why: String| Fault::new(Kind::Unavailable, format!("the process that reads files {why}"));
        let mut child = command.spawn().map_err(|e| missing(format!("does not start: {e}")))?;
        match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (Some(stdin), Some(out), Some(err)) => {
                Ok(Self { child, _stdin: stdin, out, err: Some(err), said: Vec::new(), left, room })
            }
            _ => Err(missing("has no pipes".into())),
        }
    }

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
    pub fn end(&mut self) -> Option<ExitStatus> {
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
            tracing::warn!("the process that reads files said: {}", String::from_utf8_lossy(&self.said).trim_end());
        }
    }
}
