//! What an import owes the dataset's former version: a refusal ends nothing, and another file of the same name does not either.

use super::check::ModelCheck;
use super::finding::{self, Finding};
use super::report::{FileReport, Renewed};
use crate::fault::{Fault, Kind, Result};
use crate::model::{DatasetName, Thing};
use crate::store::{Draft, Heir, Site, Snapshot, Store};
use std::collections::HashSet;
use std::sync::Arc;

/// Ended assets that are looked for under new ids at most: each is a search in the city.
const LOOKED_AT: usize = 20_000;

/// Keeps refused objects, and the objects of refused layers, that the dataset had before as they were.
///
/// # Errors
/// A draft that is lost.
pub(super) fn keep_refused(
    draft: &mut Draft<'_>,
    snapshot: &Snapshot,
    dataset: &DatasetName,
    report: &mut FileReport,
) -> Result<()> {
    let mut kept = 0;
    for refused in &report.refused {
        // One whose id came twice is in already.
        kept += usize::from(draft.keep(&refused.object)?);
    }
    // A layer that is refused whole, by its name.
    let refused: HashSet<&str> = report.refused.iter().map(|refused| refused.object.as_str()).collect();
    let layers = snapshot.catalogue().filter(|known| known.name == *dataset).flat_map(|known| &known.layers);
    let layers: HashSet<&str> = layers.map(AsRef::as_ref).filter(|layer| refused.contains(layer)).collect();
    if !layers.is_empty() {
        let all = snapshot.rows().filter_map(|row| snapshot.asset(row)).filter(|asset| asset.dataset() == dataset);
        for asset in all.filter(|asset| asset.layer().is_some_and(|layer| layers.contains(layer))) {
            kept += usize::from(draft.keep(asset.source_id())?);
        }
    }
    if kept > 0 {
        report.notes.push(format!("{kept} refused objects stay as an earlier import left them"));
    }
    Ok(())
}

/// The things of the dataset's devices, as they are before an import.
pub(super) fn bound(store: Option<&Store>, site: &Site, dataset: &DatasetName) -> Vec<Arc<Thing>> {
    // Things are of the site's devices, whatever becomes of these in a variant.
    if site.variant_name().is_some() {
        return Vec::new();
    }
    let snapshot = site.snapshot();
    let is_ours = |thing: &Arc<Thing>| {
        let asset = snapshot.find(&thing.device).and_then(|row| snapshot.asset(row));
        asset.is_some_and(|asset| asset.dataset() == dataset)
    };
    let things = store.map(|store| store.series().things_of(site.code()));
    things.into_iter().flatten().filter(is_ours).collect()
}

/// How many assets of the dataset ended and came again under other ids; 0 where more ended than are looked at.
///
/// # Errors
/// Geometry that cannot be paged in.
pub(super) fn under_new_ids(
    before: &Snapshot,
    site: &Site,
    dataset: &DatasetName,
    report: &FileReport,
) -> Result<usize> {
    if report.added == 0 || report.removed == 0 || report.removed > LOOKED_AT {
        return Ok(0);
    }
    let after = site.snapshot();
    let all = before.rows().filter_map(|row| before.asset(row)).filter(|asset| asset.dataset() == dataset);
    let mut heirs = HashSet::new();
    for ended in all.filter(|asset| after.find(asset.id()).is_none()) {
        if let Heir::One(id) = after.heir(ended.id())? {
            heirs.insert(id);
        }
    }
    Ok(heirs.len())
}

/// Tells what became of things whose devices ended: those whose ids were renewed go on, and none is guessed. What is attached to
/// assets follows them as well.
///
/// # Errors
/// Geometry that cannot be paged in, an attachment's line that cannot be written; the import is done all the same.
pub(super) fn tell_bound(
    before: &[Arc<Thing>],
    store: Option<&Store>,
    site: &Site,
    report: &mut FileReport,
) -> Result<()> {
    store.map_or(Ok(0), Store::settle_attachments)?;
    let snapshot = site.snapshot();
    for was in before.iter().filter(|thing| snapshot.find(&thing.device).is_none()) {
        let now = store.and_then(|store| store.series().thing(was.id));
        if let Some(now) = now.filter(|now| now.device != was.device) {
            report.renewed.push(Renewed { was: was.device.to_string(), id: now.device.to_string() });
            continue;
        }
        let said = match snapshot.heir(&was.device)? {
            Heir::Several(ids) => format!(
                "ended, and {} may be it under another id: its readings and alarms stay with the old one",
                ids.join(" or ")
            ),
            _ => "ended, and nothing of its class and shape stands in its place: its readings and alarms stay with its id"
                .to_owned(),
        };
        report
            .findings
            .add(finding::UNBOUND_DEVICE, Finding::new(finding::UNBOUND_DEVICE, &was.device, was.class, None, said));
    }
    Ok(())
}

/// Refuses a file that shares nothing with what its dataset holds, neither ids nor places: all of that would end.
///
/// # Errors
/// [`Kind::Conflict`], with how to say what is meant.
pub(super) fn not_another(
    snapshot: &Snapshot,
    dataset: &DatasetName,
    draft: &Draft<'_>,
    check: &ModelCheck,
) -> Result<()> {
    let tally = draft.tally();
    if tally.replaced + tally.unchanged > 0 || check.stands_for(dataset, snapshot) {
        return Ok(());
    }
    let of_dataset = |row: &_| snapshot.asset(*row).is_some_and(|a| a.dataset() == dataset);
    match snapshot.rows().filter(of_dataset).count() {
        0 => Ok(()),
        held => {
            let detail = format!("has none of the {held} assets of dataset '{dataset}', which would all end");
            Err(Fault::new(Kind::Conflict, detail).remedy(
                "import it beside them under another name with --dataset NAME, or say that it takes their place with --replace",
            ))
        }
    }
}
