//! Shapefiles: the shapes of a `.shp` with the rows of the `.dbf` beside it, loose or in one ZIP archive.

mod dbf;
mod encoding;
mod packed;
mod shp;

use super::feature::{Feature, Features};
use super::reader::open;
use super::{ReadOptions, Reader, Sink, SourceFrame, SourceItem};
use crate::fault::{Fault, Result};
use crate::model::Attributes;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The reader of Shapefiles (Esri, 1998).
///
/// Beside `roads.shp` it looks for `roads.dbf` (attributes), `roads.shx` (where the records are), `roads.prj` (the CRS) and
/// `roads.cpg` (the encoding of texts), in whatever letter case. What stands in the attributes is taken as of any feature:
/// heights make solids, and `id`, `name`, `class`, `parent` and `storey` say what they say, by a mapping or by themselves.
#[derive(Debug, Clone, Copy)]
pub struct Shapefile;

/// Files that belong to a `.shp`.
const BESIDE: &[&str] = &[
    "dbf", "shx", "prj", "cpg", "qpj", "sbn", "sbx", "qix", "fbn", "fbx", "ain", "aih", "atx", "ixs", "mxs", "shp.xml",
];
/// Bytes of a `.prj` or `.cpg` that are read.
const LONGEST_TEXT: u64 = 64 << 10;

impl Reader for Shapefile {
    fn name(&self) -> &'static str {
        "Shapefile"
    }
    fn extensions(&self) -> &'static [&'static str] {
        &["shp", "shp.zip", "shz", "zip"]
    }
    fn takes_mapping(&self) -> bool {
        true
    }
    fn sniff(&self, head: &[u8]) -> bool {
        shp::is_one(head) || packed::may_hold(head)
    }
    fn read(&self, file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
        let mut head = [0; 4];
        let begun = open(file)?.read(&mut head).map_err(|e| Fault::io("reading", &e));
        let done = begun.and_then(|_| match head == *b"PK\x03\x04" {
            true => packed::unpack(file).and_then(|folder| read(&folder.shp, options, sink)),
            false => read(file, options, sink),
        });
        done.map_err(|e| e.about(file.display().to_string()))
    }
}

/// The files beside `file` that belong to it: those of a Shapefile, which is several; none of any other format's.
pub fn companions(file: &Path) -> Vec<PathBuf> {
    let is_shp = file.extension().is_some_and(|e| e.eq_ignore_ascii_case("shp"));
    let (Some(stem), true) = (file.file_stem().map(|s| s.to_string_lossy().to_lowercase()), is_shp) else {
        return Vec::new();
    };
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let belongs = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let ending = name.strip_prefix(&stem).and_then(|rest| rest.strip_prefix('.'));
        ending.is_some_and(|ending| BESIDE.contains(&ending)) && path.is_file()
    };
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(belongs).collect();
    found.sort();
    found
}

fn read(file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
    let all = companions(file);
    let beside = |ending: &str| -> Result<Option<File>> {
        let found = all.iter().find(|p| p.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending)));
        found.map(|path| open(path)).transpose()
    };
    let text = |ending: &str| -> Result<Option<String>> {
        let Some(file) = beside(ending)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(LONGEST_TEXT)
            .read_to_end(&mut bytes)
            .map_err(|e| Fault::io(&format!("reading the .{ending}"), &e))?;
        let text = String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').trim().to_owned();
        Ok((!text.is_empty()).then_some(text))
    };
    let (shx, dbf) = (beside("shx")?, beside("dbf")?);
    let mut notes = Vec::new();
    if shx.is_none() {
        notes.push("there is no .shx beside it: its records are taken one after the other".to_owned());
    }
    let mut records = shp::Records::new(open(file)?, shx)?;
    let mut table = dbf.map(|dbf| dbf::Table::new(dbf, text("cpg")?.as_deref())).transpose()?;
    match &table {
        None => notes.push("there is no .dbf beside it: its shapes come in without attributes".to_owned()),
        Some(table) => {
            notes.extend(table.note.clone());
            let untaken = table.untaken();
            if !untaken.is_empty() {
                notes.push(format!("columns of types that are not taken: {}", untaken.join(", ")));
            }
        }
    }
    let mut features = Features::new(options);
    if let Some(mapping) = features.mapping() {
        mapping.check(&table.as_ref().map(dbf::Table::names).unwrap_or_default(), false)?;
    }
    sink(SourceItem::Frame(SourceFrame { crs: text("prj")?, placement: None, assumed: false }))?;
    notes.into_iter().try_for_each(|note| sink(SourceItem::Note(note)))?;
    let (mut number, mut measured, mut turned, mut deleted, mut rowless) = (0_usize, 0, 0, 0, 0);
    while let Some(record) = records.next()? {
        number += 1;
        measured += usize::from(record.measured);
        turned += usize::from(record.turned);
        let row = table.as_mut().map_or(Ok(None), dbf::Table::next)?;
        if row.as_ref().is_some_and(|row| row.deleted) {
            deleted += 1;
            continue;
        }
        rowless += usize::from(table.is_some() && row.is_none());
        let attributes = row.map_or_else(Attributes::new, |row| row.attributes);
        features.take(Feature::new(format!("record {number}"), attributes, record.parts), None, sink)?;
    }
    let mut shapeless = 0;
    while let Some(_row) = table.as_mut().map_or(Ok(None), dbf::Table::next)? {
        shapeless += 1;
    }
    let wrong = table.as_ref().map_or(0, |t| t.wrong);
    for (count, what) in [
        (measured, "shapes have measures (M), which are left out"),
        (turned, "polygons turn their rings against the technical description: what lies in no outline is one itself"),
        (deleted, "rows are marked as deleted in the .dbf and left out with their shapes"),
        (rowless, "shapes have no row in the .dbf"),
        (shapeless, "rows of the .dbf have no shape and are left out: the two files are not of one Shapefile"),
        (wrong, "texts are not of the encoding that the .dbf or .cpg declares: what is unreadable in them is �"),
    ] {
        if count > 0 {
            sink(SourceItem::Note(format!("{count} {what}")))?;
        }
    }
    features.end(sink)
}
