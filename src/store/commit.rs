//! A draft: changes that stream to disk, unseen until they are committed together.

use super::Dataset;
use super::archive::embedded::{Append, Blob, Log, Op, Piece, Placed, Version, encode_placed};
use super::clash;
use super::pack::{Encoded, Form, Packing, Plan, encode_all};
use super::site::{Claimed, Site, Writer};
use super::snapshot::{Row, Snapshot};
use crate::fault::{Fault, Kind, Result};
use crate::geom::Shapes;
use crate::model::{Asset, AssetId, Grain};
use crate::units::Instant;
use foldhash::{HashSet, HashSetExt};
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

/// Two shapes are one where their corners are within this of each other; metres.
const SAME: f64 = 1e-4;
/// Positions of shapes that are remembered, in case one comes again.
const SHAPES: usize = 1_000_000;

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
    packing: Packing,
    blobs: Vec<u8>,
    changes: Vec<u8>,
    /// Where encoded changes lie that are written already.
    written: Vec<Piece>,
    /// What was put or kept, by the ids under which it is stored.
    seen: Claimed,
    gone: HashSet<AssetId>,
    layers: HashSet<Arc<str>>,
    retire: bool,
    /// The revision whose names the dataset's assets have again, where they have none now.
    names: Option<u32>,
    /// Shapes that this draft wrote whole, by number.
    shapes: Shapes<usize>,
    /// Where each of them lies; nothing until it is written.
    places: Vec<Option<(u64, u32)>>,
    tally: Committed,
    failed: Option<Fault>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(site: &'a Site, writer: Writer, dataset: Dataset) -> Result<Self> {
        let started = writer.log.writable().and_then(|()| Packing::new(writer.log.salt));
        let packing = match started {
            Ok(packing) => packing,
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
            packing,
            blobs: Vec::new(),
            changes: Vec::new(),
            written: Vec::new(),
            seen: site.claimed(),
            gone: HashSet::new(),
            layers,
            retire: false,
            names,
            shapes: Shapes::new(SAME, SHAPES),
            places: Vec::new(),
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
        self.put_all(vec![asset])?.pop().ok_or_else(ended)?
    }

    /// Puts assets one after another, as [`Draft::put`] does each, encoded on all cores.
    ///
    /// # Errors
    /// [`Kind::Io`] when the disk refuses; the draft is lost. What refuses a single asset stands in its place.
    pub fn put_all(&mut self, assets: Vec<Asset>) -> Result<Vec<Result<Put>>> {
        self.usable()?;
        let planned: Vec<Result<Plan>> =
            encode_all(assets).into_iter().map(|encoded| encoded.and_then(|one| self.plan(one))).collect();
        let packed = self.packing.all(planned);
        packed
            .into_iter()
            .map(|one| one.map_or_else(|refused| Ok(Err(refused)), |one| self.append(one).map(Ok)))
            .collect()
    }

    /// What is to be stored of an asset, and as what.
    fn plan(&mut self, encoded: Encoded) -> Result<Plan> {
        let Encoded { asset, bounds, geometry, attributes, print } = encoded;
        let (id, held) = self.place(&asset.id)?;
        let mut version = Version {
            id: id.clone(),
            class: asset.class,
            name: asset.name,
            parent: asset.parent,
            storey: asset.storey,
            layer: asset.layer,
            bounds,
            hash: 0,
            grain: Grain::untold(asset.geometry.mesh.is_some()),
            blob: Blob::default(),
        };
        version.hash = self.hash(&version, &geometry, &attributes);
        // What follows from the geometry is no part of what makes a version another one.
        version.grain = Grain::with(&asset.geometry, |picture| self.base.picture_size(picture));
        if let Some(layer) = version.layer.as_ref().filter(|l| self.layers.insert((*l).clone())) {
            self.dataset.layers.push(layer.clone());
        }
        let put = match held {
            _ if *asset.id != *id => Put::Renamed(id.clone()),
            Some(_) => Put::Replaced,
            None => Put::Added,
        };
        let same = held.filter(|_| !self.gone.contains(&id)).and_then(|r| self.base.record(r));
        let unchanged = same.is_some_and(|r| r.hash == version.hash);
        let tally = match (unchanged, held) {
            (true, _) => &mut self.tally.unchanged,
            (_, Some(_)) => &mut self.tally.replaced,
            (_, None) => &mut self.tally.added,
        };
        *tally += 1;
        let form = match (unchanged, &asset.geometry.mesh, print) {
            (true, ..) => Form::Unchanged,
            (_, Some(mesh), Some(print)) => match self.shapes.find(mesh, print) {
                Some((shape, motion)) => Form::Moved { shape, motion, footprint: asset.geometry.footprint },
                None => {
                    let shape = self.places.len();
                    self.places.push(None);
                    self.shapes.insert(mesh, print, shape);
                    Form::Whole { geometry, shape: Some(shape) }
                }
            },
            _ => Form::Whole { geometry, shape: None },
        };
        Ok(Plan { version, put, form, attributes })
    }

    /// Gives what is packed its place in the log.
    fn append(&mut self, plan: Plan) -> Result<Put> {
        let Plan { mut version, put, form, attributes } = plan;
        let offset = Log::blobs_at(&self.append) + self.blobs.len() as u64;
        let geometry = match form {
            Form::Unchanged => return Ok(put),
            Form::Whole { geometry, shape } => {
                if let Some(place) = shape.and_then(|shape| self.places.get_mut(shape)) {
                    *place = Some((offset, geometry.len() as u32));
                }
                geometry
            }
            Form::Moved { shape, motion, footprint } => {
                let place = self.places.get(shape).copied().flatten();
                let (offset, length) = place.ok_or_else(|| Fault::internal("a shape is nowhere"))?;
                let mut raw = Vec::new();
                encode_placed(&footprint, &Placed { offset, length, motion }, &mut raw);
                self.packing.one(&raw)
            }
        };
        version.blob = Blob { offset, geometry: geometry.len() as u32, attributes: attributes.len() as u32 };
        self.blobs.extend(geometry);
        self.blobs.extend(attributes);
        self.push(Op::Put(version)).map(|()| put)
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
        let kept = row.and_then(|row| self.base.record(row)).is_some_and(|record| self.seen.insert(record.id()));
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
        // What is remembered of shapes makes room for the next snapshot.
        (self.shapes, self.places) = (Shapes::new(SAME, 0), Vec::new());
        (self.blobs, self.changes) = (Vec::new(), Vec::new());
        let written = std::mem::take(&mut self.written);
        let Some(writer) = &mut self.writer else { return Err(ended()) };
        let revision = writer.log.seal(self.append, &self.dataset, at)?;
        self.site.publish(writer, &self.dataset, at, &written)?;
        Ok(Committed { revision, ..self.tally })
    }

    fn usable(&self) -> Result<()> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// The id under which an asset is stored, which is taken with this, and the row it replaces.
    fn place(&self, id: &AssetId) -> Result<(AssetId, Option<Row>)> {
        if let Some(row) = self.base.brought(&self.dataset.name, id, None) {
            let called = self.base.record(row).map_or_else(|| id.clone(), |record| record.id().into());
            return if self.seen.insert(&called) { Ok((called, Some(row))) } else { Err(twice(&called)) };
        }
        let before = self.names.and_then(|at| self.base.brought(&self.dataset.name, id, Some(at)));
        let before = before.and_then(|row| self.base.record(row)).map(|record| AssetId::from(record.id()));
        let others = std::iter::once_with(|| clash::names(self.site.code(), &self.dataset.name, id)).flatten();
        for called in before.into_iter().chain([id.clone()]).chain(others.skip(1)) {
            if self.takes(&called)? {
                return Ok((called, None));
            }
        }
        Err(Fault::new(Kind::Conflict, "it and all that it could be called instead are taken").about(&**id))
    }

    /// Takes an id, unless another asset is called so, here or in another site, or will be when its dataset is published again.
    ///
    /// # Errors
    /// This draft has taken it already.
    fn takes(&self, id: &AssetId) -> Result<bool> {
        let here = self.gone.contains(id) || self.base.find(id).is_none();
        if !here || self.base.reserves(id, Some(&self.dataset.name)) {
            return Ok(false);
        }
        if self.seen.contains(id) { Err(twice(id)) } else { Ok(self.site.claim(id, &self.seen)) }
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

    fn push(&mut self, op: Op) -> Result<()> {
        op.encode(&mut self.changes);
        if self.blobs.len() + self.changes.len() < SEGMENT { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<()> {
        let Some(writer) = &self.writer else { return Err(ended()) };
        let written = writer.log.write_segment(&mut self.append, &self.blobs, &self.changes);
        self.blobs.clear();
        self.changes.clear();
        self.failed = written.as_ref().err().cloned();
        written.map(|piece| self.written.extend(piece))
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

fn twice(id: &str) -> Fault {
    Fault::new(Kind::Conflict, "the id comes twice").about(id)
}

fn ended() -> Fault {
    Fault::internal("the draft has ended")
}
