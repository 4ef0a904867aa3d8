//! One subtree file (OGC 22-025r4 §7.6): its container, its buffers and its bitstreams.

use super::report::Log;
use super::rule::Rule;
use super::schema::Schema;
use super::semantics::{Tables, Told};
use super::walk::parsed;
use crate::bytes::Bytes;
use crate::fault::Result;
use serde_json::Value;

/// One bit for each node.
pub(super) enum Bits {
    Constant(bool),
    Stream(Vec<u8>),
}

impl Bits {
    pub fn get(&self, at: u64) -> bool {
        match self {
            Self::Constant(all) => *all,
            Self::Stream(bytes) => {
                let byte = usize::try_from(at / 8).ok().and_then(|k| bytes.get(k)).copied().unwrap_or_default();
                byte >> (at % 8) & 1 == 1
            }
        }
    }
    /// How many of the first `bits` are 1.
    fn ones(&self, bits: u64) -> u64 {
        match self {
            Self::Constant(all) => bits * u64::from(*all),
            Self::Stream(_) => (0..bits).filter(|at| self.get(*at)).count() as u64,
        }
    }
}

/// What a subtree says is there.
pub(super) struct Subtree {
    pub tiles: Bits,
    pub contents: Vec<Bits>,
    pub children: Bits,
    /// What is told of the tiles that are there, in order.
    pub told: Told,
    /// The same of each kind of contents.
    pub told_contents: Vec<Told>,
}

/// How many bits there must be.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub nodes: u64,
    pub children: u64,
    pub contents: usize,
}

/// Reads a subtree; `load` gives the bytes of a buffer in a file of its own. `None` where its tiles are not known.
pub(super) fn read(
    bytes: &[u8],
    size: Size,
    schema: Option<&Schema>,
    load: &dyn Fn(&str) -> Result<Vec<u8>>,
    log: &mut Log,
) -> Option<Subtree> {
    let (text, binary) = if bytes.starts_with(b"subt") { container(bytes, log)? } else { (bytes, &[][..]) };
    let json = match parsed(text) {
        Ok(json) => json,
        Err(fault) => {
            log.find(Rule::Json, "", fault.detail);
            return None;
        }
    };
    let views = Views { json: &json, buffers: buffers(&json, binary, load, log) };
    let availability = |name: &str, of: &Value, bits: u64, log: &mut Log| views.bits(of, name, bits, log);
    let tiles = json.get("tileAvailability").map(|of| availability("/tileAvailability", of, size.nodes, log));
    let children = json
        .get("childSubtreeAvailability")
        .map(|of| availability("/childSubtreeAvailability", of, size.children, log));
    let list = match json.get("contentAvailability") {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    if list.len() > size.contents {
        let what = format!("tells of {} contents, and its tile names {}", list.len(), size.contents);
        log.find(Rule::SubtreeBuffer, "/contentAvailability", what);
    }
    let each = list.iter().enumerate().take(size.contents);
    let contents: Option<Vec<Bits>> =
        each.map(|(k, of)| availability(&format!("/contentAvailability/{k}"), of, size.nodes, log)).collect();
    if json.get("subtreeMetadata").is_some() {
        log.unseen("metadata of whole subtrees");
    }
    for (there, name) in [(tiles.is_some(), "tileAvailability"), (children.is_some(), "childSubtreeAvailability")] {
        if !there {
            log.find(Rule::Member, format!("/{name}"), "is missing");
        }
    }
    let (tiles, contents, children) = (tiles??, contents?, children??);
    let tables = Tables { json: &json, schema, view: &|number, place, log| views.view(number, place, log) };
    let told = json
        .get("tileMetadata")
        .map_or_else(Told::default, |number| tables.told(number, "/tileMetadata", tiles.ones(size.nodes), "TILE", log));
    let each = json.get("contentMetadata").and_then(Value::as_array).into_iter().flatten();
    let of_content = |((k, number), bits): ((usize, &Value), &Bits)| {
        tables.told(number, &format!("/contentMetadata/{k}"), bits.ones(size.nodes), "CONTENT", log)
    };
    let told_contents = each.enumerate().zip(&contents).map(of_content).collect();
    Some(Subtree { tiles, contents, children, told, told_contents })
}

/// JSON and binary of the binary form.
fn container<'b>(bytes: &'b [u8], log: &mut Log) -> Option<(&'b [u8], &'b [u8])> {
    let mut rest = Bytes(bytes);
    let head = rest.take(4).and(rest.u32()).zip(rest.u64().zip(rest.u64()));
    let Some((version, (text, binary))) = head else {
        log.find(Rule::SubtreeHeader, "", "ends within its header");
        return None;
    };
    if version != 1 {
        log.find(Rule::SubtreeHeader, "", format!("is of version {version}"));
    }
    let whole = text.checked_add(binary).and_then(|n| n.checked_add(24));
    if whole != Some(bytes.len() as u64) {
        log.find(
            Rule::SubtreeHeader,
            "",
            format!("says {text} bytes of JSON and {binary} of binary, and has {} in all", bytes.len()),
        );
    }
    if text % 8 != 0 || binary % 8 != 0 {
        log.find(
            Rule::SubtreePadding,
            "",
            format!("{text} bytes of JSON and {binary} of binary are not multiples of 8"),
        );
    }
    let text = rest.take(usize::try_from(text).ok()?)?;
    let binary = rest.take(usize::try_from(binary).ok()?.min(rest.0.len()))?;
    let end = text.iter().rposition(|b| *b == b'}').map_or(0, |k| k + 1);
    if text.iter().skip(end).any(|b| *b != b' ') {
        log.find(Rule::SubtreePadding, "", "the JSON is not padded with spaces");
    }
    Some((text, binary))
}

/// The bytes of each buffer.
fn buffers(json: &Value, binary: &[u8], load: &dyn Fn(&str) -> Result<Vec<u8>>, log: &mut Log) -> Vec<Option<Vec<u8>>> {
    let list = json.get("buffers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut out = Vec::new();
    for (k, buffer) in list.iter().enumerate() {
        let place = format!("/buffers/{k}");
        let said = buffer.get("byteLength").and_then(Value::as_u64);
        let bytes = match buffer.get("uri").and_then(Value::as_str) {
            None if k == 0 => {
                let said = said.unwrap_or_default();
                if binary.len() as u64 >= said {
                    let rest = binary.iter().skip(said as usize);
                    if rest.len() >= 8 || rest.into_iter().any(|b| *b != 0) {
                        log.find(
                            Rule::SubtreePadding,
                            &*place,
                            format!(
                                "{} bytes of binary end otherwise than in up to 7 zeros after {said}",
                                binary.len()
                            ),
                        );
                    }
                }
                Some(binary.to_vec())
            }
            None => None,
            Some(uri) => match load(uri) {
                Ok(bytes) => Some(bytes),
                Err(fault) => {
                    log.find(super::walk::reason(&fault), format!("{place}/uri"), fault.detail);
                    None
                }
            },
        };
        match (said, &bytes) {
            (Some(said), Some(bytes)) if bytes.len() as u64 >= said => {}
            (_, None) => {}
            (said, Some(bytes)) => {
                log.find(Rule::SubtreeBuffer, place, format!("says {said:?} bytes and has {}", bytes.len()));
            }
        }
        out.push(bytes);
    }
    out
}

struct Views<'j> {
    json: &'j Value,
    buffers: Vec<Option<Vec<u8>>>,
}

impl Views<'_> {
    /// One availability, held against its count and length.
    fn bits(&self, of: &Value, place: &str, bits: u64, log: &mut Log) -> Option<Bits> {
        let found = match of.get("constant").map(Value::as_u64) {
            Some(Some(n @ 0..=1)) => Bits::Constant(n == 1),
            Some(_) => {
                log.find(Rule::Member, format!("{place}/constant"), "is neither 0 nor 1");
                return None;
            }
            None => {
                let number = of.get("bitstream").or_else(|| of.get("bufferView")).and_then(Value::as_u64);
                let Some(number) = number else {
                    log.find(Rule::Member, place, "has neither constant nor bitstream");
                    return None;
                };
                Bits::Stream(self.view(number, place, log)?)
            }
        };
        let ones = match &found {
            Bits::Constant(all) => bits * u64::from(*all),
            Bits::Stream(bytes) => {
                if bytes.len() as u64 != bits.div_ceil(8) {
                    log.find(
                        Rule::SubtreeBuffer,
                        place,
                        format!("has {} bytes for {bits} bits, which take {}", bytes.len(), bits.div_ceil(8)),
                    );
                    return None;
                }
                let spare = bytes.last().map_or(0, |last| if bits.is_multiple_of(8) { 0 } else { last >> (bits % 8) });
                if spare != 0 {
                    log.find(Rule::SpareBits, place, "has bits after the last one");
                }
                bytes.iter().map(|b| u64::from(b.count_ones())).sum::<u64>() - u64::from(spare.count_ones())
            }
        };
        if let Some(said) = of.get("availableCount").and_then(Value::as_u64)
            && said != ones
        {
            log.find(
                Rule::AvailableCount,
                format!("{place}/availableCount"),
                format!("is {said}, and {ones} of {bits} are available"),
            );
        }
        Some(found)
    }

    fn view(&self, number: u64, place: &str, log: &mut Log) -> Option<Vec<u8>> {
        let view = usize::try_from(number).ok().and_then(|k| self.json.get("bufferViews")?.get(k));
        let numbers = view.and_then(|view| {
            let of = |name: &str| view.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
            Some((of("buffer")?, of("byteOffset")?, of("byteLength")?))
        });
        let Some((buffer, offset, length)) = numbers else {
            log.find(
                Rule::SubtreeBuffer,
                place,
                format!("names buffer view {number}, which is not there or lacks a member"),
            );
            return None;
        };
        if offset % 8 != 0 {
            log.find(
                Rule::SubtreeBuffer,
                format!("/bufferViews/{number}/byteOffset"),
                format!("{offset} is no multiple of 8"),
            );
        }
        let bytes = self.buffers.get(buffer)?.as_ref()?;
        let part = offset.checked_add(length).and_then(|end| bytes.get(offset..end));
        if part.is_none() {
            let what = format!("ends at {} of {} bytes of its buffer", offset.saturating_add(length), bytes.len());
            log.find(Rule::SubtreeBuffer, format!("/bufferViews/{number}"), what);
        }
        part.map(<[u8]>::to_vec)
    }
}
