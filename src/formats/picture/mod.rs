//! Pictures on surfaces: what kind one is, how large, what it looks like from afar, and in which form it is kept.

mod form;
mod ktx2;
mod most;
mod set;

pub(super) use form::{put_shown, shown};
pub use form::{put_textures, textures};
pub(super) use most::Allowance;
pub(super) use set::{Look, Lost, Pictures};

use crate::fault::{Fault, Kind, Result};
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, GenericImageView, ImageFormat, ImageReader, Limits};
use sha2::{Digest, Sha256};
use std::io::Cursor;

/// The most pixels along a side: what every graphics card shows.
const SIDE: u32 = 8192;
/// The most memory that unpacking one takes, bytes.
const UNPACKED: u64 = 512 << 20;
/// The most bytes of a picture as it comes.
const LARGEST: u64 = 128 << 20;

/// A kind of picture that glTF may hold, itself or by an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP (`EXT_texture_webp`).
    WebP,
    /// KTX 2 with Basis Universal (`KHR_texture_basisu`).
    Ktx2,
}

impl Media {
    /// What `bytes` begin as.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let riff = |rest: &[u8]| rest.get(4..8).is_some_and(|kind| kind == b"WEBP");
        Some(match bytes {
            [0x89, b'P', b'N', b'G', ..] => Self::Png,
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            [b'R', b'I', b'F', b'F', rest @ ..] if riff(rest) => Self::WebP,
            _ if bytes.starts_with(ktx2::BEGINNING) => Self::Ktx2,
            _ => return None,
        })
    }
    /// Its media type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
            Self::Ktx2 => "image/ktx2",
        }
    }
}

/// A picture by what it is known by: the SHA-256 of its bytes.
pub fn hash_of(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A picture that can be shown.
pub(super) struct Sound {
    /// In the form in which it is kept.
    pub bytes: Vec<u8>,
    /// The mean of its colours in sRGB; nothing of a KTX 2, which is not unpacked here.
    pub mean: Option<[u8; 3]>,
    /// Whether it can be seen through somewhere.
    pub sheer: bool,
}

/// Looks a picture through: it must be of a known kind, within the limits, and whole. A PNG is kept as WebP where that is shorter
/// and loses nothing; all else as it came, for packing a JPEG again would cost likeness, or several times its bytes.
///
/// # Errors
/// What it is or lacks, as a sentence's end.
pub(super) fn sound(bytes: Vec<u8>) -> Result<Sound> {
    if bytes.len() as u64 > LARGEST {
        return Err(set::over());
    }
    let media = Media::of(&bytes).ok_or_else(|| Fault::bad_input("is no PNG, JPEG, WebP or KTX 2"))?;
    let format = match media {
        Media::Png => ImageFormat::Png,
        Media::Jpeg => ImageFormat::Jpeg,
        Media::WebP => ImageFormat::WebP,
        Media::Ktx2 => {
            ktx2::check(&bytes, SIDE)?;
            return Ok(Sound { bytes, mean: None, sheer: false });
        }
    };
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height, limits.max_alloc) = (Some(SIDE), Some(SIDE), Some(UNPACKED));
    let mut reader = ImageReader::with_format(Cursor::new(&bytes), format);
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| match error {
        image::ImageError::Limits(_) => large(),
        other => Fault::bad_input(format!("is not whole: {}", other.to_string().chars().take(120).collect::<String>())),
    })?;
    let (mean, sheer) = seen(&picture);
    let bytes = packed(&picture, media).filter(|packed| packed.len() < bytes.len()).unwrap_or(bytes);
    Ok(Sound { bytes, mean: Some(mean), sheer })
}

fn large() -> Fault {
    Fault::new(Kind::TooLarge, format!("has over {SIDE} pixels along a side, or takes over {} MiB", UNPACKED >> 20))
}

/// A PNG of 8 bits as WebP.
fn packed(picture: &DynamicImage, media: Media) -> Option<Vec<u8>> {
    let (bytes, colours) = match picture {
        _ if media != Media::Png => return None,
        DynamicImage::ImageLuma8(p) => (p.as_raw(), ExtendedColorType::L8),
        DynamicImage::ImageLumaA8(p) => (p.as_raw(), ExtendedColorType::La8),
        DynamicImage::ImageRgb8(p) => (p.as_raw(), ExtendedColorType::Rgb8),
        DynamicImage::ImageRgba8(p) => (p.as_raw(), ExtendedColorType::Rgba8),
        _ => return None,
    };
    let mut out = Vec::new();
    WebPEncoder::new_lossless(&mut out).encode(bytes, picture.width(), picture.height(), colours).ok()?;
    Some(out)
}

/// The mean of what is seen, in linear light as an eye takes it, and whether it is seen through.
fn seen(picture: &DynamicImage) -> ([u8; 3], bool) {
    let linear: Vec<f64> = (0..=u8::MAX).map(linear).collect();
    let (mut sum, mut weight, mut sheer) = ([0.0; 3], 0.0, false);
    for (_, _, image::Rgba([r, g, b, a])) in picture.pixels() {
        let share = f64::from(a) / 255.0;
        sheer |= a < u8::MAX;
        weight += share;
        for (sum, channel) in sum.iter_mut().zip([r, g, b]) {
            *sum += share * linear.get(usize::from(channel)).copied().unwrap_or_default();
        }
    }
    (sum.map(|sum| if weight > 0.0 { srgb(sum / weight) } else { u8::MAX }), sheer)
}

/// A channel of sRGB in linear light, from 0 to 1 (IEC 61966-2-1).
pub(super) fn linear(channel: u8) -> f64 {
    let c = f64::from(channel) / 255.0;
    if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

/// A share of linear light as a channel of sRGB.
pub(super) fn srgb(c: f64) -> u8 {
    let c = if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
    (c * 255.0).round().clamp(0.0, 255.0) as u8
}

/// A PNG or JPEG of a kept picture, for formats that know no other, with its file's ending; nothing where it cannot be unpacked.
pub fn as_common(bytes: &[u8]) -> Option<(Vec<u8>, &'static str)> {
    match Media::of(bytes)? {
        Media::Png => Some((bytes.to_vec(), "png")),
        Media::Jpeg => Some((bytes.to_vec(), "jpg")),
        Media::WebP => {
            let picture = image::load_from_memory_with_format(bytes, ImageFormat::WebP).ok()?;
            let mut out = Vec::new();
            picture.write_to(&mut Cursor::new(&mut out), ImageFormat::Png).ok()?;
            Some((out, "png"))
        }
        Media::Ktx2 => None,
    }
}

#[cfg(test)]
mod tests;
