//! A tileset before any of its tiles is written: the tree, the columns, and an address for each tile.

use super::address::Address;
use super::content::Content;
use super::tiles3d;
use crate::fault::Result;
use crate::geom::Bounds;
use crate::lod::{self, Facts, Form, Lights, Tile, View};
use crate::model::{Collections, may_be_personal};
use crate::store::{Row, Snapshot};
use std::collections::HashMap;
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3Default;

/// The tileset of one view of one snapshot.
pub struct Plan {
    snapshot: Arc<Snapshot>,
    allowed: Collections,
    root: Option<Node>,
    contents: HashMap<u128, lod::Content>,
    /// The leaves that may have a lighter form, by the hash of that: their boxes and the hashes of their contents.
    lightened: HashMap<u128, (Bounds, u128)>,
    lights: Arc<Lights>,
}

/// A tile of the plan: as [`Tile`], with its content's address in its content's place.
#[derive(Debug, Clone)]
pub struct Node {
    /// A box around all that it and its parts draw; east-north-up metres.
    pub bounds: Bounds,
    /// Metres; 0 for a leaf, never less than any part's.
    pub error: f64,
    /// The address of its content.
    pub content: Option<Address>,
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
        lights: &Arc<Lights>,
    ) -> Result<Self> {
        let members = lod::collect(snapshot, view, allowed, facts)?;
        let mut plan = Self {
            snapshot: snapshot.clone(),
            allowed,
            root: None,
            contents: HashMap::new(),
            lightened: HashMap::new(),
            lights: lights.clone(),
        };
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
    /// Writes what is at `address`: a tile as GLB, or the tileset of a leaf and its lighter form; nothing when the plan has no such
    /// address.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn encode(&self, address: Address) -> Result<Option<Vec<u8>>> {
        match address {
            Address::Tile(hash) => {
                let Some(content) = self.contents.get(&hash) else { return Ok(None) };
                let content = Content::gather(&self.snapshot, content, self.allowed, &self.lights)?;
                tiles3d::encode(&content, tiles3d::Compression::None).map(Some)
            }
            Address::Tileset(light) => {
                let Some((bounds, full)) = self.lightened.get(&light).copied() else { return Ok(None) };
                let (Some(lighter), Some(whole)) = (self.contents.get(&light), self.contents.get(&full)) else {
                    return Ok(None);
                };
                let content = Some(Address::Tile(full));
                let leaf = Node { bounds: whole.bounds, error: 0.0, content, children: Vec::new() };
                let saving = self.lights.saving(&self.snapshot, lighter)?;
                let content = Some(Address::Tile(light));
                Ok(Some(tiles3d::of_leaf(&if saving.is_worthwhile() {
                    Node { bounds, error: saving.error, content, children: vec![leaf] }
                } else {
                    leaf
                })))
            }
        }
    }

    fn address(&mut self, tile: Tile) -> Node {
        let mut insert = |content: lod::Content| {
            let hash = self.hash(&content);
            self.contents.insert(hash, content);
            hash
        };
        let (full, light) = (tile.content.map(&mut insert), tile.light.map(&mut insert));
        let content = match (full, light) {
            (Some(full), Some(light)) => {
                self.lightened.insert(light, (tile.bounds, full));
                Some(Address::Tileset(light))
            }
            (full, _) => full.map(Address::Tile),
        };
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
        hasher.update(format!("{:?}", content.look).as_bytes());
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
                Form::Light(pieces) => {
                    hasher.update(b"light");
                    pieces.iter().flat_map(|p| p.iter()).for_each(|row| hasher.update(&version(*row)));
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
