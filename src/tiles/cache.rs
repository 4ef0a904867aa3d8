//! Plans and finished tiles, kept while there is room; each is made once, however many ask at a time.

use super::address::Address;
use super::implied::Quarter;
use super::plan::{Plan, Shapes};
use crate::fault::{Fault, Result};
use crate::lod::View;
use crate::model::{Collections, SiteCode};
use crate::store::{Overlay, Snapshot};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// What plans may weigh together: features that they draw, at about 150 bytes each.
const PLANS: u64 = 6_000_000;
/// What finished tiles may weigh together, bytes.
const BYTES: u64 = 192 << 20;
/// How many plans before the last one are kept of a view. They share with it all that did not change.
const FORMER: usize = 4;
/// Of so many views the last plans are known; then those of variants are let go.
const MOST: usize = 1024;

/// A view for callers who may see certain collections.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Sight {
    site: SiteCode,
    /// The number of the variant that is seen; 0 for the city itself.
    variant: u32,
    view: View,
    rights: Collections,
}

impl Sight {
    fn new(snapshot: &Snapshot, view: &View, rights: Collections) -> Self {
        let variant = snapshot.overlay().map_or(0, Overlay::number);
        Self { site: snapshot.site().clone(), variant, view: view.clone(), rights }
    }
}

/// A finished tile. Rights are part of the key: what one caller may see is never answered to another by its address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct TileKey {
    sight: Sight,
    address: Address,
}

#[derive(Clone)]
struct Weigh;

impl Weighter<(Sight, u64), Arc<Plan>> for Weigh {
    fn weight(&self, _: &(Sight, u64), plan: &Arc<Plan>) -> u64 {
        plan.weight()
    }
}

impl Weighter<TileKey, Arc<[u8]>> for Weigh {
    fn weight(&self, _: &TileKey, bytes: &Arc<[u8]>) -> u64 {
        bytes.len() as u64
    }
}

/// The revision of each sight's last plan, with which the next one begins, and the plans before it: a viewer still asks by their
/// names until it has been told.
type Latest = HashMap<Sight, (u64, VecDeque<Arc<Plan>>)>;

/// Plans tilesets and writes tiles when they are asked for. Both take long: call it off the async threads.
pub struct Tiles {
    shapes: Arc<Shapes>,
    /// By sight and revision.
    plans: Cache<(Sight, u64), Arc<Plan>, Weigh>,
    latest: Mutex<Latest>,
    tiles: Cache<TileKey, Arc<[u8]>, Weigh>,
}

impl Default for Tiles {
    fn default() -> Self {
        Self {
            shapes: Arc::default(),
            plans: Cache::with_weighter(256, PLANS, Weigh),
            latest: Mutex::default(),
            tiles: Cache::with_weighter(4096, BYTES, Weigh),
        }
    }
}

impl Tiles {
    /// The plan of the assets of `view` in the collections that a caller may read, its `rights`.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn plan(&self, snapshot: &Arc<Snapshot>, view: &View, rights: Collections) -> Result<Arc<Plan>> {
        let sight = Sight::new(snapshot, view, rights);
        let revision = snapshot.revision();
        let key = (sight.clone(), revision);
        if let Some(plan) = self.plans.get(&key) {
            return Ok(plan);
        }
        let before = self.latest().get(&sight).map(|(last, _)| *last).filter(|before| *before < revision);
        let before = before.and_then(|before| self.plans.get(&(sight.clone(), before)));
        // A variant's rows follow those of its city, and no others.
        let beneath = snapshot.overlay().map(|over| self.plan(over.base(), view, rights)).transpose()?;
        let plan = self.plans.get_or_insert_with(&key, || {
            match beneath.as_ref().or(before.as_ref()) {
                Some(before) => before.after(snapshot),
                None => Plan::new(snapshot, view, rights, &self.shapes),
            }
            .map(Arc::new)
        })?;
        // Times and storeys are asked for without end; what is seen without them is a list that does not grow.
        if matches!(view, View::Less(_)) {
            return Ok(plan);
        }
        let mut latest = self.latest();
        // Variants come and go.
        if latest.len() >= MOST {
            latest.retain(|known, _| known.variant == 0);
        }
        let (last, former) = latest.entry(sight.clone()).or_insert_with(|| (revision, VecDeque::new()));
        if *last < revision {
            let old = (sight, std::mem::replace(last, revision));
            former.truncate(FORMER - 1);
            if let Some(before) = before {
                former.push_front(before);
            }
            drop(latest);
            self.plans.remove(&old);
        }
        Ok(plan)
    }

    /// The bytes at `address`.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::fault::Kind::NotFound) when neither the snapshot nor the cache has such a tile for such
    /// a caller.
    pub fn tile(
        &self,
        snapshot: &Arc<Snapshot>,
        view: &View,
        rights: Collections,
        address: Address,
    ) -> Result<Arc<[u8]>> {
        if let Some(bytes) = self.of_city(snapshot, view, rights, address) {
            return Ok(bytes);
        }
        let sight = Sight::new(snapshot, view, rights);
        self.tiles.get_or_insert_with(&TileKey { sight: sight.clone(), address }, || {
            let plan = self.plan(snapshot, view, rights)?;
            let former = self.latest().get(&sight).map(|(_, former)| former.clone()).unwrap_or_default();
            let plans = || std::iter::once(&plan).chain(&former);
            // Most are asked for by who has just read their name; only else all names of a plan are gone through.
            let found = plans().find_map(|plan| Some((plan, plan.named(address)?)));
            let found = found.or_else(|| plans().find_map(|plan| Some((plan, plan.file(address)?))));
            let bytes = found.map(|(plan, (file, manner))| plan.written(&file, manner)).transpose()?;
            bytes.map(Into::into).ok_or_else(|| {
                Fault::not_found(format!("no tile {address} in the city as it is now"))
                    .remedy("read tileset.json again: it names the tiles there are")
            })
        })
    }

    /// The content at a place of one of a plan's implicit tilings: the bytes that its name has.
    ///
    /// # Errors
    /// As [`Plan::content_at`]; as [`Snapshot::geometry`].
    pub fn content(&self, plan: &Plan, quarter: &Quarter) -> Result<Arc<[u8]>> {
        let (address, file) = plan.content_of(quarter)?;
        if let Some(bytes) = self.of_city(plan.snapshot(), plan.view(), plan.rights(), address) {
            return Ok(bytes);
        }
        let key = TileKey { sight: Sight::new(plan.snapshot(), plan.view(), plan.rights()), address };
        self.tiles.get_or_insert_with(&key, || plan.written(&file, quarter.manner()).map(Into::into))
    }

    /// Whether there is a tile at `address`, without making it. A name of a plan that is no longer the last is none here.
    ///
    /// # Errors
    /// As [`Tiles::plan`].
    pub fn names(&self, snapshot: &Arc<Snapshot>, view: &View, rights: Collections, address: Address) -> Result<bool> {
        Ok(self.plan(snapshot, view, rights)?.file(address).is_some())
    }

    /// The bytes at `address` that are kept.
    pub fn kept(&self, snapshot: &Snapshot, view: &View, rights: Collections, address: Address) -> Option<Arc<[u8]>> {
        let sight = Sight::new(snapshot, view, rights);
        self.tiles.get(&TileKey { sight, address })
    }

    /// A tile that a variant leaves as it is in the city, if it is kept: it is made once for both. A document says what it is asked with.
    fn of_city(&self, snapshot: &Snapshot, view: &View, rights: Collections, address: Address) -> Option<Arc<[u8]>> {
        let over = snapshot.overlay().filter(|_| matches!(address, Address::Tile(_)))?;
        self.kept(over.base(), view, rights, address)
    }

    fn latest(&self) -> std::sync::MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
