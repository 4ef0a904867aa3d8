//! The same tiles told by bits: an implicit octree (OGC 22-025r4 §7) beside the tileset that names them one by one.

use super::tile::{Node, around};
use crate::fault::Result;
use crate::formats::tiles3d::{Box12, SUBTREE_SCHEMA, Told, subtree};
use crate::geom::Bounds;
use crate::geom::matrix::Matrix;
use crate::ingest::coverage::save;
use crate::store::IMPLICIT;
use serde_json::{Value, json};
use std::path::Path;

/// How many levels a subtree has: 73 tiles.
const LEVELS: u32 = 3;

/// Writes the implicit tileset of the tiles of `root`, which divide the `cube`, into the `folder` that they are in: its error is
/// `error`, and `transform` puts it on the globe. Gives its box.
///
/// # Errors
/// The disk refuses.
pub(super) fn write(folder: &Path, root: &Node, cube: &Bounds, error: f64, transform: &Matrix) -> Result<Box12> {
    let whole = around(cube);
    subtrees(folder, root)?;
    let tiling = json!({
        "boundingVolume": { "box": whole },
        "geometricError": halved(root),
        // Named once more, because CesiumJS asks this tile alone for what it hands on to those below.
        "refine": "ADD",
        "content": { "uri": "{level}-{x}-{y}-{z}.glb" },
        "implicitTiling": {
            "subdivisionScheme": "OCTREE",
            "availableLevels": levels(root),
            "subtreeLevels": LEVELS,
            "subtrees": { "uri": "{level}-{x}-{y}-{z}.subtree" }
        }
    });
    let document = json!({
        "asset": { "version": "1.1" },
        "schema": serde_json::from_str::<Value>(SUBTREE_SCHEMA).unwrap_or_default(),
        "geometricError": error,
        "root": {
            "boundingVolume": { "box": whole },
            "geometricError": error,
            "refine": "ADD",
            "transform": transform,
            "children": [tiling]
        }
    });
    save(folder, IMPLICIT, document.to_string().as_bytes())?;
    Ok(whole)
}

/// The error of `root` for readers that take no errors from subtrees and halve it level by level: no less than any tile's then,
/// metres.
pub(super) fn halved(root: &Node) -> f64 {
    root.children.iter().map(|child| 2.0 * halved(child)).fold(root.error, f64::max)
}

fn levels(root: &Node) -> u32 {
    1 + root.children.iter().map(levels).max().unwrap_or_default()
}

/// Writes the subtree that begins at `root`, and those below.
fn subtrees(folder: &Path, root: &Node) -> Result<()> {
    let (mut tiles, mut below, mut roots) = (vec![None; first(LEVELS)], vec![false; 1 << (3 * LEVELS)], Vec::new());
    // With its level and its number in the level, in Morton order.
    let mut waiting = vec![(root, 0, 0)];
    while let Some((node, level, number)) = waiting.pop() {
        if level == LEVELS {
            below[number] = true;
            roots.push(node);
            continue;
        }
        let told = Told { bounds: around(&node.bounds), error: node.error, content: node.drawn.as_ref().map(around) };
        tiles[first(level) + number] = Some(told);
        waiting.extend(node.children.iter().map(|child| (child, level + 1, 8 * number + child.at.number())));
    }
    save(folder, &format!("{}.subtree", root.at), &subtree(&tiles, &below))?;
    roots.into_iter().try_for_each(|root| subtrees(folder, root))
}

/// The tiles of a subtree above a level.
const fn first(level: u32) -> usize {
    ((1 << (3 * level)) - 1) / 7
}
