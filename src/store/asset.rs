//! An asset as a snapshot shows it: the resident part, borrowed.

use super::snapshot::{Row, Setting, Snapshot};
use super::table::{Kept, OPEN, Record};
use crate::fault::Result;
use crate::geom::Bounds;
use crate::model::{Asset, Class, Collections, DatasetName, Grain};
use crate::units::Instant;

/// One version of an asset in a snapshot; cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct AssetRef<'a> {
    snapshot: &'a Snapshot,
    row: Row,
    record: Kept<'a>,
    setting: &'a Setting,
}

impl<'a> AssetRef<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, row: Row, record: Kept<'a>) -> Option<Self> {
        snapshot.setting(&record).map(|setting| Self { snapshot, row, record, setting })
    }
    /// Its row.
    pub fn row(&self) -> Row {
        self.row
    }
    /// Its id, unique in the site.
    pub fn id(&self) -> &'a str {
        self.record.id()
    }
    /// The id that its source gave it; another than its own where that one was taken.
    pub fn source_id(&self) -> &'a str {
        self.snapshot.source_id(self.record)
    }
    /// What it is.
    pub fn class(&self) -> Class {
        self.record.class
    }
    /// Its name for people; empty when it has none.
    pub fn name(&self) -> &'a str {
        self.record.name()
    }
    /// The asset it is part of or contained in; absent while that one is not in the store.
    pub fn parent(&self) -> Option<Row> {
        self.snapshot.parent_of(&self.record, self.record.last())
    }
    /// The parent's id; as the source gave it while that one is not in the store.
    pub fn parent_id(&self) -> Option<&'a str> {
        self.parent_id_for(Collections::ALL)
    }
    /// As [`AssetRef::parent_id`], for somebody who may read `readable`: absent where that does not hold the parent.
    pub fn parent_id_for(&self, readable: Collections) -> Option<&'a str> {
        match self.parent().and_then(|row| self.snapshot.record(row)) {
            Some(parent) => readable.contains(parent.class.collection()).then(|| parent.id()),
            None => self.snapshot.parent_word(&self.record).map(AsRef::as_ref),
        }
    }
    /// The label of its storey.
    pub fn storey(&self) -> Option<&'a str> {
        self.setting.storey.as_deref()
    }
    /// The dataset it came with.
    pub fn dataset(&self) -> &'a DatasetName {
        &self.setting.dataset
    }
    /// The layer of the source file.
    pub fn layer(&self) -> Option<&'a str> {
        self.setting.layer.as_deref()
    }
    /// Its box in longitude, latitude (degrees) and ellipsoidal height (metres); empty without a place.
    pub fn bounds(&self) -> Bounds {
        self.record.bounds
    }
    /// From when (included) until when (not included) this version holds; [`Instant::MAX`] while it is current.
    pub fn valid(&self) -> (Instant, Instant) {
        (self.snapshot.time_of(self.record.from), self.snapshot.time_of(self.record.to))
    }
    /// What its geometry is made of.
    pub fn grain(&self) -> Grain {
        self.record.grain
    }
    /// Whether its geometry has a mesh.
    pub fn has_mesh(&self) -> bool {
        self.record.grain.has_mesh()
    }
    /// All of it, as it would be put again.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn to_asset(&self) -> Result<Asset> {
        Ok(Asset {
            id: self.id().into(),
            class: self.class(),
            name: self.name().to_owned(),
            parent: self.parent_id().map(Into::into),
            storey: self.storey().map(Into::into),
            layer: self.layer().map(Into::into),
            attributes: self.snapshot.attributes(self.row)?.as_ref().clone(),
            geometry: self.snapshot.geometry(self.row)?.as_ref().clone(),
            bounds: self.bounds(),
        })
    }
    /// A hash of geometry, attributes and identity: the same content has the same number.
    pub fn version(&self) -> u64 {
        self.record.hash
    }
}

impl Record {
    /// The last revision at which a past version held; `None` stands for now.
    pub(super) fn last(&self) -> Option<u32> {
        (self.to != OPEN).then(|| self.to - 1)
    }
}
