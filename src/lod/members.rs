//! What is drawn in a view, as what, and which building it opens from.

use super::facts::{Fact, Facts, Has};
use super::view::View;
use crate::crs::SiteFrame;
use crate::fault::Result;
use crate::geom::Bounds;
use crate::model::{Class, Collection, Collections};
use crate::store::{AssetRef, Row, Snapshot};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a member is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Seen from afar: buildings, roads, water, relief.
    Body,
    /// Seen from near: walls, furniture, pipes.
    Small,
    /// Seen from near, and seen through: rooms, storeys and grids, which hold other things.
    Glass,
    /// A point, drawn as one of many equal markers.
    Marker,
}

/// One asset of a view that is drawn.
#[derive(Debug, Clone)]
pub struct Member {
    /// The asset.
    pub row: Row,
    /// How it is shown.
    pub place: Place,
    /// A box around all that draws it, east-north-up metres.
    pub bounds: Bounds,
    /// How many triangles draw it at full detail.
    pub triangles: u32,
    /// The rows whose shapes together are its shape; itself unless said otherwise.
    pub pieces: Option<Arc<[Row]>>,
    /// Whether nothing but its box is known.
    pub boxed: bool,
    /// For a building that opens: the parts seen when one comes near, as positions among the members.
    pub inside: Vec<usize>,
    /// Whether it is shown only when its building opens.
    pub indoors: bool,
}

/// What is known of a row while members are collected.
struct Candidate<'a> {
    asset: AssetRef<'a>,
    building: Option<Row>,
    fact: Fact,
    bounds: Bounds,
}

/// The drawn assets of `view` in the `allowed` collections, by ascending row. An asset without a place is not drawn.
///
/// # Errors
/// As [`Snapshot::geometry`].
pub fn collect(snapshot: &Snapshot, view: &View, allowed: Collections, facts: &Facts) -> Result<Vec<Member>> {
    // A building that has no shape of its own is drawn by its walls and slabs, also where these are not members.
    let shells = *view == View::Collection(Collection::Buildings);
    let wanted = |asset: &AssetRef<'_>| {
        allowed.contains(asset.class().collection()) && (view.includes(asset) || (shells && is_envelope(asset.class())))
    };
    let rows: Vec<Row> = snapshot.rows().collect();
    let candidates: Vec<Candidate<'_>> = rows
        .par_iter()
        .filter_map(|row| snapshot.asset(*row))
        .filter(|asset| !asset.bounds().is_empty() && wanted(asset))
        .map(|asset| {
            let mut chain = std::iter::once(asset.row()).chain(snapshot.ancestors(asset.row()));
            let building = chain.find(|r| snapshot.asset(*r).is_some_and(|a| a.class() == Class::Building));
            let fact = facts.of(snapshot, asset.row())?;
            let margin = if fact.has == Has::Mesh { 0.01 } else { super::draw::MARKER };
            Ok(Candidate { asset, building, fact, bounds: in_metres(snapshot.frame(), &asset.bounds(), margin) })
        })
        .collect::<Result<_>>()?;
    Ok(assemble(&candidates, view, shells))
}

fn assemble(candidates: &[Candidate<'_>], view: &View, shells: bool) -> Vec<Member> {
    let is_building: std::collections::BTreeSet<Row> =
        candidates.iter().filter(|c| c.asset.class() == Class::Building).map(|c| c.asset.row()).collect();
    let mut parts: BTreeMap<Row, Vec<&Candidate<'_>>> = BTreeMap::new();
    let mut envelope: BTreeMap<Row, Vec<&Candidate<'_>>> = BTreeMap::new();
    for c in candidates.iter().filter(|c| c.fact.has == Has::Mesh) {
        let Some(home) = c.building.filter(|b| is_building.contains(b)) else { continue };
        match c.asset.class() {
            Class::BuildingPart => parts.entry(home).or_default().push(c),
            class if is_envelope(class) => envelope.entry(home).or_default().push(c),
            _ => {}
        }
    }
    let opens = |building: &Row| {
        let walls = envelope.get(building).is_some_and(|e| e.iter().any(|c| is_outer(c.asset.class())));
        view.opens_buildings() && walls
    };
    let mut members: Vec<Member> = Vec::new();
    let mut inside: BTreeMap<Row, Vec<usize>> = BTreeMap::new();
    for c in candidates {
        let home = c.building.filter(|b| is_building.contains(b));
        let class = c.asset.class();
        let is_part = class == Class::BuildingPart && home.is_some();
        let is_shell_only = shells && class.collection() != Collection::Buildings;
        if is_part || is_shell_only {
            continue;
        }
        let Some(mut member) = plain(c) else { continue };
        if class == Class::Building {
            let row = member.row;
            dress(&mut member, c, parts.get(&row), envelope.get(&row));
        } else if let Some(home) = home.filter(opens)
            && member.place != Place::Marker
        {
            member.indoors = true;
            inside.entry(home).or_default().push(members.len());
        }
        members.push(member);
    }
    for member in &mut members {
        if let Some(inside) = inside.remove(&member.row) {
            member.inside = inside;
        }
    }
    members
}

/// A member drawn by itself; nothing when there is nothing to draw.
fn plain(c: &Candidate<'_>) -> Option<Member> {
    let class = c.asset.class();
    // Ways are for whoever looks for one: drawn, they would run through every room.
    if class == Class::Way {
        return None;
    }
    let place = match (class.collection(), c.fact.has) {
        (_, Has::Point) => Place::Marker,
        (Collection::Buildings, _) => Place::Body,
        (Collection::Storeys | Collection::Spaces | Collection::Grids, _) => Place::Glass,
        (Collection::Components | Collection::Parts, Has::Mesh | Has::Areas) => Place::Body,
        _ => Place::Small,
    };
    // Projects, groups and the like have the box of what they hold and no shape; a storey or building is shown by it.
    let boxed = c.fact.has == Has::Nothing;
    if boxed && !matches!(class.collection(), Collection::Buildings | Collection::Storeys) {
        return None;
    }
    Some(Member {
        row: c.asset.row(),
        place,
        bounds: c.bounds,
        triangles: c.fact.triangles.max(12),
        pieces: None,
        boxed,
        inside: Vec::new(),
        indoors: false,
    })
}

/// Gives a building the shapes that draw it: its own and its parts', else its walls, slabs and roofs.
fn dress(
    member: &mut Member,
    own: &Candidate<'_>,
    parts: Option<&Vec<&Candidate<'_>>>,
    envelope: Option<&Vec<&Candidate<'_>>>,
) {
    let itself = (own.fact.has == Has::Mesh).then_some(own);
    let mut pieces: Vec<&Candidate<'_>> = itself.into_iter().chain(parts.into_iter().flatten().copied()).collect();
    if pieces.is_empty() {
        pieces.extend(envelope.into_iter().flatten());
    }
    if pieces.is_empty() {
        return;
    }
    member.boxed = false;
    member.bounds = pieces.iter().fold(Bounds::EMPTY, |b, p| b.union(p.bounds));
    member.triangles = pieces.iter().map(|p| p.fact.triangles).fold(0, u32::saturating_add);
    member.pieces = Some(pieces.iter().map(|p| p.asset.row()).collect());
}

/// Whether elements of this class make the outside of a building without a shape of its own.
const fn is_envelope(class: Class) -> bool {
    is_outer(class)
        || matches!(
            class,
            Class::Slab
                | Class::Roof
                | Class::Door
                | Class::Window
                | Class::Column
                | Class::Beam
                | Class::Member
                | Class::Plate
                | Class::Stair
                | Class::Ramp
                | Class::Railing
                | Class::Footing
        )
}

/// Whether elements of this class can take the place of a building's shell.
const fn is_outer(class: Class) -> bool {
    matches!(class, Class::Wall | Class::CurtainWall)
}

/// The east-north-up box of a longitude/latitude/height box, `margin` metres wider. The margin grows by how much the
/// curved sides of such a box can bulge beyond its corners.
fn in_metres(frame: &SiteFrame, bounds: &Bounds, margin: f64) -> Bounds {
    const EARTH: f64 = 6.356e6;
    let metres = Bounds::of(bounds.corners().map(|c| frame.to_enu(c.into())));
    let half = metres.diagonal() / 2.0;
    let steep = bounds.min[1].abs().max(bounds.max[1].abs()).to_radians().tan().min(100.0);
    let margin = margin + half * half / (2.0 * EARTH) * (1.0 + steep);
    Bounds { min: metres.min.map(|v| v - margin), max: metres.max.map(|v| v + margin) }
}
