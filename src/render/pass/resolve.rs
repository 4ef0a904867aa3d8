//! Samples into finished pixels: outlines, ground, sky and the id at each pixel's centre.

use super::Shadow;
use super::program::{Program, buffer, cleared, entry, shader, texture};
use crate::render::gpu::{Targets, targets as format};

/// The shader's text.
pub const TEXT: &str = shader!("common/view.wgsl", "common/light.wgsl", "resolve.wgsl");

/// The compiled pass.
#[derive(Debug)]
pub struct Resolve {
    pipeline: wgpu::RenderPipeline,
    group: wgpu::BindGroupLayout,
}

impl Resolve {
    /// Compiles the pass.
    pub fn new(device: &wgpu::Device, shadow: &Shadow) -> Self {
        use wgpu::ShaderStages as Stages;
        let group = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("resolve"),
            entries: &[
                entry(0, Stages::FRAGMENT, buffer(wgpu::BufferBindingType::Uniform)),
                entry(1, Stages::FRAGMENT, texture(wgpu::TextureSampleType::Float { filterable: false })),
                entry(2, Stages::FRAGMENT, texture(wgpu::TextureSampleType::Uint)),
            ],
        });
        let pipeline = Program {
            label: "resolve",
            text: TEXT,
            groups: &[&group, &shadow.reader],
            positions: false,
            targets: &[format::COLOUR, format::ID],
            depth: None,
            bias: (0, 0.0),
        }
        .compile(device);
        Self { pipeline, group }
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
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("resolve"),
            layout: &self.group,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: view.as_entire_binding() },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::TextureView(&targets.samples) },
                wgpu::BindGroupEntry { binding: 2, resource: wgpu::BindingResource::TextureView(&targets.features) },
            ],
        });
        let [colour, ids] =
            [&targets.colour, &targets.ids].map(|t| t.create_view(&wgpu::TextureViewDescriptor::default()));
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("resolve"),
            color_attachments: &[cleared(&colour), cleared(&ids)],
            ..Default::default()
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.set_bind_group(1, &shadow.read, &[]);
        pass.draw(0..3, 0..1);
    }
}
