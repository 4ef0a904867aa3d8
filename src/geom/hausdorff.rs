//! How far two surfaces are from each other: the Hausdorff distance, as a bound that holds for every point between the vertices.

use super::nearest::{Nearest, Triangle, distance2, normal, sub};
use super::triangulate::{cross, dot, length};

/// Between which two numbers a greatest distance lies; metres.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Between {
    /// A distance that some point has.
    pub least: f64,
    /// A distance that no point exceeds.
    pub most: f64,
}

/// Pieces that one triangle may be cut into before its bound is taken as it is.
const PIECES: usize = 4000;
/// What is cut off a piece reaches at least this far; metres.
const SHARE: f64 = 1e-6;
/// How near the two numbers of a bound come to each other; metres.
const SLACK: f64 = 1e-4;

/// The two-sided Hausdorff distance of the surfaces of two sets of triangles: no point of either is farther than `most` from the
/// other surface, and some point is `least` away. `most` is at most a tenth of a millimetre more than `least`, or than `floor`, unless the
/// surfaces are so entangled that a triangle is cut into thousands of pieces; it is infinite when just one of them is empty.
pub fn hausdorff(a: &[Triangle], b: &[Triangle], floor: f64) -> Between {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Between::default(),
        (false, false) => {}
        _ => return Between { least: f64::INFINITY, most: f64::INFINITY },
    }
    let (to, back) = (Nearest::new(b.to_vec()), Nearest::new(a.to_vec()));
    let away = |from: &[Triangle], onto: &Nearest, least: f64| {
        let of = |p: &[f64; 3]| onto.to(*p, f64::INFINITY).map_or(f64::INFINITY, |(_, d)| d);
        let least = from.iter().flatten().map(of).fold(least, f64::max);
        let mut between = Between { least, most: least };
        for triangle in from {
            let enough = floor.max(between.least + SLACK);
            let mut near = |p| onto.to(p, f64::INFINITY);
            let one = farthest(triangle, &mut near, onto.triangles(), enough, f64::INFINITY, &mut |_| {});
            between.least = between.least.max(one.least);
            between.most = between.most.max(one.most);
        }
        between
    };
    let one = away(a, &to, 0.0);
    let other = away(b, &back, one.least);
    Between { least: other.least, most: one.most.max(other.most) }
}

/// Whether two surfaces lie in one place, whatever triangles they are cut into: no point of either is farther than `limit` metres from
/// the other. Of what is a tenth of a millimetre less than that, either may be told. Ends at the first point that is too far.
pub fn coincide(a: &[Triangle], b: &[Triangle], limit: f64) -> bool {
    let lies = |from: &[Triangle], onto: &[Triangle]| {
        let onto = Nearest::new(onto.to_vec());
        let mut near = |p| onto.to(p, limit);
        from.iter()
            .all(|triangle| farthest(triangle, &mut near, onto.triangles(), limit, limit, &mut |_| {}).most <= limit)
    };
    lies(a, b) && lies(b, a)
}

/// How far the farthest point of `triangle` is from the surface whose nearest triangle `near` knows: exact to where `most` is below
/// `enough`. Ends early, with an infinite `most`, when a point farther than `limit` is found.
///
/// The distance to one triangle is convex, so over a convex piece it is greatest at a corner. A piece is cut along the sides of
/// a triangle near it until one triangle bounds all of it; `used` hears the number of that triangle.
pub(super) fn farthest(
    triangle: &Triangle,
    near: &mut dyn FnMut([f64; 3]) -> Option<(u32, f64)>,
    onto: &[Triangle],
    enough: f64,
    limit: f64,
    used: &mut dyn FnMut(u32),
) -> Between {
    let mut between = Between::default();
    let over = |least| Between { least, most: f64::INFINITY };
    let mut near = |p: [f64; 3]| near(p).unwrap_or((u32::MAX, f64::INFINITY));
    let whole: Vec<Corner> = triangle.iter().map(|p| Corner::new(*p, &mut near)).collect();
    let mut open: Vec<(Vec<Corner>, u32)> = vec![(whole, 0)];
    let mut cut = 0;
    while let Some((piece, depth)) = open.pop() {
        let least = piece.iter().map(|c| c.away).fold(0.0, f64::max);
        between.least = between.least.max(least);
        if least > limit {
            return over(least);
        }
        let mut candidates: Vec<u32> = piece.iter().map(|c| c.nearest).collect();
        candidates.sort_unstable();
        candidates.dedup();
        let bound = |number: &u32| {
            let target = onto.get(*number as usize);
            target.map_or(f64::INFINITY, |t| piece.iter().map(|c| distance2(c.at, t)).fold(0.0, f64::max).sqrt())
        };
        let best = candidates.iter().map(|n| (bound(n), *n)).min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((mut most, mut best)) = best else { return over(f64::INFINITY) };
        if most > enough.max(between.least + SLACK) {
            // Corners on a shared edge or corner are as near to triangles beside it; the middle is not.
            let count = piece.len() as f64;
            let inner = near(std::array::from_fn(|k| piece.iter().map(|c| c.at[k]).sum::<f64>() / count));
            between.least = between.least.max(inner.1);
            let bound = bound(&inner.0);
            candidates.push(inner.0);
            if bound < most {
                (most, best) = (bound, inner.0);
            }
        }
        if most <= enough.max(between.least + SLACK) || cut >= PIECES {
            between.most = between.most.max(most);
            if between.most > limit {
                return over(between.least);
            }
            used(best);
            continue;
        }
        cut += 1;
        let best = onto.get(best as usize);
        let others = || candidates.iter().filter_map(|n| onto.get(*n as usize));
        // Distances bend, so cuts along them only come near the right place: every third one halves the piece instead.
        let sides = best
            .filter(|_| depth % 3 != 2)
            .and_then(|t| beside(&piece, t).or_else(|| others().find_map(|other| between_two(&piece, t, other))))
            .unwrap_or_else(|| across(&piece));
        let parts = divided(&piece, &sides, &mut near).into_iter().filter(|part| part.len() > 2);
        open.extend(parts.map(|part| (part, depth + 1)));
    }
    between.most = between.most.max(between.least);
    between
}

/// A corner of a piece.
#[derive(Clone, Copy)]
struct Corner {
    at: [f64; 3],
    nearest: u32,
    away: f64,
}

impl Corner {
    fn new(at: [f64; 3], near: &mut dyn FnMut([f64; 3]) -> (u32, f64)) -> Self {
        let (nearest, away) = near(at);
        Self { at, nearest, away }
    }
}

/// How far each corner is inside the upright wall over that side of `target` that leaves most of the piece on both of its sides.
fn beside(piece: &[Corner], target: &Triangle) -> Option<Vec<f64>> {
    let up = normal(target);
    let sides = (0..3).filter_map(|i| {
        let (a, b) = (target[i], target[(i + 1) % 3]);
        let inward = cross(up, sub(b, a));
        let size = length(inward);
        let inward = size.is_normal().then(|| inward.map(|v| v / size))?;
        let depths: Vec<f64> = piece.iter().map(|c| dot(sub(c.at, a), inward)).collect();
        let share = both_sides(&depths);
        (share > SHARE).then_some((share, depths))
    });
    sides.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, depths)| depths)
}

/// How much nearer each corner is to one triangle than to the other, where that differs.
fn between_two(piece: &[Corner], one: &Triangle, other: &Triangle) -> Option<Vec<f64>> {
    let nearer: Vec<f64> = piece.iter().map(|c| distance2(c.at, one).sqrt() - distance2(c.at, other).sqrt()).collect();
    (both_sides(&nearer) > SHARE).then_some(nearer)
}

fn both_sides(values: &[f64]) -> f64 {
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    high.min(-low)
}

/// The sides of the plane through the middle of the longest way between two corners.
fn across(piece: &[Corner]) -> Vec<f64> {
    let pairs = piece.iter().enumerate().flat_map(|(i, a)| piece.iter().skip(i + 1).map(move |b| (a.at, b.at)));
    let far = |(a, b): &([f64; 3], [f64; 3])| dot(sub(*b, *a), sub(*b, *a));
    let (a, b) = pairs.max_by(|x, y| far(x).total_cmp(&far(y))).unwrap_or_default();
    let middle = std::array::from_fn(|k| (a[k] + b[k]) / 2.0);
    piece.iter().map(|c| dot(sub(c.at, middle), sub(b, a))).collect()
}

/// The two parts of a convex piece where `sides` is positive and negative.
fn divided(piece: &[Corner], sides: &[f64], near: &mut dyn FnMut([f64; 3]) -> (u32, f64)) -> [Vec<Corner>; 2] {
    let mut parts = [Vec::new(), Vec::new()];
    for (i, (a, da)) in piece.iter().zip(sides).enumerate() {
        let next = (i + 1) % piece.len();
        let (b, db) = (piece[next], sides[next]);
        if *da >= 0.0 {
            parts[0].push(*a);
        }
        if *da <= 0.0 {
            parts[1].push(*a);
        }
        if da * db < 0.0 {
            let t = da / (da - db);
            let middle = Corner::new(std::array::from_fn(|k| a.at[k] + (b.at[k] - a.at[k]) * t), near);
            parts.iter_mut().for_each(|part| part.push(middle));
        }
    }
    parts
}
