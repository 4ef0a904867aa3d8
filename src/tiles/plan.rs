//! A tileset before any of its files is written: what is drawn, in order, and an address for each file.

use super::address::Address;
use super::content::Content;
use super::tiles3d::{self, Manner};
use crate::fault::{Fault, Result};
use crate::filter::Filter;
use crate::geom::Bounds;
use crate::lod::{self, Blocks, Grove, Implied, Lights, Planner, Recipe, Stem, Tile, View};
use crate::model::Collections;
use crate::store::Snapshot;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use xxhash_rust::xxh3::Xxh3Default;

/// The tileset of one view of one snapshot: a site's `tileset.json`, which names documents within it and tiles.
pub struct Plan {
    snapshot: Arc<Snapshot>,
    view: View,
    allowed: Collections,
    grove: Grove,
    shapes: Arc<Shapes>,
    /// The properties in its filter that nothing in the site has.
    unknown: Vec<String>,
    /// By manner, as `files`.
    roots: [OnceLock<Option<Node>>; 4],
    files: [OnceLock<HashMap<u128, File>>; 4],
    /// What documents have named since they were made: a reader of these asks for it next.
    named: Mutex<HashMap<u128, (File, Manner)>>,
}

/// Shapes that stand in for others, shared by all plans.
#[derive(Default)]
pub(super) struct Shapes {
    lights: Lights,
    blocks: Blocks,
}

/// What is written under an address.
#[derive(Clone)]
pub(super) enum File {
    /// A tile.
    Tile(Arc<Recipe>),
    /// A leaf and its lighter form: that one first.
    Leaf(Arc<Recipe>, Arc<Recipe>),
    /// A part of the tree.
    Document(Stem),
}

impl File {
    pub(super) const fn is_tile(&self) -> bool {
        matches!(self, Self::Tile(_))
    }
    /// Whether it is of the kind that `address` names.
    const fn is_at(&self, address: Address) -> bool {
        self.is_tile() == matches!(address, Address::Tile(_))
    }
}

/// A tile as a tileset names it.
#[derive(Debug, Clone)]
pub struct Node {
    /// A box around all that it and its parts draw; east-north-up metres.
    pub bounds: Bounds,
    /// Metres; 0 for a leaf, never less than any part's.
    pub error: f64,
    /// The address of its content.
    pub content: Option<Address>,
    /// The implicit tiling that it is the root of, instead of having content and parts.
    pub implied: Option<Implied>,
    /// Its parts.
    pub children: Vec<Node>,
}

impl Plan {
    /// Plans the tileset of the assets of `view` in the `allowed` collections.
    ///
    /// # Errors
    /// A filter that is none; else as [`Snapshot::geometry`].
    pub(super) fn new(
        snapshot: &Arc<Snapshot>,
        view: &View,
        allowed: Collections,
        shapes: &Arc<Shapes>,
    ) -> Result<Self> {
        let Some(filter) = view.filter() else {
            let grove = Grove::of(snapshot, view, allowed, None)?;
            return Ok(Self::with(grove, snapshot, view, allowed, shapes));
        };
        let rows: Vec<_> = view.rows(snapshot).into_iter().map(|row| (0, row)).collect();
        let chosen = filter.parse::<Filter>()?.choose(std::slice::from_ref(snapshot), &rows, allowed)?;
        let rows = chosen.rows.into_iter().map(|(_, row)| row).collect();
        let grove = Grove::of(snapshot, view, allowed, Some(&rows))?;
        Ok(Self { unknown: chosen.unknown, ..Self::with(grove, snapshot, view, allowed, shapes) })
    }
    /// The plan of a later snapshot, or of a variant of this one, which shares all that stayed as it was.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub(super) fn after(&self, snapshot: &Arc<Snapshot>) -> Result<Self> {
        if self.view.filter().is_some() {
            return Self::new(snapshot, &self.view, self.allowed, &self.shapes);
        }
        let grove = self.grove.after(&self.snapshot, snapshot, &self.view, self.allowed)?;
        Ok(Self::with(grove, snapshot, &self.view, self.allowed, &self.shapes))
    }
    fn with(grove: Grove, snapshot: &Arc<Snapshot>, view: &View, allowed: Collections, shapes: &Arc<Shapes>) -> Self {
        let (snapshot, view, shapes) = (snapshot.clone(), view.clone(), shapes.clone());
        Self {
            snapshot,
            view,
            allowed,
            grove,
            shapes,
            unknown: Vec::new(),
            roots: Default::default(),
            files: Default::default(),
            named: Mutex::default(),
        }
    }

    /// What is looked at.
    pub fn view(&self) -> &View {
        &self.view
    }
    /// The properties in its filter that nothing in the site has: of those in one site others may have what these lack.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }
    pub(super) fn grove(&self) -> &Grove {
        &self.grove
    }
    /// The collections whose assets it may show.
    pub(super) const fn rights(&self) -> Collections {
        self.allowed
    }
    /// The snapshot it is of.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
    /// The root tile, with the addresses of files kept so; nothing when nothing is drawn.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn root(&self, manner: impl Into<Manner>) -> Result<Option<&Node>> {
        let manner = manner.into();
        let slot = &self.roots[manner.number()];
        if slot.get().is_none() {
            let root = self.document(&Stem::Site, manner)?;
            return Ok(slot.get_or_init(|| root).as_ref());
        }
        Ok(slot.get().and_then(Option::as_ref))
    }
    /// How many features it draws in all; what a plan weighs in a cache.
    pub(super) fn weight(&self) -> u64 {
        self.grove.len() as u64 + 64
    }
    /// Writes what is at `address`: a tile as GLB, or a tileset; nothing when the plan has no such address.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn encode(&self, address: Address) -> Result<Option<Vec<u8>>> {
        self.file(address).map(|(file, manner)| self.written(&file, manner)).transpose()
    }
    /// What is written at `address`, and how, where a document that was made from this plan names it.
    pub(super) fn named(&self, address: Address) -> Option<(File, Manner)> {
        let (Address::Tile(hash) | Address::Tileset(hash)) = address;
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned();
        named.filter(|(file, _)| file.is_at(address))
    }
    /// What is written at `address`, and how; nothing when the plan has no such address.
    pub(super) fn file(&self, address: Address) -> Option<(File, Manner)> {
        let (Address::Tile(hash) | Address::Tileset(hash)) = address;
        self.named(address).or_else(|| {
            let of = |manner: Manner| Some((self.files(manner).get(&hash)?.clone(), manner));
            Manner::ALL.into_iter().find_map(of).filter(|(file, _)| file.is_at(address))
        })
    }
    /// The bytes of a file of this plan.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub(super) fn written(&self, file: &File, manner: Manner) -> Result<Vec<u8>> {
        match file {
            File::Tile(recipe) => self.tile(recipe, manner),
            File::Leaf(light, full) => self.leaf(light, full, manner),
            File::Document(stem) => {
                let root = self.document(stem, manner)?.ok_or_else(|| Fault::internal("a document of nothing"))?;
                Ok(tiles3d::of_part(&root, self, manner))
            }
        }
    }
    /// How many features there are in all, those inside of buildings among them.
    pub fn features(&self) -> usize {
        self.grove.features()
    }

    fn tile(&self, recipe: &Recipe, manner: Manner) -> Result<Vec<u8>> {
        let planned = lod::content(&self.snapshot, recipe, &self.shapes.blocks)?;
        let content = Content::gather(&self.snapshot, &planned, self.allowed, &self.shapes.lights)?;
        tiles3d::encode(&content, manner.compression)
    }

    /// The tileset of a leaf: its lighter form is made only now, because only then it is known whether it is worth drawing.
    fn leaf(&self, light: &Recipe, full: &Recipe, manner: Manner) -> Result<Vec<u8>> {
        let lighter = lod::content(&self.snapshot, light, &self.shapes.blocks)?;
        let (bounds, _) = self.measured(full)?;
        let content = Some(Address::Tile(self.hash(full.mark, manner)));
        let leaf = Node { bounds, error: 0.0, content, implied: None, children: Vec::new() };
        let saving = self.shapes.lights.saving(&self.snapshot, &lighter)?;
        let content = Some(Address::Tile(self.hash(light.mark, manner)));
        let root = if saving.is_worthwhile() {
            Node { bounds: lighter.bounds, error: saving.error, content, implied: None, children: vec![leaf] }
        } else {
            leaf
        };
        // Its name is the same however the tiles above it are told.
        Ok(tiles3d::of_part(&root, self, manner.compression.into()))
    }

    /// The tiles of a document, measured.
    fn document(&self, stem: &Stem, manner: Manner) -> Result<Option<Node>> {
        let planner = self.planner(manner);
        let Some(mut root) = planner.document(stem) else { return Ok(None) };
        if let Some(before) = planner.until(stem) {
            root.least = root.least.max(self.measured(&before)?.1);
        }
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        self.tell(&root, manner, &mut |hash, file| drop(named.insert(hash, (file, manner))));
        drop(named);
        let mut recipes = Vec::new();
        each(&root, &mut |tile| recipes.extend(tile.content.clone()));
        recipes.par_iter().try_for_each(|recipe| self.measured(recipe).map(drop))?;
        self.node(&root, manner).map(Some)
    }

    fn node(&self, tile: &Tile, manner: Manner) -> Result<Node> {
        // A leaf with a lighter form leads to a tileset of the two.
        let mut node =
            Node { bounds: Bounds::EMPTY, error: tile.least, content: None, implied: None, children: Vec::new() };
        if let Some(recipe) = &tile.content {
            let (bounds, error) = self.measured(recipe)?;
            (node.bounds, node.error) = (bounds, node.error.max(error));
            node.content = Some(Address::Tile(self.hash(recipe.mark, manner)));
        }
        if let Some(light) = &tile.light {
            node.bounds = node.bounds.union(self.measured(light)?.0);
            node.content = Some(Address::Tileset(self.hash(!light.mark, manner)));
        }
        if let Some(implied) = &tile.implied {
            (node.bounds, node.implied) = (tile.reach, Some(implied.clone()));
        }
        node.children = tile.children.iter().map(|child| self.node(child, manner)).collect::<Result<_>>()?;
        node.error = node.children.iter().map(|c| c.error).fold(node.error, f64::max);
        for (child, of) in node.children.iter_mut().zip(&tile.children) {
            if let Some(stem) = &of.nested {
                // What is in there is known only when it is asked for; it is asked for as soon as this tile gives way.
                child.error = node.error;
                child.bounds = of.reach;
                child.content = Some(Address::Tileset(self.document_hash(stem, manner)));
            }
            node.bounds = node.bounds.union(child.bounds);
        }
        Ok(node)
    }

    pub(super) fn planner(&self, manner: Manner) -> Planner<'_> {
        Planner::new(&self.snapshot, &self.grove, manner.tiling)
    }

    pub(super) fn measured(&self, recipe: &Recipe) -> Result<(Bounds, f64)> {
        lod::measured(&self.snapshot, recipe, &self.shapes.blocks)
    }

    fn files(&self, manner: Manner) -> &HashMap<u128, File> {
        self.files[manner.number()].get_or_init(|| {
            let mut files = HashMap::new();
            self.walk(manner, &mut |hash, file| drop(files.insert(hash, file)), &mut |_| ());
            files
        })
    }

    /// Tells of every file but the root's, document by document, and of the implicit tilings, whose files have places instead of names.
    /// No shape is read for it.
    pub(super) fn walk(
        &self,
        manner: Manner,
        tell: &mut dyn FnMut(u128, File),
        tell_implied: &mut dyn FnMut(&Implied),
    ) {
        let planner = self.planner(manner);
        let mut waiting = vec![Stem::Site];
        while let Some(stem) = waiting.pop() {
            let Some(root) = planner.document(&stem) else { continue };
            self.tell(&root, manner, tell);
            each(&root, &mut |tile| {
                waiting.extend(tile.nested.clone());
                tile.implied.iter().for_each(&mut *tell_implied);
            });
        }
    }

    /// Tells of the files that a document names.
    pub(super) fn tell(&self, root: &Tile, manner: Manner, tell: &mut dyn FnMut(u128, File)) {
        each(root, &mut |tile| {
            if let (Some(light), Some(full)) = (&tile.light, &tile.content) {
                tell(self.hash(!light.mark, manner), File::Leaf(light.clone(), full.clone()));
            }
            for recipe in tile.content.iter().chain(&tile.light) {
                tell(self.hash(recipe.mark, manner), File::Tile(recipe.clone()));
            }
            if let Some(stem) = &tile.nested {
                tell(self.document_hash(stem, manner), File::Document(stem.clone()));
            }
        });
    }

    /// The name of a document, in which the tiles may be told otherwise.
    fn document_hash(&self, stem: &Stem, manner: Manner) -> u128 {
        self.hash(stem.mark() ^ manner.tiling as u128, manner)
    }

    /// The name of what has a mark: a hash of all that its bytes are made from, without reading it. The same city has the same
    /// names, also in another process, and a change to any asset drawn in a tile changes that tile's name.
    pub(super) fn hash(&self, mark: u128, manner: Manner) -> u128 {
        let mut hasher = Xxh3Default::new();
        hasher.update(&tiles3d::FORMAT.to_le_bytes());
        hasher.update(tiles3d::SCHEMA.as_bytes());
        hasher.update(bytemuck::cast_slice(&self.snapshot.frame().origin().to_array()));
        hasher.update(&[manner.compression as u8]);
        hasher.update(&mark.to_le_bytes());
        hasher.digest128()
    }
}

fn each(tile: &Tile, see: &mut dyn FnMut(&Tile)) {
    see(tile);
    tile.children.iter().for_each(|child| each(child, see));
}
