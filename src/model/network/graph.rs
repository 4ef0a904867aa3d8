//! The graph of nodes and segments: who is joined to whom, what is reached, what hangs together.

use super::{Node, Part, Segment, Utility, distance};
use crate::model::{AssetId, Class};
use std::collections::{HashMap, VecDeque};

/// A pipe's end and a node that is at most so far away, metres, are the same place.
pub(super) const NEAR: f64 = 0.1;

/// Nodes and segments, joined: by the ids that segments name, and by place where they name none.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The segments.
    pub segments: Vec<Segment>,
    /// The places in `nodes` of each segment's start and end.
    ends: Vec<[Option<usize>; 2]>,
    /// The segments at each node.
    around: Vec<Vec<usize>>,
    by_id: HashMap<AssetId, usize>,
}

/// A network in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Which.
    pub utility: Utility,
    /// Nodes, valves and hydrants among them.
    pub nodes: usize,
    /// Nodes that can be closed.
    pub valves: usize,
    /// Segments.
    pub segments: usize,
    /// Metres of pipe.
    pub length: f64,
    /// Pieces that hang together, each with at least one segment.
    pub components: usize,
    /// How many segments could go without anything falling apart.
    pub loops: usize,
}

impl Network {
    /// Joins parts.
    pub fn new(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut network = Self::default();
        for part in parts {
            match part {
                Part::Node(node) => network.nodes.push(node),
                Part::Segment(segment) => network.segments.push(segment),
            }
        }
        network.nodes.sort_by(|a, b| a.id.cmp(&b.id));
        network.segments.sort_by(|a, b| a.id.cmp(&b.id));
        network.by_id = network.nodes.iter().enumerate().map(|(at, node)| (node.id.clone(), at)).collect();
        let places = Places::new(&network.nodes);
        network.around = vec![Vec::new(); network.nodes.len()];
        for (at, segment) in network.segments.iter().enumerate() {
            let ends = [0, 1].map(|end| match &segment.nodes[end] {
                Some(id) => network.by_id.get(id).copied(),
                None => places.near(&network.nodes, &segment.enu[end], segment.utility),
            });
            for node in ends.iter().flatten() {
                if let Some(around) = network.around.get_mut(*node).filter(|around| around.last() != Some(&at)) {
                    around.push(at);
                }
            }
            network.ends.push(ends);
        }
        network
    }
    /// The parts of one kind: its segments, and the nodes that say it or that such a segment ends at.
    #[must_use]
    pub fn of(&self, utility: Utility) -> Self {
        let own = |segment: usize| self.segments.get(segment).is_some_and(|s| s.utility == Some(utility));
        let nodes = self.nodes.iter().zip(&self.around).filter(|(node, around)| {
            node.utility == Some(utility) || node.utility.is_none() && around.iter().any(|s| own(*s))
        });
        let segments = self.segments.iter().filter(|s| s.utility == Some(utility));
        Self::new(nodes.map(|(node, _)| Part::Node(node.clone())).chain(segments.cloned().map(Part::Segment)))
    }
    /// The node of an id.
    pub fn node(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }
    /// The places in `nodes` of a segment's start and end; none where no such node is known.
    pub fn ends(&self, segment: usize) -> [Option<usize>; 2] {
        self.ends.get(segment).copied().unwrap_or_default()
    }
    /// The segments at a node, each with the node at its other end.
    pub fn around(&self, node: usize) -> impl Iterator<Item = (usize, Option<usize>)> + '_ {
        self.around.get(node).into_iter().flatten().map(move |&segment| {
            let [from, to] = self.ends(segment);
            (segment, if from == Some(node) { to } else { from })
        })
    }
    /// What is reached from `start`, whichever way contents flow: nodes and segments, ascending. Nothing passes a node that
    /// `is_closed`, which is itself reached.
    pub fn reached(&self, start: usize, is_closed: impl Fn(usize) -> bool) -> (Vec<usize>, Vec<usize>) {
        let (mut nodes, mut segments) = (vec![false; self.nodes.len()], vec![false; self.segments.len()]);
        let mut next = VecDeque::new();
        if let Some(seen) = nodes.get_mut(start) {
            *seen = true;
            next.push_back(start);
        }
        while let Some(node) = next.pop_front() {
            if node != start && is_closed(node) {
                continue;
            }
            for (segment, other) in self.around(node) {
                if let Some(seen) = segments.get_mut(segment) {
                    *seen = true;
                }
                if let Some((other, seen)) = other.and_then(|o| Some((o, nodes.get_mut(o)?)))
                    && !std::mem::replace(seen, true)
                {
                    next.push_back(other);
                }
            }
        }
        let those = |all: Vec<bool>| all.into_iter().enumerate().filter(|(_, seen)| *seen).map(|(at, _)| at).collect();
        (those(nodes), those(segments))
    }
    /// Which piece each node belongs to: the same number for nodes that hang together, numbered from 0.
    pub fn components(&self) -> Vec<usize> {
        let mut piece = vec![usize::MAX; self.nodes.len()];
        let mut count = 0;
        for start in 0..self.nodes.len() {
            if piece.get(start).is_some_and(|p| *p != usize::MAX) {
                continue;
            }
            for node in self.reached(start, |_| false).0 {
                if let Some(piece) = piece.get_mut(node) {
                    *piece = count;
                }
            }
            count += 1;
        }
        piece
    }
    /// Each kind of network that is there, in numbers.
    pub fn summaries(&self) -> Vec<Summary> {
        Utility::ALL.into_iter().filter_map(|utility| self.of(utility).summary(utility)).collect()
    }
    /// This network, which is of one kind, in numbers; none when it is empty.
    fn summary(&self, utility: Utility) -> Option<Summary> {
        if self.nodes.is_empty() && self.segments.is_empty() {
            return None;
        }
        let piece = self.components();
        let mut joined: Vec<usize> = self.joined().flat_map(|(_, ends)| ends).collect();
        joined.sort_unstable();
        joined.dedup();
        let mut pieces: Vec<usize> = joined.iter().filter_map(|node| piece.get(*node).copied()).collect();
        pieces.sort_unstable();
        pieces.dedup();
        Some(Summary {
            utility,
            nodes: self.nodes.len(),
            valves: self.nodes.iter().filter(|n| n.class == Class::Valve).count(),
            segments: self.segments.len(),
            length: self.segments.iter().map(|s| s.length).sum(),
            components: pieces.len(),
            // Euler: edges less nodes and one for each piece.
            loops: (self.joined().count() + pieces.len()).saturating_sub(joined.len()),
        })
    }
    /// Segments with a node at both ends, and these.
    pub(super) fn joined(&self) -> impl Iterator<Item = (usize, [usize; 2])> + '_ {
        self.ends.iter().enumerate().filter_map(|(at, ends)| Some((at, [ends[0]?, ends[1]?])))
    }
    /// Nodes of one kind at one place, as pairs.
    pub(super) fn doubles(&self) -> Vec<[usize; 2]> {
        let places = Places::new(&self.nodes);
        let mut found = Vec::new();
        for (at, node) in self.nodes.iter().enumerate() {
            for other in places.candidates(&node.enu).filter(|other| *other < at) {
                let same = self.nodes.get(other).filter(|o| o.utility == node.utility);
                if same.is_some_and(|o| distance(&o.enu, &node.enu) < NEAR / 10.0) {
                    found.push([other, at]);
                }
            }
        }
        found
    }
}

/// Nodes by the square metre that they stand in.
struct Places(HashMap<[i64; 2], Vec<usize>>);

impl Places {
    fn new(nodes: &[Node]) -> Self {
        let mut cells: HashMap<[i64; 2], Vec<usize>> = HashMap::new();
        for (at, node) in nodes.iter().enumerate() {
            cells.entry(Self::cell(&node.enu)).or_default().push(at);
        }
        Self(cells)
    }
    fn cell(enu: &[f64; 3]) -> [i64; 2] {
        [enu[0].floor() as i64, enu[1].floor() as i64]
    }
    fn candidates(&self, enu: &[f64; 3]) -> impl Iterator<Item = usize> + '_ {
        let [x, y] = Self::cell(enu);
        let cells = (-1..=1).flat_map(move |dx| (-1..=1).map(move |dy| [x + dx, y + dy]));
        cells.filter_map(|cell| self.0.get(&cell)).flatten().copied()
    }
    /// The nearest node of a kind whose shaft is within reach of a pipe's end, seen from above.
    fn near(&self, nodes: &[Node], end: &[f64; 3], utility: Option<Utility>) -> Option<usize> {
        let away = |at: usize| {
            let node = nodes.get(at).filter(|n| n.utility.is_none() || n.utility == utility)?;
            Some((at, (node.enu[0] - end[0]).hypot(node.enu[1] - end[1])))
        };
        let near = self.candidates(end).filter_map(away).filter(|(_, metres)| *metres <= NEAR);
        near.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn node(at: usize, class: Class) -> Part {
        let enu = [at as f64 * 10.0, 0.0, 0.0];
        let id = format!("n{at:02}").as_str().into();
        Part::Node(Node { id, class, utility: Some(Utility::Water), place: enu, enu, rim: None, invert: None })
    }

    fn segment(at: usize, [from, to]: [usize; 2]) -> Part {
        let ends = [from, to].map(|n| [n as f64 * 10.0, 0.0, 0.0]);
        Part::Segment(Segment {
            id: format!("s{at:02}").as_str().into(),
            utility: Some(Utility::Water),
            nodes: [from, to].map(|n| Some(format!("n{n:02}").as_str().into())),
            places: ends,
            enu: ends,
            inverts: [None; 2],
            length: 10.0,
            diameter: None,
            material: None,
        })
    }

    proptest! {
        #[test]
        fn what_is_reached_is_what_repeated_steps_reach(
            count in 1_usize..12,
            pairs in proptest::collection::vec((0_usize..12, 0_usize..12), 0..20),
            closed in proptest::collection::vec(any::<bool>(), 12),
        ) {
            let pairs: Vec<[usize; 2]> = pairs.into_iter().map(|(a, b)| [a % count, b % count]).collect();
            let parts = (0..count).map(|n| node(n, if closed[n] { Class::Valve } else { Class::Manhole }));
            let segments = pairs.iter().enumerate().map(|(at, pair)| segment(at, *pair));
            let network = Network::new(parts.chain(segments));
            let is_closed = |n: usize| network.nodes[n].class == Class::Valve;
            // The oracle: a table of who is reached from whom, grown until it stands still.
            let grown = |stops: &dyn Fn(usize) -> bool| {
                let mut reached = vec![vec![false; count]; count];
                (0..count).for_each(|n| reached[n][n] = true);
                for _ in 0..count {
                    for (start, own) in reached.iter_mut().enumerate() {
                        for &[a, b] in &pairs {
                            for [a, b] in [[a, b], [b, a]] {
                                if own[a] && (a == start || !stops(a)) {
                                    own[b] = true;
                                }
                            }
                        }
                    }
                }
                reached
            };
            let with_valves = grown(&is_closed);
            for (start, seen) in with_valves.iter().enumerate() {
                let (nodes, segments) = network.reached(start, is_closed);
                let expected: Vec<usize> = (0..count).filter(|n| seen[*n]).collect();
                prop_assert_eq!(&nodes, &expected);
                let open = |n: usize| nodes.contains(&n) && (n == start || !is_closed(n));
                let touched: Vec<usize> = (0..pairs.len()).filter(|s| pairs[*s].iter().any(|n| open(*n))).collect();
                prop_assert_eq!(segments, touched);
            }
            let whole = grown(&|_| false);
            let piece = network.components();
            for a in 0..count {
                for b in 0..count {
                    prop_assert_eq!(piece[a] == piece[b], whole[a][b]);
                }
            }
            if let [summary] = network.summaries()[..] {
                let used = |n: usize| pairs.iter().any(|pair| pair.contains(&n));
                let first = |a: usize| (0..count).find(|b| whole[a][*b]) == Some(a);
                let pieces = (0..count).filter(|a| first(*a) && (0..count).any(|b| whole[*a][b] && used(b))).count();
                prop_assert_eq!(summary.components, pieces);
                prop_assert_eq!(summary.loops, pairs.len() + pieces - (0..count).filter(|n| used(*n)).count());
            }
        }
    }

    #[test]
    fn a_segment_that_names_no_nodes_is_joined_by_place() {
        let Part::Segment(mut bare) = segment(0, [0, 1]) else { return };
        bare.nodes = [None, None];
        bare.enu[1][0] += 0.05;
        let network = Network::new([node(0, Class::Manhole), node(1, Class::Manhole), Part::Segment(bare.clone())]);
        assert_eq!(network.ends(0), [Some(0), Some(1)]);
        bare.enu[1][0] += 0.1;
        let network = Network::new([node(0, Class::Manhole), node(1, Class::Manhole), Part::Segment(bare)]);
        assert_eq!(network.ends(0), [Some(0), None]);
        assert_eq!(network.findings().iter().map(|f| f.check).collect::<Vec<_>>(), ["dangling_end", "unconnected"]);
    }
}
