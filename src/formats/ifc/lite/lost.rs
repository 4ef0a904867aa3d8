//! What a broken file loses: records that cannot be read, records that are not there, shapes that could not be made.

use super::book::Book;
use super::meshes::Shapes;
use super::records::lineage;
use super::short;
use crate::formats::ifc::Product;
use ifc_lite_core::{DecodedEntity, EntityIndex};
use std::collections::{BTreeMap, HashSet};

/// Records that are not there and are named one by one; the others are counted.
const NAMED: usize = 1_000;
/// How deep mapped items may nest in each other, and how many placements may follow one another.
const DEEPEST: usize = 256;
/// What gives an element a body.
const BODIES: [&str; 6] = [
    "IfcSolidModel",
    "IfcBooleanResult",
    "IfcFaceBasedSurfaceModel",
    "IfcShellBasedSurfaceModel",
    "IfcTessellatedFaceSet",
    "IfcCsgPrimitive3D",
];
/// Representations by their identifiers that are no body: lines, boxes and signs.
const NO_BODY: [&str; 12] = [
    "Annotation",
    "Axis",
    "Box",
    "Clearance",
    "CoG",
    "FootPrint",
    "Lighting",
    "Plan",
    "Profile",
    "Reference",
    "Style",
    "SurveyPoints",
];

/// Records that others refer to and that the file does not have, each with the first that refers to it and how many do.
#[derive(Default)]
pub(super) struct Missing(BTreeMap<u32, (u32, usize)>);

impl Missing {
    /// Looks through the record `number`.
    pub(super) fn look(&mut self, number: u32, record: &[u8], index: &EntityIndex) {
        for other in references(record).filter(|other| *other != number && !index.contains_key(other)) {
            self.0.entry(other).or_insert((number, 0)).1 += 1;
        }
    }
    /// What is lost with them, and in the `gaps` between the records that can be read.
    pub(super) fn tell(
        mut self,
        bytes: &[u8],
        gaps: &[(usize, usize)],
        index: &EntityIndex,
        lost: &mut Vec<(String, String)>,
    ) {
        let (mut line, mut counted, mut named) = (1, 0, 0);
        for (start, number) in gaps.iter().flat_map(|gap| declared(bytes, *gap)) {
            // What an unclosed quote swallows may come again in the clear.
            if index.contains_key(&number) || named >= NAMED {
                continue;
            }
            named += 1;
            line += bytes.get(counted..start).unwrap_or_default().iter().filter(|b| **b == b'\n').count();
            counted = start;
            let rest = bytes.get(start..).unwrap_or_default();
            let end = rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len());
            let text = String::from_utf8_lossy(rest.get(..end.min(400)).unwrap_or_default()).into_owned();
            self.0.remove(&number);
            let why = "a quote or bracket there or before is not closed, or it is cut";
            lost.push((format!("#{number}"), format!("line {line} cannot be read, for {why}: {}", short(&text))));
        }
        let more = self.0.len().saturating_sub(NAMED);
        lost.extend(self.0.into_iter().take(NAMED).map(|(number, (by, times))| {
            let others = if times > 1 { format!(" and {} more do", times - 1) } else { String::new() };
            (format!("#{number}"), format!("is not in the file, yet #{by} refers to it{others}"))
        }));
        if more > 0 {
            lost.push(("records".to_owned(), format!("{more} more that others refer to are not in the file")));
        }
    }
}

/// Where records begin between two places, and their numbers: `#n=` at the start of a line or after another's end.
fn declared(bytes: &[u8], (from, to): (usize, usize)) -> impl Iterator<Item = (usize, u32)> + '_ {
    let within = bytes.get(from..to).unwrap_or_default();
    let starts = within.iter().enumerate().filter(|(_, b)| **b == b'#').map(|(at, _)| at);
    starts.filter_map(move |at| {
        let before = within.get(..at)?.iter().rev().find(|b| !matches!(b, b' ' | b'\t'));
        let rest = within.get(at + 1..)?;
        let length = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let number = std::str::from_utf8(rest.get(..length)?).ok()?.parse().ok()?;
        let is_record = rest.get(length..)?.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'=');
        (is_record && before.is_none_or(|b| matches!(b, b'\n' | b'\r' | b';'))).then_some((from + at, number))
    })
}

/// The numbers that a record refers to, outside its texts and comments; the first is the record's own.
fn references(record: &[u8]) -> impl Iterator<Item = u32> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = record.get(at..)?;
            at += rest.iter().position(|b| matches!(b, b'#' | b'\'' | b'/'))? + 1;
            let rest = record.get(at..)?;
            match record.get(at - 1)? {
                b'\'' => at += rest.iter().position(|b| *b == b'\'')? + 1,
                b'/' if rest.starts_with(b"*") => at += rest.windows(2).position(|w| w == b"*/")? + 2,
                b'/' => {}
                _ => {
                    let length = rest.iter().take_while(|b| b.is_ascii_digit()).count();
                    at += length;
                    let digits = rest.get(..length).and_then(|d| std::str::from_utf8(d).ok());
                    if let Some(number) = digits.and_then(|d| d.parse().ok()) {
                        return Some(number);
                    }
                }
            }
        }
    })
}

/// Tells of every product that has a body in the file and none in `shapes`, or only a part of it.
pub(super) fn shapes(products: &[Product], book: &mut Book, shapes: &Shapes, lost: &mut Vec<(String, String)>) {
    let mut parts = Vec::new();
    for product in products.iter().filter(|p| p.kind != "IfcAlignment") {
        let why = if shapes.has(product.entity) {
            // The library tells of a shape that several products share at one of them, now this and now that one, or at
            // several that were made at the same time.
            parts.extend(shapes.incomplete(product.entity));
            None
        } else {
            body(product, book).map(|why| {
                let why = why.or_else(|| shapes.incomplete(product.entity));
                let why = why.unwrap_or_else(|| "the geometry gives none".to_owned());
                format!("could not be made, and its attributes come in alone: {why}")
            })
        };
        lost.extend(why.map(|why| (format!("shape of {}", product.global_id), why)));
    }
    parts.sort_unstable();
    parts.dedup();
    lost.extend(parts.into_iter().map(|why| ("a shape".to_owned(), format!("is made in part only: {why}"))));
}

/// Whether the file gives the product a body, and why there is none of it where that is plain to see.
fn body(product: &Product, book: &mut Book) -> Option<Option<String>> {
    let record = book.record(product.entity)?;
    let number = book.reference(&record, "Representation")?;
    let Some(shape) = book.record(number) else { return Some(Some(gone(number))) };
    let mut all = book.references(&shape, "Representations").into_iter();
    let found = all.find_map(|number| of_representation(number, book, 0))?;
    Some(found.or_else(|| endless(&record, book)))
}

fn of_representation(number: u32, book: &mut Book, depth: usize) -> Option<Option<String>> {
    let Some(record) = book.record(number) else { return Some(Some(gone(number))) };
    let identifier = book.text(&record, "RepresentationIdentifier").unwrap_or_default();
    if depth > DEEPEST || NO_BODY.iter().any(|no| no.eq_ignore_ascii_case(&identifier)) {
        return None;
    }
    book.references(&record, "Items").into_iter().find_map(|number| {
        let Some(item) = book.record(number) else { return Some(Some(gone(number))) };
        let keyword = item.ifc_type.as_str();
        if keyword == "IFCMAPPEDITEM" {
            let Some(map) = book.follow(&item, "MappingSource") else {
                return Some(Some(format!("#{number} maps what is not in the file")));
            };
            let mapped = book.reference(&map, "MappedRepresentation")?;
            return of_representation(mapped, book, depth + 1);
        }
        let lineage = lineage(book.schema, keyword);
        lineage.iter().any(|above| BODIES.contains(above)).then_some(None)
    })
}

fn gone(number: u32) -> String {
    format!("#{number} is not in the file")
}

/// Why a product has no place, where its placements follow one another for ever.
fn endless(record: &DecodedEntity, book: &mut Book) -> Option<String> {
    let mut seen = HashSet::new();
    let mut at = book.reference(record, "ObjectPlacement");
    while let Some(number) = at {
        if !seen.insert(number) || seen.len() > DEEPEST {
            return Some(format!("its placement #{number} is relative to itself"));
        }
        let Some(placement) = book.record(number) else { return Some(gone(number)) };
        at = book.reference(&placement, "PlacementRelTo");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_outside_texts_and_comments_and_the_missing_are_told_once() {
        let record = b"#7=IFCX('#1''#2',#3,/* #4 */(#5,#6),#99999999999);";
        assert_eq!(references(record).collect::<Vec<_>>(), [7, 3, 5, 6]);
        let index: EntityIndex = [(7, (0, 1)), (3, (0, 1))].into_iter().collect();
        let mut missing = Missing::default();
        missing.look(7, record, &index);
        missing.look(8, b"#8=IFCY(#5);", &index);
        let mut lost = Vec::new();
        let text = b"a\n#6=IFCZ('b);\n #3=IFCX();\n#4=IFCW('#2=');";
        missing.tell(text, &[(1, text.len())], &index, &mut lost);
        let lost: Vec<String> = lost.into_iter().map(|(object, why)| format!("{object} {why}")).collect();
        assert_eq!(
            lost,
            [
                "#6 line 2 cannot be read, for a quote or bracket there or before is not closed, or it is cut: #6=IFCZ('b);",
                "#4 line 4 cannot be read, for a quote or bracket there or before is not closed, or it is cut: #4=IFCW('#2=');",
                "#5 is not in the file, yet #7 refers to it and 1 more do"
            ]
        );
    }
}
