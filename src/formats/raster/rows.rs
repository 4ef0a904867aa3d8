//! Strips and tiles put together to rows, sample by sample.

use super::geo::Tags;
use super::{ROW_OF_CHUNKS, guarded, too_large, unreadable};
use crate::fault::{Fault, Result};
use std::fs::File;
use std::io::BufReader;
use tiff::ColorType;
use tiff::decoder::{ChunkType, Decoder, DecodingResult};
use tiff::tags::Tag;

/// Heights beyond are no heights: what no ground has, metres.
const GROUND: std::ops::RangeInclusive<f64> = -12_000.0..=50_000.0;

/// How samples lie and what they mean.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    colour: ColorType,
    pub bits: u8,
    pub is_unsigned: bool,
    pub is_jpeg: bool,
    bands: usize,
    /// Whether each band lies apart.
    planar: bool,
    /// The band that is alpha.
    alpha: Option<usize>,
    /// Whether colours are multiplied by alpha already.
    premultiplied: bool,
    /// The value that stands for none.
    void: Option<f64>,
    /// Red, green, blue by index, where one band is an index.
    palette: Vec<[u8; 3]>,
    /// The factor and the addend that make heights of samples.
    pub scale: (f64, f64),
    pub notes: Vec<String>,
}

impl Layout {
    pub fn read(tags: &mut Tags, colour: ColorType) -> Result<Self> {
        let bands = tags.number(Tag::SamplesPerPixel)?.unwrap_or(1.0);
        let bands = if (1.0..=64.0).contains(&bands) { bands as usize } else { 0 };
        if bands == 0 {
            return Err(Fault::bad_input("has no band, or more than 64"));
        }
        let extra = tags.numbers(Tag::ExtraSamples)?;
        let alpha_kind = extra.iter().position(|kind| *kind == 1.0 || *kind == 2.0);
        let alpha = alpha_kind.map(|k| bands.saturating_sub(extra.len()) + k);
        let premultiplied = alpha_kind.and_then(|k| extra.get(k)) == Some(&1.0);
        let nodata = tags.text(Tag::GdalNodata)?;
        let void = nodata.as_ref().map(|text| text.trim().parse::<f64>());
        let mut notes = Vec::new();
        let void = match void {
            Some(Ok(void)) => Some(void),
            Some(Err(_)) => {
                let said: String = nodata.unwrap_or_default().chars().take(40).collect();
                notes.push(format!("its no-data value '{said}' is no number and is passed over"));
                None
            }
            None => None,
        };
        let map = if matches!(colour, ColorType::Gray(8)) { tags.numbers(Tag::ColorMap)? } else { Vec::new() };
        let third = map.len() / 3;
        let (red, rest) = map.split_at_checked(third).unwrap_or_default();
        let (green, blue) = rest.split_at_checked(third).unwrap_or_default();
        let eight = |n: &f64| (n / 257.0).round() as u8;
        let palette = red.iter().zip(green).zip(blue).map(|((r, g), b)| [eight(r), eight(g), eight(b)]).collect();
        let shown = match colour {
            ColorType::Multiband { bit_depth: 8 | 16, num_samples: 3.. } | ColorType::RGB(_) | ColorType::RGBA(_) => 3,
            ColorType::Multiband { .. } => 1,
            _ => bands,
        };
        let hidden = bands.saturating_sub(shown + usize::from(alpha.is_some()));
        if hidden > 0 {
            notes.push(format!("{hidden} of its {bands} bands are left out"));
        }
        Ok(Self {
            colour,
            bits: colour.bit_depth(),
            is_unsigned: tags.number(Tag::SampleFormat)?.is_none_or(|format| format == 1.0),
            is_jpeg: tags.number(Tag::Compression)? == Some(7.0),
            bands,
            planar: tags.number(Tag::PlanarConfiguration)? == Some(2.0),
            alpha,
            premultiplied,
            void,
            palette,
            scale: (1.0, 0.0),
            notes,
        })
    }

    /// The height that a pixel says.
    pub fn height(&self, band: &dyn Fn(usize) -> Option<f64>) -> f32 {
        let Some(value) = band(0).filter(|v| !self.is_void(*v)) else { return f32::NAN };
        let height = value * self.scale.0 + self.scale.1;
        if GROUND.contains(&height) { height as f32 } else { f32::NAN }
    }

    fn is_void(&self, value: f64) -> bool {
        // A no-data value is text: of samples with 32 bits it is one of them only after rounding.
        self.void.is_some_and(|void| value == void || f64::from(void as f32) == value)
    }

    /// The colour that a pixel has.
    pub fn colour(&self, band: &dyn Fn(usize) -> Option<f64>) -> [u8; 4] {
        let (first, second, third) = match self.colour {
            ColorType::RGB(_) | ColorType::RGBA(_) | ColorType::YCbCr(_) => (0, 1, 2),
            ColorType::Multiband { num_samples: 3.., .. } if self.alpha != Some(1) => (0, 1, 2),
            _ => (0, 0, 0),
        };
        let (Some(r), Some(g), Some(b)) = (band(first), band(second), band(third)) else { return [0; 4] };
        if self.is_void(r) && self.is_void(g) && self.is_void(b) {
            return [0; 4];
        }
        if !self.palette.is_empty() {
            return self.palette.get(r as usize).map_or([0; 4], |[r, g, b]| [*r, *g, *b, 255]);
        }
        let [r, g, b] = if let ColorType::YCbCr(_) = self.colour {
            // ITU-R BT.601, full range, as JPEG's files have it; the library leaves it to its callers.
            let (y, blue, red) = (r, g - 128.0, b - 128.0);
            [y + 1.402 * red, y - 0.344_136 * blue - 0.714_136 * red, y + 1.772 * blue]
        } else {
            [r, g, b]
        };
        let whole = if self.bits == 16 { 257.0 } else { 1.0 };
        let alpha = self.alpha.and_then(band).map_or(255.0, |a| a / whole);
        let share = if self.premultiplied && alpha > 0.0 { alpha / 255.0 } else { 1.0 };
        let [r, g, b] = [r, g, b].map(|c| (c / whole / share).round().clamp(0.0, 255.0) as u8);
        [r, g, b, alpha.round() as u8]
    }
}

fn sample(chunk: &DecodingResult, at: usize) -> Option<f64> {
    Some(match chunk {
        DecodingResult::U8(v) => f64::from(*v.get(at)?),
        DecodingResult::U16(v) => f64::from(*v.get(at)?),
        DecodingResult::U32(v) => f64::from(*v.get(at)?),
        DecodingResult::U64(v) => *v.get(at)? as f64,
        DecodingResult::F16(v) => f64::from(*v.get(at)?),
        DecodingResult::F32(v) => f64::from(*v.get(at)?),
        DecodingResult::F64(v) => *v.get(at)?,
        DecodingResult::I8(v) => f64::from(*v.get(at)?),
        DecodingResult::I16(v) => f64::from(*v.get(at)?),
        DecodingResult::I32(v) => f64::from(*v.get(at)?),
        DecodingResult::I64(v) => *v.get(at)? as f64,
    })
}

/// What makes a pixel of its samples.
pub(super) type Pixel<'a, T> = dyn Fn(&dyn Fn(usize) -> Option<f64>) -> T + 'a;

/// Gives every row of pixels from north to south.
pub(super) fn rows<T: Copy>(
    decoder: &mut Decoder<BufReader<File>>,
    layout: &Layout,
    blank: T,
    pixel: &Pixel<'_, T>,
    sink: &mut dyn FnMut(&[T]) -> Result<()>,
) -> Result<()> {
    let (width, height) = decoder.dimensions().map_err(unreadable)?;
    let (across, down) = decoder.chunk_dimensions();
    if u64::from(width) * u64::from(down.min(height)) > ROW_OF_CHUNKS {
        return Err(too_large());
    }
    let (columns, bands_of_rows) = (width.div_ceil(across.max(1)), height.div_ceil(down.max(1)));
    let per_plane = columns.saturating_mul(bands_of_rows);
    let there = match decoder.get_chunk_type() {
        ChunkType::Strip => decoder.strip_count(),
        ChunkType::Tile => decoder.tile_count(),
    };
    let planes = if layout.planar { u32::try_from(layout.bands).unwrap_or(1) } else { 1 };
    if there.map_err(unreadable)? < per_plane.saturating_mul(planes) {
        return Err(Fault::bad_input("has fewer strips or tiles than its size asks for"));
    }
    let step = if layout.planar { 1 } else { layout.bands };
    let mut buffer: Vec<T> = Vec::new();
    for band_of_rows in 0..bands_of_rows {
        let rows = down.min(height - band_of_rows * down) as usize;
        buffer.clear();
        buffer.resize(width as usize * rows, blank);
        for column in 0..columns {
            let place = band_of_rows * columns + column;
            let chunks: Vec<DecodingResult> = (0..planes)
                .map(|plane| guarded(|| decoder.read_chunk(place + plane * per_plane).map_err(unreadable)))
                .collect::<Result<_>>()
                .map_err(|fault| fault.about(format!("strip or tile {place}")))?;
            let wide = across.min(width - column * across) as usize;
            let left = (column * across) as usize;
            for (y, line) in buffer.chunks_exact_mut(width as usize).enumerate() {
                let part = line.get_mut(left..left + wide).unwrap_or_default();
                for (x, out) in part.iter_mut().enumerate() {
                    let at = (y * wide + x) * step;
                    *out = pixel(&|band| match layout.planar {
                        true => chunks.get(band).and_then(|chunk| sample(chunk, at)),
                        false => chunks.first().filter(|_| band < step).and_then(|chunk| sample(chunk, at + band)),
                    });
                }
            }
        }
        buffer.chunks_exact(width as usize).try_for_each(&mut *sink)?;
    }
    Ok(())
}
