//! What an asset's geometry is made of and how much there is of it, in one byte that is kept of each version.

use super::{Footprint, Geometry};
use crate::geom::Texture;
use std::collections::HashSet;

/// What a geometry is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Has {
    /// Nothing with a place.
    Nothing,
    /// One position.
    Point,
    /// Lines on the map.
    Lines,
    /// Areas on the map.
    Areas,
    /// A mesh.
    Mesh,
}

/// A geometry in short: what it is made of, and how many triangles draw it, rounded up by less than a fifth. A picture counts as
/// triangles that take about as many bytes, so that tiles hold fewer things that show pictures.
///
/// The byte: 0 and 1 stand for what an earlier build wrote (without and with a mesh, nothing else told), 2 for nothing, 3 for a
/// point; from 4 on come lines, areas and meshes, each with 84 counts of triangles, a quarter of an octave apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grain(u8);

/// How many counts of triangles there are for lines, areas and meshes each.
const STEPS: u8 = 84;
const FIRST: u8 = 4;
/// Triangles that a picture counts as at least, and its bytes that count as one more.
const PICTURE: u64 = 500;
const BYTES: u64 = 1000;
const COUNTED: [Has; 3] = [Has::Lines, Has::Areas, Has::Mesh];

impl Grain {
    /// Of a version of which it is only known whether it has a mesh.
    pub const fn untold(mesh: bool) -> Self {
        Self(mesh as u8)
    }
    /// Of a geometry, without making what draws it, whose pictures are taken for small ones.
    pub fn of(geometry: &Geometry) -> Self {
        Self::with(geometry, |_| None)
    }
    /// As [`Grain::of`], with the bytes of each picture where they are known.
    pub fn with(geometry: &Geometry, bytes: impl Fn(&[u8; 32]) -> Option<u64>) -> Self {
        if let Some(mesh) = geometry.mesh.as_ref().filter(|m| !m.triangles.is_empty()) {
            let textures = mesh.textures.as_ref().map_or(&[][..], |textures| &textures.list);
            let mut seen = HashSet::new();
            let count = |texture: &Texture| {
                let bytes = if seen.insert(texture.picture) { bytes(&texture.picture) } else { None };
                PICTURE.max(bytes.unwrap_or(0) / BYTES)
            };
            let pictures: u64 = textures.iter().map(count).sum();
            return Self::counted(2, mesh.triangles.len() + usize::try_from(pictures).unwrap_or(usize::MAX / 2));
        }
        match &geometry.footprint {
            Footprint::None => Self(2),
            Footprint::Point(_) => Self(3),
            Footprint::Lines(lines) => Self::counted(0, 8 * lines.iter().map(Vec::len).sum::<usize>()),
            Footprint::Areas(areas) => Self::counted(1, areas.iter().flatten().map(Vec::len).sum()),
        }
    }
    /// From the byte it is kept as; every byte is one.
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte)
    }
    /// The byte it is kept as.
    pub const fn byte(self) -> u8 {
        self.0
    }
    /// What the geometry is made of, and about how many triangles draw it: never fewer than there are, 1,800,000 for more than
    /// that. Nothing where an earlier build wrote it.
    pub fn told(self) -> Option<(Has, u32)> {
        Some(match self.0 {
            0 | 1 => return None,
            2 => (Has::Nothing, 0),
            3 => (Has::Point, 8),
            byte => {
                let (kind, step) = ((byte - FIRST) / STEPS, (byte - FIRST) % STEPS);
                (*COUNTED.get(usize::from(kind))?, triangles(step))
            }
        })
    }
    /// Whether there is a mesh.
    pub fn has_mesh(self) -> bool {
        self.told().map_or(self.0 == 1, |(has, _)| has == Has::Mesh)
    }

    fn counted(kind: u8, count: usize) -> Self {
        let step = (0..STEPS).find(|step| triangles(*step) as usize >= count).unwrap_or(STEPS - 1);
        Self(FIRST + kind * STEPS + step)
    }
}

/// The number of triangles that a step stands for: 2 to the power of a quarter of it, rounded up. Without a root of the
/// library, whose last bit may differ from machine to machine.
fn triangles(step: u8) -> u32 {
    const QUARTER: [u64; 4] = [1_000_000, 1_189_208, 1_414_214, 1_681_793];
    let octave = u64::from(step / 4);
    let exact = QUARTER[usize::from(step % 4)] << octave;
    u32::try_from(exact.div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::{Mesh, Sheer, Textures, Wrap};

    fn mesh(triangles: usize) -> Geometry {
        let mesh = Mesh::from_points(&[[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], vec![[0, 1, 2]; triangles], vec![]);
        Geometry { footprint: Footprint::None, mesh: Some(mesh) }
    }

    #[test]
    fn a_byte_tells_what_there_is_and_never_too_few_triangles() {
        for count in (1..100).chain([1000, 60_000, 123_457]) {
            let (has, told) = Grain::from_byte(Grain::of(&mesh(count)).byte()).told().unwrap();
            assert_eq!(has, Has::Mesh);
            assert!(told as usize >= count && (told as usize) < count + count / 5 + 1, "{count} told as {told}");
        }
        assert_eq!(Grain::of(&mesh(3_000_000)).told().map(|(has, n)| (has, n > 1_700_000)), Some((Has::Mesh, true)));
        let lines = Footprint::Lines(vec![vec![[0.0; 3]; 4]]);
        assert_eq!(Grain::of(&Geometry { footprint: lines, mesh: None }).told(), Some((Has::Lines, 32)));
        assert_eq!(Grain::of(&mesh(0)).told(), Some((Has::Nothing, 0)));
        assert_eq!((Grain::untold(true).told(), Grain::untold(true).has_mesh()), (None, true));
        assert!(!Grain::untold(false).has_mesh() && (4..=255).all(|b| Grain::from_byte(b).told().is_some()));
    }
    #[test]
    fn a_picture_counts_by_its_bytes_and_once() {
        let mut geometry = mesh(10);
        let texture =
            |tint: u8| Texture { picture: [7; 32], tint: [tint; 4], wrap: [Wrap::Repeat; 2], sheer: Sheer::Never };
        let textures = Textures { list: vec![texture(1), texture(2)], ..Textures::default() };
        geometry.mesh.as_mut().unwrap().textures = Some(Box::new(textures));
        let told = |bytes| Grain::with(&geometry, |_| bytes).told().unwrap().1;
        assert_eq!(told(None), told(Some(1000)));
        assert!((1_010..1_210).contains(&told(None)));
        assert!((50_510..60_600).contains(&told(Some(50_000_000))), "{}", told(Some(50_000_000)));
    }
}
