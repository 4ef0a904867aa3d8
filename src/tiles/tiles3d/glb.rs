//! The GLB container (glTF 2.0 §4.4) around what a tile draws and its property table.

use super::buffer::{Buffer, MESHOPT};
use super::draws::Draws;
use super::parts::{Divided, bounds, divide, parts};
use super::pictures::{Painted, Palette};
use super::vertices::{Grid, Placed, Vertices};
use super::{Compression, metadata};
use crate::fault::{Fault, Result};
use crate::formats::glb;
use crate::geom::{Bounds, Mesh, Motion, Surface, Texture};
use crate::lod::colour::of_class;
use crate::lod::{MARKER, shape};
use crate::tiles::colour;
use crate::tiles::content::{Content, Piece, Shapes};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Writes `content` as a GLB: the same content gives the same bytes.
///
/// Positions are rounded to a grid that the node's scale and translation place: by less than 2 mm along each axis, by less than
/// 1 mm where no side of a part is longer than 128 m. Axes are glTF's (x east, y up, z south), which 3D Tiles turns back to
/// east-north-up (OGC 22-025r4 §7.2.2.3). A shape that several features have is there once, where that saves bytes.
///
/// # Errors
/// [`Kind::Internal`](crate::fault::Kind::Internal) when a tile holds no feature or more than 65,535, which the tree never makes.
pub fn encode(content: &Content, compression: Compression) -> Result<Vec<u8>> {
    if content.features.is_empty() || content.features.len() > usize::from(u16::MAX) {
        return Err(Fault::internal(format!("a tile of {} features", content.features.len())));
    }
    let (mut draws, mut palette) = (Draws::default(), Palette::default());
    let mut materials = match &content.shapes {
        Shapes::Meshes(pieces) => meshes(&mut draws, &mut palette, content, pieces, u8::MAX, compression),
        Shapes::Glass(pieces) => meshes(&mut draws, &mut palette, content, pieces, colour::GLASS, compression),
        Shapes::Markers(points) => markers(&mut draws, content, points),
    };
    let mut buffer = Buffer::new(compression, 64 * content.features.len());
    let scene = draws.write(&mut buffer)?;
    let Painted { materials: textured, members, by: [webp, ktx2] } = palette.write(&content.pictures, &mut buffer)?;
    materials.extend(textured);
    if matches!(content.shapes, Shapes::Glass(_)) {
        materials.iter_mut().for_each(|material| material["alphaMode"] = json!("BLEND"));
    }
    let structural = metadata::write(&mut buffer, content)?;
    let [by_vertex, by_instance] = scene.by;
    let packed = buffer.is_packed();
    // What is used, whether it is, and whether a reader must know it.
    let extensions = [
        ("EXT_instance_features", by_instance, false),
        ("EXT_mesh_features", by_vertex, false),
        ("EXT_mesh_gpu_instancing", by_instance, true),
        (MESHOPT, packed, true),
        ("EXT_structural_metadata", true, false),
        ("EXT_texture_webp", webp, true),
        ("KHR_mesh_quantization", true, true),
        ("KHR_texture_basisu", ktx2, true),
    ];
    let named = |needed: bool| -> Vec<&str> {
        extensions.iter().filter(|(_, used, must)| *used && (*must || !needed)).map(|(name, ..)| *name).collect()
    };
    let (accessors, views, buffers, bytes) = buffer.finish();
    let mut document = json!({
        "asset": { "version": "2.0", "generator": "Cimbra" },
        "extensionsUsed": named(false),
        "extensionsRequired": named(true),
        "extensions": { "EXT_structural_metadata": structural },
        "scene": 0,
        "scenes": [{ "nodes": (0..scene.nodes.len()).collect::<Vec<_>>() }],
        "nodes": scene.nodes,
        "meshes": scene.meshes,
        "materials": materials,
        "accessors": accessors,
        "bufferViews": views,
        "buffers": buffers
    });
    if let Value::Object(document) = &mut document {
        document.extend(members);
    }
    glb(&document, bytes)
}

/// Draws meshes in one plain material, which is given back, and in those of `palette` that follow it. Each feature gets at least one triangle: one whose meshes have none left
/// that spans an area gets a marker in its middle, so that no feature is lost.
fn meshes(
    draws: &mut Draws,
    palette: &mut Palette,
    content: &Content,
    pieces: &[Piece],
    alpha: u8,
    compression: Compression,
) -> Vec<Value> {
    let mut drawer = Drawer { draws, palette, content, compression, drawn: vec![false; content.features.len()] };
    let Divided { parts: own, groups } = divide(content, pieces);
    for (grid, pieces) in &own {
        drawer.once(*grid, pieces, alpha);
    }
    for group in &groups {
        drawer.repeated(group, alpha);
    }
    let lost = lost(content, pieces, &drawer.drawn);
    for (grid, pieces) in &parts(lost.iter().collect()) {
        drawer.once(*grid, pieces, u8::MAX);
    }
    vec![material([u8::MAX; 3])]
}

/// Draws meshes and keeps which features are drawn.
struct Drawer<'a> {
    draws: &'a mut Draws,
    palette: &'a mut Palette,
    content: &'a Content,
    compression: Compression,
    drawn: Vec<bool>,
}

impl Drawer<'_> {
    /// Draws pieces where they are, a run for each texture.
    fn once(&mut self, grid: Grid, pieces: &[&Piece], alpha: u8) {
        let mut made = BTreeMap::new();
        for piece in pieces {
            if self.append(&mut made, piece, &piece.motion, &grid, alpha) {
                self.drawn[piece.feature as usize] = true;
            }
        }
        for (texture, made) in made {
            if let Some(run) = self.run(grid, made, true) {
                self.draws.once(run, self.palette.number(texture));
            }
        }
    }
    /// Draws pieces of one shape and colour by instances of the first.
    fn repeated(&mut self, pieces: &[&Piece], alpha: u8) {
        let Some(first) = pieces.first() else { return };
        let grid = Grid::of_shape(&Bounds::of(first.shape.positions.iter().map(|p| p.map(f64::from))));
        let mut made = BTreeMap::new();
        self.append(&mut made, first, &Motion::from([0.0; 3]), &grid, alpha);
        for (texture, made) in made {
            if let Some(run) = self.run(grid, made, false) {
                pieces.iter().for_each(|piece| self.drawn[piece.feature as usize] = true);
                let instances: Vec<_> = pieces.iter().map(|piece| (piece.feature, piece.motion)).collect();
                self.draws.repeated(run, self.palette.number(texture), self.content.origin, &instances);
            }
        }
    }

    /// Appends a piece to what is made of each texture, those without one first; says whether there was a triangle.
    fn append<'p>(
        &self,
        made: &mut BTreeMap<Option<&'p Texture>, Vertices>,
        piece: &'p Piece,
        motion: &Motion,
        grid: &Grid,
        alpha: u8,
    ) -> bool {
        let Some(feature) = self.content.features.get(piece.feature as usize) else { return false };
        let shape: &'p Mesh = &piece.shape;
        let mut runs: BTreeMap<Option<&Texture>, Vec<usize>> = BTreeMap::new();
        for number in 0..shape.surfaces.len().max(1) {
            runs.entry(shape.texture(number)).or_default().push(number);
        }
        let (mut placed, mut is_drawn) = (Placed::new(shape, motion, grid), false);
        for (texture, runs) in runs {
            // What shows a picture has its colours from that.
            let colours = |surface: &Surface| match texture {
                Some(_) => [u8::MAX, u8::MAX, u8::MAX, alpha],
                None => colour::of(feature.class, surface, alpha),
            };
            is_drawn |= made.entry(texture).or_default().append(&mut placed, &runs, piece.feature, colours);
        }
        is_drawn
    }
    fn run(&mut self, grid: Grid, mut made: Vertices, is_drawn_once: bool) -> Option<usize> {
        if made.triangles.is_empty() {
            return None;
        }
        if self.compression == Compression::Meshopt {
            made.reorder();
        }
        Some(self.draws.run(grid, &made, is_drawn_once))
    }
}

/// A marker of 1 cm for each feature that is not drawn, in the middle of its meshes.
fn lost(content: &Content, pieces: &[Piece], drawn: &[bool]) -> Vec<Piece> {
    let lost = (0u32..).zip(drawn).filter(|(_, drawn)| !**drawn).map(|(number, _)| number);
    lost.map(|number| {
        let own = pieces.iter().filter(|piece| piece.feature == number);
        let bounds = own.map(bounds).fold(Bounds::EMPTY, Bounds::union);
        let middle = if bounds.is_empty() { content.origin } else { bounds.center() };
        Piece::new(number, shape::octahedron(middle, 0.01).into())
    })
    .collect()
}

/// Draws one marker for all features, an instance each; one material and node for each colour, since instances have no colours.
fn markers(draws: &mut Draws, content: &Content, points: &[[f64; 3]]) -> Vec<Value> {
    let mut by_colour: BTreeMap<[u8; 3], Vec<(u32, Motion)>> = BTreeMap::new();
    for ((number, feature), point) in (0u32..).zip(&content.features).zip(points) {
        by_colour.entry(of_class(feature.class)).or_default().push((number, Motion::from(*point)));
    }
    // Its tips are one step from its middle; white, for the material that colours it.
    let grid = Grid { origin: [0.0; 3], step: MARKER, wide: false };
    let mut marker = Vertices::default();
    let (octahedron, still) = (shape::octahedron([0.0; 3], MARKER), Motion::from([0.0; 3]));
    marker.append(&mut Placed::new(&octahedron, &still, &grid), &[0], 0, |_| [u8::MAX; 4]);
    let run = draws.run(grid, &marker, false);
    for (material, instances) in by_colour.values().enumerate() {
        draws.repeated(run, material, content.origin, instances);
    }
    by_colour.into_keys().map(material).collect()
}

/// A dull material of an sRGB colour, by which vertex colours are multiplied.
fn material(colour: [u8; 3]) -> Value {
    let [r, g, b] = colour.map(|c| f64::from(colour::linear(c)) / 255.0);
    json!({
        "pbrMetallicRoughness": { "baseColorFactor": [r, g, b, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.9 },
        "doubleSided": true
    })
}
