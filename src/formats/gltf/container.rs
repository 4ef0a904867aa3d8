//! The GLB container (glTF 2.0 §4.4), written.

use crate::fault::{Fault, Result};
use serde_json::Value;

/// A GLB file: header and two chunks: JSON padded with spaces so that the binary one's bytes start at a multiple of 8 of the file,
/// as metadata wants; binary padded with zeros, so that the file's length is such a multiple too.
///
/// # Errors
/// [`Kind::Internal`](crate::fault::Kind::Internal) beyond 4 GiB.
pub fn glb(document: &Value, mut binary: Vec<u8>) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec(document).map_err(|e| Fault::internal(format!("writing a GLB: {e}")))?;
    text.resize((28 + text.len()).next_multiple_of(8) - 28, b' ');
    binary.resize(binary.len().next_multiple_of(8), 0);
    let size =
        |n: usize| u32::try_from(n).map_err(|_| Fault::internal("a tile of more than 4 GiB")).map(u32::to_le_bytes);
    let mut glb = Vec::with_capacity(28 + text.len() + binary.len());
    glb.extend_from_slice(b"glTF");
    glb.extend_from_slice(&2u32.to_le_bytes());
    glb.extend_from_slice(&size(28 + text.len() + binary.len())?);
    glb.extend_from_slice(&size(text.len())?);
    glb.extend_from_slice(b"JSON");
    glb.extend_from_slice(&text);
    glb.extend_from_slice(&size(binary.len())?);
    glb.extend_from_slice(b"BIN\0");
    glb.extend_from_slice(&binary);
    Ok(glb)
}
