//! The graphics adapter: opened once, drawing pictures tile by tile so that its memory is bounded by the tile.

mod adapter;
mod readback;
pub mod targets;
mod view;

pub use targets::Targets;
pub use view::View;

use std::time::Duration;

use wgpu::util::DeviceExt;

use super::pass::{Resolve, Shadow, Surfaces};
use super::scene::Triangles;
use super::{Camera, Picture, Scene};
use crate::fault::{Fault, Kind, Result};

/// The longest side of a tile in pixels of the picture; its targets have four samples a pixel.
const TILE: u32 = 2048;
/// Pixels drawn around a tile, so that outlines run on across its border.
pub const APRON: u32 = 2;
/// The longest a tile may take before the adapter counts as hung.
const PATIENCE: Duration = Duration::from_secs(120);

/// An open adapter with its compiled passes.
#[derive(Debug)]
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    name: String,
    shadow: Shadow,
    surfaces: Surfaces,
    resolve: Resolve,
}

/// A scene on the adapter.
pub struct Uploaded {
    /// Offsets from the eye, three a triangle.
    pub vertices: wgpu::Buffer,
    /// One record a triangle.
    pub faces: wgpu::Buffer,
    /// How many vertices.
    pub count: u32,
    /// How many of them, the first, throw shadows.
    pub casting: u32,
}

impl Gpu {
    /// Opens the best adapter there is: a real one before one of the processor (lavapipe).
    ///
    /// # Errors
    /// [`Kind::Unavailable`] with what to install when there is none.
    pub fn open() -> Result<Self> {
        let (device, queue, name) = adapter::open()?;
        let shadow = Shadow::new(&device);
        let surfaces = Surfaces::new(&device, &shadow);
        let resolve = Resolve::new(&device, &shadow);
        tracing::debug!(adapter = name, "opened a graphics adapter");
        Ok(Self { device, queue, name, shadow, surfaces, resolve })
    }

    /// Draws `scene` as `camera` sees it; `size` has been checked.
    ///
    /// # Errors
    /// [`Kind::TooLarge`] for too many triangles, [`Kind::Unavailable`] when the adapter fails or is out of memory.
    pub fn draw(&self, scene: &Scene, camera: &Camera, size: [u32; 2]) -> Result<Picture> {
        let triangles = scene.triangles_from(camera.eye)?;
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validity = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let drawn = self.draw_tiles(scene, &triangles, camera, size);
        for scope in [validity, memory] {
            if let Some(error) = pollster::block_on(scope.pop()) {
                return Err(Fault::new(Kind::Unavailable, format!("{} refused the picture: {error}", self.name)));
            }
        }
        drawn
    }

    fn draw_tiles(&self, scene: &Scene, triangles: &Triangles, camera: &Camera, size: [u32; 2]) -> Result<Picture> {
        let uploaded = self.upload(triangles)?;
        let sun = view::Sun::over(triangles, scene);
        let mut picture = Picture::blank(size);
        let mut shadow_drawn = false;
        for y in (0..size[1]).step_by(TILE as usize) {
            for x in (0..size[0]).step_by(TILE as usize) {
                let tile = [x, y, TILE.min(size[0] - x), TILE.min(size[1] - y)];
                let view = View::new(scene, camera, &sun, size, tile);
                let view = self.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                    label: Some("view"),
                    contents: bytemuck::bytes_of(&view),
                    usage: wgpu::BufferUsages::UNIFORM,
                });
                let targets = Targets::new(&self.device, [tile[2], tile[3]]);
                let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                if sun.casts && !shadow_drawn {
                    self.shadow.record(&self.device, &mut encoder, &view, &uploaded);
                    shadow_drawn = true;
                }
                self.surfaces.record(&self.device, &mut encoder, &view, &self.shadow, &uploaded, &targets);
                self.resolve.record(&self.device, &mut encoder, &view, &self.shadow, &targets);
                let pending = readback::copy(&self.device, &mut encoder, &targets);
                self.queue.submit([encoder.finish()]);
                pending.read_into(&self.device, PATIENCE, &mut picture, tile)?;
            }
        }
        Ok(picture)
    }

    fn upload(&self, triangles: &Triangles) -> Result<Uploaded> {
        let buffer = |label, bytes: &[u8], usage| {
            // An empty buffer cannot be bound; 64 bytes of nothing can.
            let contents = if bytes.is_empty() { &[0; 64] } else { bytes };
            self.device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: Some(label), contents, usage })
        };
        let count = u32::try_from(triangles.offsets.len())
            .map_err(|_| Fault::new(Kind::TooLarge, "the picture has too many triangles"))?;
        Ok(Uploaded {
            vertices: buffer("vertices", bytemuck::cast_slice(&triangles.offsets), wgpu::BufferUsages::VERTEX),
            faces: buffer("faces", bytemuck::cast_slice(&triangles.faces), wgpu::BufferUsages::STORAGE),
            count,
            casting: count.min(u32::try_from(triangles.solid * 3).unwrap_or(count)),
        })
    }
}
