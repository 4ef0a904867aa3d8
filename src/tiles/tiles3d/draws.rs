//! What a tile draws: runs of vertices and instances that share a few views, and the primitives and nodes over them.

use super::buffer::{BYTE, Buffer, FLOAT, SHORT, UNSIGNED_BYTE, UNSIGNED_INT, UNSIGNED_SHORT};
use super::vertices::{Grid, Vertices};
use crate::fault::Result;
use crate::geom::{At, Motion};
use serde_json::{Value, json};

/// A feature's number, and what moves the shape that draws it.
pub(super) type Instance = (u32, Motion);

/// Where one run of vertices and triangles lies in the columns that all share.
struct Run {
    grid: Grid,
    /// The first in `narrow` or `wide`.
    position: usize,
    /// The first in `normals` and `colours`.
    vertex: usize,
    /// Where what the vertices show of their picture lies, if they do.
    shown: Option<Shown>,
    /// The first in `features` and how many features there are; nothing where instances carry the numbers.
    feature: Option<(usize, usize)>,
    vertices: usize,
    limits: [Value; 2],
    /// The first in `short` or `long`.
    corner: usize,
    corners: usize,
    is_short: bool,
}

/// The first of a run's points of its picture, in `near` or `far`.
#[derive(Clone, Copy)]
enum Shown {
    Near(usize),
    Far(usize),
}

/// One node: a run, drawn once or by instances, in a material.
struct Node {
    run: usize,
    material: usize,
    /// East-north-up metres of where it stands.
    origin: [f64; 3],
    instances: Option<Instances>,
}

/// Where the instances of a node lie in the columns that all share.
struct Instances {
    first: usize,
    count: usize,
    features: usize,
    /// The first in `rotations`; nothing where none is turned.
    rotation: Option<usize>,
    limits: [Value; 2],
}

/// Everything that a tile draws, as it grows.
#[derive(Default)]
pub(super) struct Draws {
    narrow: Vec<[i16; 4]>,
    wide: Vec<[f32; 3]>,
    normals: Vec<[i8; 4]>,
    colours: Vec<[u8; 4]>,
    features: Vec<[u16; 2]>,
    /// Points of pictures, in 65535ths, of runs that show none beyond their edges.
    near: Vec<[u16; 2]>,
    /// Points of pictures of the other runs.
    far: Vec<At>,
    short: Vec<u32>,
    long: Vec<u32>,
    translations: Vec<[f32; 3]>,
    rotations: Vec<[f32; 4]>,
    numbers: Vec<f32>,
    runs: Vec<Run>,
    nodes: Vec<Node>,
}

/// The nodes, meshes and extensions that a tile's draws come to.
pub(super) struct Scene {
    pub nodes: Vec<Value>,
    pub meshes: Vec<Value>,
    /// Whether some feature numbers are vertices', and whether some are instances'.
    pub by: [bool; 2],
}

impl Run {
    /// An accessor of its positions in the views of narrow and of wide ones.
    fn positions(&self, views: [usize; 2], buffer: &mut Buffer) -> usize {
        let (width, component) = if self.grid.wide { (12, FLOAT) } else { (8, SHORT) };
        let view = views[usize::from(self.grid.wide)];
        let accessor = buffer.accessor((view, self.position * width), (component, "VEC3"), self.vertices, false);
        buffer.limit(accessor, &self.limits[0], &self.limits[1]);
        accessor
    }
}

impl Draws {
    /// Adds vertices and triangles that nodes draw; gives their number. Their feature numbers count where `is_drawn_once`.
    pub fn run(&mut self, grid: Grid, vertices: &Vertices, is_drawn_once: bool) -> usize {
        let count = vertices.positions.len();
        let (min, max) = limits(&vertices.positions);
        // 65,535 is the primitive restart value, so it is no index of 16 bits (glTF 2.0 §3.7.2.1).
        let is_short = count <= usize::from(u16::MAX);
        let corners = if is_short { &mut self.short } else { &mut self.long };
        let corner = corners.len();
        corners.extend_from_slice(vertices.triangles.as_flattened());
        let position = if grid.wide { self.wide.len() } else { self.narrow.len() };
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^24 steps, and as near as 32 bits come beyond")]
        let wide = |p: &[i32; 3]| p.map(|v| v as f32);
        #[expect(clippy::cast_possible_truncation, reason = "the grid was chosen to fit 16 bits")]
        let narrow = |[x, y, z]: &[i32; 3]| [*x as i16, *y as i16, *z as i16, 0];
        if grid.wide {
            self.wide.extend(vertices.positions.iter().map(wide));
        } else {
            self.narrow.extend(vertices.positions.iter().map(narrow));
        }
        let feature = is_drawn_once.then(|| {
            let first = self.features.len();
            self.features.extend_from_slice(&vertices.features);
            (first, distinct(vertices.features.iter().map(|[number, _]| u32::from(*number))))
        });
        let shown = self.shown(&vertices.shown);
        self.runs.push(Run {
            grid,
            shown,
            position,
            vertex: self.normals.len(),
            feature,
            vertices: count,
            limits: [json!(min), json!(max)],
            corner,
            corners: 3 * vertices.triangles.len(),
            is_short,
        });
        self.normals.extend_from_slice(&vertices.normals);
        self.colours.extend_from_slice(&vertices.colours);
        self.runs.len() - 1
    }
    fn shown(&mut self, shown: &[At]) -> Option<Shown> {
        if shown.is_empty() {
            return None;
        }
        if shown.iter().flatten().all(|c| (0.0..=1.0).contains(c)) {
            let first = self.near.len();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, from 0 to 65,535")]
            let share = |c: f32| (f64::from(c) * f64::from(u16::MAX)).round() as u16;
            self.near.extend(shown.iter().map(|at| at.map(share)));
            Some(Shown::Near(first))
        } else {
            let first = self.far.len();
            self.far.extend_from_slice(shown);
            Some(Shown::Far(first))
        }
    }
    /// A node that draws `run` where its grid is.
    pub fn once(&mut self, run: usize, material: usize) {
        let origin = self.runs[run].grid.origin;
        self.nodes.push(Node { run, material, origin, instances: None });
    }
    /// A node at `origin` that draws `run` at each of `instances`.
    pub fn repeated(&mut self, run: usize, material: usize, origin: [f64; 3], instances: &[Instance]) {
        // A node's scale moves its instances too, so their shifts are counted in the grid's steps.
        let step = self.runs[run].grid.step;
        #[expect(clippy::cast_possible_truncation, reason = "an offset within a tile; f32 is the stored form")]
        let shift = |motion: &Motion| {
            let [x, y, z]: [f64; 3] = std::array::from_fn(|k| (motion.origin[k] - origin[k]) / step);
            [x as f32, z as f32, -y as f32]
        };
        let first = self.translations.len();
        self.translations.extend(instances.iter().map(|(_, motion)| shift(motion)));
        let is_turned = instances.iter().any(|(_, motion)| motion.rotation != Motion::from([0.0; 3]).rotation);
        let rotation = is_turned.then_some(self.rotations.len());
        if is_turned {
            self.rotations.extend(instances.iter().map(|(_, motion)| quaternion(&motion.rotation)));
        }
        #[expect(clippy::cast_precision_loss, reason = "a tile has at most 65,535 features")]
        self.numbers.extend(instances.iter().map(|(number, _)| *number as f32));
        let (min, max) = limits(&self.translations[first..]);
        let features = distinct(instances.iter().map(|(number, _)| *number));
        let limits = [json!(min), json!(max)];
        let instances = Some(Instances { first, count: instances.len(), features, rotation, limits });
        self.nodes.push(Node { run, material, origin, instances });
    }
    /// Writes the columns into `buffer` and gives what is drawn from them.
    ///
    /// # Errors
    /// As [`Buffer::vertices`].
    pub fn write(&self, buffer: &mut Buffer) -> Result<Scene> {
        let most = self.runs.iter().map(|run| run.vertices).max().unwrap_or(0);
        let positions = [some(buffer, &self.narrow)?, some(buffer, &self.wide)?];
        let normals = some(buffer, &self.normals)?;
        let colours = some(buffer, &self.colours)?;
        let features = some(buffer, &self.features)?;
        let (near, far) = (some(buffer, &self.near)?, some(buffer, &self.far)?);
        let mut corners = |all: &[u32], short| if all.is_empty() { Ok(0) } else { buffer.corners(all, most, short) };
        let corners = [corners(&self.short, true)?, corners(&self.long, false)?];
        let primitives: Vec<Value> = self
            .runs
            .iter()
            .map(|run| {
                let (n, at) = (run.vertices, run.vertex * 4);
                let position = run.positions(positions, buffer);
                let normal = buffer.accessor((normals, at), (BYTE, "VEC3"), n, true);
                let colour = buffer.accessor((colours, at), (UNSIGNED_BYTE, "VEC4"), n, true);
                let mut attributes = json!({ "POSITION": position, "NORMAL": normal, "COLOR_0": colour });
                let shown = run.shown.map(|shown| match shown {
                    Shown::Near(first) => buffer.accessor((near, 4 * first), (UNSIGNED_SHORT, "VEC2"), n, true),
                    Shown::Far(first) => buffer.accessor((far, 8 * first), (FLOAT, "VEC2"), n, false),
                });
                if let Some(shown) = shown {
                    attributes["TEXCOORD_0"] = json!(shown);
                }
                let mut primitive = json!({ "mode": 4 });
                if let Some((first, count)) = run.feature {
                    let number = buffer.accessor((features, 4 * first), (UNSIGNED_SHORT, "SCALAR"), n, false);
                    attributes["_FEATURE_ID_0"] = json!(number);
                    primitive["extensions"] = json!({ "EXT_mesh_features": of_features(count) });
                }
                let (width, component) = if run.is_short { (2, UNSIGNED_SHORT) } else { (4, UNSIGNED_INT) };
                let view = corners[usize::from(!run.is_short)];
                let indices = buffer.accessor((view, run.corner * width), (component, "SCALAR"), run.corners, false);
                primitive["attributes"] = attributes;
                primitive["indices"] = json!(indices);
                primitive
            })
            .collect();
        let [translations, rotations, numbers] = self.instance_views(buffer);
        let (mut nodes, mut meshes) = (Vec::new(), Vec::new());
        let mut is_drawn = vec![false; self.runs.len()];
        for node in &self.nodes {
            let mut primitive = primitives[node.run].clone();
            // The same bytes under another number: three.js (0.184 and before) takes meshes of the same accessors for one geometry,
            // whose instances then have the feature numbers of the last one only.
            if std::mem::replace(&mut is_drawn[node.run], true) {
                primitive["attributes"]["POSITION"] = json!(self.runs[node.run].positions(positions, buffer));
            }
            primitive["material"] = json!(node.material);
            let ([x, y, z], step) = (node.origin, self.runs[node.run].grid.step);
            let mut made = json!({ "mesh": meshes.len(), "translation": [x, z, -y], "scale": [step, step, step] });
            meshes.push(json!({ "primitives": [primitive] }));
            if let Some(own) = &node.instances {
                let translation = buffer.accessor((translations, 12 * own.first), (FLOAT, "VEC3"), own.count, false);
                buffer.limit(translation, &own.limits[0], &own.limits[1]);
                let number = buffer.accessor((numbers, 4 * own.first), (FLOAT, "SCALAR"), own.count, false);
                let mut attributes = json!({ "TRANSLATION": translation, "_FEATURE_ID_0": number });
                if let Some(first) = own.rotation {
                    let rotation = buffer.accessor((rotations, 16 * first), (FLOAT, "VEC4"), own.count, false);
                    attributes["ROTATION"] = json!(rotation);
                }
                made["extensions"] = json!({ "EXT_mesh_gpu_instancing": { "attributes": attributes },
                    "EXT_instance_features": of_features(own.features) });
            }
            nodes.push(made);
        }
        let by = [false, true].map(|repeated| self.nodes.iter().any(|node| node.instances.is_some() == repeated));
        Ok(Scene { nodes, meshes, by })
    }

    fn instance_views(&self, buffer: &mut Buffer) -> [usize; 3] {
        let columns: [&[u8]; 3] = [
            bytemuck::cast_slice(&self.translations),
            bytemuck::cast_slice(&self.rotations),
            bytemuck::cast_slice(&self.numbers),
        ];
        columns.map(|column| if column.is_empty() { 0 } else { buffer.view(column) })
    }
}

/// A view of vertices where there are any.
fn some<T: bytemuck::Pod>(buffer: &mut Buffer, vertices: &[T]) -> Result<usize> {
    if vertices.is_empty() { Ok(0) } else { buffer.vertices(vertices) }
}

/// How many numbers there are; neighbours are often alike.
fn distinct(numbers: impl Iterator<Item = u32>) -> usize {
    let mut numbers: Vec<u32> = numbers.collect();
    numbers.dedup();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

fn of_features(count: usize) -> Value {
    json!({ "featureIds": [{ "featureCount": count, "attribute": 0, "propertyTable": 0 }] })
}

/// The least and the greatest of each coordinate.
fn limits<T: Copy + PartialOrd + Default>(points: &[[T; 3]]) -> ([T; 3], [T; 3]) {
    let first = points.first().copied().unwrap_or_default();
    points.iter().fold((first, first), |(min, max), p| {
        let least = |k: usize| if p[k] < min[k] { p[k] } else { min[k] };
        let most = |k: usize| if p[k] > max[k] { p[k] } else { max[k] };
        (std::array::from_fn(least), std::array::from_fn(most))
    })
}

/// The unit quaternion (x, y, z, w) of a rotation of east-north-up metres, in glTF's axes.
#[expect(clippy::cast_possible_truncation, reason = "the stored form")]
fn quaternion(rows: &[[f64; 3]; 3]) -> [f32; 4] {
    let columns: [[f64; 3]; 3] = std::array::from_fn(|j| std::array::from_fn(|i| rows[i][j]));
    let q = glam::DQuat::from_mat3(&glam::DMat3::from_cols_array_2d(&columns)).normalize();
    [q.x as f32, q.z as f32, -q.y as f32, q.w as f32]
}
