//! An object as bytes: its attributes with their types, its mesh as it lies in memory.

use crate::bytes::{Bytes, Sink};
use crate::fault::{Fault, Result};
use crate::formats::SourceObject;
use crate::geom::{Mesh, Shape, Surface, SurfaceKind};
use crate::model::{Attributes, Class, Value};

const _: () = assert!(cfg!(target_endian = "little"), "positions travel as they lie in memory");

/// How deep lists and maps may nest.
const DEPTH: usize = 64;

/// Appends everything but the footprint: only formats of areas tell one apart from the shape.
///
/// # Errors
/// [`Kind::Internal`](crate::fault::Kind::Internal) for a shape that no IFC file has.
pub(super) fn put(object: &SourceObject, out: &mut Vec<u8>) -> Result<()> {
    out.text(&object.id);
    out.u8(object.class as u8);
    out.text(&object.name);
    for maybe in [&object.parent, &object.storey, &object.layer, &object.crs] {
        out.maybe(maybe.as_deref());
    }
    put_attributes(&object.attributes, out);
    match &object.shape {
        Shape::Empty if object.footprint.is_empty() => out.u8(0),
        Shape::Mesh(mesh) if object.footprint.is_empty() => {
            out.u8(1);
            put_mesh(mesh, out);
        }
        Shape::Lines(lines) if object.footprint.is_empty() => {
            out.u8(2);
            out.u32(lines.len() as u32);
            for line in lines {
                out.u32(line.len() as u32);
                out.extend_from_slice(bytemuck::cast_slice(line));
            }
        }
        _ => return Err(Fault::internal("an IFC object is neither a mesh, lines nor without shape")),
    }
    Ok(())
}

/// The object in `b`; `None` where it is not what [`put`] writes.
pub(super) fn get(b: &mut Bytes) -> Option<SourceObject> {
    let id = b.text()?.into();
    let class = *Class::ALL.get(usize::from(b.u8()?))?;
    let name = b.text()?.to_owned();
    let [parent, storey, layer, crs] = [b.maybe()?, b.maybe()?, b.maybe()?, b.maybe()?].map(|t| t.map(Into::into));
    let attributes = attributes(b, DEPTH)?;
    let shape = match b.u8()? {
        0 => Shape::Empty,
        1 => Shape::Mesh(mesh(b)?),
        2 => Shape::Lines(lines(b)?),
        _ => return None,
    };
    Some(SourceObject { id, class, name, parent, storey, layer, attributes, shape, footprint: Vec::new(), crs })
}

fn put_attributes(attributes: &Attributes, out: &mut Vec<u8>) {
    out.u32(attributes.len() as u32);
    for (name, value) in attributes {
        out.text(name);
        put_value(value, out);
    }
}

fn put_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.u8(0),
        Value::Bool(v) => out.u8(1 + u8::from(*v)),
        Value::Int(v) => {
            out.u8(3);
            out.i64(*v);
        }
        Value::Float(v) => {
            out.u8(4);
            out.f64(*v);
        }
        Value::Text(v) => {
            out.u8(5);
            out.text(v);
        }
        Value::List(values) => {
            out.u8(6);
            out.u32(values.len() as u32);
            values.iter().for_each(|v| put_value(v, out));
        }
        Value::Map(entries) => {
            out.u8(7);
            put_attributes(entries, out);
        }
    }
}

fn attributes(b: &mut Bytes, depth: usize) -> Option<Attributes> {
    let count = b.count(5)?;
    (0..count).map(|_| Some((b.text()?.to_owned(), value(b, depth)?))).collect()
}

fn value(b: &mut Bytes, depth: usize) -> Option<Value> {
    Some(match b.u8()? {
        0 => Value::Null,
        truth @ (1 | 2) => Value::Bool(truth == 2),
        3 => Value::Int(b.i64()?),
        4 => Value::Float(b.f64()?),
        5 => Value::Text(b.text()?.to_owned()),
        6 => {
            let (count, depth) = (b.count(1)?, depth.checked_sub(1)?);
            Value::List((0..count).map(|_| value(b, depth)).collect::<Option<_>>()?)
        }
        7 => Value::Map(attributes(b, depth.checked_sub(1)?)?),
        _ => return None,
    })
}

fn lines(b: &mut Bytes) -> Option<Vec<Vec<[f64; 3]>>> {
    let count = b.count(4)?;
    let line = |_| {
        let count = b.count(24)?;
        Some(bytemuck::pod_collect_to_vec(b.take(count * 24)?))
    };
    (0..count).map(line).collect()
}

fn put_mesh(mesh: &Mesh, out: &mut Vec<u8>) {
    out.f64s(&mesh.origin);
    out.u32(mesh.positions.len() as u32);
    out.extend_from_slice(bytemuck::cast_slice(&mesh.positions));
    out.u32(mesh.triangles.len() as u32);
    out.extend_from_slice(bytemuck::cast_slice(&mesh.triangles));
    out.u32(mesh.surfaces.len() as u32);
    for surface in &mesh.surfaces {
        out.u32(surface.first);
        out.u8(SurfaceKind::ALL.iter().position(|k| *k == surface.kind).unwrap_or(0) as u8);
        out.u8(u8::from(surface.colour.is_some()));
        out.extend(surface.colour.unwrap_or_default());
    }
}

/// A mesh whose triangles have their positions and whose surfaces are in order, as every room that draws it relies on.
fn mesh(b: &mut Bytes) -> Option<Mesh> {
    let origin = b.f64s()?;
    let count = b.count(12)?;
    let positions: Vec<[f32; 3]> = bytemuck::pod_collect_to_vec(b.take(count * 12)?);
    let count = b.count(12)?;
    let triangles: Vec<[u32; 3]> = bytemuck::pod_collect_to_vec(b.take(count * 12)?);
    let count = b.count(10)?;
    let surfaces: Vec<Surface> = (0..count)
        .map(|_| {
            let first = b.u32()?;
            let kind = *SurfaceKind::ALL.get(usize::from(b.u8()?))?;
            let coloured = b.u8()?;
            let colour: [u8; 4] = b.take(4)?.try_into().ok()?;
            Some(Surface { first, kind, colour: (coloured == 1).then_some(colour) })
        })
        .collect::<Option<_>>()?;
    let holds = triangles.iter().flatten().all(|i| (*i as usize) < positions.len())
        && surfaces.iter().all(|s| s.first as usize <= triangles.len())
        && surfaces.is_sorted_by_key(|s| s.first);
    holds.then_some(Mesh { origin, positions, triangles, surfaces })
}
