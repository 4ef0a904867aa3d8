//! Every triangle into colour, id and normal in one pass of four samples a pixel.

use super::Shadow;
use super::program::{Program, buffer, cleared, depth, entry, shader};
use crate::render::gpu::{Targets, Uploaded, targets as format};

/// The shader's text.
pub const TEXT: &str = shader!("common/view.wgsl", "common/light.wgsl", "surface.wgsl");

/// The compiled pass.
#[derive(Debug)]
pub struct Surfaces {
    pipeline: wgpu::RenderPipeline,
    group: wgpu::BindGroupLayout,
}

impl Surfaces {
    /// Compiles the pass.
    pub fn new(device: &wgpu::Device, shadow: &Shadow) -> Self {
        use wgpu::ShaderStages as Stages;
        let group = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("surface"),
            entries: &[
                entry(0, Stages::VERTEX_FRAGMENT, buffer(wgpu::BufferBindingType::Uniform)),
                entry(1, Stages::VERTEX, buffer(wgpu::BufferBindingType::Storage { read_only: true })),
            ],
        });
        let pipeline = Program {
            label: "surface",
            text: TEXT,
            groups: &[&group, &shadow.reader],
            positions: true,
            targets: &[format::SAMPLE, format::FEATURE],
            // Depth is reversed: what is nearer is greater.
            depth: Some((format::DEPTH, wgpu::CompareFunction::Greater)),
            bias: (0, 0.0),
        }
        .compile(device);
        Self { pipeline, group }
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
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("surface"),
            layout: &self.group,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: view.as_entire_binding() },
                wgpu::BindGroupEntry { binding: 1, resource: scene.faces.as_entire_binding() },
            ],
        });
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("surface"),
            color_attachments: &[cleared(&targets.samples), cleared(&targets.features)],
            depth_stencil_attachment: Some(depth(&targets.depth, 0.0, wgpu::StoreOp::Discard)),
            ..Default::default()
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.set_bind_group(1, &shadow.read, &[]);
        pass.set_vertex_buffer(0, scene.vertices.slice(..));
        pass.draw(0..scene.count, 0..1);
    }
}
