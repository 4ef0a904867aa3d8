//! How far flat faces reach away from a surface: a quick bound that holds for every point of them.

use super::Bounds;
use super::nearest::{Triangle, distance2, outside2};

/// Faces are cut this often, of which each looks at all triangles, before their bound is taken as it is.
const CUTS: usize = 2000;
/// And fewer times where there are many triangles: so many are looked at in all, but for the last time.
const LOOKS: usize = 20_000_000;
/// A bound may be this much more than the farthest point that was found.
const ROUGH: f64 = 1.1;

/// A parallelogram: a corner, and the two sides from there.
pub type Parallelogram = [[f64; 3]; 3];

/// No point of `faces` is farther from the surface of `onto` than this, metres; it is infinite where there is none. Where it is more than
/// `enough` it is at most a tenth more than what the farthest point is away, unless it would take too many pieces to know that.
///
/// The distance to one triangle is convex, so that over a piece it is greatest at a corner; and no point of a piece is farther than
/// its middle by more than it is from that. A piece for which neither is little is halved.
pub fn cover(faces: &[Parallelogram], onto: &[Triangle], enough: f64) -> f64 {
    let boxes: Vec<Bounds> = onto.iter().map(|triangle| Bounds::of(*triangle)).collect();
    // What is nearest to one point is likely nearest to the next.
    let mut last = 0;
    let mut nearest = |p: [f64; 3]| {
        let mut least = onto.get(last).map_or(f64::INFINITY, |triangle| distance2(p, triangle));
        for (number, (around, triangle)) in boxes.iter().zip(onto).enumerate() {
            if outside2(around, p) < least {
                let away = distance2(p, triangle);
                if away < least {
                    (last, least) = (number, away);
                }
            }
        }
        (last, least.sqrt())
    };
    let (mut found, mut most, mut cut): (f64, f64, usize) = (0.0, 0.0, 0);
    let cuts = CUTS.min(LOOKS / onto.len().max(1));
    let mut open = faces.to_vec();
    while let Some([corner, u, v]) = open.pop() {
        let at = |s: f64, t: f64| -> [f64; 3] { std::array::from_fn(|k| corner[k] + s * u[k] + t * v[k]) };
        let (number, away) = nearest(at(0.5, 0.5));
        let Some(one) = onto.get(number) else { return f64::INFINITY };
        let corners = [at(0.0, 0.0), at(1.0, 0.0), at(0.0, 1.0), at(1.0, 1.0)].map(|p| (distance2(p, one).sqrt(), p));
        let worst = corners.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default();
        let bound = worst.0.min(away + half(u, v));
        found = found.max(away);
        if bound > enough.max(ROUGH * found) {
            found = found.max(nearest(worst.1).1);
        }
        if bound <= enough.max(ROUGH * found) || cut >= cuts {
            most = most.max(bound);
            continue;
        }
        cut += 1;
        let halved = |side: [f64; 3]| side.map(|d| d / 2.0);
        open.extend(if square(u) > square(v) {
            [[corner, halved(u), v], [at(0.5, 0.0), halved(u), v]]
        } else {
            [[corner, u, halved(v)], [at(0.0, 0.5), u, halved(v)]]
        });
    }
    most
}

/// How far the farthest point of a parallelogram is from its middle.
fn half(u: [f64; 3], v: [f64; 3]) -> f64 {
    let diagonal = |sign: f64| square(std::array::from_fn(|k| u[k] + sign * v[k]));
    diagonal(1.0).max(diagonal(-1.0)).sqrt() / 2.0
}

fn square(side: [f64; 3]) -> f64 {
    side.iter().map(|d| d * d).sum()
}
