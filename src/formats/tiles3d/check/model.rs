//! A content that is glTF 2.0: document, buffers, accessors, primitives, scene, features and metadata, one after another.

use super::accessor::Accessors;
use super::buffers::{buffers, views};
use super::content::{Job, Tally};
use super::document::{Document, Node};
use super::features::{self, Source, Used};
use super::primitive::{self, Solid};
use super::report::Log;
use super::rule::Rule;
use super::scene::Scene;
use super::table::Metadata;
use super::walk::{parsed, read};
use super::{CheckLimits, clip, picture, tile};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;

/// Required extensions that are known well enough for what follows.
const KNOWN: &[&str] = &[
    "KHR_mesh_quantization",
    "EXT_meshopt_compression",
    "KHR_meshopt_compression",
    "EXT_mesh_gpu_instancing",
    "EXT_mesh_features",
    "EXT_instance_features",
    "EXT_structural_metadata",
    "KHR_materials_unlit",
    "KHR_texture_basisu",
    "KHR_texture_transform",
    "EXT_texture_webp",
    "KHR_draco_mesh_compression",
];

/// Checks the JSON `text` with what a GLB holds beside it.
pub(super) fn check(
    text: &[u8],
    binary: Option<&[u8]>,
    folder: &Path,
    job: &Job,
    limits: &CheckLimits,
    tally: &mut Tally,
    log: &mut Log,
) {
    let json = match parsed(text) {
        Ok(json) => json,
        Err(fault) => return log.find(Rule::GltfJson, "", fault.detail),
    };
    tile::extensions(&json, log);
    let document = match Document::deserialize(&json) {
        Ok(document) => document,
        Err(error) => {
            let said: String = error.to_string().chars().take(200).collect();
            return log.find(Rule::GltfJson, "", format!("is no glTF: {said}"));
        }
    };
    drop(json);
    if document.asset.version != "2.0" {
        return log.find(Rule::GltfVersion, "/asset/version", format!("is '{}'", clip(&document.asset.version)));
    }
    for strange in document.extensions_required.iter().filter(|name| !KNOWN.contains(&name.as_str())) {
        log.unseen(format!("the required extension {}", clip(strange)));
    }
    if !document.animations.is_empty() {
        log.unseen("animations");
    }
    let load = |uri: &str| read(folder, &super::super::resolve(&job.path, uri)?, limits.content);
    let bytes = buffers(&document, binary, &load, log);
    let views = views(&document, &bytes, limits.content, log);
    picture::check(&document, &views, &load, log);
    let accessors = Accessors::new(&document, &views, log);
    let metadata = Metadata::read(&document, log);
    let mut used = Used { rows: vec![Some(BTreeSet::new()); metadata.counts.len()], ..Used::default() };
    let source = Source { document: &document, accessors: &accessors, tables: &metadata.counts };
    let mut solids: Vec<Vec<Option<Solid>>> = Vec::with_capacity(document.meshes.len());
    for (m, mesh) in document.meshes.iter().enumerate() {
        let mut own = Vec::with_capacity(mesh.primitives.len());
        for (p, one) in mesh.primitives.iter().enumerate() {
            let place = format!("/meshes/{m}/primitives/{p}");
            own.push(primitive::check(&document, &accessors, one, &place, log));
            features::of_primitive(source, one, &place, &mut used, log);
            metadata.attributes(one, &place, log);
        }
        if mesh.primitives.is_empty() {
            log.find(Rule::Reference, format!("/meshes/{m}/primitives"), "has none");
        }
        solids.push(own);
    }
    let mut scene = Scene::new(&document, &accessors, &solids, &job.around, limits);
    let mut met = |number: usize, node: &Node, count: usize, log: &mut Log| {
        features::of_node(source, node, number, count, &mut used, log);
    };
    scene.walk(&mut met, log);
    (tally.vertices, tally.triangles) = (scene.vertices, scene.triangles);
    if tally.vertices == 0 && !scene.unknown {
        log.find(Rule::NothingDrawn, "", "draws no vertex");
    }
    tally.ids = metadata.tables(&document, &views, &used, log);
    tally.features = used.others + used.rows.iter().flatten().map(|rows| rows.len() as u64).sum::<u64>();
}
