//! From the store to a scene: which assets a picture shows, as what, and in what order when there are too many.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use glam::DVec3;

use super::aim::{Aimed, aim, enu_bounds};
use super::body::body;
use super::look::{Looks, Place};
use super::request::Request;
use super::{Camera, Item, Scene, Sight};
use crate::crs::SiteFrame;
use crate::fault::Result;
use crate::geom::Bounds;
use crate::model::{Alarm, AssetId, Class, Collection, Collections, Severity};
use crate::store::{Row, Snapshot};
use crate::units::Geodetic;

/// The most triangles of one picture of the city.
const BUDGET: usize = 2_000_000;
/// The most assets whose geometry is read for one picture.
const MAX_ASSETS: usize = 200_000;
/// What would be smaller than this many pixels is not drawn.
const SMALLEST: f64 = 0.6;

/// The city as one caller may see it now.
pub struct City<'a> {
    /// One snapshot of each site.
    pub snapshots: &'a [Arc<Snapshot>],
    /// The collections that the caller may see.
    pub visible: Collections,
    /// The worst active alarm of each asset that has one.
    pub alarms: &'a HashMap<AssetId, Severity>,
}

/// The worst active alarm of each asset and device.
pub fn worst_alarms(active: &[Arc<Alarm>]) -> HashMap<AssetId, Severity> {
    let mut worst = HashMap::new();
    for alarm in active.iter().filter(|a| a.state.is_active()) {
        for id in [&alarm.asset, &alarm.device] {
            let now = worst.entry(id.clone()).or_insert(alarm.severity);
            *now = alarm.severity.max(*now);
        }
    }
    worst
}

/// A picture ready to be drawn.
#[derive(Debug)]
pub struct Composition {
    /// What is drawn.
    pub scene: Scene,
    /// From where.
    pub camera: Camera,
    /// The asset of each id in the scene: id 1 is the first.
    pub legend: Vec<AssetId>,
    /// How many assets that should be in the picture were left out for the limits.
    pub left_out: usize,
    frame: SiteFrame,
    size: [u32; 2],
}

/// What is under a pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct Picked {
    /// The asset.
    pub asset: AssetId,
    /// Where the line of sight meets it.
    pub point: Geodetic,
}

/// An asset that may be drawn.
struct Candidate {
    place: Place,
    class: Class,
    /// Its box in metres of the picture's frame.
    bounds: Bounds,
    /// Pixels across.
    pixels: f64,
    metres_per_pixel: f64,
}

/// Chooses what a picture shows.
///
/// # Errors
/// As the request's aim gives; [`Kind::NotFound`](crate::fault::Kind::NotFound) about `highlight` for an id that is none;
/// [`Kind::Corrupt`](crate::fault::Kind::Corrupt) or [`Kind::Io`](crate::fault::Kind::Io)
/// when geometry cannot be read.
pub fn compose(request: &Request, city: &City<'_>) -> Result<Composition> {
    let aimed = aim(request, city.snapshots, city.visible)?;
    let frame = *city
        .snapshots
        .get(aimed.home)
        .map_or_else(|| Err(crate::fault::Fault::internal("a camera without a site")), |s| Ok(s.frame()))?;
    let looks = Looks::new(request, city, &aimed)?;
    let mut candidates = candidates(request, city, &aimed, &frame);
    // What the picture is about comes first, then what is large in it; the row settles ties, so that the same city
    // gives the same picture.
    candidates.retain(|c| looks.wants(c.place, c.class));
    let rank = |c: &Candidate| (!looks.matters(c.place), -c.pixels);
    candidates.sort_by(|a, b| {
        let (a_rank, b_rank) = (rank(a), rank(b));
        a_rank.0.cmp(&b_rank.0).then(a_rank.1.total_cmp(&b_rank.1)).then(a.place.cmp(&b.place))
    });
    let mut out = Composition {
        scene: Scene { shadows: request.shadows, background: request.background, ..Scene::default() },
        camera: aimed.camera,
        legend: Vec::new(),
        left_out: 0,
        frame,
        size: request.size,
    };
    let mut ids: HashMap<Place, u32> = HashMap::new();
    let mut bases = Vec::new();
    let mut triangles = 0;
    for (i, candidate) in candidates.iter().enumerate() {
        let (site, row) = candidate.place;
        let Some(snapshot) = city.snapshots.get(site) else { continue };
        if i >= MAX_ASSETS {
            out.left_out += 1;
            continue;
        }
        let geometry = snapshot.geometry(row)?;
        let radius = looks.marker_pixels(candidate.place) * candidate.metres_per_pixel;
        let filled = candidate.class.collection() == Collection::Components;
        let Some(mesh) = body(geometry, snapshot.frame(), &frame, radius, filled) else { continue };
        triangles += mesh.triangles.len();
        if triangles > BUDGET {
            triangles -= mesh.triangles.len();
            out.left_out += 1;
            continue;
        }
        let named = looks.named(candidate.place, candidate.class);
        let Some(asset) = city.snapshots.get(named.0).and_then(|s| s.asset(named.1)) else { continue };
        let id = *ids.entry(named).or_insert_with(|| {
            out.legend.push(asset.id().into());
            out.legend.len() as u32
        });
        let hides = hides(&aimed, candidate, &looks);
        let paint = looks.paint(candidate.place, candidate.class, asset.row().number());
        if matches!(candidate.class, Class::Building | Class::BuildingPart) {
            bases.push(candidate.bounds.min[2]);
        }
        out.scene.items.push(Item { id, mesh, paint: if hides { paint.as_glass() } else { paint } });
    }
    out.scene.ground = Some(ground(bases, &out.scene));
    Ok(out)
}

impl Composition {
    /// The asset under a pixel (counted from the top left, 0 the first) with its point in space; none for the background.
    pub fn pick(&self, pixel: [u32; 2]) -> Option<Picked> {
        let sight = self.camera.sight(pixel.map(|p| f64::from(p) + 0.5), self.size);
        let (id, point) = self.scene.hit(sight)?;
        let asset = self.legend.get(id as usize - 1)?.clone();
        Some(Picked { asset, point: self.frame.to_geodetic(point) })
    }
}

/// Everything visible that the camera may see, large enough to be seen, and all that was asked for.
fn candidates(request: &Request, city: &City<'_>, aimed: &Aimed, frame: &SiteFrame) -> Vec<Candidate> {
    let aspect = request.aspect();
    let mut out = Vec::new();
    for (site, snapshot) in city.snapshots.iter().enumerate() {
        let extent = snapshot.extent_of(city.visible);
        let own = enu_bounds(&extent, frame);
        if extent.is_empty() || !aimed.camera.may_see(&own, aspect) && site != aimed.home {
            continue;
        }
        let mut rows = snapshot.in_box(&aimed.region(request.size, frame, [own.min[2], own.max[2]]), None);
        if site == aimed.home {
            let seen: HashSet<Row> = rows.iter().copied().collect();
            rows.extend(aimed.family.iter().filter(|row| !seen.contains(row)));
        }
        for row in rows {
            let Some(asset) = snapshot.asset(row) else { continue };
            let class = asset.class();
            if asset.bounds().is_empty() || !city.visible.contains(class.collection()) {
                continue;
            }
            let bounds = enu_bounds(&asset.bounds(), frame);
            if !aimed.camera.may_see(&bounds, aspect) {
                continue;
            }
            let away = (DVec3::from(bounds.center()) - aimed.camera.eye).length();
            let metres_per_pixel = aimed.camera.metres_per_pixel(away, request.size[1]);
            let pixels = bounds.diagonal() / metres_per_pixel;
            // What has no mesh is drawn as a marker of some pixels, whatever its size.
            if asset.has_mesh() && pixels < SMALLEST {
                continue;
            }
            out.push(Candidate { place: (site, row), class, bounds, pixels, metres_per_pixel });
        }
    }
    out
}

/// Whether a thing stands between the eye and what was asked for.
fn hides(aimed: &Aimed, candidate: &Candidate, looks: &Looks<'_>) -> bool {
    let Some(subject) = aimed.subject.filter(|_| !aimed.family.is_empty()) else { return false };
    if looks.matters(candidate.place) {
        return false;
    }
    let eye = aimed.camera.eye;
    let middle = DVec3::from(subject.center());
    subject.corners().into_iter().map(|c| middle.lerp(c.into(), 0.8)).chain([middle]).any(|target| {
        let path = target - eye;
        let sight = Sight { origin: eye, direction: path.normalize_or(DVec3::Y) };
        sight.enters(&candidate.bounds).is_some_and(|t| t < path.length())
    })
}

/// The height at which buildings stand: low, but not for the sake of one deep cellar.
fn ground(mut bases: Vec<f64>, scene: &Scene) -> f64 {
    if bases.is_empty() {
        let low = scene.bounds().min[2];
        return if low.is_finite() { low } else { 0.0 };
    }
    bases.sort_by(f64::total_cmp);
    bases.get(bases.len() / 10).copied().unwrap_or(0.0)
}
