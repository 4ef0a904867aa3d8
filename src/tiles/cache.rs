//! Plans and finished tiles, kept while there is room; each is made once, however many ask at a time.

use super::address::Address;
use super::plan::Plan;
use crate::fault::{Fault, Result};
use crate::lod::{Facts, Lights, View};
use crate::model::{Collections, SiteCode};
use crate::store::Snapshot;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;

/// What plans may weigh together: features in all their tiles, at about 100 bytes each.
const PLANS: u64 = 6_000_000;
/// What finished tiles may weigh together, bytes.
const BYTES: u64 = 192 << 20;

/// A snapshot's view for callers who may see certain collections.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PlanKey {
    site: SiteCode,
    revision: u64,
    view: View,
    rights: Collections,
}

/// A finished tile. Rights are part of the key: what one caller may see is never answered to another by its address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct TileKey {
    site: SiteCode,
    view: View,
    rights: Collections,
    address: Address,
}

#[derive(Clone)]
struct Weigh;

impl Weighter<PlanKey, Arc<Plan>> for Weigh {
    fn weight(&self, _: &PlanKey, plan: &Arc<Plan>) -> u64 {
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
    facts: Facts,
    lights: Arc<Lights>,
    plans: Cache<PlanKey, Arc<Plan>, Weigh>,
    tiles: Cache<TileKey, Arc<[u8]>, Weigh>,
}

impl Default for Tiles {
    fn default() -> Self {
        Self {
            facts: Facts::default(),
            lights: Arc::default(),
            plans: Cache::with_weighter(256, PLANS, Weigh),
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
        let key = PlanKey { site: snapshot.site().clone(), revision: snapshot.revision(), view: view.clone(), rights };
        let plan = || Plan::new(snapshot, view, rights, &self.facts, &self.lights).map(Arc::new);
        self.plans.get_or_insert_with(&key, plan)
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
        let key = TileKey { site: snapshot.site().clone(), view: view.clone(), rights, address };
        self.tiles.get_or_insert_with(&key, || {
            let bytes = self.plan(snapshot, view, rights)?.encode(address)?;
            bytes.map(Into::into).ok_or_else(|| {
                Fault::not_found(format!("no tile {address} in the city as it is now"))
                    .remedy("read tileset.json again: it names the tiles there are")
            })
        })
    }
}
