//! Pictures: cameras, ids against an oracle of rays, styles by pixel, precision, shaders, machines without an adapter.

mod blocks;
mod cameras;
mod city;
mod far;
mod ids;
mod pictures;
mod server;
mod shaders;
