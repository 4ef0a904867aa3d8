//! Accessors (glTF 2.0 §3.6.2): inside their views, aligned, finite, and with the bounds that they say.

use super::buffers::Views;
use super::clip;
use super::document::{Accessor, Document};
use super::report::Log;
use super::rule::Rule;

pub(super) const BYTE: u32 = 5120;
pub(super) const UNSIGNED_BYTE: u32 = 5121;
pub(super) const SHORT: u32 = 5122;
pub(super) const UNSIGNED_SHORT: u32 = 5123;
pub(super) const UNSIGNED_INT: u32 = 5125;
pub(super) const FLOAT: u32 = 5126;

/// The accessors of a model that hold.
pub(super) struct Accessors<'d> {
    document: &'d Document,
    views: &'d Views<'d>,
    sound: Vec<Option<Layout>>,
}

/// How the elements of a sound accessor lie in its view.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub width: usize,
    size: usize,
    stride: usize,
}

pub(super) const fn size(kind: u32) -> Option<usize> {
    match kind {
        BYTE | UNSIGNED_BYTE => Some(1),
        SHORT | UNSIGNED_SHORT => Some(2),
        UNSIGNED_INT | FLOAT => Some(4),
        _ => None,
    }
}

fn width(kind: &str) -> Option<usize> {
    Some(match kind {
        "SCALAR" => 1,
        "VEC2" => 2,
        "VEC3" => 3,
        "VEC4" | "MAT2" => 4,
        "MAT3" => 9,
        "MAT4" => 16,
        _ => return None,
    })
}

/// A number as it is stored.
fn number(bytes: &[u8], kind: u32) -> Option<f64> {
    Some(match (kind, bytes) {
        (BYTE, &[a]) => f64::from(i8::from_le_bytes([a])),
        (UNSIGNED_BYTE, &[a]) => f64::from(a),
        (SHORT, &[a, b]) => f64::from(i16::from_le_bytes([a, b])),
        (UNSIGNED_SHORT, &[a, b]) => f64::from(u16::from_le_bytes([a, b])),
        (UNSIGNED_INT, &[a, b, c, d]) => f64::from(u32::from_le_bytes([a, b, c, d])),
        (FLOAT, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
        _ => return None,
    })
}

/// What a stored number is divided by where it is normalized.
pub(super) const fn whole(kind: u32) -> f64 {
    match kind {
        BYTE => 127.0,
        UNSIGNED_BYTE => 255.0,
        SHORT => 32_767.0,
        UNSIGNED_SHORT => 65_535.0,
        UNSIGNED_INT => u32::MAX as f64,
        _ => 1.0,
    }
}

impl<'d> Accessors<'d> {
    /// Checks every accessor.
    pub fn new(document: &'d Document, views: &'d Views<'d>, log: &mut Log) -> Self {
        let mut all = Self { document, views, sound: Vec::with_capacity(document.accessors.len()) };
        for (k, accessor) in document.accessors.iter().enumerate() {
            let place = format!("/accessors/{k}");
            let layout = all.layout(accessor, &place, log);
            all.sound.push(layout);
            if layout.is_some()
                && !all.bounds(k, accessor, &place, log)
                && let Some(sound) = all.sound.get_mut(k)
            {
                *sound = None;
            }
        }
        all
    }
    /// The accessor with its layout, where it holds.
    pub fn get(&self, number: usize) -> Option<(&'d Accessor, Layout)> {
        Some((self.document.accessors.get(number)?, (*self.sound.get(number)?)?))
    }
    /// Its numbers as they are stored, element after element.
    pub fn stored(&self, number: usize) -> Option<Vec<f64>> {
        let (accessor, layout) = self.get(number)?;
        let mut out = Vec::with_capacity(accessor.count * layout.width);
        self.each(accessor, layout, &mut |_, n| out.push(n));
        Some(out)
    }
    /// Its numbers as they are meant.
    pub fn meant(&self, number: usize) -> Option<Vec<f64>> {
        let (accessor, _) = self.get(number)?;
        let mut out = self.stored(number)?;
        if accessor.normalized {
            let whole = whole(accessor.component_type);
            out.iter_mut().for_each(|n| *n = (*n / whole).max(-1.0));
        }
        Some(out)
    }

    fn each(&self, accessor: &Accessor, layout: Layout, take: &mut dyn FnMut(usize, f64)) {
        let Layout { width, size, stride } = layout;
        let view = accessor.buffer_view.and_then(|k| self.views.get(k)?.as_ref());
        let bytes = view.and_then(|view| view.get(accessor.byte_offset..)).unwrap_or_default();
        for element in 0..accessor.count {
            let part = bytes.get(element * stride..).unwrap_or_default();
            for k in 0..width {
                take(
                    k,
                    part.get(k * size..(k + 1) * size)
                        .and_then(|b| number(b, accessor.component_type))
                        .unwrap_or_default(),
                );
            }
        }
    }

    fn layout(&self, accessor: &Accessor, place: &str, log: &mut Log) -> Option<Layout> {
        let (Some(size), Some(width)) = (size(accessor.component_type), width(&accessor.kind)) else {
            let what =
                format!("has components of {} and elements of '{}'", accessor.component_type, clip(&accessor.kind));
            log.find(Rule::Accessor, place, what);
            return None;
        };
        if accessor.kind.starts_with("MAT") && size < 4 {
            log.unseen("matrices of bytes and shorts");
            return None;
        }
        if accessor.normalized && matches!(accessor.component_type, FLOAT | UNSIGNED_INT) {
            log.find(Rule::Accessor, format!("{place}/normalized"), "is true for floats or 32-bit integers");
        }
        if accessor.count == 0 {
            log.find(Rule::Accessor, format!("{place}/count"), "is 0");
            return None;
        }
        if accessor.sparse.is_some() {
            log.unseen("sparse accessors");
            return None;
        }
        let Some(number) = accessor.buffer_view else {
            // Zeros, or what another extension unpacks.
            log.unseen("accessors without a view");
            return None;
        };
        let Some(view) = self.document.buffer_views.get(number) else {
            log.find(Rule::Reference, place, format!("names buffer view {number}, which is not there"));
            return None;
        };
        let start = accessor.byte_offset.wrapping_add(view.byte_offset);
        if !accessor.byte_offset.is_multiple_of(size) || !start.is_multiple_of(size) {
            let what = format!(
                "starts {} bytes into a view that starts at {}, with numbers of {size} bytes",
                accessor.byte_offset, view.byte_offset
            );
            log.find(Rule::Alignment, place, what);
        }
        let element = size * width;
        let stride = view.byte_stride.unwrap_or(element);
        let end = stride
            .checked_mul(accessor.count - 1)
            .and_then(|n| n.checked_add(element)?.checked_add(accessor.byte_offset))
            .filter(|end| *end <= view.byte_length && stride >= element);
        if end.is_none() {
            let what = format!(
                "has {} elements of {element} bytes, {stride} apart, from {} on in a view of {}",
                accessor.count, accessor.byte_offset, view.byte_length
            );
            log.find(Rule::Accessor, place, what);
            return None;
        }
        self.views.get(number)?.as_ref()?;
        Some(Layout { width, size, stride })
    }

    /// Finite numbers, and least and greatest as they are said; `false` where some are not finite.
    fn bounds(&self, number: usize, accessor: &Accessor, place: &str, log: &mut Log) -> bool {
        let Some((_, layout)) = self.get(number) else { return false };
        let (mut least, mut most) = ([f64::INFINITY; 16], [f64::NEG_INFINITY; 16]);
        let mut broken = 0_usize;
        self.each(accessor, layout, &mut |k, n| {
            broken += usize::from(!n.is_finite());
            if let (Some(least), Some(most)) = (least.get_mut(k), most.get_mut(k)) {
                (*least, *most) = (least.min(n), most.max(n));
            }
        });
        if broken > 0 {
            log.find(Rule::NotFinite, place, format!("has {broken} numbers that are not finite"));
            return false;
        }
        for (name, said, found) in [("min", &accessor.min, least), ("max", &accessor.max, most)] {
            let Some(said) = said else { continue };
            // A decimal stands for the nearest number of the accessor's own kind.
            let same = |a: f64, b: f64| a == b || accessor.component_type == FLOAT && a as f32 == b as f32;
            if said.len() != layout.width {
                log.find(
                    Rule::Bounds,
                    format!("{place}/{name}"),
                    format!("has {} numbers for {}", said.len(), accessor.kind),
                );
            } else if let Some((k, (a, b))) = said.iter().zip(found).enumerate().find(|(_, (a, b))| !same(**a, *b)) {
                log.find(Rule::Bounds, format!("{place}/{name}/{k}"), format!("is {a}, and the values' is {b}"));
            }
        }
        true
    }
}
