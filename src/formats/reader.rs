//! What every reader offers, the list of readers, and the choice of one for a file.

use super::Sink;
use super::foreign::{Foreign, foreign};
use super::mapping::Mapping;
use super::worker::Limits;
use crate::fault::{Fault, Result};
use crate::model::Class;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// How many bytes of a file's beginning [`reader_of`] looks at.
pub const HEAD_BYTES: usize = 64 * 1024;

/// Which axis of a model points up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Up {
    /// y, as in glTF and most modelling programs.
    Y,
    /// z, as on maps.
    Z,
}

/// What the caller tells every reader.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadOptions {
    /// The class of features that do not say their own (`--class`).
    pub class: Option<Class>,
    /// Which fields of features and tables say what (`--map`).
    pub mapping: Option<Arc<Mapping>>,
    /// Which axis of a model points up, where its format leaves that open (`--up`).
    pub up: Option<Up>,
    /// What an IFC file may cost.
    pub limits: Limits,
}

/// One format's way in: bytes of a file become items for a sink.
pub trait Reader: Sync {
    /// The format's name for people, such as `CityJSON`.
    fn name(&self) -> &'static str;
    /// File name endings without the first dot, in lower case, such as `city.json`; several formats may share one.
    fn extensions(&self) -> &'static [&'static str];
    /// Whether a mapping can say what its fields mean.
    fn takes_mapping(&self) -> bool {
        false
    }
    /// Whether a file that begins with `head` (at most [`HEAD_BYTES`]) is of this format beyond reasonable doubt.
    fn sniff(&self, head: &[u8]) -> bool;
    /// Reads the whole file: the frame, then objects and refusals in the file's order.
    ///
    /// # Errors
    /// The file cannot be read, is not whole, or is not of this format: nothing of it may be kept. Also the sink's error.
    fn read(&self, file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()>;
}

/// Every reader; where several claim a file's content the earlier one has it.
pub const READERS: &[&dyn Reader] = &[
    &super::cityjson::CityJson,
    &super::flatgeobuf::FlatGeobuf,
    &super::geojson::GeoJson,
    &super::gltf::Gltf,
    &super::geopackage::GeoPackage,
    &super::ifc::Ifc,
    &super::obj::Obj,
    &super::osm::Osm,
    &super::shapefile::Shapefile,
    &super::table::Table,
    &super::table::Workbook,
];

/// The reader for the file at `path`, chosen by its first [`HEAD_BYTES`].
///
/// # Errors
/// As [`reader_for`], and when the file cannot be opened.
pub fn reader_of(path: &Path) -> Result<&'static dyn Reader> {
    reader_for(path, &head_of(path)?)
}

/// The first [`HEAD_BYTES`] of the file at `path`.
///
/// # Errors
/// When it cannot be opened or read.
pub fn head_of(path: &Path) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    open(path)?
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(|e| Fault::io("reading", &e).about(path.display().to_string()))?;
    Ok(head)
}

/// The reader for a file called `path` that begins with `head`: by content first, by name second.
///
/// # Errors
/// [`Kind::BadInput`](crate::fault::Kind::BadInput) when no format fits, or when the content is of one format and the name says another.
pub fn reader_for(path: &Path, head: &[u8]) -> Result<&'static dyn Reader> {
    choose(READERS, path, head)
}

/// Opens a regular file; a pipe or a device could hang the reader or never end.
pub(super) fn open(path: &Path) -> Result<File> {
    let about = || path.display().to_string();
    // Asking before opening: opening a pipe without a writer waits for ever.
    let data = std::fs::metadata(path).map_err(|e| Fault::io("opening", &e).about(about()))?;
    if !data.is_file() {
        return Err(Fault::bad_input("is not a regular file").about(about()));
    }
    File::open(path).map_err(|e| Fault::io("opening", &e).about(about()))
}

/// A stranger's text, short enough for a message.
pub(super) fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}

fn choose<'r>(readers: &[&'r dyn Reader], path: &Path, head: &[u8]) -> Result<&'r dyn Reader> {
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().to_lowercase();
    let named =
        |r: &&&dyn Reader| r.extensions().iter().any(|e| file.strip_suffix(e).is_some_and(|stem| stem.ends_with('.')));
    let fault = |detail: String| Fault::bad_input(detail).about(path.display().to_string());
    if head.iter().all(u8::is_ascii_whitespace) {
        return Err(fault("is empty".into()));
    }
    let by_name: Vec<_> = readers.iter().filter(named).collect();
    let names = || by_name.iter().map(|r| r.name()).collect::<Vec<_>>().join(" or ");
    match readers.iter().find(|r| r.sniff(head)) {
        Some(found) if by_name.is_empty() || by_name.iter().any(|r| r.name() == found.name()) => Ok(*found),
        Some(found) => Err(fault(format!("is {} by its content and {} by its name", found.name(), names()))
            .remedy(format!("name it .{}", found.extensions().first().unwrap_or(&"")))),
        None => match (foreign(head, &file), by_name.first()) {
            (Some(Foreign { what, convert }), Some(_)) => {
                let fault = fault(format!("is {what} by its content and {} by its name", names()));
                Err(convert.into_iter().fold(fault, Fault::remedy))
            }
            (Some(Foreign { what, convert }), None) => {
                let remedy = convert.map_or_else(|| known(readers), str::to_owned);
                Err(fault(format!("is {what}, which is not read")).remedy(remedy))
            }
            // Undecided content (a JSON text whose telling member comes late): the name decides, the reader checks.
            (None, Some(reader)) => Ok(**reader),
            (None, None) => Err(fault("is of no known format".into()).remedy(known(readers))),
        },
    }
}

fn known(readers: &[&dyn Reader]) -> String {
    let each: Vec<_> = readers.iter().map(|r| format!("{} (.{})", r.name(), r.extensions().join(", ."))).collect();
    // The last three have no reader of objects.
    format!("known are {}, GeoTIFF (.tif), LAS (.las, .laz), 3D Tiles (tileset.json)", each.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fake(&'static str, &'static [&'static str], &'static [u8]);
    impl Reader for Fake {
        fn name(&self) -> &'static str {
            self.0
        }
        fn extensions(&self) -> &'static [&'static str] {
            self.1
        }
        fn sniff(&self, head: &[u8]) -> bool {
            head.starts_with(self.2)
        }
        fn read(&self, _: &Path, _: &ReadOptions, _: &mut Sink) -> Result<()> {
            Ok(())
        }
    }
    const TWO: &[&dyn Reader] = &[&Fake("A", &["a", "json"], b"AAA"), &Fake("B", &["b", "json"], b"BBB")];

    fn chosen(path: &str, head: &[u8]) -> std::result::Result<&'static str, String> {
        choose(TWO, Path::new(path), head).map(|r| r.name()).map_err(|e| e.to_string())
    }

    #[test]
    fn content_decides_before_the_name_and_a_contradiction_names_both() {
        assert_eq!(chosen("x.json", b"BBB"), Ok("B"));
        assert_eq!(chosen("x.unknown", b"AAA"), Ok("A"));
        assert_eq!(chosen("X.B", b"{"), Ok("B"));
        let both = chosen("x.a", b"BBB").unwrap_err();
        assert!(both.contains("is B by its content and A by its name"), "{both}");
        let png = chosen("x.a", b"\x89PNG").unwrap_err();
        assert!(png.contains("PNG") && png.contains(" A "), "{png}");
        assert!(chosen("a", b"{").unwrap_err().contains("known are A"), "a bare name has no ending");
        assert!(chosen("x.a", b" \n").unwrap_err().contains("is empty"));
        assert!(chosen("x.b", b"\x00\x01").unwrap_err().contains("binary"));
    }

    #[test]
    fn folders_pipes_and_missing_files_are_named_and_nothing_waits() {
        let folder = std::env::temp_dir();
        let said = |path: &Path| reader_of(path).map(|r| r.name()).unwrap_err().to_string();
        assert!(said(&folder).contains("not a regular file"), "{}", said(&folder));
        assert!(said(Path::new("/dev/zero")).contains("not a regular file"));
        assert!(said(&folder.join("no-such-file.csv")).contains("no-such-file.csv"));
    }
}
