//! The textures a tile is drawn into: four samples a pixel, and the finished pixels.

use super::APRON;

/// Colour of samples; alpha tells background (0), glass (0.5) and solid (1) apart.
pub const SAMPLE: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8UnormSrgb;
/// Id and packed normal of samples.
pub const FEATURE: wgpu::TextureFormat = wgpu::TextureFormat::Rg32Uint;
/// Reversed depth of samples.
pub const DEPTH: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;
/// Colour of finished pixels.
pub const COLOUR: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8UnormSrgb;
/// Ids of finished pixels.
pub const ID: wgpu::TextureFormat = wgpu::TextureFormat::R32Uint;

/// The textures of one tile.
pub struct Targets {
    /// Width and height in finished pixels.
    pub size: [u32; 2],
    /// Colour of samples, apron included.
    pub samples: wgpu::TextureView,
    /// Id and normal of samples, apron included.
    pub features: wgpu::TextureView,
    /// Depth of samples, apron included.
    pub depth: wgpu::TextureView,
    /// Finished colours.
    pub colour: wgpu::Texture,
    /// Finished ids.
    pub ids: wgpu::Texture,
}

impl Targets {
    /// Textures for a tile of `size` pixels.
    pub fn new(device: &wgpu::Device, size: [u32; 2]) -> Self {
        use wgpu::TextureUsages as Usage;
        let of = |[width, height]: [u32; 2], format, usage| {
            device.create_texture(&wgpu::TextureDescriptor {
                label: None,
                size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format,
                usage: usage | Usage::RENDER_ATTACHMENT,
                view_formats: &[],
            })
        };
        let view = |texture: wgpu::Texture| texture.create_view(&wgpu::TextureViewDescriptor::default());
        let fine = size.map(|n| (n + 2 * APRON) * 2);
        Self {
            size,
            samples: view(of(fine, SAMPLE, Usage::TEXTURE_BINDING)),
            features: view(of(fine, FEATURE, Usage::TEXTURE_BINDING)),
            depth: view(of(fine, DEPTH, Usage::empty())),
            colour: of(size, COLOUR, Usage::COPY_SRC),
            ids: of(size, ID, Usage::COPY_SRC),
        }
    }
}
