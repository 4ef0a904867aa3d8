//! The one test binary: every walk, property and conformance test is a module of it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on should say where"
)]

mod api;
mod browser;
mod fuzz;
mod properties;
mod render;
mod support;
mod tiles;
mod walks;
