//! Local grids: four parameters between planes, seven between datums, and four fitted to control points.

use crate::fault::{Fault, Result};

/// How a local grid sits in the CRS named for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Helmert {
    /// A similarity of the plane, before the CRS's own projection is undone.
    Plane(Similarity),
    /// From the CRS's datum to WGS 84 between geocentric axes, in place of PROJ's own change of datum.
    Datum {
        /// Shifts, metres.
        shift: [f64; 3],
        /// Rotations, arcseconds.
        rotation: [f64; 3],
        /// Scale, parts per million.
        scale: f64,
        /// Whether rotations turn the position vector (EPSG:1033); else the coordinate frame (EPSG:1032), their opposite.
        position_vector: bool,
    },
}

/// East and north in the CRS: `E = east + (1 + scale)(e cos r - n sin r)`, `N = north + (1 + scale)(e sin r + n cos r)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    /// Shift to the east, metres.
    pub east: f64,
    /// Shift to the north, metres.
    pub north: f64,
    /// Turn counter-clockwise, arcseconds.
    pub rotation: f64,
    /// Scale beside 1, parts per million.
    pub scale: f64,
}

/// A point known in both systems: local east and north, then east and north in the CRS, metres.
pub type ControlPoint = ([f64; 2], [f64; 2]);

/// What control points say of a local grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The similarity with the least sum of squared residuals.
    pub similarity: Similarity,
    /// For each point, how far it lies from where the similarity puts it, metres east and north.
    pub residuals: Vec<[f64; 2]>,
}

impl Fit {
    /// The root mean square of the residuals, metres.
    pub fn rms(&self) -> f64 {
        let squares: f64 = self.residuals.iter().map(|[e, n]| e * e + n * n).sum();
        (squares / self.residuals.len().max(1) as f64).sqrt()
    }
}

impl std::str::FromStr for Helmert {
    type Err = Fault;
    /// `EAST,NORTH,ROTATION,SCALE` or `DX,DY,DZ,RX,RY,RZ,SCALE,pv|cf`: metres, arcseconds, parts per million.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Fault::parameter("helmert", format!("'{text}' is neither four parameters of a plane nor seven of a datum")).remedy(
                "give EAST,NORTH,ROTATION,SCALE, or DX,DY,DZ,RX,RY,RZ,SCALE and pv (position vector) or cf (coordinate frame): metres, arcseconds, parts per million",
            )
        };
        let mut words: Vec<&str> = text.split(',').map(str::trim).collect();
        let convention = words.pop_if(|word| matches!(*word, "pv" | "cf"));
        let numbers: Option<Vec<f64>> = words.iter().map(|w| w.parse().ok().filter(|n: &f64| n.is_finite())).collect();
        match (numbers.ok_or_else(wrong)?.as_slice(), convention) {
            (&[east, north, rotation, scale], None) => Ok(Self::Plane(Similarity { east, north, rotation, scale })),
            (&[dx, dy, dz, rx, ry, rz, scale], Some(convention)) => Ok(Self::Datum {
                shift: [dx, dy, dz],
                rotation: [rx, ry, rz],
                scale,
                position_vector: convention == "pv",
            }),
            _ => Err(wrong()),
        }
    }
}

impl std::fmt::Display for Helmert {
    /// As it is read.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plane(Similarity { east, north, rotation, scale }) => write!(f, "{east},{north},{rotation},{scale}"),
            Self::Datum { shift: [dx, dy, dz], rotation: [rx, ry, rz], scale, position_vector } => {
                let convention = if *position_vector { "pv" } else { "cf" };
                write!(f, "{dx},{dy},{dz},{rx},{ry},{rz},{scale},{convention}")
            }
        }
    }
}

impl Similarity {
    /// Local east and north become the CRS's.
    pub fn forward(&self, [e, n]: [f64; 2]) -> [f64; 2] {
        let [a, b] = self.turn();
        [self.east + a * e - b * n, self.north + b * e + a * n]
    }
    /// The CRS's east and north become local.
    pub fn inverse(&self, [e, n]: [f64; 2]) -> [f64; 2] {
        let ([a, b], [e, n]) = (self.turn(), [e - self.east, n - self.north]);
        let square = a * a + b * b;
        [(a * e + b * n) / square, (a * n - b * e) / square]
    }
    fn turn(&self) -> [f64; 2] {
        let (sin, cos) = (self.rotation / 3600.0).to_radians().sin_cos();
        let scale = 1.0 + self.scale * 1e-6;
        [scale * cos, scale * sin]
    }
    /// The similarity that fits control points best, by least squares around their centres.
    ///
    /// # Errors
    /// Fewer than two points, or all in one place.
    pub fn fit(points: &[ControlPoint]) -> Result<Fit> {
        let count = points.len() as f64;
        let centre = |of: &dyn Fn(&ControlPoint) -> [f64; 2]| {
            let sum = points.iter().map(of).fold([0.0; 2], |[x, y], [a, b]| [x + a, y + b]);
            sum.map(|s| s / count)
        };
        let (from, to) = (centre(&|p| p.0), centre(&|p| p.1));
        let (mut square, mut along, mut across) = (0.0, 0.0, 0.0);
        for (local, global) in points {
            let ([e, n], [x, y]) = ([local[0] - from[0], local[1] - from[1]], [global[0] - to[0], global[1] - to[1]]);
            square += e * e + n * n;
            along += e * x + n * y;
            across += e * y - n * x;
        }
        if points.len() < 2 || square < 1e-6 || along.hypot(across) < 1e-6 {
            return Err(Fault::parameter("control-points", "fewer than two different points")
                .remedy("give at least two points, better four around the area"));
        }
        let [a, b] = [along / square, across / square];
        let similarity = Self {
            east: to[0] - a * from[0] + b * from[1],
            north: to[1] - b * from[0] - a * from[1],
            rotation: b.atan2(a).to_degrees() * 3600.0,
            scale: (a.hypot(b) - 1.0) * 1e6,
        };
        let residual = |(local, global): &ControlPoint| {
            let [e, n] = similarity.forward(*local);
            [global[0] - e, global[1] - n]
        };
        Ok(Fit { similarity, residuals: points.iter().map(residual).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_finds_the_similarity_that_made_the_points_and_shows_the_one_that_is_off() {
        let made = Similarity { east: 384_000.0, north: 3_545_000.0, rotation: 7_200.0, scale: -35.0 };
        let local = [[0.0, 0.0], [1_000.0, 0.0], [1_000.0, 800.0], [-50.0, 900.0]];
        let mut points: Vec<ControlPoint> = local.iter().map(|p| (*p, made.forward(*p))).collect();
        let fit = Similarity::fit(&points).unwrap();
        assert!(fit.rms() < 1e-6, "{fit:?}");
        let found = fit.similarity;
        assert!((found.rotation - made.rotation).abs() < 1e-4 && (found.scale - made.scale).abs() < 1e-3, "{found:?}");
        for p in local {
            let back = found.inverse(found.forward(p));
            assert!((back[0] - p[0]).hypot(back[1] - p[1]) < 1e-6);
        }
        points[2].1[0] += 0.8;
        let fit = Similarity::fit(&points).unwrap();
        let size = |r: &[f64; 2]| r[0].hypot(r[1]);
        let worst = fit.residuals.iter().enumerate().max_by(|a, b| size(a.1).total_cmp(&size(b.1))).unwrap().0;
        assert_eq!(worst, 2, "{fit:?}");
        assert!(Similarity::fit(&points[..1]).is_err());
        assert!(Similarity::fit(&[points[0], points[0]]).is_err());
    }

    #[test]
    fn parameters_are_read_as_they_are_written() {
        for text in ["1.5,-2,3600,12", "-120.5,30,40,1,2,-3,4.5,cf", "1,2,3,0,0,0,0,pv"] {
            assert_eq!(text.parse::<Helmert>().unwrap().to_string(), text);
        }
        for wrong in ["", "1,2,3", "1,2,3,4,cf", "1,2,3,4,5,6,7", "1,2,3,NaN", "a,b,c,d"] {
            assert!(wrong.parse::<Helmert>().unwrap_err().to_string().contains("helmert"), "{wrong}");
        }
    }
}
