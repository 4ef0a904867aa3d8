//! What an import owes the dataset's former version: a refusal ends nothing, and another file of the same name does not either.

use super::report::FileReport;
use crate::fault::{Fault, Kind, Result};
use crate::model::{Asset, DatasetName};
use crate::store::{Draft, Snapshot};

/// Puts refused objects that the dataset had before again as they were.
///
/// # Errors
/// What the disk says.
pub(super) fn keep_refused(
    snapshot: &Snapshot,
    dataset: &DatasetName,
    draft: &mut Draft<'_>,
    report: &mut FileReport,
) -> Result<()> {
    let mut kept = 0;
    for refused in &report.refused {
        let stored = snapshot.find_brought(dataset, &refused.object);
        let Some(old) = stored.and_then(|row| snapshot.asset(row)) else { continue };
        let asset = Asset { id: refused.object.as_str().into(), ..old.to_asset()? };
        match draft.put(asset) {
            Ok(_) => kept += 1,
            // The id came twice, and the first of them is in.
            Err(fault) if fault.kind == Kind::Conflict => {}
            Err(fault) => return Err(fault),
        }
    }
    if kept > 0 {
        report.notes.push(format!("{kept} refused objects stay as an earlier import left them"));
    }
    Ok(())
}

/// Refuses a file that shares nothing with what its dataset holds: all of that would end.
///
/// # Errors
/// [`Kind::Conflict`], with how to say what is meant.
pub(super) fn not_another(snapshot: &Snapshot, dataset: &DatasetName, draft: &Draft<'_>) -> Result<()> {
    let tally = draft.tally();
    if tally.replaced + tally.unchanged > 0 {
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
