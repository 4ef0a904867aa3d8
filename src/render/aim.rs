//! From what a request aims at to a camera in the frame of one site, and to the part of the globe it can see.

use std::sync::Arc;

use glam::DVec3;

use super::request::{Aim, Request};
use super::{Camera, local_axes};
use crate::crs::SiteFrame;
use crate::fault::{Fault, Result};
use crate::geom::Bounds;
use crate::model::Collections;
use crate::store::{Row, Snapshot};
use crate::units::Geodetic;

/// Metres to what is looked at where nothing but a camera is told; from above, as many more as the camera is high.
const DISTANCE: f64 = 1_500.0;
/// A box of more metres across is a whole city.
const FAR: f64 = 1_500.0;
/// The most descendants of an asset that are looked at.
const MAX_FAMILY: usize = 200_000;

/// A camera with the site whose frame it is in.
#[derive(Debug)]
pub(super) struct Aimed {
    pub camera: Camera,
    /// Which of the snapshots gives the frame.
    pub home: usize,
    /// The asset that was asked for and everything in it; empty for the other aims.
    pub family: Vec<Row>,
    /// The box of what was asked for, in metres of the frame.
    pub subject: Option<Bounds>,
    /// Metres to the farthest thing drawn.
    pub reach: f64,
    /// Metres to the farthest shadow.
    pub shaded: f64,
}

/// Aims a camera as `request` says.
///
/// # Errors
/// [`Kind::NotFound`](crate::fault::Kind::NotFound) about `asset` when there is none that may be seen, or without a site;
/// [`Kind::BadInput`](crate::fault::Kind::BadInput) for an asset without a place.
pub(super) fn aim(request: &Request, snapshots: &[Arc<Snapshot>], visible: Collections) -> Result<Aimed> {
    let aspect = request.aspect();
    let (family, home) = match &request.aim {
        Aim::Asset(id, _) => family(id, snapshots, visible)?,
        Aim::Camera(at, _) | Aim::LookAt(at, ..) => (Vec::new(), nearest(at, snapshots, visible)?),
        Aim::Fit(bounds, _) => (Vec::new(), nearest(&Geodetic::from(bounds.center()), snapshots, visible)?),
    };
    let snapshot = snapshots.get(home).ok_or_else(no_city)?;
    let frame = snapshot.frame();
    let to_enu = |p: Geodetic| frame.to_enu(p);
    let fitted = |bounds: &Bounds, attitude| {
        let bounds = enu_bounds(bounds, frame);
        let camera = Camera::fit(&bounds, attitude, request.fov, aspect, request.orthographic);
        let away = (DVec3::from(bounds.center()) - camera.eye).length();
        (camera, Some(bounds), away)
    };
    let (camera, subject, away) = match &request.aim {
        Aim::Camera(at, attitude) => {
            let eye = DVec3::from(to_enu(*at));
            let camera = Camera::perspective(eye, local_axes(*at, to_enu), *attitude, request.fov);
            (camera, None, DISTANCE + (at.h - frame.origin().h).abs())
        }
        Aim::LookAt(at, range, attitude) => {
            let target = DVec3::from(to_enu(*at));
            let axes = local_axes(*at, to_enu);
            (Camera::look_at(target, *range, axes, *attitude, request.fov, request.orthographic), None, *range)
        }
        Aim::Fit(bounds, attitude) => fitted(&closed(bounds, snapshot, visible), *attitude),
        Aim::Asset(id, attitude) => {
            let boxes = family.iter().filter_map(|row| snapshot.asset(*row)).map(|a| a.bounds());
            let bounds = boxes.filter(|b| !b.is_empty()).fold(Bounds::EMPTY, Bounds::union);
            if bounds.is_empty() {
                return Err(Fault::parameter("asset", format!("'{id}' has no place to look at")));
            }
            fitted(&bounds, *attitude)
        }
    };
    // Parallel rays start far behind what is looked at.
    let far = request.orthographic || subject.is_some_and(|s| s.diagonal() > FAR);
    let least = if far { 30_000.0 } else { 800.0 };
    let (reach, shaded) = (beyond(away).max(least), (4.0 * away).max(least));
    Ok(Aimed { camera, home, family, subject, reach, shaded })
}

impl Aimed {
    /// The box in longitude and latitude around what the camera sees, heights open.
    pub fn region(&self, size: [u32; 2], frame: &SiteFrame, heights: [f64; 2]) -> Bounds {
        let [w, h] = size.map(f64::from);
        let mut seen = Bounds::EMPTY;
        for pixel in [[0.0, 0.0], [w, 0.0], [0.0, h], [w, h], [w / 2.0, h / 2.0]] {
            let sight = self.camera.sight(pixel, size);
            // Only the part of the line between the lowest and the highest thing can meet anything.
            let to = |z: f64| (z - sight.origin.z) / sight.direction.z;
            let (a, b) = (to(heights[0] - 50.0), to(heights[1] + 50.0));
            let (near, far) = (a.min(b).max(0.0), a.max(b).min(self.reach));
            let (near, far) = if near < far { (near, far) } else { (0.0, self.reach) };
            seen.extend((sight.origin + sight.direction * near).into());
            seen.extend((sight.origin + sight.direction * far).into());
        }
        if let Some(subject) = self.subject {
            seen = seen.union(subject);
        }
        let around = Bounds::of(seen.corners().map(|c| frame.to_geodetic(c).to_array()));
        let [west, south, _] = around.min;
        let [east, north, _] = around.max;
        Bounds { min: [west, south, f64::NEG_INFINITY], max: [east, north, f64::INFINITY] }
    }
}

/// Metres to the farthest thing that is drawn where something `away` metres from the eye is looked at: a house beside it that is 30 pixels
/// high is one there. Beyond 300 km nothing is but what is looked at.
fn beyond(away: f64) -> f64 {
    (30.0 * away).min(300_000.0_f64.max(2.0 * away))
}

/// A longitude, latitude and height box as the box of its corners in a site's frame.
pub(super) fn enu_bounds(bounds: &Bounds, frame: &SiteFrame) -> Bounds {
    Bounds::of(bounds.corners().map(|c| frame.to_enu(c.into())))
}

/// The asset called `id` with everything in it, and the snapshot it is in.
fn family(id: &str, snapshots: &[Arc<Snapshot>], visible: Collections) -> Result<(Vec<Row>, usize)> {
    let shown = |s: &Snapshot, row: Row| s.asset(row).is_some_and(|a| visible.contains(a.class().collection()));
    let mut found = snapshots.iter().enumerate().filter_map(|(i, s)| s.find(id).map(|row| (i, s, row)));
    let Some((home, snapshot, root)) = found.find(|(_, s, row)| shown(s, *row)) else {
        return Err(Fault::not_found(format!("there is no asset '{id}'")).about("asset"));
    };
    let mut rows = vec![root];
    let mut next = 0;
    while let Some(row) = rows.get(next).copied() {
        next += 1;
        if rows.len() < MAX_FAMILY {
            rows.extend(snapshot.children(row).into_iter().filter(|child| shown(snapshot, *child)));
        }
    }
    Ok((rows, home))
}

/// The site whose visible part is nearest to a place, by longitude and latitude.
fn nearest(at: &Geodetic, snapshots: &[Arc<Snapshot>], visible: Collections) -> Result<usize> {
    let away = |s: &Snapshot| {
        let extent = s.extent_of(visible);
        let origin = s.frame().origin();
        let (low, high) =
            if extent.is_empty() { (origin.to_array(), origin.to_array()) } else { (extent.min, extent.max) };
        let gap = |v: f64, low: f64, high: f64| (low - v).max(v - high).max(0.0);
        // Either side of the antimeridian is near the other.
        let turns = [-360.0, 0.0, 360.0].map(|turn| gap(at.lon + turn, low[0], high[0]));
        turns.into_iter().fold(f64::INFINITY, f64::min).hypot(gap(at.lat, low[1], high[1]))
    };
    let distances = snapshots.iter().enumerate().map(|(i, s)| (i, away(s)));
    distances.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i).ok_or_else(no_city)
}

fn no_city() -> Fault {
    Fault::not_found("there is no city to look at yet").remedy("import a file, or run 'cimbra demo'")
}

/// A box whose open heights are closed by what is seen to stand in it; by the site's origin when nothing does.
fn closed(bounds: &Bounds, snapshot: &Snapshot, visible: Collections) -> Bounds {
    if bounds.min[2].is_finite() && bounds.max[2].is_finite() {
        return *bounds;
    }
    // The part of the box beyond the antimeridian is known by its own longitudes.
    let rows = [0.0, 360.0].into_iter().flat_map(|turn| {
        let part = Bounds {
            min: [(bounds.min[0] - turn).max(-180.0), bounds.min[1], bounds.min[2]],
            max: [(bounds.max[0] - turn).min(180.0), bounds.max[1], bounds.max[2]],
        };
        if part.min[0] < part.max[0] { snapshot.in_box(&part, None) } else { Vec::new() }
    });
    let seen = rows.filter_map(|row| snapshot.asset(row)).filter(|a| visible.contains(a.class().collection()));
    let boxes = seen.map(|a| a.bounds());
    let mut heights =
        boxes.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], b| [low.min(b.min[2]), high.max(b.max[2])]);
    if heights[0] > heights[1] {
        heights = [snapshot.frame().origin().h; 2];
    }
    Bounds { min: [bounds.min[0], bounds.min[1], heights[0]], max: [bounds.max[0], bounds.max[1], heights[1]] }
}
