//! What is in a city, what is measured and who may see it. Nothing here knows a file format or a wire.

mod access;
mod alarm;
mod asset;
mod camera;
mod class;
mod code;
mod collections;
mod finding;
mod grain;
mod grid;
mod id;
mod network;
mod place;
mod rule;
mod sensing;
mod shift;
pub mod spelling;

pub use access::{Right, Role};
pub use alarm::{Alarm, AlarmState, Comment, Severity};
pub use asset::{Asset, Attributes, Footprint, Geometry, Value};
pub use camera::Pose;
pub use class::{Class, Collection};
pub use code::{CommunityCode, ComponentCode, Names, VideoId};
pub use collections::Collections;
pub use finding::Finding;
pub use grain::{Grain, Has};
pub use grid::{Cover, Gap, Grid, Overlap, is_personal, may_be_personal};
pub use id::{AssetId, DatasetName, SiteCode, VariantName};
pub use network::{Network, Node, Part, Segment, Summary, Utility};
pub use place::{Address, labels};
pub use rule::{Direction, Rule};
pub use sensing::{Datastream, Flaw, Observation, Quality, Thing};
