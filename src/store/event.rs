//! What changed, in order, kept for a while so that a reader who was away can go on where it stopped.
//!
//! Two lanes: alarms overtake the rest, and neither a slow reader nor a burst of readings holds them up. A reader keeps its own
//! place in each lane; it is told when what it missed is no longer kept.

use super::pulse::StateValue;
use crate::model::{Alarm, AssetId, Class, Collection, SiteCode};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// How many events each lane keeps.
const KEPT: usize = 16_384;

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Assets of a site changed.
    Assets {
        /// Its place in the order of all changes.
        seq: u64,
        /// The site.
        site: SiteCode,
        /// The site's revision now.
        revision: u64,
    },
    /// A device has new latest values.
    State {
        /// Its place in the order of all changes.
        seq: u64,
        /// The device.
        asset: AssetId,
        /// The collection it is served in.
        collection: Collection,
        /// What is new.
        values: Vec<StateValue>,
    },
    /// An alarm was raised, updated, acknowledged, commented or cleared.
    Alarm {
        /// Its place in the order of all changes.
        seq: u64,
        /// The alarm as it is now.
        alarm: Arc<Alarm>,
        /// The collection its device is served in.
        collection: Collection,
        /// What the device is part of, nearest first.
        ancestors: Vec<Step>,
    },
}

/// One asset that another is part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its id.
    pub id: AssetId,
    /// Its name for people.
    pub name: String,
    /// What it is.
    pub class: Class,
}

impl Event {
    /// Its place in the order of all changes.
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Assets { seq, .. } | Self::State { seq, .. } | Self::Alarm { seq, .. } => *seq,
        }
    }
    /// Whether it travels in the lane of alarms.
    pub const fn is_alarm(&self) -> bool {
        matches!(self, Self::Alarm { .. })
    }
}

/// How far a reader has read, in each lane: the sequence number of the last event it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// In the lane of alarms.
    pub alarms: u64,
    /// In the lane of everything else.
    pub rest: u64,
}

impl Cursor {
    /// Everything up to `seq` is read.
    pub const fn at(seq: u64) -> Self {
        Self { alarms: seq, rest: seq }
    }
    /// Moves past an event that was read.
    pub const fn pass(&mut self, event: &Event) {
        if event.is_alarm() {
            self.alarms = event.seq();
        } else {
            self.rest = event.seq();
        }
    }
}

/// What a reader finds when it asks for what comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Events after its cursor, alarms first; none when it has all.
    Events(Vec<Arc<Event>>),
    /// Events after its cursor are no longer kept, or it comes from another store: begin anew from the state as it is.
    Lost,
}

#[derive(Debug, Default)]
struct Lane {
    kept: VecDeque<Arc<Event>>,
    /// The sequence number of the last event that is not kept.
    dropped: u64,
}

impl Lane {
    fn push(&mut self, event: Arc<Event>) {
        if self.kept.len() >= KEPT
            && let Some(old) = self.kept.pop_front()
        {
            self.dropped = old.seq();
        }
        self.kept.push_back(event);
    }
    fn after(&self, seq: u64, most: usize) -> Option<impl Iterator<Item = &Arc<Event>>> {
        let start = self.kept.partition_point(|e| e.seq() <= seq);
        (seq >= self.dropped).then(|| self.kept.iter().skip(start).take(most))
    }
}

#[derive(Debug, Default)]
struct Lanes {
    alarms: Lane,
    rest: Lane,
    head: u64,
}

/// The latest changes of a store.
#[derive(Debug)]
pub struct Events {
    lanes: Mutex<Lanes>,
    bell: watch::Sender<u64>,
}

impl Events {
    pub(super) fn new(seq: u64) -> Self {
        let lane = || Lane { kept: VecDeque::new(), dropped: seq };
        let lanes = Lanes { alarms: lane(), rest: lane(), head: seq };
        Self { lanes: Mutex::new(lanes), bell: watch::Sender::new(seq) }
    }
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
    pub(super) fn publish(&self, event: Event) {
        let seq = event.seq();
        let mut lanes = self.lanes();
        lanes.head = seq;
        let event = Arc::new(event);
        if event.is_alarm() {
            lanes.alarms.push(event)
        } else {
            lanes.rest.push(event)
        }
        drop(lanes);
        self.bell.send_replace(seq);
    }
    /// The sequence number of the last event.
    pub fn head(&self) -> u64 {
        self.lanes().head
    }
    /// A bell that rings with every event; ask [`Events::next`] when it has rung.
    pub fn bell(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }
    /// What comes after `cursor`: all alarms kept, and at most `most` of the rest. Moves no cursor: [`Cursor::pass`] does.
    pub fn next(&self, cursor: Cursor, most: usize) -> Next {
        let lanes = self.lanes();
        if cursor.alarms.max(cursor.rest) > lanes.head {
            return Next::Lost;
        }
        match (lanes.alarms.after(cursor.alarms, usize::MAX), lanes.rest.after(cursor.rest, most)) {
            (Some(alarms), Some(rest)) => Next::Events(alarms.chain(rest).cloned().collect()),
            _ => Next::Lost,
        }
    }
}
