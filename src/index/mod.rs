//! Where is what: boxes or ids in, row numbers out. The rows' owner does the exact test on what comes out.
//!
//! Both indexes of a snapshot answer with a superset: an entry is never taken back when its row changes, so a caller keeps the
//! rows whose present box or id really matches. That is what makes a commit cost only what it touches.

mod hex;
mod levels;
mod names;
mod rtree;

pub use hex::Hex;
pub use levels::{Level, Levels};
pub use names::{Names, key};
pub use rtree::{Boxes, Entry, Forest};
