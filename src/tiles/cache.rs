//! Plans and finished tiles, kept while there is room; each is made once, however many ask at a time.

use super::address::Address;
use super::plan::{Plan, Shapes};
use crate::fault::{Fault, Result};
use crate::lod::View;
use crate::model::{Collections, SiteCode};
use crate::store::Snapshot;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What plans may weigh together: features that they draw, at about 150 bytes each.
const PLANS: u64 = 6_000_000;
/// What finished tiles may weigh together, bytes.
const BYTES: u64 = 192 << 20;

/// A view for callers who may see certain collections.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Sight {
    site: SiteCode,
    view: View,
    rights: Collections,
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

/// Plans tilesets and writes tiles when they are asked for. Both take long: call it off the async threads.
pub struct Tiles {
    shapes: Arc<Shapes>,
    /// By sight and revision.
    plans: Cache<(Sight, u64), Arc<Plan>, Weigh>,
    /// The revision of each sight's last plan: the next one begins with that.
    latest: Mutex<HashMap<Sight, u64>>,
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
        let sight = Sight { site: snapshot.site().clone(), view: view.clone(), rights };
        let revision = snapshot.revision();
        let key = (sight.clone(), revision);
        if let Some(plan) = self.plans.get(&key) {
            return Ok(plan);
        }
        let before = self.latest().get(&sight).copied().filter(|before| *before < revision);
        let before = before.and_then(|before| self.plans.get(&(sight.clone(), before)));
        let plan = self.plans.get_or_insert_with(&key, || {
            match &before {
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
        let last = latest.entry(sight.clone()).or_insert(revision);
        if *last < revision {
            let old = std::mem::replace(last, revision);
            drop(latest);
            self.plans.remove(&(sight, old));
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
        let sight = Sight { site: snapshot.site().clone(), view: view.clone(), rights };
        self.tiles.get_or_insert_with(&TileKey { sight, address }, || {
            let bytes = self.plan(snapshot, view, rights)?.encode(address)?;
            bytes.map(Into::into).ok_or_else(|| {
                Fault::not_found(format!("no tile {address} in the city as it is now"))
                    .remedy("read tileset.json again: it names the tiles there are")
            })
        })
    }

    fn latest(&self) -> std::sync::MutexGuard<'_, HashMap<Sight, u64>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
