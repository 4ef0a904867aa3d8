//! Which properties say how high a building is, and on what it stands.

use crate::model::{Attributes, Value};

/// Properties that give the height of the top above the ground in metres, in order of preference.
pub(super) const HEIGHTS: &[&str] = &[
    "height",
    "building:height",
    "measuredHeight",
    "measured_height",
    "bldg_height",
    "building_height",
    "render_height",
    "Height",
    "HEIGHT",
    "hoogte",
    "高度",
    "楼高",
];
/// Properties that give the height of the top in the source's own heights; used with one of [`BASES`].
pub(super) const TOPS: &[&str] = &["b3_h_dak_max", "b3_h_max", "h_dak_max", "roof_elevation"];
/// Properties that give the height of the ground in the source's own heights.
pub(super) const BASES: &[&str] =
    &["base_height", "ground_height", "base_elevation", "b3_h_maaiveld", "h_maaiveld", "地面高程"];
/// Properties that give how far above the ground the lowest part begins (OpenStreetMap's `min_height`).
pub(super) const RAISED: &[&str] = &["min_height", "building:min_height", "render_min_height"];

/// The first of `names` that holds a number, also as text with a metre sign (`"12.5 m"`).
pub(super) fn number<'n>(properties: &Attributes, names: &[&'n str]) -> Option<(&'n str, f64)> {
    names.iter().find_map(|name| {
        let (_, value) = properties.iter().find(|(known, _)| known == name)?;
        #[expect(clippy::cast_precision_loss, reason = "a height in whole metres")]
        let number = match value {
            Value::Int(n) => *n as f64,
            Value::Float(n) => *n,
            Value::Text(text) => {
                let text = text.trim();
                text.strip_suffix('m').or(text.strip_suffix('米')).unwrap_or(text).trim_end().parse().ok()?
            }
            _ => return None,
        };
        number.is_finite().then_some((*name, number))
    })
}
