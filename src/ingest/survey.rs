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
    let mut others: HashMap<Arc<str>, Option<Georeference>> = HashMap::new();
    let (mut enough, mut strays) = (false, 0);
    let read = read(&mut |item| {
        match item {
            SourceItem::Frame(frame) => declared = Some(frame),
            SourceItem::Object(object) => {
                let mut all = points(&object.shape);
                all.extend(object.footprint.iter().flat_map(Polygon::points));
                let Some(frame) = declared.as_ref().filter(|_| !all.is_empty()) else { return Ok(()) };
                let bounds = Bounds::of(all);
                let mut corners = [bounds.min, bounds.max];
                let georeference = match &object.crs {
                    Some(crs) => {
                        let make = || Georeference::of_crs(crs, import, bounds.min, None).ok();
                        others.entry(crs.clone()).or_insert_with(make).as_ref()
                    }
                    None => {
                        let known = of_file.take().filter(Result::is_ok);
                        // The first coordinate may be one that lies nowhere: another one tells which way is meant.
                        let made = known.unwrap_or_else(|| Georeference::new(frame, import, Some(bounds.min), None));
                        strays += usize::from(made.is_err());
                        match of_file.insert(made) {
                            Err(fault) if strays >= STRAYS => return Err(fault.clone()),
                            georeference => georeference.as_ref().ok(),
                        }
                    }
                };
                if georeference.is_some_and(|g| g.to_geodetic(&mut corners).is_ok()) {
                    let first = found.first().map_or(corners[0][0], |b| b.min[0]);
                    found.push(Bounds::of(corners.map(|[lon, lat, h]| [beside(lon, first), lat, h])));
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
    if let (Some(Err(fault)), true) = (&of_file, found.is_empty()) {
        return Err(fault.clone());
    }
    let near = SiteFrame::new(Geodetic::new(median(&found, 0), median(&found, 1), 0.0));
    let strays = |b: &&Bounds| farthest(&near, b) <= REACH;
    let extent = found.iter().filter(strays).fold(Bounds::EMPTY, |all, b| all.union(*b));
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
