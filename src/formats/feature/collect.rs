//! What geozero reads of a geometry becomes points, lines, areas and faces.

use super::parts::{Parts, Ring};
use crate::geom::SurfaceKind;
use geozero::error::{GeozeroError, Result};
use geozero::{CoordDimensions, GeomProcessor};

/// Collections within collections deeper than anybody makes them: geozero goes down by recursion.
const DEEPEST: usize = 32;

/// Collects one geometry.
#[derive(Debug, Default)]
pub(in crate::formats) struct Collect {
    parts: Parts,
    row: Ring,
    rings: Vec<Ring>,
    /// Whether lines are rings of an area now.
    in_area: bool,
    /// Whether areas are faces of a surface now.
    in_surface: bool,
    depth: usize,
    /// Whether a position had an M.
    measured: bool,
}

impl Collect {
    /// What was collected, and whether measures (M) were left out; or why the geometry cannot be taken.
    pub fn end(self, read: Result<()>) -> (std::result::Result<Parts, String>, bool) {
        let parts = match read {
            Ok(()) => Ok(self.parts),
            Err(GeozeroError::Geometry(said)) => Err(said),
            Err(other) => Err(format!("its geometry cannot be read: {other}").chars().take(200).collect()),
        };
        (parts, self.measured)
    }
    fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(refused("geometries within geometries over 32 deep")) } else { Ok(()) }
    }
    fn area(&mut self) -> Result<()> {
        let rings = std::mem::take(&mut self.rings);
        self.in_area = false;
        if self.in_surface {
            self.parts.face(rings, SurfaceKind::Other);
            return Ok(());
        }
        // An empty polygon covers nothing and is none.
        if rings.iter().all(Vec::is_empty) { Ok(()) } else { self.parts.area(rings).map_err(GeozeroError::Geometry) }
    }
}

fn refused(what: &str) -> GeozeroError {
    GeozeroError::Geometry(format!("{what} are not taken"))
}

fn curve() -> GeozeroError {
    GeozeroError::Geometry("curves are not taken: convert them to lines (ogr2ogr -nlt CONVERT_TO_LINEAR)".into())
}

impl GeomProcessor for Collect {
    fn dimensions(&self) -> CoordDimensions {
        CoordDimensions::xyzm()
    }
    fn coordinate(
        &mut self,
        x: f64,
        y: f64,
        z: Option<f64>,
        m: Option<f64>,
        _t: Option<f64>,
        _tm: Option<u64>,
        _idx: usize,
    ) -> Result<()> {
        self.measured |= m.is_some();
        let point = self.parts.at(([x, y], z));
        self.row.push(point);
        Ok(())
    }
    fn xy(&mut self, x: f64, y: f64, _idx: usize) -> Result<()> {
        let point = self.parts.at(([x, y], None));
        self.row.push(point);
        Ok(())
    }
    fn empty_point(&mut self, _idx: usize) -> Result<()> {
        Ok(())
    }
    fn point_begin(&mut self, _idx: usize) -> Result<()> {
        self.row.clear();
        Ok(())
    }
    fn point_end(&mut self, _idx: usize) -> Result<()> {
        self.row.drain(..).for_each(|p| self.parts.point(p));
        Ok(())
    }
    fn multipoint_begin(&mut self, _size: usize, idx: usize) -> Result<()> {
        self.point_begin(idx)
    }
    fn multipoint_end(&mut self, idx: usize) -> Result<()> {
        self.point_end(idx)
    }
    fn linestring_begin(&mut self, _tagged: bool, _size: usize, _idx: usize) -> Result<()> {
        self.row.clear();
        Ok(())
    }
    fn linestring_end(&mut self, _tagged: bool, _idx: usize) -> Result<()> {
        let row = std::mem::take(&mut self.row);
        if self.in_area {
            self.rings.push(row)
        } else {
            self.parts.line(row)
        }
        Ok(())
    }
    fn polygon_begin(&mut self, _tagged: bool, _size: usize, _idx: usize) -> Result<()> {
        self.in_area = true;
        self.rings.clear();
        Ok(())
    }
    fn polygon_end(&mut self, _tagged: bool, _idx: usize) -> Result<()> {
        self.area()
    }
    fn triangle_begin(&mut self, _tagged: bool, _size: usize, _idx: usize) -> Result<()> {
        self.in_area = true;
        self.rings.clear();
        Ok(())
    }
    fn triangle_end(&mut self, _tagged: bool, _idx: usize) -> Result<()> {
        // Triangles come out of surfaces, alone or in a TIN, and stand in space.
        let within = std::mem::replace(&mut self.in_surface, true);
        let done = self.area();
        self.in_surface = within;
        done
    }
    fn polyhedralsurface_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.in_surface = true;
        Ok(())
    }
    fn polyhedralsurface_end(&mut self, _idx: usize) -> Result<()> {
        self.in_surface = false;
        Ok(())
    }
    fn tin_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.in_surface = true;
        Ok(())
    }
    fn tin_end(&mut self, _idx: usize) -> Result<()> {
        self.in_surface = false;
        Ok(())
    }
    fn geometrycollection_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.deeper()
    }
    fn geometrycollection_end(&mut self, _idx: usize) -> Result<()> {
        self.depth -= 1;
        Ok(())
    }
    fn circularstring_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        Err(curve())
    }
    fn compoundcurve_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        Err(curve())
    }
    fn curvepolygon_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        Err(curve())
    }
    fn multicurve_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        // A multicurve of lines only is a multi-line; a curve in it is refused where it begins.
        self.deeper()
    }
    fn multicurve_end(&mut self, _idx: usize) -> Result<()> {
        self.depth -= 1;
        Ok(())
    }
    fn multisurface_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.deeper()
    }
    fn multisurface_end(&mut self, _idx: usize) -> Result<()> {
        self.depth -= 1;
        Ok(())
    }
}
