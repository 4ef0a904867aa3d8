//! Files into a site: read, place, check, report, commit; and a community made up for trying it.

mod adopt;
mod assemble;
mod batch;
mod check;
mod coverage;
mod files;
mod finding;
mod former;
pub mod generate;
mod georeference;
mod height_grid;
mod inspect;
mod intake;
mod judge;
mod lighten;
mod pictures;
mod points;
mod reach;
mod repair;
mod report;
mod stamp;
mod survey;
mod waiting;

pub use files::{expand, left_out};
pub use finding::{Finding, Findings, Severity, Total};
pub use georeference::{Georeference, Origin};
pub use height_grid::height_grid;
pub use intake::{ImportOptions, Intake, Progress};
pub use lighten::Lightweight;
pub use points::PointCount;
pub use report::{FileReport, Refused, Renamed, Renewed, Report};
