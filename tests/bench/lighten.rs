//! What lightweighting saves on real models, and how near the lighter shapes stay.

use super::{figure, timed};
use crate::support::shared;
use cimbra::formats::{ReadOptions, SourceItem, reader_of};
use cimbra::geom::{Light, Mesh, Print, Shape, Shapes, simplify};
use cimbra::model::Class;
use rayon::prelude::*;

/// The error that is asked for, metres.
const MOST: f64 = 0.05;

/// Reads every IFC file of the shared data and prints what became of its triangles.
pub fn run() {
    let Some(dir) = shared() else { return };
    let files = std::fs::read_dir(dir.join("data/ifc")).unwrap().map(|f| f.unwrap().path());
    let mut files: Vec<_> = files.filter(|f| f.extension().is_some_and(|e| e == "ifc")).collect();
    files.sort();
    for file in files {
        let mut meshes: Vec<(Class, Mesh)> = Vec::new();
        let mut take = |item| {
            if let SourceItem::Object(object) = item
                && let Shape::Mesh(mesh) = object.shape
            {
                meshes.push((object.class, mesh));
            }
            Ok(())
        };
        reader_of(&file).unwrap().read(&file, &ReadOptions::default(), &mut take).unwrap();
        tell(&file.file_stem().unwrap().to_string_lossy(), &meshes);
    }
}

fn tell(name: &str, meshes: &[(Class, Mesh)]) {
    let (mut shapes, mut firsts, mut of) = (Shapes::new(1e-4, usize::MAX), Vec::new(), Vec::new());
    let found = timed(|| {
        for (_, mesh) in meshes {
            let print = Print::of(mesh);
            let number = shapes.find(mesh, print).map(|(number, _)| number).unwrap_or_else(|| {
                shapes.insert(mesh, print, firsts.len());
                firsts.push(mesh);
                firsts.len() - 1
            });
            of.push(number);
        }
    });
    let mut lights: Vec<Light> = Vec::new();
    let made = timed(|| lights = firsts.par_iter().map(|mesh| simplify(mesh, MOST)).collect());
    let count = |mesh: &Mesh| mesh.triangles.len();
    let all: usize = meshes.iter().map(|(_, m)| count(m)).sum();
    let light: usize = of.iter().map(|n| count(&lights[*n].mesh)).sum();
    let (once, light_once): (usize, usize) =
        (firsts.iter().map(|m| count(m)).sum(), lights.iter().map(|l| count(&l.mesh)).sum());
    let error = lights.iter().map(|l| l.error.most).fold(0.0, f64::max);
    let least = lights.iter().map(|l| l.error.least).fold(0.0, f64::max);
    let kept = |class: Class| {
        let of_class: Vec<_> = meshes.iter().zip(&of).filter(|((c, _), _)| *c == class).collect();
        let seen = of_class.iter().filter(|(_, n)| count(&lights[**n].mesh) > 0).count();
        format!("{seen}/{}", of_class.len())
    };
    let fewer = |few: usize| 100.0 * (1.0 - few as f64 / all.max(1) as f64);
    figure(
        &format!("{name}: triangles, simplified"),
        &format!("{:.1} % fewer", fewer(light)),
        &format!("{all} -> {light}, two-sided error {least:.4} to {error:.4} m, {made:.1} s"),
    );
    figure(
        &format!("{name}: repeated shapes counted once"),
        &format!("{:.1} % fewer", fewer(once)),
        &format!("{once} triangles of {} shapes in {} places, found in {found:.2} s", firsts.len(), meshes.len()),
    );
    figure(
        &format!("{name}: both"),
        &format!("{:.1} % fewer", fewer(light_once)),
        &format!(
            "{light_once} triangles; with a shape: doors {}, rooms {}, storeys {}",
            kept(Class::Door),
            kept(Class::Space),
            kept(Class::Storey)
        ),
    );
}
