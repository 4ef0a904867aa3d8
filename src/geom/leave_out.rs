//! Triangles that others stand in for are left out, but for those whose place would be a slit.

use super::collapse::{Collapse, Cost};
use super::nearest::{Triangle, normal, sub};
use super::triangulate::{cross, dot, length};

impl Collapse {
    /// Leaves out triangles that nobody sees: what lies on them stands in for them.
    pub(super) fn leave_out_hidden(&mut self) {
        for (number, on) in std::mem::take(&mut self.unseen) {
            let there = on.iter().filter(|n| self.alive[**n as usize]);
            let kept: Vec<(u32, Triangle)> = there.map(|n| (*n, self.shape[*n as usize])).collect();
            if self.left > 2
                && let Some(proof) = self.witnessed(&[number], &kept)
            {
                self.settle(proof);
                self.remove(number);
            }
        }
    }

    /// Leaves out triangles that others stand in for, the smallest first.
    pub(super) fn leave_out(&mut self) {
        let mut order: Vec<(Cost, u32)> = (0..)
            .zip(&self.shape)
            .filter(|(i, _)| self.alive[*i as usize])
            .map(|(i, shape)| (Cost(length(normal(shape))), i))
            .collect();
        order.sort();
        for (_, number) in order {
            if self.left <= 2 {
                return;
            }
            if self.is_within(number) {
                continue;
            }
            let mut beside: Vec<u32> =
                self.corners[number as usize].iter().flat_map(|i| &self.around[*i as usize]).copied().collect();
            beside.sort_unstable();
            beside.dedup();
            beside.retain(|n| *n != number);
            let kept: Vec<(u32, Triangle)> = beside.iter().map(|n| (*n, self.shape[*n as usize])).collect();
            // Those beside it stay as they are; only what it stood for must find others.
            if let Some(proof) = self.witnessed(&[number], &kept) {
                self.settle(proof);
                self.remove(number);
            }
        }
    }

    /// Whether a surface goes on beyond two sides of a triangle: without it there would be a slit.
    fn is_within(&self, number: u32) -> bool {
        let (t, own) = (self.corners[number as usize], self.shape[number as usize]);
        let up = normal(&own);
        let goes_on = |k: &usize| {
            let (a, b) = (t[*k], t[(*k + 1) % 3]);
            let inward = cross(up, sub(own[(*k + 1) % 3], own[*k]));
            let beside =
                self.around[a as usize].iter().filter(|n| **n != number && self.around[b as usize].contains(n));
            beside.map(|n| (self.corners[*n as usize], self.shape[*n as usize])).any(|(corners, other)| {
                let apex = corners.iter().zip(other).find(|(i, _)| **i != a && **i != b).map_or(own[*k], |(_, p)| p);
                let m = normal(&other);
                dot(up, m).abs() > 0.9 * length(up) * length(m) && dot(sub(apex, own[*k]), inward) < 0.0
            })
        };
        (0..3).filter(goes_on).count() > 1
    }
}
