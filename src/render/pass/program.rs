//! What all passes need to become a pipeline: the shader's text with the shared parts before it, and layouts.

/// The text of a pass's shader: shared parts first. The paths are below `shaders/`.
macro_rules! shader {
    ($($path:literal),+) => {
        concat!($(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $path)), "\n"),+)
    };
}
pub(super) use shader;

/// One entry of a bind group layout.
pub fn entry(binding: u32, visibility: wgpu::ShaderStages, ty: wgpu::BindingType) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry { binding, visibility, ty, count: None }
}

/// A buffer of the kind `ty`.
pub const fn buffer(ty: wgpu::BufferBindingType) -> wgpu::BindingType {
    wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None }
}

/// A two-dimensional texture read by `textureLoad`.
pub const fn texture(sample_type: wgpu::TextureSampleType) -> wgpu::BindingType {
    wgpu::BindingType::Texture { sample_type, view_dimension: wgpu::TextureViewDimension::D2, multisampled: false }
}

/// What differs from pass to pass in a pipeline.
pub struct Program<'a> {
    /// For error messages.
    pub label: &'static str,
    /// WGSL with entry points `vertex` and, when there are colour targets, `fragment`.
    pub text: &'a str,
    /// What its own bind group holds: group 0.
    pub entries: &'a [wgpu::BindGroupLayoutEntry],
    /// The layout of the group of another pass that it reads: group 1.
    pub reads: Option<&'a wgpu::BindGroupLayout>,
    /// Whether positions come from a vertex buffer.
    pub positions: bool,
    /// Formats of the colour targets.
    pub targets: &'a [wgpu::TextureFormat],
    /// Depth format and the comparison that lets a sample pass.
    pub depth: Option<(wgpu::TextureFormat, wgpu::CompareFunction)>,
    /// Depth bias in steps and by slope.
    pub bias: (i32, f32),
}

impl Program<'_> {
    /// Compiles the pass; errors go to the device's error scope.
    pub fn compile(&self, device: &wgpu::Device) -> Pass {
        let group = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some(self.label),
            entries: self.entries,
        });
        let pipeline = self.pipeline(device, &group);
        Pass { label: self.label, pipeline, group }
    }

    fn pipeline(&self, device: &wgpu::Device, own: &wgpu::BindGroupLayout) -> wgpu::RenderPipeline {
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(self.label),
            source: wgpu::ShaderSource::Wgsl(self.text.into()),
        });
        let groups: Vec<_> = std::iter::once(own).chain(self.reads).map(Some).collect();
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(self.label),
            bind_group_layouts: &groups,
            immediate_size: 0,
        });
        let attributes = wgpu::vertex_attr_array![0 => Float32x3];
        let positions = [Some(wgpu::VertexBufferLayout {
            array_stride: 12,
            step_mode: wgpu::VertexStepMode::Vertex,
            attributes: &attributes,
        })];
        let targets: Vec<_> = self.targets.iter().map(|f| Some((*f).into())).collect();
        device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(self.label),
            layout: Some(&layout),
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("vertex"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: if self.positions { &positions } else { &[] },
            },
            // No culling: sources do not agree on which way faces turn.
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: self.depth.map(|(format, compare)| wgpu::DepthStencilState {
                format,
                depth_write_enabled: Some(true),
                depth_compare: Some(compare),
                stencil: wgpu::StencilState::default(),
                bias: wgpu::DepthBiasState { constant: self.bias.0, slope_scale: self.bias.1, clamp: 0.0 },
            }),
            multisample: wgpu::MultisampleState::default(),
            fragment: (!targets.is_empty()).then_some(wgpu::FragmentState {
                module: &module,
                entry_point: Some("fragment"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                targets: &targets,
            }),
            multiview_mask: None,
            cache: None,
        })
    }
}

/// A compiled pass.
#[derive(Debug)]
pub struct Pass {
    label: &'static str,
    pipeline: wgpu::RenderPipeline,
    group: wgpu::BindGroupLayout,
}

impl Pass {
    /// Begins the pass with `resources` as its own bind group, in the order of the program's entries; what it reads of other
    /// passes, vertices and the drawing itself follow.
    pub fn begin<'e>(
        &self,
        device: &wgpu::Device,
        encoder: &'e mut wgpu::CommandEncoder,
        resources: &[wgpu::BindingResource<'_>],
        colours: &[Option<wgpu::RenderPassColorAttachment<'_>>],
        depth: Option<wgpu::RenderPassDepthStencilAttachment<'_>>,
    ) -> wgpu::RenderPass<'e> {
        let numbered = (0..).zip(resources.iter().cloned());
        let entries: Vec<_> = numbered.map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(self.label),
            layout: &self.group,
            entries: &entries,
        });
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some(self.label),
            color_attachments: colours,
            depth_stencil_attachment: depth,
            ..Default::default()
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass
    }
}

/// A colour attachment that starts empty.
pub fn cleared(view: &wgpu::TextureView) -> Option<wgpu::RenderPassColorAttachment<'_>> {
    Some(wgpu::RenderPassColorAttachment {
        view,
        depth_slice: None,
        resolve_target: None,
        ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT), store: wgpu::StoreOp::Store },
    })
}

/// A depth attachment that starts at `value`.
pub fn depth(view: &wgpu::TextureView, value: f32, store: wgpu::StoreOp) -> wgpu::RenderPassDepthStencilAttachment<'_> {
    wgpu::RenderPassDepthStencilAttachment {
        view,
        depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(value), store }),
        stencil_ops: None,
    }
}
