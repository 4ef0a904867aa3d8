//! Datasets as things to manage: described, withdrawn, published again, rolled back, deleted; each is one commit, so that it
//! happens whole or not at all, and history keeps what was.

use super::commit::Committed;
use super::dataset::{Dataset, Edition, Entry, Standing};
use super::site::Site;
use super::snapshot::Snapshot;
use crate::fault::{Fault, Kind, Result};
use crate::model::{Asset, DatasetName};
use crate::units::Instant;

impl Site {
    /// Changes a dataset's entry in the catalogue; its standing stays.
    ///
    /// # Errors
    /// No such dataset; what the disk says.
    pub fn describe(&self, name: &DatasetName, change: impl FnOnce(&mut Entry), at: Instant) -> Result<Committed> {
        let mut dataset = self.managed(name)?;
        let standing = dataset.entry.standing;
        change(&mut dataset.entry);
        dataset.entry.standing = standing;
        self.draft(dataset)?.commit(at)
    }
    /// Takes a dataset's assets out of the city until it is published again.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for no such dataset, [`Kind::Conflict`] when it is not published.
    pub fn withdraw(&self, name: &DatasetName, at: Instant) -> Result<Committed> {
        let mut dataset = self.managed(name)?;
        if dataset.entry.standing != Standing::Published {
            return Err(Fault::new(Kind::Conflict, format!("dataset '{name}' is withdrawn already")));
        }
        dataset.entry.standing = Standing::Withdrawn;
        self.end(dataset, at)
    }
    /// Puts a withdrawn dataset's assets into the city as they were before.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for no such dataset, [`Kind::Conflict`] when it is published.
    pub fn publish_again(&self, name: &DatasetName, at: Instant) -> Result<Committed> {
        if self.managed(name)?.entry.standing != Standing::Withdrawn {
            return Err(Fault::new(Kind::Conflict, format!("dataset '{name}' is published already")));
        }
        let snapshot = self.snapshot();
        let published = snapshot.editions(name).rev().find(|e| e.standing == Standing::Published).cloned();
        self.restore(name, &published.ok_or_else(|| Fault::internal("withdrawn, and never published"))?, at)
    }
    /// Puts a dataset as the commit of `revision` left it in place of what it is now; it is published then.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for no such dataset or edition, [`Kind::Conflict`] when it held nothing then.
    pub fn roll_back(&self, name: &DatasetName, revision: u64, at: Instant) -> Result<Committed> {
        self.managed(name)?;
        let snapshot = self.snapshot();
        let edition = snapshot.editions(name).find(|e| e.revision == revision).cloned();
        let edition = edition.ok_or_else(|| {
            let all: Vec<String> = snapshot.editions(name).map(|e| e.revision.to_string()).collect();
            Fault::not_found(format!("dataset '{name}' has no edition of revision {revision}"))
                .remedy(format!("its editions are of {}", all.join(", ")))
        })?;
        if edition.standing != Standing::Published {
            let detail = format!("dataset '{name}' was {} at revision {revision}", edition.standing.name());
            return Err(Fault::new(Kind::Conflict, detail));
        }
        self.restore(name, &edition, at)
    }
    /// Takes a dataset's assets out of the city for good and its entry out of the catalogue. What was stays in history.
    ///
    /// # Errors
    /// No such dataset; what the disk says.
    pub fn delete(&self, name: &DatasetName, at: Instant) -> Result<Committed> {
        let mut dataset = self.managed(name)?;
        dataset.entry = Entry { standing: Standing::Deleted, ..Entry::default() };
        self.end(dataset, at)
    }

    fn managed(&self, name: &DatasetName) -> Result<Dataset> {
        let snapshot = self.snapshot();
        let found = snapshot.catalogue().find(|d| d.name == *name).cloned();
        found.ok_or_else(|| {
            Fault::not_found(format!("site {} has no dataset '{name}'", self.code())).remedy("/datasets lists them")
        })
    }
    /// Ends every asset of the dataset.
    fn end(&self, dataset: Dataset, at: Instant) -> Result<Committed> {
        let mut draft = self.draft(dataset)?;
        draft.retire_others();
        draft.commit(at)
    }
    fn restore(&self, name: &DatasetName, edition: &Edition, at: Instant) -> Result<Committed> {
        let mut dataset = self.managed(name)?;
        let Edition { title, crs, source, .. } = edition.clone();
        dataset = Dataset { title, crs, source, ..dataset };
        dataset.entry.standing = Standing::Published;
        let mut draft = self.draft(dataset)?;
        // Taken after the draft has begun: nothing can come between the two.
        let snapshot = self.snapshot();
        for asset in snapshot.assets_of(name, edition.revision) {
            draft.put(asset?)?;
        }
        draft.retire_others();
        draft.commit(at)
    }
}

impl Snapshot {
    /// The datasets that the catalogue lists: published and withdrawn ones.
    pub fn catalogue(&self) -> impl Iterator<Item = &Dataset> + '_ {
        self.all_datasets().iter().filter(|d| d.entry.standing != Standing::Deleted)
    }
    /// What the catalogue says of a dataset; nothing of one that is not there.
    pub fn entry_of(&self, name: &DatasetName) -> Entry {
        self.catalogue().find(|d| d.name == *name).map(|d| d.entry.clone()).unwrap_or_default()
    }
    /// The assets that a dataset had at a revision, as its source called them.
    fn assets_of<'a>(&'a self, name: &'a DatasetName, revision: u64) -> impl Iterator<Item = Result<Asset>> + 'a {
        self.rows_of_revision(revision).into_iter().filter_map(move |row| {
            let asset = self.asset(row).filter(|a| a.dataset() == name)?;
            Some(asset.to_asset().map(|whole| Asset { id: asset.source_id().into(), ..whole }))
        })
    }
}
