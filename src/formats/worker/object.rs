//! An object as bytes: its attributes with their types, its mesh as it lies in memory.

use crate::bytes::{Bytes, Sink};
use crate::formats::SourceObject;
use crate::formats::picture::{put_shown, put_textures, shown, textures};
use crate::geom::{Face, Mesh, Polygon, Shape, Surface, SurfaceKind};
use crate::model::{Attributes, Class, Value};

const _: () = assert!(cfg!(target_endian = "little"), "positions travel as they lie in memory");

/// How deep lists and maps may nest: as deep as JSON is read. What the store takes nests less, and says so of each object.
const DEPTH: usize = 128;

/// Appends all of the object.
pub(super) fn put(object: &SourceObject, out: &mut Vec<u8>) {
    out.text(&object.id);
    out.u8(object.class as u8);
    out.text(&object.name);
    for maybe in [&object.parent, &object.storey, &object.layer, &object.crs] {
        out.maybe(maybe.as_deref());
    }
    put_attributes(&object.attributes, out);
    put_shape(&object.shape, out);
    put_polygons(&object.footprint, out);
}

/// The object in `b`; `None` where it is not what [`put`] writes.
pub(super) fn get(b: &mut Bytes) -> Option<SourceObject> {
    let id = b.text()?.into();
    let class = *Class::ALL.get(usize::from(b.u8()?))?;
    let name = b.text()?.to_owned();
    let [parent, storey, layer, crs] = [b.maybe()?, b.maybe()?, b.maybe()?, b.maybe()?].map(|t| t.map(Into::into));
    let attributes = attributes(b, DEPTH)?;
    let (shape, footprint) = (shape(b)?, polygons(b)?);
    Some(SourceObject { id, class, name, parent, storey, layer, attributes, shape, footprint, crs })
}

fn put_shape(shape: &Shape, out: &mut Vec<u8>) {
    match shape {
        Shape::Empty => out.u8(0),
        Shape::Mesh(mesh) => {
            out.u8(1);
            put_mesh(mesh, out);
        }
        Shape::Lines(lines) => {
            out.u8(2);
            put_lines(lines, out);
        }
        Shape::Points(points) => {
            out.u8(3);
            put_points(points, out);
        }
        Shape::Areas(areas) => {
            out.u8(4);
            put_polygons(areas, out);
        }
        Shape::Faces { faces, solid } => {
            out.u8(5 + u8::from(*solid));
            out.u32(faces.len() as u32);
            for Face { polygon, kind, colour, shown } in faces {
                put_polygon(polygon, out);
                put_look(*kind, *colour, out);
                put_shown(shown.as_deref(), out);
            }
        }
    }
}

fn shape(b: &mut Bytes) -> Option<Shape> {
    Some(match b.u8()? {
        0 => Shape::Empty,
        1 => Shape::Mesh(mesh(b)?),
        2 => Shape::Lines(lines(b)?),
        3 => Shape::Points(points(b)?),
        4 => Shape::Areas(polygons(b)?),
        solid @ (5 | 6) => {
            let count = b.count(15)?;
            let face = |_| {
                let polygon = polygon(b)?;
                let (kind, colour) = look(b)?;
                Some(Face { polygon, kind, colour, shown: shown(b)? })
            };
            Shape::Faces { faces: (0..count).map(face).collect::<Option<_>>()?, solid: solid == 6 }
        }
        _ => return None,
    })
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

fn put_points(points: &[[f64; 3]], out: &mut Vec<u8>) {
    out.u32(points.len() as u32);
    out.extend_from_slice(bytemuck::cast_slice(points));
}

fn points(b: &mut Bytes) -> Option<Vec<[f64; 3]>> {
    let count = b.count(24)?;
    Some(bytemuck::pod_collect_to_vec(b.take(count * 24)?))
}

fn put_lines(lines: &[Vec<[f64; 3]>], out: &mut Vec<u8>) {
    out.u32(lines.len() as u32);
    lines.iter().for_each(|line| put_points(line, out));
}

fn lines(b: &mut Bytes) -> Option<Vec<Vec<[f64; 3]>>> {
    let count = b.count(4)?;
    (0..count).map(|_| points(b)).collect()
}

fn put_polygon(polygon: &Polygon, out: &mut Vec<u8>) {
    put_points(&polygon.exterior, out);
    put_lines(&polygon.interiors, out);
}

fn polygon(b: &mut Bytes) -> Option<Polygon> {
    Some(Polygon { exterior: points(b)?, interiors: lines(b)? })
}

fn put_polygons(polygons: &[Polygon], out: &mut Vec<u8>) {
    out.u32(polygons.len() as u32);
    polygons.iter().for_each(|polygon| put_polygon(polygon, out));
}

fn polygons(b: &mut Bytes) -> Option<Vec<Polygon>> {
    let count = b.count(8)?;
    (0..count).map(|_| polygon(b)).collect()
}

/// What a face is the surface of, and its colour.
fn put_look(kind: SurfaceKind, colour: Option<[u8; 4]>, out: &mut Vec<u8>) {
    out.u8(SurfaceKind::ALL.iter().position(|k| *k == kind).unwrap_or(0) as u8);
    out.u8(u8::from(colour.is_some()));
    out.extend(colour.unwrap_or_default());
}

fn look(b: &mut Bytes) -> Option<(SurfaceKind, Option<[u8; 4]>)> {
    let (kind, coloured) = (*SurfaceKind::ALL.get(usize::from(b.u8()?))?, b.u8()?);
    let colour: [u8; 4] = b.take(4)?.try_into().ok()?;
    Some((kind, (coloured == 1).then_some(colour)))
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
        put_look(surface.kind, surface.colour, out);
    }
    out.u8(u8::from(mesh.textures.is_some()));
    if let Some(textures) = &mesh.textures {
        put_textures(textures, out);
    }
}

/// A mesh that holds together.
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
            let (kind, colour) = look(b)?;
            Some(Surface { first, kind, colour })
        })
        .collect::<Option<_>>()?;
    let textures = match b.u8()? {
        0 => None,
        _ => Some(Box::new(textures(b, surfaces.len(), triangles.len())?)),
    };
    Some(Mesh { origin, positions, triangles, surfaces, textures }).filter(Mesh::holds)
}
