//! Tables of control points: places known in a local grid and in a CRS.

use super::reader::open;
use crate::crs::ControlPoint;
use crate::fault::{Fault, Result};
use std::io::Read;
use std::path::Path;

/// The most points; a survey has a dozen.
const MOST: usize = 10_000;
/// Bytes read of a table at most.
const LONGEST: u64 = 4 << 20;

/// Reads a CSV table with a header and the columns `x` and `y` (local east and north) and `east` and `north` (in the CRS),
/// metres; other columns are passed over.
///
/// # Errors
/// The file cannot be read, a column is missing, or a cell is not a number: named by its line.
pub fn control_points(file: &Path) -> Result<Vec<ControlPoint>> {
    let about = |fault: Fault| fault.about(file.display().to_string());
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(open(file)?.take(LONGEST));
    let wrong = |e: csv::Error| about(Fault::bad_input(format!("is no CSV table: {e}")));
    let header = reader.headers().map_err(wrong)?.clone();
    let column = |name: &str| {
        let found = header.iter().position(|h| h.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            about(Fault::bad_input(format!("has no column '{name}'")))
                .remedy("name the columns x, y (local) and east, north (in the CRS), metres")
        })
    };
    let columns = [column("x")?, column("y")?, column("east")?, column("north")?];
    let mut points = Vec::new();
    for row in reader.records() {
        let row = row.map_err(wrong)?;
        let line = row.position().map_or(0, csv::Position::line);
        if points.len() >= MOST {
            return Err(about(Fault::bad_input(format!("has more than {MOST} points"))));
        }
        let cell = |column: usize| {
            let number = row.get(column).and_then(|text| text.parse::<f64>().ok()).filter(|n| n.is_finite());
            number.ok_or_else(|| about(Fault::bad_input(format!("line {line} has a cell that is not a number"))))
        };
        let [x, y, east, north] = columns;
        points.push(([cell(x)?, cell(y)?], [cell(east)?, cell(north)?]));
    }
    Ok(points)
}
