//! Ids that an exporter renewed: what ended and what came in its place in the same commit are one asset where dataset, class,
//! shape and place say so and leave no choice.

use super::asset::AssetRef;
use super::clash;
use super::snapshot::{Row, Snapshot};
use crate::fault::Result;
use crate::geom::Bounds;
use crate::model::{AssetId, Geometry};

/// Under another id an asset must still stand within this, metres.
const NEAR: f64 = 0.01;

/// What stands in the place of an asset that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heir {
    /// Nothing.
    None,
    /// The same asset, under this id.
    One(AssetId),
    /// Assets of which any may be it: none is guessed.
    Several(Vec<AssetId>),
}

impl Snapshot {
    /// What came in place of the asset that was called `id` until it ended, in the commit that ended it. Among several that
    /// stand in one place, names decide where they can.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn heir(&self, id: &str) -> Result<Heir> {
        let Some((row, ended)) = self.last_of(id).filter(|_| self.find(id).is_none()) else { return Ok(Heir::None) };
        let before = self.alike(row, ended - 1, |id| self.lookup(id, Some(ended)).is_none())?;
        let after = self.alike(row, ended, |id| self.lookup(id, Some(ended - 1)).is_none())?;
        let name = |row: Row| self.asset(row).map_or("", |asset| asset.name());
        let named = |rows: &[Row]| -> Vec<Row> { rows.iter().copied().filter(|r| name(*r) == name(row)).collect() };
        let (own, others) = (named(&before), named(&after));
        let heir = match (before.as_slice(), after.as_slice(), own.as_slice(), others.as_slice()) {
            (_, [], ..) => None,
            ([_], [only], ..) | (_, _, [_], [only]) => Some(*only),
            _ => {
                let ids = after.iter().filter_map(|row| Some(self.asset(*row)?.id().into()));
                return Ok(Heir::Several(ids.collect()));
            }
        };
        let there = heir.and_then(|row| self.asset(row)).filter(|asset| self.find(asset.id()).is_some());
        Ok(there.map_or(Heir::None, |asset| Heir::One(asset.id().into())))
    }
    /// What is called `id`, or was when it last was there.
    pub fn last(&self, id: &str) -> Option<AssetRef<'_>> {
        self.find(id).or_else(|| self.last_of(id).map(|(row, _)| row)).and_then(|row| self.asset(row))
    }
    /// The last version of what was called `id`, and the revision that ended it.
    fn last_of(&self, id: &str) -> Option<(Row, u32)> {
        let past = clash::possible_sources(id).flat_map(|source| self.past.ids.candidates(source).map(Row::past));
        let ended = past.filter_map(|row| Some((row, self.record(row).filter(|r| r.id() == id)?.to)));
        ended.max_by_key(|(_, to)| *to)
    }
    /// What at a revision is of the dataset and class of `row`, has its shape and stands in its place, and has an id that `is`.
    fn alike(&self, row: Row, at: u32, is: impl Fn(&str) -> bool) -> Result<Vec<Row>> {
        let Some(asset) = self.asset(row).filter(|asset| !asset.bounds().is_empty()) else { return Ok(Vec::new()) };
        let geometry = self.geometry(row)?;
        if *geometry == Geometry::default() {
            return Ok(Vec::new());
        }
        // A little more than a centimetre; of longitude at 80° of latitude too.
        let margin = [6e-7, 1e-7, NEAR];
        let Bounds { min, max } = asset.bounds();
        let around = Bounds {
            min: std::array::from_fn(|k| min[k] - margin[k]),
            max: std::array::from_fn(|k| max[k] + margin[k]),
        };
        let mut alike = Vec::new();
        for other in self.boxed(&around, Some(at)) {
            let same = |a: &AssetRef<'_>| a.class() == asset.class() && a.dataset() == asset.dataset();
            if self.asset(other).filter(same).is_some_and(|a| is(a.id()))
                && geometry.shift(&*self.geometry(other)?, &self.frame).is_some_and(|metres| metres < NEAR)
            {
                alike.push(other);
            }
        }
        Ok(alike)
    }
}
