//! Which shape draws an asset: its own, or what `lod` has to stand in for it where nobody can tell the two apart.

use rayon::prelude::*;
use std::sync::Arc;

use super::Paint;
use super::body::{body, carry};
use super::city::{Candidate, City};
use crate::crs::SiteFrame;
use crate::fault::Result;
use crate::lod::{Drawn, Proxy, shape};
use crate::model::{Class, Collection, Has};

/// What stands in is at most this many pixels from the full shape.
const TOLERANCE: f64 = 0.5;
/// The triangles of a block.
const BLOCK: usize = 12;

/// What an asset is drawn as.
#[derive(Debug, Clone)]
pub(super) enum Form {
    /// Its box: it is smaller than what can be told apart.
    Box,
    /// A block, near enough.
    Block(Arc<Proxy>),
    /// Its own shape; at most this many triangles where they are known.
    Whole(Option<usize>),
}

impl Form {
    /// The least triangles that draw it in some way.
    pub fn least(&self) -> usize {
        if let Self::Whole(Some(triangles)) = self { BLOCK.min(*triangles) } else { BLOCK }
    }
}

/// The forms of candidates: the full shape of what `whole` names or must be seen as it is, and of what has no mesh.
///
/// # Errors
/// As [`Snapshot::geometry`](crate::store::Snapshot::geometry).
pub(super) fn forms(city: &City<'_>, candidates: &[Candidate]) -> Result<Vec<Form>> {
    let each = candidates.par_iter().with_min_len(16).map(|candidate| {
        let (site, row) = candidate.place;
        let snapshot = city.snapshots.get(site);
        let told = snapshot.and_then(|s| s.asset(row)).and_then(|a| a.grain().told());
        let triangles = told.filter(|(has, _)| *has == Has::Mesh).map(|(_, triangles)| triangles as usize);
        let whole = Ok(Form::Whole(triangles));
        let Some(snapshot) = snapshot.filter(|_| !candidate.whole && candidate.mesh) else { return whole };
        let most = TOLERANCE * candidate.finest;
        if candidate.bounds.diagonal() <= most {
            return Ok(Form::Box);
        }
        if triangles.is_some_and(|t| t <= BLOCK) {
            return whole;
        }
        Ok(city.proxies.within(snapshot, row, most)?.map_or(Form::Whole(triangles), Form::Block))
    });
    each.collect()
}

/// What came of a candidate.
pub(super) enum Placed {
    /// This draws it, in the picture's frame.
    Drawn(Drawn),
    /// It has no place.
    Nowhere,
    /// There is no room for it.
    LeftOut,
}

/// What is left of a picture's triangles while it is filled.
pub(super) struct Room {
    /// Triangles that may still be drawn.
    left: usize,
    /// Triangles that all that comes later needs at least.
    later: usize,
}

impl Room {
    /// Room for `triangles`, in which all of `forms` are to be drawn.
    pub fn new(triangles: usize, forms: &[Form]) -> Self {
        Self { left: triangles, later: forms.iter().map(Form::least).sum() }
    }

    /// Draws the next candidate; `paint` is how it looks, `to` the picture's frame.
    ///
    /// Where full shapes would leave no room for what comes later, blocks that are only nearly alike stand in: better than nothing.
    ///
    /// # Errors
    /// As [`forms`].
    pub fn draw(
        &mut self,
        city: &City<'_>,
        candidate: &Candidate,
        form: &Form,
        paint: &Paint,
        to: &SiteFrame,
    ) -> Result<Placed> {
        self.later = self.later.saturating_sub(form.least());
        let Some(snapshot) = city.snapshots.get(candidate.place.0) else { return Ok(Placed::Nowhere) };
        // What the picture is about is drawn whole though others be left out for it.
        let spare = if candidate.whole { self.left } else { self.left.saturating_sub(self.later) };
        let drawn = match form {
            Form::Box => Some(cuboid(candidate)),
            Form::Block(proxy) => Some(block(proxy, paint, snapshot.frame(), to)),
            // They are told rounded up by less than a fifth: it is not read in vain.
            Form::Whole(Some(triangles)) if *triangles > spare + spare / 5 + 1 => None,
            Form::Whole(_) => {
                let radius = candidate.marker_pixels * candidate.metres_per_pixel;
                let filled = candidate.class.collection() == Collection::Components;
                let geometry = snapshot.geometry(candidate.place.1)?;
                let Some(drawn) = body(geometry, snapshot.frame(), to, radius, filled) else {
                    return Ok(Placed::Nowhere);
                };
                Some(drawn)
            }
        };
        let drawn = match drawn.filter(|d| d.triangles.len() <= spare) {
            None if candidate.mesh && !candidate.whole => {
                let proxy = city.proxies.of(snapshot, candidate.place.1)?;
                proxy.map(|proxy| block(&proxy, paint, snapshot.frame(), to))
            }
            drawn => drawn,
        };
        let Some(drawn) = drawn.filter(|d| d.triangles.len() <= self.left) else { return Ok(Placed::LeftOut) };
        self.left -= drawn.triangles.len();
        Ok(Placed::Drawn(drawn))
    }
}

fn block(proxy: &Proxy, paint: &Paint, from: &SiteFrame, to: &SiteFrame) -> Drawn {
    let mesh = proxy.mesh(|surface| paint.colour_of(surface));
    if from == to { mesh } else { carry(&mesh, from, to) }.into()
}

/// The box of what is too small to have a shape; a building's has a roof.
fn cuboid(candidate: &Candidate) -> Drawn {
    let mut mesh = shape::cuboid(&candidate.bounds);
    if !matches!(candidate.class, Class::Building | Class::BuildingPart) {
        mesh.surfaces.clear();
    }
    mesh.into()
}
