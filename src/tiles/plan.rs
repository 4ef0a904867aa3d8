//! A tileset before any of its tiles is written: the tree, the columns, and an address for each tile.

use super::content::{Content, shown};
use super::schema::{self, Schema, Signature};
use super::tiles3d;
use crate::fault::Result;
use crate::lod::{self, Facts, Form, Tile, View};
use crate::model::{Class, Collections, may_be_personal};
use crate::store::{Row, Snapshot};
use quick_cache::sync::Cache;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use xxhash_rust::xxh3::Xxh3Default;

/// The tileset of one view of one snapshot.
pub struct Plan {
    snapshot: Arc<Snapshot>,
    allowed: Collections,
    root: Option<Node>,
    schema: Schema,
    contents: HashMap<u128, lod::Content>,
}

/// A tile of the plan: as [`Tile`], with its content's address in its content's place.
#[derive(Debug, Clone)]
pub struct Node {
    /// A box around all that it and its parts draw; east-north-up metres.
    pub bounds: crate::geom::Bounds,
    /// Metres; 0 for a leaf, never less than any part's.
    pub error: f64,
    /// The hash that names its content.
    pub content: Option<u128>,
    /// Its parts.
    pub children: Vec<Node>,
}

impl Plan {
    /// Plans the tileset of the assets of `view` in the `allowed` collections.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub(super) fn new(
        snapshot: &Arc<Snapshot>,
        view: &View,
        allowed: Collections,
        facts: &Facts,
        signatures: &Signatures,
    ) -> Result<Self> {
        let members = lod::collect(snapshot, view, allowed, facts)?;
        let rows: Vec<Row> = members.iter().map(|m| m.row).collect();
        let schema = signatures.schema(snapshot, &rows, allowed)?;
        let mut plan = Self { snapshot: snapshot.clone(), allowed, root: None, schema, contents: HashMap::new() };
        plan.root = lod::build(snapshot, &members)?.map(|tile| plan.address(tile));
        Ok(plan)
    }
    /// The snapshot it is of.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
    /// The root tile; nothing when nothing is drawn.
    pub fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }
    /// How many features its tiles draw in all; what a plan weighs in a cache.
    pub(super) fn weight(&self) -> u64 {
        self.contents.values().map(|c| c.draws.len() as u64 + 8).sum::<u64>() + 64
    }
    /// Writes the tile named by `hash` as GLB; nothing when the plan has no such tile.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn encode(&self, hash: u128) -> Result<Option<Vec<u8>>> {
        let Some(content) = self.contents.get(&hash) else { return Ok(None) };
        tiles3d::encode(&Content::gather(&self.snapshot, content, self.allowed)?, &self.schema).map(Some)
    }

    fn address(&mut self, tile: Tile) -> Node {
        let content = tile.content.map(|content| {
            let hash = self.hash(&content);
            self.contents.insert(hash, content);
            hash
        });
        let children = tile.children.into_iter().map(|child| self.address(child)).collect();
        Node { bounds: tile.bounds, error: tile.error, content, children }
    }

    /// Hashes all that the tile's bytes are made from, without reading it: the same city has the same addresses, also
    /// in another process, and a change to any asset drawn in a tile changes that tile's address.
    fn hash(&self, content: &lod::Content) -> u128 {
        let mut hasher = Xxh3Default::new();
        let origin = self.snapshot.frame().origin().to_array();
        hasher.update(&tiles3d::FORMAT.to_le_bytes());
        hasher.update(tiles3d::SCHEMA.as_bytes());
        hasher.update(bytemuck::cast_slice(&[origin, content.bounds.min, content.bounds.max].concat()));
        hasher.update(format!("{:?}{:?}", content.look, self.schema).as_bytes());
        let version = |row: Row| self.snapshot.asset(row).map_or(0, |a| a.version()).to_le_bytes();
        for draw in &content.draws {
            hasher.update(&version(draw.row));
            let parent = self.snapshot.asset(draw.row).and_then(|a| a.parent_id_for(self.allowed)).unwrap_or_default();
            hasher.update(&(parent.len() as u64).to_le_bytes());
            hasher.update(parent.as_bytes());
            // Two callers' tiles may differ in what names a person.
            if self.snapshot.asset(draw.row).is_some_and(|a| may_be_personal(a.class())) {
                hasher.update(&[u8::from(self.allowed.has_guarded())]);
            }
            match &draw.form {
                Form::Whole(None) => hasher.update(b"whole"),
                Form::Whole(Some(pieces)) => {
                    hasher.update(&(pieces.len() as u64).to_le_bytes());
                    pieces.iter().for_each(|row| hasher.update(&version(*row)));
                }
                Form::Block(block) => {
                    hasher.update(b"block");
                    hasher.update(bytemuck::cast_slice(block.ring.as_flattened()));
                    hasher.update(bytemuck::cast_slice(&[block.low, block.high]));
                }
                Form::Box(bounds) => {
                    hasher.update(b"box");
                    hasher.update(bytemuck::cast_slice(&[bounds.min, bounds.max].concat()));
                }
            }
        }
        hasher.digest128()
    }
}

/// The signatures of assets' attributes by version, so that a commit reads only what it changed, and by whether what names
/// persons is among them: a column's name tells of it as well. Bounded.
pub(super) struct Signatures {
    of: Cache<(u64, bool), u32>,
    known: Mutex<BTreeMap<Arc<Signature>, u32>>,
}

impl Default for Signatures {
    fn default() -> Self {
        Self { of: Cache::new(2_000_000), known: Mutex::default() }
    }
}

impl Signatures {
    /// The columns of `rows`, for somebody who may read `readable`.
    fn schema(&self, snapshot: &Snapshot, rows: &[Row], readable: Collections) -> Result<Schema> {
        let number = |row: &Row| self.number(snapshot, *row, readable);
        let numbers = rows.par_iter().map(number).collect::<Result<BTreeSet<u32>>>()?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let used: Vec<Arc<Signature>> =
            known.iter().filter(|(_, n)| numbers.contains(n)).map(|(s, _)| s.clone()).collect();
        Ok(Schema::infer(used.iter().map(AsRef::as_ref)))
    }

    fn number(&self, snapshot: &Snapshot, row: Row, readable: Collections) -> Result<u32> {
        let (version, class) = snapshot.asset(row).map_or((0, Class::Element), |a| (a.version(), a.class()));
        let key = (version, may_be_personal(class) && !readable.has_guarded());
        if let Some(number) = self.of.get(&key) {
            return Ok(number);
        }
        let signature = Arc::new(schema::signature(&shown(snapshot.attributes(row)?, class, readable)));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
        let number = *known.entry(signature).or_insert(next);
        drop(known);
        self.of.insert(key, number);
        Ok(number)
    }
}
