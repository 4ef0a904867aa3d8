//! IFC (ISO 16739, as STEP text of ISO 10303-21): the spatial tree, every element with its shape, its sets and its place.
//!
//! What becomes an asset: `IfcProject`, every `IfcProduct` except openings and other subtractions (they are cut out of
//! their hosts), grids, referents, parts of alignments, annotations and structural analysis items (those are counted in a
//! note), and every `IfcGroup` besides those of structural analysis, for systems and zones. An object's id is its
//! `GlobalId`. An `IfcBuilding` of composition PARTIAL within another is a part of it, or the unit (单元) that its
//! `ObjectType` BuildingUnit says it is. An `IfcAlignment` is a line, its chords within a centimetre.
//!
//! Attributes besides the entity's own (`ifc_type`, `description`, `object_type`, `tag`, `predefined_type`, `long_name`,
//! `flow_direction`, `system_type`, `usage_type`), each there only where the file says something:
//!
//! | attribute | what it is |
//! |---|---|
//! | `elevation`, `index` | of storeys: metres; 0 at the ground, counted by elevation within the building |
//! | `Set.Name` | every property and quantity with the value that the file gives; the object's own sets win over its type's. Enumerations and lists are lists; bounded values `{lower, upper, set_point}`, tables `{defining, defined}`, complex ones maps |
//! | `units` | `Set.Name` (or the path to a number within a map) to the unit of the number, as a UCUM code; money as the currency's code |
//! | `type_name`, `type_id` | name and `GlobalId` of the `IfcTypeObject` |
//! | `material` | the name, or the names |
//! | `material_layers`, `material_constituents`, `material_profiles` | one by one: `name`, `material`, `category`, `thickness` in metres, `fraction`, `profile`, `ventilated` |
//! | `classification` | references, its type's too: `{system, code, name, uri}` |
//! | `systems`, `zones`, `groups` | what it is a member of: `{id, name}` |
//! | `serves` | of systems: the buildings |
//! | `connected_to` | through ports (`{id, by, port, flow}`: the element there, the own port, the other, the own flow) or by touch (`{id, at, to_at}`) |
//! | `bounded_by`, `bounds` | of spaces: `{id, level, physical, side}` for every kind of boundary with an element; of elements: the spaces |
//! | `also_in` | spatial elements that refer to it and do not contain it |
//! | `length`, `start_station`, `stations` | of alignments, metres; a station for each point of the line |
//!
//! The place is an `IfcMapConversion` (also `…Scaled`, `IfcRigidOperation`, or `ePSet_MapConversion` of IFC 2x3) into the
//! `IfcProjectedCRS` by code, name or well-known text; else the `IfcSite`'s latitude and longitude with true north, whose
//! accuracy is to how many metres they are written; a note says which. Coordinates that lie far from a model's origin
//! without either are taken for projected ones, whose CRS the caller names.
//!
//! The engine is a stranger's library, so a program reads in a [`Worker`](super::Worker): a process of its own, with limits
//! of time and memory, that gives the same items and can be ended. An engine that never ends or overflows its stack takes the
//! process that it is in with it.

mod guard;
mod kind;
mod lite;
mod model;
mod object;

pub use lite::STACK_BYTES;
pub use model::{Engine, Model, Product, Set};

use super::worker::Limits;
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
        let (limits, about) = (&options.limits, |fault: Fault| fault.about(file.display().to_string()));
        let source = super::reader::open(file)?;
        guard::size(source.metadata().map_or(0, |m| m.len()), limits).map_err(about)?;
        let (mut bytes, most) = (Vec::new(), limits.bytes.saturating_add(1));
        source.take(most).read_to_end(&mut bytes).map_err(|e| about(Fault::io("reading", &e)))?;
        guard::check(&bytes, limits).map_err(about)?;
        read_with(&lite::Lite, &bytes, limits, sink).map_err(about)
    }
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
    sink(SourceItem::Frame(SourceFrame { crs: model.crs.clone(), placement: Some(model.placement), assumed: false }))?;
    object::emit(&model, sink)
}
