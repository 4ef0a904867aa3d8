//! GeoJSON (RFC 7946), whole files and sequences (RFC 8142, or one feature a line), streamed feature by feature.

mod model;
mod shape;
mod write;

pub use write::{GeoJsonWriter, footprint, to_json};

use super::attribute::Attribute;
use super::feature::{Feature, Features, Parts, as_id};
use super::mapping::Columns;
use super::reader::{clip, open};
use super::{ReadOptions, Reader, Sink, SourceFrame, SourceItem};
use crate::fault::{Fault, Kind, Result};
use crate::model::Value;
use model::{Coordinates, Geometry};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::Cell;
use std::fmt;
use std::io::{BufReader, Read};
use std::path::Path;

/// The reader of GeoJSON and GeoJSONSeq.
///
/// A polygon with a number in one of `height`, `building:height`, `measuredHeight`, `measured_height`, `bldg_height`, `building_height`,
/// `render_height`, `Height`, `HEIGHT`, `hoogte`, `高度`, `楼高` (metres of the top above the ground) becomes a closed
/// solid; `b3_h_dak_max`, `b3_h_max`, `h_dak_max` and `roof_elevation` give the top in the source's own heights. It stands
/// on `base_height`, `ground_height`, `base_elevation`, `b3_h_maaiveld`, `h_maaiveld` or `地面高程`, else on the outline's
/// own z, else on 0, and begins `min_height` above that. It is a building unless its `class` or `--class` says otherwise.
/// `id`, `name`, `parent`, `storey` and `class` are read from the properties; the others stay attributes.
#[derive(Debug, Clone, Copy)]
pub struct GeoJson;

/// The most bytes between two features: one feature, or what stands before the first.
const LARGEST_FEATURE: u64 = 64 << 20;

impl Reader for GeoJson {
    fn name(&self) -> &'static str {
        "GeoJSON"
    }
    fn extensions(&self) -> &'static [&'static str] {
        &["geojson", "geojsonl", "geojsons", "geojsonseq", "ndjson", "json", "jsonl"]
    }
    fn takes_mapping(&self) -> bool {
        true
    }
    fn sniff(&self, head: &[u8]) -> bool {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        let head = head.strip_prefix(b"\x1e").unwrap_or(head).trim_ascii_start();
        let has = |word: &[u8]| head.windows(word.len()).any(|w| w == word);
        head.starts_with(b"{") && (has(b"\"FeatureCollection\"") || has(b"\"Feature\"") || has(b"\"coordinates\""))
    }
    fn read(&self, file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
        read(open(file)?, options, sink).map_err(|e| e.about(file.display().to_string()))
    }
}

fn read(input: impl Read, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
    let left = Cell::new(LARGEST_FEATURE);
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(
        1 << 16,
        Metered { input, left: &left, start: true },
    ));
    let taken = Features::new(options);
    let columns = Columns::of(taken.mapping());
    let mut features = Stream { sink, left: &left, taken, columns, frame: None, fault: None, count: 0 };
    let mut texts = 0;
    // A sequence is one text after another; a whole file is one.
    while json.end().is_err() {
        let read = Text(&mut features).deserialize(&mut json);
        if let Some(fault) = features.fault.take() {
            return Err(fault);
        }
        read.map_err(|e| unreadable(&e))?;
        texts += 1;
    }
    if texts == 0 {
        return Err(Fault::bad_input("is empty"));
    }
    features.begin(None)?;
    features.columns.check()?;
    features.taken.end(features.sink)
}

fn unreadable(e: &serde_json::Error) -> Fault {
    let place = format!("line {}, column {}", e.line(), e.column());
    let said = e.to_string();
    // serde quotes what it found, whole.
    let said: String = said.split(" at line ").next().unwrap_or_default().chars().take(200).collect();
    match e.classify() {
        serde_json::error::Category::Eof => {
            Fault::bad_input(format!("ends at {place} in the middle of an object: it is not whole"))
        }
        serde_json::error::Category::Syntax => Fault::bad_input(format!("is not JSON at {place}: {said}")),
        serde_json::error::Category::Data => Fault::bad_input(format!("is not GeoJSON at {place}: {said}")),
        serde_json::error::Category::Io if said.contains(METER) => Fault::new(Kind::TooLarge, said),
        serde_json::error::Category::Io => Fault::new(Kind::Io, said),
    }
}

const METER: &str = "a feature is larger than 64 MiB";

/// Counts bytes against what is left for this feature, and turns the record separators of RFC 8142 and a byte order mark
/// into blanks.
struct Metered<'a, R> {
    input: R,
    left: &'a Cell<u64>,
    start: bool,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(buffer)?;
        let Some(left) = self.left.get().checked_sub(read as u64) else { return Err(std::io::Error::other(METER)) };
        self.left.set(left);
        let bytes = buffer.get_mut(..read).unwrap_or_default();
        if let (true, Some(mark)) = (self.start, bytes.get_mut(..3).filter(|b| **b == *b"\xef\xbb\xbf")) {
            mark.fill(b' ');
        }
        self.start &= read == 0;
        // A raw 0x1E is not allowed inside JSON strings either, so it is only ever a separator.
        bytes.iter_mut().filter(|b| **b == 0x1e).for_each(|b| *b = b' ');
        Ok(read)
    }
}

/// Hands features on as they come.
struct Stream<'a, 's> {
    sink: &'a mut Sink<'s>,
    left: &'a Cell<u64>,
    taken: Features<'a>,
    /// The properties seen, for a mapping to be held against.
    columns: Columns<'a>,
    /// The CRS told to the sink, once it is.
    frame: Option<Option<String>>,
    /// The sink's fault, carried past serde.
    fault: Option<Fault>,
    count: usize,
}

/// What RFC 7946 §4 prescribes.
const CRS84: &str = "OGC:CRS84";

impl Stream<'_, '_> {
    /// Tells the frame, once; `first` is the first coordinate of the file.
    fn begin(&mut self, first: Option<[f64; 2]>) -> Result<()> {
        if self.frame.is_none() {
            // Numbers that are no degrees were written without regard to RFC 7946: their CRS is not known.
            let degrees = first.is_none_or(|[x, y]| x.abs() <= 180.0 && y.abs() <= 90.0);
            let crs = degrees.then(|| CRS84.to_owned());
            self.frame = Some(crs.clone());
            (self.sink)(SourceItem::Frame(SourceFrame { crs, placement: None, assumed: false }))?;
        }
        Ok(())
    }
    /// The `crs` member of the 2008 text.
    fn declared(&mut self, crs: &Attribute) -> Result<()> {
        let name = |v: &Value| match v {
            Value::Map(m) => m.iter().find(|(n, _)| n == "properties").and_then(|(_, p)| match p {
                Value::Map(p) => p.iter().find(|(n, _)| n == "name").map(|(_, name)| name.clone()),
                _ => None,
            }),
            _ => None,
        };
        let name = match name(&crs.0) {
            Some(Value::Text(name)) => name,
            _ if crs.0 == Value::Null => return Ok(()),
            _ => return Err(Fault::bad_input("has a 'crs' member that does not name a CRS")),
        };
        match &self.frame {
            Some(told) if told.as_deref().is_some_and(|t| t == name || (t == CRS84 && name.ends_with("CRS84"))) => {
                Ok(())
            }
            Some(_) => Err(Fault::bad_input(format!("names its CRS '{}' after its first feature", clip(&name)))
                .remedy("move the 'crs' member before 'features'")),
            None => {
                self.frame = Some(Some(name.clone()));
                (self.sink)(SourceItem::Frame(SourceFrame { crs: Some(name), placement: None, assumed: false }))
            }
        }
    }
    fn feature(&mut self, feature: model::Feature) -> Result<()> {
        self.left.set(LARGEST_FEATURE);
        self.count += 1;
        let place = format!("feature {}", self.count);
        let model::Feature { kind, id, properties, geometry } = feature;
        if kind.0 != Value::Text("Feature".into()) {
            return (self.sink)(SourceItem::Refused { object: place, reason: "its type is not 'Feature'".into() });
        }
        let first = geometry.as_ref().and_then(|g| g.coordinates.first());
        self.begin(first)?;
        let attributes = properties.members();
        self.columns.note(&attributes);
        let parts = geometry.as_ref().map_or_else(|| Ok(Parts::default()), shape::parts);
        let feature = Feature { id: as_id(id.0), ..Feature::new(place, attributes, parts) };
        self.taken.take(feature, Some(&geometry), self.sink)
    }
    /// Keeps the sink's fault and gives serde an error that ends the reading.
    fn keep<E: serde::de::Error>(&mut self, result: Result<()>) -> std::result::Result<(), E> {
        result.map_err(|fault| {
            self.fault = Some(fault);
            E::custom("stopped")
        })
    }
}

/// One JSON text: a FeatureCollection, a Feature or a bare geometry.
struct Text<'f, 'a, 's>(&'f mut Stream<'a, 's>);

impl<'de> DeserializeSeed<'de> for Text<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> std::result::Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Text<'_, '_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a FeatureCollection, a Feature or a geometry")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<(), A::Error> {
        let (mut kind, mut listed) = (String::new(), false);
        let (mut one, mut bare) = (model::Feature::default(), Geometry::default());
        while let Some(name) = entries.next_key::<String>()? {
            match name.as_str() {
                "type" => kind = entries.next_value()?,
                "features" => {
                    listed = true;
                    entries.next_value_seed(List(&mut *self.0))?;
                }
                "crs" => {
                    let crs: Attribute = entries.next_value()?;
                    let declared = self.0.declared(&crs);
                    self.0.keep(declared)?;
                }
                "id" => one.id = entries.next_value()?,
                "properties" => one.properties = entries.next_value()?,
                "geometry" => one.geometry = entries.next_value()?,
                "coordinates" => bare.coordinates = entries.next_value::<Coordinates>()?,
                "geometries" => bare.geometries = entries.next_value()?,
                _ => drop(entries.next_value::<IgnoredAny>()?),
            }
        }
        match kind.as_str() {
            "FeatureCollection" if listed => return Ok(()),
            "FeatureCollection" => return Err(A::Error::custom("a FeatureCollection without 'features'")),
            "Feature" => {}
            "Point" | "MultiPoint" | "LineString" | "MultiLineString" | "Polygon" | "MultiPolygon"
            | "GeometryCollection" => {
                bare.kind.clone_from(&kind);
                one.geometry = Some(bare);
            }
            other => return Err(A::Error::custom(format!("an object of type '{}' is not GeoJSON", clip(other)))),
        }
        one.kind = Attribute(Value::Text("Feature".into()));
        let done = self.0.feature(one);
        self.0.keep(done)
    }
}

/// The members of `features`, one at a time.
struct List<'f, 'a, 's>(&'f mut Stream<'a, 's>);

impl<'de> DeserializeSeed<'de> for List<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> std::result::Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an array of features")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        while let Some(feature) = items.next_element()? {
            let done = self.0.feature(feature);
            self.0.keep(done)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
