//! The rules of tileset.json and of one tile (OGC 22-025r4 §6.7, §6.8).

use super::report::Log;
use super::rule::Rule;
use super::schema::Schema;
use super::volume::{Volume, beyond, numbers};
use super::walk::{Above, Link, Refine, member};
use super::{SLACK, clip};
use crate::geom::matrix::{IDENTITY, Matrix, inverse};
use serde_json::Value;
use std::sync::Arc;

/// A member of an object: there, not there, or of another type, which has been told.
pub(super) enum Member<T> {
    Here(T),
    Absent,
    Wrong,
}

/// What of a tile others need.
pub(super) struct Tile {
    pub volume: Option<Volume>,
    pub transform: Matrix,
    pub error: Option<f64>,
    pub refine: Option<Refine>,
}

/// The rules of the whole; gives its error and its schema.
pub(super) fn tileset(json: &Value, log: &mut Log) -> (Option<f64>, Option<Schema>) {
    match json.pointer("/asset/version") {
        Some(Value::String(version)) if version == "1.0" || version == "1.1" => {}
        Some(other) => log.find(
            Rule::Version,
            "/asset/version",
            format!("is {}, not \"1.0\" or \"1.1\"", clip(&other.to_string())),
        ),
        None => log.find(Rule::Version, "/asset/version", "is missing"),
    }
    if !json.get("root").is_some_and(Value::is_object) {
        log.find(Rule::Member, "/root", "is no object");
    }
    extensions(json, log);
    let schema = json.get("schema").map(|schema| super::schema::read(schema, "/schema", log));
    for name in ["schemaUri", "metadata", "groups", "statistics"] {
        if json.get(name).is_some() {
            log.unseen(format!("a tileset's own {name}"));
        }
    }
    (error(json, "", log), schema)
}

/// Every extension that is used is listed, and every required one is used (§6.9).
pub(super) fn extensions(json: &Value, log: &mut Log) {
    let list = |name: &str| {
        let all = json.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter_map(Value::as_str).collect::<Vec<_>>()
    };
    let (listed, required) = (list("extensionsUsed"), list("extensionsRequired"));
    for name in required.iter().filter(|name| !listed.contains(name)) {
        log.find(
            Rule::Extension,
            "/extensionsRequired",
            format!("'{}' is required and not in extensionsUsed", clip(name)),
        );
    }
    let mut unlisted = std::collections::BTreeSet::new();
    used(json, &mut |name| {
        if !listed.contains(&name) && unlisted.len() < 20 {
            unlisted.insert(name.to_owned());
        }
    });
    for name in unlisted {
        log.find(Rule::Extension, "/extensionsUsed", format!("'{}' is used and not listed", clip(&name)));
    }
}

fn used<'v>(value: &'v Value, met: &mut dyn FnMut(&'v str)) {
    match value {
        Value::Array(list) => list.iter().for_each(|one| used(one, met)),
        Value::Object(object) => {
            for (name, one) in object {
                match (name.as_str(), one) {
                    // What applications add of their own is nobody's concern.
                    ("extras", _) => {}
                    ("extensions", Value::Object(all)) => {
                        for (name, extension) in all {
                            met(name);
                            used(extension, met);
                        }
                    }
                    _ => used(one, met),
                }
            }
        }
        _ => {}
    }
}

fn error(of: &Value, place: &str, log: &mut Log) -> Option<f64> {
    let error = of.get("geometricError").and_then(Value::as_f64).filter(|e| e.is_finite() && *e >= 0.0);
    if error.is_none() {
        log.find(
            Rule::ErrorValue,
            format!("{place}/geometricError"),
            match of.get("geometricError") {
                Some(value) => format!("is {}", clip(&value.to_string())),
                None => "is missing".to_owned(),
            },
        );
    }
    error
}

/// The rules of one tile but those of its contents.
pub(super) fn tile(node: &Value, place: &str, above: &Above, log: &mut Log) -> Tile {
    let volume = match node.get("boundingVolume") {
        Some(volume) => Volume::read(volume, &format!("{place}/boundingVolume"), log),
        None => {
            log.find(Rule::Member, format!("{place}/boundingVolume"), "is missing");
            None
        }
    };
    if let Some(volume) = node.get("viewerRequestVolume") {
        Volume::read(volume, &format!("{place}/viewerRequestVolume"), log);
    }
    let own = error(node, place, log);
    if let (Some(own), Some(above)) = (own, above.error)
        && own > above
    {
        log.find(Rule::ErrorGrows, format!("{place}/geometricError"), format!("grows from {above} above to {own}"));
    }
    let refine = match member(node, "refine", place, log, Value::as_str, "text") {
        Member::Here("ADD") => Some(Refine::Add),
        Member::Here("REPLACE") => Some(Refine::Replace),
        Member::Here(other) => {
            log.find(Rule::Refine, format!("{place}/refine"), format!("is '{}'", clip(other)));
            above.refine
        }
        Member::Absent if place == "/root" => {
            log.find(Rule::Refine, format!("{place}/refine"), "is missing at a root");
            above.refine
        }
        Member::Absent | Member::Wrong => above.refine,
    };
    if let Member::Here([]) = member(node, "children", place, log, |c| c.as_array().map(Vec::as_slice), "list") {
        log.find(Rule::ChildrenEmpty, format!("{place}/children"), "is an empty list");
    }
    if node.get("content").is_some() && node.get("contents").is_some() {
        log.find(Rule::Member, format!("{place}/contents"), "stands beside content; a tile has one of the two");
    }
    let transform = node.get("transform").map_or(Some(IDENTITY), |list| {
        numbers::<16>(list).filter(|m| {
            let [_, _, _, a, _, _, _, b, _, _, _, c, _, _, _, d] = *m;
            [a, b, c, d] == [0.0, 0.0, 0.0, 1.0] && inverse(m).is_some()
        })
    });
    if transform.is_none() {
        log.find(
            Rule::Transform,
            format!("{place}/transform"),
            "cannot be undone, or is not sixteen numbers with the last row 0, 0, 0, 1",
        );
    }
    Tile { volume, transform: transform.unwrap_or(IDENTITY), error: own, refine }
}

/// A leaf has the error 0.
pub(super) fn leaf(error: Option<f64>, is_leaf: bool, place: &str, log: &mut Log) {
    if let Some(error) = error.filter(|error| is_leaf && *error > 0.0) {
        log.find(Rule::LeafError, format!("{place}/geometricError"), format!("a leaf's is {error}"));
    }
}

/// A tile's contents with their places.
pub(super) fn contents<'v>(tile: &'v Value, place: &str) -> Vec<(&'v Value, String)> {
    let several = tile.get("contents").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let one = tile.get("content").map(|content| (content, format!("{place}/content")));
    one.into_iter().chain(several.iter().enumerate().map(|(k, c)| (c, format!("{place}/contents/{k}")))).collect()
}

/// The path within the folder that a content names.
pub(super) fn uri(content: &Value, from: &[Arc<str>], place: &str, log: &mut Log) -> Option<String> {
    // `url` is of the drafts before 1.0, which many tilesets still follow.
    let Some(uri) = content.get("uri").or_else(|| content.get("url")).and_then(Value::as_str) else {
        log.find(Rule::Member, format!("{place}/uri"), "is no text");
        return None;
    };
    resolved(uri, from, &format!("{place}/uri"), log)
}

/// The path within the folder that `uri` means in the last of the files `from`.
pub(super) fn resolved(uri: &str, from: &[Arc<str>], place: &str, log: &mut Log) -> Option<String> {
    match super::super::resolve(from.last().map_or("", |file| &**file), uri) {
        Ok(path) => Some(path),
        Err(fault) => {
            log.find(Rule::Uri, place, fault.detail);
            None
        }
    }
}

/// A content's volume lies within its tile's.
pub(super) fn inside(own: Option<&Volume>, link: &Link, place: &str, log: &mut Log) {
    if let (Some(own), Some(around)) = (own, &link.volume) {
        let over = beyond(own, around, &link.world);
        if over > SLACK {
            log.find(
                Rule::ContentVolume,
                place,
                format!("reaches {over:.3} m beyond the {} of {}", around.name(), link.whose),
            );
        }
    }
}
