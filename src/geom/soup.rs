//! Triangles over welded points, in groups of one kind and colour.

use super::nearest::{Nearest, Triangle, normal, sub};
use super::triangulate::{dot, length};
use super::{Bounds, WELD};
use std::collections::{BTreeMap, BTreeSet};

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
    /// The triangles of each group.
    pub fn of_groups(&self) -> Vec<Nearest> {
        let count = self.groups.iter().max().map_or(0, |g| *g as usize + 1);
        let mut each = vec![Vec::new(); count];
        self.groups.iter().zip(self.triangles()).for_each(|(g, t)| each[*g as usize].push(t));
        each.into_iter().map(Nearest::new).collect()
    }
    /// The numbers of the triangles of each flat part: of one group, joined by edges, all corners within `off` of a plane.
    pub fn flat_parts(&self, off: f64) -> Vec<Vec<usize>> {
        let shapes = self.triangles();
        let mut beside: BTreeMap<[u32; 2], Vec<usize>> = BTreeMap::new();
        for (number, t) in self.corners.iter().enumerate() {
            edges(t).into_iter().for_each(|edge| beside.entry(edge).or_default().push(number));
        }
        let mut taken = vec![false; shapes.len()];
        let mut parts = Vec::new();
        for start in 0..shapes.len() {
            if std::mem::replace(&mut taken[start], true) {
                continue;
            }
            let up = normal(&shapes[start]);
            let off = off * length(up);
            let flat = |t: &Triangle| t.iter().all(|p| dot(sub(*p, shapes[start][0]), up).abs() <= off);
            let (mut part, mut next) = (vec![start], 0);
            while let Some(at) = part.get(next).copied() {
                next += 1;
                for other in edges(&self.corners[at]).iter().filter_map(|edge| beside.get(edge)).flatten() {
                    if !taken[*other] && self.groups[*other] == self.groups[start] && flat(&shapes[*other]) {
                        taken[*other] = true;
                        part.push(*other);
                    }
                }
            }
            parts.push(part);
        }
        parts
    }
    /// How wide a flat part is, were it a strip: its area over half its outline.
    fn width(&self, part: &[usize]) -> f64 {
        let mut outline: BTreeSet<[u32; 2]> = BTreeSet::new();
        for edge in part.iter().flat_map(|t| edges(&self.corners[*t])) {
            if !outline.remove(&edge) {
                outline.insert(edge);
            }
        }
        let at = |i: u32| self.points[i as usize];
        let around: f64 = outline.iter().map(|[a, b]| length(sub(at(*a), at(*b)))).sum();
        let twice: f64 = part.iter().map(|t| length(normal(&self.corners[*t].map(at)))).sum();
        twice / around
    }
    /// The groups, with [`ANY`] for triangles of connected parts of one group that are at most `tiny` across, and of flat parts
    /// that are strips no wider than `narrow`.
    pub fn loosened(&self, tiny: f64, narrow: f64) -> Vec<u32> {
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
        let mut loosened: Vec<u32> = loosened.into_iter().map(|g| g.unwrap_or(ANY)).collect();
        let parts = self.flat_parts(WELD);
        parts.iter().filter(|part| self.width(part) <= narrow).flatten().for_each(|t| loosened[*t] = ANY);
        loosened
    }
}

fn edges(t: &[u32; 3]) -> [[u32; 2]; 3] {
    [[t[0], t[1]], [t[1], t[2]], [t[2], t[0]]].map(|[a, b]| [a.min(b), a.max(b)])
}
