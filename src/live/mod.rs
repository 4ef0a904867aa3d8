//! The live city's way in: readings through an inlet, bound to devices, admitted, judged by rules; and the desk where people handle alarms.

pub mod desk;
pub mod inlet;
pub mod retire;
pub mod rules;
pub mod simulate;

mod admit;
mod counts;
mod rule;

pub use admit::{Measurement, Sender, admit};
pub use counts::Counts;
pub use rule::{check, install, keep};
