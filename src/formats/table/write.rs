//! Assets as a CSV table (RFC 4180, UTF-8) that the table reader takes back.

use crate::fault::{Fault, Kind, Result};
use crate::formats::write::{Columns, Item, OWN, Writer, own, text};
use crate::model::Footprint;
use std::io::Write;

/// Writes one row an asset: `id`, `class`, `name`, `collection`, `parent`, `storey`, `dataset`, `site`, then `lon`, `lat`, `h`
/// (WGS 84; a point's own place, else the middle of the box, at its lowest height), then the attributes.
pub struct CsvWriter<W: Write> {
    out: csv::Writer<W>,
    columns: Columns,
}

impl<W: Write> CsvWriter<W> {
    /// Begins the table with its header.
    ///
    /// # Errors
    /// [`Kind::Io`].
    pub fn new(out: W, columns: Columns) -> Result<Self> {
        let mut out = csv::Writer::from_writer(out);
        let place = ["lon", "lat", "h"];
        let taken = |name: String| if place.contains(&name.as_str()) { format!("source.{name}") } else { name };
        let own = OWN.iter().chain(&place).map(|name| (*name).to_owned());
        let header: Vec<String> = own.chain(columns.all().map(|(name, _)| taken(name))).collect();
        out.write_record(&header).map_err(|e| writing(&e))?;
        Ok(Self { out, columns })
    }
}

impl<W: Write> Writer for CsvWriter<W> {
    fn put(&mut self, item: &Item) -> Result<()> {
        let mut row: Vec<String> = own(item).map(str::to_owned).to_vec();
        let bounds = item.asset.bounds;
        let place = match &item.asset.geometry.footprint {
            Footprint::Point(place) => Some(*place),
            _ if bounds.is_empty() => None,
            _ => {
                let [lon, lat, _] = bounds.center();
                Some([lon, lat, bounds.min[2]])
            }
        };
        row.extend((0..3).map(|k| place.and_then(|p| p.get(k).map(f64::to_string)).unwrap_or_default()));
        row.extend(
            self.columns.row(&item.asset.attributes).into_iter().map(|value| value.map_or_else(String::new, text)),
        );
        self.out.write_record(&row).map_err(|e| writing(&e))
    }
    fn end(mut self: Box<Self>) -> Result<()> {
        self.out.flush().map_err(|e| crate::formats::write::writing(&e))
    }
}

fn writing(e: &csv::Error) -> Fault {
    Fault::new(Kind::Io, format!("writing the export: {e}"))
}
