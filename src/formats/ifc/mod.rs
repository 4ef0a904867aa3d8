//! IFC (ISO 16739, as STEP text of ISO 10303-21): the spatial tree, every element with its shape, its sets and its place.
//!
//! What becomes an asset: `IfcProject` and every `IfcProduct` except openings and other subtractions (they are cut out of
//! their hosts), grids and alignments, annotations and structural analysis items; those are counted in a note. An
//! object's id is its `GlobalId`. An `IfcBuilding` of composition PARTIAL within another is a part of it, or the unit (单元)
//! that its `ObjectType` BuildingUnit says it is. Its attributes are `ifc_type`, the entity's own ones (`description`, `object_type`,
//! `tag`, `predefined_type`, `long_name`), for storeys `elevation` (metres) and `index` (0 for the storey at the
//! ground, counted by elevation within the building), `material`, and each property and quantity under `Set.Name`
//! with the value and unit that the file gives; a set of the object's own wins over its type's.
//!
//! The engine is a stranger's library, so a program reads in a [`Worker`]: a process of its own, with limits of time and
//! memory, that gives the same items and can be ended.

mod guard;
mod kind;
mod lite;
mod model;
mod object;
mod wire;
mod worker;

pub use lite::STACK_BYTES;
pub use model::{Engine, Limits, Model, Product, Set};
pub use worker::{Worker, serve};

use super::{ReadOptions, Reader, Sink, SourceFrame, SourceItem};
use crate::fault::{Fault, Kind, Result};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The reader for `.ifc` files.
pub struct Ifc;

impl Reader for Ifc {
    fn name(&self) -> &'static str {
        "IFC"
    }
    fn extensions(&self) -> &'static [&'static str] {
        &["ifc"]
    }
    fn sniff(&self, head: &[u8]) -> bool {
        head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start().starts_with(b"ISO-10303-21")
    }
    fn read(&self, file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
        match &options.worker {
            Some(worker) => worker.read(file, sink),
            None => read_here(file, &Limits::default(), sink),
        }
    }
}

/// Reads `file` in this process: an engine that never ends or overflows its stack takes the process with it.
fn read_here(file: &Path, limits: &Limits, sink: &mut Sink) -> Result<()> {
    let about = |fault: Fault| fault.about(file.display().to_string());
    let source = super::reader::open(file)?;
    guard::size(source.metadata().map_or(0, |m| m.len()), limits).map_err(about)?;
    let mut bytes = Vec::new();
    source.take(limits.bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| about(Fault::io("reading", &e)))?;
    guard::check(&bytes, limits).map_err(about)?;
    read_with(&lite::Lite, &bytes, limits, sink).map_err(about)
}

/// Reads `bytes` with `engine`; a panic inside the engine refuses the file.
///
/// # Errors
/// The engine's, and the sink's.
pub fn read_with(engine: &dyn Engine, bytes: &[u8], limits: &Limits, sink: &mut Sink) -> Result<()> {
    let model = catch_unwind(AssertUnwindSafe(|| engine.model(bytes, limits)))
        .unwrap_or_else(|_| Err(Fault::new(Kind::BadInput, "the IFC engine broke down on this file")))?;
    // Before the frame, which a file without a place is refused at: they say why it has none.
    for note in &model.notes {
        sink(SourceItem::Note(note.clone()))?;
    }
    sink(SourceItem::Frame(SourceFrame { crs: model.crs.clone(), placement: Some(model.placement) }))?;
    object::emit(&model, sink)
}
