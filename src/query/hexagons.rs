//! How many items lie in each hexagon of H3, and what a number of theirs comes to there.

use super::Features;
use crate::fault::Result;
use crate::geom::Bounds;
use crate::index::Hex;
use crate::model::{Attributes, Value, is_personal};
use crate::store::{Pulse, Row, Snapshot};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A number of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// A source attribute, under the name it is served by.
    Attribute(String),
    /// The latest value of an observed property.
    Live(String),
}

impl Measure {
    /// `state.temperature` is live, anything else an attribute.
    pub fn named(name: &str) -> Self {
        match name.strip_prefix("state.") {
            Some(property) => Self::Live(property.to_owned()),
            None => Self::Attribute(name.to_owned()),
        }
    }
    /// Whether it may differ while the city stays the same.
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }
}

/// What lies in one hexagon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tally {
    /// How many items.
    pub count: usize,
    /// How many of them have the number.
    pub values: usize,
    /// Its sum.
    pub sum: f64,
    /// The least; infinite without any.
    pub least: f64,
    /// The greatest; infinite without any.
    pub most: f64,
}

impl Tally {
    const NONE: Self = Self { count: 0, values: 0, sum: 0.0, least: f64::INFINITY, most: f64::NEG_INFINITY };

    fn add(&mut self, value: Option<f64>) {
        self.count += 1;
        if let Some(value) = value {
            self.values += 1;
            self.sum += value;
            (self.least, self.most) = (self.least.min(value), self.most.max(value));
        }
    }
}

/// The hexagons of a resolution that items lie in, ascending. An item counts once, where the middle of its box is; one without a place
/// counts nowhere. Hexagons that meet `near` (longitude, latitude) are whole; others may be there, in part.
///
/// # Errors
/// Attributes that cannot be paged in.
pub fn hexagons(
    features: &Features<'_>,
    near: &Bounds,
    resolution: u8,
    measure: Option<&Measure>,
    snapshots: &[Arc<Snapshot>],
    pulse: &Pulse,
) -> Result<Vec<(Hex, Tally)>> {
    let question = Features { boxes: Some(around(near, Hex::reach(resolution))), ..features.clone() };
    let rows = question.ask(snapshots).rows;
    let one = |(at, row): &(usize, Row)| -> Result<Option<(Hex, Option<f64>)>> {
        let Some(snapshot) = snapshots.get(*at) else { return Ok(None) };
        let Some(hex) = middle(snapshot, *row).and_then(|place| Hex::at(place, resolution)) else { return Ok(None) };
        let value = measure.map_or(Ok(None), |measure| value(features, snapshot, *row, measure, pulse))?;
        Ok(Some((hex, value)))
    };
    let found = rows.par_iter().map(one).collect::<Result<Vec<_>>>()?;
    let mut tallies: BTreeMap<Hex, Tally> = BTreeMap::new();
    for (hex, value) in found.into_iter().flatten() {
        tallies.entry(hex).or_insert(Tally::NONE).add(value);
    }
    Ok(tallies.into_iter().collect())
}

fn middle(snapshot: &Snapshot, row: Row) -> Option<[f64; 2]> {
    let bounds = snapshot.asset(row)?.bounds();
    let [lon, lat, _] = bounds.center();
    (!bounds.is_empty()).then_some([lon, lat])
}

fn value(
    features: &Features<'_>,
    snapshot: &Snapshot,
    row: Row,
    measure: &Measure,
    pulse: &Pulse,
) -> Result<Option<f64>> {
    let Some(asset) = snapshot.asset(row) else { return Ok(None) };
    let found = match measure {
        Measure::Live(property) => {
            let state = pulse.of(asset.id(), features.visible);
            state.and_then(|s| s.values.iter().find(|v| *v.property == **property).map(|v| v.value))
        }
        Measure::Attribute(name) if !features.visible.has_guarded() && is_personal(asset.class(), name) => None,
        Measure::Attribute(name) => number(&*snapshot.attributes(row)?, name),
    };
    Ok(found.filter(|value| value.is_finite()))
}

#[expect(clippy::cast_precision_loss, reason = "measures, not counts")]
fn number(attributes: &Attributes, name: &str) -> Option<f64> {
    let called = |name: &str| attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    match called(name).or_else(|| called(name.strip_prefix("source.")?))? {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// A box with so many metres around it; two where that crosses the antimeridian.
fn around(near: &Bounds, metres: f64) -> Vec<Bounds> {
    let north = metres / 110_000.0;
    let (south, north) = ((near.min[1] - north).max(-90.0), (near.max[1] + north).min(90.0));
    let east = metres / (111_000.0 * south.abs().max(north.abs()).to_radians().cos().max(1e-6));
    let (west, east) = (near.min[0] - east, near.max[0] + east);
    let part =
        |west: f64, east: f64| Bounds { min: [west, south, f64::NEG_INFINITY], max: [east, north, f64::INFINITY] };
    if east - west >= 360.0 {
        return vec![part(-180.0, 180.0)];
    }
    let mut parts = vec![part(west.max(-180.0), east.min(180.0))];
    parts.extend((west < -180.0).then(|| part(west + 360.0, 180.0)));
    parts.extend((east > 180.0).then(|| part(-180.0, east - 360.0)));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_a_box_goes_on_behind_the_antimeridian() {
        let near = Bounds::of([[179.9, 0.0, 0.0], [180.0, 0.1, 0.0]]);
        let parts = around(&near, 50_000.0);
        assert_eq!(parts.len(), 2);
        assert!(parts[0].contains(&Bounds { min: near.min, max: near.max }) && parts[1].min[0] == -180.0);
        assert_eq!(around(&near, 1e8).len(), 1);
    }
}
