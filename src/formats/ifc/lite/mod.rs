//! The engine over `ifc-lite`: what this library gives, put into Cimbra's own form. No other file names it.

mod alignment;
mod book;
mod curve;
mod links;
mod lost;
mod materials;
mod meshes;
mod place;
mod records;
mod relations;
mod sets;
mod tree;
mod units;
mod winding;

use self::book::Book;
use self::relations::Relations;
use self::units::Units;
use super::{Engine, Model};
use crate::fault::{Fault, Kind, Result};
use crate::formats::Limits;
use ifc_lite_core::{EntityDecoder, SchemaVersion, build_entity_index};
use ifc_lite_processing::run_on_geometry_pool;
use std::sync::Arc;

/// Bytes that each of the engine's threads, one a core, sets apart for its stack.
pub const STACK_BYTES: u64 = ifc_lite_processing::GEOMETRY_STACK_BYTES as u64;

/// `ifc-lite`.
pub(super) struct Lite;

impl Engine for Lite {
    fn model(&self, bytes: &[u8], limits: &Limits) -> Result<Model> {
        // Its workers have stacks of 256 MiB: deep boolean trees overflow a usual one, and an overflow ends the process.
        run_on_geometry_pool(|| model(bytes, limits)).map_err(|e| {
            Fault::new(Kind::Unavailable, format!("the IFC engine has no threads: {e}"))
                .remedy("give it more memory, or try again when the machine is less busy")
        })?
    }
}

fn model(bytes: &[u8], limits: &Limits) -> Result<Model> {
    // The library writes its remarks to stderr unless told otherwise; the second and later calls change nothing.
    ifc_lite_core::parser::set_report_sink(|message| tracing::warn!("{message}"));
    let label = ifc_lite_core::declared_schema_bounded(bytes)
        .ok_or_else(|| Fault::bad_input("names no schema in its FILE_SCHEMA"))?;
    let schema = SchemaVersion::from_file_schema(&label).ok_or_else(|| {
        Fault::bad_input(format!("is of schema '{}'", short(&label))).remedy("export it as IFC2X3, IFC4 or IFC4X3")
    })?;
    let index = Arc::new(build_entity_index(bytes));
    let mut decoder = EntityDecoder::with_arc_index(bytes, index.clone());
    let unit = decoder.length_unit_scale();
    if !(unit.is_finite() && unit > 0.0) {
        return Err(Fault::bad_input(format!("has a length unit of {unit} metres")));
    }
    let mut notes = Vec::new();
    let mut found = records::scan(bytes, &index, schema, unit, &mut decoder, &mut notes);
    if found.products.is_empty() && found.refused.is_empty() {
        return Err(Fault::bad_input("holds no IfcProject and no IfcProduct"));
    }
    let mut book = Book::new(decoder, schema);
    let relations = Relations::read(&mut book, &found.relations);
    tree::connect(&mut found, &mut book, &relations, schema, unit, &mut notes);
    let axes = alignment::read(bytes, &mut book, &relations, &found.alignments, unit, &mut found.products, &mut notes);
    drop(relations);
    let mut units = Units::of_project(&mut book);
    let used = found.products.iter().flat_map(|p| p.sets.iter().copied()).collect();
    let sets = sets::read(&mut book, &mut units, &used, &mut notes);
    book.decoder.clear_cache();
    let shapes = meshes::extract(bytes, index.clone(), limits, &found.products, &mut notes)?;
    lost::shapes(&found.products, &mut book, &shapes, &mut found.refused);
    let place = place::find(bytes, &index, unit, &found.sites, &shapes, &mut book, &mut notes);
    let (meshes, lines) = shapes.placed(axes, &place);
    Ok(Model {
        crs: place.crs,
        placement: place.placement,
        products: found.products,
        sets,
        meshes,
        lines,
        refused: found.refused,
        notes,
        most_attributes: limits.attributes,
    })
}

/// The beginning of a text from the file, as long as words for people may be.
fn short(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
