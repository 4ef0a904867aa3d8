//! What the shaders know about one tile of a picture: the layout of `View` in shaders/common/view.wgsl.

use glam::{DMat4, DVec3, DVec4, Vec4};

use super::super::scene::{Background, Triangles};
use super::{APRON, Camera, Scene};

/// Uniforms of one tile; the fields are those of the WGSL struct of the same name.
#[repr(C)]
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub struct View {
    clip_from_offset: [[f32; 4]; 4],
    offset_from_clip: [[f32; 4]; 4],
    light_from_offset: [[f32; 4]; 4],
    sun: [f32; 4],
    ground: [f32; 4],
    horizon: [f32; 4],
    zenith: [f32; 4],
    options: [f32; 4],
}

/// The sun of a picture.
pub struct Sun {
    direction: DVec3,
    light_from_offset: DMat4,
    /// Whether it throws shadows.
    pub casts: bool,
}

/// How dark outlines are.
const OUTLINE: f32 = 0.45;

impl Sun {
    /// The sun in the west-south-west, 44 degrees high, with a shadow map around everything that is drawn.
    pub fn over(triangles: &Triangles, scene: &Scene) -> Self {
        let direction = DVec3::new(-0.75, -0.48, 0.85).normalize();
        let Some(bounds) = triangles.bounds.filter(|_| scene.shadows) else {
            return Self { direction, light_from_offset: DMat4::IDENTITY, casts: false };
        };
        let (low, high) = (DVec3::from(bounds.min), DVec3::from(bounds.max));
        let radius = ((high - low).length() / 2.0).max(1.0);
        let (x, y) = {
            let x = direction.cross(DVec3::Z).normalize();
            (x, x.cross(direction))
        };
        // Rows of an orthographic view from the sun: sideways and upwards to ±1, depth 0 towards the sun and 1 away.
        let row = |axis: DVec3, scale: f64, shift: f64| {
            DVec4::from((axis * scale, shift - axis.dot((low + high) / 2.0) * scale))
        };
        let rows = [row(x, 1.0 / radius, 0.0), row(y, 1.0 / radius, 0.0), row(-direction, 0.5 / radius, 0.5), DVec4::W];
        let light_from_offset = DMat4::from_cols(rows[0], rows[1], rows[2], rows[3]).transpose();
        Self { direction, light_from_offset, casts: true }
    }
}

impl View {
    /// The view of the tile `[x, y, width, height]` of a picture of `size` pixels.
    pub fn new(scene: &Scene, camera: &Camera, sun: &Sun, size: [u32; 2], tile: [u32; 4]) -> Self {
        let [w, h] = size.map(f64::from);
        let [x, y, tw, th] = tile.map(f64::from);
        let apron = f64::from(APRON);
        // The tile starts a quarter of a pixel late, so that the first of a pixel's four samples is its centre: ids are
        // those of pixel centres.
        let (left, top) = (x - apron + 0.25, y - apron + 0.25);
        let (across, down) = (tw + 2.0 * apron, th + 2.0 * apron);
        let (sx, sy) = (w / across, h / down);
        let middle = [2.0 * (left + across / 2.0) / w - 1.0, 1.0 - 2.0 * (top + down / 2.0) / h];
        let tile_from_clip = DMat4::from_cols(
            DVec4::new(sx, 0.0, 0.0, 0.0),
            DVec4::new(0.0, sy, 0.0, 0.0),
            DVec4::Z,
            DVec4::new(-middle[0] * sx, -middle[1] * sy, 0.0, 1.0),
        );
        let clip_from_offset = tile_from_clip * camera.clip_from_offset(w / h);
        let (horizon, zenith, shown) = match scene.background {
            Background::Sky => (linear([226, 232, 238]), linear([138, 180, 222]), 1.0),
            Background::Flat(colour) => (linear(colour), linear(colour), 1.0),
            Background::Transparent => (linear([255; 3]), linear([255; 3]), 0.0),
        };
        let ground = scene.ground.filter(|_| scene.background == Background::Sky);
        // The haze begins beyond what is looked at: at ten times the size of the scene, and never nearer than 4 km.
        let far = (scene.bounds().diagonal() * 10.0).clamp(4_000.0, 200_000.0);
        let haze = if scene.background == Background::Sky { far } else { 1e12 };
        let skipped = 2.0 * APRON as f32;
        Self {
            clip_from_offset: clip_from_offset.as_mat4().to_cols_array_2d(),
            offset_from_clip: clip_from_offset.inverse().as_mat4().to_cols_array_2d(),
            light_from_offset: sun.light_from_offset.as_mat4().to_cols_array_2d(),
            sun: sun.direction.as_vec3().extend(f32::from(u8::from(sun.casts))).into(),
            ground: with(linear([212, 210, 202]), ground.unwrap_or(0.0) - camera.eye.z),
            horizon: with(horizon, haze),
            zenith: with(zenith, shown),
            options: [f32::from(u8::from(ground.is_some())), OUTLINE, skipped, skipped],
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the shader's numbers are f32")]
fn with(colour: Vec4, w: f64) -> [f32; 4] {
    [colour.x, colour.y, colour.z, w as f32]
}

/// A stored colour in linear light.
fn linear(colour: [u8; 3]) -> Vec4 {
    let [r, g, b] = colour.map(crate::lod::colour::linear);
    Vec4::new(r, g, b, 1.0)
}
