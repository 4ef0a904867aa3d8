//! Drawn pictures and their PNG forms (ISO/IEC 15948): colours as they are seen, ids as numbers.

use crate::fault::{Fault, Result};

/// The keyword of the text chunk that holds the legend of an id image.
const LEGEND: &str = "cimbra:ids";

/// A drawn picture: colour and id for each pixel, rows from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// sRGB and straight alpha.
    pub colour: Vec<[u8; 4]>,
    /// The id of the item at the pixel's centre; 0 is the background.
    pub ids: Vec<u32>,
}

impl Picture {
    /// A picture of nothing.
    pub fn blank(size: [u32; 2]) -> Self {
        let pixels = size[0] as usize * size[1] as usize;
        Self { size, colour: vec![[0; 4]; pixels], ids: vec![0; pixels] }
    }

    /// The id at a pixel; 0 outside the picture.
    pub fn id_at(&self, x: u32, y: u32) -> u32 {
        if x >= self.size[0] {
            return 0;
        }
        self.ids.get(y as usize * self.size[0] as usize + x as usize).copied().unwrap_or(0)
    }

    /// The colours as a PNG; with an alpha channel only where something is transparent.
    ///
    /// # Errors
    /// [`Kind::Internal`](crate::fault::Kind::Internal) when the encoder refuses.
    pub fn to_png(&self) -> Result<Vec<u8>> {
        if self.colour.iter().any(|p| p[3] != 255) {
            return encode(self.size, png::ColorType::Rgba, self.colour.as_flattened(), None);
        }
        let opaque: Vec<u8> = self.colour.iter().flat_map(|p| [p[0], p[1], p[2]]).collect();
        encode(self.size, png::ColorType::Rgb, &opaque, None)
    }

    /// The ids as a PNG: red, green and blue of a pixel are a number (red is its highest byte), 0 for nothing, otherwise
    /// the 1-based place in `legend`, which travels in the text chunk `cimbra:ids` (iTXt, UTF-8) as a JSON array.
    ///
    /// # Errors
    /// [`Kind::Internal`](crate::fault::Kind::Internal) when the encoder refuses.
    pub fn ids_to_png(&self, legend: &[impl AsRef<str>]) -> Result<Vec<u8>> {
        let names: Vec<&str> = legend.iter().map(AsRef::as_ref).collect();
        let text = serde_json::to_string(&names).map_err(|e| Fault::internal(format!("writing the legend: {e}")))?;
        let bytes: Vec<u8> = self.ids.iter().flat_map(|id| id.to_be_bytes().into_iter().skip(1)).collect();
        encode(self.size, png::ColorType::Rgb, &bytes, Some(text))
    }
}

/// Reads an id image back: its size, the number of each pixel and the legend.
///
/// # Errors
/// [`Kind::BadInput`](crate::fault::Kind::BadInput) when the bytes are not such an image.
pub fn decode_ids(bytes: &[u8]) -> Result<([u32; 2], Vec<u32>, Vec<String>)> {
    let bad = |e: &dyn std::fmt::Display| Fault::bad_input(format!("not an id image: {e}"));
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().map_err(|e| bad(&e))?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or_else(|| bad(&"it is too large"))?];
    reader.next_frame(&mut pixels).map_err(|e| bad(&e))?;
    let info = reader.info();
    let legend = info.utf8_text.iter().find(|t| t.keyword == LEGEND).ok_or_else(|| bad(&"it has no legend"))?;
    let text = legend.get_text().map_err(|e| bad(&e))?;
    let names = serde_json::from_str(&text).map_err(|e| bad(&e))?;
    let ids = pixels.as_chunks::<3>().0.iter().map(|p| u32::from_be_bytes([0, p[0], p[1], p[2]])).collect();
    Ok(([info.width, info.height], ids, names))
}

fn encode(size: [u32; 2], colour: png::ColorType, data: &[u8], legend: Option<String>) -> Result<Vec<u8>> {
    let failed = |e: png::EncodingError| Fault::internal(format!("writing a PNG: {e}"));
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, size[0], size[1]);
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    if let Some(text) = legend {
        encoder.add_itxt_chunk(LEGEND.to_owned(), text).map_err(failed)?;
    }
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(data).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}
