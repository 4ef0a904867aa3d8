//! Objects without a mesh wait for their parts, to have boxes around them.

use crate::geom::Bounds;
use crate::model::{Asset, AssetId, Footprint};
use std::collections::{HashMap, VecDeque};

/// Objects that wait; then the oldest goes on as it is.
const WAITING: usize = 8192;
/// Steps up from a part within the waiting ones.
const DEEPEST: usize = 64;

/// What waits of one file, and what the parts of a parent cover.
#[derive(Default)]
pub(super) struct Waiting {
    queue: VecDeque<Asset>,
    below: HashMap<AssetId, Bounds>,
}

impl Waiting {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.queue.len()
    }
    /// Takes an asset; gives it back when it has nothing to wait for, or the oldest one when too many wait.
    pub fn take(&mut self, asset: Asset) -> Option<Asset> {
        if let Some(parent) = asset.parent.as_ref().filter(|_| !asset.bounds.is_empty()) {
            let below = self.below.entry(parent.clone()).or_insert(Bounds::EMPTY);
            *below = below.union(asset.bounds);
        }
        let may_have_parts =
            asset.geometry.mesh.is_none() && matches!(asset.geometry.footprint, Footprint::None | Footprint::Areas(_));
        if !may_have_parts {
            return Some(asset);
        }
        self.queue.push_back(asset);
        let mut oldest = (self.queue.len() > WAITING).then(|| self.queue.pop_front()).flatten()?;
        oldest.bounds = self.around(&oldest);
        self.below.remove(&oldest.id);
        Some(oldest)
    }
    /// All that wait, each with the box of all that is below it.
    pub fn end(mut self) -> impl Iterator<Item = Asset> {
        let parents: HashMap<AssetId, AssetId> =
            self.queue.iter().filter_map(|a| Some((a.id.clone(), a.parent.clone()?))).collect();
        let own: Vec<(AssetId, Bounds)> = self.queue.iter().map(|a| (a.id.clone(), self.around(a))).collect();
        for (id, bounds) in own.into_iter().filter(|(_, bounds)| !bounds.is_empty()) {
            for ancestor in std::iter::successors(parents.get(&id), |id| parents.get(*id)).take(DEEPEST) {
                let below = self.below.entry(ancestor.clone()).or_insert(Bounds::EMPTY);
                *below = below.union(bounds);
            }
        }
        let Self { queue, below } = self;
        queue.into_iter().map(move |mut asset| {
            asset.bounds = below.get(&asset.id).map_or(asset.bounds, |below| asset.bounds.union(*below));
            asset
        })
    }
    fn around(&self, asset: &Asset) -> Bounds {
        self.below.get(&asset.id).map_or(asset.bounds, |below| asset.bounds.union(*below))
    }
}
