//! Attachments follow their assets: to the id that a source renewed, and away with a dataset that is deleted.

use super::renew::Heir;
use super::store::Store;
use crate::fault::Result;

impl Store {
    /// Settles what is attached to ids that are in no city any more: where the source renewed an id it goes with the asset, where
    /// the dataset is deleted it is taken away, and else it waits for the asset to come back. Gives how many were taken away.
    ///
    /// # Errors
    /// What the disk says; then some are settled, and doing it again settles the others.
    pub fn settle_attachments(&self) -> Result<usize> {
        let snapshots: Vec<_> = self.sites().iter().map(|site| site.snapshot()).collect();
        let mut removed = 0;
        for id in self.attachments().assets() {
            if snapshots.iter().any(|s| s.find(&id).is_some() || s.reserves(&id, None)) {
                continue;
            }
            for snapshot in &snapshots {
                let Some(dataset) = snapshot.last(&id).map(|asset| asset.dataset()) else { continue };
                if let Heir::One(heir) = snapshot.heir(&id)? {
                    self.attachments().hand_on(&id, &heir)?;
                } else if !snapshot.catalogue().any(|known| known.name == *dataset) {
                    for one in self.attachments().of(&id) {
                        removed += usize::from(self.attachments().detach(&id, &one.sha256)?.is_some());
                    }
                }
            }
        }
        Ok(removed)
    }
}
