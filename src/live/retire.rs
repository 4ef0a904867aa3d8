//! A dataset is taken out of the city, or put back to what it was, and what depended on assets that end so ends with them: active
//! alarms of devices; where a dataset is deleted for good, what is attached to its assets too.

use super::desk;
use crate::fault::Result;
use crate::model::DatasetName;
use crate::store::{Committed, Site, Store};
use crate::units::Instant;

/// What went with a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retired {
    /// What the commit did.
    pub committed: Committed,
    /// Alarms that were cleared.
    pub alarms: usize,
    /// Assets of other datasets that were part of something in it.
    pub orphans: usize,
    /// Files that were attached to its assets.
    pub attachments: usize,
}

/// Takes a dataset out of the city until it is published again; `by` clears the alarms.
///
/// # Errors
/// As [`Site::withdraw`].
pub fn withdraw(store: &Store, site: &Site, name: &DatasetName, by: &str, now: Instant) -> Result<Retired> {
    retire(store, site, name, by, now, Site::withdraw)
}

/// Takes a dataset out of the city for good; `by` clears the alarms.
///
/// # Errors
/// As [`Site::delete`]; what the disk says of attachments, which then go when the store is opened next.
pub fn delete(store: &Store, site: &Site, name: &DatasetName, by: &str, now: Instant) -> Result<Retired> {
    let retired = retire(store, site, name, by, now, Site::delete)?;
    Ok(Retired { attachments: store.settle_attachments()?, ..retired })
}

/// Puts a dataset as the commit of `revision` left it in place of what it is now; `by` clears the alarms of devices that were not
/// there then. Alarms and what is attached follow ids that were renewed in between.
///
/// # Errors
/// As [`Site::roll_back`]; what the disk says of attachments, which then follow when the store is opened next.
pub fn roll_back(
    store: &Store,
    site: &Site,
    name: &DatasetName,
    revision: u64,
    by: &str,
    now: Instant,
) -> Result<Retired> {
    let retired = retire(store, site, name, by, now, |site, name, now| site.roll_back(name, revision, now))?;
    Ok(Retired { attachments: store.settle_attachments()?, ..retired })
}

impl Retired {
    /// A commit with which nothing else went.
    pub fn only(committed: Committed) -> Self {
        Self { committed, alarms: 0, orphans: 0, attachments: 0 }
    }
}

fn retire(
    store: &Store,
    site: &Site,
    name: &DatasetName,
    by: &str,
    now: Instant,
    how: impl FnOnce(&Site, &DatasetName, Instant) -> Result<Committed>,
) -> Result<Retired> {
    let before = site.snapshot();
    let committed = how(site, name, now)?;
    let after = site.snapshot();
    let mut alarms = 0;
    // A device that ended before, without an heir, was the dataset's as well.
    let has_ended =
        |device: &str| after.find(device).is_none() && before.last(device).is_some_and(|asset| asset.dataset() == name);
    for alarm in store.series().active_alarms().iter().filter(|alarm| has_ended(&alarm.device)) {
        desk::clear(store, alarm.id, by, now)?;
        alarms += 1;
    }
    let ours = |row| before.asset(row).is_some_and(|asset| asset.dataset() == name);
    let ended = |row| ours(row) && before.asset(row).is_some_and(|asset| after.find(asset.id()).is_none());
    let orphan = |row: &_| !ours(*row) && before.asset(*row).and_then(|asset| asset.parent()).is_some_and(ended);
    let orphans = before.rows().filter(orphan).count();
    Ok(Retired { alarms, orphans, ..Retired::only(committed) })
}
