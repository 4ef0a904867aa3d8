//! A quadtree over places: leaves small enough to be one tile each.

/// One thing to be put in a leaf.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Where it counts as being, east and north metres.
    pub at: [f64; 2],
    /// How many triangles it has.
    pub triangles: u32,
}

/// A leaf's numbers of loads, or up to four parts.
#[derive(Debug)]
pub(super) enum Quad {
    Leaf(Vec<usize>),
    Inner(Vec<Quad>),
}

impl Quad {
    /// The leaves, in order.
    pub(super) fn leaves(&self, out: &mut Vec<Vec<usize>>) {
        match self {
            Self::Leaf(part) => out.push(part.clone()),
            Self::Inner(parts) => parts.iter().for_each(|part| part.leaves(out)),
        }
    }
}

/// How deep the tree goes before it cuts by count alone: 2^20 times finer than the whole.
const DEPTH: u32 = 20;

/// Splits `loads` until each leaf has at most `most` of them and, unless it has only one, `triangles` triangles in all.
/// The split depends on places alone, so the order of loads does not matter to it. Nothing gives an empty leaf.
pub(super) fn split(loads: &[Load], most: usize, triangles: u64) -> Quad {
    let spread = |k: usize| {
        let low = loads.iter().map(|l| l.at[k]).fold(f64::INFINITY, f64::min);
        let high = loads.iter().map(|l| l.at[k]).fold(f64::NEG_INFINITY, f64::max);
        ((low + high) / 2.0, high - low)
    };
    let ((x, width), (y, height)) = (spread(0), spread(1));
    let fits = |part: &[usize]| {
        part.len() <= most
            && (part.len() <= 1 || part.iter().map(|i| u64::from(loads[*i].triangles)).sum::<u64>() <= triangles)
    };
    divide(loads, (0..loads.len()).collect(), ([x, y], width.max(height) / 2.0), DEPTH, most, &fits)
}

fn divide(
    loads: &[Load],
    part: Vec<usize>,
    (middle, half): ([f64; 2], f64),
    depth: u32,
    most: usize,
    fits: &dyn Fn(&[usize]) -> bool,
) -> Quad {
    if fits(&part) {
        return Quad::Leaf(part);
    }
    if depth == 0 || !half.is_normal() {
        // All in one place: as many leaves as it takes.
        return Quad::Inner(part.chunks(most).map(|c| Quad::Leaf(c.to_vec())).collect());
    }
    let mut quarters: [Vec<usize>; 4] = Default::default();
    for i in part {
        let at = loads[i].at;
        quarters[usize::from(at[0] > middle[0]) + 2 * usize::from(at[1] > middle[1])].push(i);
    }
    let quarter = half / 2.0;
    let shift = |upper: bool| if upper { quarter } else { -quarter };
    let mut parts: Vec<Quad> = quarters
        .into_iter()
        .enumerate()
        .filter(|(_, part)| !part.is_empty())
        .map(|(q, part)| {
            let at = [middle[0] + shift(q & 1 == 1), middle[1] + shift(q & 2 == 2)];
            divide(loads, part, (at, quarter), depth - 1, most, fits)
        })
        .collect();
    // A level with one part says nothing that the part does not.
    if parts.len() == 1
        && let Some(only) = parts.pop()
    {
        only
    } else {
        Quad::Inner(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_load_is_in_one_leaf_and_leaves_keep_their_limits() {
        let mut loads: Vec<Load> = (0..2000u32)
            .map(|i| Load { at: [f64::from(i * 37 % 1009), f64::from(i * 91 % 757)], triangles: 50 })
            .collect();
        loads.extend((0..700).map(|_| Load { at: [5.0, 5.0], triangles: 1 }));
        loads.push(Load { at: [900.0, 10.0], triangles: 1_000_000 });
        let mut found = Vec::new();
        split(&loads, 300, 6000).leaves(&mut found);
        let mut all: Vec<usize> = found.iter().flatten().copied().collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..loads.len()));
        for leaf in &found {
            let triangles: u32 = leaf.iter().map(|i| loads[*i].triangles).sum();
            let in_one_place = leaf.iter().filter(|i| loads[**i].at == [5.0, 5.0]).count() == leaf.len();
            assert!(leaf.len() <= 300 && (leaf.len() == 1 || triangles <= 6000 || in_one_place), "{}", leaf.len());
        }
    }
}
