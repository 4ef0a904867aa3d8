//! The pictures of one file: each taken once, and told which objects go without one.

use super::{LARGEST, Sound, hash_of, sound};
use crate::fault::{Fault, Kind, Result};
use crate::formats::reader::clip;
use crate::formats::{Sink, SourceItem, uri};
use foldhash::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most bytes of all pictures of a file together, as they are kept: they wait in memory for a site that is to be made.
const ALL: u64 = 1 << 30;
/// The most pictures of a file.
const MOST: usize = 100_000;
/// Pictures that objects go without and that are told one by one; more are counted.
const TOLD: usize = 50;

/// What is known of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::formats) struct Look {
    /// The SHA-256 of its bytes as they are kept.
    pub picture: [u8; 32],
    /// The mean of its colours in sRGB, where it is known.
    pub mean: Option<[u8; 3]>,
    /// Whether it can be seen through somewhere.
    pub sheer: bool,
}

/// Why something is shown without its picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::formats) enum Lost {
    /// The picture called so cannot be shown.
    Picture(String),
    /// What leads to it does not hold together: in which way.
    Broken(String),
}

/// The pictures of a file, taken as they are asked for, by any thread.
pub(in crate::formats) struct Pictures {
    beside: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: HashMap<String, Option<Look>>,
    /// With the bytes of each.
    kept: HashMap<[u8; 32], u64>,
    bytes: u64,
    /// Taken and not given on yet.
    fresh: Vec<Vec<u8>>,
    /// What cannot be shown: why, how many objects go without, and the first of them.
    missed: Vec<Missed>,
    missed_as: HashMap<Lost, usize>,
}

struct Missed {
    what: String,
    reason: String,
    objects: usize,
    first: String,
}

impl Pictures {
    /// None yet, of the model `file`.
    pub fn of(file: &Path) -> Self {
        let beside = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { beside: beside.to_owned(), state: Mutex::default() }
    }
    /// The picture that `name` stands for: a file within the model's folder or a data URI. Nothing where it cannot be shown.
    pub fn named(&self, name: &str) -> Option<Look> {
        self.at(name, name)
    }
    /// As [`Pictures::named`], of a picture that is called otherwise than by where it lies.
    pub fn at(&self, name: &str, uri: &str) -> Option<Look> {
        self.take(name, || uri::read(uri, &self.beside, LARGEST)?.ok_or_else(over))
    }
    /// As [`Pictures::named`], of bytes that lie in the model itself.
    pub fn take(&self, name: &str, load: impl FnOnce() -> Result<Vec<u8>>) -> Option<Look> {
        let known = |state: &State| state.known.get(name).copied().ok_or(state.known.len());
        let known_so_far = match known(&self.state()) {
            Ok(look) => return look,
            Err(count) => count,
        };
        // Looked through without the lock: others have pictures too.
        let taken = if known_so_far < MOST {
            load().and_then(sound)
        } else {
            Err(Fault::new(Kind::TooMany, format!("comes after {MOST} others, which are as many as are taken")))
        };
        let mut state = self.state();
        if let Ok(look) = known(&state) {
            return look;
        }
        let look = match taken.and_then(|sound| state.keep(sound)) {
            Ok(look) => Some(look),
            Err(fault) => {
                state.miss(Lost::Picture(name.to_owned()), format!("picture '{}'", clip(name)), fault.detail);
                None
            }
        };
        state.known.insert(name.to_owned(), look);
        look
    }
    /// How many bytes a picture that was taken has, as it is kept.
    pub fn size(&self, picture: &[u8; 32]) -> u64 {
        self.state().kept.get(picture).copied().unwrap_or_default()
    }
    /// Notes what `object` goes without.
    pub fn lost(&self, lost: &Lost, object: &str) {
        let mut state = self.state();
        if let Lost::Broken(what) = lost {
            state.miss(lost.clone(), "a texture".into(), what.clone());
        }
        let Some(missed) = state.missed_as.get(lost).copied().and_then(|k| state.missed.get_mut(k)) else { return };
        missed.objects += 1;
        if missed.objects == 1 {
            missed.first = clip(object);
        }
    }
    /// Gives what was taken since to the sink: before the objects that show it.
    pub fn give(&self, sink: &mut Sink) -> Result<()> {
        let fresh = std::mem::take(&mut self.state().fresh);
        fresh.into_iter().try_for_each(|bytes| sink(SourceItem::Picture(bytes)))
    }
    /// Tells what could not be shown.
    pub fn tell(&self, sink: &mut Sink) -> Result<()> {
        let state = self.state();
        let mut missed: Vec<&Missed> = state.missed.iter().filter(|missed| missed.objects > 0).collect();
        missed.sort_by(|a, b| (&a.what, &a.reason).cmp(&(&b.what, &b.reason)));
        for Missed { what, reason, objects, first } in missed.iter().take(TOLD) {
            let note = format!("{what} is left out of {objects} objects, the first of them '{first}': it {reason}");
            sink(SourceItem::Note(note))?;
        }
        match missed.len().saturating_sub(TOLD) {
            0 => Ok(()),
            more => sink(SourceItem::Note(format!("{more} more pictures are left out"))),
        }
    }
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, sound: Sound) -> Result<Look> {
        let Sound { bytes, mean, sheer } = sound;
        let look = Look { picture: hash_of(&bytes), mean, sheer };
        let size = bytes.len() as u64;
        if !self.kept.contains_key(&look.picture) {
            if self.bytes + size > ALL {
                let detail = format!("would make the file's pictures more than {} GiB together", ALL >> 30);
                return Err(Fault::new(Kind::TooLarge, detail));
            }
            self.bytes += size;
            self.kept.insert(look.picture, size);
            self.fresh.push(bytes);
        }
        Ok(look)
    }
    fn miss(&mut self, lost: Lost, what: String, reason: String) {
        let next = self.missed.len();
        if *self.missed_as.entry(lost).or_insert(next) == next {
            self.missed.push(Missed { what, reason, objects: 0, first: String::new() });
        }
    }
}

pub(super) fn over() -> Fault {
    Fault::new(Kind::TooLarge, format!("is over {} MiB", LARGEST >> 20))
}
