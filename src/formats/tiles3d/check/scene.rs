//! The scene (glTF 2.0 §3.5): a tree of nodes, instances of meshes, and every vertex against the volumes around it.

use super::accessor::Accessors;
use super::document::{Document, Node};
use super::instance::{instances, placed};
use super::primitive::Solid;
use super::report::Log;
use super::rule::Rule;
use super::volume::{Volume, stretch};
use super::walk::Link;
use super::{CheckLimits, SLACK};
use crate::geom::matrix::{IDENTITY, Matrix, apply, times};

/// glTF's y up as a tile's z up (OGC 22-025r4 §8.1.2).
const UPRIGHT: Matrix = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
/// The deepest node.
const DEEPEST: usize = 1000;

/// One volume around a content.
struct Around<'l> {
    volume: Volume,
    whose: &'l str,
    /// From the content's frame (z up) to the volume's; geocentric for a region.
    to: Matrix,
    /// Metres of a unit there.
    scale: f64,
    outside: u64,
    worst: f64,
    first: String,
}

/// The scene of a content on its way through the rules.
pub(super) struct Scene<'d> {
    pub document: &'d Document,
    pub accessors: &'d Accessors<'d>,
    pub solids: &'d [Vec<Option<Solid>>],
    pub vertices: u64,
    pub triangles: u64,
    /// Whether something is drawn that could not be read.
    pub unknown: bool,
    around: Vec<Around<'d>>,
    places: u64,
    most: u64,
}

fn matrix(node: &Node, place: &str, log: &mut Log) -> Matrix {
    let parts = node.translation.is_some() || node.rotation.is_some() || node.scale.is_some();
    if node.matrix.is_some() && parts {
        log.find(Rule::Node, place, "has a matrix and a translation, rotation or scale");
    }
    if let Some(q) = node.rotation {
        let length = q.iter().map(|c| c * c).sum::<f64>().sqrt();
        if length.is_nan() || (length - 1.0).abs() > 1e-3 {
            log.find(Rule::Node, format!("{place}/rotation"), format!("has the length {length}"));
        }
    }
    let rotation = node.rotation.unwrap_or([0.0, 0.0, 0.0, 1.0]);
    let own = node
        .matrix
        .unwrap_or_else(|| placed(node.translation.unwrap_or_default(), rotation, node.scale.unwrap_or([1.0; 3])));
    let [_, _, _, a, _, _, _, b, _, _, _, c, _, _, _, d] = own;
    if [a, b, c, d] != [0.0, 0.0, 0.0, 1.0] || own.iter().any(|n| !n.is_finite()) {
        log.find(Rule::Node, place, "has a matrix that is not finite, or whose last row is not 0, 0, 0, 1");
        return IDENTITY;
    }
    own
}

impl<'d> Scene<'d> {
    pub fn new(
        document: &'d Document,
        accessors: &'d Accessors<'d>,
        solids: &'d [Vec<Option<Solid>>],
        link: &'d Link,
        limits: &CheckLimits,
    ) -> Self {
        let (mut around, mut to, mut next) = (Vec::new(), IDENTITY, Some(link));
        while let Some(link) = next {
            if let Some(volume) = link.volume {
                let globe = matches!(volume, Volume::Region(_));
                let (to, scale) = if globe { (times(&link.world, &to), 1.0) } else { (to, stretch(&link.world)) };
                around.push(Around {
                    volume,
                    whose: &link.whose,
                    to,
                    scale,
                    outside: 0,
                    worst: 0.0,
                    first: String::new(),
                });
            }
            to = times(&link.own, &to);
            next = link.above.as_deref();
        }
        let (vertices, triangles, places, most) = (0, 0, 0, limits.places);
        let unknown = solids.iter().flatten().any(Option::is_none);
        Self { document, accessors, solids, vertices, triangles, unknown, around, places, most }
    }

    /// Goes through all nodes of the scene; `met` is told of each node with instances and how many there are.
    pub fn walk(&mut self, met: &mut dyn FnMut(usize, &Node, usize, &mut Log), log: &mut Log) {
        let mut seen = vec![false; self.document.nodes.len()];
        let roots: Vec<usize> = match (self.document.scene.unwrap_or(0), self.document.scenes.is_empty()) {
            (_, true) => Vec::new(),
            (number, false) => match self.document.scenes.get(number) {
                Some(scene) => scene.nodes.clone(),
                None => {
                    log.find(Rule::Reference, "/scene", format!("names scene {number}, which is not there"));
                    Vec::new()
                }
            },
        };
        let mut waiting: Vec<(usize, Matrix, usize)> = roots.into_iter().rev().map(|n| (n, UPRIGHT, 0)).collect();
        while let Some((number, above, depth)) = waiting.pop() {
            let place = format!("/nodes/{number}");
            let Some(node) = self.document.nodes.get(number) else {
                log.find(Rule::Reference, place, "is named and not there");
                continue;
            };
            match seen.get_mut(number) {
                Some(seen) if !*seen && depth <= DEEPEST => *seen = true,
                _ => {
                    log.find(Rule::Node, place, "is met twice, or over 1000 deep: nodes are no tree");
                    continue;
                }
            }
            let here = times(&above, &matrix(node, &place, log));
            if node.skin.is_some() {
                log.unseen("skins");
            }
            if let Some(mesh) = node.mesh {
                self.drawn(number, node, mesh, &here, met, log);
            }
            waiting.extend(node.children.iter().rev().map(|child| (*child, here, depth + 1)));
        }
        for one in std::mem::take(&mut self.around).into_iter().filter(|one| one.outside > 0) {
            let what = format!(
                "{} of {} vertices lie outside the {} of {}, up to {:.3} m",
                one.outside,
                self.vertices,
                one.volume.name(),
                one.whose,
                one.worst
            );
            log.find(Rule::VertexOutside, one.first, what);
        }
        if self.places > self.most {
            log.find(Rule::Limit, "", format!("over {} places of vertices to hold against volumes", self.most));
        }
    }

    fn drawn(
        &mut self,
        number: usize,
        node: &Node,
        mesh: usize,
        here: &Matrix,
        met: &mut dyn FnMut(usize, &Node, usize, &mut Log),
        log: &mut Log,
    ) {
        let place = format!("/nodes/{number}");
        let solids = self.solids;
        let Some(solids) = solids.get(mesh) else {
            log.find(Rule::Reference, format!("{place}/mesh"), format!("names mesh {mesh}, which is not there"));
            return;
        };
        let instances = match node.extensions.get("EXT_mesh_gpu_instancing") {
            None => vec![*here],
            Some(own) => match instances(self.document, self.accessors, own, &place, log) {
                Some(all) => {
                    met(number, node, all.len(), log);
                    all.iter().map(|own| times(here, own)).collect()
                }
                None => {
                    self.unknown = true;
                    return;
                }
            },
        };
        for (k, solid) in solids.iter().enumerate() {
            let Some(solid) = solid else { continue };
            let times = instances.len() as u64;
            self.vertices += solid.points.len() as u64 * times;
            self.triangles += solid.triangles * times;
            for (n, instance) in instances.iter().enumerate() {
                let place = || match instances.len() {
                    1 => format!("{place} mesh {mesh} primitive {k}"),
                    _ => format!("{place} instance {n} mesh {mesh} primitive {k}"),
                };
                self.held(solid, instance, &place);
            }
        }
    }

    /// Holds one placed primitive against every volume: by the corners of its box first, which suffices where all are inside.
    fn held(&mut self, solid: &Solid, place: &Matrix, told: &dyn Fn() -> String) {
        for one in &mut self.around {
            let map = times(&one.to, place);
            // Half a step, in metres.
            let half = if solid.step > 0.0 { solid.step * stretch(&map) * one.scale / 2.0 } else { 0.0 };
            let slack = SLACK + half;
            let corners = solid.ends.map(|end| apply(&map, end));
            let [first, .., last] = corners;
            let across = first.iter().zip(last).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            let inner = one.volume.shrunk(one.volume.bulge(across));
            if inner.is_some_and(|inner| corners.iter().all(|c| inner.outside(*c, one.scale) <= 0.0)) {
                continue;
            }
            self.places += solid.points.len() as u64;
            if self.places > self.most {
                return;
            }
            for (k, point) in solid.points.iter().enumerate() {
                let over = one.volume.outside(apply(&map, *point), one.scale);
                if over > slack || over == f64::INFINITY {
                    if one.outside == 0 {
                        one.first = format!("{} vertex {k}", told());
                    }
                    one.outside += 1;
                    one.worst = one.worst.max(over);
                }
            }
        }
    }
}
