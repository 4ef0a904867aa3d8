//! Triangles over welded points, in groups of one kind and colour.

use super::Bounds;
use super::nearest::Triangle;

/// The group of surfaces that may be seen as any other.
pub(super) const ANY: u32 = u32::MAX;

/// Welded points, and triangles over them, each with the group (kind and colour) that it keeps.
pub(super) struct Soup {
    pub points: Vec<[f64; 3]>,
    pub corners: Vec<[u32; 3]>,
    pub groups: Vec<u32>,
}

impl Soup {
    /// The triangles by their corners.
    pub fn triangles(&self) -> Vec<Triangle> {
        self.corners.iter().map(|t| t.map(|i| self.points[i as usize])).collect()
    }
    /// The groups, with [`ANY`] for triangles of connected parts of one group that are at most `tiny` across.
    pub fn loosened(&self, tiny: f64) -> Vec<u32> {
        let Self { points, corners, groups } = self;
        let mut around = vec![Vec::new(); points.len()];
        for (number, t) in corners.iter().enumerate() {
            t.iter().for_each(|i| around[*i as usize].push(number));
        }
        let mut loosened = vec![None; corners.len()];
        for start in 0..corners.len() {
            if loosened[start].is_some() {
                continue;
            }
            let group = groups[start];
            loosened[start] = Some(group);
            let (mut part, mut next, mut bounds) = (vec![start], 0, Bounds::EMPTY);
            while let Some(at) = part.get(next).copied() {
                next += 1;
                for i in corners[at] {
                    bounds.extend(points[i as usize]);
                    for other in &around[i as usize] {
                        if loosened[*other].is_none() && groups[*other] == group {
                            loosened[*other] = Some(group);
                            part.push(*other);
                        }
                    }
                }
            }
            if bounds.diagonal() <= tiny {
                part.iter().for_each(|t| loosened[*t] = Some(ANY));
            }
        }
        loosened.into_iter().map(|g| g.unwrap_or(ANY)).collect()
    }
}
