//! A Shapefile in a ZIP archive: its files are unpacked into a folder of their own, under names that nobody else chose.

use crate::fault::{Fault, Kind, Result};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Entries of an archive that are looked at.
const MOST_ENTRIES: usize = 10_000;
/// Bytes that an archive's files may have unpacked, all together.
const LARGEST: u64 = 4 << 30;
/// The files that are read.
const READ: &[&str] = &["shp", "dbf", "shx", "prj", "cpg"];

/// Unpacked files; gone when dropped.
pub(super) struct Folder {
    _dir: tempfile::TempDir,
    pub shp: PathBuf,
}

/// Whether a file that begins so may be a ZIP archive of a Shapefile: of other archives their first entry tells.
pub(super) fn may_hold(head: &[u8]) -> bool {
    let name = head.strip_prefix(b"PK\x03\x04").and_then(|_| {
        let length = head.get(26..28)?.first_chunk().map(|b| u16::from_le_bytes(*b))?;
        head.get(30..30 + usize::from(length))
    });
    let others: &[&[u8]] = &[b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"mimetype", b"META-INF/"];
    let xlsx = || head.windows(9).any(|w| w == b"xl/sheets" || w == b"xl/_rels/" || w == b"xl/workbo");
    name.is_some_and(|name| !others.iter().any(|o| name.starts_with(o))) && !xlsx()
}

/// Unpacks the one Shapefile of an archive.
///
/// # Errors
/// No archive, none or several Shapefiles in it, or more than may be unpacked.
pub(super) fn unpack(file: &Path) -> Result<Folder> {
    let broken = |e: zip::result::ZipError| Fault::bad_input(format!("is a ZIP archive that cannot be read: {e}"));
    let input = BufReader::new(crate::formats::reader::open(file)?);
    let mut archive = zip::ZipArchive::new(input).map_err(broken)?;
    if archive.len() > MOST_ENTRIES {
        return Err(Fault::new(
            Kind::TooLarge,
            format!("is a ZIP archive of {} files; at most {MOST_ENTRIES} are read", archive.len()),
        ));
    }
    let names: Vec<(usize, String)> = (0..archive.len())
        .filter_map(|i| archive.name_for_index(i).and_then(std::result::Result::ok).map(|n| (i, n.into_owned())))
        .filter(|(_, name)| !name.starts_with("__MACOSX/") && !name.ends_with('/'))
        .collect();
    let ending = |name: &str| name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
    let stem = |name: &str| name.rsplit_once('.').map_or(name, |(s, _)| s).to_lowercase();
    let shps: Vec<&str> = names.iter().map(|(_, n)| n.as_str()).filter(|n| ending(n) == "shp").collect();
    let [shp] = shps[..] else {
        let shown: Vec<String> = names.iter().take(8).map(|(_, n)| n.chars().take(40).collect()).collect();
        let remedy = match (shps.len(), names.iter().find_map(|(_, n)| archive_of(&ending(n)))) {
            (0, Some((_, convert))) => convert.to_owned(),
            (0, None) => "unpack it and import its files".to_owned(),
            _ => "unpack it and import each .shp with the files beside it".to_owned(),
        };
        let what = names.iter().find_map(|(_, n)| archive_of(&ending(n))).map_or("a ZIP archive", |(what, _)| what);
        return Err(Fault::bad_input(format!(
            "is {what} with {} Shapefiles in it (it holds {})",
            shps.len(),
            shown.join(", ")
        ))
        .remedy(remedy));
    };
    let dir = tempfile::tempdir().map_err(|e| Fault::io("making a folder to unpack into", &e))?;
    let (of, mut left) = (stem(shp), LARGEST);
    for (index, name) in names.iter().filter(|(_, n)| stem(n) == of && READ.contains(&ending(n).as_str())) {
        let to = dir.path().join(format!("unpacked.{}", ending(name)));
        let mut out = File::create(&to).map_err(|e| Fault::io("unpacking", &e))?;
        let mut entry = archive.by_index(*index).map_err(broken)?;
        let copied = std::io::copy(&mut (&mut entry).take(left + 1), &mut out).map_err(|e| match e.kind() {
            std::io::ErrorKind::StorageFull => Fault::io("unpacking", &e),
            _ => Fault::bad_input(format!("is a ZIP archive that cannot be unpacked: {e}")),
        })?;
        left = left.checked_sub(copied).ok_or_else(|| {
            Fault::new(Kind::TooLarge, format!("unpacks to more than {} GiB", LARGEST >> 30))
                .remedy("unpack it and import the .shp with the files beside it")
        })?;
    }
    Ok(Folder { shp: dir.path().join("unpacked.shp"), _dir: dir })
}

/// What an archive is that holds a file of this ending, and how to convert it.
fn archive_of(ending: &str) -> Option<(&'static str, &'static str)> {
    Some(match ending {
        "kml" => ("a KMZ archive", "convert it with ogr2ogr: ogr2ogr out.gpkg FILE.kmz"),
        "ifc" => ("an IFCZIP archive", "unpack it and import the .ifc in it"),
        "gdbtable" => ("a zipped file geodatabase", "convert it with ogr2ogr: ogr2ogr out.gpkg FOLDER.gdb"),
        "gml" => {
            ("a ZIP archive of GML", "unpack it; CityGML converts with citygml-tools: citygml-tools to-cityjson FILE")
        }
        _ => return None,
    })
}
