//! What a community of so many households consists of, in the proportions of a real one of 5,004.

use crate::fault::{Fault, Result};

/// Households of the community whose proportions are scaled.
pub(super) const REFERENCE: u32 = 5_004;
/// Most households that one call writes: a district.
pub(super) const MOST: u32 = 250_000;

/// What kind of building a structure is; it decides its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// 33 storeys, 2 units of 3 flats a storey, 2 lifts a unit.
    Tower,
    /// 18 storeys, 2 units of 2 flats a storey, 1 lift a unit.
    Slab,
    /// 6 storeys, 3 units of 2 flats a storey, no lift.
    WalkUp,
    /// A public building; the number picks its use.
    Public(u32),
    /// An underground garage of two levels.
    Garage,
}

impl Kind {
    /// Units (单元) side by side, flats on a storey of a unit, and residential storeys.
    pub(super) const fn homes(self) -> [u32; 3] {
        match self {
            Self::Tower => [2, 3, 33],
            Self::Slab => [2, 2, 18],
            Self::WalkUp => [3, 2, 6],
            Self::Public(_) | Self::Garage => [0, 0, 0],
        }
    }
    /// Flats in a full building of this kind.
    const fn flats(self) -> u32 {
        let [units, flats, storeys] = self.homes();
        units * flats * storeys
    }
}

/// A community's buildings, each with the households that live in it.
#[derive(Debug, Clone)]
pub(super) struct MakeUp {
    /// Kind and number of households, in the order of the building numbers.
    pub(super) structures: Vec<(Kind, u32)>,
    households: u32,
}

impl MakeUp {
    /// The buildings that hold exactly `households`.
    ///
    /// # Errors
    /// Bad input unless `households` is between 1 and 250,000.
    pub(super) fn new(households: u32) -> Result<Self> {
        if !(1..=MOST).contains(&households) {
            return Err(Fault::parameter("--households", format!("{households} is outside 1 to {MOST}"))
                .remedy("write several communities, each into a directory of its own"));
        }
        let mut structures = Vec::new();
        let mut left = households;
        for (kind, reference) in [(Kind::Tower, 10), (Kind::Slab, 18)] {
            // The first building is always a tower, however few live in it: it is the one delivered as IFC.
            let least = u32::from(kind == Kind::Tower);
            for _ in 0..share(households, reference).max(least) {
                if left == 0 || (left < kind.flats() && !structures.is_empty()) {
                    break;
                }
                let lived_in = left.min(kind.flats());
                structures.push((kind, lived_in));
                left -= lived_in;
            }
        }
        let garages = if households < 200 { 0 } else { share(households, 6).max(1) };
        structures.extend((0..garages).map(|_| (Kind::Garage, 0)));
        structures.extend((0..share(households, 24).max(1)).map(|use_of| (Kind::Public(use_of), 0)));
        while left > 0 {
            let lived_in = left.min(Kind::WalkUp.flats());
            structures.push((Kind::WalkUp, lived_in));
            left -= lived_in;
        }
        Ok(Self { structures, households })
    }
    /// How many there are of what the reference community has `reference` of; at least one.
    pub(super) fn count(&self, reference: u32) -> u32 {
        share(self.households, reference).max(1)
    }
    /// As [`Self::count`], rounded up.
    pub(super) fn count_up(&self, reference: u32) -> u32 {
        (u64::from(self.households) * u64::from(reference))
            .div_ceil(u64::from(REFERENCE))
            .try_into()
            .unwrap_or(u32::MAX)
    }
}

/// `reference` scaled by households, to the nearest whole number.
fn share(households: u32, reference: u32) -> u32 {
    let twice = 2 * u64::from(households) * u64::from(reference) + u64::from(REFERENCE);
    u32::try_from(twice / (2 * u64::from(REFERENCE))).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(make_up: &MakeUp, wanted: fn(Kind) -> bool) -> usize {
        make_up.structures.iter().filter(|s| wanted(s.0)).count()
    }

    #[test]
    fn the_reference_community_has_its_own_make_up() {
        let whole = MakeUp::new(REFERENCE).unwrap();
        assert_eq!(number(&whole, |k| k == Kind::Tower), 10);
        assert_eq!(number(&whole, |k| k == Kind::Slab), 18);
        assert_eq!(number(&whole, |k| k == Kind::WalkUp), 48);
        assert_eq!(number(&whole, |k| k == Kind::Garage), 6);
        assert_eq!(number(&whole, |k| matches!(k, Kind::Public(_))), 24);
    }

    #[test]
    fn every_size_houses_exactly_its_households() {
        for households in [1, 5, 6, 7, 71, 72, 197, 198, 199, 200, 500, 502, 503, 5_003, 5_004, 9_999, MOST] {
            let made = MakeUp::new(households).unwrap();
            assert_eq!(made.structures.iter().map(|s| s.1).sum::<u32>(), households);
            assert_eq!(made.structures[0].0, Kind::Tower);
        }
        assert_eq!(MakeUp::new(500).unwrap().structures.len(), 11);
        assert!(MakeUp::new(0).is_err() && MakeUp::new(MOST + 1).is_err());
    }
}
