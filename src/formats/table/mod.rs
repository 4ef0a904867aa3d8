//! Tables of devices, addresses, counts and whatever else stands in rows: CSV text and Excel workbooks.

mod csv_text;
mod decode;
mod rows;
mod workbook;

pub use csv_text::Table;
pub use workbook::Workbook;

#[cfg(test)]
mod tests;
