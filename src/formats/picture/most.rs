//! How much of pictures one object shows.

use super::{Lost, Pictures};
use crate::geom::{Face, Texture, Textures};
use std::collections::{HashMap, HashSet};

/// The most bytes of the pictures of one object together, as they are kept: a tile takes them all.
const OBJECT: u64 = 64 << 20;

/// What one object shows already.
#[derive(Default)]
pub(in crate::formats) struct Allowance {
    told: HashMap<Texture, Result<(), Lost>>,
    pictures: HashSet<[u8; 32]>,
    textures: usize,
    bytes: u64,
}

impl Allowance {
    /// Whether the object shows this one too, whose picture is of so many bytes; what is lost where it is too much.
    pub fn take(&mut self, texture: &Texture, bytes: impl FnOnce() -> u64) -> Result<(), Lost> {
        if let Some(told) = self.told.get(texture) {
            return told.clone();
        }
        let told = self.judge(texture, bytes);
        self.told.insert(*texture, told.clone());
        told
    }
    fn judge(&mut self, texture: &Texture, bytes: impl FnOnce() -> u64) -> Result<(), Lost> {
        if self.textures >= usize::from(Textures::MOST) {
            let most = Textures::MOST;
            return Err(Lost::Broken(format!("comes after {most} others of its object, as many as are shown")));
        }
        let bytes = if self.pictures.contains(&texture.picture) { 0 } else { bytes() };
        if self.bytes.saturating_add(bytes) > OBJECT {
            let detail = format!("would make the pictures of its object more than {} MiB together", OBJECT >> 20);
            return Err(Lost::Broken(detail));
        }
        self.pictures.insert(texture.picture);
        (self.textures, self.bytes) = (self.textures + 1, self.bytes + bytes);
        Ok(())
    }
}

impl Pictures {
    /// Takes from the faces of one object what it shows too much, in their order; what is lost by it.
    pub fn bound(&self, faces: &mut [Face]) -> HashSet<Lost> {
        let (mut allowance, mut lost) = (Allowance::default(), HashSet::new());
        for face in faces {
            let Some(shown) = &face.shown else { continue };
            if let Err(why) = allowance.take(&shown.texture, || self.size(&shown.texture.picture)) {
                lost.insert(why);
                face.shown = None;
            }
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_shows_so_many_bytes_and_so_many_textures() {
        let texture = |picture: u8, tint: u32| Texture {
            picture: [picture; 32],
            tint: tint.to_le_bytes(),
            wrap: Default::default(),
            sheer: Default::default(),
        };
        let mut allowance = Allowance::default();
        let half = || OBJECT / 2;
        assert!((0..2).all(|picture| allowance.take(&texture(picture, 0), half).is_ok()));
        assert!(matches!(allowance.take(&texture(2, 0), || 1), Err(Lost::Broken(why)) if why.contains("64 MiB")));
        // Another tint of a picture that is there takes no more bytes; a lost one stays lost.
        let most = u32::from(Textures::MOST);
        assert!((1..most - 1).all(|tint| allowance.take(&texture(0, tint), half).is_ok()));
        assert!(matches!(allowance.take(&texture(0, most), half), Err(Lost::Broken(why)) if why.contains("4096")));
        assert!(allowance.take(&texture(2, 0), || 0).is_err() && allowance.take(&texture(1, 0), half).is_ok());
    }
}
