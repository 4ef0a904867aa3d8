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
    /// [`Kind::NotFound`] for no such dataset, [`Kind::Conflict`] when it is not published, or is no set of assets.
    pub fn withdraw(&self, name: &DatasetName, at: Instant) -> Result<Committed> {
        let mut dataset = self.of_assets(name)?;
        if dataset.entry.standing != Standing::Published {
            return Err(Fault::new(Kind::Conflict, format!("dataset '{name}' is withdrawn already")));
        }
        dataset.entry.standing = Standing::Withdrawn;
        self.end(dataset, at)
    }
    /// Puts a withdrawn dataset's assets into the city as they were before, under the ids that they had: nothing else was called
    /// so meanwhile.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for no such dataset, [`Kind::Conflict`] when it is published.
    pub fn publish_again(&self, name: &DatasetName, at: Instant) -> Result<Committed> {
        if self.of_assets(name)?.entry.standing != Standing::Withdrawn {
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
        self.of_assets(name)?;
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
    /// Takes a dataset's assets out of the city for good and its entry out of the catalogue. What was stays in history. A raster
    /// or a tileset is removed.
    ///
    /// # Errors
    /// No such dataset; what the disk says.
    pub fn delete(&self, name: &DatasetName, at: Instant) -> Result<Committed> {
        if let Some(removed) = self.remove_coverage(name, at)? {
            return Ok(removed);
        }
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
    /// The dataset, if it is one of assets: a raster, a tileset or a point cloud has one edition, which is shown or gone.
    fn of_assets(&self, name: &DatasetName) -> Result<Dataset> {
        if self.coverage(name).is_some() {
            return Err(Fault::new(
                Kind::Conflict,
                format!("'{name}' is a raster, a tileset or a point cloud, which has one edition"),
            )
            .remedy("delete it, or import it anew"));
        }
        self.managed(name)
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
        draft.with_names_of(edition.revision);
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
    /// The revision that a withdrawn dataset comes back from.
    pub(super) fn withdrawn_from(&self, name: &DatasetName) -> Option<u32> {
        let withdrawn = self.catalogue().any(|d| d.name == *name && d.entry.standing == Standing::Withdrawn);
        let last = || self.editions(name).rev().find(|e| e.standing == Standing::Published);
        withdrawn.then(last).flatten().and_then(|e| u32::try_from(e.revision).ok())
    }
    /// Whether an asset of a withdrawn dataset other than `own` is called so, and will be again.
    pub(super) fn reserves(&self, id: &str, own: Option<&DatasetName>) -> bool {
        let withdrawn = |d: &&Dataset| d.entry.standing == Standing::Withdrawn && own != Some(&d.name);
        self.catalogue().filter(withdrawn).any(|d| {
            let row = self.withdrawn_from(&d.name).and_then(|at| self.lookup(id, Some(at)));
            row.and_then(|row| self.asset(row)).is_some_and(|asset| *asset.dataset() == d.name)
        })
    }
    /// The assets that a dataset had at a revision, as its source called them.
    fn assets_of<'a>(&'a self, name: &'a DatasetName, revision: u64) -> impl Iterator<Item = Result<Asset>> + 'a {
        self.rows_of_revision(revision).into_iter().filter_map(move |row| {
            let asset = self.asset(row).filter(|a| a.dataset() == name)?;
            Some(asset.to_asset().map(|whole| Asset { id: asset.source_id().into(), ..whole }))
        })
    }
}
