//! Pictures (glTF 2.0 §3.8): images that are what they say, textures that name one that they may, coordinates for them. What the
//! pixels are is not looked into.

use super::document::Document;
use super::report::Log;
use super::rule::Rule;
use super::walk::reason;
use crate::fault::{Fault, Result};
use crate::formats::uri::base64;
use serde_json::Value;

/// The members of a material that may be a texture (§5.19, §5.22), by their pointers.
const PLACES: [&str; 5] = [
    "/pbrMetallicRoughness/baseColorTexture",
    "/pbrMetallicRoughness/metallicRoughnessTexture",
    "/normalTexture",
    "/occlusionTexture",
    "/emissiveTexture",
];

/// Kinds of picture by their media type, with the extension that lets a texture name one; the two of the core need none.
const KINDS: [(&str, Option<&str>); 4] = [
    ("image/png", None),
    ("image/jpeg", None),
    ("image/webp", Some("EXT_texture_webp")),
    ("image/ktx2", Some("KHR_texture_basisu")),
];

/// What the bytes of a picture begin as.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    let at = |from: usize, word: &[u8]| bytes.get(from..).is_some_and(|rest| rest.starts_with(word));
    let begins = [
        at(0, b"\x89PNG\r\n\x1a\n"),
        at(0, b"\xff\xd8\xff"),
        at(0, b"RIFF") && at(8, b"WEBP"),
        at(0, b"\xabKTX 20\xbb\r\n\x1a\n"),
    ];
    KINDS.iter().zip(begins).find(|(_, begins)| *begins).map(|((name, _), _)| *name)
}

/// Checks images, textures, and what materials name of them.
pub(super) fn check(
    document: &Document,
    views: &[Option<std::borrow::Cow<'_, [u8]>>],
    load: &dyn Fn(&str) -> Result<Vec<u8>>,
    log: &mut Log,
) {
    let kinds: Vec<Option<&str>> = document
        .images
        .iter()
        .enumerate()
        .map(|(k, image)| self::image(document, views, load, (image, &format!("/images/{k}")), log))
        .collect();
    for (k, own) in document.textures.iter().enumerate() {
        texture(document, &kinds, (own, &format!("/textures/{k}")), log);
    }
    for (k, material) in document.materials.iter().enumerate() {
        for place in PLACES {
            let Some(info) = material.pointer(place) else { continue };
            if number(info, "index").is_none_or(|index| index >= document.textures.len()) {
                log.find(Rule::Reference, format!("/materials/{k}{place}/index"), "names a texture that is not there");
            }
        }
    }
    if !document.images.is_empty() {
        log.unseen("pixels of pictures");
    }
}

/// The sets of texture coordinates that a material reads.
pub(super) fn sets(material: &Value) -> impl Iterator<Item = usize> + '_ {
    let infos = PLACES.iter().filter_map(|place| material.pointer(place));
    infos.map(|info| {
        let moved = info.pointer("/extensions/KHR_texture_transform").and_then(|moved| number(moved, "texCoord"));
        moved.or_else(|| number(info, "texCoord")).unwrap_or(0)
    })
}

/// What an image is, as far as that is known.
fn image(
    document: &Document,
    views: &[Option<std::borrow::Cow<'_, [u8]>>],
    load: &dyn Fn(&str) -> Result<Vec<u8>>,
    (own, place): (&Value, &str),
    log: &mut Log,
) -> Option<&'static str> {
    let said = own.get("mimeType").and_then(Value::as_str);
    let found = match (own.get("uri").and_then(Value::as_str), number(own, "bufferView")) {
        (Some(uri), None) => {
            let bytes = match uri.strip_prefix("data:") {
                None => load(uri),
                Some(data) => data
                    .split_once(";base64,")
                    .and_then(|(_, text)| base64(text))
                    .ok_or_else(|| Fault::bad_input("is no data URI in base64")),
            };
            match bytes {
                Ok(bytes) => kind(&bytes),
                Err(fault) => {
                    let rule = reason(&fault);
                    let rule = if rule == Rule::Json { Rule::Picture } else { rule };
                    log.find(rule, format!("{place}/uri"), fault.detail);
                    return None;
                }
            }
        }
        (None, Some(view)) if view >= document.buffer_views.len() => {
            log.find(Rule::Reference, format!("{place}/bufferView"), format!("names view {view}, which is not there"));
            return None;
        }
        (None, Some(_)) if said.is_none() => {
            log.find(Rule::Picture, place, "lies in a view and has no mimeType");
            return None;
        }
        // A view that does not hold is found where that is.
        (None, Some(view)) => kind(views.get(view)?.as_deref()?),
        _ => {
            log.find(Rule::Picture, place, "has not one of uri and bufferView");
            return None;
        }
    };
    match (found, said) {
        (Some(found), Some(said)) if found != said => {
            log.find(Rule::Picture, format!("{place}/mimeType"), format!("is '{}' of {found}", super::clip(said)));
        }
        (None, _) => log.find(Rule::Picture, place, "is no PNG, JPEG, WebP or KTX 2"),
        _ => {}
    }
    found
}

fn texture(document: &Document, kinds: &[Option<&str>], (own, place): (&Value, &str), log: &mut Log) {
    if own.get("sampler").is_some() && number(own, "sampler").is_none_or(|s| s >= document.samplers.len()) {
        log.find(Rule::Reference, format!("{place}/sampler"), "names a sampler that is not there");
    }
    let mut named = 0;
    for extension in [None, Some("EXT_texture_webp"), Some("KHR_texture_basisu")] {
        let holder = extension.map_or(Some(own), |name| own.get("extensions")?.get(name));
        let Some(source) = holder.and_then(|holder| holder.get("source")) else { continue };
        named += 1;
        let path = extension.map_or_else(String::new, |name| format!("/extensions/{name}"));
        let place = format!("{place}{path}/source");
        match source.as_u64().and_then(|n| kinds.get(usize::try_from(n).ok()?)) {
            None => log.find(Rule::Reference, place, "names an image that is not there"),
            Some(Some(kind)) => {
                let needed = KINDS.iter().find(|(name, _)| name == kind).and_then(|(_, extension)| *extension);
                if needed != extension {
                    log.find(Rule::Picture, place, format!("names a picture of {kind}"));
                }
            }
            Some(None) => {}
        }
        let lacks = |name: &&str| !document.extensions_required.iter().any(|e| e == name);
        if let (Some(name), None) = (extension.filter(lacks), own.get("source")) {
            let what = format!("lacks {name}, without which a texture has no picture");
            log.find(Rule::Extension, "/extensionsRequired", what);
        }
    }
    if named == 0 {
        log.find(Rule::Picture, place, "names no image");
    }
}

fn number(of: &Value, name: &str) -> Option<usize> {
    usize::try_from(of.get(name)?.as_u64()?).ok()
}
