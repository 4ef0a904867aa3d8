//! Pictures on surfaces: which picture, how it lies there, and which of its points the corners of a triangle show.

use super::Mesh;
use std::collections::HashMap;

/// What is seen beyond a picture's edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Wrap {
    /// The picture again.
    #[default]
    Repeat,
    /// The picture again, the other way around.
    Mirror,
    /// Its edge.
    Clamp,
}

/// What a picture's alpha does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Sheer {
    /// Nothing: it is not seen through.
    #[default]
    Never,
    /// Cuts out what has less than half of it.
    Cut,
    /// Mixes with what is behind.
    Mixed,
}

impl Wrap {
    /// Each, in the order of its stored number.
    pub const ALL: [Self; 3] = [Self::Repeat, Self::Mirror, Self::Clamp];
}

impl Sheer {
    /// Each, in the order of its stored number.
    pub const ALL: [Self; 3] = [Self::Never, Self::Cut, Self::Mixed];
}

/// A picture as it lies on surfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Texture {
    /// The SHA-256 of the picture's bytes.
    pub picture: [u8; 32],
    /// sRGB and alpha by which the picture's are multiplied; white is the picture as it is.
    pub tint: [u8; 4],
    /// What is seen beyond its edges, from left to right and from top to bottom.
    pub wrap: [Wrap; 2],
    /// What its alpha does.
    pub sheer: Sheer,
}

/// A point of a picture: (0, 0) is its upper left, (1, 1) its lower right corner.
pub type At = [f32; 2];

/// The texture of one face.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Which.
    pub texture: Texture,
    /// What the corners of the face's polygon show, as its [`points`](super::Polygon::points) come.
    pub at: Vec<At>,
}

/// The textures of a mesh, of which some surface has one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Textures {
    /// Each once.
    pub list: Vec<Texture>,
    /// The number in `list` of each surface's, in the surfaces' order.
    pub of: Vec<Option<u16>>,
    /// What the corners of each triangle show; nothing is meant by those of surfaces without a texture.
    pub corners: Vec<[At; 3]>,
}

impl Textures {
    /// Whether this fits `surfaces` surfaces and `triangles` triangles, and its numbers are such.
    pub fn holds(&self, surfaces: usize, triangles: usize) -> bool {
        self.of.len() == surfaces
            && self.corners.len() == triangles
            && self.of.iter().flatten().all(|k| usize::from(*k) < self.list.len())
            && self.corners.iter().flatten().flatten().all(|c| c.is_finite())
    }
    /// The most of one object: each is a draw call of its own.
    pub const MOST: u16 = 4096;

    /// The number of a texture, which is listed with this; nothing when there are [`Textures::MOST`] others. `known` holds the
    /// numbers of those listed, by this alone.
    pub fn number(&mut self, texture: &Texture, known: &mut HashMap<Texture, u16>) -> Option<u16> {
        if let Some(number) = known.get(texture) {
            return Some(*number);
        }
        let number = u16::try_from(self.list.len()).ok().filter(|number| *number < Self::MOST)?;
        self.list.push(*texture);
        known.insert(*texture, number);
        Some(number)
    }
}

impl Mesh {
    /// The texture of the surface of this number.
    pub fn texture(&self, surface: usize) -> Option<&Texture> {
        let textures = self.textures.as_ref()?;
        textures.list.get(usize::from((*textures.of.get(surface)?)?))
    }
    /// What the corners of the triangle of this number show; nothing without textures.
    pub fn shown(&self, triangle: usize) -> Option<[At; 3]> {
        self.textures.as_ref()?.corners.get(triangle).copied()
    }
    /// Whether its triangles have their positions, its surfaces are in order and its textures fit them, as all that draws it relies
    /// on.
    pub fn holds(&self) -> bool {
        let (positions, triangles) = (self.positions.len(), self.triangles.len());
        positions <= u32::MAX as usize
            && triangles <= u32::MAX as usize
            && self.triangles.iter().flatten().all(|i| (*i as usize) < positions)
            && self.surfaces.iter().all(|s| s.first as usize <= triangles)
            && self.surfaces.is_sorted_by_key(|s| s.first)
            && self.textures.as_ref().is_none_or(|t| t.holds(self.surfaces.len(), triangles))
    }
}
