//! Bytes to shapes and attributes: one folder per format, all giving the same items to a sink.

#![deny(clippy::indexing_slicing)]

mod attribute;
mod cityjson;
mod control;
mod feature;
mod flatgeobuf;
mod foreign;
mod geo_keys;
mod geojson;
mod geopackage;
mod geoparquet;
mod gltf;
pub mod ifc;
mod lines;
mod mapping;
mod obj;
mod osm;
mod picture;
pub mod points;
pub mod raster;
mod reader;
mod shapefile;
mod table;
mod taken;
pub mod tiles3d;
mod uri;
mod worker;
mod write;

pub use cityjson::{CityJson, CityJsonOptions, CityJsonWriter, Family, PictureNames};
pub use control::control_points;
pub use geojson::{GeoJsonWriter, footprint, to_json};
pub use geoparquet::GeoParquetWriter;
pub use gltf::glb;
pub use mapping::Mapping;
pub use picture::{Media, as_common, hash_of, put_textures, textures};
pub use reader::{HEAD_BYTES, READERS, ReadOptions, Reader, Up, head_of, reader_for, reader_of};
pub use shapefile::companions;
pub use table::CsvWriter;
pub use worker::{Limits, Worker, serve};
pub use write::{Columns, Item, Writer};

use crate::fault::Result;
use crate::geom::{Bounds, Shape};
use crate::model::{Asset, AssetId, Attributes, Class, Geometry};
use std::sync::Arc;

/// Where a file's numbers live, as the file itself says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourceFrame {
    /// The declared CRS as written (`EPSG:7415`, an OGC URN or URL, WKT), with its epoch where the file has one
    /// ([`stated_epoch`](crate::crs::stated_epoch)); absent when the file has none.
    pub crs: Option<String>,
    /// How local coordinates sit in that CRS or on the globe; for engineering models.
    pub placement: Option<Placement>,
    /// Whether `crs` is only what coordinates called longitude and latitude are taken for: the caller's geographic CRS goes
    /// before it.
    pub assumed: bool,
}

/// How a model's local metres sit in the world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Placement {
    /// `IfcMapConversion`: local x, y, z turned, scaled and shifted into the declared projected CRS.
    MapConversion {
        /// Shift to the projected CRS, in its units.
        eastings: f64,
        /// Shift to the projected CRS, in its units.
        northings: f64,
        /// Shift in height, metres.
        height: f64,
        /// Counter-clockwise turn from local x to map east, degrees.
        rotation: f64,
        /// Map units for one local metre.
        scale: f64,
    },
    /// Latitude and longitude of the local origin (`IfcSite`, or an `IfcRigidOperation` by angles), with true north.
    Geographic {
        /// WGS 84 position of local (0, 0, 0).
        origin: crate::units::Geodetic,
        /// Counter-clockwise angle from local y to true north, degrees.
        true_north: f64,
        /// To how many metres the position is written; zero where that is not known.
        accuracy: f64,
    },
    /// Only a turn is known: no place on the globe.
    Unplaced {
        /// Counter-clockwise angle from local y to true north, degrees.
        true_north: f64,
    },
}

/// One object as its file gives it, in the file's own frame.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceObject {
    /// The source's own id.
    pub id: AssetId,
    /// What it is.
    pub class: Class,
    /// Its name for people; empty when it has none.
    pub name: String,
    /// The object it is part of or contained in.
    pub parent: Option<AssetId>,
    /// The label of its storey.
    pub storey: Option<Arc<str>>,
    /// The layer it came from, where the file has several.
    pub layer: Option<Arc<str>>,
    /// The source's attributes under their own names and with their own types.
    pub attributes: Attributes,
    /// Its shape of the highest level of detail.
    pub shape: Shape,
    /// What it covers on the ground when the source says so apart from the shape.
    pub footprint: Vec<crate::geom::Polygon>,
    /// A CRS of this one object that differs from its file's (a CSV with a `crs` column).
    pub crs: Option<Arc<str>>,
}

impl SourceObject {
    /// How many corners its shape and footprint have together, and the first of them.
    pub fn corners(&self) -> (usize, Option<[f64; 3]>) {
        let (mut count, mut first) = (0, None);
        let mut see = |corner| {
            count += 1;
            first.get_or_insert(corner);
        };
        self.shape.each(&mut see);
        self.footprint.iter().flat_map(crate::geom::Polygon::points).copied().for_each(see);
        (count, first)
    }
    /// The asset it becomes with its geometry placed.
    pub fn into_asset(self, geometry: Geometry, bounds: Bounds) -> Asset {
        let Self { id, class, name, parent, storey, layer, attributes, .. } = self;
        Asset { id, class, name, parent, storey, layer, attributes, geometry, bounds }
    }
}

/// What a reader tells its sink, in order: the frame first, then objects and refusals as they come; notes at any time.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceItem {
    /// The file's frame; exactly once and before all objects.
    Frame(SourceFrame),
    /// An object.
    Object(Box<SourceObject>),
    /// An object that could not be taken.
    Refused {
        /// Its id, or its position in the file ("line 7").
        object: String,
        /// Why, as one sentence without a full stop.
        reason: String,
    },
    /// A picture that surfaces of later objects show, as it is to be kept; once.
    Picture(Vec<u8>),
    /// Something the reader changed or could not honour, for the report.
    Note(String),
}

/// Takes items as a reader finds them; its error stops the reader.
pub type Sink<'a> = dyn FnMut(SourceItem) -> Result<()> + 'a;
