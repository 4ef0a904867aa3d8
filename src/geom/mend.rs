//! What is wrong with a mesh and can be put right without changing its shape: faces that look the wrong way, points and triangles
//! that come twice, small holes.

use super::topology::{Edges, Topology};
use super::triangulate::{area_vector, dot, length};
use super::{At, Bounds, Mesh, Polygon, Surface, Textures, WELD, triangulate};
use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use std::collections::BTreeMap;

/// What can be wrong with a mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// Corners within a tenth of a millimetre of another one of the same surface.
    DuplicateVertices,
    /// Triangles that come twice.
    DuplicateTriangles,
    /// Triangles with a corner twice.
    DegenerateTriangles,
    /// Triangles that face the other way than those beside them.
    FlippedFaces,
    /// Closed shells that face inward.
    InsideOut,
    /// Small flat holes.
    Holes,
    /// Edges where the surface ends.
    OpenEdges,
    /// Corners on the edge of a triangle that does not have them.
    TJunctions,
    /// Triangles that cut through each other.
    SelfIntersections,
    /// Too large to be looked through for triangles that cut each other.
    NotChecked,
}

/// One kind of defect of one mesh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flaw {
    /// What is wrong.
    pub defect: Defect,
    /// How often; for holes and shells how many of them.
    pub count: usize,
    /// The length of open edges, metres; otherwise 0.
    pub length: f64,
    /// One place where, in the mesh's frame.
    pub near: [f64; 3],
}

/// Edges of a hole that is closed, at most.
const HOLE_EDGES: usize = 16;
/// How far a hole's corners may lie from its plane; metres.
const FLAT: f64 = 1e-3;
/// How large a hole may be that is closed, as a share of the mesh.
const HOLE_SHARE: f64 = 0.25;

/// The mesh put right, where something was to be, and what that was. `body`: holes are closed only in what should be one.
pub fn mend(mesh: &Mesh, body: bool) -> (Option<Mesh>, Vec<Flaw>) {
    mend_welded(mesh, &Topology::new(mesh, WELD), body)
}

/// As [`mend`], of a mesh whose topology is known.
pub(super) fn mend_welded(mesh: &Mesh, whole: &Topology, body: bool) -> (Option<Mesh>, Vec<Flaw>) {
    let mut flaws = Flaws { mesh, found: BTreeMap::new() };
    let mut kept = without_doubles(mesh, whole, &mut flaws);
    let corners = kept.iter().map(|k| k.corners).collect();
    let topology = Topology { points: whole.points.clone(), numbers: Vec::new(), corners, of: Vec::new() };
    let edges = topology.edges();
    turn(&topology, &edges, &mut kept, &mut flaws);
    if body {
        close(Topology { corners: kept.iter().map(|k| k.corners).collect(), ..topology }, &mut kept, &mut flaws);
    }
    let again = assembled(mesh, &kept, &mut flaws);
    let found: Vec<Flaw> = flaws.found.into_values().collect();
    ((!found.is_empty()).then_some(again), found)
}

/// A triangle that is kept: its surface, its positions and its welded corners.
#[derive(Clone, Copy)]
struct Kept {
    surface: usize,
    positions: [u32; 3],
    corners: [u32; 3],
    /// The triangle of the mesh that it is, or that is beside it.
    of: usize,
}

struct Flaws<'m> {
    mesh: &'m Mesh,
    found: BTreeMap<Defect, Flaw>,
}

impl Flaws<'_> {
    fn add(&mut self, defect: Defect, count: usize, offset: [f64; 3]) {
        let near = std::array::from_fn(|k| self.mesh.origin[k] + offset[k]);
        let flaw = Flaw { defect, count: 0, length: 0.0, near };
        self.found.entry(defect).or_insert(flaw).count += count;
    }
}

fn without_doubles(mesh: &Mesh, topology: &Topology, flaws: &mut Flaws<'_>) -> Vec<Kept> {
    let mut surface_of = vec![0; mesh.triangles.len()];
    for (number, (_, run)) in mesh.runs().enumerate() {
        surface_of.get_mut(run).unwrap_or_default().fill(number);
    }
    let mut seen: HashSet<(usize, [u32; 3])> = HashSet::new();
    let mut kept = Vec::with_capacity(topology.of.len());
    for (corners, of) in topology.corners.iter().zip(&topology.of) {
        let surface = surface_of[*of];
        let least = (0..3).min_by_key(|k| corners[*k]).unwrap_or(0);
        if seen.insert((surface, std::array::from_fn(|k| corners[(least + k) % 3]))) {
            kept.push(Kept { surface, positions: mesh.triangles[*of], corners: *corners, of: *of });
        } else {
            flaws.add(Defect::DuplicateTriangles, 1, topology.points[corners[0] as usize]);
        }
    }
    let there: HashSet<usize> = topology.of.iter().copied().collect();
    for gone in (0..mesh.triangles.len()).filter(|i| topology.of.len() < mesh.triangles.len() && !there.contains(i)) {
        let number = topology.numbers.get(mesh.triangles[gone][0] as usize).copied().unwrap_or_default();
        flaws.add(Defect::DegenerateTriangles, 1, topology.points.get(number as usize).copied().unwrap_or_default());
    }
    kept
}

/// Turns faces to the side of those beside them, and closed shells outward.
fn turn(topology: &Topology, edges: &Edges, kept: &mut [Kept], flaws: &mut Flaws<'_>) {
    let mut beside: Vec<Vec<(usize, bool)>> = vec![Vec::new(); kept.len()];
    for two in edges.each() {
        if let [(_, a, forth), (_, b, other)] = two[..] {
            beside[a].push((b, forth == other));
            beside[b].push((a, forth == other));
        }
    }
    let mut turned: Vec<Option<bool>> = vec![None; kept.len()];
    let mut shells: Vec<(Vec<usize>, Bounds)> = Vec::new();
    for start in 0..kept.len() {
        if turned[start].is_some() {
            continue;
        }
        turned[start] = Some(false);
        let (mut part, mut next, mut sound) = (vec![start], 0, true);
        while let Some(at) = part.get(next).copied() {
            next += 1;
            for (other, against) in &beside[at] {
                let wanted = turned[at] != Some(*against);
                match turned[*other] {
                    None => {
                        turned[*other] = Some(wanted);
                        part.push(*other);
                    }
                    // A surface with one side only, such as a Möbius strip: nothing can be put right.
                    Some(is) => sound &= is == wanted,
                }
            }
        }
        let minority = {
            let area = |way: bool| -> f64 {
                let of_way = part.iter().filter(|i| turned[**i] == Some(way));
                of_way.map(|i| length(super::nearest::normal(&topology.triangle(*i)))).sum()
            };
            area(true) <= area(false)
        };
        for i in &part {
            if sound && turned[*i] == Some(minority) {
                flip(&mut kept[*i]);
                flaws.add(Defect::FlippedFaces, 1, topology.points[kept[*i].corners[0] as usize]);
            }
        }
        let bounds = Bounds::of(part.iter().flat_map(|i| topology.triangle(*i)));
        shells.push((part, bounds));
    }
    let now = Topology {
        points: topology.points.clone(),
        numbers: Vec::new(),
        corners: kept.iter().map(|k| k.corners).collect(),
        of: Vec::new(),
    };
    let closed: Vec<&(Vec<usize>, Bounds)> = shells.iter().filter(|(part, _)| is_closed(&now, part)).collect();
    for (part, bounds) in &closed {
        let size = bounds.diagonal();
        let inward = now.six_fold(part.iter().copied()) < -1e-9 * size * size * size;
        // A shell inside another one is a cavity, which rightly faces inward.
        let cavity = closed.iter().any(|(_, other)| other != bounds && other.contains(bounds));
        if inward && !cavity {
            part.iter().for_each(|i| flip(&mut kept[*i]));
            flaws.add(Defect::InsideOut, 1, bounds.center());
        }
    }
}

fn flip(kept: &mut Kept) {
    kept.positions.swap(1, 2);
    kept.corners.swap(1, 2);
}

fn is_closed(topology: &Topology, part: &[usize]) -> bool {
    let mut balance: HashMap<[u32; 2], i32> = HashMap::new();
    for i in part {
        let t = topology.corners[*i];
        for k in 0..3 {
            let (a, b) = (t[k], t[(k + 1) % 3]);
            *balance.entry([a.min(b), a.max(b)]).or_default() += if a < b { 1 } else { -1 };
        }
    }
    balance.values().all(|b| *b == 0)
}

/// Closes small flat holes of few edges.
fn close(topology: Topology, kept: &mut Vec<Kept>, flaws: &mut Flaws<'_>) {
    let edges = topology.edges();
    let open = topology.open(&edges);
    let mut onward: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    open.iter().for_each(|[a, b]| onward.entry(*a).or_default().push(*b));
    let whole = Bounds::of(topology.corners.iter().flatten().map(|i| topology.points[*i as usize])).diagonal();
    let mut done: HashSet<u32> = HashSet::new();
    for start in onward.keys() {
        let mut ring: Vec<u32> = vec![*start];
        while ring.len() <= HOLE_EDGES
            && let Some([next]) = ring.last().and_then(|at| onward.get(at)).map(Vec::as_slice)
            && next != start
        {
            ring.push(*next);
        }
        let around = ring.last().and_then(|at| onward.get(at)).is_some_and(|to| to[..] == [*start]);
        if !around || !(3..=HOLE_EDGES).contains(&ring.len()) || ring.iter().any(|i| done.contains(i)) {
            continue;
        }
        let exterior: Vec<[f64; 3]> = ring.iter().map(|i| topology.points[*i as usize]).collect();
        let up = area_vector(&exterior);
        let size = length(up);
        let flat = |p: &[f64; 3]| dot(super::nearest::sub(*p, exterior[0]), up).abs() <= FLAT * size;
        let small = Bounds::of(exterior.iter().copied()).diagonal() <= HOLE_SHARE * whole;
        if !small || size < WELD * WELD || !exterior.iter().all(flat) {
            continue;
        }
        let near = exterior[0];
        let filling = triangulate(&Polygon { exterior, interiors: Vec::new() });
        let beside = edges.beside([ring[0].min(ring[1]), ring[0].max(ring[1])]);
        let Some(beside) = beside.filter(|_| filling.len() == ring.len() - 2).map(|i| kept[i]) else { continue };
        // A filling's corner is any position that is welded to it; surfaces share none, which costs a position or two.
        let position =
            |corner: u32| kept.iter().flat_map(|k| k.corners.iter().zip(&k.positions)).find(|(c, _)| **c == corner);
        let positions: Option<Vec<u32>> = ring.iter().map(|c| position(*c).map(|(_, p)| *p)).collect();
        let Some(positions) = positions else { continue };
        kept.extend(filling.iter().map(|t| Kept {
            surface: beside.surface,
            positions: t.map(|i| positions[i as usize]),
            corners: t.map(|i| ring[i as usize]),
            of: beside.of,
        }));
        done.extend(&ring);
        flaws.add(Defect::Holes, 1, near);
    }
}

/// The mesh of the triangles that are kept, corners joined within each surface.
fn assembled(mesh: &Mesh, kept: &[Kept], flaws: &mut Flaws<'_>) -> Mesh {
    let mut again = Mesh { origin: mesh.origin, ..Mesh::default() };
    let mut order: Vec<&Kept> = kept.iter().collect();
    order.sort_by_key(|k| k.surface);
    let skins: Vec<Surface> = mesh.runs().map(|(surface, _)| surface).collect();
    let mut joined: HashMap<(usize, u32), (u32, u32)> = HashMap::new();
    let mut others: HashSet<(usize, u32)> = HashSet::new();
    let mut textures =
        mesh.textures.as_ref().map(|t| Box::new(Textures { list: t.list.clone(), ..Textures::default() }));
    let mut last = None;
    for k in order {
        if last.replace(k.surface) != Some(k.surface) && !mesh.surfaces.is_empty() {
            let first = u32::try_from(again.triangles.len()).unwrap_or(u32::MAX);
            again.surfaces.extend(skins.get(k.surface).map(|s| Surface { first, ..*s }));
            if let (Some(new), Some(old)) = (&mut textures, &mesh.textures) {
                new.of.push(old.of.get(k.surface).copied().flatten());
            }
        }
        if let Some(textures) = &mut textures {
            textures.corners.push(shown(mesh, k));
        }
        let triangle = std::array::from_fn(|i| {
            let at = k.positions[i];
            let next = u32::try_from(again.positions.len()).unwrap_or(u32::MAX);
            let (number, first) = *joined.entry((k.surface, k.corners[i])).or_insert((next, at));
            let here = mesh.positions.get(at as usize).copied().unwrap_or_default();
            if number == next {
                again.positions.push(here);
            } else if first != at && others.insert((k.surface, at)) {
                flaws.add(Defect::DuplicateVertices, 1, here.map(f64::from));
            }
            number
        });
        again.triangles.push(triangle);
    }
    again.textures = textures;
    again
}

/// What a triangle's corners show: what they do in the triangle that it was. Of a hole's filling, of which no source says anything,
/// other corners show what one beside it does.
fn shown(mesh: &Mesh, kept: &Kept) -> [At; 3] {
    let (Some(was), Some(shown)) = (mesh.triangles.get(kept.of), mesh.shown(kept.of)) else {
        return <[At; 3]>::default();
    };
    kept.positions.map(|p| shown[was.iter().position(|q| *q == p).unwrap_or(0)])
}
