//! The only file that opens SQLite: read only, without a journal, with bounds on what a row may take.

use super::layer::{Kind, Layer};
use crate::fault::{Fault, Kind as FaultKind, Result};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Instructions of SQLite's machine between two looks at how many there have been.
const STEP: i32 = 10_000;
/// Looks until a file is given up: about five seconds of one core, and what its rows earn.
const LOOKS: u32 = 50_000;
/// Looks that each row and each question earns: about ten milliseconds, where an ordinary row takes microseconds.
const EARNED: u32 = 100;
/// The largest value or row, bytes.
const LARGEST: i32 = 64 << 20;
/// Tables that are taken at most.
const MOST_TABLES: usize = 2_000;

/// An open GeoPackage.
pub(super) struct Database {
    connection: Connection,
    looks: Arc<AtomicU32>,
    rows: AtomicU64,
    /// More rows than a file has bytes come only of a view that makes them up, perhaps without end.
    most: u64,
}

/// What SQLite says, as a fault.
pub(super) fn fault(error: &rusqlite::Error) -> Fault {
    let said: String = error.to_string().chars().take(200).collect();
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => {
            Fault::new(FaultKind::TooLarge, "has a view or a table whose rows take more than seconds")
                .remedy("save the view's rows as a table")
        }
        Some(ErrorCode::TooBig) => {
            Fault::new(FaultKind::TooLarge, format!("has a value larger than {} MiB", LARGEST >> 20))
        }
        _ => Fault::bad_input(format!("is an SQLite database that cannot be read: {said}")),
    }
}

/// Whether SQLite does not know what it is asked for: a table that is not there, or a view of one.
pub(super) fn is_missing(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::Unknown)
}

/// A name in SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Database {
    /// # Errors
    /// No SQLite, or changes beside the file that are not in it yet.
    pub fn open(file: &Path) -> Result<Self> {
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        if std::fs::metadata(&log).is_ok_and(|m| m.len() > 0) {
            return Err(Fault::bad_input("has changes in a write-ahead log beside it that are not in it yet")
                .remedy("close the program that writes it, or run: sqlite3 FILE 'PRAGMA wal_checkpoint(TRUNCATE)'"));
        }
        let most = crate::formats::reader::open(file)?.metadata().map_err(|e| Fault::io("reading", &e))?.len();
        // `immutable` promises that nobody writes; SQLite then makes no lock and no file beside it.
        let mut uri = "file:".to_owned();
        for byte in file.as_os_str().as_bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
                other => drop(write!(uri, "%{other:02X}")),
            }
        }
        uri.push_str("?immutable=1");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(uri, flags).map_err(|e| fault(&e))?;
        let looks = Arc::new(AtomicU32::new(0));
        let bounded = || -> rusqlite::Result<()> {
            for (limit, most) in [
                (Limit::SQLITE_LIMIT_LENGTH, LARGEST),
                (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 20),
                (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
                (Limit::SQLITE_LIMIT_ATTACHED, 0),
            ] {
                connection.set_limit(limit, most)?;
            }
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
            connection.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;")?;
            let looks = looks.clone();
            connection.progress_handler(STEP, Some(move || looks.fetch_add(1, Ordering::Relaxed) > LOOKS));
            Ok(())
        };
        bounded().map_err(|e| fault(&e))?;
        Ok(Self { connection, looks, rows: AtomicU64::new(0), most })
    }
    /// The connection, with more time before it.
    pub fn afresh(&self) -> &Connection {
        let left = self.looks.load(Ordering::Relaxed).saturating_sub(EARNED);
        self.looks.store(left, Ordering::Relaxed);
        &self.connection
    }
    /// Counts a row.
    ///
    /// # Errors
    /// More rows than a file of this size can hold.
    pub fn count_row(&self) -> Result<()> {
        self.afresh();
        if self.rows.fetch_add(1, Ordering::Relaxed) < self.most {
            return Ok(());
        }
        Err(Fault::new(FaultKind::TooLarge, format!("has a view that gives more than {} rows, one a byte", self.most))
            .remedy("save the view's rows as a table"))
    }
    fn has(&self, table: &str, column: &str) -> Result<bool> {
        let sql = "SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2";
        let count: i64 = self.afresh().query_row(sql, [table, column], |row| row.get(0)).map_err(|e| fault(&e))?;
        Ok(count > 0)
    }
    /// The tables of the contents (§1.1.3) in their order.
    ///
    /// # Errors
    /// No GeoPackage.
    pub fn layers(&self) -> Result<Vec<Layer>> {
        if !self.has("gpkg_contents", "table_name")? {
            let (what, remedy) = match (self.has("spatial_ref_sys", "srid")?, self.has("tiles", "tile_data")?) {
                (true, _) => ("a SpatiaLite database", "convert it with ogr2ogr: ogr2ogr out.gpkg FILE"),
                (_, true) => {
                    ("an MBTiles archive of map pictures or vector tiles", "import what its tiles were made from")
                }
                _ => ("an SQLite database", "export its tables as CSV or as a GeoPackage"),
            };
            return Err(
                Fault::bad_input(format!("is {what} and no GeoPackage: it has no table gpkg_contents")).remedy(remedy)
            );
        }
        let geometry = self.has("gpkg_geometry_columns", "column_name")?;
        let joined = match geometry {
            true => {
                "SELECT c.table_name, c.data_type, g.column_name, coalesce(g.srs_id, c.srs_id) FROM gpkg_contents c LEFT JOIN gpkg_geometry_columns g ON g.table_name = c.table_name ORDER BY c.rowid"
            }
            false => "SELECT table_name, data_type, NULL, srs_id FROM gpkg_contents ORDER BY rowid",
        };
        let mut statement = self.afresh().prepare(joined).map_err(|e| fault(&e))?;
        let listed = statement.query_map([], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?, row.get::<_, Option<i64>>(3)?))
        });
        let listed: Vec<(String, String, Option<String>, Option<i64>)> =
            listed.and_then(|rows| rows.take(MOST_TABLES + 1).collect()).map_err(|e| fault(&e))?;
        if listed.len() > MOST_TABLES {
            return Err(Fault::new(FaultKind::TooLarge, format!("has more than {MOST_TABLES} tables")));
        }
        let mut layers = Vec::new();
        for (table, kind, geometry, srs) in listed {
            let kind = match (kind.as_str(), &geometry) {
                ("features", _) => Kind::Features,
                ("attributes", _) => Kind::Attributes,
                _ => Kind::Other,
            };
            let sql = "SELECT name, type, pk FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid";
            let mut statement = self.afresh().prepare(sql).map_err(|e| fault(&e))?;
            let columns = statement
                .query_map([&table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .and_then(Iterator::collect::<rusqlite::Result<Vec<(String, String, i64)>>>);
            let columns = match columns {
                // It is refused by name when its rows are asked for.
                Err(e) if is_missing(&e) => Vec::new(),
                other => other.map_err(|e| fault(&e))?,
            };
            let crs = srs.map_or(Ok(None), |srs| self.crs(srs))?;
            layers.push(Layer::new(table, kind, geometry, crs, columns));
        }
        Ok(layers)
    }
    /// What a spatial reference system (§1.1.2) is; nothing for -1 and 0, which are undefined.
    fn crs(&self, srs: i64) -> Result<Option<Arc<str>>> {
        let column = |name| Ok(if self.has("gpkg_spatial_ref_sys", name)? { name } else { "NULL" });
        let (wkt2, epoch) = (column("definition_12_063")?, column("epoch")?);
        let sql = format!(
            "SELECT organization, organization_coordsys_id, definition, {wkt2}, CAST({epoch} AS REAL) FROM gpkg_spatial_ref_sys WHERE srs_id = ?1 AND srs_id > 0"
        );
        let found = self.afresh().query_row(&sql, [srs], |row| {
            let text = |i| row.get::<_, Option<String>>(i);
            let epoch = row.get::<_, Option<f64>>(4)?;
            Ok((text(0)?.unwrap_or_default(), row.get::<_, Option<i64>>(1)?, text(2)?, text(3)?, epoch))
        });
        let (organization, code, wkt, wkt2, epoch) = match found {
            Err(rusqlite::Error::QueryReturnedNoRows) => return Ok(None),
            other => other.map_err(|e| fault(&e))?,
        };
        // The extension for WKT of CRSs has the epoch in a column of its own (annex F.10).
        let dated = |crs: String| match epoch {
            Some(year) => format!("{crs}@{year}").into(),
            None => crs.into(),
        };
        if let (true, Some(code)) = (organization.eq_ignore_ascii_case("EPSG"), code.filter(|c| *c > 0)) {
            return Ok(Some(dated(format!("EPSG:{code}"))));
        }
        let defined = |text: &String| !text.trim().is_empty() && !text.eq_ignore_ascii_case("undefined");
        Ok(wkt2.filter(defined).or(wkt.filter(defined)).map(dated))
    }
}
