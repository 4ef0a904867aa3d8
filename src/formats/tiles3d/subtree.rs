//! Subtrees of implicit tilings (OGC 22-025r4 §7.6), written: which tiles and contents are there, as bits, and the volume and error of each.

use super::Box12;
use serde_json::{Value, json};

/// What subtrees say of tiles and contents, for the tilesets that they belong to.
pub const SUBTREE_SCHEMA: &str = include_str!("../../../tiles/implicit.json");

/// A tile that is there, as a subtree tells of it.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// A box around all that it and its parts draw, in the tileset's metres: the middle and three half axes.
    pub bounds: Box12,
    /// Its geometric error, metres.
    pub error: f64,
    /// The box around its content, where it has one; within its own.
    pub content: Option<Box12>,
}

/// The bytes of a subtree: its `tiles` level after level in Morton order, and whether there is a subtree `below`, in the order of the
/// level after the last. How many parts a tile has, four or eight, only the lengths of both tell.
pub fn subtree(tiles: &[Option<Told>], below: &[bool]) -> Vec<u8> {
    let mut file = File::default();
    let there: Vec<bool> = tiles.iter().map(Option::is_some).collect();
    let contents: Vec<bool> = tiles.iter().map(|t| t.as_ref().is_some_and(|t| t.content.is_some())).collect();
    let (tile, content, child) = (file.bits(&there), file.bits(&contents), file.bits(below));
    let present = || tiles.iter().flatten();
    let boxes = file.numbers(present().flat_map(|t| t.bounds));
    let errors = file.numbers(present().map(|t| t.error));
    let mut tables = vec![json!({
        "class": "tile", "count": present().count(),
        "properties": { "bounds": { "values": boxes }, "error": { "values": errors } }
    })];
    let drawn: Vec<Box12> = present().filter_map(|t| t.content).collect();
    let mut members = vec![
        ("tileAvailability", tile),
        ("contentAvailability", json!([content])),
        ("childSubtreeAvailability", child),
        ("tileMetadata", json!(0)),
    ];
    if !drawn.is_empty() {
        let boxes = file.numbers(drawn.iter().copied().flatten());
        let properties = json!({ "bounds": { "values": boxes } });
        tables.push(json!({ "class": "content", "count": drawn.len(), "properties": properties }));
        members.push(("contentMetadata", json!([1])));
    }
    members.push(("propertyTables", Value::Array(tables)));
    file.finish(members)
}

/// The binary chunk and its views, as they grow.
#[derive(Default)]
struct File {
    bytes: Vec<u8>,
    views: Vec<Value>,
}

impl File {
    /// An availability, the least significant bit first; bits that are all alike are one number.
    fn bits(&mut self, bits: &[bool]) -> Value {
        let count = bits.iter().filter(|bit| **bit).count();
        if count == 0 || count == bits.len() {
            return json!({ "constant": u8::from(count > 0), "availableCount": count });
        }
        let byte = |eight: &[bool]| (0_u8..).zip(eight).fold(0, |byte, (k, bit)| byte | u8::from(*bit) << k);
        let bytes: Vec<u8> = bits.chunks(8).map(byte).collect();
        json!({ "bitstream": self.view(&bytes), "availableCount": count })
    }
    fn numbers(&mut self, numbers: impl Iterator<Item = f64>) -> usize {
        self.view(&numbers.flat_map(f64::to_le_bytes).collect::<Vec<u8>>())
    }
    /// A view at a multiple of 8.
    fn view(&mut self, bytes: &[u8]) -> usize {
        self.views.push(json!({ "buffer": 0, "byteOffset": self.bytes.len(), "byteLength": bytes.len() }));
        self.bytes.extend_from_slice(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        self.views.len() - 1
    }
    fn finish(self, mut members: Vec<(&str, Value)>) -> Vec<u8> {
        members.push(("buffers", json!([{ "byteLength": self.bytes.len() }])));
        members.push(("bufferViews", Value::Array(self.views)));
        let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
        let mut text = Value::Object(members.collect()).to_string().into_bytes();
        text.resize(text.len().next_multiple_of(8), b' ');
        let lengths = [text.len() as u64, self.bytes.len() as u64].map(u64::to_le_bytes);
        [&b"subt"[..], &1_u32.to_le_bytes(), &lengths.concat(), &text, &self.bytes].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_begin_with_the_least_and_all_alike_are_one_number() {
        let mut file = File::default();
        let of = |places: &[usize], length: usize| (0..length).map(|k| places.contains(&k)).collect::<Vec<_>>();
        assert_eq!(file.bits(&of(&[0, 9, 20], 21)), json!({ "bitstream": 0, "availableCount": 3 }));
        assert_eq!(file.bytes, [1, 2, 16, 0, 0, 0, 0, 0]);
        assert_eq!(file.bits(&of(&[], 64)), json!({ "constant": 0, "availableCount": 0 }));
        assert_eq!(file.bits(&[true; 5]), json!({ "constant": 1, "availableCount": 5 }));
    }
}
