//! A draft: changes that stream to disk, unseen until they are committed together.

use super::Dataset;
use super::archive::embedded::{
    Append, Blob, Log, Op, Packer, Placed, Version, check, encode_attributes, encode_geometry, encode_placed, is_shared,
};
use super::clash;
use super::site::{Site, Writer};
use super::snapshot::{Row, Snapshot};
use super::table::Record;
use crate::fault::{Fault, Kind, Result};
use crate::geom::{Bounds, Shapes};
use crate::model::{Asset, AssetId};
use crate::units::Instant;
use std::collections::HashSet;
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3Default;

/// What became of an asset that was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    Added,
    /// The dataset had it before; if nothing about it differs, it stays as it is.
    Replaced,
    /// Another dataset or site has its id: this is what it is called instead, `dataset~id`, or `site~dataset~id` where that
    /// is taken too.
    Renamed(AssetId),
}

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The site's revision that it made.
    pub revision: u64,
    /// New assets.
    pub added: usize,
    /// Assets with a new version.
    pub replaced: usize,
    /// Assets that ended.
    pub removed: usize,
    /// Assets that were put again just as they are.
    pub unchanged: usize,
}

/// Blobs are written when this many bytes have gathered, changes with them.
const SEGMENT: usize = 4 << 20;
/// The longest id, in bytes.
const LONGEST_ID: usize = 1024;

/// Two shapes are one where their corners are within this of each other; metres.
const SAME: f64 = 1e-4;
/// Positions of shapes that are remembered, in case one comes again.
const SHAPES: usize = 2_000_000;

/// Changes to one site that become visible together, or not at all: dropped without a commit, it never was.
///
/// A site has one draft at a time; another waits for it. A second draft of one site on the same thread would wait for ever.
pub struct Draft<'a> {
    site: &'a Site,
    /// Taken out by the end of the draft.
    writer: Option<Writer>,
    base: Arc<Snapshot>,
    dataset: Dataset,
    append: Append,
    packer: Packer,
    blobs: Vec<u8>,
    changes: Vec<u8>,
    scratch: [Vec<u8>; 2],
    /// Encoded changes that are written already.
    written: Vec<Vec<u8>>,
    seen: HashSet<AssetId>,
    gone: HashSet<AssetId>,
    layers: HashSet<Arc<str>>,
    retire: bool,
    /// The revision whose names the dataset's assets have again, where they have none now.
    names: Option<u32>,
    /// Shapes that this draft wrote whole, by where they lie.
    shapes: Shapes<(u64, u32)>,
    tally: Committed,
    failed: Option<Fault>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(site: &'a Site, writer: Writer, dataset: Dataset) -> Result<Self> {
        let started = writer.log.writable().and_then(|()| Packer::new(writer.log.salt));
        let packer = match started {
            Ok(packer) => packer,
            Err(fault) => {
                site.give_back(writer);
                return Err(fault);
            }
        };
        let base = site.snapshot();
        let layers = dataset.layers.iter().cloned().collect();
        let names = base.withdrawn_from(&dataset.name);
        let tally = Committed { revision: 0, added: 0, replaced: 0, removed: 0, unchanged: 0 };
        Ok(Self {
            site,
            append: writer.log.append(),
            writer: Some(writer),
            base,
            dataset,
            packer,
            blobs: Vec::new(),
            changes: Vec::new(),
            scratch: Default::default(),
            written: Vec::new(),
            seen: HashSet::new(),
            gone: HashSet::new(),
            layers,
            retire: false,
            names,
            shapes: Shapes::new(SAME, SHAPES),
            tally,
            failed: None,
        })
    }

    /// Puts an asset: adds it, or replaces the one of its id.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when this draft has its id already, [`Kind::BadInput`] or [`Kind::TooLarge`] when it does not hold
    /// together; the draft is as before and can go on. [`Kind::Io`] when the disk refuses; the draft is lost.
    pub fn put(&mut self, asset: Asset) -> Result<Put> {
        self.usable()?;
        let bounds = sound(&asset).map_err(|f| f.about(&*asset.id))?;
        let (id, held) = self.place(&asset.id)?;
        if self.seen.contains(&id) {
            return Err(Fault::new(Kind::Conflict, "the id comes twice").about(&*id));
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let put = self.append(asset, id, held, bounds, &mut scratch);
        self.scratch = scratch;
        put
    }

    fn append(
        &mut self,
        asset: Asset,
        id: AssetId,
        held: Option<Row>,
        bounds: Bounds,
        raw: &mut [Vec<u8>; 2],
    ) -> Result<Put> {
        let [geometry, attributes] = raw;
        geometry.clear();
        attributes.clear();
        if asset.geometry != Default::default() {
            encode_geometry(&asset.geometry, geometry);
        }
        if !asset.attributes.is_empty() {
            encode_attributes(&asset.attributes, attributes).map_err(|f| f.about(&*id))?;
        }
        let renamed = *asset.id != *id;
        let mut version = Version {
            id: id.clone(),
            class: asset.class,
            name: asset.name,
            parent: asset.parent,
            storey: asset.storey,
            layer: asset.layer,
            bounds,
            hash: 0,
            mesh: asset.geometry.mesh.is_some(),
            blob: Blob::default(),
        };
        version.hash = self.hash(&version, geometry, attributes);
        if let Some(layer) = version.layer.as_ref().filter(|l| self.layers.insert((*l).clone())) {
            self.dataset.layers.push(layer.clone());
        }
        let same = held.filter(|_| !self.gone.contains(&id)).and_then(|r| self.base.record(r));
        if same.is_some_and(|r| r.hash == version.hash) {
            self.tally.unchanged += 1;
        } else {
            let shape = asset.geometry.mesh.as_ref().filter(|mesh| is_shared(mesh));
            let known = shape.and_then(|mesh| self.shapes.find(mesh));
            if let Some(((offset, length), motion)) = known {
                geometry.clear();
                encode_placed(&asset.geometry.footprint, &Placed { offset, length, motion }, geometry);
            }
            version.blob = self.pack(geometry, attributes).map_err(|f| f.about(&*id))?;
            if let Some(mesh) = shape.filter(|_| known.is_none()) {
                self.shapes.insert(mesh, (version.blob.offset, version.blob.geometry));
            }
            *if held.is_some() { &mut self.tally.replaced } else { &mut self.tally.added } += 1;
            self.push(Op::Put(version))?;
        }
        self.seen.insert(id.clone());
        Ok(match held {
            _ if renamed => Put::Renamed(id),
            Some(_) => Put::Replaced,
            None => Put::Added,
        })
    }

    /// Ends the asset of this id; `false` when there is none.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when this draft put it.
    pub fn remove(&mut self, id: &str) -> Result<bool> {
        self.usable()?;
        if self.seen.contains(id) {
            return Err(Fault::new(Kind::Conflict, "the asset was put in this same draft").about(id));
        }
        let Some(id) = self.base.find(id).and_then(|row| self.base.record(row)).map(|r| AssetId::from(r.id())) else {
            return Ok(false);
        };
        if !self.gone.insert(id.clone()) {
            return Ok(false);
        }
        self.tally.removed += 1;
        self.push(Op::Remove(id)).map(|()| true)
    }

    /// Keeps what the dataset has under its source's `id` just as it is; `false` when there is none, or this draft put it.
    ///
    /// # Errors
    /// A draft that is lost.
    pub fn keep(&mut self, id: &str) -> Result<bool> {
        self.usable()?;
        let row = self.base.brought(&self.dataset.name, id, None);
        let kept = row.and_then(|row| self.base.record(row)).is_some_and(|record| self.seen.insert(record.id().into()));
        self.tally.unchanged += usize::from(kept);
        Ok(kept)
    }

    /// Ends, with the commit, whatever the dataset has and this draft did not put: the file was imported anew.
    pub fn retire_others(&mut self) {
        self.retire = true;
    }

    /// Gives assets that are not in the city the names that they had at a revision.
    pub(super) fn with_names_of(&mut self, revision: u64) {
        self.names = u32::try_from(revision).ok();
    }

    /// Names the kept file that the dataset's assets come from, by its SHA-256 (hex).
    pub fn of_source(&mut self, hash: &str) {
        self.dataset.source = Some(hash.to_owned());
    }

    /// What was put and removed so far; the revision is 0.
    pub fn tally(&self) -> Committed {
        self.tally
    }

    /// Makes the changes durable, then visible. They hold from `at` on, or from the previous commit's time when that is later.
    ///
    /// # Errors
    /// [`Kind::Io`] when the disk refuses: then nothing has changed.
    pub fn commit(mut self, at: Instant) -> Result<Committed> {
        self.usable()?;
        if self.retire {
            self.retire_unseen()?;
        }
        self.flush()?;
        let written = std::mem::take(&mut self.written);
        let Some(writer) = &mut self.writer else { return Err(ended()) };
        let revision = writer.log.seal(self.append, &self.dataset, at)?;
        self.site.publish(writer, &self.dataset, at, &written)?;
        Ok(Committed { revision, ..self.tally })
    }

    fn usable(&self) -> Result<()> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// The id under which an asset is stored, and the row it replaces.
    fn place(&self, id: &AssetId) -> Result<(AssetId, Option<Row>)> {
        if let Some(row) = self.base.brought(&self.dataset.name, id, None) {
            let called = self.base.record(row).map_or_else(|| id.clone(), |record| record.id().into());
            return Ok((called, Some(row)));
        }
        let before = self.names.and_then(|at| self.base.brought(&self.dataset.name, id, Some(at)));
        let before = before.and_then(|row| self.base.record(row)).map(|record| AssetId::from(record.id()));
        if let Some(called) = before.filter(|called| self.is_free(called)) {
            return Ok((called, None));
        }
        if self.is_free(id) {
            return Ok((id.clone(), None));
        }
        let others = clash::names(self.site.code(), &self.dataset.name, id);
        let free = others.into_iter().find(|name| self.is_free(name));
        let taken = || Fault::new(Kind::Conflict, "it and all that it could be called instead are taken").about(&**id);
        free.map(|name| (name, None)).ok_or_else(taken)
    }

    /// Whether no other asset is called so, here or in another site, or will be when its dataset is published again; then it stays
    /// free for this draft until the draft ends.
    fn is_free(&self, id: &AssetId) -> bool {
        let here = self.gone.contains(id) || self.base.find(id).is_none();
        here && !self.base.reserves(id, Some(&self.dataset.name)) && self.site.claim(id)
    }

    fn hash(&self, version: &Version, geometry: &[u8], attributes: &[u8]) -> u64 {
        let mut identity = Vec::new();
        version.encode(&mut identity);
        let mut hasher = Xxh3Default::new();
        for part in [self.dataset.name.as_str().as_bytes(), &identity, geometry, attributes] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hasher.digest()
    }

    fn pack(&mut self, geometry: &[u8], attributes: &[u8]) -> Result<Blob> {
        let start = self.blobs.len();
        let offset = Log::blobs_at(&self.append) + start as u64;
        let mut part = |raw: &[u8]| if raw.is_empty() { Ok(0) } else { self.packer.pack(raw, &mut self.blobs) };
        let lengths = part(geometry).and_then(|g| Ok((g, part(attributes)?)));
        if lengths.is_err() {
            self.blobs.truncate(start);
        }
        lengths.map(|(geometry, attributes)| Blob { offset, geometry, attributes })
    }

    fn push(&mut self, op: Op) -> Result<()> {
        op.encode(&mut self.changes);
        if self.blobs.len() + self.changes.len() < SEGMENT { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<()> {
        let Some(writer) = &self.writer else { return Err(ended()) };
        let written = writer.log.write_segment(&mut self.append, &self.blobs, &self.changes);
        self.blobs.clear();
        self.written.push(std::mem::take(&mut self.changes));
        self.failed = written.clone().err();
        written
    }

    fn retire_unseen(&mut self) -> Result<()> {
        let base = self.base.clone();
        for row in base.rows() {
            let Some(asset) = base.asset(row) else { continue };
            let id = AssetId::from(asset.id());
            if *asset.dataset() == self.dataset.name && !self.seen.contains(&id) && self.gone.insert(id.clone()) {
                self.tally.removed += 1;
                self.push(Op::Remove(id))?;
            }
        }
        Ok(())
    }
}

impl Drop for Draft<'_> {
    /// Cuts off what was written and not sealed; after a commit there is nothing to cut.
    fn drop(&mut self) {
        if let Some(mut writer) = self.writer.take() {
            writer.log.rollback();
            self.site.release();
            self.site.give_back(writer);
        }
    }
}

fn ended() -> Fault {
    Fault::internal("the draft has ended")
}

/// Whether an asset may be stored; gives its box.
fn sound(asset: &Asset) -> Result<Bounds> {
    if asset.id.is_empty() || asset.id.len() > LONGEST_ID {
        return Err(Fault::bad_input(format!("an id has 1 to {LONGEST_ID} bytes, this one {}", asset.id.len())));
    }
    if asset.name.len() > Record::LONGEST_NAME {
        return Err(Fault::new(Kind::TooLarge, format!("the name takes more than {} bytes", Record::LONGEST_NAME)));
    }
    check(&asset.geometry)?;
    let bounds = asset.bounds;
    if bounds.is_empty() {
        return Ok(Bounds::EMPTY);
    }
    if bounds.min.iter().chain(&bounds.max).all(|c| c.is_finite()) {
        Ok(bounds)
    } else {
        Err(Fault::bad_input("the asset's box has a coordinate that is not a number"))
    }
}
