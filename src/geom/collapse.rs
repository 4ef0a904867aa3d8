//! Edges collapse one by one, each only when every point of both surfaces stays within a distance of the other.

use super::hausdorff::farthest;
use super::hidden::{Covered, hidden};
use super::nearest::{Nearest, Triangle, distance2, normal, sub};
use super::quadric::Quadric;
use super::soup::{ANY, Soup};
use super::triangulate::{cross, dot, length};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

/// Triangles that keep no less than this share of the tolerance as their height, unless they were thinner before: what is
/// thinner is not seen.
const THIN: f64 = 0.4;
/// Vertices of other parts that one vertex may be joined to.
const NEIGHBOURS: usize = 6;
/// Rounds over all edges.
const ROUNDS: usize = 4;
/// A surface that may be seen as any colour near it is at most this many tolerances across.
const TINY: f64 = 4.0;
/// So may a strip of at most this many tolerances in width.
const NARROW: f64 = 2.0;

/// Triangles in the course of being simplified, with the proof that they stay near the first ones.
pub(super) struct Collapse {
    most: f64,
    /// The first triangles, each in its number.
    first: Vec<Triangle>,
    /// The first triangles of each group.
    of_group: Vec<Nearest>,
    /// The group of each first triangle; [`ANY`] for those of a tiny part or a narrow strip, and for those that nobody sees.
    groups: Vec<u32>,
    /// First triangles that nobody sees.
    pub(super) unseen: Vec<Covered>,
    /// Which triangles of now each first triangle is near to, all of it.
    witnesses: Vec<Vec<u32>>,
    /// The other way round.
    users: Vec<Vec<u32>>,
    pub(super) points: Vec<[f64; 3]>,
    pub(super) corners: Vec<[u32; 3]>,
    group: Vec<u32>,
    pub(super) shape: Vec<Triangle>,
    pub(super) alive: Vec<bool>,
    pub(super) around: Vec<Vec<u32>>,
    quadrics: Vec<Quadric>,
    pub(super) left: usize,
}

/// A change that is proved and not yet made.
pub(super) struct Proof {
    /// First triangles and their new witnesses.
    witnesses: Vec<(u32, Vec<u32>)>,
}

impl Collapse {
    /// Over `soup`, whose triangles have three different points each.
    pub fn new(soup: Soup, most: f64) -> Self {
        let shape = soup.triangles();
        let of_group = soup.of_groups();
        let unseen = hidden(&shape, &soup.groups, &of_group);
        let mut groups = soup.loosened(TINY * most, NARROW * most);
        unseen.iter().for_each(|(number, _)| groups[*number as usize] = ANY);
        let Soup { points, corners, groups: group } = soup;
        let mut around = vec![Vec::new(); points.len()];
        let mut quadrics = vec![Quadric::default(); points.len()];
        for (number, (t, shape)) in (0..).zip(corners.iter().zip(&shape)) {
            t.iter().for_each(|i| around[*i as usize].push(number));
            let n = normal(shape);
            let twice = length(n);
            if twice > 0.0 {
                let plane = Quadric::plane(n.map(|v| v / twice), shape[0], twice);
                t.iter().for_each(|i| quadrics[*i as usize].add(&plane));
            }
        }
        let each: Vec<Vec<u32>> = (0..u32::try_from(corners.len()).unwrap_or(u32::MAX)).map(|i| vec![i]).collect();
        Self {
            most,
            first: shape.clone(),
            of_group,
            groups,
            unseen,
            witnesses: each.clone(),
            users: each,
            alive: vec![true; corners.len()],
            left: corners.len(),
            points,
            corners,
            group,
            shape,
            around,
            quadrics,
        }
    }

    /// Collapses and leaves out what it can; what is left.
    pub fn run(mut self) -> Soup {
        self.leave_out_hidden();
        self.keep_borders();
        for _ in 0..ROUNDS {
            let before = self.left;
            self.collapse_all();
            self.leave_out();
            if self.left == before {
                break;
            }
        }
        let each = self.corners.into_iter().zip(self.group).zip(self.alive);
        let (corners, groups) = each.filter(|(_, alive)| *alive).map(|(triangle, _)| triangle).unzip();
        Soup { points: self.points, corners, groups }
    }

    /// Planes across the edges where a surface or a group ends: there the outline counts.
    fn keep_borders(&mut self) {
        let mut edges: BTreeMap<[u32; 2], Vec<u32>> = BTreeMap::new();
        for (number, t) in (0..).zip(&self.corners).filter(|(number, _)| self.alive[*number as usize]) {
            for k in 0..3 {
                let (a, b) = (t[k], t[(k + 1) % 3]);
                edges.entry([a.min(b), a.max(b)]).or_default().push(number);
            }
        }
        for ([a, b], beside) in edges {
            let same = beside.iter().all(|t| self.group[*t as usize] == self.group[beside[0] as usize]);
            if beside.len() > 1 && same {
                continue;
            }
            let (p, q) = (self.points[a as usize], self.points[b as usize]);
            for number in beside {
                let across = cross(sub(q, p), normal(&self.shape[number as usize]));
                let size = length(across);
                if size > 0.0 {
                    let edge = sub(q, p);
                    let plane = Quadric::plane(across.map(|v| v / size), p, dot(edge, edge));
                    self.quadrics[a as usize].add(&plane);
                    self.quadrics[b as usize].add(&plane);
                }
            }
        }
    }

    fn collapse_all(&mut self) {
        let mut pairs: BTreeSet<[u32; 2]> = BTreeSet::new();
        for (t, _) in self.corners.iter().zip(&self.alive).filter(|(_, alive)| **alive) {
            pairs.extend([[t[0], t[1]], [t[1], t[2]], [t[2], t[0]]].map(|[a, b]| [a.min(b), a.max(b)]));
        }
        self.add_near(&mut pairs);
        let mut stamps = vec![0_u32; self.points.len()];
        let mut heap: BinaryHeap<(Reverse<Cost>, [u32; 2], u32)> = BinaryHeap::new();
        for pair in pairs {
            heap.push((Reverse(self.cost(pair)), pair, 0));
        }
        while let Some((_, [a, b], stamp)) = heap.pop() {
            if stamp != stamps[a as usize].wrapping_add(stamps[b as usize]) || self.left <= 2 {
                continue;
            }
            if self.around[a as usize].is_empty() || self.around[b as usize].is_empty() {
                continue;
            }
            let Some((at, proof)) = self.places([a, b]).into_iter().find_map(|at| Some((at, self.prove([a, b], at)?)))
            else {
                continue;
            };
            self.merge([a, b], at, proof);
            stamps[a as usize] += 1;
            stamps[b as usize] += 1;
            let mut beside: Vec<u32> =
                self.around[a as usize].iter().flat_map(|t| self.corners[*t as usize]).filter(|i| *i != a).collect();
            beside.sort_unstable();
            beside.dedup();
            for other in beside {
                let pair = [a.min(other), a.max(other)];
                let stamp = stamps[a as usize].wrapping_add(stamps[other as usize]);
                heap.push((Reverse(self.cost(pair)), pair, stamp));
            }
        }
    }

    /// Pairs of points that no edge joins and that lie so near that they may become one.
    fn add_near(&self, pairs: &mut BTreeSet<[u32; 2]>) {
        let cell = |p: &[f64; 3]| p.map(|v| (v / self.most).floor() as i64);
        let mut cells: HashMap<[i64; 3], Vec<u32>> = HashMap::new();
        let live: Vec<u32> = (0..).zip(&self.around).filter(|(_, a)| !a.is_empty()).map(|(i, _)| i).collect();
        for i in &live {
            cells.entry(cell(&self.points[*i as usize])).or_default().push(*i);
        }
        for i in live {
            let p = self.points[i as usize];
            let home = cell(&p);
            let mut near: Vec<(f64, u32)> = (0..27)
                .filter_map(|n| cells.get(&[home[0] + n % 3 - 1, home[1] + n / 3 % 3 - 1, home[2] + n / 9 - 1]))
                .flatten()
                .filter(|j| **j != i)
                .map(|j| (length(sub(p, self.points[*j as usize])), *j))
                .filter(|(d, _)| *d <= self.most)
                .collect();
            near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            pairs.extend(near.into_iter().take(NEIGHBOURS).map(|(_, j)| [i.min(j), i.max(j)]));
        }
    }

    fn cost(&self, pair: [u32; 2]) -> Cost {
        let mut sum = self.quadrics[pair[0] as usize];
        sum.add(&self.quadrics[pair[1] as usize]);
        let least = self.places(pair).into_iter().map(|p| sum.at(p)).fold(f64::INFINITY, f64::min);
        let [p, q] = pair.map(|i| self.points[i as usize]);
        Cost(least + 1e-3 * length(sub(p, q)))
    }

    /// Where two points may become one, best first.
    fn places(&self, [a, b]: [u32; 2]) -> Vec<[f64; 3]> {
        let (p, q) = (self.points[a as usize], self.points[b as usize]);
        let mut sum = self.quadrics[a as usize];
        sum.add(&self.quadrics[b as usize]);
        let middle: [f64; 3] = std::array::from_fn(|k| (p[k] + q[k]) / 2.0);
        let mut places = vec![middle, p, q];
        let reach = length(sub(p, q)).max(self.most);
        places.extend(sum.least().filter(|at| length(sub(*at, middle)) <= reach));
        places.sort_by(|x, y| sum.at(*x).total_cmp(&sum.at(*y)));
        places
    }

    /// Whether the two points may become one at `at`.
    fn prove(&self, [a, b]: [u32; 2], at: [f64; 3]) -> Option<Proof> {
        let mut gone: Vec<u32> = self.around[a as usize].iter().chain(&self.around[b as usize]).copied().collect();
        gone.sort_unstable();
        gone.dedup();
        let mut changed: Vec<(u32, Triangle)> = Vec::new();
        for number in &gone {
            let old = self.shape[*number as usize];
            let t = self.corners[*number as usize];
            let has = |i| t.contains(&i);
            if has(a) && has(b) {
                continue;
            }
            let new: Triangle = std::array::from_fn(|k| if t[k] == a || t[k] == b { at } else { old[k] });
            let (n, m) = (normal(&old), normal(&new));
            let (was, is) = (height(&old, n), height(&new, m));
            if is < was.min(THIN * self.most) || (dot(n, m) < 0.0 && was > self.most) {
                return None;
            }
            changed.push((*number, new));
        }
        if self.left - (gone.len() - changed.len()) < 2 {
            return None;
        }
        let proof = self.witnessed(&gone, &changed)?;
        for (number, shape) in &changed {
            let own = &self.of_group[self.group[*number as usize] as usize];
            let mut near = |p| own.to(p, self.most * 1.001);
            if farthest(shape, &mut near, own.triangles(), self.most, self.most, &mut |_| {}).most > self.most {
                return None;
            }
        }
        Some(proof)
    }

    /// New witnesses for the first triangles whose witnesses are `gone`; `changed` are those of them that stay, in new shapes.
    pub(super) fn witnessed(&self, gone: &[u32], changed: &[(u32, Triangle)]) -> Option<Proof> {
        let mut affected: Vec<u32> = gone.iter().flat_map(|t| &self.users[*t as usize]).copied().collect();
        affected.sort_unstable();
        affected.dedup();
        let mut witnesses = Vec::with_capacity(affected.len());
        for first in affected {
            let group = self.groups[first as usize];
            let fits = |number: u32| group == ANY || self.group[number as usize] == group;
            let mut ids: Vec<u32> = Vec::new();
            let mut shapes: Vec<Triangle> = Vec::new();
            for (number, shape) in changed.iter().filter(|(number, _)| fits(*number)) {
                ids.push(*number);
                shapes.push(*shape);
            }
            for number in self.witnesses[first as usize].iter().filter(|n| !gone.contains(n)) {
                ids.push(*number);
                shapes.push(self.shape[*number as usize]);
            }
            let mut near = |p: [f64; 3]| {
                let each = (0..).zip(&shapes).map(|(i, t)| (i, distance2(p, t)));
                each.min_by(|x, y| x.1.total_cmp(&y.1)).map(|(i, d)| (i, d.sqrt()))
            };
            let mut used: Vec<u32> = Vec::new();
            let triangle = self.first.get(first as usize)?;
            let mut take = |i: u32| used.extend(ids.get(i as usize));
            if farthest(triangle, &mut near, &shapes, self.most, self.most, &mut take).most > self.most {
                return None;
            }
            used.sort_unstable();
            used.dedup();
            witnesses.push((first, used));
        }
        Some(Proof { witnesses })
    }

    pub(super) fn settle(&mut self, proof: Proof) {
        for (first, used) in proof.witnesses {
            for old in std::mem::take(&mut self.witnesses[first as usize]) {
                self.users[old as usize].retain(|f| *f != first);
            }
            used.iter().for_each(|t| self.users[*t as usize].push(first));
            self.witnesses[first as usize] = used;
        }
    }

    fn merge(&mut self, [a, b]: [u32; 2], at: [f64; 3], proof: Proof) {
        self.settle(proof);
        self.points[a as usize] = at;
        let other = self.quadrics[b as usize];
        self.quadrics[a as usize].add(&other);
        let mut own = std::mem::take(&mut self.around[a as usize]);
        own.append(&mut std::mem::take(&mut self.around[b as usize]));
        own.sort_unstable();
        own.dedup();
        for number in &own {
            let t = &mut self.corners[*number as usize];
            t.iter_mut().filter(|i| **i == b).for_each(|i| *i = a);
            let twice = (t[0] == t[1]) || (t[1] == t[2]) || (t[2] == t[0]);
            let points = &self.points;
            self.shape[*number as usize] = t.map(|i| points[i as usize]);
            if twice {
                let t = *t;
                self.alive[*number as usize] = false;
                self.left -= 1;
                t.iter().for_each(|i| self.around[*i as usize].retain(|n| n != number));
            }
        }
        own.retain(|n| self.alive[*n as usize]);
        self.around[a as usize] = own;
        self.drop_doubles(a);
    }

    /// Of triangles with the same corners one is enough: surfaces are seen from both sides.
    fn drop_doubles(&mut self, around: u32) {
        let mut seen: HashMap<[u32; 3], u32> = HashMap::new();
        for number in self.around[around as usize].clone() {
            let mut key = self.corners[number as usize];
            key.sort_unstable();
            let Some(kept) = seen.get(&key).copied() else {
                seen.insert(key, number);
                continue;
            };
            let group = self.group[number as usize];
            if group != self.group[kept as usize] {
                continue;
            }
            for first in std::mem::take(&mut self.users[number as usize]) {
                let own = &mut self.witnesses[first as usize];
                own.retain(|n| *n != number);
                if !own.contains(&kept) {
                    own.push(kept);
                    self.users[kept as usize].push(first);
                }
            }
            self.remove(number);
        }
    }

    pub(super) fn remove(&mut self, number: u32) {
        self.alive[number as usize] = false;
        self.left -= 1;
        for i in self.corners[number as usize] {
            self.around[i as usize].retain(|n| *n != number);
        }
    }
}

/// The height of a triangle over its longest side.
fn height(t: &Triangle, normal: [f64; 3]) -> f64 {
    let longest = (0..3).map(|k| length(sub(t[(k + 1) % 3], t[k]))).fold(0.0, f64::max);
    if longest > 0.0 { length(normal) / longest } else { 0.0 }
}

/// A cost that has an order.
#[derive(PartialEq)]
pub(super) struct Cost(pub f64);

impl Eq for Cost {}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cost {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
