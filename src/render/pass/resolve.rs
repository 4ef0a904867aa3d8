//! Samples into finished pixels: outlines, ground, sky and the id at each pixel's centre.

use super::Shadow;
use super::program::{Pass, Program, buffer, cleared, entry, shader, texture};
use crate::render::gpu::{Targets, targets as format};

/// The shader's text.
pub const TEXT: &str = shader!("common/view.wgsl", "common/light.wgsl", "resolve.wgsl");

/// The compiled pass.
#[derive(Debug)]
pub struct Resolve(Pass);

impl Resolve {
    /// Compiles the pass.
    pub fn new(device: &wgpu::Device, shadow: &Shadow) -> Self {
        use wgpu::ShaderStages as Stages;
        let program = Program {
            label: "resolve",
            text: TEXT,
            entries: &[
                entry(0, Stages::FRAGMENT, buffer(wgpu::BufferBindingType::Uniform)),
                entry(1, Stages::FRAGMENT, texture(wgpu::TextureSampleType::Float { filterable: false })),
                entry(2, Stages::FRAGMENT, texture(wgpu::TextureSampleType::Uint)),
            ],
            reads: Some(&shadow.reader),
            positions: false,
            targets: &[format::COLOUR, format::ID],
            depth: None,
            bias: (0, 0.0),
        };
        Self(program.compile(device))
    }

    /// Records the finishing of a tile.
    pub fn record(
        &self,
        device: &wgpu::Device,
        encoder: &mut wgpu::CommandEncoder,
        view: &wgpu::Buffer,
        shadow: &Shadow,
        targets: &Targets,
    ) {
        let resources = [
            view.as_entire_binding(),
            wgpu::BindingResource::TextureView(&targets.samples),
            wgpu::BindingResource::TextureView(&targets.features),
        ];
        let [colour, ids] =
            [&targets.colour, &targets.ids].map(|t| t.create_view(&wgpu::TextureViewDescriptor::default()));
        let mut pass = self.0.begin(device, encoder, &resources, &[cleared(&colour), cleared(&ids)], None);
        pass.set_bind_group(1, &shadow.read, &[]);
        pass.draw(0..3, 0..1);
    }
}
