//! Relations: multipolygons put together of ways, and parts bound to their buildings.

use super::elements::{Member, bounded};
use super::places::Places;
use crate::fault::Result;
use crate::formats::feature::{Parts, Ring, areas};
use crate::model::{AssetId, Attributes, Class};
use osmpbf::RelMemberType;
use std::collections::{HashMap, HashSet};

/// Members of all multipolygons that are held.
const MOST_MEMBERS: usize = 5_000_000;

/// A multipolygon that is to be taken.
pub(super) struct Relation {
    pub id: i64,
    pub class: Class,
    pub tags: Attributes,
    pub members: Vec<Member>,
}

/// The multipolygons of a file and the ways that they are made of.
#[derive(Default)]
pub(super) struct Relations {
    all: Vec<Relation>,
    count: usize,
    ways: HashMap<i64, Vec<i64>>,
}

impl Relations {
    /// Holds one.
    ///
    /// # Errors
    /// More than are held.
    pub fn push(&mut self, relation: Relation) -> Result<()> {
        self.count += relation.members.len() + 1;
        self.all.push(relation);
        bounded(self.count, MOST_MEMBERS, "5 million members of multipolygons")
    }
    /// The ways that are needed.
    pub fn ways(&self) -> HashSet<i64> {
        let ways = self.all.iter().flat_map(|r| &r.members).filter(|m| m.kind == RelMemberType::Way);
        ways.map(|m| m.id).collect()
    }
    /// Notes the nodes of one of them.
    pub fn way(&mut self, id: i64, nodes: Vec<i64>) {
        self.ways.insert(id, nodes);
    }
    /// The multipolygons, which are then not held any more.
    pub fn drain(&mut self) -> Vec<Relation> {
        std::mem::take(&mut self.all)
    }
    /// The areas of a multipolygon, by the roles of its members.
    pub fn assemble(&self, relation: &Relation, places: &Places) -> std::result::Result<Parts, String> {
        let rings = |inner: bool| -> std::result::Result<Vec<Ring>, String> {
            let ways = relation.members.iter().filter(|m| m.kind == RelMemberType::Way && (m.role == "inner") == inner);
            let nodes = |m: &Member| {
                let missing = || format!("its member way/{} is not in the file", m.id);
                self.ways.get(&m.id).cloned().ok_or_else(missing)
            };
            let closed = join(ways.map(nodes).collect::<std::result::Result<_, _>>()?)?;
            closed.iter().map(|ring| places.line(ring)).collect()
        };
        let (outers, inners) = (rings(false)?, rings(true)?);
        if outers.is_empty() {
            return Err("it has no outer way".into());
        }
        let (areas, stray) = areas(outers, inners)?;
        if !stray.is_empty() {
            return Err(format!("{} of its inner rings lie in no outer one", stray.len()));
        }
        let mut parts = Parts::default();
        areas.into_iter().try_for_each(|rings| parts.area(rings))?;
        Ok(parts)
    }
}

/// Closed rings of ways that meet at their ends.
fn join(ways: Vec<Vec<i64>>) -> std::result::Result<Vec<Vec<i64>>, String> {
    let mut rings = Vec::new();
    let mut open: Vec<Option<Vec<i64>>> = Vec::new();
    for way in ways.into_iter().filter(|way| way.len() > 1) {
        if way.first() == way.last() { rings.push(way) } else { open.push(Some(way)) }
    }
    // At which ends the open ways can be met.
    let mut ends: HashMap<i64, Vec<usize>> = HashMap::new();
    for (i, way) in open.iter().enumerate() {
        for end in way.iter().flat_map(|way| [way.first(), way.last()]).flatten() {
            ends.entry(*end).or_default().push(i);
        }
    }
    for i in 0..open.len() {
        let Some(mut ring) = open.get_mut(i).and_then(Option::take) else { continue };
        while ring.first() != ring.last() {
            let Some(end) = ring.last().copied() else { break };
            let next = ends.get_mut(&end).and_then(|ways| {
                while let Some(way) = ways.pop() {
                    if let Some(next) = open.get_mut(way).and_then(Option::take) {
                        return Some(next);
                    }
                }
                None
            });
            let Some(mut next) = next else { return Err(format!("its ring does not close at node {end}")) };
            if next.first() != Some(&end) {
                next.reverse();
            }
            ring.extend(next.into_iter().skip(1));
        }
        rings.push(ring);
    }
    Ok(rings)
}

/// Notes of a relation `type=building` of which outline its parts are.
pub(super) fn parts(members: &[Member], wholes: &mut HashMap<String, AssetId>) {
    let id = |m: &Member| match m.kind {
        RelMemberType::Node => format!("node/{}", m.id),
        RelMemberType::Way => format!("way/{}", m.id),
        RelMemberType::Relation => format!("relation/{}", m.id),
    };
    let Some(outline) = members.iter().find(|m| m.role == "outline").map(id) else { return };
    for part in members.iter().filter(|m| m.role == "part") {
        wholes.insert(id(part), outline.as_str().into());
    }
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn ways_join_whichever_way_they_run_and_a_gap_is_named() {
        let rings = join(vec![vec![1, 2, 3], vec![9, 8, 7, 9], vec![1, 5], vec![3, 4, 5]]).unwrap();
        assert_eq!(rings[0], [9, 8, 7, 9]);
        assert_eq!(rings[1].len(), 6);
        assert_eq!(rings[1].first(), rings[1].last());
        assert!(join(vec![vec![1, 2], vec![2, 3]]).unwrap_err().contains("does not close at node"));
    }
}
