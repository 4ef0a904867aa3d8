//! What is true just now: the latest value of each property of an asset, and the worst alarm on it or below it.
//!
//! Who may not read a device's collection must not learn of its alarms, not even by what they hide or by when they come and
//! go: what is asked here is asked for somebody who may read certain collections, and nothing else has a part in the answer.

use crate::model::{Alarm, AlarmState, AssetId, Collection, Collections, Severity};
use crate::units::Instant;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The live state of an asset.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AssetState {
    /// The latest value of each property that the asset, a device, measures; in the order in which they first came.
    pub values: Vec<StateValue>,
    /// The worst active alarm on the asset or on anything below it, of those that may be known; among equals the newest.
    pub alarm: Option<AlarmMark>,
}

/// The latest value of one property.
#[derive(Debug, Clone, PartialEq)]
pub struct StateValue {
    /// The observed property.
    pub property: Arc<str>,
    /// Its unit, by UCUM code.
    pub unit: Arc<str>,
    /// The value in that unit.
    pub value: f64,
    /// When it was true, by the device's clock.
    pub time: Instant,
}

/// An active alarm, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmMark {
    /// The alarm's id.
    pub id: u64,
    /// How bad it is.
    pub severity: Severity,
    /// What last happened to it.
    pub state: AlarmState,
    /// The collection its device is served in: who may not read that may not know of the alarm.
    pub collection: Collection,
}

#[derive(Debug, Default)]
struct Entry {
    values: Vec<StateValue>,
    /// The collection of the device that measured them.
    values_of: Option<Collection>,
    alarms: BTreeMap<u64, AlarmMark>,
    /// The last change of any kind.
    seq: u64,
    /// The last change of the values.
    values_seq: u64,
    /// The last change among the alarms of devices of each collection.
    alarms_seq: Vec<(Collection, u64)>,
}

impl Entry {
    fn state(&self, readable: Collections) -> AssetState {
        let values = if self.shows_values(readable) { self.values.clone() } else { Vec::new() };
        let known = self.alarms.values().filter(|m| readable.contains(m.collection));
        AssetState { values, alarm: known.max_by_key(|m| (m.severity, m.id)).copied() }
    }
    /// Whether it changed after `seq` for somebody who may read `readable`.
    fn changed(&self, seq: u64, readable: Collections) -> bool {
        let values = self.values_seq > seq && self.shows_values(readable);
        values || self.alarms_seq.iter().any(|(of, at)| *at > seq && readable.contains(*of))
    }
    fn shows_values(&self, readable: Collections) -> bool {
        self.values_of.is_some_and(|of| readable.contains(of))
    }
    fn alarm_changed(&mut self, of: Collection, at: u64) {
        match self.alarms_seq.iter_mut().find(|(known, _)| *known == of) {
            Some((_, seq)) => *seq = at,
            None => self.alarms_seq.push((of, at)),
        }
    }
}

#[derive(Debug, Default)]
struct Inner {
    seq: u64,
    assets: HashMap<AssetId, Entry>,
    /// Which asset changed last at which sequence number.
    order: BTreeSet<(u64, AssetId)>,
    /// The assets each active alarm marks, and the collection of its device.
    marked: HashMap<u64, (Collection, Vec<AssetId>)>,
}

impl Inner {
    fn touch(&mut self, id: &AssetId) -> &mut Entry {
        let (seq, entry) = (self.seq, self.assets.entry(id.clone()).or_default());
        if entry.seq != seq {
            self.order.remove(&(entry.seq, id.clone()));
            self.order.insert((seq, id.clone()));
            entry.seq = seq;
        }
        entry
    }
}

/// The live state of every asset that has any.
#[derive(Debug, Default)]
pub struct Pulse(RwLock<Inner>);

impl Pulse {
    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
    /// The sequence number of the last change.
    pub fn seq(&self) -> u64 {
        self.read().seq
    }
    /// The state of an asset for somebody who may read `readable`; `None` when it has never had any.
    pub fn of(&self, id: &str, readable: Collections) -> Option<AssetState> {
        self.read().assets.get(id).map(|entry| entry.state(readable))
    }
    /// The sequence number and the state of every asset that has any, for somebody who may read `readable`.
    pub fn all(&self, readable: Collections) -> (u64, Vec<(AssetId, AssetState)>) {
        let inner = self.read();
        (inner.seq, inner.assets.iter().map(|(id, e)| (id.clone(), e.state(readable))).collect())
    }
    /// The sequence number, and the state of every asset that changed after `seq`, the earliest change first, for somebody who
    /// may read `readable`: an asset on which nothing but an alarm of another collection changed is not among them.
    pub fn since(&self, seq: u64, readable: Collections) -> (u64, Vec<(AssetId, AssetState)>) {
        let inner = self.read();
        let later = inner.order.range((seq.saturating_add(1), AssetId::from(""))..);
        let later = later.filter_map(|(_, id)| Some((id.clone(), inner.assets.get(id)?)));
        let told = later.filter(|(_, entry)| entry.changed(seq, readable));
        (inner.seq, told.map(|(id, entry)| (id, entry.state(readable))).collect())
    }

    /// Sets the sequence number without a change, at the start.
    pub(super) fn begin(&self, seq: u64) {
        self.write().seq = seq;
    }
    /// New latest values of one asset, a device that is served in `collection`.
    pub(super) fn set(&self, seq: u64, id: &AssetId, collection: Collection, values: &[StateValue]) {
        let mut inner = self.write();
        inner.seq = seq;
        let entry = inner.touch(id);
        (entry.values_seq, entry.values_of) = (seq, Some(collection));
        for value in values {
            match entry.values.iter_mut().find(|v| v.property == value.property) {
                Some(old) => old.clone_from(value),
                None => entry.values.push(value.clone()),
            }
        }
    }
    /// An asset measures nothing any more: what it measured is another's now.
    pub(super) fn clear(&self, seq: u64, id: &AssetId) {
        let mut inner = self.write();
        inner.seq = seq;
        let entry = inner.touch(id);
        entry.values.clear();
        entry.values_seq = seq;
    }
    /// An alarm changed; `assets` are those it marks: its own, its device and all that they are part of.
    pub(super) fn mark(&self, seq: u64, alarm: &Alarm, collection: Collection, assets: Vec<AssetId>) {
        let mut inner = self.write();
        inner.seq = seq;
        if let Some((collection, assets)) = inner.marked.remove(&alarm.id) {
            for id in &assets {
                let entry = inner.touch(id);
                entry.alarms.remove(&alarm.id);
                entry.alarm_changed(collection, seq);
            }
        }
        if alarm.state.is_active() {
            let mark = AlarmMark { id: alarm.id, severity: alarm.severity, state: alarm.state, collection };
            for id in &assets {
                let entry = inner.touch(id);
                entry.alarms.insert(alarm.id, mark);
                entry.alarm_changed(collection, seq);
            }
            inner.marked.insert(alarm.id, (collection, assets));
        }
    }
    /// The collection of an active alarm's device, and the assets that the alarm marks.
    pub(super) fn marked_by(&self, alarm: u64) -> Option<(Collection, Vec<AssetId>)> {
        self.read().marked.get(&alarm).cloned()
    }
}
