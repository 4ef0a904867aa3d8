//! The networks of a site: the graph of its pipes as they are now, for checks and for whoever traces through them.

use crate::fault::Result;
use crate::model::{Class, Collections, Cover, Grid, Network, Part};
use crate::store::Snapshot;

/// The graph of a site's pipes, manholes and valves, and of the hydrants that name a network, as far as they are `visible`.
///
/// # Errors
/// Attributes or geometry that cannot be paged in.
pub fn network(snapshot: &Snapshot, visible: Collections) -> Result<Network> {
    let mut parts = Vec::new();
    for row in snapshot.rows() {
        let Some(asset) = snapshot.asset(row) else { continue };
        let class = asset.class();
        if Part::may_be(class) && visible.contains(class.collection()) {
            let (attributes, geometry) = (snapshot.attributes(row)?, snapshot.geometry(row)?);
            parts.extend(Part::of(asset.id(), class, &attributes, &geometry.footprint, snapshot.frame()));
        }
    }
    Ok(Network::new(parts))
}

/// How a site's grids cover it, within the boundary of the community where the site has one; `None` without a grid.
///
/// # Errors
/// As [`network`].
pub fn cover(snapshot: &Snapshot) -> Result<Option<Cover>> {
    let (mut grids, mut boundary) = (Vec::new(), None);
    for row in snapshot.rows() {
        let Some(asset) = snapshot.asset(row) else { continue };
        let area = || -> Result<Option<Grid>> {
            Ok(Grid::new(asset.id(), &snapshot.geometry(row)?.footprint, snapshot.frame()))
        };
        match asset.class() {
            Class::Grid => grids.extend(area()?),
            Class::Site if Grid::is_boundary(asset.id(), &*snapshot.attributes(row)?, snapshot.site()) => {
                boundary = boundary.or(area()?);
            }
            _ => {}
        }
    }
    Ok((!grids.is_empty()).then(|| Cover::of(&grids, boundary.as_ref(), snapshot.frame())))
}
