//! The kinds of files that tilesets are made of.

/// Media types by ending: what 3D Tiles are made of, and nothing else of a folder.
const KINDS: &[(&str, &str)] = &[
    ("json", "application/json"),
    ("b3dm", "application/octet-stream"),
    ("i3dm", "application/octet-stream"),
    ("pnts", "application/octet-stream"),
    ("cmpt", "application/octet-stream"),
    ("vctr", "application/octet-stream"),
    ("subtree", "application/octet-stream"),
    ("bin", "application/octet-stream"),
    ("glb", "model/gltf-binary"),
    ("gltf", "model/gltf+json"),
    ("geojson", "application/geo+json"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("ktx2", "image/ktx2"),
];

/// The media type of a file that may belong to a tileset, by its ending, however that is written; nothing for any other file.
pub fn media(path: &str) -> Option<&'static str> {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    KINDS.iter().find(|(known, _)| *known == ending).map(|(_, kind)| *kind)
}
