//! Pictures of the city: a camera, a scene and a style in; colours and the id under each pixel out.
//!
//! Nothing here knows a store or a request. The graphics adapter is behind `gpu` and `pass`; without the feature
//! `render` the same surface answers [`Kind::Unavailable`](crate::fault::Kind::Unavailable).

#![cfg_attr(not(feature = "render"), expect(dead_code, reason = "half of the room serves the adapter"))]

mod aim;
mod body;
mod camera;
mod city;
mod form;
#[cfg(feature = "render")]
mod gpu;
#[cfg(not(feature = "render"))]
#[path = "absent.rs"]
mod gpu;
mod image;
mod look;
#[cfg(feature = "render")]
mod pass;
mod request;
mod scene;
mod studio;
mod style;

pub use camera::{Attitude, Camera, Projection, Sight, local_axes};
pub use city::{City, Composition, Picked, compose, worst_alarms};
pub use image::{Picture, decode_ids};
pub use request::{Aim, PARAMETERS, Request};
pub use scene::{Background, Item, MAX_TRIANGLES, Scene};
pub use studio::{MAX_SIDE, Studio};
pub use style::{Paint, Style};
