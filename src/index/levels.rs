//! An immutable index that grows by batches: a packed base and ever smaller levels beside it.
//!
//! This is the logarithmic method of Bentley and Saxe ("Decomposable searching problems I", 1980): a new batch becomes
//! a level of its own and swallows levels not much larger than itself, so a question visits few levels and an entry
//! is copied few times. Levels are shared between the states before and after.

use std::sync::Arc;

/// One packed part of an index.
pub trait Level: Sized {
    /// What it holds.
    type Entry;
    /// Packs entries.
    fn build(entries: Vec<Self::Entry>) -> Self;
    /// The entries again, in any order.
    fn entries(&self) -> Vec<Self::Entry>;
    /// How many entries it holds.
    fn count(&self) -> usize;
}

/// A merge that a batch pays for is at most this many entries, or four times the batch: no commit of one
/// asset ever repacks a million.
const MERGE: usize = 2048;

/// Packed levels, the base first.
#[derive(Debug)]
pub struct Levels<L>(Vec<Arc<L>>);

impl<L> Clone for Levels<L> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<L> Default for Levels<L> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<L: Level> Levels<L> {
    /// One level of all `entries`.
    pub fn packed(entries: Vec<L::Entry>) -> Self {
        if entries.is_empty() { Self::default() } else { Self(vec![Arc::new(L::build(entries))]) }
    }
    /// Adds a batch, merging it with levels that it can pay for.
    pub fn add(&mut self, mut batch: Vec<L::Entry>) {
        if batch.is_empty() {
            return;
        }
        let budget = MERGE.max(4 * batch.len());
        while let Some(last) =
            self.0.last().filter(|l| l.count() <= 2 * batch.len() && l.count() + batch.len() <= budget)
        {
            batch.extend(last.entries());
            self.0.pop();
        }
        self.0.push(Arc::new(L::build(batch)));
    }
    /// The levels, base first.
    pub fn iter(&self) -> impl Iterator<Item = &L> {
        self.0.iter().map(AsRef::as_ref)
    }
    /// How many entries there are, those of rows that have changed since included.
    pub fn count(&self) -> usize {
        self.iter().map(Level::count).sum()
    }
    /// Whether packing anew would make questions faster.
    pub fn is_grown(&self) -> bool {
        let base = self.0.first().map_or(0, |l| l.count());
        self.0.len() > 12 || self.count() - base > MERGE.max(base / 8)
    }
    /// `packed`, made from the state `old`, brought up to this later state: every level that `old` did not have follows.
    #[must_use]
    pub fn rebased(&self, old: &Self, mut packed: Self) -> Self {
        packed.0.extend(self.0.iter().filter(|l| !old.0.iter().any(|o| Arc::ptr_eq(o, l))).cloned());
        packed
    }
}
