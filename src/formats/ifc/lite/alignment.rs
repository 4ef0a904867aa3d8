//! Alignments of IFC 4.3 as lines with stations: from their segments' design parameters, else from the library's samples.

use super::book::Book;
use super::curve::{Bend, Plan, Profile, sample};
use super::relations::Relations;
use crate::formats::ifc::Product;
use crate::model::Value;
use ifc_lite_core::DecodedEntity;
use ifc_lite_geometry::{AlignmentSamplingOptions, GeometryRouter, sample_alignment_axes};
use std::collections::{HashMap, HashSet};

/// Parts of alignments that are read, and points of their lines, in one file.
const PARTS: usize = 1_000_000;
const POINTS: usize = 2_000_000;
/// Metres between samples of an axis that is given as a curve only.
const SPACING: f64 = 0.5;
/// Samples of one such axis, and of all.
const SAMPLES: (usize, usize) = (100_000, 1_000_000);

/// The axes of `alignments` in the file's own frame, metres; their lengths and stations go to `products`.
pub(super) fn read(
    bytes: &[u8],
    book: &mut Book,
    relations: &Relations,
    alignments: &[u32],
    unit: f64,
    products: &mut [Product],
    notes: &mut Vec<String>,
) -> HashMap<u32, Vec<[f64; 3]>> {
    let mut lines = HashMap::new();
    if alignments.is_empty() {
        return lines;
    }
    let mut nests: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut wholes: HashMap<u32, u32> = HashMap::new();
    let mut sets: HashMap<u32, Vec<u32>> = HashMap::new();
    for (set, object) in relations.pairs("IFCRELDEFINESBYPROPERTIES") {
        sets.entry(object).or_default().push(set);
    }
    for (whole, part) in relations.pairs("IFCRELNESTS") {
        nests.entry(whole).or_default().push(part);
    }
    for (whole, part) in relations.pairs("IFCRELAGGREGATES") {
        nests.entry(whole).or_default().push(part);
        wholes.insert(part, whole);
    }
    let angle = book.decoder.plane_angle_to_radians();
    let mut reader = Layouts { book, nests, unit, angle, left: PARTS, like: HashSet::new() };
    let mut left = POINTS;
    let router = GeometryRouter::with_scale(unit);
    let mut told: HashMap<u32, Vec<(&'static str, Value)>> = HashMap::new();
    for alignment in alignments {
        // One that only has a profile of its own lies along the plan of that which it is part of.
        let plan = [Some(alignment), wholes.get(alignment)].into_iter().flatten().map(|of| reader.plan(*of));
        let plan = plan.into_iter().find(|plan| !plan.is_empty()).unwrap_or_default();
        let points = sample(&plan, &reader.profile(*alignment), left / 2);
        left = left.saturating_sub(points.len());
        if points.len() < 2 || left == 0 {
            continue;
        }
        let Some(record) = reader.book.record(*alignment) else { continue };
        let Ok(m) = router.resolve_scaled_placement_strict(&record, &mut reader.book.decoder) else {
            notes.push(format!(
                "alignment #{alignment} has a placement that cannot be resolved: it comes without shape"
            ));
            continue;
        };
        let place = |[x, y, z]: [f64; 3]| [0, 1, 2].map(|row| row_of(&m, row, [x, y, z]));
        lines.insert(*alignment, points.iter().map(|(_, point)| place(*point)).collect());
        let Stationing { station, along: at, back } = reader.stationing(*alignment, &sets);
        let station = |along: f64| if back { station - (along - at) } else { station + (along - at) };
        let stations = points.iter().map(|(along, _)| Value::Float(station(*along))).collect();
        let length = points.last().map_or(0.0, |(along, _)| *along);
        told.insert(
            *alignment,
            vec![
                ("length", Value::Float(length)),
                ("start_station", Value::Float(station(0.0))),
                ("stations", Value::List(stations)),
            ],
        );
    }
    let like = std::mem::take(&mut reader.like);
    if !like.is_empty() {
        let mut like: Vec<_> = like.into_iter().collect();
        like.sort();
        notes.push(format!("alignments' segments taken like clothoids and parabolas: {}", like.join(", ")));
    }
    if alignments.iter().any(|a| !lines.contains_key(a)) {
        by_curve(bytes, &mut lines, notes);
    }
    if reader.left == 0 || left == 0 {
        notes.push(format!("alignments have over {PARTS} parts or {POINTS} points: the rest is left out"));
    }
    let bare = alignments.iter().filter(|a| !lines.contains_key(a)).count();
    if bare > 0 {
        notes
            .push(format!("{bare} alignments have neither segments nor an axis that is read: they come without shape"));
    }
    for product in products.iter_mut().filter(|p| p.kind == "IfcAlignment") {
        product.attributes.extend(told.remove(&product.entity).into_iter().flatten());
    }
    lines
}

/// One coordinate of a point moved by a matrix whose columns lie one after another.
fn row_of(m: &[f64; 16], row: usize, [x, y, z]: [f64; 3]) -> f64 {
    let at = |column: usize| m.get(column * 4 + row).copied().unwrap_or(0.0);
    at(0) * x + at(1) * y + at(2) * z + at(3)
}

/// Axes without segments, as the library samples their curves.
fn by_curve(bytes: &[u8], lines: &mut HashMap<u32, Vec<[f64; 3]>>, notes: &mut Vec<String>) {
    let options =
        AlignmentSamplingOptions { spacing_m: SPACING, max_samples_per_axis: SAMPLES.0, max_total_samples: SAMPLES.1 };
    let Ok(report) = sample_alignment_axes(bytes, options) else { return };
    let mut coarse = 0;
    for axis in report.axes {
        coarse += usize::from(!lines.contains_key(&axis.express_id));
        lines.entry(axis.express_id).or_insert_with(|| axis.samples.iter().map(|s| s.point).collect());
    }
    if coarse > 0 {
        notes.push(format!("{coarse} alignments have a curve and no segments: points every {SPACING} m stand for it"));
    }
}

/// How an alignment counts its length.
#[derive(Default)]
struct Stationing {
    /// The station of a referent, metres.
    station: f64,
    /// How far along the alignment it stands, metres.
    along: f64,
    /// Stations grow smaller along the alignment.
    back: bool,
}

struct Layouts<'l, 'a> {
    book: &'l mut Book<'a>,
    nests: HashMap<u32, Vec<u32>>,
    unit: f64,
    angle: f64,
    left: usize,
    /// Kinds of segment that were read like another.
    like: HashSet<String>,
}

impl Layouts<'_, '_> {
    fn parts(&mut self, of: u32, keyword: &str) -> Vec<DecodedEntity> {
        let parts = self.nests.get(&of).cloned().unwrap_or_default();
        let count = parts.len().min(self.left);
        self.left -= count;
        let each = parts.into_iter().take(count).filter_map(|part| self.book.record(part));
        each.filter(|record| record.ifc_type.as_str() == keyword).collect()
    }
    /// The design parameters of the segments of the layout of that kind.
    fn segments(&mut self, alignment: u32, layout: &str) -> Vec<DecodedEntity> {
        let layouts = self.parts(alignment, layout);
        let Some(layout) = layouts.first() else { return Vec::new() };
        let segments = self.parts(layout.id, "IFCALIGNMENTSEGMENT");
        segments.into_iter().filter_map(|s| self.book.follow(&s, "DesignParameters")).collect()
    }
    fn plan(&mut self, alignment: u32) -> Vec<Plan> {
        let segments = self.segments(alignment, "IFCALIGNMENTHORIZONTAL");
        segments.iter().filter_map(|segment| self.plan_of(segment)).collect()
    }
    fn plan_of(&mut self, segment: &DecodedEntity) -> Option<Plan> {
        let length = self.book.number(segment, "SegmentLength")? * self.unit;
        let start = self.book.follow(segment, "StartPoint")?;
        let [x, y, _] = self.book.decoder.point3_decoded(&start).ok()?;
        let direction = self.book.number(segment, "StartDirection")? * self.angle;
        let radius = |name| self.book.number(segment, name).unwrap_or(0.0) * self.unit;
        let curvature = [radius("StartRadiusOfCurvature"), radius("EndRadiusOfCurvature")];
        let curvature = curvature.map(|r| if r == 0.0 { 0.0 } else { 1.0 / r });
        let word = self.book.word(segment, "PredefinedType").unwrap_or_default();
        let (curvature, bend) = match word {
            "LINE" => ([0.0; 2], Bend::Linear),
            "CIRCULARARC" => ([curvature[0]; 2], Bend::Linear),
            "BLOSSCURVE" => (curvature, Bend::Bloss),
            "COSINECURVE" => (curvature, Bend::Cosine),
            "SINECURVE" => (curvature, Bend::Sine),
            "HELMERTCURVE" => (curvature, Bend::Helmert),
            "CLOTHOID" => (curvature, Bend::Linear),
            other => {
                self.like.insert(super::short(other));
                (curvature, Bend::Linear)
            }
        };
        let start = [x * self.unit, y * self.unit];
        // The last segment may have no length: it only says where the alignment ends.
        let real = length > 1e-9 && curvature.iter().all(|k| k.is_finite());
        real.then_some(Plan { start, direction, curvature, length, bend })
    }
    fn profile(&mut self, alignment: u32) -> Vec<Profile> {
        let segments = self.segments(alignment, "IFCALIGNMENTVERTICAL");
        let mut profile: Vec<Profile> = segments.iter().filter_map(|segment| self.profile_of(segment)).collect();
        profile.sort_by(|a, b| a.start.total_cmp(&b.start));
        profile
    }
    fn profile_of(&mut self, segment: &DecodedEntity) -> Option<Profile> {
        let number = |name| self.book.number(segment, name);
        let (start, length) = (number("StartDistAlong")? * self.unit, number("HorizontalLength")? * self.unit);
        let height = number("StartHeight")? * self.unit;
        let from = number("StartGradient").unwrap_or(0.0);
        let to = number("EndGradient").unwrap_or(from);
        let word = self.book.word(segment, "PredefinedType").unwrap_or_default();
        let gradient = if word == "CONSTANTGRADIENT" { [from; 2] } else { [from, to] };
        if !matches!(word, "CONSTANTGRADIENT" | "PARABOLICARC" | "CIRCULARARC") {
            self.like.insert(super::short(word));
        }
        let circle = word == "CIRCULARARC";
        (length > 1e-9).then_some(Profile { start, length, height, gradient, circle })
    }
    /// What the alignment's first referent with a station says (Pset_Stationing).
    fn stationing(&mut self, alignment: u32, sets: &HashMap<u32, Vec<u32>>) -> Stationing {
        for referent in self.parts(alignment, "IFCREFERENT") {
            for set in sets.get(&referent.id).into_iter().flatten() {
                let Some(set) = self.book.record(*set) else { continue };
                if self.book.text(&set, "Name").as_deref() != Some("Pset_Stationing") {
                    continue;
                }
                let (mut station, mut back) = (None, false);
                for property in self.book.references(&set, "HasProperties") {
                    let Some(property) = self.book.record(property) else { continue };
                    match self.book.text(&property, "Name").as_deref() {
                        Some("Station") => station = self.book.number(&property, "NominalValue"),
                        Some("HasIncreasingStation") => {
                            back = self.book.word(&property, "NominalValue") == Some("F");
                        }
                        _ => {}
                    }
                }
                if let Some(station) = station {
                    let along = self.along(&referent).unwrap_or(0.0);
                    return Stationing { station: station * self.unit, along, back };
                }
            }
        }
        Stationing::default()
    }
    /// How far along its alignment a linear placement puts the product, metres.
    fn along(&mut self, product: &DecodedEntity) -> Option<f64> {
        let placement = self.book.follow(product, "ObjectPlacement")?;
        let relative = self.book.follow(&placement, "RelativePlacement")?;
        let location = self.book.follow(&relative, "Location")?;
        self.book.number(&location, "DistanceAlong").map(|d| d * self.unit)
    }
}
