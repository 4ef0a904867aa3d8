//! What planning must know of an asset's geometry, kept so that a commit reads only what it changed.

use super::draw;
use crate::fault::Result;
use crate::store::{Row, Snapshot};
use quick_cache::sync::Cache;

/// What an asset's geometry is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Has {
    /// Nothing with a place.
    Nothing,
    /// One position.
    Point,
    /// Lines on the map.
    Lines,
    /// Areas on the map.
    Areas,
    /// A mesh.
    Mesh,
}

/// One asset's geometry in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// What it is made of.
    pub has: Has,
    /// How many triangles draw it.
    pub triangles: u32,
}

/// Facts by [`AssetRef::version`](crate::store::AssetRef::version): what did not change is not read again. Bounded.
pub struct Facts(Cache<u64, Fact>);

impl Default for Facts {
    /// Room for two million assets, at 32 bytes each when they are there.
    fn default() -> Self {
        Self(Cache::new(2_000_000))
    }
}

impl Facts {
    /// The facts of a row.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn of(&self, snapshot: &Snapshot, row: Row) -> Result<Fact> {
        let Some(asset) = snapshot.asset(row) else { return Ok(Fact { has: Has::Nothing, triangles: 0 }) };
        if let Some(fact) = self.0.get(&asset.version()) {
            return Ok(fact);
        }
        let fact = draw::fact(&*snapshot.geometry(row)?);
        self.0.insert(asset.version(), fact);
        Ok(fact)
    }
}
