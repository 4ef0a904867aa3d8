//! Tables of devices, addresses, counts and whatever else stands in rows: CSV text and Excel workbooks.

mod csv_text;
mod decode;
mod rows;
mod workbook;
mod write;

pub use csv_text::Table;
pub use workbook::Workbook;
pub use write::CsvWriter;

#[cfg(test)]
mod tests;
