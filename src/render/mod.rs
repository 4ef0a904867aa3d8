//! Pictures of the city: a camera, a scene and a style in; colours and the id under each pixel out.
//!
//! Nothing here knows a store or a request. The graphics adapter is behind `gpu` and `pass`; without the feature
//! `render` the same surface answers [`Kind::Unavailable`](crate::fault::Kind::Unavailable).

mod camera;
#[cfg(feature = "render")]
mod gpu;
#[cfg(not(feature = "render"))]
#[path = "absent.rs"]
mod gpu;
mod image;
mod marker;
#[cfg(feature = "render")]
mod pass;
mod scene;
mod studio;
mod style;

pub use camera::{Attitude, Camera, Projection, Sight, check_fov, local_axes};
pub use image::{Picture, decode_ids};
pub use marker::{point_marker, tube};
pub use scene::{Background, Item, MAX_TRIANGLES, Scene};
pub use studio::{MAX_SIDE, Studio};
pub use style::{Paint, Style};
