//! The city now: sites, immutable snapshots, atomic commits, and the archive behind them.
//!
//! Readers take a [`Snapshot`] and keep it. A writer opens a [`Draft`], puts and removes assets, and commits: all of it
//! is on disk before any of it is seen. The store reads no clock; the caller says when.

mod archive;
mod asset;
mod attached;
mod attachments;
mod audit;
mod clash;
mod commit;
mod coverage;
mod dataset;
mod edit;
mod event;
mod keys;
mod live;
mod manage;
mod overlay;
mod pack;
mod pictures;
mod pulse;
mod renew;
mod series;
mod site;
mod snapshot;
mod sources;
#[expect(clippy::module_inception, reason = "the room's main type has the room's name")]
mod store;
mod table;
mod variant;

pub use archive::embedded::Instance;
pub use asset::AssetRef;
pub use attachments::{Attachment, Attachments, Incoming, Quota, Sent};
pub use audit::{Act, Audit};
pub use commit::{Committed, Draft, Put};
pub use coverage::{
    Adopted, Content, Coverage, EDGE, Folder, Form, Found, Grid, GridSpec, Ground, IMPLICIT, OfColours, OfHeights,
    Pixel, PixelKind, PixelReader, Pyramid, PyramidWriter, Relief,
};
pub use dataset::{Dataset, Edition, Entry, Standing};
pub use event::{Cursor, Event, Events, Next, Step};
pub use keys::{KeyInfo, Keys};
pub use live::DATASTREAMS;
pub use overlay::Overlay;
pub use pulse::{AlarmMark, AssetState, Pulse, StateValue};
pub use renew::Heir;
pub use series::{Judge, Named, Series, Span, Summary, Taken, ThingSpec, Verdict};
pub use site::Site;
pub use snapshot::{Row, Snapshot};
pub use sources::Keeping;
pub use store::Store;
