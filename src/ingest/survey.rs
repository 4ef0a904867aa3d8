//! A first look at a file that is to make a site: where its middle is, whatever strays and on which side of the antimeridian.

use super::georeference::Georeference;
use super::intake::ImportOptions;
use super::reach::{REACH, farthest};
use crate::crs::SiteFrame;
use crate::fault::{Fault, Result};
use crate::formats::{SourceFrame, SourceItem, SourceObject};
use crate::geom::{Bounds, Polygon};
use crate::units::Geodetic;
use std::collections::HashMap;
use std::sync::Arc;

/// Boxes that are looked at; of a file with more of them the first ones say where it is. A site's origin must be near what is in
/// it, not in its middle.
const ENOUGH: usize = 10_000;
/// Corners after which what was seen is enough as well: all of it is held meanwhile.
const HELD: usize = 2_000_000;

/// Coordinates by which a way onto the globe is looked for before the file is refused.
const STRAYS: usize = 16;

/// Holds the first items of a file until they have said where it is.
pub(super) struct Survey<'i> {
    import: &'i ImportOptions,
    held: Vec<SourceItem>,
    corners: usize,
    found: Vec<Bounds>,
    declared: Option<SourceFrame>,
    of_file: Option<Result<Georeference>>,
    others: HashMap<Arc<str>, Option<Result<Georeference>>>,
    strays: usize,
    refused: Option<Fault>,
}

impl<'i> Survey<'i> {
    pub fn new(import: &'i ImportOptions) -> Self {
        let (held, found, others) = (Vec::new(), Vec::new(), HashMap::new());
        Self { import, held, corners: 0, found, declared: None, of_file: None, others, strays: 0, refused: None }
    }
    /// Looks at an item and holds it; whether it has seen enough.
    ///
    /// # Errors
    /// Those of a frame that cannot be used: the file would be refused for them.
    pub fn see(&mut self, item: SourceItem) -> Result<bool> {
        match &item {
            SourceItem::Frame(frame) => self.declared = Some(frame.clone()),
            SourceItem::Object(object) => self.object(object)?,
            SourceItem::Refused { .. } | SourceItem::Note(_) | SourceItem::Picture(_) => {}
        }
        self.held.push(item);
        Ok(self.found.len() >= ENOUGH || self.corners >= HELD)
    }

    fn object(&mut self, object: &SourceObject) -> Result<()> {
        let (corners, first) = object.corners();
        self.corners += corners;
        let Some(frame) = self.declared.as_ref().filter(|_| first.is_some()) else { return Ok(()) };
        let covered = Bounds::of(object.footprint.iter().flat_map(Polygon::points).copied());
        let bounds = object.shape.bounds().union(covered);
        let mut corners = [bounds.min, bounds.max];
        let import = self.import;
        let way = match &object.crs {
            Some(crs) => self.others.entry(crs.clone()).or_default(),
            None => &mut self.of_file,
        };
        let made = way.get_or_insert_with(|| match &object.crs {
            Some(crs) => Georeference::of_crs(crs, import, bounds.min, None),
            None => Georeference::new(frame, import, Some(bounds.min), None),
        });
        if made.as_ref().is_ok_and(|way| way.to_geodetic(&mut corners).is_ok()) {
            let first = self.found.first().map_or(corners[0][0], |b| b.min[0]);
            self.found.push(Bounds::of(corners.map(|[lon, lat, h]| [beside(lon, first), lat, h])));
        } else if self.found.is_empty() && self.strays < STRAYS {
            // A coordinate that lies nowhere does not tell which way is meant: the next one is asked.
            self.strays += 1;
            let told = way.take().and_then(Result::err).filter(|_| object.crs.is_none());
            self.refused = self.refused.take().or(told);
        } else if let (Err(fault), None) = (&*made, &object.crs) {
            return Err(fault.clone());
        }
        Ok(())
    }

    /// What was held, and the middle of what it covers at its lowest height; no place when nothing in it has one.
    ///
    /// Objects that cannot be placed are passed over, and so are those farther from most of them than a site reaches: they will
    /// be refused.
    ///
    /// # Errors
    /// Where nothing could be placed, what stood in the way of the first of it.
    pub fn end(self) -> Result<(Option<Geodetic>, Vec<SourceItem>)> {
        let found = self.found;
        if let Some(fault) = self.refused.filter(|_| found.is_empty()) {
            return Err(fault);
        }
        let near = SiteFrame::new(Geodetic::new(median(&found, 0), median(&found, 1), 0.0));
        let strays = |b: &&Bounds| farthest(&near, b) <= REACH;
        let extent = found.iter().filter(strays).fold(Bounds::EMPTY, |all, b| all.union(*b));
        let [lon, lat, _] = extent.center();
        let origin = (!extent.is_empty()).then(|| Geodetic::new(beside(lon, 0.0), lat, extent.min[2]));
        Ok((origin, self.held))
    }
}

/// A longitude counted so that it lies within half a turn of `other`.
fn beside(lon: f64, other: f64) -> f64 {
    lon - 360.0 * ((lon - other) / 360.0).round()
}

/// The median of the boxes' middles along an axis; 0 without a box.
fn median(boxes: &[Bounds], axis: usize) -> f64 {
    let mut middles: Vec<f64> = boxes.iter().map(|b| b.center()[axis]).collect();
    let half = middles.len() / 2;
    if middles.is_empty() { 0.0 } else { *middles.select_nth_unstable_by(half, f64::total_cmp).1 }
}
