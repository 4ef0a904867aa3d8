//! What raises, updates and clears an alarm: one file a kind of rule.

pub mod threshold;

pub use threshold::judge;
