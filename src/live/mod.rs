//! The live city's way in: readings through an inlet, bound to devices, admitted, judged by rules.

pub mod simulate;
