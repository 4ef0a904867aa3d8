//! Loose rings become areas: which ring is a hole, and of which area.

use super::parts::Ring;
use crate::geom::turning;

/// Corners of a hole that are asked whether they lie within a ring.
const ASKED: usize = 5;
/// Edges that may be looked at for one feature: beyond, it would take seconds.
const MOST_STEPS: usize = 200_000_000;

/// A ring with its box.
struct Boxed {
    ring: Ring,
    least: [f64; 2],
    most: [f64; 2],
}

impl Boxed {
    fn new(ring: Ring) -> Self {
        let edge = |k: usize, pick: fn(f64, f64) -> f64, start: f64| {
            ring.iter().filter_map(|p| p.get(k)).copied().fold(start, pick)
        };
        let least = [edge(0, f64::min, f64::INFINITY), edge(1, f64::min, f64::INFINITY)];
        let most = [edge(0, f64::max, f64::NEG_INFINITY), edge(1, f64::max, f64::NEG_INFINITY)];
        Self { ring, least, most }
    }
    fn area(&self) -> f64 {
        turning(&self.ring).abs()
    }
    /// Whether most of the corners asked of `inner` lie within; they may touch.
    fn holds(&self, inner: &Self) -> bool {
        let [[x0, y0], [x1, y1]] = [self.least, self.most];
        if inner.least[0] < x0 || inner.least[1] < y0 || inner.most[0] > x1 || inner.most[1] > y1 {
            return false;
        }
        let step = inner.ring.len().div_ceil(ASKED).max(1);
        let asked = inner.ring.iter().step_by(step);
        let within = asked.clone().filter(|p| self.covers(p)).count();
        within * 2 > asked.count()
    }
    /// Whether a point lies within, by the edges that a ray eastwards crosses.
    fn covers(&self, [x, y, _]: &[f64; 3]) -> bool {
        let next = self.ring.iter().cycle().skip(1);
        let crosses = |(a, b): &(&[f64; 3], &[f64; 3])| {
            let ([ax, ay, _], [bx, by, _]) = (a, b);
            (ay > y) != (by > y) && *x < (bx - ax) * (y - ay) / (by - ay) + ax
        };
        self.ring.iter().zip(next).filter(crosses).count() % 2 == 1
    }
}

/// Areas as lists of rings, the outer one first, of `outers` and `holes`; the holes that lie in no outer ring come back
/// beside them.
///
/// # Errors
/// So many rings of so many corners that nobody drew them.
pub(in crate::formats) fn areas(outers: Vec<Ring>, holes: Vec<Ring>) -> Result<(Vec<Vec<Ring>>, Vec<Ring>), String> {
    if outers.len() == 1 && holes.is_empty() {
        return Ok((vec![outers], Vec::new()));
    }
    let corners: usize = outers.iter().map(Vec::len).sum();
    if corners.saturating_mul(holes.len()).saturating_mul(ASKED) > MOST_STEPS {
        return Err(format!("{} holes in outlines of {corners} corners are not taken", holes.len()));
    }
    let outers: Vec<Boxed> = outers.into_iter().map(Boxed::new).collect();
    let mut areas: Vec<Vec<Ring>> = outers.iter().map(|o| vec![o.ring.clone()]).collect();
    let mut stray = Vec::new();
    for hole in holes.into_iter().map(Boxed::new) {
        let around = outers.iter().enumerate().filter(|(_, outer)| outer.holds(&hole));
        let nearest = around.min_by(|(_, a), (_, b)| a.area().total_cmp(&b.area())).map(|(i, _)| i);
        match nearest.and_then(|i| areas.get_mut(i)) {
            Some(area) => area.push(hole.ring),
            None => stray.push(hole.ring),
        }
    }
    Ok((areas, stray))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64, size: f64) -> Ring {
        vec![[x, y, 0.0], [x, y + size, 0.0], [x + size, y + size, 0.0], [x + size, y, 0.0]]
    }

    #[test]
    fn a_hole_belongs_to_the_smallest_outline_around_it() {
        let outers = vec![square(0.0, 0.0, 100.0), square(20.0, 20.0, 20.0), square(200.0, 0.0, 10.0)];
        let holes =
            vec![square(10.0, 10.0, 60.0), square(25.0, 25.0, 5.0), square(500.0, 0.0, 1.0), square(0.0, 80.0, 5.0)];
        let (areas, stray) = areas(outers, holes).unwrap();
        assert_eq!(areas.iter().map(Vec::len).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(areas[1][1], square(25.0, 25.0, 5.0));
        assert_eq!(stray, [square(500.0, 0.0, 1.0)]);
    }
}
