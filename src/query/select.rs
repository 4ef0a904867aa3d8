//! A selection: items by box, time and property, narrowed by a filter.

use super::Features;
use crate::fault::Result;
use crate::filter::Filter;
use crate::store::{Row, Snapshot};
use std::sync::Arc;

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
    let chosen = filter.choose(snapshots, &rows, features.visible)?;
    chosen.unknown.first().map_or(Ok(chosen.rows), |name| Err(Filter::unknown(name)))
}
