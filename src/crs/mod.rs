//! Which frame a number lives in: a source's CRS, the site's east-north-up frame, the index frame.

mod code;
mod datum;
mod epoch;
mod height_grid;
mod helmert;
mod operation;
mod patch;
#[expect(
    unsafe_code,
    reason = "PROJ is a C library, and its Rust wrapper knows neither heights nor ballpark operations"
)]
mod proj;
mod site;
mod transform;
mod web_mercator;
mod well_known;

pub use code::CrsCode;
pub use datum::Offset;
pub use epoch::stated_epoch;
pub use height_grid::HeightGrid;
pub use helmert::{ControlPoint, Fit, Helmert, Similarity};
pub use operation::{Choice, Operation};
pub use site::{SiteFrame, from_ecef, to_ecef};
pub use transform::{Transform, is_geographic, is_offset_of, is_wgs84, same_crs};
pub use web_mercator::{HALF_SQUARE, from_web_mercator, to_web_mercator};
