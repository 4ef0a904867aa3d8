//! Storeys by their levels: their order, what lies between them, and what belongs to one and lies elsewhere.

use super::super::finding::{self, Kind};
use super::{ModelCheck, NONE, Seen, Tell, label};
use crate::model::{Class, Collection};
use std::collections::{BTreeMap, HashMap};

/// Storeys nearer than this are at one level; metres.
const LEAST: f64 = 0.5;
/// A storey higher than this lacks one; metres.
const MOST: f64 = 10.0;
/// How far beyond its storey all of an element must lie; metres.
const BEYOND: f64 = 0.5;
/// Elements of a building that tell at which heights its storeys are, at least.
const TELLING: usize = 3;

impl ModelCheck {
    pub(super) fn storeys(&self, tell: &mut Tell<'_>) {
        let mut buildings: BTreeMap<Option<&str>, Vec<(f64, usize)>> = BTreeMap::new();
        for (i, seen) in self.seen.iter().enumerate() {
            if let Some(elevation) = self.level_of(seen).and_then(|l| l.elevation) {
                let building = self.chain(i).find(|s| s.class == Class::Building).map(|b| self.id_of(b));
                buildings.entry(building).or_default().push((elevation, i));
            }
        }
        for storeys in buildings.values_mut() {
            storeys.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            // Units and parts of a building have storeys of their own, side by side.
            let mut beside: BTreeMap<Option<&str>, Vec<(f64, usize)>> = BTreeMap::new();
            for (elevation, i) in storeys.iter() {
                let parent = self.seen.get(*i).and_then(|s| self.parent_of(s));
                beside.entry(parent).or_default().push((*elevation, *i));
            }
            beside.values().for_each(|storeys| self.order(storeys, tell));
        }
        if !self.levels.is_empty() {
            self.contents(&buildings, tell);
        }
    }

    /// Levels against numbers, from the ground up.
    fn order(&self, storeys: &[(f64, usize)], tell: &mut Tell<'_>) {
        for ((low, a), (high, b)) in storeys.iter().zip(storeys.iter().skip(1)) {
            let (Some(below), Some(above)) = (self.seen.get(*a), self.seen.get(*b)) else { continue };
            let (Some(lower), Some(upper)) = (self.level_of(below), self.level_of(above)) else { continue };
            let mut say = |kind: Kind, said: String| tell(kind, self.finding(above, kind, said));
            let rise = high - low;
            let other = format!("{} ({})", lower.name, self.id_of(below));
            if let (Some(i), Some(j)) = (lower.index, upper.index)
                && j < i
            {
                say(
                    finding::STOREYS_OUT_OF_ORDER,
                    format!("has index {j} and lies {rise:.2} m above {other} of index {i}"),
                );
            } else if let (Some(i), Some(j)) = (label::number(&lower.name), label::number(&upper.name))
                && j < i
            {
                let name = &upper.name;
                say(finding::STOREYS_OUT_OF_ORDER, format!("is called {name} and lies {rise:.2} m above {other}"));
            }
            if rise < LEAST {
                say(
                    finding::STOREYS_OVERLAP,
                    format!("lies {rise:.2} m above {other}: both are one storey by their levels"),
                );
            } else if rise > MOST {
                say(finding::STOREY_GAP, format!("lies {rise:.2} m above {other}, the next below"));
            }
        }
    }

    /// Elements that lie wholly outside the storey they are in, and those that are in none.
    fn contents(&self, buildings: &BTreeMap<Option<&str>, Vec<(f64, usize)>>, tell: &mut Tell<'_>) {
        let by_id = |s: &Seen| self.numbered(self.id_of(s));
        let storey_of: Vec<Option<usize>> =
            (0..self.seen.len()).map(|i| self.chain(i).find(|s| self.level_of(s).is_some()).and_then(by_id)).collect();
        // The height at which each storey's floor is, and at which the next one's is.
        let mut spans: HashMap<usize, (f64, f64, bool)> = HashMap::new();
        for storeys in buildings.values() {
            let elevations: HashMap<usize, f64> = storeys.iter().map(|(e, i)| (*i, *e)).collect();
            let Some(zero) = self.zero(&elevations, &storey_of) else { continue };
            for (n, (elevation, i)) in storeys.iter().enumerate() {
                let next = storeys.iter().map(|(e, _)| *e).find(|e| *e > elevation + LEAST).unwrap_or(f64::INFINITY);
                spans.insert(*i, (elevation + zero, next + zero, n == 0));
            }
        }
        for (i, (seen, storey)) in self.seen.iter().zip(&storey_of).enumerate() {
            if seen.class.collection() != Collection::Elements || seen.bounds.is_empty() {
                continue;
            }
            let Some(storey) = storey else {
                let in_building = || self.chain(i).any(|s| s.class == Class::Building);
                if self.storey_of(seen).is_none() && (seen.parent == NONE || in_building()) {
                    tell(finding::NO_STOREY, self.finding(seen, finding::NO_STOREY, "is in no storey"));
                }
                continue;
            };
            let Some((floor, next, lowest)) = spans.get(storey) else { continue };
            let (low, high) = (seen.bounds.min[2], seen.bounds.max[2]);
            let name = self.seen.get(*storey).and_then(|s| self.level_of(s)).map_or("", |l| l.name.as_str());
            // What carries the building lies below its lowest storey.
            let said = if high < floor - BEYOND && !lowest {
                format!("ends {:.2} m below the floor of its storey {name}", floor - high)
            } else if low > next + BEYOND {
                format!("begins {:.2} m above the floor of the storey over its own, {name}", low - next)
            } else {
                continue;
            };
            tell(finding::OUTSIDE_STOREY, self.finding(seen, finding::OUTSIDE_STOREY, said));
        }
    }

    /// The height of a building's level 0, by where the walls, rooms, columns and doors of its storeys stand: their median.
    fn zero(&self, elevations: &HashMap<usize, f64>, storey_of: &[Option<usize>]) -> Option<f64> {
        let stands =
            |class| matches!(class, Class::Wall | Class::Space | Class::Column | Class::Door | Class::CurtainWall);
        let each = self.seen.iter().zip(storey_of).filter(|(s, _)| stands(s.class) && !s.bounds.is_empty());
        let mut heights: Vec<f64> =
            each.filter_map(|(s, storey)| Some(s.bounds.min[2] - elevations.get(storey.as_ref()?)?)).collect();
        heights.sort_by(f64::total_cmp);
        (heights.len() >= TELLING).then(|| heights.get(heights.len() / 2).copied())?
    }
}
