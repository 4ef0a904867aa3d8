//! The ground of all terrains that a caller may read: at a place the finest one that has a value there.

use super::{Coverage, Grid, Ground};
use crate::fault::Result;
use crate::model::Collections;
use crate::store::Store;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// The ground at a place, and the terrain that says so.
pub type Found<'a> = (&'a Arc<Coverage>, Ground);

/// The terrains that a caller may read, finest first.
#[derive(Debug, Clone)]
pub struct Relief(Vec<Arc<Coverage>>);

impl Relief {
    /// Those of `store` for somebody who may read `readable`, now.
    pub fn new(store: &Store, readable: Collections) -> Self {
        let sites = store.sites();
        let all = sites.iter().flat_map(|site| site.coverages().to_vec());
        let mut terrains: Vec<_> = all.filter(|c| c.terrain().is_some() && c.is_in(readable)).collect();
        let fineness = |c: &Coverage| c.terrain().map_or(f64::INFINITY, |grid| grid.spec().resolution);
        terrains.sort_by(|a, b| fineness(a).total_cmp(&fineness(b)).then_with(|| a.id().cmp(&b.id())));
        Self(terrains)
    }
    /// The terrains, finest first.
    pub fn terrains(&self) -> impl Iterator<Item = (&Arc<Coverage>, &Grid)> {
        self.0.iter().filter_map(|c| Some((c, c.terrain()?)))
    }
    /// A number that stands for these very terrains, whatever process asks.
    pub fn version(&self) -> u64 {
        xxh3_64(&self.0.iter().flat_map(|c| c.id().to_le_bytes()).collect::<Vec<u8>>())
    }
    /// The ground at `places` (longitude, latitude) and the terrain that says so, from pixels at most `metres` apart; 0 asks
    /// for the full ones. Nothing where no terrain has a value.
    ///
    /// # Errors
    /// As [`Grid::ground`].
    pub fn ground(&self, places: &[[f64; 2]], metres: f64) -> Result<Vec<Option<Found<'_>>>> {
        let mut out = vec![None; places.len()];
        let mut open: Vec<usize> = (0..places.len()).collect();
        for (coverage, grid) in self.terrains() {
            let asked: Vec<usize> = open.iter().copied().filter(|i| grid.covers(places[*i])).collect();
            if asked.is_empty() {
                continue;
            }
            let there: Vec<[f64; 2]> = asked.iter().map(|i| places[*i]).collect();
            for (i, ground) in asked.into_iter().zip(grid.ground(&there, grid.level(metres))?) {
                out[i] = ground.map(|ground| (coverage, ground));
            }
            open.retain(|i| out[*i].is_none());
        }
        Ok(out)
    }
}
