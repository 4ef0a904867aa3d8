//! What does not hold together in a network: loose ends, places and heights that contradict each other, doubles, circles.

use super::graph::NEAR;
use super::{Network, Node, Segment};
use crate::model::Finding;
use std::collections::HashMap;

/// Heights that differ by less, metres, are rounding.
const LEVEL: f64 = 0.001;
/// A pipe may lie so far, metres, below the bottom of its manhole before that is worth telling.
const BELOW: f64 = 0.01;
/// The most ids that one finding names.
const NAMED: usize = 20;

const END: [&str; 2] = ["start", "end"];

impl Network {
    /// Everything that somebody should look at, segments first, in the order of ids.
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for (at, segment) in self.segments.iter().enumerate() {
            self.segment(at, segment, &mut found);
        }
        for (at, node) in self.nodes.iter().enumerate() {
            self.alone(at, node, &mut found);
            if let (Some(rim), Some(invert)) = (node.rim, node.invert)
                && invert > rim + LEVEL
            {
                let detail = format!("its invert at {invert:.3} m is above its rim at {rim:.3} m");
                found.push(Finding::new(&*node.id, "invert_above_rim", detail).at(node.place));
            }
        }
        self.twice(&mut found);
        self.circles(&mut found);
        found
    }

    fn segment(&self, at: usize, segment: &Segment, found: &mut Vec<Finding>) {
        let ends = self.ends(at);
        let mut tell = |check, detail: String, end: usize, others: &[&str]| {
            found.push(Finding::new(&*segment.id, check, detail).with(others.iter().copied()).at(segment.places[end]));
        };
        for (end, word) in END.into_iter().enumerate() {
            let node = ends[end].and_then(|node| self.nodes.get(node));
            match (&segment.nodes[end], node) {
                (None, None) => {
                    tell("dangling_end", format!("its {word} names no node, and none is within {NEAR} m"), end, &[]);
                }
                (Some(id), None) if !self.nodes.is_empty() => {
                    tell("unknown_node", format!("its {word} names node '{id}', which is not there"), end, &[id]);
                }
                (_, None) => {}
                (named, Some(node)) => {
                    let id = &*node.id;
                    if named.is_some() {
                        let metres = away(segment, end, node);
                        if metres > NEAR {
                            tell("end_apart", format!("its {word} is {metres:.2} m from node {id}"), end, &[id]);
                        }
                    }
                    if let (Some(a), Some(b)) = (segment.utility, node.utility)
                        && a != b
                    {
                        let detail = format!("its {word} of {} is at node {id} of {}", a.word(), b.word());
                        tell("other_network", detail, end, &[id]);
                    }
                    if let (Some(invert), Some(rim)) = (segment.inverts[end], node.rim)
                        && invert > rim + LEVEL
                    {
                        let detail = format!(
                            "its invert at its {word}, {invert:.3} m, is above the rim of node {id}, {rim:.3} m"
                        );
                        tell("invert_above_rim", detail, end, &[id]);
                    }
                    if let (Some(invert), Some(bottom)) = (segment.inverts[end], node.invert)
                        && invert < bottom - BELOW
                    {
                        let detail = format!(
                            "its invert at its {word}, {invert:.3} m, is below that of node {id}, {bottom:.3} m"
                        );
                        tell("invert_below_node", detail, end, &[id]);
                    }
                }
            }
        }
        if ends[0].is_some() && ends[0] == ends[1] {
            tell("self_loop", "it starts and ends at the same node".to_owned(), 0, &[]);
        }
        if segment.utility.is_some_and(super::Utility::is_gravity) {
            let heights = match segment.inverts {
                [Some(from), Some(to)] => [from, to],
                _ => [segment.places[0][2], segment.places[1][2]],
            };
            let rise = heights[1] - heights[0];
            if rise > LEVEL {
                tell("uphill", format!("it rises {rise:.3} m in its direction of flow"), 1, &[]);
            }
        }
    }

    /// A node that nothing is at, in a city whose pipes are known.
    fn alone(&self, at: usize, node: &Node, found: &mut Vec<Finding>) {
        if !self.segments.is_empty() && self.around(at).next().is_none() {
            found.push(Finding::new(&*node.id, "unconnected", "no pipe begins or ends at it").at(node.place));
        }
    }

    /// Segments that join the same two nodes by the same way, and nodes of one network at one place.
    fn twice(&self, found: &mut Vec<Finding>) {
        let mut first: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, [from, to]) in self.joined() {
            let Some(segment) = self.segments.get(at) else { continue };
            let before = first.entry((from.min(to), from.max(to), segment.utility)).or_default();
            let same = before
                .iter()
                .filter_map(|at| self.segments.get(*at))
                .find(|s| (s.length - segment.length).abs() < NEAR);
            if let Some(other) = same {
                let detail = format!("it joins the same nodes as {} by the same length", other.id);
                found.push(Finding::new(&*segment.id, "duplicate", detail).with([&*other.id]).at(segment.places[0]));
            }
            before.push(at);
        }
        for [first, second] in self.doubles() {
            if let (Some(first), Some(second)) = (self.nodes.get(first), self.nodes.get(second)) {
                let detail = format!("it stands where {} stands", first.id);
                found.push(Finding::new(&*second.id, "duplicate", detail).with([&*first.id]).at(second.place));
            }
        }
    }

    /// Ways round along which contents that flow by themselves would come back to where they were: of each strongly connected
    /// set of nodes one finding.
    fn circles(&self, found: &mut Vec<Finding>) {
        let gravity = |at: usize| self.segments.get(at).and_then(|s| s.utility).is_some_and(super::Utility::is_gravity);
        let mut down = vec![Vec::new(); self.nodes.len()];
        let mut up = vec![Vec::new(); self.nodes.len()];
        for (_, [from, to]) in self.joined().filter(|(at, [from, to])| from != to && gravity(*at)) {
            down.get_mut(from).into_iter().for_each(|next: &mut Vec<usize>| next.push(to));
            up.get_mut(to).into_iter().for_each(|next: &mut Vec<usize>| next.push(from));
        }
        // Kosaraju: nodes in the order in which nothing further is found below them; then sets, upstream, from the last.
        let mut seen = vec![false; self.nodes.len()];
        let mut order = Vec::new();
        for start in 0..self.nodes.len() {
            walk(start, &down, &mut seen, &mut order);
        }
        let mut seen = vec![false; self.nodes.len()];
        for start in order.into_iter().rev() {
            let mut set = Vec::new();
            walk(start, &up, &mut seen, &mut set);
            if set.len() > 1 {
                set.sort_unstable();
                let nodes: Vec<&Node> = set.iter().filter_map(|at| self.nodes.get(*at)).collect();
                let Some(first) = nodes.first() else { continue };
                let detail = format!("what flows through it comes back to it, by {} nodes", set.len());
                let others = nodes.iter().skip(1).take(NAMED).map(|n| &*n.id);
                found.push(Finding::new(&*first.id, "circle", detail).with(others).at(first.place));
            }
        }
    }
}

/// Visits what is not seen yet from `start` on; a node is given when all below it has been.
fn walk(start: usize, next: &[Vec<usize>], seen: &mut [bool], done: &mut Vec<usize>) {
    let mut stack = vec![(start, 0)];
    if std::mem::replace(seen.get_mut(start).unwrap_or(&mut true), true) {
        return;
    }
    while let Some((node, at)) = stack.pop() {
        match next.get(node).and_then(|next| next.get(at)) {
            Some(&below) => {
                stack.push((node, at + 1));
                if !std::mem::replace(seen.get_mut(below).unwrap_or(&mut true), true) {
                    stack.push((below, 0));
                }
            }
            None => done.push(node),
        }
    }
}

/// Metres in space from a segment's end to a node. A node with rim and invert is a shaft as deep as they are apart, and its point
/// stands for the one whose height it has; where it has neither (another height system), for the one that suits the pipe.
fn away(segment: &Segment, end: usize, node: &Node) -> f64 {
    let at = &segment.enu[end];
    let flat = (at[0] - node.enu[0]).hypot(at[1] - node.enu[1]);
    let rise = segment.places[end][2] - node.place[2];
    let up = match (node.rim, node.invert) {
        (Some(rim), Some(invert)) if rim > invert => {
            let deep = rim - invert;
            let below = outside(rise, -deep, 0.0);
            let above = outside(rise, 0.0, deep);
            let is = |height: f64| (node.place[2] - height).abs() <= NEAR;
            if is(rim) {
                below
            } else if is(invert) {
                above
            } else {
                below.min(above)
            }
        }
        _ => rise.abs(),
    };
    flat.hypot(up)
}

/// How far a value is outside a range.
fn outside(value: f64, low: f64, high: f64) -> f64 {
    (low - value).max(value - high).max(0.0)
}

#[cfg(test)]
mod tests {
    use crate::crs::SiteFrame;
    use crate::model::{Attributes, Class, Footprint, Network, Part, Value};
    use crate::units::Geodetic;

    fn frame() -> SiteFrame {
        SiteFrame::new(Geodetic::new(118.78, 32.04, 16.0))
    }

    fn place([x, y, h]: [f64; 3]) -> [f64; 3] {
        let [lon, lat, _] = frame().to_geodetic([x, y, 0.0]).to_array();
        [lon, lat, h]
    }

    fn attributes(pairs: &[(&str, Value)]) -> Attributes {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    /// A manhole at x with its rim at 16 m and its invert `deep` below.
    fn hole(id: &str, x: f64, deep: f64) -> Part {
        let said = attributes(&[
            ("network", Value::Text("污水".into())),
            ("rim", Value::Float(16.0)),
            ("invert", Value::Float(16.0 - deep)),
        ]);
        Part::of(id, Class::Manhole, &said, &Footprint::Point(place([x, 0.0, 16.0])), &frame()).unwrap()
    }

    /// A sewer from hole to hole; its ends at x and depth.
    fn pipe(id: &str, nodes: [&str; 2], ends: [[f64; 2]; 2]) -> Part {
        let said = attributes(&[
            ("network", Value::Text("WS".into())),
            ("from", Value::Text(nodes[0].into())),
            ("to", Value::Text(nodes[1].into())),
            ("invert_from", Value::Float(16.0 - ends[0][1])),
            ("invert_to", Value::Float(16.0 - ends[1][1])),
        ]);
        let line = ends.map(|[x, deep]| place([x, 0.0, 16.0 - deep])).to_vec();
        Part::of(id, Class::Pipe, &said, &Footprint::Lines(vec![line]), &frame()).unwrap()
    }

    fn sound() -> Vec<Part> {
        vec![
            hole("a", 0.0, 1.0),
            hole("b", 10.0, 1.1),
            hole("c", 20.0, 1.2),
            pipe("ab", ["a", "b"], [[0.0, 1.0], [10.0, 1.1]]),
            pipe("bc", ["b", "c"], [[10.0, 1.1], [20.0, 1.2]]),
        ]
    }

    fn found(parts: Vec<Part>) -> Vec<String> {
        Network::new(parts).findings().iter().map(|f| format!("{} {}", f.object, f.check)).collect()
    }

    #[test]
    fn a_sound_network_has_no_finding_and_each_fault_its_own() {
        assert_eq!(found(sound()), Vec::<String>::new());
        let without = |at: usize, instead: Vec<Part>| {
            let mut parts = sound();
            parts.remove(at);
            parts.extend(instead);
            found(parts)
        };
        assert_eq!(
            without(4, vec![pipe("bc", ["b", ""], [[10.0, 1.1], [19.0, 1.2]])]),
            ["bc dangling_end", "c unconnected"]
        );
        assert_eq!(
            without(4, vec![pipe("bc", ["b", "x"], [[10.0, 1.1], [20.0, 1.2]])]),
            ["bc unknown_node", "c unconnected"]
        );
        assert_eq!(without(4, vec![pipe("bc", ["b", "c"], [[10.0, 1.1], [19.7, 1.2]])]), ["bc end_apart"]);
        // Half a metre below the bottom of its manhole: apart in space alone.
        assert_eq!(
            without(4, vec![pipe("bc", ["b", "c"], [[10.0, 1.1], [20.0, 1.7]])]),
            ["bc end_apart", "bc invert_below_node"]
        );
        assert_eq!(without(4, vec![pipe("bc", ["c", "b"], [[20.0, 1.2], [10.0, 1.1]])]), ["bc uphill"]);
        assert_eq!(
            without(4, vec![pipe("bc", ["b", "b"], [[10.0, 1.1], [10.0, 1.1]])]),
            ["bc self_loop", "c unconnected"]
        );
        assert_eq!(
            without(2, vec![hole("c", 20.0, -0.5)]),
            ["bc end_apart", "bc invert_below_node", "c invert_above_rim"]
        );
        let mut twice = sound();
        twice.push(pipe("bd", ["b", "c"], [[10.0, 1.1], [20.0, 1.2]]));
        assert_eq!(found(twice), ["bd duplicate"]);
        let mut round = sound();
        round.push(pipe("ca", ["c", "a"], [[20.0, 1.2], [0.0, 1.0]]));
        assert_eq!(found(round), ["ca uphill", "a circle"]);
        let mut same = sound();
        same.push(hole("z", 20.0, 1.2));
        assert_eq!(found(same), ["z unconnected", "z duplicate"]);
    }

    #[test]
    fn heights_of_another_system_do_not_part_what_belongs_together() {
        // The same network lifted by 27 m on the globe alone, as a height offset does it.
        let lift = |part: Part| match part {
            Part::Node(mut node) => {
                node.place[2] += 27.0;
                Part::Node(node)
            }
            Part::Segment(mut segment) => {
                segment.places.iter_mut().for_each(|p| p[2] += 27.0);
                Part::Segment(segment)
            }
        };
        assert_eq!(found(sound().into_iter().map(lift).collect()), Vec::<String>::new());
    }
}
