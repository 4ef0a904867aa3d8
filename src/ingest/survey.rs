//! A first look at a file that is to make a site: where its middle is.

use super::assemble::points;
use super::georeference::Georeference;
use super::intake::ImportOptions;
use crate::fault::Result;
use crate::formats::{ReadOptions, Reader, SourceItem};
use crate::geom::{Bounds, Polygon};
use crate::units::Geodetic;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// The middle of what the file covers at its lowest height; `None` when nothing in it has a place.
///
/// Objects that cannot be placed are passed over: they will be refused.
///
/// # Errors
/// As the reader's, and those of a frame that cannot be used: the file would be refused for them.
pub(super) fn survey(
    file: &Path,
    reader: &dyn Reader,
    options: &ReadOptions,
    import: &ImportOptions,
) -> Result<Option<Geodetic>> {
    let mut extent = Bounds::EMPTY;
    let mut declared = None;
    let mut of_file: Option<Result<Georeference>> = None;
    let mut others: HashMap<Arc<str>, Option<Georeference>> = HashMap::new();
    reader.read(file, options, &mut |item| {
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
                        let make = || Georeference::of_crs(crs, import, bounds.min).ok();
                        others.entry(crs.clone()).or_insert_with(make).as_ref()
                    }
                    None => match of_file.get_or_insert_with(|| Georeference::new(frame, import, Some(bounds.min))) {
                        Ok(georeference) => Some(&*georeference),
                        Err(fault) => return Err(fault.clone()),
                    },
                };
                if georeference.is_some_and(|g| g.to_geodetic(&mut corners).is_ok()) {
                    corners.into_iter().for_each(|c| extent.extend(c));
                }
            }
            SourceItem::Refused { .. } | SourceItem::Note(_) => {}
        }
        Ok(())
    })?;
    let [lon, lat, _] = extent.center();
    Ok((!extent.is_empty()).then(|| Geodetic::new(lon, lat, extent.min[2])))
}
