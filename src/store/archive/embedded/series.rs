//! Readings and alarms on disk: the only file that knows fjall.
//!
//! Four keyspaces. `observations`: datastream (u32), phenomenon time, number -> value and result time, so that a series lies
//! together in time's order. `numbers`: the first number of each commit -> datastream and time of each of its observations,
//! so that an observation is found by its number. `marks`: datastream -> counts and latest. `facts`: everything small.

use super::series_form::{self as form, Head, Loaded, Mark};
use crate::fault::{Fault, Kind, Result};
use crate::model::{Alarm, Datastream, Observation, Rule, Thing};
use crate::units::Instant;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes that a keyspace gathers in memory before it writes a table.
const MEMTABLE: u64 = 16 << 20;

const THING: u8 = b't';
const STREAM: u8 = b'd';
const ALARM: u8 = b'a';
const ACTIVE: u8 = b'A';
const RULE: u8 = b'r';
const SITE: u8 = b's';
const HEAD: u8 = b'h';

/// The readings' archive of one store.
pub(crate) struct Ledger {
    db: Database,
    observations: Keyspace,
    numbers: Keyspace,
    marks: Keyspace,
    facts: Keyspace,
    /// Holds the number of the last commit, beside the engine and never behind it.
    high_water: File,
    dir: PathBuf,
}

/// What goes to disk together or not at all.
#[derive(Debug, Default)]
pub(crate) struct Changes<'a> {
    pub things: &'a [Thing],
    pub streams: &'a [Datastream],
    /// With consecutive numbers from the first one's on.
    pub observations: &'a [(u64, Observation)],
    pub marks: &'a [(u64, Mark)],
    pub alarms: &'a [Alarm],
    pub rules: &'a [Rule],
    /// A site's code and the revision up to which its devices have things.
    pub site: Option<(&'a str, u64)>,
    pub head: Head,
}

fn lost(what: &str, error: &fjall::Error) -> Fault {
    let kind = match error {
        fjall::Error::Locked => Kind::Conflict,
        fjall::Error::Io(_) | fjall::Error::Poisoned => Kind::Io,
        _ => Kind::Corrupt,
    };
    Fault::new(kind, format!("{what} the readings' archive: {error}")).about("series")
}

fn corrupt(what: impl Into<String>) -> Fault {
    Fault::new(Kind::Corrupt, what).about("series").remedy("restore the store from a backup")
}

fn fact(tag: u8, id: u64) -> [u8; 9] {
    let mut key = [tag; 9];
    key[1..].copy_from_slice(&id.to_be_bytes());
    key
}

fn named(tag: u8, name: &str) -> Vec<u8> {
    [&[tag], name.as_bytes()].concat()
}

impl Ledger {
    /// Opens the archive in `dir`, making it when there is none, and reads what is resident.
    ///
    /// # Errors
    /// [`Kind::Corrupt`] when commits that were acknowledged are not there any more.
    pub fn open(dir: &Path) -> Result<(Self, Loaded)> {
        let err = |e: fjall::Error| lost("opening", &e);
        let db = Database::builder(dir.join("engine")).open().map_err(err)?;
        let keyspace = |name: &str| {
            db.keyspace(name, || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE)).map_err(err)
        };
        let [observations, numbers, marks, facts] =
            [keyspace("observations")?, keyspace("numbers")?, keyspace("marks")?, keyspace("facts")?];
        let file = dir.join("high-water");
        let high_water = File::options().create(true).truncate(false).read(true).write(true).open(file);
        let high_water = high_water.map_err(|e| Fault::io("opening the high-water mark of the readings", &e))?;
        let ledger = Self { db, observations, numbers, marks, facts, high_water, dir: dir.to_owned() };
        let loaded = ledger.load()?;
        ledger.check(&loaded)?;
        Ok((ledger, loaded))
    }

    fn load(&self) -> Result<Loaded> {
        let mut loaded = Loaded::default();
        let mut active = Vec::new();
        for tag in [THING, STREAM, ACTIVE, RULE, SITE, HEAD] {
            for guard in self.facts.prefix([tag]) {
                let (key, value) = guard.into_inner().map_err(|e| lost("reading", &e))?;
                let id = || key.get(1..).and_then(form::be_u64).ok_or_else(|| corrupt("a fact's key is too short"));
                match tag {
                    THING => loaded.things.push(form::thing(id()?, &value)?),
                    STREAM => loaded.streams.push((form::stream(id()?, &value)?, Mark::default())),
                    ACTIVE => active.push(id()?),
                    RULE => loaded.rules.push(form::rule(&value)?),
                    SITE => loaded.sites.push(form::site(&key, &value)?),
                    HEAD => loaded.head = form::head(&value)?,
                    _ => {}
                }
            }
        }
        for id in active {
            loaded.active.push(self.alarm(id)?.ok_or_else(|| corrupt(format!("active alarm {id} is missing")))?);
        }
        for (stream, mark) in &mut loaded.streams {
            if let Some(value) = self.marks.get(stream.id.to_be_bytes()).map_err(|e| lost("reading", &e))? {
                *mark = form::mark(&value)?;
            }
        }
        Ok(loaded)
    }

    /// The engine drops a damaged batch of its journal, and all after it, without a word; these marks tell.
    fn check(&self, loaded: &Loaded) -> Result<()> {
        let mut noted = [0; 16];
        if self.high_water.read_exact_at(&mut noted, 0).is_ok() {
            let (commit, inverse) = noted.split_at(8);
            let (commit, inverse) = (form::be_u64(commit).unwrap_or(0), form::be_u64(inverse).unwrap_or(0));
            let missing = commit.saturating_sub(loaded.head.commit);
            if commit == !inverse && missing > 0 {
                return Err(corrupt(format!("the last {missing} acknowledged commits of readings are missing"))
                    .about(self.dir.display().to_string())
                    .remedy("restore the store from a backup, or delete 'high-water' there to go on without them"));
            }
        }
        for (stream, mark) in loaded.streams.iter().filter(|(_, m)| m.quality.stored > 0) {
            let key = form::observation_key(stream.id, mark.latest, mark.latest_id);
            if !self.observations.contains_key(key).map_err(|e| lost("reading", &e))? {
                return Err(corrupt(format!("the latest observation of datastream {} is missing", stream.id)));
            }
        }
        Ok(())
    }

    /// Writes `changes`; they are on disk when this returns.
    ///
    /// # Errors
    /// [`Kind::Io`] when the disk refuses; the engine then takes no more until it is opened anew.
    pub fn commit(&self, changes: &Changes<'_>) -> Result<()> {
        let mut batch = self.db.batch().durability(Some(PersistMode::SyncData));
        for thing in changes.things {
            batch.insert(&self.facts, fact(THING, thing.id), form::thing_bytes(thing)?);
        }
        for stream in changes.streams {
            batch.insert(&self.facts, fact(STREAM, stream.id), form::stream_bytes(stream)?);
        }
        for (number, observation) in changes.observations {
            let key = form::observation_key(observation.datastream, observation.phenomenon_time, *number);
            batch.insert(&self.observations, key, form::observation_value(observation));
        }
        if let Some((first, _)) = changes.observations.first() {
            batch.insert(&self.numbers, first.to_be_bytes(), form::block(changes.observations));
        }
        for (stream, mark) in changes.marks {
            batch.insert(&self.marks, stream.to_be_bytes(), form::mark_bytes(mark));
        }
        for alarm in changes.alarms {
            batch.insert(&self.facts, fact(ALARM, alarm.id), form::alarm_bytes(alarm)?);
            if alarm.state.is_active() {
                batch.insert(&self.facts, fact(ACTIVE, alarm.id), []);
            } else {
                batch.remove(&self.facts, fact(ACTIVE, alarm.id));
            }
        }
        for rule in changes.rules {
            batch.insert(&self.facts, named(RULE, &rule.id), form::rule_bytes(rule)?);
        }
        if let Some((code, revision)) = changes.site {
            batch.insert(&self.facts, named(SITE, code), revision.to_be_bytes());
        }
        batch.insert(&self.facts, [HEAD], form::head_bytes(&changes.head));
        batch.commit().map_err(|e| lost("writing", &e))?;
        let commit = changes.head.commit;
        let noted: Vec<u8> = [commit.to_be_bytes(), (!commit).to_be_bytes()].concat();
        // Not synced: after a power cut it may lag behind the engine, which is the side that does no harm. Nor is it a
        // failure of the commit, which is on disk: to say so would have its numbers given out again.
        if let Err(error) = self.high_water.write_all_at(&noted, 0) {
            tracing::warn!(%error, "the high-water mark of the readings could not be noted");
        }
        Ok(())
    }

    /// Observations of one datastream from `from` to `to`, both included, with their numbers, in time's order or against it.
    pub fn scan(
        &self,
        stream: u64,
        from: (Instant, u64),
        to: (Instant, u64),
        backwards: bool,
    ) -> impl Iterator<Item = Result<(u64, Observation)>> + use<> {
        let low = form::observation_key(stream, from.0, from.1);
        let high = form::observation_key(stream, to.0, to.1);
        let mut range = (low <= high).then(|| self.observations.range(low..=high));
        std::iter::from_fn(move || {
            let range = range.as_mut()?;
            let guard = if backwards { range.next_back() } else { range.next() }?;
            let pair = guard.into_inner().map_err(|e| lost("reading", &e));
            Some(pair.and_then(|(key, value)| form::observation(&key, &value)))
        })
    }

    /// Observations by number, from `start` on upwards, or downwards from it; `start` included.
    pub fn numbered(&self, start: u64, backwards: bool) -> impl Iterator<Item = Result<(u64, Observation)>> + '_ {
        let floor = self.numbers.range(..=start.to_be_bytes()).next_back();
        let floor = floor.and_then(|g| g.key().ok()).and_then(|k| form::be_u64(&k)).unwrap_or(0);
        let mut blocks = if backwards {
            self.numbers.range(..=start.to_be_bytes())
        } else {
            self.numbers.range(floor.to_be_bytes()..)
        };
        let mut block = Vec::new().into_iter();
        std::iter::from_fn(move || {
            loop {
                if let Some((number, stream, time)) = block.next() {
                    return Some(self.read(number, stream, time));
                }
                let guard = if backwards { blocks.next_back() } else { blocks.next() }?;
                let entries = guard.into_inner().map_err(|e| lost("reading", &e)).and_then(|(key, value)| {
                    let mut entries = form::block_entries(&key, &value)?;
                    entries.retain(|(n, ..)| if backwards { *n <= start } else { *n >= start });
                    if backwards {
                        entries.reverse();
                    }
                    Ok(entries)
                });
                match entries {
                    Ok(entries) => block = entries.into_iter(),
                    Err(fault) => return Some(Err(fault)),
                }
            }
        })
    }

    fn read(&self, number: u64, stream: u64, time: Instant) -> Result<(u64, Observation)> {
        let key = form::observation_key(stream, time, number);
        let value = self.observations.get(key).map_err(|e| lost("reading", &e))?;
        form::observation(&key, &value.ok_or_else(|| corrupt(format!("observation {number} is missing")))?)
    }

    /// The alarm of this id.
    ///
    /// # Errors
    /// What the disk says.
    pub fn alarm(&self, id: u64) -> Result<Option<Alarm>> {
        let value = self.facts.get(fact(ALARM, id)).map_err(|e| lost("reading", &e))?;
        value.map(|value| form::alarm(id, &value)).transpose()
    }

    /// Alarms, newest first, from `id` downwards.
    pub fn alarms_down_from(&self, id: u64) -> impl Iterator<Item = Result<Alarm>> + use<> {
        let mut range = self.facts.range(fact(ALARM, 0)..=fact(ALARM, id));
        std::iter::from_fn(move || {
            let pair = range.next_back()?.into_inner().map_err(|e| lost("reading", &e));
            Some(pair.and_then(|(key, value)| {
                let id = key.get(1..).and_then(form::be_u64).ok_or_else(|| corrupt("an alarm's key is too short"))?;
                form::alarm(id, &value)
            }))
        })
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("dir", &self.dir).finish_non_exhaustive()
    }
}
