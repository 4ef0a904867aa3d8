//! Every triangle into colour, id and normal in one pass of four samples a pixel.

use super::Shadow;
use super::program::{Pass, Program, buffer, cleared, depth, entry, shader};
use crate::render::gpu::{Targets, Uploaded, targets as format};

/// The shader's text.
pub const TEXT: &str = shader!("common/view.wgsl", "common/light.wgsl", "surface.wgsl");

/// The compiled pass.
#[derive(Debug)]
pub struct Surfaces(Pass);

impl Surfaces {
    /// Compiles the pass.
    pub fn new(device: &wgpu::Device, shadow: &Shadow) -> Self {
        use wgpu::ShaderStages as Stages;
        let program = Program {
            label: "surface",
            text: TEXT,
            entries: &[
                entry(0, Stages::VERTEX_FRAGMENT, buffer(wgpu::BufferBindingType::Uniform)),
                entry(1, Stages::VERTEX, buffer(wgpu::BufferBindingType::Storage { read_only: true })),
            ],
            reads: Some(&shadow.reader),
            positions: true,
            targets: &[format::SAMPLE, format::FEATURE],
            // Depth is reversed: what is nearer is greater.
            depth: Some((format::DEPTH, wgpu::CompareFunction::Greater)),
            bias: (0, 0.0),
        };
        Self(program.compile(device))
    }

    /// Records the drawing of a scene into the samples of a tile.
    pub fn record(
        &self,
        device: &wgpu::Device,
        encoder: &mut wgpu::CommandEncoder,
        view: &wgpu::Buffer,
        shadow: &Shadow,
        scene: &Uploaded,
        targets: &Targets,
    ) {
        let resources = [view.as_entire_binding(), scene.faces.as_entire_binding()];
        let colours = [cleared(&targets.samples), cleared(&targets.features)];
        let depth = depth(&targets.depth, 0.0, wgpu::StoreOp::Discard);
        let mut pass = self.0.begin(device, encoder, &resources, &colours, Some(depth));
        pass.set_bind_group(1, &shadow.read, &[]);
        pass.set_vertex_buffer(0, scene.vertices.slice(..));
        pass.draw(0..scene.count, 0..1);
    }
}
