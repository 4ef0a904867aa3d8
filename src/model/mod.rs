//! What is in a city, what is measured and who may see it. Nothing here knows a file format or a wire.

mod access;
mod alarm;
mod asset;
mod class;
mod collections;
mod id;
mod rule;
mod sensing;

pub use access::{Right, Role};
pub use alarm::{Alarm, AlarmState, Comment, Severity};
pub use asset::{Asset, Attributes, Footprint, Geometry, Value};
pub use class::{Class, Collection};
pub use collections::Collections;
pub use id::{AssetId, DatasetName, SiteCode};
pub use rule::{Direction, Rule};
pub use sensing::{Datastream, Flaw, Observation, Quality, Thing};
