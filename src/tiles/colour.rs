//! Colours as tiles carry them: linear bytes, and rooms that are seen through.

use crate::geom::Surface;
use crate::lod::colour;
use crate::model::{Class, Severity};

/// The share of light let through by rooms, whose walls and things must stay visible, as alpha.
pub const GLASS: u8 = 72;

/// `surface` on an asset of `class` as glTF wants vertex colours: linear red, green and blue (glTF 2.0 §3.7.2.1), straight
/// alpha. A colour of the source wins.
pub fn of(class: Class, surface: &Surface, alpha: u8) -> [u8; 4] {
    let own = surface.colour.map(|[r, g, b, _]| [r, g, b]);
    let [r, g, b] =
        own.or_else(|| colour::of_kind(surface.kind)).unwrap_or_else(|| colour::of_class(class)).map(linear);
    [r, g, b, alpha]
}

/// One sRGB channel in linear light, as a byte.
pub fn linear(channel: u8) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded and between 0 and 255")]
    let byte = (colour::linear(channel) * 255.0).round() as u8;
    byte
}

/// The sRGB of an active alarm on what is shown live beside the tiles; the same as in `portal/src/live-tiles.js`.
pub const fn of_severity(severity: Severity) -> [u8; 3] {
    match severity {
        Severity::Critical => [255, 45, 32],
        Severity::Major => [255, 138, 0],
        Severity::Minor => [255, 214, 10],
        Severity::Warning => [47, 155, 255],
    }
}
