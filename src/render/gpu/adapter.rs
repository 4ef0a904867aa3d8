//! Finding and opening a Vulkan adapter without a display.

use std::sync::Arc;

use crate::fault::{Fault, Kind, Result};

/// What to do about a machine without an adapter.
const REMEDY: &str = "install a Vulkan driver: apt-get install libvulkan1 mesa-vulkan-drivers";

/// Opens the best adapter that opens, with its name for people.
pub fn open() -> Result<(wgpu::Device, wgpu::Queue, String)> {
    let mut instance = wgpu::InstanceDescriptor::new_without_display_handle();
    // Vulkan alone: reversed depth is exact there and is not on OpenGL.
    instance.backends = wgpu::Backends::VULKAN;
    instance.flags = wgpu::InstanceFlags::empty();
    let instance = wgpu::Instance::new(instance);
    let mut adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::VULKAN));
    adapters.sort_by_key(|a| match a.get_info().device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Cpu => 3,
        wgpu::DeviceType::Other => 4,
    });
    let mut reasons = Vec::new();
    for adapter in adapters {
        let info = adapter.get_info();
        let limits = adapter.limits();
        let wanted = wgpu::Limits {
            max_buffer_size: limits.max_buffer_size.min(1 << 30),
            max_storage_buffer_binding_size: limits.max_storage_buffer_binding_size.min(1 << 28),
            ..wgpu::Limits::downlevel_defaults()
        };
        let request = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("cimbra"),
            required_limits: wanted.using_resolution(limits),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        }));
        match request {
            Ok((device, queue)) => {
                // Errors outside the scopes of a drawing must not end the process, which is what happens by default.
                device.on_uncaptured_error(Arc::new(|error| tracing::error!(%error, "graphics adapter")));
                return Ok((device, queue, info.name));
            }
            Err(error) => reasons.push(format!("{}: {error}", info.name)),
        }
    }
    let detail = if reasons.is_empty() {
        "this machine has no graphics adapter to draw with".to_owned()
    } else {
        format!("no graphics adapter can be used ({})", reasons.join("; "))
    };
    Err(Fault::new(Kind::Unavailable, detail).remedy(REMEDY))
}
