//! A whole community made up from a seed and written as ordinary files, which the ordinary intake takes back.
//!
//! The same seed gives the same bytes. Nothing here knows the store: what is not in the files is not in the city.

mod addresses;
mod cityjson;
mod devices;
mod dice;
mod ground;
mod ids;
mod ifc;
mod layer;
mod layout;
mod make_up;
mod out;
mod outdoors;
mod people;
mod pipes;
mod poses;
mod site;
mod solid;
mod tables;
mod traps;
mod tree;
mod usage;
mod ways;

pub use out::Entry;

use crate::crs::{Choice, Transform};
use crate::fault::{Fault, Kind, Result};
use make_up::MakeUp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The EPSG code of the coordinates in all files but GeoJSON: CGCS2000 / 3-degree Gauss-Krüger CM 120E, metres. Heights
/// are ellipsoidal.
pub const EPSG: u32 = 4_549;

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Community {
    /// Households, 1 to 250,000. The demo has 500.
    pub households: u32,
    /// Everything follows from it.
    pub seed: u64,
    /// How densely it is built: 1 is 5,600 m² of ground a structure; 0.25 to 4.
    pub density: f64,
}

impl Default for Community {
    fn default() -> Self {
        Self { households: 500, seed: 1, density: 1.0 }
    }
}

/// What was written; also the content of `.truth/community.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    /// The community's 12-digit code.
    pub site: String,
    /// As asked for.
    pub households: u32,
    /// As asked for.
    pub seed: u64,
    /// As asked for.
    pub density: f64,
    /// The CRS of all files but GeoJSON.
    pub crs: String,
    /// How many there are of each class.
    pub counts: BTreeMap<String, u64>,
    /// Every file but this one.
    pub files: Vec<Entry>,
}

/// Writes a community into `dir`, which is made when missing; `progress` hears what is being written.
///
/// # Errors
/// Bad input for numbers out of range; a conflict when `dir` holds something else than a community made earlier; input and
/// output errors.
pub fn write(dir: &Path, community: &Community, progress: &mut dyn FnMut(&str)) -> Result<Manifest> {
    let transform = Transform::new(&format!("EPSG:{EPSG}"), &Choice::default())?;
    let to_lon_lat = |[east, north]: [f64; 2]| {
        let mut point = [[east, north, 0.0]];
        transform.forward(&mut point)?;
        Ok([point[0][0], point[0][1]])
    };
    let &Community { households, seed, density } = community;
    if !(0.25..=4.0).contains(&density) {
        return Err(Fault::parameter("--density", format!("{density} is outside 0.25 to 4")));
    }
    let make_up = MakeUp::new(households)?;
    clear(dir)?;
    let site = site::Site::new(make_up.structures.len(), density);
    let structures = site::place(&make_up, &site);
    let plots = u32::try_from(structures.len()).unwrap_or(u32::MAX);
    let mut files = Vec::new();
    progress("structures");
    files.push(cityjson::write(dir, &structures, households, seed)?);
    progress("tower-1.ifc");
    files.extend(tables::tower(dir, &make_up, &structures, seed)?);
    progress("ground");
    files.push(ground::grids(dir, &make_up, &site, &to_lon_lat)?);
    files.push(ground::green(dir, &site, plots, seed, &to_lon_lat)?);
    files.push(ground::components(dir, &make_up, &site, seed, &to_lon_lat)?);
    files.push(ground::neighbours(dir, &site, seed, &to_lon_lat)?);
    progress("addresses");
    files.push(addresses::write(dir, &structures, &to_lon_lat)?);
    progress("pipes");
    let hydrants = outdoors::hydrants(&make_up, &site, seed);
    files.extend(pipes::write(dir, &site, &hydrants, &to_lon_lat)?);
    progress("ways");
    files.push(ways::write(dir, &site, &structures, &to_lon_lat)?);
    progress("devices");
    let (written, devices) = tables::devices(dir, &make_up, &site, &structures, seed, &to_lon_lat)?;
    files.extend(written);
    files.push(tables::people(dir, &structures, seed)?);
    let mut counts = count(&structures);
    counts.extend(devices.into_iter().map(|(class, n)| (class.to_owned(), n)));
    let (site, crs) = (tree::SITE_CODE.to_owned(), format!("EPSG:{EPSG}"));
    let manifest = Manifest { site, households, seed, density, crs, counts, files };
    let mut file = out::Out::create(dir, MANIFEST)?;
    file.put(&out::json(&manifest)?)?;
    file.finish()?;
    Ok(manifest)
}

/// The community that was made in `dir` before, as its manifest tells, and the code of its site; none where none is whole.
pub fn made(dir: &Path) -> Option<(Community, String)> {
    let manifest: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(dir.join(MANIFEST)).ok()?).ok()?;
    let households = manifest["households"].as_u64()?.try_into().ok()?;
    let (seed, density) = (manifest["seed"].as_u64()?, manifest["density"].as_f64()?);
    Some((Community { households, seed, density }, manifest["site"].as_str()?.to_owned()))
}

/// Where the manifest lies in the community's directory: hidden, as is all that intake should not take, so that `DIR/*` is
/// what can be imported.
pub const MANIFEST: &str = ".truth/community.json";

/// Makes `dir` ready: empty, missing, or a community made earlier, of which the files listed in its manifest go.
fn clear(dir: &Path) -> Result<()> {
    let is_empty = std::fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none());
    if is_empty {
        return Ok(());
    }
    let taken = || {
        Fault::new(Kind::Conflict, "the directory holds something else than a generated community")
            .about(dir.display().to_string())
            .remedy("name an empty or a new directory")
    };
    let text = std::fs::read_to_string(dir.join(MANIFEST)).map_err(|_| taken())?;
    let old: serde_json::Value = serde_json::from_str(&text).map_err(|_| taken())?;
    let files = old.get("files").and_then(serde_json::Value::as_array).ok_or_else(taken)?;
    for name in files.iter().filter_map(|f| f.get("name")?.as_str()) {
        // The names are our own, but the file may have been edited: stay inside the directory.
        if name.split('/').all(|part| !part.is_empty() && part != "..") && !name.contains(['\\', ':']) {
            let _gone_already = std::fs::remove_file(dir.join(name));
        }
    }
    Ok(())
}

/// Structures, storeys and spaces; a storey counts once a building, however many units it has.
fn count(structures: &[site::Structure]) -> BTreeMap<String, u64> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for structure in structures {
        let mut add = |what: &str, n: usize| *counts.entry(what.to_owned()).or_default() += n as u64;
        add("structures", 1);
        add("storeys", structure.storeys.len());
        for node in tree::grow(structure) {
            match node.level {
                tree::Level::Unit => add("units", 1),
                tree::Level::Flat => add("flats", 1),
                tree::Level::Room => add("rooms", 1),
                _ => {}
            }
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(households: u32, seed: u64) -> (tempfile::TempDir, Manifest) {
        let dir = tempfile::tempdir().unwrap();
        let manifest = written(dir.path(), households, seed).unwrap();
        (dir, manifest)
    }

    fn written(dir: &Path, households: u32, seed: u64) -> Result<Manifest> {
        write(dir, &Community { households, seed, density: 1.0 }, &mut |_| {})
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let [(_a, first), (_b, again), (_c, other)] = [made(300, 7), made(300, 7), made(300, 8)];
        assert_eq!(first, again);
        let differing = first.files.iter().zip(&other.files).filter(|(a, b)| a.sha256 != b.sha256).count();
        assert!(differing >= 4, "only {differing} files follow the seed");
    }

    #[test]
    fn counts_are_near_those_of_a_real_community() {
        let (_dir, manifest) = made(500, 1);
        let near = |class: &str, real: u64| {
            let n = manifest.counts.get(class).copied().unwrap_or(0);
            assert!(n * 100 >= real * 90 && n * 100 <= real * 115, "{class}: {n}, a real one has {real}");
        };
        for (class, real) in [("structures", 11), ("storeys", 103), ("rooms", 5_000), ("camera", 85), ("charger", 90)] {
            near(class, real);
        }
        let sum = |classes: &[&str]| classes.iter().filter_map(|c| manifest.counts.get(*c)).sum::<u64>();
        assert!((700..=800).contains(&sum(&["smoke_detector", "heat_detector"])));
        assert_eq!(sum(&["water_meter", "power_meter", "gas_meter"]), 1_500);
    }

    #[test]
    fn a_directory_of_something_else_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("thesis.txt"), "years of work").unwrap();
        assert_eq!(written(dir.path(), 10, 1).unwrap_err().kind, Kind::Conflict);
        let (again, _) = made(10, 1);
        assert!(written(again.path(), 11, 1).is_ok(), "a community made earlier is made anew");
    }
}
