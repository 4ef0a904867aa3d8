//! From the store to a scene: which assets a picture shows, as what, and in what order when there are too many.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use glam::DVec3;
use rayon::prelude::*;

use super::aim::{Aimed, aim, enu_bounds};
use super::form::{Placed, Room, forms};
use super::look::{Looks, Place};
use super::request::Request;
use super::{Camera, Item, Scene, Sight};
use crate::crs::SiteFrame;
use crate::fault::Result;
use crate::geom::Bounds;
use crate::lod::Proxies;
use crate::model::{Alarm, AssetId, Class, Collections, Has, Severity};
use crate::store::{Row, Snapshot};
use crate::units::Geodetic;

/// The most triangles of one picture of the city.
const BUDGET: usize = 2_000_000;
/// Within this many metres of the eye the ground is flat: beyond, things sink below it as the globe bends.
const FLAT: f64 = 6_000.0;
/// The most things of one picture.
const MAX_ITEMS: usize = 200_000;

/// The city as one caller may see it now.
pub struct City<'a> {
    /// One snapshot of each site.
    pub snapshots: &'a [Arc<Snapshot>],
    /// The collections that the caller may see.
    pub visible: Collections,
    /// The worst active alarm of each asset that has one.
    pub alarms: &'a HashMap<AssetId, Severity>,
    /// What stands in for full shapes where nobody can tell them apart; kept from picture to picture.
    pub proxies: &'a Proxies,
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
pub(super) struct Candidate {
    pub place: Place,
    pub class: Class,
    /// Whether it has a mesh.
    pub mesh: bool,
    /// Whether nothing may stand in for it.
    pub whole: bool,
    /// Its box in metres of the picture's frame.
    pub bounds: Bounds,
    /// Metres from the eye.
    pub away: f64,
    /// Pixels across.
    pub pixels: f64,
    /// The size of a pixel at its middle.
    pub metres_per_pixel: f64,
    /// What is nearer to it than this many metres appears less than a pixel from it.
    pub finest: f64,
    /// The radius of its marker in pixels, where it has no mesh.
    pub marker_pixels: f64,
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
    candidates.retain(|c| looks.wants(c.place, c.class) && !looks.is_hidden(c.place, c.class, c.pixels));
    let cut_open = !request.peel.is_empty() || request.storey.is_some();
    for candidate in &mut candidates {
        candidate.whole = cut_open || looks.matters(candidate.place);
        candidate.marker_pixels = looks.marker_pixels(candidate.place);
    }
    let rank = |c: &Candidate| (!looks.matters(c.place), -c.pixels);
    candidates.sort_by(|a, b| {
        let (a_rank, b_rank) = (rank(a), rank(b));
        a_rank.0.cmp(&b_rank.0).then(a_rank.1.total_cmp(&b_rank.1)).then(a.place.cmp(&b.place))
    });
    let mut out = Composition {
        scene: Scene {
            shadows: request.shadows,
            shaded: aimed.shaded,
            background: request.background,
            ..Scene::default()
        },
        camera: aimed.camera,
        legend: Vec::new(),
        left_out: 0,
        frame,
        size: request.size,
    };
    let mut ids: HashMap<Place, u32> = HashMap::new();
    let mut bases = Vec::new();
    let forms = forms(city, &candidates)?;
    let mut room = Room::new(BUDGET, &forms);
    for (candidate, form) in candidates.iter().zip(&forms) {
        if out.scene.items.len() >= MAX_ITEMS {
            out.left_out += 1;
            continue;
        }
        let place = candidate.place;
        let named = looks.named(place, candidate.class);
        let Some(asset) = city.snapshots.get(named.0).and_then(|s| s.asset(named.1)) else { continue };
        let paint = looks.paint(place, candidate.class, asset.row().number());
        let mesh = match room.draw(city, candidate, form, &paint, &frame)? {
            Placed::Drawn(mesh) => mesh,
            Placed::Nowhere => continue,
            Placed::LeftOut => {
                out.left_out += 1;
                continue;
            }
        };
        let id = *ids.entry(named).or_insert_with(|| {
            out.legend.push(asset.id().into());
            out.legend.len() as u32
        });
        if matches!(candidate.class, Class::Building | Class::BuildingPart) {
            bases.push((candidate.away, candidate.bounds.min[2]));
        }
        let hides = hides(&aimed, candidate, &looks);
        out.scene.items.push(Item { id, mesh, paint: if hides { paint.as_glass() } else { paint } });
    }
    out.scene.ground = Some(ground(&bases, aimed.shaded.min(FLAT), &out.scene));
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

/// Everything visible that the camera may see, and all that was asked for.
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
        let camera = &aimed.camera;
        let of = |row: Row| {
            let asset = snapshot.asset(row)?;
            let class = asset.class();
            let nothing = asset.grain().told().is_some_and(|(has, _)| has == Has::Nothing);
            if nothing || asset.bounds().is_empty() || !city.visible.contains(class.collection()) {
                return None;
            }
            let bounds = enu_bounds(&asset.bounds(), frame);
            if !camera.may_see(&bounds, aspect) {
                return None;
            }
            let away = (DVec3::from(bounds.center()) - camera.eye).length();
            let metres_per_pixel = camera.metres_per_pixel(away, request.size[1]);
            Some(Candidate {
                place: (site, row),
                class,
                mesh: asset.has_mesh(),
                whole: true,
                bounds,
                away,
                pixels: bounds.diagonal() / metres_per_pixel,
                metres_per_pixel,
                finest: camera.finest(&bounds, request.size[1]),
                marker_pixels: 0.0,
            })
        };
        out.par_extend(rows.into_par_iter().with_min_len(256).filter_map(of));
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

/// The height at which buildings within `near` metres of the eye stand, else all: low, but not for the sake of one deep cellar.
fn ground(bases: &[(f64, f64)], near: f64, scene: &Scene) -> f64 {
    let within = |most: f64| -> Vec<f64> { bases.iter().filter(|(away, _)| *away <= most).map(|(_, z)| *z).collect() };
    let mut heights = within(near);
    if heights.is_empty() {
        heights = within(f64::INFINITY);
    }
    if heights.is_empty() {
        let low = scene.bounds().min[2];
        return if low.is_finite() { low } else { 0.0 };
    }
    heights.sort_by(f64::total_cmp);
    heights.get(heights.len() / 10).copied().unwrap_or(0.0)
}
