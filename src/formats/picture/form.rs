//! Textures as bytes, for the archive and between processes of this one program.

use crate::bytes::{Bytes, Sink};
use crate::geom::{At, Sheer, Shown, Texture, Textures, Wrap};

/// Bytes of a texture.
const SIZE: usize = 39;

/// Appends the textures of a mesh.
pub fn put_textures(textures: &Textures, out: &mut Vec<u8>) {
    out.u32(textures.list.len() as u32);
    textures.list.iter().for_each(|texture| put(texture, out));
    for number in &textures.of {
        out.extend(number.map_or(u16::MAX, |k| k).to_le_bytes());
    }
    out.extend_from_slice(bytemuck::cast_slice(&textures.corners));
}

/// The textures of a mesh of so many surfaces and triangles; `None` where they do not fit it.
pub fn textures(b: &mut Bytes, surfaces: usize, triangles: usize) -> Option<Textures> {
    let count = b.count(SIZE)?;
    let list = (0..count).map(|_| get(b)).collect::<Option<_>>()?;
    let of: Vec<u16> = bytemuck::pod_collect_to_vec(b.take(surfaces.checked_mul(2)?)?);
    let of = of.into_iter().map(|k| Some(k).filter(|k| *k != u16::MAX)).collect();
    let corners = bytemuck::pod_collect_to_vec(b.take(triangles.checked_mul(24)?)?);
    let textures = Textures { list, of, corners };
    textures.holds(surfaces, triangles).then_some(textures)
}

/// Appends what a face shows.
pub(in crate::formats) fn put_shown(shown: Option<&Shown>, out: &mut Vec<u8>) {
    out.u8(u8::from(shown.is_some()));
    if let Some(Shown { texture, at }) = shown {
        put(texture, out);
        out.u32(at.len() as u32);
        out.extend_from_slice(bytemuck::cast_slice(at));
    }
}

/// What a face shows.
pub(in crate::formats) fn shown(b: &mut Bytes) -> Option<Option<Box<Shown>>> {
    if b.u8()? == 0 {
        return Some(None);
    }
    let (texture, count) = (get(b)?, b.count(8)?);
    let at: Vec<At> = bytemuck::pod_collect_to_vec(b.take(count * 8)?);
    at.iter().flatten().all(|c| c.is_finite()).then(|| Some(Box::new(Shown { texture, at })))
}

fn put(texture: &Texture, out: &mut Vec<u8>) {
    let wrap = |w: Wrap| Wrap::ALL.iter().position(|one| *one == w).unwrap_or(0) as u8;
    out.extend(texture.picture);
    out.extend(texture.tint);
    out.extend(texture.wrap.map(wrap));
    out.u8(Sheer::ALL.iter().position(|one| *one == texture.sheer).unwrap_or(0) as u8);
}

fn get(b: &mut Bytes) -> Option<Texture> {
    let picture = b.take(32)?.try_into().ok()?;
    let tint = b.take(4)?.try_into().ok()?;
    let mut number = || b.u8().map(usize::from);
    let wrap = [*Wrap::ALL.get(number()?)?, *Wrap::ALL.get(number()?)?];
    Some(Texture { picture, tint, wrap, sheer: *Sheer::ALL.get(number()?)? })
}
