//! Lighter shapes that stand in for full ones from a few metres on: made once for each shape that the store keeps, when they are asked for.

use super::draw::{Drawn, drawn};
use super::measure::{Content, Form};
use crate::fault::Result;
use crate::geom::{Light, Motion, simplify};
use crate::model::SiteCode;
use crate::store::{Row, Snapshot};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How far a lighter shape may be from the full one, either way; metres.
pub const MOST: f64 = 0.05;
/// A shape of more triangles is not made lighter: that would take many seconds.
const LARGEST: usize = 20_000;
/// A lighter form of a tile that saves less than this share of its triangles is not worth drawing first.
const WORTHWHILE: f64 = 0.3;
/// What lighter shapes may take together, bytes.
const BYTES: u64 = 64 << 20;

/// What a lighter form of a tile's content saves, and at which cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Saving {
    /// No point of a feature's full shape is farther than this from its lighter one, nor the other way; metres, measured.
    pub error: f64,
    /// Triangles of the full shapes.
    pub full: usize,
    /// Triangles of the lighter shapes.
    pub light: usize,
}

impl Saving {
    /// Whether the lighter form is worth drawing first.
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    pub fn is_worthwhile(&self) -> bool {
        self.light as f64 <= (1.0 - WORTHWHILE) * self.full as f64
    }
}

/// The lighter shape of a row.
#[derive(Debug, Clone)]
pub struct Lightened {
    /// The shape.
    pub light: Arc<Light>,
    /// What moves its offsets to the row's place.
    pub motion: Motion,
    /// The number of the full shape: rows of one number have the same lighter shape.
    pub shape: u64,
}

/// A lighter shape; nothing where there is no lighter one.
type Lighter = Option<Arc<Light>>;

/// Lighter shapes by their number in their site. Bounded.
pub struct Lights(Cache<(SiteCode, u64), Lighter, Weigh>);

#[derive(Clone)]
struct Weigh;

impl Weighter<(SiteCode, u64), Lighter> for Weigh {
    fn weight(&self, _: &(SiteCode, u64), light: &Lighter) -> u64 {
        light.as_ref().map_or(0, |l| 12 * (l.mesh.positions.len() + l.mesh.triangles.len()) as u64) + 64
    }
}

impl Default for Lights {
    fn default() -> Self {
        Self(Cache::with_weighter(16_384, BYTES, Weigh))
    }
}

impl Lights {
    /// The lighter shape of a row's, which other rows may have too; nothing where it has none, as what shows pictures.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn lighter(&self, snapshot: &Snapshot, row: Row) -> Result<Option<Lightened>> {
        let Some(instance) = snapshot.instance(row)? else { return Ok(None) };
        let key = (snapshot.site().clone(), instance.shape);
        let make = || {
            let mesh = instance.geometry.mesh.as_ref().filter(|m| m.triangles.len() <= LARGEST);
            let light = mesh.map(|m| (m.triangles.len(), simplify(m, MOST)));
            Ok(light.filter(|(full, light)| light.mesh.triangles.len() < *full).map(|(_, l)| Arc::new(l)))
        };
        let light: Lighter = self.0.get_or_insert_with(&key, make)?;
        Ok(light.map(|light| Lightened { light, motion: instance.motion, shape: instance.shape }))
    }
    /// What draws a row lightly, with its error in metres: its full shape where there is no lighter one, nothing for a row without a
    /// place.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn drawn(&self, snapshot: &Snapshot, row: Row) -> Result<Option<(Drawn, f64)>> {
        Ok(match self.lighter(snapshot, row)? {
            Some(own) => Some((own.motion.place(&own.light.mesh).into(), own.light.error.most)),
            None => drawn(snapshot, row)?.map(|full| (full, 0.0)),
        })
    }
    /// What the lighter form of a tile saves, by making it.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn saving(&self, snapshot: &Snapshot, light: &Content) -> Result<Saving> {
        let rows: BTreeSet<Row> = light.draws.iter().flat_map(|d| rows(d.row, &d.form)).collect();
        let each = rows.into_par_iter().map(|row| {
            let full = drawn(snapshot, row)?.map_or(0, |m| m.triangles.len());
            let (light, error) = self.drawn(snapshot, row)?.map_or((0, 0.0), |(m, error)| (m.triangles.len(), error));
            Ok(Saving { error, full, light })
        });
        each.try_reduce(
            || Saving { error: 0.0, full: 0, light: 0 },
            |a, b| Ok(Saving { error: a.error.max(b.error), full: a.full + b.full, light: a.light + b.light }),
        )
    }
}

/// The rows whose lighter shapes draw a feature.
fn rows(own: Row, form: &Form) -> Vec<Row> {
    match form {
        Form::Light(None) => vec![own],
        Form::Light(Some(pieces)) => pieces.to_vec(),
        _ => Vec::new(),
    }
}
