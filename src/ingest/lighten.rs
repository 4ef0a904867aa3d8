//! How much lighter a model can be drawn: shapes that come again, and triangles that are not missed from afar.

use crate::geom::{Mesh, Print, Shapes, simplify};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// How far a lighter shape may be from the shape it stands for, either way; metres.
const MOST: f64 = 0.05;
/// Two shapes are one where their corners are within this of each other; metres.
const SAME: f64 = 1e-4;
/// Positions of shapes that are remembered, in case one comes again.
const REMEMBERED: usize = 4_000_000;
/// Triangles of different shapes that are simplified; further ones count as they are.
const SIMPLIFIED: usize = 2_000_000;

/// What lightweighting saves on a file. Light shapes are counted, not stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lightweight {
    /// Triangles of all meshes.
    pub triangles: usize,
    /// Meshes.
    pub instances: usize,
    /// Different shapes among them, but for where they stand and how they are turned.
    pub shapes: usize,
    /// Triangles of the different shapes: what is left when each is stored once.
    pub shape_triangles: usize,
    /// Triangles of all meshes, simplified; only a check of a building model says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub light_triangles: Option<usize>,
    /// Triangles of the different shapes, simplified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub light_shape_triangles: Option<usize>,
    /// Of all triangles the share that simplification saves, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// No point of a mesh is farther than this from the simplified one, nor the other way (a bound of the Hausdorff distance).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_metres: Option<f64>,
}

impl Lightweight {
    pub(super) fn text(&self, out: &mut String) {
        let Self { triangles, instances, shapes, shape_triangles, .. } = self;
        _ = write!(
            out,
            "  {triangles} triangles in {instances} meshes, {shapes} different ones with {shape_triangles}"
        );
        if let (Some(light), Some(ratio), Some(error)) = (self.light_triangles, self.ratio, self.error_metres) {
            let percent = 100.0 * ratio;
            _ = write!(out, "; simplified {light}, {percent:.1} % fewer, within {error:.3} m");
        }
        out.push('\n');
    }
}

/// Meshes as they come by.
pub(super) struct Lightening {
    known: Shapes<usize>,
    shapes: Vec<Shape>,
}

/// A shape met for the first time.
struct Shape {
    triangles: usize,
    light: usize,
    error: f64,
    instances: usize,
}

impl Default for Lightening {
    fn default() -> Self {
        Self { known: Shapes::new(SAME, REMEMBERED), shapes: Vec::new() }
    }
}

impl Lightening {
    /// Takes meshes; shapes among them that are new are simplified where that is asked.
    pub fn take(&mut self, meshes: &[&Mesh], simplified: bool) {
        let first = self.shapes.len();
        let mut fresh: Vec<&Mesh> = Vec::new();
        for mesh in meshes.iter().filter(|m| !m.triangles.is_empty()) {
            let print = Print::of(mesh);
            let known = self.known.find(mesh, print).and_then(|(number, _)| self.shapes.get_mut(number));
            if let Some(shape) = known {
                shape.instances += 1;
                continue;
            }
            self.known.insert(mesh, print, self.shapes.len());
            let triangles = mesh.triangles.len();
            self.shapes.push(Shape { triangles, light: triangles, error: 0.0, instances: 1 });
            fresh.push(mesh);
        }
        let before: usize = self.shapes.iter().map(|s| s.triangles).sum();
        if simplified && before <= SIMPLIFIED {
            let lights: Vec<_> = fresh.par_iter().map(|mesh| simplify(mesh, MOST)).collect();
            for (shape, light) in self.shapes.iter_mut().skip(first).zip(lights) {
                (shape.light, shape.error) = (light.mesh.triangles.len(), light.error.most);
            }
        }
    }
    /// What was saved; nothing where there was no mesh. `simplified` as it was said with the meshes.
    pub fn finish(self, simplified: bool) -> Option<Lightweight> {
        let sum = |of: &dyn Fn(&Shape) -> usize| self.shapes.iter().map(of).sum::<usize>();
        let (triangles, light) = (sum(&|s| s.triangles * s.instances), sum(&|s| s.light * s.instances));
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        let ratio = 1.0 - light as f64 / triangles.max(1) as f64;
        let error = self.shapes.iter().map(|s| s.error).fold(0.0, f64::max);
        (triangles > 0).then(|| Lightweight {
            triangles,
            instances: sum(&|s| s.instances),
            shapes: self.shapes.len(),
            shape_triangles: sum(&|s| s.triangles),
            light_triangles: simplified.then_some(light),
            light_shape_triangles: simplified.then(|| sum(&|s| s.light)),
            ratio: simplified.then_some(ratio),
            error_metres: simplified.then_some(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_that_comes_again_counts_once_among_shapes_and_every_time_among_triangles() {
        // A bar of 4 cm, 2 m long: twelve triangles, which a sheet of a few stands for.
        let bar = |x: f64| {
            let corner = |i: u32| [x + f64::from(i & 1) * 0.04, f64::from(i >> 1 & 1) * 0.04, f64::from(i >> 2) * 2.0];
            let quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [1, 3, 7, 5], [3, 2, 6, 7], [2, 0, 4, 6]];
            let triangles = quads.iter().flat_map(|[a, b, c, d]| [[*a, *b, *c], [*a, *c, *d]]).collect();
            Mesh::from_points(&std::array::from_fn::<_, 8, _>(|i| corner(i as u32)), triangles, Vec::new())
        };
        let (a, b) = (bar(0.0), bar(7.5));
        let mut lightening = Lightening::default();
        lightening.take(&[&a, &b], true);
        lightening.take(&[&a], true);
        let found = lightening.finish(true).unwrap();
        assert_eq!((found.triangles, found.instances, found.shapes, found.shape_triangles), (36, 3, 1, 12));
        let light = found.light_shape_triangles.unwrap();
        assert!((1..=4).contains(&light) && found.light_triangles == Some(3 * light), "{found:?}");
        assert!(found.error_metres.is_some_and(|e| e > 0.0 && e <= MOST), "{found:?}");
        let mut text = String::new();
        found.text(&mut text);
        assert!(text.starts_with("  36 triangles in 3 meshes, 1 different ones with 12; simplified "), "{text}");
        assert_eq!(Lightening::default().finish(true), None);
    }
}
