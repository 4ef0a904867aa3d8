//! What stands for the graphics adapter in a build without the feature `render`.

use super::{Camera, Picture, Scene};
use crate::fault::{Fault, Kind, Result};

/// No adapter.
#[derive(Debug)]
pub struct Gpu;

impl Gpu {
    /// Says that this build draws nothing.
    ///
    /// # Errors
    /// Always [`Kind::Unavailable`].
    pub fn open() -> Result<Self> {
        Err(Fault::new(Kind::Unavailable, "this build of cimbra draws no pictures")
            .remedy("build it with the feature `render`, which is on by default"))
    }
    /// Draws nothing: there is no value of this type.
    ///
    /// # Errors
    /// Always [`Kind::Unavailable`].
    pub fn draw(&self, _scene: &Scene, _camera: &Camera, _size: [u32; 2]) -> Result<Picture> {
        Self::open().and(Err(Fault::internal("a build without adapters opened one")))
    }
}
