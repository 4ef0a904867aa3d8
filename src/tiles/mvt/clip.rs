//! What lies within a square window of a line or a ring.

type Place = [f64; 2];

/// A square: from `least` to `most` on both axes.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// The least coordinate within.
    pub least: f64,
    /// The greatest coordinate within.
    pub most: f64,
}

impl Window {
    /// Whether a box, its least and greatest corner, meets the window.
    pub fn meets(&self, [least, most]: &[Place; 2]) -> bool {
        (0..2).all(|k| least[k] <= self.most && most[k] >= self.least)
    }
    fn holds(&self, place: &Place) -> bool {
        place.iter().all(|c| (self.least..=self.most).contains(c))
    }
    /// The four sides: an axis, where it is cut, and whether what is greater is outside.
    const fn sides(&self) -> [(usize, f64, bool); 4] {
        [(0, self.least, false), (0, self.most, true), (1, self.least, false), (1, self.most, true)]
    }
}

/// The part of a ring (not closed) in the window, after Sutherland and Hodgman ("Reentrant polygon clipping", 1974); where the ring
/// leaves and comes back, its parts hang together along the window's edge.
pub fn ring_within(ring: &[Place], window: Window) -> Vec<Place> {
    let mut out = ring.to_vec();
    if out.iter().all(|place| window.holds(place)) {
        return out;
    }
    for (axis, at, above) in window.sides() {
        let whole = std::mem::take(&mut out);
        let inside = |p: &Place| if above { p[axis] <= at } else { p[axis] >= at };
        let Some(mut before) = whole.last().copied() else { break };
        for place in whole {
            if inside(&place) != inside(&before) {
                out.push(crossing(before, place, axis, at));
            }
            if inside(&place) {
                out.push(place);
            }
            before = place;
        }
    }
    out
}

/// The pieces of a line in the window.
pub fn line_within(line: &[Place], window: Window) -> Vec<Vec<Place>> {
    let mut pieces: Vec<Vec<Place>> = Vec::new();
    // Whether the last piece goes on with the next stretch.
    let mut open = false;
    for pair in line.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let Some([start, end]) = stretch(from, to, window) else {
            open = false;
            continue;
        };
        match pieces.last_mut().filter(|_| open && start == from) {
            Some(piece) => piece.push(end),
            None => pieces.push(vec![start, end]),
        }
        open = end == to;
    }
    pieces
}

/// The part of one stretch in the window.
fn stretch(from: Place, to: Place, window: Window) -> Option<[Place; 2]> {
    let (mut from, mut to) = (from, to);
    for (axis, at, above) in window.sides() {
        let outside = |p: &Place| if above { p[axis] > at } else { p[axis] < at };
        match (outside(&from), outside(&to)) {
            (true, true) => return None,
            (true, false) => from = crossing(from, to, axis, at),
            (false, true) => to = crossing(from, to, axis, at),
            (false, false) => {}
        }
    }
    Some([from, to])
}

fn crossing(a: Place, b: Place, axis: usize, at: f64) -> Place {
    let share = (at - a[axis]) / (b[axis] - a[axis]);
    let mut place = [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
    place[axis] = at;
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { least: 0.0, most: 10.0 };

    #[test]
    fn a_ring_around_the_window_becomes_the_window() {
        let ring = [[-5.0, -5.0], [15.0, -5.0], [15.0, 15.0], [-5.0, 15.0]];
        let cut = ring_within(&ring, WINDOW);
        assert_eq!(cut.len(), 4);
        assert!(cut.iter().all(|p| p.iter().all(|c| *c == 0.0 || *c == 10.0)));
        assert!(ring_within(&[[20.0, 0.0], [30.0, 0.0], [30.0, 5.0]], WINDOW).is_empty());
    }

    #[test]
    fn a_line_that_leaves_and_comes_back_is_two() {
        let line = [[1.0, 1.0], [5.0, 1.0], [15.0, 1.0], [15.0, 9.0], [5.0, 9.0], [4.0, 9.0]];
        let pieces = line_within(&line, WINDOW);
        assert_eq!(pieces, [vec![[1.0, 1.0], [5.0, 1.0], [10.0, 1.0]], vec![[10.0, 9.0], [5.0, 9.0], [4.0, 9.0]]]);
        assert_eq!(line_within(&[[-5.0, 5.0], [15.0, 5.0]], WINDOW), [vec![[0.0, 5.0], [10.0, 5.0]]]);
        assert!(line_within(&[[-5.0, 5.0], [-1.0, 50.0]], WINDOW).is_empty());
    }
}
