//! What an import owes the dataset's former version: a refusal ends nothing, and another file of the same name does not either.

use super::report::FileReport;
use crate::fault::{Fault, Kind, Result};
use crate::model::DatasetName;
use crate::store::{Draft, Snapshot};

/// Keeps refused objects that the dataset had before as they were.
///
/// # Errors
/// A draft that is lost.
pub(super) fn keep_refused(draft: &mut Draft<'_>, report: &mut FileReport) -> Result<()> {
    let mut kept = 0;
    for refused in &report.refused {
        // One whose id came twice is in already.
        kept += usize::from(draft.keep(&refused.object)?);
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
