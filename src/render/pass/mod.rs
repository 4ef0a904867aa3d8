//! One file a pass: the shadow map, the surfaces with their features, and the resolve into finished pixels.

mod program;
mod resolve;
mod shadow;
mod surface;

pub use resolve::Resolve;
pub use shadow::Shadow;
pub use surface::Surfaces;
