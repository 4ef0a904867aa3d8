//! The checker of tilesets over mutated trees, contents and subtrees: it finds, and never breaks down.

use super::{Target, real};
use crate::tiles::checker::sound::{Files, sound};
use crate::tiles::checker::told;
use cimbra::formats::tiles3d::check::{CheckLimits, check};
use std::path::Path;

/// Few of everything, so that a case is short.
const LIMITS: CheckLimits = CheckLimits { json: 1 << 20, content: 64 << 20, tiles: 20_000, depth: 20, places: 500_000 };

/// Puts the case in the place of the file of its kind in a sound tileset; gives how many tiles and vertices are met.
pub fn drive(case: &Path) -> usize {
    let kind = case.extension().unwrap().to_str().unwrap();
    let folder = case.parent().unwrap().join(format!("checker-{kind}"));
    if !folder.exists() {
        // Subtrees with all that they may hold, their tables too.
        if kind == "subtree" { told::sound() } else { sound() }.write(&folder);
    }
    let place = match kind {
        "glb" => "a.glb",
        "gltf" => "e/in.gltf",
        "subtree" => "s/0.0.0.subtree",
        _ => "tileset.json",
    };
    std::fs::copy(case, folder.join(place)).unwrap();
    match check(&folder.join("tileset.json"), &LIMITS, &|_| {}) {
        Ok(report) => {
            assert_eq!(report.errors + report.warnings, report.totals.values().sum::<usize>());
            assert!(report.findings.iter().all(|f| f.what.len() < 1000 && f.place.len() < 2000), "{}", report.text());
            report.counts.tiles + report.counts.vertices as usize
        }
        Err(fault) => {
            assert!(fault.to_string().len() < 4000);
            0
        }
    }
}

fn seed(name: &str) -> Vec<u8> {
    let Files(files) = sound();
    files[name].bytes()
}

#[test]
fn any_tree_is_checked() {
    let words = &[
        "\"children\":[",
        "\"implicitTiling\":{",
        "OCTREE",
        "\"constant\":1",
        "../",
        "tileset.json",
        "1e308",
        "region",
        "sphere",
    ];
    let seeds = vec![seed("tileset.json"), seed("e/tileset.json")];
    Target { test: "fuzz::checker::any_tree_is_checked", reader: "checker", ending: "json", seeds, words }.run();
}

#[test]
fn any_glb_is_checked() {
    let words = &[
        "\"byteStride\":4",
        "\"count\":4294967295",
        "\"nodes\":[0]",
        "VEC4",
        "TRIANGLES",
        "STRING",
        "UINT64",
        "\"mesh\":0",
    ];
    let mut seeds = vec![seed("a.glb"), seed("b.glb")];
    seeds.extend(real("gltf/MetadataGranularities/house1-1.glb"));
    Target { test: "fuzz::checker::any_glb_is_checked", reader: "checker", ending: "glb", seeds, words }.run();
}

#[test]
fn any_gltf_is_checked() {
    let words = &[
        "\"byteStride\":4",
        "\"count\":4294967295",
        "\"bufferView\":0",
        "\"sparse\":{}",
        "data:;base64,",
        "\"children\":[0]",
    ];
    let mut seeds = vec![seed("e/in.gltf")];
    seeds.extend(real("gltf/GpuInstancesMetadata/GpuInstancesMetadata.gltf"));
    Target { test: "fuzz::checker::any_gltf_is_checked", reader: "checker", ending: "gltf", seeds, words }.run();
}

#[test]
fn any_subtree_is_checked() {
    let words = &[
        "\"constant\":1",
        "\"bitstream\":0",
        "\"byteLength\":8",
        "\"uri\":\"a.glb\"",
        "contentAvailability",
        "\"tileMetadata\":1",
        "\"count\":4294967295",
        "\"class\":\"content\"",
    ];
    let Files(told) = told::sound();
    let told = ["s/0.0.0.subtree", "s/2.2.2.subtree"].map(|name| told[name].bytes());
    let seeds = [&told[..], &[seed("s/0.0.0.subtree"), seed("s/2.2.2.subtree")]].concat();
    Target { test: "fuzz::checker::any_subtree_is_checked", reader: "checker", ending: "subtree", seeds, words }.run();
}
