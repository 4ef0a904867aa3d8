//! Primitives (glTF 2.0 §3.7.2): attributes of one count and of allowed types, indices in range, as many as the mode needs.

use super::accessor::{Accessors, BYTE, FLOAT, SHORT, UNSIGNED_BYTE, UNSIGNED_INT, UNSIGNED_SHORT, size, whole};
use super::clip;
use super::document::{Accessor, Document, Primitive};
use super::picture;
use super::report::Log;
use super::rule::Rule;

/// What of a primitive is drawn.
pub(super) struct Solid {
    /// Positions as they are meant, in the mesh's frame.
    pub points: Vec<[f64; 3]>,
    /// The corners of their box.
    pub ends: [[f64; 3]; 8],
    /// The step of their quantisation; 0 for floats.
    pub step: f64,
    pub triangles: u64,
}

/// Checks a primitive; `None` where its positions are not known.
pub(super) fn check(
    document: &Document,
    accessors: &Accessors,
    own: &Primitive,
    place: &str,
    log: &mut Log,
) -> Option<Solid> {
    if own.extensions.get("KHR_draco_mesh_compression").is_some() {
        log.unseen("meshes of KHR_draco_mesh_compression");
        return None;
    }
    if own.material.is_some_and(|m| m >= document.materials.len()) {
        log.find(Rule::Reference, format!("{place}/material"), "names a material that is not there");
    }
    for set in own.material.and_then(|m| document.materials.get(m)).into_iter().flat_map(picture::sets) {
        if !own.attributes.contains_key(&format!("TEXCOORD_{set}")) {
            log.find(Rule::TextureCoordinates, format!("{place}/attributes"), format!("has no TEXCOORD_{set}"));
        }
    }
    if !own.targets.is_empty() {
        log.unseen("morph targets");
    }
    let mut counts = None;
    for (name, number) in &own.attributes {
        let place = format!("{place}/attributes/{}", clip(name));
        let Some(accessor) = document.accessors.get(*number) else {
            log.find(Rule::Reference, place, format!("names accessor {number}, which is not there"));
            continue;
        };
        attribute(document, name, accessor, &place, log);
        match counts {
            None => counts = Some(accessor.count),
            Some(count) if count != accessor.count => {
                log.find(Rule::AttributeCount, place, format!("has {} elements, others {count}", accessor.count));
            }
            Some(_) => {}
        }
    }
    let sets: Vec<u64> =
        own.attributes.keys().filter_map(|name| name.strip_prefix("_FEATURE_ID_")?.parse().ok()).collect();
    if let Some(n) = (0..sets.len() as u64).find(|n| !sets.contains(n)) {
        log.find(
            Rule::FeatureSet,
            format!("{place}/attributes"),
            format!("has {} sets of feature ids and no _FEATURE_ID_{n}", sets.len()),
        );
    }
    let Some(number) = own.attributes.get("POSITION") else {
        log.find(Rule::Reference, format!("{place}/attributes"), "has no POSITION");
        return None;
    };
    let accessor = document.accessors.get(*number)?;
    if accessor.min.is_none() || accessor.max.is_none() {
        log.find(Rule::Bounds, format!("/accessors/{number}"), "holds positions and lacks min or max");
    }
    let drawn = indices(document, accessors, own, accessor.count, place, log);
    let flat = accessors.meant(*number).filter(|_| accessor.kind == "VEC3")?;
    let points = flat.as_chunks::<3>().0.to_vec();
    let step = match (accessor.component_type, accessor.normalized) {
        (FLOAT, _) => 0.0,
        (kind, true) => 1.0 / whole(kind),
        (_, false) => 1.0,
    };
    let triangles = match own.mode.unwrap_or(4) {
        4 => drawn / 3,
        5 | 6 => drawn.saturating_sub(2),
        _ => 0,
    };
    let finite = points.iter().flatten().all(|c| c.is_finite());
    let ends = ends(&points);
    finite.then_some(Solid { points, ends, step, triangles })
}

fn ends(points: &[[f64; 3]]) -> [[f64; 3]; 8] {
    let (mut min, mut max) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for point in points {
        for ((min, max), c) in min.iter_mut().zip(&mut max).zip(point) {
            (*min, *max) = (min.min(*c), max.max(*c));
        }
    }
    let ([a, b, c], [d, e, f]) = (min, max);
    [[a, b, c], [d, b, c], [a, e, c], [d, e, c], [a, b, f], [d, b, f], [a, e, f], [d, e, f]]
}

/// Whether the attribute's type is one that it may have (§3.7.2.1, `KHR_mesh_quantization`).
fn attribute(document: &Document, name: &str, accessor: &Accessor, place: &str, log: &mut Log) {
    let (kind, normal) = (accessor.component_type, accessor.normalized);
    let shape = accessor.kind.as_str();
    let byte_or_short = matches!(kind, BYTE | UNSIGNED_BYTE | SHORT | UNSIGNED_SHORT);
    let (plain, quantized) = match name.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "POSITION" => (shape == "VEC3" && kind == FLOAT, shape == "VEC3" && byte_or_short),
        "NORMAL" => (shape == "VEC3" && kind == FLOAT, shape == "VEC3" && matches!(kind, BYTE | SHORT) && normal),
        "TANGENT" => (shape == "VEC4" && kind == FLOAT, shape == "VEC4" && matches!(kind, BYTE | SHORT) && normal),
        "TEXCOORD_" => {
            let plain = kind == FLOAT || matches!(kind, UNSIGNED_BYTE | UNSIGNED_SHORT) && normal;
            (shape == "VEC2" && plain, shape == "VEC2" && byte_or_short)
        }
        "COLOR_" => {
            let plain = kind == FLOAT || matches!(kind, UNSIGNED_BYTE | UNSIGNED_SHORT) && normal;
            (matches!(shape, "VEC3" | "VEC4") && plain, false)
        }
        "JOINTS_" | "WEIGHTS_" => (shape == "VEC4", false),
        // What ids may be is the features' own rule.
        "_FEATURE_ID_" => (true, false),
        other => (other.starts_with('_') && kind != UNSIGNED_INT, false),
    };
    let required = document.extensions_required.iter().any(|e| e == "KHR_mesh_quantization");
    let told = || format!("is {shape} of {kind}{}", if normal { ", normalized" } else { "" });
    if !plain && !quantized {
        log.find(Rule::AttributeType, place, told());
    } else if !plain && !required {
        log.find(Rule::AttributeType, place, format!("{}, and KHR_mesh_quantization is not required", told()));
    }
    // §3.6.2.4: every element of a vertex attribute starts at a multiple of 4.
    let view = accessor.buffer_view.and_then(|k| document.buffer_views.get(k));
    if let (Some(view), Some(size)) = (view, size(kind)) {
        let width = match shape {
            "SCALAR" => 1,
            "VEC2" => 2,
            "VEC3" => 3,
            _ => 4,
        };
        let stride = view.byte_stride.unwrap_or(size * width);
        if !stride.is_multiple_of(4) || !accessor.byte_offset.is_multiple_of(4) {
            log.find(
                Rule::Alignment,
                place,
                format!("starts at {} with {stride} bytes between elements", accessor.byte_offset),
            );
        }
    }
}

/// Checks the indices; gives how many corners are drawn.
fn indices(
    document: &Document,
    accessors: &Accessors,
    own: &Primitive,
    vertices: usize,
    place: &str,
    log: &mut Log,
) -> u64 {
    let mut corners = vertices;
    if let Some(number) = own.indices {
        let place = format!("{place}/indices");
        let Some(accessor) = document.accessors.get(number) else {
            log.find(Rule::Reference, place, format!("names accessor {number}, which is not there"));
            return 0;
        };
        corners = accessor.count;
        let greatest = match accessor.component_type {
            UNSIGNED_BYTE => 255.0,
            UNSIGNED_SHORT => 65_535.0,
            UNSIGNED_INT => f64::from(u32::MAX),
            _ => f64::NAN,
        };
        let packed = |k: usize| {
            document
                .buffer_views
                .get(k)
                .is_some_and(|v| v.extensions.meshopt.is_some() || v.extensions.khr_meshopt.is_some())
        };
        let strided = accessor
            .buffer_view
            .and_then(|k| document.buffer_views.get(k).filter(|_| !packed(k)))
            .is_some_and(|v| v.byte_stride.is_some());
        if accessor.kind != "SCALAR" || accessor.normalized || greatest.is_nan() || strided {
            let what = format!(
                "are {} of {}{}",
                accessor.kind,
                accessor.component_type,
                if strided { " with a stride" } else { "" }
            );
            log.find(Rule::IndexType, place, what);
        } else if let Some(all) = accessors.stored(number) {
            let most = all.iter().copied().fold(0.0, f64::max);
            if most >= greatest {
                log.find(Rule::Restart, place, format!("hold {most}, which means a restart"));
            } else if most >= vertices as f64 {
                log.find(Rule::IndexRange, place, format!("name vertex {most} of {vertices}"));
            }
        }
    }
    let mode = own.mode.unwrap_or(4);
    let fits = match mode {
        0 => true,
        1 => corners.is_multiple_of(2),
        2 | 3 => corners >= 2,
        4 => corners.is_multiple_of(3),
        5 | 6 => corners >= 3,
        _ => false,
    };
    if !fits {
        log.find(Rule::Topology, format!("{place}/mode"), format!("is {mode}, with {corners} corners"));
    }
    corners as u64
}
