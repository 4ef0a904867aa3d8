//! Rasters and point clouds as bytes: what their headers say, rows as they lie in memory, points field by field.

use crate::bytes::{Bytes, Sink};
use crate::formats::points::{self, Point};
use crate::formats::raster::{self, Content};
use crate::geom::Affine;

/// Bytes of a point.
pub(in crate::formats) const POINT: usize = 35;

pub(super) fn put_raster(about: &raster::About, out: &mut Vec<u8>) {
    let raster::About { width, height, crs, affine, content, notes } = about;
    out.u32(*width);
    out.u32(*height);
    out.maybe(crs.as_deref());
    out.f64s(&affine.0);
    out.u8(u8::from(*content == Content::Colours));
    put_notes(notes, out);
}

pub(super) fn raster(b: &mut Bytes) -> Option<raster::About> {
    let (width, height, crs) = (b.u32()?, b.u32()?, b.maybe()?.map(str::to_owned));
    let affine = Affine(b.f64s()?);
    let content = if b.u8()? == 0 { Content::Heights } else { Content::Colours };
    Some(raster::About { width, height, crs, affine, content, notes: notes(b)? })
}

/// A row of pixels: all bytes that are left.
pub(super) fn row<T: bytemuck::AnyBitPattern + bytemuck::NoUninit>(b: &mut Bytes) -> Option<Vec<T>> {
    let bytes = b.take(b.0.len())?;
    bytes.len().is_multiple_of(size_of::<T>()).then(|| bytemuck::pod_collect_to_vec(bytes))
}

pub(super) fn put_cloud(about: &points::About, out: &mut Vec<u8>) {
    let points::About { form, points, has_colour, crs, notes } = about;
    out.text(form);
    out.u64(*points);
    out.u8(u8::from(*has_colour));
    out.maybe(crs.as_deref());
    put_notes(notes, out);
}

pub(super) fn cloud(b: &mut Bytes) -> Option<points::About> {
    let (form, points, has_colour) = (b.text()?.to_owned(), b.u64()?, b.u8()? == 1);
    Some(points::About { form, points, has_colour, crs: b.maybe()?.map(str::to_owned), notes: notes(b)? })
}

pub(super) fn put_points(points: &[Point], out: &mut Vec<u8>) {
    out.reserve(points.len() * POINT);
    for Point { place, colour, class, intensity, returns } in points {
        out.f64s(place);
        colour.iter().chain([intensity]).for_each(|n| out.extend(n.to_le_bytes()));
        out.u8(*class);
        out.extend(returns);
    }
}

/// Points: all bytes that are left.
pub(super) fn points(b: &mut Bytes) -> Option<Vec<Point>> {
    let count = b.0.len() / POINT;
    let point = |_| {
        let place = b.f64s()?;
        let [red, green, blue, intensity] = [b.u16()?, b.u16()?, b.u16()?, b.u16()?];
        Some(Point { place, colour: [red, green, blue], class: b.u8()?, intensity, returns: [b.u8()?, b.u8()?] })
    };
    (0..count).map(point).collect()
}

fn put_notes(notes: &[String], out: &mut Vec<u8>) {
    out.u32(notes.len() as u32);
    notes.iter().for_each(|note| out.text(note));
}

fn notes(b: &mut Bytes) -> Option<Vec<String>> {
    let count = b.count(4)?;
    (0..count).map(|_| Some(b.text()?.to_owned())).collect()
}
