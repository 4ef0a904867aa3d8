//! A first look at a file that is to make a site: where its middle is, whatever strays and on which side of the antimeridian.

use super::assemble::points;
use super::georeference::Georeference;
use super::intake::{ImportOptions, Read};
use super::reach::{REACH, farthest};
use crate::crs::SiteFrame;
use crate::fault::{Fault, Result};
use crate::formats::SourceItem;
use crate::geom::{Bounds, Polygon};
use crate::units::Geodetic;
use std::collections::HashMap;
use std::sync::Arc;

/// Boxes that are looked at; of a file with more of them the first ones say where it is. A site's origin must be near what is in
/// it, not in its middle, and to read a whole city twice would double the work.
const ENOUGH: usize = 10_000;

/// Coordinates by which a way onto the globe is looked for before the file is refused.
const STRAYS: usize = 16;

/// The middle of what the file covers at its lowest height; `None` when nothing in it has a place.
///
/// Objects that cannot be placed are passed over, and so are those farther from most of them than a site reaches: they will be
/// refused.
///
/// # Errors
/// As the reader's, and those of a frame that cannot be used: the file would be refused for them.
pub(super) fn survey(read: &Read, import: &ImportOptions) -> Result<Option<Geodetic>> {
    let mut found: Vec<Bounds> = Vec::new();
    let mut declared = None;
    let mut of_file: Option<Result<Georeference>> = None;
    let mut others: HashMap<Arc<str>, Option<Result<Georeference>>> = HashMap::new();
    let (mut enough, mut strays, mut refused) = (false, 0, None);
    let read = read(&mut |item| {
        match item {
            SourceItem::Frame(frame) => declared = Some(frame),
            SourceItem::Object(object) => {
                let mut all = points(&object.shape);
                all.extend(object.footprint.iter().flat_map(Polygon::points));
                let Some(frame) = declared.as_ref().filter(|_| !all.is_empty()) else { return Ok(()) };
                let bounds = Bounds::of(all);
                let mut corners = [bounds.min, bounds.max];
                let way = match &object.crs {
                    Some(crs) => others.entry(crs.clone()).or_default(),
                    None => &mut of_file,
                };
                let made = way.get_or_insert_with(|| match &object.crs {
                    Some(crs) => Georeference::of_crs(crs, import, bounds.min, None),
                    None => Georeference::new(frame, import, Some(bounds.min), None),
                });
                if made.as_ref().is_ok_and(|way| way.to_geodetic(&mut corners).is_ok()) {
                    let first = found.first().map_or(corners[0][0], |b| b.min[0]);
                    found.push(Bounds::of(corners.map(|[lon, lat, h]| [beside(lon, first), lat, h])));
                } else if found.is_empty() && strays < STRAYS {
                    // A coordinate that lies nowhere does not tell which way is meant: the next one is asked.
                    strays += 1;
                    let told = way.take().and_then(Result::err).filter(|_| object.crs.is_none());
                    refused = refused.take().or(told);
                } else if let (Err(fault), None) = (&*made, &object.crs) {
                    return Err(fault.clone());
                }
            }
            SourceItem::Refused { .. } | SourceItem::Note(_) => {}
        }
        enough = found.len() >= ENOUGH;
        // An error is what stops a reader.
        if enough { Err(Fault::internal("the survey has seen enough")) } else { Ok(()) }
    });
    if !enough {
        read?;
    }
    if let Some(fault) = refused.filter(|_| found.is_empty()) {
        return Err(fault);
    }
    let near = SiteFrame::new(Geodetic::new(median(&found, 0), median(&found, 1), 0.0));
    let within = |b: &&Bounds| farthest(&near, b) <= REACH;
    let extent = found.iter().filter(within).fold(Bounds::EMPTY, |all, b| all.union(*b));
    let [lon, lat, _] = extent.center();
    Ok((!extent.is_empty()).then(|| Geodetic::new(beside(lon, 0.0), lat, extent.min[2])))
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
