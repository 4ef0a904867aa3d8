//! A filter asked of many assets at once.

use super::Filter;
use crate::fault::{Fault, Result};
use crate::model::Collections;
use crate::store::{Row, Snapshot};
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a filter matches.
pub struct Chosen {
    /// The matching rows in the order in which they were offered, with the index of each one's snapshot.
    pub rows: Vec<(usize, Row)>,
    /// The properties that none of the offered assets has; none where no asset was offered.
    pub unknown: Vec<String>,
}

impl Filter {
    /// The assets among `rows` that match for somebody who may read `readable`; those in other collections are not looked at.
    ///
    /// # Errors
    /// Attributes or geometry that cannot be paged in.
    pub fn choose(&self, snapshots: &[Arc<Snapshot>], rows: &[(usize, Row)], readable: Collections) -> Result<Chosen> {
        let seen: Vec<AtomicBool> = self.properties().iter().map(|_| AtomicBool::new(false)).collect();
        let offered = AtomicBool::new(false);
        let mark = |number: usize| {
            if let Some(seen) = seen.get(number) {
                seen.store(true, Ordering::Relaxed);
            }
        };
        let matches = |(i, row): &(usize, Row)| {
            let snapshot = snapshots.get(*i)?;
            let asset = snapshot.asset(*row).filter(|asset| readable.contains(asset.class().collection()))?;
            offered.store(true, Ordering::Relaxed);
            let matched = self.matches(snapshot, &asset, readable, &mut |number| mark(number));
            matched.map(|is| is.then_some((*i, *row))).transpose()
        };
        let rows = rows.par_iter().filter_map(matches).collect::<Result<Vec<_>>>()?;
        let unknown = self.properties().iter().zip(&seen).filter(|(_, seen)| !seen.load(Ordering::Relaxed));
        let unknown = unknown.map(|(name, _)| name.clone()).filter(|_| offered.load(Ordering::Relaxed)).collect();
        Ok(Chosen { rows, unknown })
    }
    /// What to say of a property that nothing has: it is a slip of the pen far more often than a question.
    pub fn unknown(name: &str) -> Fault {
        Fault::parameter("filter", format!("no asset here has a property '{name}'"))
            .remedy("properties are class, name, collection, parent, storey, dataset, layer, id, geometry and what the sources call theirs")
    }
}
