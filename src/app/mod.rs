//! Wires the rooms together, reads the configuration, spawns and stops. The only room with a clock, threads and the environment.

pub mod cli;
pub mod clock;
pub mod config;
mod listen;
pub mod serve;
pub mod telemetry;
pub mod worker;

pub use cli::run;
