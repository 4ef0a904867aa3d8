//! How a tile's meshes are divided: shapes that repeat become instances, all else parts that a grid of 16 bits spans.

use super::vertices::{Grid, SPAN};
use crate::geom::Bounds;
use crate::tiles::content::{Content, Piece};

/// A repeated shape is drawn by instances when that saves at least so many bytes: each costs a draw call.
const WORTHWHILE: usize = 4096;
/// At most so many shapes of a tile are drawn by instances, those that save most.
const MOST_GROUPS: usize = 64;
/// A tile that would fall into more parts is one, with positions of 32 bits.
const MOST_PARTS: usize = 12;
/// What a triangle of a flat-shaded mesh takes with its vertices, bytes, roughly.
const TRIANGLE: usize = 44;
/// What an instance takes, bytes, and what a group takes beside its shape and instances.
const INSTANCE: usize = 32;
const GROUP: usize = 700;

/// A tile's meshes, divided. Deterministic, whatever the shapes' numbers are.
pub(super) struct Divided<'a> {
    /// Pieces that are drawn where they are, with the grid of each part.
    pub parts: Vec<(Grid, Vec<&'a Piece>)>,
    /// Pieces of one shape and one class of feature each.
    pub groups: Vec<Vec<&'a Piece>>,
}

/// Divides `pieces`, which belong to features of `content`.
pub(super) fn divide<'a>(content: &Content, pieces: &'a [Piece]) -> Divided<'a> {
    let groups = groups(content, pieces);
    let mut grouped = vec![false; pieces.len()];
    groups.iter().flatten().for_each(|i| grouped[*i] = true);
    let rest: Vec<&Piece> = pieces.iter().zip(&grouped).filter(|(_, grouped)| !**grouped).map(|(p, _)| p).collect();
    let groups = groups.into_iter().map(|group| group.into_iter().map(|i| &pieces[i]).collect()).collect();
    Divided { parts: parts(rest), groups }
}

/// The positions of the pieces of each shape that is worth instances, in the order of their first.
fn groups(content: &Content, pieces: &[Piece]) -> Vec<Vec<usize>> {
    let key = |i: usize| {
        let feature = content.features.get(pieces[i].feature as usize)?;
        Some((pieces[i].number?, feature.class))
    };
    let mut numbered: Vec<_> = (0..pieces.len()).filter_map(|i| Some((key(i)?, i))).collect();
    numbered.sort_unstable();
    let mut found: Vec<(usize, Vec<usize>)> = Vec::new();
    for run in numbered.chunk_by(|a, b| a.0 == b.0) {
        let shape = run.first().map_or(0, |(_, i)| pieces[*i].shape.triangles.len() * TRIANGLE);
        let saved = ((run.len() - 1) * shape).saturating_sub(run.len() * INSTANCE + GROUP);
        if saved >= WORTHWHILE {
            found.push((saved, run.iter().map(|(_, i)| *i).collect()));
        }
    }
    found.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    found.truncate(MOST_GROUPS);
    let mut groups: Vec<_> = found.into_iter().map(|(_, group)| group).collect();
    groups.sort_unstable();
    groups
}

/// Pieces in parts that 16 bits span; those that are too large for that together in one that needs 32.
pub(super) fn parts(pieces: Vec<&Piece>) -> Vec<(Grid, Vec<&Piece>)> {
    if pieces.is_empty() {
        return Vec::new();
    }
    let boxed = |p| (bounds(p), p);
    let all: Vec<(Bounds, &Piece)> = pieces.into_iter().map(boxed).collect();
    let (small, large): (Vec<_>, Vec<_>) = all.iter().copied().partition(|(b, _)| longest(b).0 <= SPAN);
    let mut parts = Vec::new();
    cut(small, &mut parts);
    if parts.len() > MOST_PARTS {
        parts = vec![all];
    } else if !large.is_empty() {
        parts.push(large);
    }
    parts.into_iter().map(|part| (Grid::over(&around(&part)), part.into_iter().map(|(_, p)| p).collect())).collect()
}

/// The box around a piece where it is.
pub(super) fn bounds(piece: &Piece) -> Bounds {
    Bounds::of(piece.shape.positions.iter().map(|p| piece.motion.apply(p.map(f64::from))))
}

type Part<'a> = Vec<(Bounds, &'a Piece)>;

fn around(part: &Part<'_>) -> Bounds {
    part.iter().fold(Bounds::EMPTY, |all, (b, _)| all.union(*b))
}

/// The longest side of a box and its axis.
fn longest(bounds: &Bounds) -> (f64, usize) {
    let size = bounds.size();
    (0..3).map(|k| (size[k], k)).fold((f64::NEG_INFINITY, 0), |a, b| if b.0 > a.0 { b } else { a })
}

/// Cuts a part across its longest side into slices of pieces by their middles until a grid spans each.
fn cut<'a>(part: Part<'a>, into: &mut Vec<Part<'a>>) {
    let all = around(&part);
    let (long, axis) = longest(&all);
    if long <= SPAN || part.len() < 2 || into.len() > MOST_PARTS {
        if !part.is_empty() {
            into.push(part);
        }
        return;
    }
    // Pieces reach over the slices' sides, so slices are thinner than what a grid spans; what does not fit is cut again.
    let slices = (long / (0.9 * SPAN)).ceil().max(2.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few slices")]
    let mut cuts: Vec<Part<'_>> = vec![Vec::new(); (slices as usize).min(2 * MOST_PARTS)];
    let last = cuts.len() - 1;
    for (b, piece) in part {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few slices")]
        let slice = ((b.center()[axis] - all.min[axis]) / long * slices) as usize;
        cuts[slice.min(last)].push((b, piece));
    }
    cuts.into_iter().for_each(|slice| cut(slice, into));
}
