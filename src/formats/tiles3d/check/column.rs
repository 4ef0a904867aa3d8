//! One column of a property table (3D Metadata Specification, binary table format): its bytes to the last one.

use super::buffers::Views;
use super::clip;
use super::document::Document;
use super::report::Log;
use super::rule::Rule;
use super::schema::{Component, Kind, Property};
use serde_json::Value;

pub(super) struct Column<'d> {
    pub document: &'d Document,
    pub views: &'d Views<'d>,
    pub property: &'d Property,
    pub own: &'d Value,
    pub place: &'d str,
    /// Rows of the table.
    pub count: u64,
}

/// A stored number: whole ones exactly, whatever their size.
fn whole(bytes: &[u8], kind: Component) -> Option<i128> {
    Some(match (kind, bytes) {
        (Component::Unsigned(_), &[a]) => a.into(),
        (Component::Unsigned(_), &[a, b]) => u16::from_le_bytes([a, b]).into(),
        (Component::Unsigned(_), &[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]).into(),
        (Component::Unsigned(_), _) => u64::from_le_bytes(bytes.try_into().ok()?).into(),
        (Component::Signed(_), &[a]) => i8::from_le_bytes([a]).into(),
        (Component::Signed(_), &[a, b]) => i16::from_le_bytes([a, b]).into(),
        (Component::Signed(_), &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]).into(),
        (Component::Signed(_), _) => i64::from_le_bytes(bytes.try_into().ok()?).into(),
        (Component::Float(_), _) => return None,
    })
}

fn real(bytes: &[u8], kind: Component) -> Option<f64> {
    match kind {
        Component::Float(4) => Some(f32::from_le_bytes(bytes.try_into().ok()?).into()),
        Component::Float(_) => Some(f64::from_le_bytes(bytes.try_into().ok()?)),
        other => whole(bytes, other).map(|n| n as f64),
    }
}

impl<'d> Column<'d> {
    /// Checks the column; the texts of a column of them.
    pub fn check(&self, log: &mut Log) -> Option<Vec<String>> {
        let elements = match (self.property.array, self.property.fixed) {
            (false, _) => Some(self.count),
            (true, Some(fixed)) => self.count.checked_mul(fixed),
            (true, None) => Some(
                self.offsets("arrayOffsets", "arrayOffsetType", self.count, log)?.last().copied().unwrap_or_default(),
            ),
        };
        let values = self.view("values", log)?;
        let Some(elements) = elements else {
            log.find(Rule::ColumnLength, self.place, "has more values than can be");
            return None;
        };
        match &self.property.kind {
            Kind::Text => return self.texts(values, elements, log),
            Kind::Boolean => {
                self.length(values, elements.div_ceil(8), elements, log);
            }
            Kind::Enum(kind, choices) => {
                self.aligned("values", kind.size(), log);
                if !self.length(values, elements.saturating_mul(kind.size() as u64), elements, log) {
                    return None;
                }
                let known = |n: &i128| choices.binary_search_by_key(n, |(value, _)| i128::from(*value)).is_ok();
                let strange = values
                    .chunks_exact(kind.size())
                    .filter_map(|b| whole(b, *kind))
                    .enumerate()
                    .find(|(_, n)| !known(n));
                if let Some((row, n)) = strange {
                    log.find(Rule::ColumnEnum, self.place, format!("value {row} is {n}, which the enum does not list"));
                }
            }
            Kind::Numbers(parts, kind) => {
                self.aligned("values", kind.size(), log);
                let size = (kind.size() * parts) as u64;
                if self.length(values, elements.saturating_mul(size), elements, log) {
                    self.bounds(values, *parts, *kind, log);
                }
            }
        }
        None
    }

    fn length(&self, values: &[u8], wanted: u64, elements: u64, log: &mut Log) -> bool {
        let fits = values.len() as u64 == wanted;
        if !fits {
            log.find(
                Rule::ColumnLength,
                format!("{}/values", self.place),
                format!("has {} bytes for {elements} values, which take {wanted}", values.len()),
            );
        }
        fits
    }

    fn number(&self, member: &str) -> Option<usize> {
        self.own.get(member)?.as_u64().and_then(|n| usize::try_from(n).ok())
    }

    fn view(&self, member: &str, log: &mut Log) -> Option<&'d [u8]> {
        let Some(number) = self.number(member).filter(|n| *n < self.document.buffer_views.len()) else {
            log.find(Rule::Reference, format!("{}/{member}", self.place), "names no buffer view");
            return None;
        };
        self.views.get(number)?.as_deref()
    }

    fn aligned(&self, member: &str, size: usize, log: &mut Log) {
        let view = self.number(member).and_then(|n| self.document.buffer_views.get(n));
        if let Some(view) = view.filter(|view| view.byte_offset % size != 0) {
            log.find(
                Rule::Alignment,
                format!("{}/{member}", self.place),
                format!("starts at byte {} with numbers of {size} bytes", view.byte_offset),
            );
        }
    }

    /// The `count` + 1 offsets of a view.
    fn offsets(&self, member: &str, kind: &str, count: u64, log: &mut Log) -> Option<Vec<u64>> {
        let place = format!("{}/{member}", self.place);
        let kind = self.own.get(kind).map_or(Some("UINT32"), Value::as_str).and_then(Component::read);
        let Some(kind @ Component::Unsigned(size)) = kind else {
            log.find(Rule::ColumnOffsets, place, "are of no unsigned type");
            return None;
        };
        let bytes = self.view(member, log)?;
        self.aligned(member, size, log);
        let wanted = count.checked_add(1).and_then(|n| n.checked_mul(size as u64));
        if wanted != Some(bytes.len() as u64) {
            log.find(
                Rule::ColumnOffsets,
                place,
                format!("have {} bytes for {count} values and the end, {size} each", bytes.len()),
            );
            return None;
        }
        let all: Vec<u64> =
            bytes.chunks_exact(size).filter_map(|b| whole(b, kind)).filter_map(|n| u64::try_from(n).ok()).collect();
        if all.first() != Some(&0) || all.windows(2).any(|w| matches!(w, [a, b] if a > b)) {
            log.find(Rule::ColumnOffsets, place, "do not rise from 0");
            return None;
        }
        Some(all)
    }

    fn texts(&self, values: &[u8], elements: u64, log: &mut Log) -> Option<Vec<String>> {
        let offsets = self.offsets("stringOffsets", "stringOffsetType", elements, log)?;
        let last = offsets.last().copied().unwrap_or_default();
        // A view has a byte at least, also where all texts are empty.
        if last != values.len() as u64 && (last, values.len()) != (0, 1) {
            log.find(
                Rule::ColumnOffsets,
                format!("{}/stringOffsets", self.place),
                format!("end at {last} of {} bytes", values.len()),
            );
            return None;
        }
        let mut out = Vec::with_capacity(offsets.len());
        for (row, pair) in offsets.windows(2).enumerate() {
            let [from, to] = *pair else { continue };
            let bytes = values.get(from as usize..to as usize).unwrap_or_default();
            match std::str::from_utf8(bytes) {
                Ok(text) => out.push(text.to_owned()),
                Err(_) => {
                    log.find(Rule::ColumnText, self.place, format!("value {row} is not UTF-8"));
                    return None;
                }
            }
        }
        Some(out)
    }

    /// Finite numbers, within the class's bounds and with the bounds that the table says.
    fn bounds(&self, values: &[u8], parts: usize, kind: Component, log: &mut Log) {
        let none: Option<Vec<f64>> = self.property.no_data.as_ref().and_then(|none| match none {
            Value::Array(all) => all.iter().map(Value::as_f64).collect(),
            one => Some(vec![one.as_f64()?]),
        });
        let (mut least, mut most) = (vec![f64::INFINITY; parts], vec![f64::NEG_INFINITY; parts]);
        let mut broken = 0_usize;
        for element in values.chunks_exact(parts * kind.size()) {
            let numbers = || element.chunks_exact(kind.size()).filter_map(|b| real(b, kind));
            broken += usize::from(numbers().any(|n| !n.is_finite()));
            if none.as_ref().is_some_and(|none| none.len() == parts && none.iter().copied().eq(numbers())) {
                continue;
            }
            for ((least, most), n) in least.iter_mut().zip(&mut most).zip(numbers()) {
                (*least, *most) = (least.min(n), most.max(n));
            }
        }
        if broken > 0 {
            log.find(Rule::NotFinite, self.place, format!("has {broken} values that are not finite"));
            return;
        }
        let moved = ["offset", "scale"].iter().any(|name| self.own.get(name).is_some());
        // Bounds are of what is meant, after scale and offset; a column of noData alone has none.
        if !self.property.plain || moved || self.property.array || least.iter().any(|n| !n.is_finite()) {
            return;
        }
        let list = |value: &Value| -> Option<Vec<f64>> {
            match value {
                Value::Array(all) => all.iter().map(Value::as_f64).collect(),
                one => Some(vec![one.as_f64()?]),
            }
        };
        let same = |a: f64, b: f64| a == b || kind == Component::Float(4) && a as f32 == b as f32;
        for (name, found) in [("min", &least), ("max", &most)] {
            let Some(said) = self.own.get(name) else { continue };
            let fits =
                list(said).is_some_and(|said| said.len() == parts && said.iter().zip(found).all(|(a, b)| same(*a, *b)));
            if !fits {
                log.find(
                    Rule::ColumnBounds,
                    format!("{}/{name}", self.place),
                    format!("is {}, and the values' is {found:?}", clip(&said.to_string())),
                );
            }
        }
        let low = self.property.min.as_ref().and_then(list).unwrap_or_default();
        let high = self.property.max.as_ref().and_then(list).unwrap_or_default();
        let under = low.iter().zip(&least).any(|(a, b)| b < a && !same(*a, *b));
        if under || high.iter().zip(&most).any(|(a, b)| b > a && !same(*a, *b)) {
            log.find(
                Rule::ColumnBounds,
                self.place,
                format!("from {least:?} to {most:?} leaves the bounds of its class"),
            );
        }
    }
}
