//! CityJSON 1.1 and 2.0, whole files and CityJSONSeq (one feature a line).

mod boundary;
mod model;
mod nested;
mod object;
mod shape;
mod texture;
mod write;

pub use write::{CityJsonOptions, CityJsonWriter, Family, PictureNames};

use super::lines::{LONGEST_LINE, Line, Lines};
use super::picture::Pictures;
use super::reader::{clip, open};
use super::{ReadOptions, Reader, Sink, SourceFrame, SourceItem};
use crate::fault::{Fault, Kind, Result};
use model::Document;
use object::{Objects, Prepared, Preparer};
use rayon::prelude::*;
use serde_json::Value;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

/// The reader of CityJSON and CityJSONSeq.
#[derive(Debug, Clone, Copy)]
pub struct CityJson;

/// The largest file that is held in memory whole; a CityJSONSeq may be of any size.
const LARGEST_WHOLE: u64 = 2 << 30;
/// The largest text of which single objects are refused; taken apart as any JSON, it needs some ten times its size.
const LARGEST_SIFTED: usize = 256 << 20;
const VERSIONS: [&str; 2] = ["1.1", "2.0"];

impl Reader for CityJson {
    fn name(&self) -> &'static str {
        "CityJSON"
    }
    fn extensions(&self) -> &'static [&'static str] {
        &["city.json", "city.jsonl", "cityjson", "cityjsonl", "json", "jsonl"]
    }
    fn sniff(&self, head: &[u8]) -> bool {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        let has = |word: &[u8]| head.windows(word.len()).any(|w| w == word);
        head.starts_with(b"{") && (has(b"\"CityJSON\"") || has(b"\"CityObjects\"") || has(b"\"CityJSONFeature\""))
    }
    fn read(&self, file: &Path, _: &ReadOptions, sink: &mut Sink) -> Result<()> {
        let name = || file.display().to_string();
        let lines = Lines::new(BufReader::with_capacity(1 << 20, open(file)?), LONGEST_LINE);
        read(lines, Arc::new(Pictures::of(file)), sink).map_err(|e| e.about(name()))
    }
}

fn read<R: std::io::BufRead + Send>(mut lines: Lines<R>, pictures: Arc<Pictures>, sink: &mut Sink) -> Result<()> {
    // The first line tells a sequence (its header, whole) from a document that may run over many lines.
    let first = match lines.next()? {
        None => return Err(Fault::bad_input("is empty")),
        Some(Line::Whole(line)) => match parse(line, 1) {
            Ok(document) => Some(document),
            Err(fault) if fault.cut => None,
            Err(fault) => return Err(fault.fault),
        },
        Some(Line::TooLong) => None,
    };
    let Some(mut header) = first else {
        let (mut whole, rest) = lines.into_rest();
        let room = LARGEST_WHOLE.saturating_sub(whole.len() as u64);
        whole.push(b'\n');
        rest.take(room + 1).read_to_end(&mut whole).map_err(|e| Fault::io("reading", &e))?;
        if whole.len() as u64 > LARGEST_WHOLE {
            let detail = format!("is larger than {} GiB, which is as much as is read at once", LARGEST_WHOLE >> 30);
            return Err(Fault::new(Kind::TooLarge, detail).remedy("convert it to CityJSONSeq, one feature a line"));
        }
        let mut document = parse(&whole, 1).map_err(|e| e.fault)?;
        drop(whole);
        let preparer = begin(&mut document, pictures.clone(), sink)?;
        let mut objects = Objects::new(pictures);
        objects.give(preparer.prepare(document), sink)?;
        return objects.end(sink);
    };
    let preparer = begin(&mut header, pictures.clone(), sink)?;
    let mut objects = Objects::new(pictures);
    objects.give(preparer.prepare(header), sink)?;
    // Features know nothing of each other, so each bundle is taken apart on all cores, while the sink has the ones before, and
    // given in the file's order.
    std::thread::scope(|scope| {
        let (bundles, taken) = std::sync::mpsc::sync_channel(AHEAD);
        scope.spawn(move || {
            loop {
                let bundle = next_bundle(&mut lines).map(|bundle| bundle.map(|bundle| prepare(&preparer, bundle)));
                let goes_on = matches!(bundle, Ok(Some(_)));
                // Nobody listens any more where the sink has refused.
                if bundles.send(bundle).is_err() || !goes_on {
                    return;
                }
            }
        });
        let ended = || Err(Fault::internal("the reading of features broke down"));
        while let Some(bundle) = taken.recv().unwrap_or_else(|_| ended())? {
            bundle.into_iter().try_for_each(|feature| objects.give(feature?, sink))?;
        }
        objects.end(sink)
    })
}

/// Text of features that is taken apart together, in bytes.
const BUNDLE: usize = 1 << 20;
/// Bundles that wait for the sink.
const AHEAD: usize = 2;

/// Lines with their numbers.
type Bundle = Vec<(usize, Vec<u8>)>;

/// The next lines of a sequence; nothing at its end.
fn next_bundle<R: std::io::BufRead>(lines: &mut Lines<R>) -> Result<Option<Bundle>> {
    let (mut bundle, mut bytes) = (Vec::new(), 0);
    while bytes <= BUNDLE {
        let Some((number, line)) = lines.next_record()? else { break };
        bytes += line.len();
        bundle.push((number, line.to_vec()));
    }
    Ok(Some(bundle).filter(|bundle| !bundle.is_empty()))
}

/// The features of a sequence's lines, each with its objects.
fn prepare(preparer: &Preparer, lines: Bundle) -> Vec<Result<Vec<Prepared>>> {
    let prepare = |(number, line): (usize, Vec<u8>)| match parse(&line, number) {
        Ok(feature) if feature.kind == "CityJSONFeature" => Ok(preparer.prepare(feature)),
        Ok(other) => {
            let detail = format!("line {number} is a '{}' where a CityJSONFeature belongs", clip(&other.kind));
            Err(Fault::bad_input(detail))
        }
        Err(fault) if fault.data => {
            Ok(vec![Prepared::Refused { id: format!("line {number}"), reason: fault.fault.detail }])
        }
        Err(fault) => Err(fault.fault),
    };
    lines.into_par_iter().map(prepare).collect()
}

/// Checks the header and tells the frame.
fn begin(header: &mut Document, pictures: Arc<Pictures>, sink: &mut Sink) -> Result<Preparer> {
    if header.kind != "CityJSON" {
        let kind = clip(&header.kind);
        return Err(Fault::bad_input(format!("is JSON of type '{kind}' and not CityJSON")));
    }
    let version = header.version.as_deref().unwrap_or("");
    if !VERSIONS.iter().any(|v| version == *v || version.strip_prefix(v).is_some_and(|rest| rest.starts_with('.'))) {
        return Err(Fault::bad_input(format!("is CityJSON of version '{}', and 1.1 and 2.0 are read", clip(version)))
            .remedy("upgrade it, for example with 'cjio FILE upgrade save OUT'"));
    }
    if let Some(t) = header.transform.filter(|t| t.scale.iter().chain(&t.translate).any(|v| !v.is_finite())) {
        return Err(Fault::bad_input(format!("has a transform that is not made of numbers: {t:?}")));
    }
    sink(SourceItem::Frame(SourceFrame { crs: header.metadata.crs.clone(), placement: None, assumed: false }))?;
    Ok(Preparer::new(header, pictures))
}

/// Why a text is no document.
struct Unreadable {
    fault: Fault,
    /// It ends too early.
    cut: bool,
    /// It is sound JSON of another structure.
    data: bool,
}

fn parse(text: &[u8], first_line: usize) -> std::result::Result<Document, Unreadable> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    serde_json::from_slice(text)
        .or_else(|e| {
            // One object of another structure is refused, not all that stand beside it. What is too deep for a reader shows here
            // too: geometries are passed over in the first place.
            match (text.len() <= LARGEST_SIFTED).then(|| serde_json::from_slice::<Document<Value>>(text)) {
                Some(Ok(document)) => Ok(document.sifted()),
                Some(Err(other)) if !e.is_data() => Err(other),
                _ => Err(e),
            }
        })
        .map_err(|e: serde_json::Error| {
            let place = format!("line {}, column {}", first_line + e.line().saturating_sub(1), e.column());
            let said = e.to_string();
            // serde quotes what it found, whole.
            let said: String = said.split(" at line ").next().unwrap_or_default().chars().take(200).collect();
            let detail = match e.classify() {
                serde_json::error::Category::Eof => {
                    format!("ends in the middle of an object ({place}): it is not whole")
                }
                serde_json::error::Category::Data => format!("is not CityJSON at {place}: {said}"),
                _ => format!("is not JSON at {place}: {said}"),
            };
            Unreadable { fault: Fault::bad_input(detail), cut: e.is_eof(), data: e.is_data() }
        })
}

#[cfg(test)]
mod tests;
