//! The binary chunk of a GLB with its views and accessors, compressed where that is asked for.

use super::Compression;
use crate::fault::{Fault, Result};
use bytemuck::Pod;
use serde_json::{Value, json};

/// GL's numbers for what bytes hold and what a buffer is for (glTF 2.0 §3.6.2.2, §5.11.5).
pub(super) const BYTE: u32 = 5120;
pub(super) const UNSIGNED_BYTE: u32 = 5121;
pub(super) const SHORT: u32 = 5122;
pub(super) const UNSIGNED_SHORT: u32 = 5123;
pub(super) const UNSIGNED_INT: u32 = 5125;
pub(super) const FLOAT: u32 = 5126;
const ARRAY_BUFFER: u32 = 34962;
const ELEMENT_ARRAY_BUFFER: u32 = 34963;

/// The name of the one extension that compresses.
pub(super) const MESHOPT: &str = "EXT_meshopt_compression";

/// A byte more on the wire is worth so many less once it has come.
const WORTH: usize = 8;

/// The binary chunk, its views and accessors, as they grow.
pub(super) struct Buffer {
    compression: Compression,
    bytes: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
    /// The length of the buffer that compressed views are unpacked into. It is nowhere.
    unpacked: usize,
}

impl Buffer {
    /// A buffer of nothing, with room for some bytes.
    pub(super) fn new(compression: Compression, room: usize) -> Self {
        Self { compression, bytes: Vec::with_capacity(room), views: Vec::new(), accessors: Vec::new(), unpacked: 0 }
    }
    /// Appends `bytes` as a view at a multiple of 8 (metadata needs 8, accessors 4) and gives its number. A view of
    /// nothing is not allowed, so it is one zero byte.
    pub(super) fn view(&mut self, bytes: &[u8]) -> usize {
        let view = json!({ "buffer": 0, "byteOffset": self.append(bytes), "byteLength": bytes.len().max(1) });
        self.push(view)
    }
    /// A view of one vertex attribute, compressed where that is asked for, unless it makes what goes over the wire much larger:
    /// there all is compressed again, and finds corners that faces share as they are, but not in the codec's differences.
    ///
    /// # Errors
    /// [`Kind::Internal`](crate::fault::Kind::Internal) when the encoder fails, which it does not.
    pub(super) fn vertices<T: Pod>(&mut self, vertices: &[T]) -> Result<usize> {
        let (stride, bytes) = (size_of::<T>(), bytemuck::cast_slice(vertices));
        let mut packed = None;
        if self.compression == Compression::Meshopt && !vertices.is_empty() {
            // The extension knows version 0 of the codec only.
            let coded = meshopt::encode_vertex_buffer_level(vertices, 0, Some(0)).map_err(fault)?;
            let lost = on_the_wire(&coded).saturating_sub(on_the_wire(bytes));
            packed = Some(coded).filter(|coded| lost < bytes.len().saturating_sub(coded.len()) / WORTH);
        }
        let mut view = match packed {
            Some(packed) => self.packed(&packed, "ATTRIBUTES", stride, vertices.len()),
            None => json!({ "buffer": 0, "byteOffset": self.append(bytes), "byteLength": bytes.len().max(1) }),
        };
        view["byteStride"] = json!(stride);
        view["target"] = json!(ARRAY_BUFFER);
        Ok(self.push(view))
    }
    /// A view of vertex numbers, three for each triangle, compressed where that is asked for: of two bytes each when
    /// `short`, or of four.
    ///
    /// # Errors
    /// As [`Buffer::vertices`].
    pub(super) fn corners(&mut self, corners: &[u32], vertices: usize, short: bool) -> Result<usize> {
        let width = if short { 2 } else { 4 };
        let mut view = if self.compression == Compression::Meshopt && !corners.is_empty() {
            let packed = meshopt::encode_index_buffer(corners, vertices).map_err(fault)?;
            self.packed(&packed, "TRIANGLES", width, corners.len())
        } else if short {
            #[expect(clippy::cast_possible_truncation, reason = "there are at most 65,535 vertices")]
            let short: Vec<u16> = corners.iter().map(|i| *i as u16).collect();
            json!({ "buffer": 0, "byteOffset": self.append(bytemuck::cast_slice(&short)), "byteLength": 2 * short.len() })
        } else {
            let bytes = bytemuck::cast_slice(corners);
            json!({ "buffer": 0, "byteOffset": self.append(bytes), "byteLength": bytes.len() })
        };
        view["target"] = json!(ELEMENT_ARRAY_BUFFER);
        Ok(self.push(view))
    }
    /// An accessor, by its view, where it starts in that, and what it holds.
    pub(super) fn accessor(
        &mut self,
        (view, offset): (usize, usize),
        (component, kind): (u32, &str),
        count: usize,
        normalized: bool,
    ) -> usize {
        let mut accessor = json!({ "bufferView": view, "componentType": component, "type": kind, "count": count });
        if offset > 0 {
            accessor["byteOffset"] = json!(offset);
        }
        if normalized {
            accessor["normalized"] = json!(true);
        }
        self.accessors.push(accessor);
        self.accessors.len() - 1
    }
    /// Tells the least and the greatest of an accessor's values, as they are stored.
    pub(super) fn limit(&mut self, accessor: usize, min: &Value, max: &Value) {
        if let Some(accessor) = self.accessors.get_mut(accessor) {
            accessor["min"] = min.clone();
            accessor["max"] = max.clone();
        }
    }
    /// Whether some view is compressed.
    pub(super) const fn is_packed(&self) -> bool {
        self.unpacked > 0
    }
    /// The accessors, the views, the buffers, and the binary chunk.
    pub(super) fn finish(self) -> (Vec<Value>, Vec<Value>, Value, Vec<u8>) {
        let mut buffers = vec![json!({ "byteLength": self.bytes.len().next_multiple_of(8) })];
        if self.is_packed() {
            buffers.push(json!({ "byteLength": self.unpacked, "extensions": { (MESHOPT): { "fallback": true } } }));
        }
        (self.accessors, self.views, Value::Array(buffers), self.bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> usize {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(if bytes.is_empty() { &[0] } else { bytes });
        start
    }
    /// A view of the buffer that is nowhere, with its compressed bytes in the one that is there.
    fn packed(&mut self, bytes: &[u8], mode: &str, stride: usize, count: usize) -> Value {
        let own = json!({ "buffer": 0, "byteOffset": self.append(bytes), "byteLength": bytes.len(),
            "byteStride": stride, "count": count, "mode": mode });
        let (offset, length) = (self.unpacked.next_multiple_of(8), stride * count);
        self.unpacked = offset + length;
        json!({ "buffer": 1, "byteOffset": offset, "byteLength": length, "extensions": { (MESHOPT): own } })
    }
    fn push(&mut self, view: Value) -> usize {
        self.views.push(view);
        self.views.len() - 1
    }
}

/// What bytes take when they are compressed for the wire, nearly, whichever way that is done.
fn on_the_wire(bytes: &[u8]) -> usize {
    zstd::bulk::compress(bytes, 1).map_or(bytes.len(), |compressed| compressed.len())
}

fn fault(e: impl std::fmt::Display) -> Fault {
    Fault::internal(format!("compressing a tile: {e}"))
}
