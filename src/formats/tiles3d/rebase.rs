//! A tileset's JSON after a rigid move: a new root transform, regions as boxes that move with it.

use super::volume::{local, moved, region};
use super::{Box12, transform};
use crate::fault::{Fault, Kind, Result};
use crate::geom::matrix::{Matrix, inverse, times};
use serde_json::{Value, json};

/// The JSON `bytes` of a tileset that is moved. The first file of it has the move itself, `shift`, put before its root's
/// transform; others have it from above. `above` is the transform of all tiles above the file's root before the move.
///
/// # Errors
/// Bytes that are no tileset.
pub fn rebased(bytes: &[u8], shift: Option<&Matrix>, above: &Matrix) -> Result<Vec<u8>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let changed = || Fault::new(Kind::Conflict, "changed while it was read").remedy("adopt it when it stands still");
    let mut json: Value = serde_json::from_slice(bytes).map_err(|_| changed())?;
    let root = json.get_mut("root").ok_or_else(changed)?;
    let own = transform(root)?;
    tile(root, above)?;
    if let Some(shift) = shift {
        root["transform"] = json!(times(shift, &own));
    }
    Ok(json.to_string().into_bytes())
}

fn tile(tile: &mut Value, above: &Matrix) -> Result<()> {
    let here = times(above, &transform(tile)?);
    for name in ["boundingVolume", "viewerRequestVolume"] {
        volume(tile.get_mut(name), &here)?;
    }
    volume(tile.get_mut("content").and_then(|content| content.get_mut("boundingVolume")), &here)?;
    for content in tile.get_mut("contents").and_then(Value::as_array_mut).into_iter().flatten() {
        volume(content.get_mut("boundingVolume"), &here)?;
    }
    let children = tile.get_mut("children").and_then(Value::as_array_mut).into_iter().flatten();
    children.into_iter().try_for_each(|child| self::tile(child, &here))
}

/// A region becomes a box in the frame of its tile; others move with it anyway.
fn volume(volume: Option<&mut Value>, here: &Matrix) -> Result<()> {
    let Some(volume) = volume.filter(|v| local(v).is_none()) else { return Ok(()) };
    let Some(around) = region(volume) else { return Ok(()) };
    let back = inverse(here).ok_or_else(|| Fault::bad_input("has a transform that leaves no volume"))?;
    let own: Box12 = moved(&back, &around);
    *volume = json!({ "box": own });
    Ok(())
}
