//! Faces of one closed surface turned the same way, outwards, where the file has them in any order.
//!
//! The library does so for what it takes for one surface. Boxes that touch along an edge it takes for a surface that crosses
//! itself, and leaves them: the shelves and doors of a cabinet.

/// Turns triangles, of every closed part in which some face one way and some the other; `point` gives corners.
pub(super) fn outward(triangles: &mut [[u32; 3]], point: impl Fn(u32) -> [f64; 3]) {
    let edges = edges(triangles);
    if edges.chunk_by(|a, b| a.ends == b.ends).all(|uses| uses.iter().map(|e| e.sign()).sum::<i32>() == 0) {
        return;
    }
    // Where more than two triangles meet, those of one surface stand next to each other in the file's order.
    let even = edges.chunk_by(|a, b| a.ends == b.ends).filter(|uses| uses.len() % 2 == 0);
    let pairs: Vec<[Edge; 2]> = even.flat_map(|uses| uses.chunks(2)).filter_map(|two| two.try_into().ok()).collect();
    let mut beside: Vec<Vec<(usize, bool)>> = vec![Vec::new(); triangles.len()];
    for [a, b] in &pairs {
        let turned = a.forward == b.forward;
        for (from, to) in [(a, b), (b, a)] {
            if let Some(list) = beside.get_mut(from.triangle) {
                list.push((to.triangle, turned));
            }
        }
    }
    let mut turn: Vec<Option<bool>> = vec![None; triangles.len()];
    for start in 0..triangles.len() {
        if turn.get(start).is_none_or(Option::is_some) {
            continue;
        }
        let Some(part) = follow(start, &beside, &mut turn) else { continue };
        let turned = |i: &usize| turn.get(*i).copied().flatten() == Some(true);
        let all: Vec<[u32; 3]> =
            part.iter().filter_map(|i| triangles.get(*i).map(|t| if turned(i) { reversed(*t) } else { *t })).collect();
        let mixed = part.iter().any(turned) && !part.iter().all(turned);
        let whole = self::edges(&all);
        let mut uses = whole.chunk_by(|a, b| a.ends == b.ends);
        if !mixed || !uses.all(|uses| uses.iter().map(|e| e.sign()).sum::<i32>() == 0) {
            continue;
        }
        let inward = volume(&all, &point) < 0.0;
        for (i, triangle) in part.iter().zip(all) {
            if let Some(place) = triangles.get_mut(*i) {
                *place = if inward { reversed(triangle) } else { triangle };
            }
        }
    }
}

/// One triangle's use of an edge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    ends: (u32, u32),
    triangle: usize,
    forward: bool,
}

impl Edge {
    fn sign(&self) -> i32 {
        if self.forward { 1 } else { -1 }
    }
}

fn edges(triangles: &[[u32; 3]]) -> Vec<Edge> {
    let each = triangles.iter().enumerate().flat_map(|(triangle, &[a, b, c])| {
        [(a, b), (b, c), (c, a)].map(|(from, to)| Edge {
            ends: (from.min(to), from.max(to)),
            triangle,
            forward: from < to,
        })
    });
    let mut edges: Vec<Edge> = each.collect();
    edges.sort_unstable();
    edges
}

/// The triangles that go on from `start`, each with its turn; none where they come back to one turned otherwise.
fn follow(start: usize, beside: &[Vec<(usize, bool)>], turn: &mut [Option<bool>]) -> Option<Vec<usize>> {
    let mut part = vec![start];
    let mut sound = true;
    if let Some(first) = turn.get_mut(start) {
        *first = Some(false);
    }
    let mut at = 0;
    while let Some(&here) = part.get(at) {
        at += 1;
        let own = turn.get(here).copied().flatten().unwrap_or(false);
        for &(other, turned) in beside.get(here).into_iter().flatten() {
            match turn.get_mut(other) {
                Some(place @ None) => {
                    *place = Some(own ^ turned);
                    part.push(other);
                }
                Some(Some(said)) => sound &= *said == own ^ turned,
                None => {}
            }
        }
    }
    sound.then_some(part)
}

fn reversed([a, b, c]: [u32; 3]) -> [u32; 3] {
    [a, c, b]
}

fn volume(triangles: &[[u32; 3]], point: &impl Fn(u32) -> [f64; 3]) -> f64 {
    let from = triangles.first().map_or([0.0; 3], |t| point(t[0]));
    let near = |i: u32| {
        let [x, y, z] = point(i);
        [x - from[0], y - from[1], z - from[2]]
    };
    let each = triangles.iter().map(|t| {
        let [a, b, c] = t.map(near);
        a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
    });
    each.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two boxes of one metre that share an edge, their corners welded.
    fn boxes() -> (Vec<[f64; 3]>, Vec<[u32; 3]>) {
        let mut points: Vec<[f64; 3]> = Vec::new();
        let mut triangles = Vec::new();
        for at in [[0.0, 0.0], [1.0, 1.0]] {
            let mut number = |p: [f64; 3]| {
                let found = points.iter().position(|q| *q == p).unwrap_or_else(|| {
                    points.push(p);
                    points.len() - 1
                });
                u32::try_from(found).unwrap()
            };
            let c: Vec<u32> = (0..8)
                .map(|i| number([at[0] + f64::from(i & 1), at[1] + f64::from(i >> 1 & 1), f64::from(i >> 2)]))
                .collect();
            for [p, q, r, s] in [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]] {
                triangles.extend([[c[p], c[q], c[r]], [c[p], c[r], c[s]]]);
            }
        }
        (points, triangles)
    }

    #[test]
    fn faces_in_any_order_enclose_their_volume_and_sound_ones_stay() {
        let (points, sound) = boxes();
        let point = |i: u32| points[i as usize];
        let six = volume(&sound, &point);
        assert!((six - 12.0).abs() < 1e-12, "six times two cubic metres: {six}");
        let mut same = sound.clone();
        outward(&mut same, point);
        assert_eq!(same, sound);
        for mask in [0b1, 0b101, 0b1111_0000_1010, 0b1010_1010_1010_1010, 0xbf_fffd_u32] {
            let turn = |(i, t): (usize, &[u32; 3])| if mask >> i & 1 == 1 { reversed(*t) } else { *t };
            let mut mixed: Vec<[u32; 3]> = sound.iter().enumerate().map(turn).collect();
            outward(&mut mixed, point);
            assert!((volume(&mixed, &point) - 12.0).abs() < 1e-12, "{mask:b}");
        }
    }

    #[test]
    fn an_open_surface_stays_as_it_is() {
        let (points, mut open) = boxes();
        open.truncate(10);
        open[3] = reversed(open[3]);
        let before = open.clone();
        outward(&mut open, |i| points[i as usize]);
        assert_eq!(open, before);
    }
}
