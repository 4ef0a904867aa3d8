//! Instances of meshes (`EXT_mesh_gpu_instancing`): their maps, of one count and of the types that they may have.

use super::accessor::{Accessors, BYTE, FLOAT, SHORT};
use super::clip;
use super::document::Document;
use super::report::Log;
use super::rule::Rule;
use crate::geom::matrix::Matrix;
use serde_json::Value;

/// Translation, rotation by a unit quaternion, scale (§3.5.3).
pub(super) fn placed([x, y, z]: [f64; 3], [i, j, k, w]: [f64; 4], [a, b, c]: [f64; 3]) -> Matrix {
    let n = (i * i + j * j + k * k + w * w).sqrt();
    let [i, j, k, w] = if n > 0.0 { [i / n, j / n, k / n, w / n] } else { [0.0, 0.0, 0.0, 1.0] };
    let right = [1.0 - 2.0 * (j * j + k * k), 2.0 * (i * j + k * w), 2.0 * (i * k - j * w)].map(|n| n * a);
    let up = [2.0 * (i * j - k * w), 1.0 - 2.0 * (i * i + k * k), 2.0 * (j * k + i * w)].map(|n| n * b);
    let on = [2.0 * (i * k + j * w), 2.0 * (j * k - i * w), 1.0 - 2.0 * (i * i + j * j)].map(|n| n * c);
    let ([p, q, r], [s, t, u], [v, o, m]) = (right, up, on);
    [p, q, r, 0.0, s, t, u, 0.0, v, o, m, 0.0, x, y, z, 1.0]
}

/// The maps of a node's instances (`EXT_mesh_gpu_instancing`).
pub(super) fn instances(
    document: &Document,
    accessors: &Accessors,
    own: &Value,
    place: &str,
    log: &mut Log,
) -> Option<Vec<Matrix>> {
    let place = format!("{place}/extensions/EXT_mesh_gpu_instancing/attributes");
    let attributes = own.get("attributes").and_then(Value::as_object);
    let Some(attributes) = attributes.filter(|all| !all.is_empty()) else {
        log.find(Rule::Instancing, place, "has none");
        return None;
    };
    let mut count = None;
    let (mut shifts, mut turns, mut scales) = (None, None, None);
    for (name, number) in attributes {
        let number = number.as_u64().and_then(|n| usize::try_from(n).ok());
        let accessor = number.and_then(|n| Some((n, document.accessors.get(n)?)));
        let Some((number, accessor)) = accessor else {
            log.find(Rule::Reference, format!("{place}/{}", clip(name)), "names an accessor that is not there");
            return None;
        };
        if *count.get_or_insert(accessor.count) != accessor.count {
            log.find(
                Rule::Instancing,
                format!("{place}/{}", clip(name)),
                format!("has {} elements, others {count:?}", accessor.count),
            );
            return None;
        }
        let float = accessor.component_type == FLOAT;
        let quantized = accessor.normalized && matches!(accessor.component_type, BYTE | SHORT);
        let (slot, fits) = match name.as_str() {
            "TRANSLATION" => (&mut shifts, float && accessor.kind == "VEC3"),
            "ROTATION" => (&mut turns, (float || quantized) && accessor.kind == "VEC4"),
            "SCALE" => (&mut scales, float && accessor.kind == "VEC3"),
            _ => {
                // Only what is there has a count to go by.
                accessors.get(number)?;
                continue;
            }
        };
        if !fits {
            log.find(
                Rule::Instancing,
                format!("{place}/{name}"),
                format!("is {} of {}", accessor.kind, accessor.component_type),
            );
            return None;
        }
        *slot = Some(accessors.meant(number)?);
    }
    let three = |of: &Option<Vec<f64>>, k: usize, none: [f64; 3]| {
        of.as_ref().map_or(Some(none), |all| all.as_chunks::<3>().0.get(k).copied())
    };
    let mut crooked = 0_usize;
    let mut one = |k: usize| {
        let turn = turns
            .as_ref()
            .map_or(Some([0.0, 0.0, 0.0, 1.0]), |all: &Vec<f64>| all.as_chunks::<4>().0.get(k).copied())?;
        let length = turn.iter().map(|c| c * c).sum::<f64>().sqrt();
        crooked += usize::from(length.is_nan() || (length - 1.0).abs() > 0.02);
        Some(placed(three(&shifts, k, [0.0; 3])?, turn, three(&scales, k, [1.0; 3])?))
    };
    let all = (0..count.unwrap_or_default()).map(&mut one).collect();
    if crooked > 0 {
        log.find(Rule::Instancing, format!("{place}/ROTATION"), format!("{crooked} are no unit quaternions"));
    }
    all
}
