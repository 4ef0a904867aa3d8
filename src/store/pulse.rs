//! What is true just now: the latest value of each property of an asset, and the worst alarm on it or below it.

use crate::model::{Alarm, AlarmState, AssetId, Collection, Severity};
use crate::units::Instant;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The live state of an asset.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AssetState {
    /// The latest value of each property that the asset, a device, measures; in the order in which they first came.
    pub values: Vec<StateValue>,
    /// The worst active alarm on the asset or on anything below it; among equals the newest.
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
    alarms: BTreeMap<u64, AlarmMark>,
    seq: u64,
}

impl Entry {
    fn state(&self) -> AssetState {
        let alarm = self.alarms.values().max_by_key(|m| (m.severity, m.id)).copied();
        AssetState { values: self.values.clone(), alarm }
    }
}

#[derive(Debug, Default)]
struct Inner {
    seq: u64,
    assets: HashMap<AssetId, Entry>,
    /// Which asset changed last at which sequence number.
    order: BTreeSet<(u64, AssetId)>,
    /// The assets each active alarm marks.
    marked: HashMap<u64, Vec<AssetId>>,
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
    /// The state of an asset; `None` when it has never had any.
    pub fn of(&self, id: &str) -> Option<AssetState> {
        self.read().assets.get(id).map(Entry::state)
    }
    /// The sequence number and the state of every asset that has any.
    pub fn all(&self) -> (u64, Vec<(AssetId, AssetState)>) {
        let inner = self.read();
        (inner.seq, inner.assets.iter().map(|(id, e)| (id.clone(), e.state())).collect())
    }
    /// The sequence number, and the state of every asset that changed after `seq`, the earliest change first.
    pub fn since(&self, seq: u64) -> (u64, Vec<(AssetId, AssetState)>) {
        let inner = self.read();
        let later = inner.order.range((seq.saturating_add(1), AssetId::from(""))..);
        (inner.seq, later.filter_map(|(_, id)| Some((id.clone(), inner.assets.get(id)?.state()))).collect())
    }

    /// Sets the sequence number without a change, at the start.
    pub(super) fn begin(&self, seq: u64) {
        self.write().seq = seq;
    }
    /// New latest values of one asset.
    pub(super) fn set(&self, seq: u64, id: &AssetId, values: &[StateValue]) {
        let mut inner = self.write();
        inner.seq = seq;
        let entry = inner.touch(id);
        for value in values {
            match entry.values.iter_mut().find(|v| v.property == value.property) {
                Some(old) => old.clone_from(value),
                None => entry.values.push(value.clone()),
            }
        }
    }
    /// An alarm changed; `assets` are those it marks: its own, its device and all that they are part of.
    pub(super) fn mark(&self, seq: u64, alarm: &Alarm, collection: Collection, assets: Vec<AssetId>) {
        let mut inner = self.write();
        inner.seq = seq;
        for id in inner.marked.remove(&alarm.id).unwrap_or_default() {
            inner.touch(&id).alarms.remove(&alarm.id);
        }
        if alarm.state.is_active() {
            let mark = AlarmMark { id: alarm.id, severity: alarm.severity, state: alarm.state, collection };
            for id in &assets {
                inner.touch(id).alarms.insert(alarm.id, mark);
            }
            inner.marked.insert(alarm.id, assets);
        }
    }
    /// The assets that an active alarm marks.
    pub(super) fn marked_by(&self, alarm: u64) -> Option<Vec<AssetId>> {
        self.read().marked.get(&alarm).cloned()
    }
}
