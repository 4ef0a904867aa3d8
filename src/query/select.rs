//! A selection: items by box, time and property, narrowed by a filter.

use super::Features;
use crate::fault::{Fault, Result};
use crate::filter::Filter;
use crate::store::{Row, Snapshot};
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The rows that `features` means (its limit and cursor included) and that `filter` matches, with the index of each one's
/// snapshot.
///
/// # Errors
/// A filter with a property that none of the items has, and attributes or geometry that cannot be paged in.
pub fn select(
    features: &Features<'_>,
    filter: Option<&Filter>,
    snapshots: &[Arc<Snapshot>],
) -> Result<Vec<(usize, Row)>> {
    let rows = features.ask(snapshots).rows;
    let Some(filter) = filter else { return Ok(rows) };
    let seen: Vec<AtomicBool> = filter.properties().iter().map(|_| AtomicBool::new(false)).collect();
    let mark = |number: usize| {
        if let Some(seen) = seen.get(number) {
            seen.store(true, Ordering::Relaxed);
        }
    };
    let matches = |(i, row): &(usize, Row)| {
        let snapshot = snapshots.get(*i)?;
        let asset = snapshot.asset(*row)?;
        filter.matches(snapshot, &asset, &mut |number| mark(number)).map(|is| is.then_some((*i, *row))).transpose()
    };
    let some = !rows.is_empty();
    let found = rows.par_iter().filter_map(matches).collect::<Result<Vec<_>>>()?;
    let unknown = filter.properties().iter().zip(&seen).find(|(_, seen)| !seen.load(Ordering::Relaxed));
    match unknown {
        Some((name, _)) if some => Err(Fault::parameter("filter", format!("no asset here has a property '{name}'"))
            .remedy("properties are class, name, collection, parent, storey, dataset, layer, id, geometry and what the sources call theirs")),
        _ => Ok(found),
    }
}
