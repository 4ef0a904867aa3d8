//! How many people live where: counts, never anybody.

use super::dice::Dice;
use super::site::Structure;
use super::tree::{Level, Node};
use std::collections::BTreeMap;

/// Who lives in a unit, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct People {
    pub(super) households: u32,
    pub(super) people: u32,
    pub(super) children: u32,
    pub(super) elderly: u32,
}

impl std::iter::Sum for People {
    fn sum<I: Iterator<Item = Self>>(each: I) -> Self {
        each.fold(Self::default(), |all, one| Self {
            households: all.households + one.households,
            people: all.people + one.people,
            children: all.children + one.children,
            elderly: all.elderly + one.elderly,
        })
    }
}

/// The people of each unit (单元) of a structure.
pub(super) fn count(structure: &Structure, nodes: &[Node], seed: u64) -> BTreeMap<u32, People> {
    let mut dice = Dice::new(seed, 1_000_000 + u64::from(structure.number));
    let mut units: BTreeMap<u32, People> = BTreeMap::new();
    for flat in nodes.iter().filter(|n| n.level == Level::Flat && n.house.is_some()) {
        let unit = units.entry(flat.unit).or_default();
        unit.households += 1;
        // 2.6 people a household: one to four; a child in every third, someone over 65 in every fourth.
        unit.people += [1, 2, 2, 2, 3, 3, 3, 3, 4, 3][dice.below(10) as usize];
        unit.children += u32::from(dice.chance(0.34));
        unit.elderly += u32::from(dice.chance(0.25));
    }
    units
}
