//! What a tile draws, shape by shape, and how far that is from the full shapes.

use super::block::{self, Block, Blocks};
use super::light;
use super::members::{Member, Place, WIDER};
use super::tree::{BLOCK_ERROR, Detail, Look, Recipe};
use crate::fault::Result;
use crate::geom::Bounds;
use crate::store::{Row, Snapshot};
use rayon::prelude::*;
use std::sync::Arc;

/// What one tile draws.
#[derive(Debug, Clone)]
pub struct Content {
    /// A box around it.
    pub bounds: Bounds,
    /// How it is drawn.
    pub look: Look,
    /// The features, ordered by their ids.
    pub draws: Vec<Draw>,
    /// How far what stands in is from the full shape, metres.
    pub error: f64,
}

/// One feature in one tile.
#[derive(Debug, Clone)]
pub struct Draw {
    /// The asset.
    pub row: Row,
    /// Its shape in this tile.
    pub form: Form,
}

/// A feature's shape in a tile.
#[derive(Debug, Clone)]
pub enum Form {
    /// The full shape: that of these rows, or its own.
    Whole(Option<Arc<[Row]>>),
    /// Lighter shapes in place of the full ones of these rows, or of its own.
    Light(Option<Arc<[Row]>>),
    /// A block that stands in for it.
    Block(Arc<Block>),
    /// A box, where nothing better is known or needed.
    Box(Bounds),
}

/// A body that is not a building stands in for itself when it has at most this many triangles.
const LIGHT: u32 = 500;
/// A block farther from its building than this is a poor likeness, metres.
const POOR: f64 = 10.0;
/// A tile may spend this many triangles on showing buildings of poor likeness as they are.
const LIKENESS: u32 = 12_000;

/// What a recipe draws, with its error; blocks are made where they are not known yet.
///
/// # Errors
/// As [`Snapshot::geometry`].
pub fn content(snapshot: &Snapshot, recipe: &Recipe, blocks: &Blocks) -> Result<Content> {
    let members = &recipe.members;
    let (forms, error): (Vec<Form>, f64) = match recipe.detail {
        Detail::Whole => (members.iter().map(|m| whole(m)).collect(), 0.0),
        Detail::Light => (members.iter().map(|m| lighter(m)).collect(), light::MOST),
        Detail::StandIns => stand_ins(snapshot, members, blocks)?,
    };
    let mut bounds = Bounds::EMPTY;
    let draws = members.iter().zip(forms).map(|(member, form)| {
        bounds = bounds.union(match &form {
            Form::Whole(_) => member.bounds,
            Form::Light(_) => grown(member.bounds, light::MOST),
            Form::Block(block) => grown(block.bounds(), 0.01),
            Form::Box(bounds) => grown(*bounds, 0.01),
        });
        Draw { row: member.row, form }
    });
    let draws = draws.collect();
    Ok(Content { bounds, look: recipe.look, draws, error })
}

/// The box around what a recipe draws, and its error; measured once.
///
/// # Errors
/// As [`Snapshot::geometry`].
pub fn measured(snapshot: &Snapshot, recipe: &Recipe, blocks: &Blocks) -> Result<(Bounds, f64)> {
    if let Some(measured) = recipe.measured.get() {
        return Ok(*measured);
    }
    let content = content(snapshot, recipe, blocks)?;
    Ok(*recipe.measured.get_or_init(|| (content.bounds, content.error)))
}

/// No stand-in of a member is farther from it than this, metres: nor is nothing at all.
pub(super) fn worst(member: &Member) -> f64 {
    grown(member.bounds, WIDER).diagonal()
}

fn stand_ins(snapshot: &Snapshot, members: &[Arc<Member>], blocks: &Blocks) -> Result<(Vec<Form>, f64)> {
    let block = |m: &Arc<Member>| m.building.then(|| blocks.of(snapshot, m)).transpose();
    let made: Vec<Option<Arc<Block>>> = members.par_iter().with_min_len(8).map(block).collect::<Result<_>>()?;
    let whole_ones = poor(members, &made);
    let forms = members.iter().zip(made).enumerate();
    let forms: Vec<Form> = forms
        .map(|(i, (member, block))| if whole_ones.contains(&i) { whole(member) } else { stand_in(member, block) })
        .collect();
    let told = forms.iter().map(|form| match form {
        Form::Whole(_) | Form::Light(_) => 0.0,
        Form::Block(block) => block.error.max(BLOCK_ERROR),
        // Its shape touches each side of its box, so no point of one is farther from the other than this.
        Form::Box(bounds) => bounds.diagonal(),
    });
    let error = told.fold(0.0, f64::max);
    // Of a block as small as that nothing is farther off; a larger one may be hollow between its corners.
    let more = members.par_iter().zip(&forms).map(|(member, form)| match form {
        Form::Block(block) if block.diagonal() > error => block::bound(snapshot, member, block),
        _ => Ok(error),
    });
    let error = more.try_reduce(|| error, |a, b| Ok(a.max(b)))?;
    Ok((forms, error))
}

/// The buildings whose blocks mislead most (courtyards, a tower on a hall), as far as their own triangles can be afforded; the
/// worst first. A part of the tile has the same ones before it or fewer, so that its error is never more than the tile's.
fn poor(members: &[Arc<Member>], blocks: &[Option<Arc<Block>>]) -> Vec<usize> {
    let error = |i: &usize| blocks[*i].as_ref().map_or(0.0, |b| b.error);
    let mut worst: Vec<usize> = (0..members.len()).filter(|i| error(i) > POOR && !members[*i].boxed).collect();
    worst.sort_by(|a, b| error(b).total_cmp(&error(a)).then_with(|| members[*a].mark.cmp(&members[*b].mark)));
    let mut left = LIKENESS;
    worst.retain(|i| match left.checked_sub(members[*i].triangles) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    });
    worst
}

fn whole(member: &Member) -> Form {
    if member.boxed { Form::Box(member.bounds) } else { Form::Whole(member.pieces().cloned()) }
}

fn lighter(member: &Member) -> Form {
    match whole(member) {
        Form::Whole(pieces) => Form::Light(pieces),
        form => form,
    }
}

fn stand_in(member: &Member, block: Option<Arc<Block>>) -> Form {
    match block {
        Some(block) => Form::Block(block),
        None if member.place == Place::Body && member.triangles <= LIGHT => whole(member),
        // Half a metre at least, so that a point is something.
        None => Form::Box(grown(member.bounds, WIDER)),
    }
}

fn grown(bounds: Bounds, by: f64) -> Bounds {
    Bounds { min: bounds.min.map(|v| v - by), max: bounds.max.map(|v| v + by) }
}
