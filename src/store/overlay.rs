//! What a planning variant shows: its site's snapshot with change sets on top.
//!
//! It is made when it is asked for and follows the site: what the variant has changed is the variant's, all else the site's.

use super::Dataset;
use super::archive::embedded::{Blobs, Log, Piece, Replayed};
use super::edit::{Edit, Numbers};
use super::snapshot::{Counts, Snapshot};
use crate::model::{Collection, Collections, DatasetName, VariantName};
use crate::units::Instant;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What makes a snapshot a variant's.
#[derive(Debug)]
pub struct Overlay {
    name: VariantName,
    number: u32,
    base: Arc<Snapshot>,
    changed: Instant,
    datasets: BTreeSet<DatasetName>,
    /// Assets that are the variant's alone, differ in it, and lack in it, by collection.
    counts: [Counts; 3],
    /// When it last changed something of each collection.
    last: [Instant; Collection::COUNT],
}

impl Overlay {
    /// The variant's name.
    pub fn name(&self) -> &VariantName {
        &self.name
    }
    /// Tells the variant from all others that there have been in this process, those of its name among them.
    pub fn number(&self) -> u32 {
        self.number
    }
    /// The site's snapshot that it is laid over. What is not changed has the same rows there.
    pub fn base(&self) -> &Arc<Snapshot> {
        &self.base
    }
    /// The time of the site's last commit: until then what is laid over it shows the site's own.
    pub fn since(&self) -> Instant {
        self.base.times.last().copied().unwrap_or(Instant::MIN)
    }
    /// When it last changed something of these collections; where it changes nothing of them, when it was last committed to.
    pub fn changed(&self, readable: Collections) -> Instant {
        let last = readable.iter().filter_map(|collection| self.last.get(collection as usize).copied()).max();
        last.filter(|at| *at > Instant::MIN).unwrap_or(self.changed)
    }
    /// The datasets that its changes come from.
    pub fn datasets(&self) -> impl Iterator<Item = &DatasetName> {
        self.datasets.iter()
    }
    /// How many assets of these collections it adds, replaces and removes.
    pub fn counts(&self, readable: Collections) -> [usize; 3] {
        self.counts.map(|of| readable.iter().filter_map(|collection| of.get(collection as usize)).sum())
    }
}

/// What a variant's site has instead of a snapshot.
#[derive(Debug)]
pub(super) struct Over {
    name: VariantName,
    number: u32,
    blobs: Arc<Blobs>,
    gone: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Every commit, as its log has them.
    sets: Vec<Replayed>,
    /// What was asked for last, until the site or the variant changes.
    made: Option<Arc<Snapshot>>,
}

impl Over {
    /// A variant with the commits of its log, whose blobs are read from `blobs`.
    pub fn new(name: VariantName, number: u32, blobs: Arc<Blobs>, sets: Vec<Replayed>) -> Self {
        Self { name, number, blobs, gone: AtomicBool::new(false), state: Mutex::new(State { sets, made: None }) }
    }
    pub fn name(&self) -> &VariantName {
        &self.name
    }
    /// Whether the variant was removed.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }
    /// Nothing can be written to it any more.
    pub fn remove(&self) {
        self.gone.store(true, Ordering::Release);
    }
    /// Whether anything was ever committed to it: before that there is no such variant.
    pub fn is_there(&self) -> bool {
        !self.is_gone() && !self.state().sets.is_empty()
    }
    /// The site's snapshot with the changes on top; made once for each state of the two.
    pub fn snapshot(&self, beneath: &dyn Fn() -> Arc<Snapshot>) -> Arc<Snapshot> {
        let mut state = self.state();
        // Asked for within the lock, so that states follow one another and a revision is of one of them only.
        let base = beneath();
        let is_of = |made: &&Arc<Snapshot>| made.over.as_ref().is_some_and(|over| Arc::ptr_eq(&over.base, &base));
        if let Some(made) = state.made.as_ref().filter(is_of) {
            return made.clone();
        }
        let made = Arc::new(self.laid_over(&base, &state.sets));
        let old = state.made.replace(made.clone());
        drop(state);
        drop(old);
        made
    }
    /// Takes in what was committed; nothing when it cannot be read back.
    pub fn take(&self, log: &Log, dataset: &Dataset, at: Instant, changes: &[Piece]) -> Option<()> {
        let changes = changes.iter().map(|piece| log.piece(*piece)).collect::<Option<_>>()?;
        let mut state = self.state();
        state.sets.push(Replayed { dataset: dataset.clone(), changes, at });
        state.made = None;
        Some(())
    }
    fn laid_over(&self, base: &Arc<Snapshot>, sets: &[Replayed]) -> Snapshot {
        let mut next = Snapshot::clone(base);
        next.blobs = Arc::new(Blobs { over: Some(self.blobs.clone()), ..Blobs::clone(&base.blobs) });
        // After the site's last commit, whenever that came: so the difference to it is one between two times.
        let first = Instant(base.times.last().map_or(i64::MIN, |last| last.0.saturating_add(1)));
        let mut numbers = Numbers::default();
        let mut edit = Edit::over(next, &mut numbers, self.blobs.mark);
        for Replayed { dataset, changes, at } in sets {
            if edit.commit(dataset, (*at).max(first), changes.iter().map(Some)).is_none() {
                tracing::error!(variant = %self.name, "a change that was read before cannot be read");
            }
        }
        let mut next = edit.finish();
        let (counts, last) = changes(base, &next, sets);
        next.over = Some(Arc::new(Overlay {
            name: self.name.clone(),
            number: self.number,
            base: base.clone(),
            changed: sets.last().map_or(Instant::MIN, |set| set.at),
            datasets: sets.iter().map(|set| set.dataset.name.clone()).collect(),
            counts,
            last,
        }));
        next
    }
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came, differs and went, by collection, and when the last of it did.
fn changes(base: &Snapshot, next: &Snapshot, sets: &[Replayed]) -> ([Counts; 3], [Instant; Collection::COUNT]) {
    let (mut counts, mut last) = ([[0; Collection::COUNT]; 3], [Instant::MIN; Collection::COUNT]);
    for row in next.changed_since(base) {
        if let Some(record) = next.now.rows.get(row.place()) {
            let revision = if record.is_current() { record.from } else { record.to };
            // The first commit makes the revision after the site's last.
            let set = sets.get((revision as usize).wrapping_sub(base.times.len() + 1));
            let last = &mut last[record.class.collection() as usize];
            *last = set.map_or(*last, |set| set.at.max(*last));
        }
        // What was removed and put again has another row.
        let (kind, asset) = match (base.asset(row), next.asset(row)) {
            (None, Some(new)) if base.find(new.id()).is_none() => (0, new),
            (_, Some(new)) => (1, new),
            (Some(old), None) if next.find(old.id()).is_none() => (2, old),
            (_, None) => continue,
        };
        counts[kind][asset.class().collection() as usize] += 1;
    }
    (counts, last)
}

impl Snapshot {
    /// What makes it a variant's; nothing of a site's own.
    pub fn overlay(&self) -> Option<&Overlay> {
        self.over.as_deref()
    }
    /// The same city as if it were a site's own, for what is written once and asked for under no name.
    pub fn by_itself(&self) -> Self {
        Self { over: None, ..self.clone() }
    }
}
