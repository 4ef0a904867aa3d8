//! Bringing finished pixels back from the adapter.

use std::time::Duration;

use super::{Picture, Targets};
use crate::fault::{Fault, Kind, Result};

/// Buffers that a submitted tile is copied into.
pub struct Pending {
    colour: wgpu::Buffer,
    ids: wgpu::Buffer,
    row: u32,
}

/// Records the copies of a tile's finished textures.
pub fn copy(device: &wgpu::Device, encoder: &mut wgpu::CommandEncoder, targets: &Targets) -> Pending {
    let [width, height] = targets.size;
    let row = (width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let [colour, ids] = [&targets.colour, &targets.ids].map(|texture| {
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("readback"),
            size: u64::from(row) * u64::from(height),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None };
        encoder.copy_texture_to_buffer(
            texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo { buffer: &buffer, layout },
            wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        );
        buffer
    });
    Pending { colour, ids, row }
}

impl Pending {
    /// Waits for the tile `[x, y, width, height]` and writes its pixels into `picture`.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] when the adapter is lost or takes longer than `patience`.
    pub fn read_into(
        self,
        device: &wgpu::Device,
        patience: Duration,
        picture: &mut Picture,
        [x, y, width, _]: [u32; 4],
    ) -> Result<()> {
        let lost = |what: String| Fault::new(Kind::Unavailable, format!("the graphics adapter failed: {what}"));
        for buffer in [&self.colour, &self.ids] {
            // A failure to map shows as an error of `get_mapped_range` below.
            buffer.slice(..).map_async(wgpu::MapMode::Read, |_| ());
        }
        let wait = wgpu::PollType::Wait { submission_index: None, timeout: Some(patience) };
        device.poll(wait).map_err(|e| lost(e.to_string()))?;
        let colour = self.colour.slice(..).get_mapped_range().map_err(|e| lost(e.to_string()))?;
        let ids = self.ids.slice(..).get_mapped_range().map_err(|e| lost(e.to_string()))?;
        let stride = picture.size[0] as usize;
        let (row, used) = (self.row as usize, width as usize * 4);
        let rows = picture.colour.chunks_mut(stride).zip(picture.ids.chunks_mut(stride)).skip(y as usize);
        for ((colours_out, ids_out), (colours, ids)) in rows.zip(colour.chunks(row).zip(ids.chunks(row))) {
            let columns = x as usize..(x + width) as usize;
            colours_out[columns.clone()].as_flattened_mut().copy_from_slice(&colours[..used]);
            bytemuck::cast_slice_mut(&mut ids_out[columns]).copy_from_slice(&ids[..used]);
        }
        Ok(())
    }
}
