//! What a storey is built of: slab, walls, doors, windows, columns, stairs.

use super::super::ids::global_id;
use super::super::layout::{self, HALF_WALL};
use super::super::site::SLAB;
use super::super::usage::Usage;
use super::Level;
use super::frame::{Frame, Look};
use super::step::{Ref, metres, text};
use super::walls::{Filling, Hole, Wall, walls};
use crate::fault::Result;

const CONCRETE: Look = Look("concrete", [0.72, 0.71, 0.69], 0.0);
const RENDER: Look = Look("render", [0.93, 0.89, 0.82], 0.0);
const PLASTER: Look = Look("plaster", [0.95, 0.95, 0.93], 0.0);
const TIMBER: Look = Look("timber", [0.55, 0.36, 0.22], 0.0);
const GLASS: Look = Look("glass", [0.55, 0.72, 0.82], 0.5);

/// Writes the elements of a storey and that they are in it.
pub(super) fn write(frame: &mut Frame, level: &Level<'_>) -> Result<()> {
    let structure = level.structure;
    let Some(storey) = structure.storeys.get(level.index) else { return Ok(()) };
    let clear = storey.height - SLAB;
    let unit = structure.plan(level.index);
    let plan = unit.row(structure.kind.homes()[0]);
    let mine = |[x0, _, x1, _]: layout::Rect| level.holds([x0, x1]);
    let mut elements = Vec::new();
    // Lifts and stairs pass through every slab but the lowest.
    let through = |u: Usage| matches!(u, Usage::LiftShaft | Usage::Stair);
    let holes: Vec<Vec<[i32; 2]>> = plan
        .rooms
        .iter()
        .filter(|r| level.index > 0 && through(r.usage) && mine(r.rect))
        .map(|r| layout::inset(&layout::corners(r.rect), HALF_WALL))
        .collect();
    // The slab ends at the outer faces of the walls, and between two units in the middle of their wall.
    let west = unit.width * i32::try_from(level.unit.saturating_sub(1)).unwrap_or(0);
    let east = if level.unit == 0 { plan.width } else { west + unit.width };
    let beyond = |at: i32, end: i32| if at == end { HALF_WALL } else { 0 };
    let (x0, x1) = (west - beyond(west, 0), east + beyond(east, plan.width));
    let outline = layout::corners([x0, -HALF_WALL, x1, plan.depth + HALF_WALL]);
    elements.push(slab(frame, level, "slab", &outline, &holes, -SLAB)?);
    if level.index + 1 == structure.storeys.len() {
        elements.push(slab(frame, level, "roof", &outline, &[], clear)?);
    }
    let all = walls(&plan, level.index == 0);
    for (n, one) in (1..).zip(all.iter().filter(|w| level.holds([w.from[0], w.to[0]]))) {
        wall(frame, level, n, one, clear, &mut elements)?;
    }
    let stairs = plan.rooms.iter().filter(|r| r.usage == Usage::Stair && level.index + 1 < structure.storeys.len());
    for (n, room) in (1..).zip(stairs.filter(|r| mine(r.rect))) {
        let [x0, y0, _, y1] = room.rect;
        let solid = frame.steps(storey.height / 170, [y1 - y0 - 2 * HALF_WALL, storey.height], 1_250, CONCRETE)?;
        let at = [x0 + HALF_WALL, y0 + HALF_WALL, 0];
        elements.push(instance(
            frame,
            level,
            "IFCSTAIRFLIGHT",
            &format!("stair-{n}"),
            "楼梯",
            at,
            solid,
            "$,$,$,$,$,.STRAIGHT.",
        )?);
    }
    if plan.rooms.iter().any(|r| r.usage == Usage::Open) {
        let solid = frame.block([-300, -300, 300, 300], 0, clear, CONCRETE)?;
        let columns = (0..=plan.width / 7_000).flat_map(|i| [400, 6_500].map(|y| (i * 7_000, y)));
        for (n, (x, y)) in (1..).zip(columns.filter(|(x, _)| level.holds([*x, *x]))) {
            let at = [x.clamp(300, plan.width - 300), y, 0];
            elements.push(instance(frame, level, "IFCCOLUMN", &format!("column-{n}"), "柱", at, solid, "$,.COLUMN.")?);
        }
    }
    let storey = level.made.to_string();
    frame.relate("IFCRELCONTAINEDINSPATIALSTRUCTURE", level.key, &storey, &elements, false)
}

fn slab(
    frame: &mut Frame,
    level: &Level<'_>,
    part: &str,
    outline: &[[i32; 2]],
    holes: &[Vec<[i32; 2]>],
    low: i32,
) -> Result<Ref> {
    let solid = frame.slab(outline, holes, [low, SLAB], CONCRETE)?;
    let shape = frame.shape(solid)?;
    let place = frame.placement(Some(level.origin), [0, 0, 0], false)?;
    let (name, kind) = if part == "roof" {
        ("屋面板", "ROOF")
    } else {
        ("楼板", if level.index == 0 { "BASESLAB" } else { "FLOOR" })
    };
    frame.step.add(&format!(
        "IFCSLAB('{}',$,{},$,$,{place},{shape},$,.{kind}.)",
        global_id(&format!("{}-{part}", level.key)),
        text(name)
    ))
}

/// An element that is an instance of a solid; `rest` are the attributes after its tag.
#[expect(clippy::too_many_arguments, reason = "an IFC element has that many independent attributes")]
fn instance(
    frame: &mut Frame,
    level: &Level<'_>,
    entity: &str,
    part: &str,
    name: &str,
    at: [i32; 3],
    solid: Ref,
    rest: &str,
) -> Result<Ref> {
    let shape = frame.mapped(solid)?;
    let place = frame.placement(Some(level.origin), at, false)?;
    let id = global_id(&format!("{}-{part}", level.key));
    frame.step.add(&format!("{entity}('{id}',$,{},$,$,{place},{shape},{rest})", text(name)))
}

/// A wall along its own x axis, with the door or window in it.
fn wall(
    frame: &mut Frame,
    level: &Level<'_>,
    number: usize,
    wall: &Wall,
    height: i32,
    elements: &mut Vec<Ref>,
) -> Result<()> {
    let (look, name, kind) =
        if wall.outer { (RENDER, "外墙", "SOLIDWALL") } else { (PLASTER, "内墙", "PARTITIONING") };
    let solid = frame.block([0, -HALF_WALL, wall.length(), HALF_WALL], 0, height, look)?;
    let shape = frame.shape(solid)?;
    let [x, y] = wall.from;
    let turned = wall.from[0] == wall.to[0];
    let place = frame.placement(Some(level.origin), [x, y, 0], turned)?;
    let key = format!("{}-wall-{number}", level.key);
    let made =
        frame.step.add(&format!("IFCWALL('{}',$,{},$,$,{place},{shape},$,.{kind}.)", global_id(&key), text(name)))?;
    elements.push(made);
    let Some(hole) = wall.hole else { return Ok(()) };
    let Hole { filling, along, width, sill, height } = hole;
    // The opening is thicker than the wall, so that no sliver is left on its faces.
    let void = frame.block([-width / 2, -2 * HALF_WALL, width / 2, 2 * HALF_WALL], 0, height, GLASS)?;
    let shape = frame.shape(void)?;
    let place = frame.placement(Some(place), [along, 0, sill], false)?;
    let opening = frame.step.add(&format!(
        "IFCOPENINGELEMENT('{}',$,$,$,$,{place},{shape},$,.OPENING.)",
        global_id(&format!("{key}-opening"))
    ))?;
    frame.step.add(&format!("IFCRELVOIDSELEMENT('{}',$,$,$,{made},{opening})", global_id(&format!("{key}-voids"))))?;
    let (entity, name, look, rest) = match filling {
        Filling::Door => ("IFCDOOR", "门", TIMBER, ".DOOR.,.SINGLE_SWING_LEFT.,$"),
        Filling::Window => ("IFCWINDOW", "窗", GLASS, ".WINDOW.,.DOUBLE_PANEL_VERTICAL.,$"),
    };
    let leaf = frame.block([-width / 2, -30, width / 2, 30], 0, height, look)?;
    let shape = frame.mapped(leaf)?;
    let place = frame.placement(Some(place), [0, 0, 0], false)?;
    let filled = frame.step.add(&format!(
        "{entity}('{}',$,{},$,$,{place},{shape},$,{},{},{rest})",
        global_id(&format!("{key}-filling")),
        text(name),
        metres(height),
        metres(width)
    ))?;
    frame
        .step
        .add(&format!("IFCRELFILLSELEMENT('{}',$,$,$,{opening},{filled})", global_id(&format!("{key}-fills"))))?;
    elements.push(filled);
    Ok(())
}
