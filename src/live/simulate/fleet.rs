//! The devices that play, as `devices.csv` of a generated community names them.

use crate::fault::{Fault, Kind, Result};
use std::path::Path;
use std::sync::Arc;

/// The longest table that is read, in rows.
const MOST: usize = 5_000_000;

/// One device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id, by which readings name it.
    pub id: Arc<str>,
    /// Its class, such as `smoke_detector`.
    pub class: Arc<str>,
    /// The properties it measures, in order.
    pub properties: Vec<Arc<str>>,
}

/// All devices of a community.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fleet {
    /// In the table's order; those that measure nothing are left out.
    pub devices: Vec<Device>,
}

impl Fleet {
    /// Reads `devices.csv` of a community's directory: columns `id`, `class` and `datastreams` (`property:unit` with
    /// semicolons between).
    ///
    /// # Errors
    /// No such file; a column missing; a row that cannot be read; no device that measures anything.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join("devices.csv");
        let about = |fault: Fault| fault.about(path.display().to_string());
        let file = std::fs::File::open(&path).map_err(|e| {
            about(Fault::new(Kind::NotFound, format!("opening the community's devices: {e}")))
                .remedy("name a community with --community, or make one: cimbra generate demo")
        })?;
        Self::from_csv(file).map_err(about)
    }

    fn from_csv(file: impl std::io::Read) -> Result<Self> {
        let mut reader = csv::Reader::from_reader(file);
        let broken = |e: csv::Error| Fault::bad_input(format!("no table of devices: {e}"));
        let columns = reader.headers().map_err(broken)?.clone();
        let column = |name: &str| {
            let at = columns.iter().position(|c| c == name);
            at.ok_or_else(|| Fault::bad_input(format!("there is no column '{name}'")))
        };
        let (id, class, datastreams) = (column("id")?, column("class")?, column("datastreams")?);
        let mut devices = Vec::new();
        for row in reader.into_records().take(MOST) {
            let row = row.map_err(broken)?;
            let cell = |at: usize| row.get(at).unwrap_or_default();
            let property = |stream: &str| Arc::from(stream.split(':').next().unwrap_or_default().trim());
            let properties: Vec<Arc<str>> =
                cell(datastreams).split(';').filter(|s| !s.trim().is_empty()).map(property).collect();
            if !properties.is_empty() {
                devices.push(Device { id: cell(id).into(), class: cell(class).into(), properties });
            }
        }
        if devices.is_empty() {
            return Err(Fault::bad_input("no device in it measures anything"));
        }
        Ok(Self { devices })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_becomes_devices() {
        let table = "id,name,class,datastreams\nSD-1,烟感,smoke_detector,smoke:m-1;battery:%\nX,牌,address,\n";
        let fleet = Fleet::from_csv(table.as_bytes()).unwrap();
        assert_eq!(fleet.devices.len(), 1);
        assert_eq!(fleet.devices[0].properties, ["smoke".into(), "battery".into()] as [Arc<str>; 2]);
        for bad in ["id,class\na,b\n", "id,class,datastreams\n", "id,class,datastreams\na,b\n"] {
            assert!(Fleet::from_csv(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
