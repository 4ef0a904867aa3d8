//! The folders of implicit tilings beside a site's other files.

use super::Compression;

/// The folder of what is addressed by its place, beside a site's other files.
pub const IMPLICIT: &str = "implicit";

/// What the name of an implicit tiling ends in where its contents are compressed.
const MESHOPT: &str = "-meshopt";

/// The folder of an implicit tiling of this name, with contents kept so.
pub(in crate::tiles) fn folder(name: &str, compression: Compression) -> String {
    let ending = if compression == Compression::Meshopt { MESHOPT } else { "" };
    format!("{IMPLICIT}/{name}{ending}")
}

/// The name and the compression of contents that the last part of such a folder's name means.
pub(in crate::tiles) fn named(folder: &str) -> (&str, Compression) {
    folder.strip_suffix(MESHOPT).map_or((folder, Compression::None), |name| (name, Compression::Meshopt))
}
