//! FlatGeobuf 3: a header, an index that is passed over, and features one after the other, each verified before it is read.

mod frames;
mod properties;

use super::feature::{Collect, Feature, Features, Parts};
use super::reader::open;
use super::{ReadOptions, Reader, Sink, SourceFrame, SourceItem};
use crate::fault::{Fault, Result};
use crate::model::Attributes;
use flatgeobuf::{Geometry, GeometryType, Header};
use frames::Frames;
use properties::Schema;
use std::path::Path;

/// The reader of FlatGeobuf.
#[derive(Debug, Clone, Copy)]
pub struct FlatGeobuf;

impl Reader for FlatGeobuf {
    fn name(&self) -> &'static str {
        "FlatGeobuf"
    }
    fn extensions(&self) -> &'static [&'static str] {
        &["fgb"]
    }
    fn takes_mapping(&self) -> bool {
        true
    }
    fn sniff(&self, head: &[u8]) -> bool {
        // The last byte is a patch level that readers pass over.
        head.starts_with(b"fgb\x03fgb")
    }
    fn read(&self, file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
        Frames::open(open(file)?)
            .and_then(|frames| read(frames, options, sink))
            .map_err(|e| e.about(file.display().to_string()))
    }
}

fn read(mut frames: Frames, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
    let head = frames.take_head();
    let unsound = |e| Fault::bad_input(format!("has a header that does not hold together: {e}"));
    let header = flatgeobuf::size_prefixed_root_as_header(&head).map_err(unsound)?;
    frames.skip_index(header.features_count(), header.index_node_size())?;
    let schema = Schema::new(header.columns());
    let mut features = Features::new(options);
    if let Some(mapping) = features.mapping() {
        mapping.check(&schema.names(), false)?;
    }
    sink(SourceItem::Frame(SourceFrame { crs: crs(&header), placement: None, assumed: false }))?;
    let count = header.features_count();
    let (mut number, mut measured, mut binary, mut wrong) = (0_u64, 0, 0, 0);
    while count == 0 || number < count {
        let Some(bytes) = frames.next(number + 1)? else { break };
        number += 1;
        let place = format!("feature {number}");
        let feature = match flatgeobuf::size_prefixed_root_as_feature(bytes) {
            Ok(feature) => feature,
            Err(e) => {
                let reason = format!("its bytes do not hold together: {e}").chars().take(200).collect();
                sink(SourceItem::Refused { object: place, reason })?;
                continue;
            }
        };
        let own = feature.columns().map(|columns| Schema::new(Some(columns)));
        let read = own.as_ref().unwrap_or(&schema).read(feature.properties().map(|p| p.bytes()).unwrap_or_default());
        let (attributes, parts) = match read {
            Ok((attributes, [blobs, unread])) => {
                (binary, wrong) = (binary + blobs, wrong + unread);
                let (parts, with_measures) = geometry(feature.geometry(), header.geometry_type());
                measured += usize::from(with_measures);
                (attributes, parts)
            }
            Err(reason) => (Attributes::new(), Err(reason)),
        };
        features.take(Feature::new(place, attributes, parts), None, sink)?;
    }
    if number < count {
        return Err(Fault::bad_input(format!("ends after {number} of {count} features: it is not whole")));
    }
    for (count, what) in [
        (measured, "shapes have measures (M), which are left out"),
        (binary, "binary values are left out"),
        (wrong, "texts are not UTF-8: what is unreadable in them is �"),
    ] {
        if count > 0 {
            sink(SourceItem::Note(format!("{count} {what}")))?;
        }
    }
    features.end(sink)
}

/// The CRS as a code, else as its WKT.
fn crs(header: &Header<'_>) -> Option<String> {
    let crs = header.crs()?;
    let organization = crs.org().filter(|o| !o.is_empty()).unwrap_or("EPSG");
    let text = crs.code_string().filter(|c| !c.is_empty()).map(|code| format!("{organization}:{code}"));
    let code = (crs.code() > 0).then(|| format!("{organization}:{}", crs.code()));
    code.or(text).or_else(|| crs.wkt().filter(|w| !w.is_empty()).map(str::to_owned))
}

/// What a geometry holds, and whether it has measures.
fn geometry(geometry: Option<Geometry<'_>>, kind: GeometryType) -> (std::result::Result<Parts, String>, bool) {
    let Some(geometry) = geometry else { return (Ok(Parts::default()), false) };
    let kind = if kind == GeometryType::Unknown { geometry.type_() } else { kind };
    if geometry.xy().is_none_or(|xy| xy.is_empty()) && geometry.parts().is_none_or(|parts| parts.is_empty()) {
        return (Ok(Parts::default()), false);
    }
    if !holds(&geometry, kind) {
        return (Err("its geometry's numbers do not fit each other".into()), false);
    }
    let mut collect = Collect::default();
    let read = flatgeobuf::read_geometry(&mut collect, &geometry, kind);
    collect.end(read)
}

/// Whether the lists of a geometry fit each other; the library counts on it.
fn holds(geometry: &Geometry<'_>, kind: GeometryType) -> bool {
    let xy = geometry.xy().map_or(0, |xy| xy.len());
    let count = xy / 2;
    let fits = |there: Option<usize>| there.is_none_or(|there| there == count);
    let mut ends = geometry.ends().into_iter().flatten();
    let mut before = 0;
    let rising = ends.all(|end| {
        let rises = end >= before && end as usize <= count;
        before = end;
        rises
    });
    let lists = xy.is_multiple_of(2)
        && rising
        && (kind != GeometryType::Point || count == 1)
        && fits(geometry.z().map(|z| z.len()))
        && fits(geometry.m().map(|m| m.len()))
        && fits(geometry.t().map(|t| t.len()))
        && fits(geometry.tm().map(|t| t.len()));
    lists && geometry.parts().iter().flatten().all(|part| holds(&part, part.type_()))
}
