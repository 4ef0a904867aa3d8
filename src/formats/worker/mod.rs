//! Files read in a process of their own: what never ends, swells or breaks down in there is ended from here.
//!
//! [`Worker`] is the side of the process that asks, [`serve`] the side of the one that reads; `wire` is what they say.

mod beside;
mod object;
mod process;
mod tally;
mod wire;

pub(super) use beside::POINT;
pub(super) use wire::Word;

use super::points::{Cloud, is_las};
use super::raster::{Content, GeoTiff, is_tiff};
use super::reader::{head_of, reader_for};
use super::{ReadOptions, Reader, Sink, SourceItem, Up};
use crate::fault::{Fault, Kind, Result};
use process::Running;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tally::Tally;

/// What Rust's runtime says, there and nowhere else, before it ends a process whose allocation was refused.
const OUT_OF_MEMORY: &str = "memory allocation of";
/// What a reader may have to say of each byte of its file, beyond what fits its memory: packed and indexed forms grow.
const GROWTH: u64 = 64;
/// Objects that cannot be taken, and notes, of one file: each is kept in memory for the report.
const REMARKS: usize = 1_000_000;
/// Bytes of a file's words that are laid aside at most; what is over them is taken as it comes.
const ASIDE: u64 = 4 << 30;
/// What helps against every limit.
const IN_PARTS: &str = "export it in parts, such as one file a building or a quarter";

/// What reading one file may cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Time that a worker is waited for. The IFC engine looks at it too, between batches of elements.
    pub time: Duration,
    /// Time until a worker has given the last of the file, what is made of it meanwhile included.
    pub total: Duration,
    /// Bytes of memory, besides the stacks of the threads; kept by a worker only.
    pub memory: u64,
    /// Bytes of an IFC file, which is read whole.
    pub bytes: u64,
    /// Vertices of all shapes of an IFC file together, as the engine gives them.
    pub vertices: usize,
    /// Attributes of one object of an IFC file.
    pub attributes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(900),
            total: Duration::from_secs(7200),
            memory: 8 << 30,
            bytes: 1 << 30,
            vertices: 200_000_000,
            attributes: 10_000,
        }
    }
}

impl Limits {
    /// Whether what began at `begun` may go on.
    ///
    /// # Errors
    /// [`Kind::TooLarge`] when it has had its total time.
    pub fn go_on(&self, begun: Instant) -> Result<()> {
        let seconds = self.total.as_secs_f64();
        let over =
            || Fault::new(Kind::TooLarge, format!("took over {seconds} s with all that is made of it, the limit"));
        if begun.elapsed() > self.total { Err(over().remedy(IN_PARTS)) } else { Ok(()) }
    }
}

/// A program that reads files for this process, and what one file may cost it.
#[derive(Debug, Clone, PartialEq)]
pub struct Worker {
    /// The program: it is called as `PROGRAM read` with the limits, the options and the file, keeps the limit of memory
    /// itself, ends when its stdin does, and writes what [`serve`] writes.
    pub program: PathBuf,
    /// What one file may cost.
    pub limits: Limits,
    /// Whether it reads every file, as a server needs that is not to end with one; otherwise only those that a stranger's
    /// engine reads, which are IFC.
    pub every: bool,
}

/// The worker's side: reads `file` in this process and writes to `out` all that comes of it, a fault included. `content` is
/// what a raster shows, as [`GeoTiff::open`] takes it.
///
/// # Errors
/// [`Kind::Io`] when the other end is gone.
pub fn serve(file: &Path, options: &ReadOptions, content: Option<Content>, out: &mut dyn Write) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    let read = tell(file, options, content, &mut |word| wire::write(&word, &mut out));
    wire::write(&read.map_or_else(Word::Failed, |()| Word::Done), &mut out)?;
    out.flush().map_err(|e| Fault::io("writing to the process that asked", &e))
}

fn tell(
    file: &Path,
    options: &ReadOptions,
    content: Option<Content>,
    say: &mut dyn FnMut(Word) -> Result<()>,
) -> Result<()> {
    let head = head_of(file)?;
    if is_tiff(&head) {
        GeoTiff::open(file, content)?.tell(say)
    } else if is_las(&head) {
        Cloud::open(file)?.tell(say)
    } else {
        reader_for(file, &head)?.read(file, options, &mut |item| say(Word::Item(item)))
    }
}

impl Worker {
    /// Whether it is to read what `reader` reads.
    pub fn reads(&self, reader: &dyn Reader) -> bool {
        self.every || reader.name() == "IFC"
    }

    /// Reads `file` in a process that does not outlive this call, as its reader does within these limits.
    ///
    /// # Errors
    /// The reader's own, the sink's, [`Kind::TooLarge`] when the time or the memory is used up, [`Kind::BadInput`] when the
    /// process broke down, and [`Kind::Unavailable`] when it cannot be started.
    pub fn read(&self, file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
        taken(self.start(file, options, None)?, sink)
    }

    /// As [`Worker::read`], but the sink gets the first item when the process has ended, so that whatever the sink holds isn't held
    /// for as long as reading takes. Until then its words lie in a file in `dir` that has no name, and so goes with this process
    /// however it ends; of a file with over 4 GiB of words the rest is taken as it comes. `heard` is told how many objects lie
    /// there, again and again.
    ///
    /// # Errors
    /// As [`Worker::read`]; [`Kind::Io`] for what the disk says of the words.
    pub fn read_aside(
        &self,
        file: &Path,
        options: &ReadOptions,
        dir: &Path,
        heard: &dyn Fn(usize),
        sink: &mut Sink,
    ) -> Result<()> {
        let mut words = self.start(file, options, None)?;
        words.lay_aside(dir, heard)?;
        taken(words, sink)
    }

    /// Starts to read `file`.
    pub(super) fn start(&self, file: &Path, options: &ReadOptions, content: Option<Content>) -> Result<Words> {
        let Limits { time, memory, bytes, vertices, attributes, .. } = self.limits;
        let mut command = Command::new(&self.program);
        command.arg0("cimbra").arg("read").arg(format!("--seconds={}", time.as_secs_f64()));
        command.arg(format!("--memory={memory}")).arg(format!("--bytes={bytes}"));
        // Room that the allocator holds in reserve counts as memory as well.
        command.env("_RJEM_MALLOC_CONF", "retain:false,narenas:2");
        command.arg(format!("--vertices={vertices}")).arg(format!("--attributes={attributes}"));
        let up = options.up.map(|up| if up == Up::Y { "y" } else { "z" });
        let content = content.map(|content| if content == Content::Heights { "terrain" } else { "imagery" });
        let map = options.mapping.as_ref().map(|mapping| mapping.text());
        let class = options.class.map(|class| class.name());
        for (name, value) in [("class", class), ("up", up), ("as", content), ("map", map)] {
            command.args(value.map(|value| format!("--{name}={value}")));
        }
        command.arg("--").arg(file);
        // What it unpacks goes with it, also when it is killed.
        let unpacked = tempfile::tempdir().map_err(|e| Fault::io("making a folder to unpack into", &e))?;
        command.env("TMPDIR", unpacked.path());
        // A backtrace would push the runtime's one telling line out of what is kept.
        command.env("RUST_BACKTRACE", "0");
        let size = std::fs::metadata(file).map_or(0, |m| m.len());
        let room = memory.saturating_add(size.saturating_mul(GROWTH));
        let about = file.display().to_string();
        let running = Running::start(command, time, room).map_err(|fault| fault.about(&*about))?;
        let stream = BufReader::with_capacity(1 << 16, running);
        Ok(Words { aside: None, stream, limits: self.limits, about, begun: Instant::now(), _unpacked: unpacked })
    }
}

/// Gives all items to the sink, until the last word.
fn taken(mut words: Words, sink: &mut Sink) -> Result<()> {
    let mut remarks = 0;
    loop {
        match words.next()? {
            Word::Item(item) => {
                remarks += usize::from(!matches!(item, SourceItem::Object(_) | SourceItem::Picture(_)));
                if remarks > REMARKS {
                    let many = format!("has over {REMARKS} objects that cannot be taken");
                    return Err(Fault::bad_input(many).about(&*words.about).remedy("look at a part of it first"));
                }
                sink(item)?;
            }
            Word::Done => return Ok(()),
            _ => return Err(words.nonsense()),
        }
    }
}

/// What a worker says, word by word.
pub(super) struct Words {
    /// Those that were laid aside, which come before the stream's.
    aside: Option<BufReader<File>>,
    stream: BufReader<Running>,
    limits: Limits,
    /// The file, for faults.
    about: String,
    begun: Instant,
    /// The process's own folder for temporary files; removed after the process, which comes before it here, has ended.
    _unpacked: tempfile::TempDir,
}

impl Words {
    /// The next word, which is no [`Word::Failed`].
    ///
    /// # Errors
    /// As [`Worker::read`]'s.
    pub fn next(&mut self) -> Result<Word> {
        self.limits.go_on(self.begun).map_err(|fault| fault.about(&*self.about))?;
        let read = match &mut self.aside {
            Some(aside) => wire::read(&mut aside.chain(&mut self.stream)),
            None => wire::read(&mut self.stream),
        };
        match read {
            Ok(Word::Failed(fault)) => Err(fault.about(&*self.about)),
            Ok(word) => Ok(word),
            Err(error) => Err(self.ended(&error).about(&*self.about)),
        }
    }
    /// Waits for the end of all that it says, and lays that into a file in `dir`; tells how many objects are in it.
    fn lay_aside(&mut self, dir: &Path, heard: &dyn Fn(usize)) -> Result<()> {
        let disk = |error: &io::Error| Fault::io("laying aside what a file holds", error);
        let mut file = tempfile::tempfile_in(dir).map_err(|e| disk(&e))?;
        let (mut laid, mut tally) = (0, Tally::default());
        while laid < ASIDE {
            self.limits.go_on(self.begun).map_err(|fault| fault.about(&*self.about))?;
            let count = match self.stream.fill_buf() {
                Ok([]) => break,
                Ok(bytes) => {
                    tally.see(bytes);
                    file.write_all(bytes).map(|()| bytes.len()).map_err(|e| disk(&e))?
                }
                Err(error) => return Err(self.ended(&error).about(&*self.about)),
            };
            self.stream.consume(count);
            laid += count as u64;
            heard(tally.objects);
        }
        file.rewind().map_err(|e| disk(&e))?;
        self.aside = Some(BufReader::with_capacity(1 << 16, file));
        Ok(())
    }
    /// Lets it say `bytes` more and one fault, and no more.
    pub fn expect(&mut self, bytes: u64) {
        self.stream.get_mut().room = bytes.saturating_add(1 << 16);
    }
    /// That the word before is none that could come.
    pub fn nonsense(&mut self) -> Fault {
        self.ended(&io::ErrorKind::InvalidData.into()).about(&*self.about)
    }

    /// Why the stream ended before its last word.
    fn ended(&mut self, error: &io::Error) -> Fault {
        let running = self.stream.get_mut();
        if error.kind() == io::ErrorKind::TimedOut {
            let seconds = self.limits.time.as_secs_f64();
            return Fault::new(Kind::TooLarge, format!("took over {seconds} s, the limit")).remedy(IN_PARTS);
        }
        // One that talks nonsense may go on for ever; only an end of its stream may be its own end.
        let status = (error.kind() == io::ErrorKind::UnexpectedEof).then(|| running.end()).flatten();
        let said = String::from_utf8_lossy(&running.said).into_owned();
        let signal = status.and_then(|s| s.signal());
        if said.contains(OUT_OF_MEMORY) || error.kind() == io::ErrorKind::OutOfMemory {
            let mib = self.limits.memory >> 20;
            return Fault::new(Kind::TooLarge, format!("needs over {mib} MiB of memory, the limit")).remedy(IN_PARTS);
        }
        let how = match (error.kind(), signal, status.and_then(|s| s.code())) {
            (io::ErrorKind::InvalidData, ..) => ": what it wrote is none of its words".into(),
            (_, Some(signal), _) => format!(": it ended by signal {signal}"),
            (_, _, Some(code)) => format!(": it ended early with status {code}"),
            _ => String::new(),
        };
        Fault::bad_input(format!("the process that reads it broke down on this file{how}"))
            .remedy("export it again, or in parts, to find the object that does it")
    }
}
