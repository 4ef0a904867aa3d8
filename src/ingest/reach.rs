//! How far a site reaches from its origin.

use crate::crs::SiteFrame;
use crate::geom::Bounds;

/// From here on the site's plane and its heights part by over 200 m: worth a remark, metres.
pub(super) const FAR: f64 = 50_000.0;
/// What lies beyond was given a wrong frame or a wrong site, metres.
pub(super) const REACH: f64 = 300_000.0;

/// The farthest that a box in longitude, latitude and height reaches from the site's origin, metres; 0 for an empty one.
pub(super) fn farthest(frame: &SiteFrame, bounds: &Bounds) -> f64 {
    if bounds.is_empty() {
        return 0.0;
    }
    let distance = |corner: [f64; 3]| frame.to_enu(corner.into()).iter().map(|d| d * d).sum::<f64>().sqrt();
    bounds.corners().into_iter().map(distance).fold(0.0, f64::max)
}
