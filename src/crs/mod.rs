//! Which frame a number lives in: a source's CRS, the site's east-north-up frame, the index frame.

mod site;

pub use site::SiteFrame;
