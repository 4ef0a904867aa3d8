//! Views packed by meshoptimizer (`EXT_meshopt_compression`), unpacked by its author's own library.

use super::clip;
use super::document::{BufferView, Packed};
use super::report::Log;
use super::rule::Rule;
use meshopt::{
    decode_filter_exp, decode_filter_oct, decode_filter_quat, decode_index_buffer, decode_index_sequence,
    decode_vertex_buffer,
};

/// A vertex of `N` bytes.
#[derive(Clone, Copy)]
struct Row<const N: usize>([u8; N]);

impl<const N: usize> Default for Row<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

fn rows<const N: usize>(bytes: &[u8], count: usize) -> Option<Vec<u8>> {
    let rows = decode_vertex_buffer::<Row<N>>(bytes, count).ok()?;
    let mut out = Vec::with_capacity(rows.len() * N);
    rows.iter().for_each(|row| out.extend_from_slice(&row.0));
    Some(out)
}

/// The crate takes the stride at compile time: one function for each that the codec has.
fn vertices(bytes: &[u8], count: usize, stride: usize) -> Option<Vec<u8>> {
    macro_rules! strides {
        ($($n:literal)*) => {
            match stride {
                $($n => rows::<$n>(bytes, count),)*
                _ => None,
            }
        };
    }
    strides!(4 8 12 16 20 24 28 32 36 40 44 48 52 56 60 64 68 72 76 80 84 88 92 96 100 104 108 112 116 120 124 128 132 136
        140 144 148 152 156 160 164 168 172 176 180 184 188 192 196 200 204 208 212 216 220 224 228 232 236 240 244 248 252 256)
}

/// The bytes of a view as they are when unpacked; `left` bytes may still be unpacked of this content. `old` is EXT, else KHR.
pub(super) fn unpacked(
    bytes: &[u8],
    packed: &Packed,
    view: &BufferView,
    old: bool,
    left: &mut u64,
    place: &str,
    log: &mut Log,
) -> Option<Vec<u8>> {
    let name = if old { "EXT_meshopt_compression" } else { "KHR_meshopt_compression" };
    let place = format!("{place}/extensions/{name}");
    let (count, stride) = (packed.count, packed.byte_stride);
    let filter = packed.filter.as_deref().unwrap_or("NONE");
    let mode = packed.mode.as_str();
    let wrong = match mode {
        "ATTRIBUTES" if stride == 0 || stride % 4 != 0 || stride > 256 => {
            Some(format!("has vertices of {stride} bytes"))
        }
        "TRIANGLES" | "INDICES" if stride != 2 && stride != 4 => Some(format!("has indices of {stride} bytes")),
        "TRIANGLES" if count % 3 != 0 => Some(format!("has {count} indices of triangles")),
        "ATTRIBUTES" | "TRIANGLES" | "INDICES" if count == 0 => Some("has no element".to_owned()),
        "ATTRIBUTES" => match filter {
            "NONE" => None,
            "OCTAHEDRAL" if stride == 4 || stride == 8 => None,
            "QUATERNION" if stride == 8 => None,
            "EXPONENTIAL" => None,
            "COLOR" if !old && (stride == 4 || stride == 8) => None,
            other => Some(format!("has the filter {} with vertices of {stride} bytes", clip(other))),
        },
        "TRIANGLES" | "INDICES" if filter != "NONE" => Some(format!("has the filter {} for indices", clip(filter))),
        "TRIANGLES" | "INDICES" => None,
        other => Some(format!("has the mode '{}'", clip(other))),
    };
    if let Some(what) = wrong {
        log.find(Rule::Meshopt, place, what);
        return None;
    }
    let size = count.checked_mul(stride);
    if size != Some(view.byte_length) || view.byte_stride.is_some_and(|own| own != stride) {
        let what = format!(
            "has {count} times {stride} bytes, and its view {} with stride {:?}",
            view.byte_length, view.byte_stride
        );
        log.find(Rule::Meshopt, place, what);
        return None;
    }
    let size = size? as u64;
    // At its best the codec writes a bit for each 32 bytes of vertices, and a byte for a triangle or an index.
    let least = match mode {
        "ATTRIBUTES" => size / 2048,
        "TRIANGLES" => count as u64 / 3,
        _ => count as u64,
    };
    let head = match (mode, old) {
        ("ATTRIBUTES", true) => &[0xa0][..],
        ("ATTRIBUTES", false) => &[0xa0, 0xa1],
        ("TRIANGLES", _) => &[0xe1],
        _ => &[0xd1],
    };
    let known = bytes.first().is_some_and(|first| head.contains(first));
    if !known || bytes.len() as u64 <= least {
        let what = format!(
            "{} bytes that begin with {:02x?} are no {count} {}",
            bytes.len(),
            bytes.first(),
            mode.to_lowercase()
        );
        log.find(Rule::MeshoptStream, place, what);
        return None;
    }
    if size > *left {
        log.find(Rule::Limit, place, format!("unpacks to {size} bytes, over the limit of a content"));
        return None;
    }
    *left -= size;
    let found = match (mode, stride) {
        ("ATTRIBUTES", _) => vertices(bytes, count, stride),
        ("TRIANGLES", 2) => decode_index_buffer::<u16>(bytes, count).ok().map(|v| bytemuck::cast_slice(&v).to_vec()),
        ("TRIANGLES", _) => decode_index_buffer::<u32>(bytes, count).ok().map(|v| bytemuck::cast_slice(&v).to_vec()),
        (_, 2) => decode_index_sequence::<u16>(bytes, count).ok().map(|v| bytemuck::cast_slice(&v).to_vec()),
        _ => decode_index_sequence::<u32>(bytes, count).ok().map(|v| bytemuck::cast_slice(&v).to_vec()),
    };
    let Some(found) = found else {
        log.find(Rule::MeshoptStream, place, format!("does not unpack to {count} {}", mode.to_lowercase()));
        return None;
    };
    Some(filtered(found, filter, stride, log))
}

/// Undoes a filter.
fn filtered(bytes: Vec<u8>, filter: &str, stride: usize, log: &mut Log) -> Vec<u8> {
    match (filter, stride) {
        ("OCTAHEDRAL", 4) => {
            let mut rows: Vec<[i8; 4]> = bytemuck::pod_collect_to_vec(&bytes);
            decode_filter_oct(&mut rows);
            bytemuck::cast_slice(&rows).to_vec()
        }
        ("OCTAHEDRAL", _) => {
            let mut rows: Vec<[i16; 4]> = bytemuck::pod_collect_to_vec(&bytes);
            decode_filter_oct(&mut rows);
            bytemuck::cast_slice(&rows).to_vec()
        }
        ("QUATERNION", _) => {
            let mut rows: Vec<[i16; 4]> = bytemuck::pod_collect_to_vec(&bytes);
            decode_filter_quat(&mut rows);
            bytemuck::cast_slice(&rows).to_vec()
        }
        ("EXPONENTIAL", _) => {
            let mut rows: Vec<[u32; 1]> = bytemuck::pod_collect_to_vec(&bytes);
            decode_filter_exp(&mut rows);
            bytemuck::cast_slice(&rows).to_vec()
        }
        ("COLOR", _) => {
            log.unseen("colours under the filter COLOR");
            bytes
        }
        _ => bytes,
    }
}
