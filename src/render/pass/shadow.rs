//! The shadow map: depth as the sun sees it, read by the passes that light things.

use super::program::{Pass, Program, buffer, depth, entry, shader, texture};
use crate::render::gpu::Uploaded;

/// Width and height of the map in texels.
const SIDE: u32 = 2048;
const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;

/// The shader's text.
pub const TEXT: &str = shader!("common/view.wgsl", "shadow.wgsl");

/// The pass and its map, kept between pictures.
#[derive(Debug)]
pub struct Shadow {
    pass: Pass,
    map: wgpu::TextureView,
    /// Layout of the group by which other passes read the map.
    pub reader: wgpu::BindGroupLayout,
    /// That group.
    pub read: wgpu::BindGroup,
}

impl Shadow {
    /// Compiles the pass and makes its map.
    pub fn new(device: &wgpu::Device) -> Self {
        use wgpu::ShaderStages as Stages;
        let pass = Program {
            label: "shadow",
            text: TEXT,
            entries: &[entry(0, Stages::VERTEX, buffer(wgpu::BufferBindingType::Uniform))],
            reads: None,
            positions: true,
            targets: &[],
            depth: Some((FORMAT, wgpu::CompareFunction::Less)),
            bias: (2, 2.5),
        }
        .compile(device);
        let map = device
            .create_texture(&wgpu::TextureDescriptor {
                label: Some("shadow map"),
                size: wgpu::Extent3d { width: SIDE, height: SIDE, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: FORMAT,
                usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING,
                view_formats: &[],
            })
            .create_view(&wgpu::TextureViewDescriptor::default());
        let reader = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("shadow map"),
            entries: &[
                entry(0, Stages::FRAGMENT, texture(wgpu::TextureSampleType::Depth)),
                entry(1, Stages::FRAGMENT, wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Comparison)),
            ],
        });
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            compare: Some(wgpu::CompareFunction::LessEqual),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..Default::default()
        });
        let read = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("shadow map"),
            layout: &reader,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(&map) },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::Sampler(&sampler) },
            ],
        });
        Self { pass, map, reader, read }
    }

    /// Records the drawing of the map for the sun of `view`.
    pub fn record(
        &self,
        device: &wgpu::Device,
        encoder: &mut wgpu::CommandEncoder,
        view: &wgpu::Buffer,
        scene: &Uploaded,
    ) {
        let depth = depth(&self.map, 1.0, wgpu::StoreOp::Store);
        let mut pass = self.pass.begin(device, encoder, &[view.as_entire_binding()], &[], Some(depth));
        pass.set_vertex_buffer(0, scene.vertices.slice(..));
        pass.draw(0..scene.casting, 0..1);
    }
}
