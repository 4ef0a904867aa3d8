//! The scene: nodes with their places in the world, instances, and triangles gathered by what they belong to.

use super::buffers::numbers;
use super::document::{Document, FeatureIds, Node, Primitive};
use super::texture::{Dress, dress};
use crate::fault::{Fault, Kind, Result};
use crate::formats::picture::{Allowance, Lost, Pictures, linear, srgb};
use crate::geom::matrix::{Matrix, apply, determinant, times};
use crate::geom::{At, Mesh, Sheer, Surface, SurfaceKind, Texture, Textures};
use std::collections::{HashMap, HashSet};

/// The most triangles of a model, instances counted each.
const TRIANGLES: usize = 30_000_000;
/// The deepest node, and the most nodes met on all ways down.
const DEEPEST: usize = 256;
const NODES: usize = 2_000_000;

/// What triangles belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    /// A top-level node, by its place among them.
    Unit(usize),
    /// A row of a property table.
    Feature(usize, u64),
}

/// The triangles of one owner.
#[derive(Default)]
pub(super) struct Part {
    points: Vec<[f64; 3]>,
    triangles: Vec<Triangle>,
    /// What textured triangles show: the number of their texture, and their corners' points.
    shown: Vec<(Option<u16>, [At; 3])>,
    textures: Textures,
    numbers: HashMap<Texture, u16>,
    allowance: Allowance,
    /// What it goes without.
    pub lost: HashSet<Lost>,
}

/// A triangle: its corners, its colour, and the number of what it shows, of which [`PLAIN`] is none.
struct Triangle {
    corners: [u32; 3],
    colour: Option<[u8; 4]>,
    shown: u32,
}

const PLAIN: u32 = u32::MAX;

impl Part {
    /// The number of what is shown; nothing, and noted, where it is lost or too much.
    fn number(&mut self, shows: &Shows, pictures: &Pictures) -> Option<u16> {
        let taken = shows.as_ref().map_err(Lost::clone).and_then(|(texture, _)| {
            self.allowance.take(texture, || pictures.size(&texture.picture)).map(|()| texture)
        });
        match taken {
            Ok(texture) => self.textures.number(texture, &mut self.numbers),
            Err(lost) => {
                self.lost.insert(lost);
                None
            }
        }
    }
    /// One mesh of it, its colours and textures in runs.
    pub fn mesh(self) -> Mesh {
        let Self { points, mut triangles, shown, mut textures, .. } = self;
        let of = |t: &Triangle| shown.get(t.shown as usize).and_then(|(texture, _)| *texture);
        triangles.sort_by_key(|t| (t.colour, of(t)));
        let mut surfaces: Vec<Surface> = Vec::new();
        for (first, triangle) in (0..).zip(&triangles) {
            let (colour, texture) = (triangle.colour, of(triangle));
            let alike = surfaces.last().is_some_and(|last| last.colour == colour);
            if !alike || textures.of.last() != Some(&texture) {
                surfaces.push(Surface { first, kind: SurfaceKind::Other, colour });
                textures.of.push(texture);
            }
        }
        if !shown.is_empty() {
            let at = |t: &Triangle| shown.get(t.shown as usize).map_or_else(Default::default, |(_, at)| *at);
            textures.corners = triangles.iter().map(at).collect();
        }
        let textures = (!shown.is_empty()).then(|| Box::new(textures));
        let triangles = triangles.into_iter().map(|t| t.corners).collect();
        Mesh { textures, ..Mesh::from_points(&points, triangles, surfaces) }
    }
}

/// glTF's y up and z forward (§3.4) in x east, y north, z up: a model faces south.
pub(super) const UPRIGHT: Matrix = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];

/// Translation, rotation by a quaternion, scale.
fn placed(t: [f64; 3], [x, y, z, w]: [f64; 4], [sx, sy, sz]: [f64; 3]) -> Matrix {
    let length = (x * x + y * y + z * z + w * w).sqrt();
    let [x, y, z, w] = if length > 0.0 { [x, y, z, w].map(|c| c / length) } else { [0.0, 0.0, 0.0, 1.0] };
    [
        (1.0 - 2.0 * (y * y + z * z)) * sx,
        2.0 * (x * y + z * w) * sx,
        2.0 * (x * z - y * w) * sx,
        0.0,
        2.0 * (x * y - z * w) * sy,
        (1.0 - 2.0 * (x * x + z * z)) * sy,
        2.0 * (y * z + x * w) * sy,
        0.0,
        2.0 * (x * z + y * w) * sz,
        2.0 * (y * z - x * w) * sz,
        (1.0 - 2.0 * (x * x + y * y)) * sz,
        0.0,
        t[0],
        t[1],
        t[2],
        1.0,
    ]
}

pub(super) fn matrix(node: &Node) -> Matrix {
    node.matrix.unwrap_or_else(|| {
        let rotation = node.rotation.unwrap_or([0.0, 0.0, 0.0, 1.0]);
        placed(node.translation.unwrap_or_default(), rotation, node.scale.unwrap_or([1.0; 3]))
    })
}

/// What is gathered of a model.
pub(super) struct Gathered<'d> {
    document: &'d Document,
    buffers: &'d [Vec<u8>],
    pictures: &'d Pictures,
    shift: [f64; 3],
    places: HashMap<Owner, usize>,
    parts: Vec<(Owner, Part)>,
    nodes: usize,
    triangles: usize,
    /// Primitives that are points or lines.
    pub thin: usize,
    /// Primitives whose accessors do not hold.
    pub broken: Vec<String>,
    /// Primitives with ids in textures only.
    pub textured: usize,
}

impl<'d> Gathered<'d> {
    /// Nothing yet; `shift` is added to every point, upright.
    pub fn new(document: &'d Document, buffers: &'d [Vec<u8>], pictures: &'d Pictures, shift: [f64; 3]) -> Self {
        let (places, parts, broken) = (HashMap::new(), Vec::new(), Vec::new());
        let (nodes, triangles, thin, textured) = (0, 0, 0, 0);
        Self { document, buffers, pictures, shift, places, parts, nodes, triangles, thin, broken, textured }
    }
    /// The parts, in the order of their first triangle.
    pub fn into_parts(self) -> Vec<(Owner, Part)> {
        self.parts
    }

    /// Gathers node `number` and all below it for `unit`.
    ///
    /// # Errors
    /// Nodes without end, or too many triangles.
    pub fn walk(&mut self, unit: usize, number: usize, above: &Matrix, depth: usize) -> Result<()> {
        self.nodes += 1;
        if depth > DEEPEST || self.nodes > NODES {
            return Err(Fault::bad_input(format!("has nodes over {DEEPEST} deep, or in a circle")));
        }
        let document = self.document;
        let Some(node) = document.nodes.get(number) else {
            return Err(Fault::bad_input(format!("names node {number}, which it does not have")));
        };
        let here = times(above, &matrix(node));
        if let Some(mesh) = node.mesh {
            let primitives = document.meshes.get(mesh).map(|mesh| mesh.primitives.as_slice());
            let Some(primitives) = primitives else {
                return Err(Fault::bad_input(format!("names mesh {mesh}, which it does not have")));
            };
            let Some(instances) = self.instances(unit, node) else {
                self.broken.push(format!("the instances of node {number}"));
                return Ok(());
            };
            for (place, primitive) in primitives.iter().enumerate() {
                match self.primitive(primitive, &here, &instances) {
                    Ok(Some(())) => {}
                    Ok(None) => self.broken.push(format!("primitive {place} of mesh {mesh}")),
                    Err(fault) => return Err(fault),
                }
            }
        }
        node.children.iter().try_for_each(|child| self.walk(unit, *child, &here, depth + 1))
    }

    /// Where a node's mesh stands, once or many times, and whose each is.
    fn instances(&self, unit: usize, node: &Node) -> Option<Vec<(Option<Matrix>, Owner)>> {
        let Some(instancing) = &node.extensions.instancing else { return Some(vec![(None, Owner::Unit(unit))]) };
        let of = |name: &str| instancing.attributes.get(name).copied();
        let (document, buffers) = (self.document, self.buffers);
        let translations = of("TRANSLATION").map(|a| numbers::<3>(document, buffers, a));
        let rotations = of("ROTATION").map(|a| numbers::<4>(document, buffers, a));
        let scales = of("SCALE").map(|a| numbers::<3>(document, buffers, a));
        let (translations, rotations, scales) = match (translations, rotations, scales) {
            (Some(None), ..) | (_, Some(None), _) | (_, _, Some(None)) => return None,
            (t, r, s) => (t.flatten(), r.flatten(), s.flatten()),
        };
        let lengths =
            [translations.as_ref().map(Vec::len), rotations.as_ref().map(Vec::len), scales.as_ref().map(Vec::len)];
        let count = lengths.into_iter().flatten().max()?;
        let chosen =
            node.extensions.features.as_ref().and_then(|f| f.feature_ids.iter().find(|f| f.property_table.is_some()));
        let ids = match chosen.map(|chosen| chosen.attribute) {
            Some(Some(n)) => Some(numbers::<1>(document, buffers, of(&format!("_FEATURE_ID_{n}"))?)?),
            _ => None,
        };
        let one = |k: usize| {
            let place = translations.as_ref().map_or(Some([0.0; 3]), |t| t.get(k).copied())?;
            let turn = rotations.as_ref().map_or(Some([0.0, 0.0, 0.0, 1.0]), |r| r.get(k).copied())?;
            let scale = scales.as_ref().map_or(Some([1.0; 3]), |s| s.get(k).copied())?;
            let id = ids.as_ref().map_or(Some(k as u64), |ids| ids.get(k).map(|[id]| *id as u64))?;
            Some((Some(placed(place, turn, scale)), chosen.and_then(|c| owner(c, id)).unwrap_or(Owner::Unit(unit))))
        };
        (0..count).map(one).collect()
    }

    /// Takes a primitive; `None` when it does not hold.
    fn primitive(
        &mut self,
        primitive: &Primitive,
        here: &Matrix,
        instances: &[(Option<Matrix>, Owner)],
    ) -> Result<Option<()>> {
        let mode = primitive.mode.unwrap_or(4);
        if mode < 4 {
            self.thin += 1;
            return Ok(Some(()));
        }
        let (document, buffers) = (self.document, self.buffers);
        if let (Some(_), Some(a)) = (&primitive.extensions.draco, primitive.attributes.get("POSITION"))
            && document.accessors.get(*a).is_some_and(|a| a.buffer_view.is_none())
        {
            return Err(super::compressed("KHR_draco_mesh_compression"));
        }
        let read = || {
            let points = numbers::<3>(document, buffers, *primitive.attributes.get("POSITION")?)?;
            let corners: Vec<u32> = match primitive.indices {
                Some(indices) => numbers::<1>(document, buffers, indices)?.into_iter().map(|[n]| n as u32).collect(),
                None => (0..u32::try_from(points.len()).ok()?).collect(),
            };
            let fits = points.iter().flatten().all(|c| c.is_finite())
                && corners.iter().all(|corner| (*corner as usize) < points.len());
            fits.then(|| (points, triangles(mode, &corners)))
        };
        let Some((points, triangles)) = read() else { return Ok(None) };
        self.triangles = self.triangles.saturating_add(triangles.len().saturating_mul(instances.len()));
        if self.triangles > TRIANGLES {
            let detail = format!("has over {TRIANGLES} triangles");
            return Err(Fault::new(Kind::TooLarge, detail).remedy("cut the model into parts, or make a tileset of it"));
        }
        let features = primitive.extensions.features.as_ref().map(|f| f.feature_ids.as_slice()).unwrap_or_default();
        let chosen = features.iter().find(|f| f.property_table.is_some() && f.texture.is_none());
        self.textured += usize::from(chosen.is_none() && features.iter().any(|f| f.texture.is_some()));
        let ids = match chosen.map(|chosen| chosen.attribute) {
            None => None,
            Some(None) => Some((0..points.len() as u64).collect::<Vec<_>>()),
            Some(Some(n)) => {
                let accessor = primitive.attributes.get(&format!("_FEATURE_ID_{n}"));
                let ids = accessor.and_then(|a| numbers::<1>(document, buffers, *a));
                let Some(ids) = ids else { return Ok(None) };
                Some(ids.into_iter().map(|[id]| id as u64).collect())
            }
        };
        let (colour, dress) = self.look(primitive, points.len());
        for (instance, of_instance) in instances {
            let place = instance.as_ref().map_or(*here, |instance| times(here, instance));
            let turned = determinant(&place) < 0.0;
            let mut numbers: HashMap<(usize, u32), u32> = HashMap::new();
            // The last part, and the number that the texture has there.
            let mut last: Option<(usize, Option<u16>)> = None;
            for [a, b, c] in &triangles {
                let id = ids.as_ref().and_then(|ids| ids.get(*a as usize));
                let owner = chosen.zip(id).and_then(|(chosen, id)| owner(chosen, *id)).unwrap_or(*of_instance);
                let next = self.parts.len();
                let at = *self.places.entry(owner).or_insert(next);
                if at == next {
                    self.parts.push((owner, Part::default()));
                }
                let Some((_, part)) = self.parts.get_mut(at) else { continue };
                let three = if turned { [*a, *c, *b] } else { [*a, *b, *c] };
                let number = match last {
                    Some((part, number)) if part == at => number,
                    _ => dress.as_ref().and_then(|dress| part.number(dress, self.pictures)),
                };
                last = Some((at, number));
                let shown = match (number, &dress) {
                    (Some(_), Some(Ok((_, at)))) => {
                        let point = |corner: u32| at.get(corner as usize).copied().unwrap_or_default();
                        part.shown.push((number, three.map(point)));
                        part.shown.len() as u32 - 1
                    }
                    _ => PLAIN,
                };
                let corners = three.map(|corner| {
                    *numbers.entry((at, corner)).or_insert_with(|| {
                        let point = points.get(corner as usize).copied().unwrap_or_default();
                        let [x, y, z] = apply(&place, point);
                        let [dx, dy, dz] = self.shift;
                        part.points.push([x + dx, y + dy, z + dz]);
                        part.points.len() as u32 - 1
                    })
                });
                part.triangles.push(Triangle { corners, colour, shown });
            }
        }
        Ok(Some(()))
    }

    /// The colour of a primitive in sRGB (that of its picture from afar, where it shows one), and what it shows.
    fn look(&self, primitive: &Primitive, vertices: usize) -> (Option<[u8; 4]>, Option<Shows>) {
        let factor = self.factor(primitive);
        let byte = |c: f64| (c * 255.0).round().clamp(0.0, 255.0) as u8;
        let colour = |[r, g, b, a]: [f64; 4]| [srgb(r), srgb(g), srgb(b), byte(a)];
        let dress = dress(self.document, self.buffers, self.pictures, primitive, vertices);
        let Dress { texture, look, at } = match dress {
            None => return (factor.map(colour), None),
            Some(Err(lost)) => return (factor.map(colour), Some(Err(lost))),
            Some(Ok(dress)) => dress,
        };
        let [r, g, b, a] = factor.unwrap_or([1.0; 4]);
        let tint = colour([r, g, b, a]);
        // What is never seen through needs no blending, which draws it in the wrong order now and then.
        let opaque = look.mean.is_some() && !look.sheer && tint.ends_with(&[u8::MAX]);
        let texture = Texture { tint, sheer: if opaque { Sheer::Never } else { texture.sheer }, ..texture };
        let mean = look.mean.map(|mean| {
            let [x, y, z] = mean.map(linear);
            colour([r * x, g * y, b * z, a])
        });
        (mean.or_else(|| factor.map(colour)), Some(Ok((texture, at))))
    }

    /// The linear colour of a primitive: its material's, by the mean of its vertices' own.
    fn factor(&self, primitive: &Primitive) -> Option<[f64; 4]> {
        let material = primitive.material.and_then(|m| self.document.materials.get(m));
        let base = material.and_then(|material| material.pbr_metallic_roughness.base_color_factor);
        let own = primitive.attributes.get("COLOR_0").and_then(|a| {
            let four = numbers::<4>(self.document, self.buffers, *a);
            let three = || numbers::<3>(self.document, self.buffers, *a);
            four.or_else(|| Some(three()?.into_iter().map(|[r, g, b]| [r, g, b, 1.0]).collect()))
        });
        let mean = own.filter(|own| !own.is_empty()).map(|own| {
            let sum = own.iter().fold([0.0; 4], |[r, g, b, a], c| [r + c[0], g + c[1], b + c[2], a + c[3]]);
            sum.map(|c| c / own.len() as f64)
        });
        match (base, mean) {
            (Some([r, g, b, a]), Some([x, y, z, w])) => Some([r * x, g * y, b * z, a * w]),
            (base, mean) => base.or(mean),
        }
    }
}

/// A texture and what each vertex shows of it, or what is lost of it.
type Shows = std::result::Result<(Texture, Vec<At>), Lost>;

fn owner(ids: &FeatureIds, id: u64) -> Option<Owner> {
    let table = ids.property_table?;
    (ids.null_feature_id != Some(id)).then_some(Owner::Feature(table, id))
}

/// Triangles, strips and fans (§3.7.2.1) as triangles, those without area left out.
fn triangles(mode: u32, corners: &[u32]) -> Vec<[u32; 3]> {
    let all: Vec<[u32; 3]> = match mode {
        4 => corners.as_chunks::<3>().0.to_vec(),
        5 => {
            let each = corners.windows(3).filter_map(|w| <[u32; 3]>::try_from(w).ok()).enumerate();
            each.map(|(k, [a, b, c])| if k % 2 == 0 { [a, b, c] } else { [b, a, c] }).collect()
        }
        _ => {
            let Some((first, rest)) = corners.split_first() else { return Vec::new() };
            rest.windows(2).filter_map(|w| <[u32; 2]>::try_from(w).ok()).map(|[b, c]| [*first, b, c]).collect()
        }
    };
    all.into_iter().filter(|[a, b, c]| a != b && b != c && a != c).collect()
}
