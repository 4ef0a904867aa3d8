//! One site's log: frames are appended, a seal makes them a commit, and what follows the last seal never was.

use super::bytes::Bytes;
use super::change::{Seal, decode_dataset, encode_dataset};
use super::frame::{HEADER, Header, Kind, LONGEST, MAGIC};
use crate::fault::{self, Fault, Result};
use crate::store::Dataset;
use crate::units::Instant;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The file's own header: eight bytes of name, the salt of its hashes, a hash of the salt.
const NAME: [u8; 8] = *b"CIMBRA\n1";
const START: u64 = 24;
/// A whole seal with its header.
const SEAL: u64 = HEADER + Seal::LEN as u64;

/// One commit as read back.
#[derive(Debug)]
pub(crate) struct Replayed {
    pub dataset: Dataset,
    /// Encoded changes: an import of a million assets is better not taken apart all at once.
    pub changes: Vec<Vec<u8>>,
    pub at: Instant,
}

/// An open log; what lies before `end` is sealed.
#[derive(Debug)]
pub(crate) struct Log {
    pub file: Arc<File>,
    pub path: PathBuf,
    /// Seeds every hash of this log, so that no text inside an asset can pass for a frame.
    pub salt: u64,
    end: u64,
    chain: u64,
    revision: u64,
    /// Why nothing more may be written until the store is opened again.
    broken: Option<String>,
}

/// Where an unsealed commit has got to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Append {
    pub at: u64,
    chain: u64,
}

/// Where encoded changes lie in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    at: u64,
    len: usize,
}

impl Log {
    /// Makes an empty log on disk.
    pub fn create(path: &Path) -> Result<()> {
        let salt = getrandom::u64().map_err(|e| Fault::internal(format!("no random numbers: {e}")))?;
        super::write_whole(path, &[NAME, salt.to_le_bytes(), xxh3_64_with_seed(&NAME, salt).to_le_bytes()].concat())
    }

    /// Opens a log; [`Log::replay`] must follow before anything is appended.
    ///
    /// # Errors
    /// [`fault::Kind::Corrupt`] when it is no log.
    pub fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(|e| reading(path, &e))?;
        let mut head = [0; START as usize];
        file.read_exact_at(&mut head, 0).map_err(|_| corrupt(path, 0))?;
        let mut head = Bytes(&head);
        let salt = head.take(NAME.len()).filter(|name| *name == NAME).and_then(|_| head.u64());
        let salt = salt.filter(|salt| head.u64() == Some(xxh3_64_with_seed(&NAME, *salt)));
        let salt = salt.ok_or_else(|| corrupt(path, 0))?;
        let file = Arc::new(file);
        Ok(Self { file, path: path.to_owned(), salt, end: START, chain: salt, revision: 0, broken: None })
    }

    /// Gives every commit to `each` in order, which says `None` to one that makes no sense, and cuts off what was never sealed.
    ///
    /// # Errors
    /// [`fault::Kind::Corrupt`] when a sealed part is not what was written.
    pub fn replay(&mut self, mut each: impl FnMut(Replayed) -> Option<()>) -> Result<()> {
        let path = self.path.clone();
        let io = |e: std::io::Error| reading(&path, &e);
        let size = self.file.metadata().map_err(io)?.len();
        let (mut append, mut changes, mut dataset) = (self.append(), Vec::new(), None);
        while append.at < size {
            let Some((header, payload)) = self.frame_at(append.at, size).map_err(io)? else {
                let damaged = dataset.is_some() && self.was_seal(append.at, size).map_err(io)?;
                if damaged || self.seal_after(append.at, size).map_err(io)? {
                    return Err(corrupt(&path, append.at));
                }
                break;
            };
            let (at, chain) = (append.at, append.chain);
            append.pass(&header);
            let payload = payload.unwrap_or_default();
            match header.kind {
                Kind::Blobs => {}
                Kind::Changes => changes.push(payload),
                Kind::Dataset => dataset = Some(decode_dataset(&payload).ok_or_else(|| corrupt(&path, at))?),
                Kind::Seal => {
                    let expected = |s: &Seal| (s.revision, s.start, s.chain) == (self.revision + 1, self.end, chain);
                    let seal = Seal::decode(&payload).filter(expected).ok_or_else(|| corrupt(&path, at))?;
                    let dataset = dataset.take().ok_or_else(|| corrupt(&path, at))?;
                    let commit = Replayed { dataset, changes: std::mem::take(&mut changes), at: seal.at };
                    each(commit).ok_or_else(|| corrupt(&path, self.end))?;
                    (self.end, self.chain, self.revision) = (append.at, append.chain, seal.revision);
                }
            }
        }
        if self.end < size {
            tracing::warn!(log = %path.display(), bytes = size - self.end, "cut off a commit that was never finished");
            self.file.set_len(self.end).and_then(|()| self.file.sync_all()).map_err(io)?;
        }
        Ok(())
    }

    /// The frame at `at` with its payload checked; blobs are passed over, their hashes are checked when they are read.
    fn frame_at(&self, at: u64, size: u64) -> std::io::Result<Option<(Header, Option<Vec<u8>>)>> {
        let Some(header) = Header::read(&self.file, at, size)? else { return Ok(None) };
        if header.kind == Kind::Blobs {
            return Ok(Some((header, None)));
        }
        Ok(header.payload(&self.file, at, self.salt)?.map(|payload| (header, Some(payload))))
    }

    /// Whether the log ends at `at` with what was a whole seal: a seal follows a dataset, and one that was torn
    /// as it was written is short, or begins or ends with zeros.
    fn was_seal(&self, at: u64, size: u64) -> std::io::Result<bool> {
        let mut seal = [0; SEAL as usize];
        if size - at != SEAL {
            return Ok(false);
        }
        self.file.read_exact_at(&mut seal, at)?;
        Ok(!seal.starts_with(&[0; 4]) && !seal.ends_with(&[0; 8]))
    }

    /// Whether a whole seal lies anywhere after `from`: then the damage before it is inside a commit.
    fn seal_after(&self, from: u64, size: u64) -> std::io::Result<bool> {
        const WINDOW: usize = 1 << 20;
        let mut window = vec![0; WINDOW];
        let mut at = from + 1;
        while size.saturating_sub(at) >= SEAL {
            let len = WINDOW.min((size - at) as usize);
            let Some(bytes) = window.get_mut(..len) else { break };
            self.file.read_exact_at(bytes, at)?;
            for (i, found) in bytes.windows(SEAL as usize).enumerate().filter(|(_, w)| w.starts_with(&MAGIC)) {
                let (head, payload) = found.split_at(HEADER as usize);
                if Header::of(Kind::Seal, payload, self.salt).encode() == head {
                    tracing::error!(log = %self.path.display(), at = at + i as u64, "a sealed commit follows damage");
                    return Ok(true);
                }
            }
            at += len as u64 - SEAL + 1;
        }
        Ok(false)
    }

    /// The end of what is sealed, to append after.
    pub fn append(&self) -> Append {
        Append { at: self.end, chain: self.chain }
    }
    /// The number of commits.
    pub fn revision(&self) -> u64 {
        self.revision
    }
    /// # Errors
    /// [`fault::Kind::Unavailable`] when an earlier failure left it unknown what is on disk.
    pub fn writable(&self) -> Result<()> {
        self.broken.as_ref().map_or(Ok(()), |why| {
            Err(Fault::new(fault::Kind::Unavailable, format!("the store stopped writing after a failure: {why}"))
                .about(self.path.display().to_string())
                .remedy("see to the disk and start the server again"))
        })
    }
    fn write(&self, append: &mut Append, kind: Kind, payload: &[u8]) -> Result<()> {
        let header = Header::of(kind, payload, self.salt);
        if kind != Kind::Blobs && header.len > LONGEST {
            return Err(Fault::new(
                fault::Kind::TooLarge,
                "the dataset's description or layers take more than 256 MiB",
            ));
        }
        let io = |e| Fault::io(&format!("writing {}", self.path.display()), &e);
        self.file.write_all_at(&header.encode(), append.at).map_err(io)?;
        self.file.write_all_at(payload, append.at + HEADER).map_err(io)?;
        append.pass(&header);
        Ok(())
    }
    /// Appends a segment: blobs of many assets, then their changes. Says where the changes lie, where there are any.
    pub fn write_segment(&self, append: &mut Append, blobs: &[u8], changes: &[u8]) -> Result<Option<Piece>> {
        if !blobs.is_empty() {
            self.write(append, Kind::Blobs, blobs)?;
        }
        if changes.is_empty() {
            return Ok(None);
        }
        let piece = Piece { at: append.at + HEADER, len: changes.len() };
        self.write(append, Kind::Changes, changes)?;
        Ok(Some(piece))
    }
    /// What was written at a place; nothing where it cannot be read.
    pub fn piece(&self, piece: Piece) -> Option<Vec<u8>> {
        let mut bytes = vec![0; piece.len];
        self.file.read_exact_at(&mut bytes, piece.at).ok().map(|()| bytes)
    }
    /// Where the next segment's blobs will start.
    pub fn blobs_at(append: &Append) -> u64 {
        append.at + HEADER
    }
    /// Makes everything appended a commit that is on disk. The data is synced before its seal is written: however
    /// the disk orders writes, a seal never stands after data that is not there.
    pub fn seal(&mut self, mut append: Append, dataset: &Dataset, at: Instant) -> Result<u64> {
        let mut bytes = Vec::new();
        encode_dataset(dataset, &mut bytes);
        self.write(&mut append, Kind::Dataset, &bytes)?;
        self.sync()?;
        let seal = Seal { revision: self.revision + 1, at, start: self.end, chain: append.chain };
        self.write(&mut append, Kind::Seal, &seal.encode())?;
        self.sync()?;
        (self.end, self.chain, self.revision) = (append.at, append.chain, seal.revision);
        Ok(seal.revision)
    }
    /// After a sync that failed nobody knows what the disk holds, and a second sync would claim that all is well.
    fn sync(&mut self) -> Result<()> {
        self.file.sync_data().map_err(|e| {
            self.broken = Some(e.to_string());
            Fault::io(&format!("syncing {}", self.path.display()), &e)
        })
    }
    /// Cuts off what is not sealed.
    pub fn rollback(&mut self) {
        if let Err(e) = self.file.set_len(self.end) {
            tracing::error!(log = %self.path.display(), "cannot cut off an unfinished commit: {e}");
            self.broken.get_or_insert_with(|| e.to_string());
        }
    }
}

impl Append {
    fn pass(&mut self, header: &Header) {
        self.at += HEADER + header.len;
        self.chain = xxh3_64_with_seed(&header.encode(), self.chain);
    }
}

fn reading(path: &Path, e: &std::io::Error) -> Fault {
    Fault::io(&format!("reading {}", path.display()), e)
}

fn corrupt(path: &Path, offset: u64) -> Fault {
    Fault::new(fault::Kind::Corrupt, format!("the bytes at offset {offset} are not what was written"))
        .about(path.display().to_string())
        .remedy("restore the file from a backup, or import the site's sources again into a new store")
}
