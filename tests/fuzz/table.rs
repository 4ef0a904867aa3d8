//! CSV tables.

use super::Target;

const COMMAS: &str = "\u{feff}id,name,class,x,y,z,crs,parent,storey,panel_text,datastreams,serial\r\n\
    D1,烟感05,smoke_detector,500000.5,3540000,36.2,EPSG:4549,3-2-1201,12A,\"3-2-12F \"\"烟感\"\"05\",smoke:1;temperature:Cel,0012\r\n\
    D2,,广播,500001,3540001,,EPSG:4549,,,,,77\r\n";
const DEGREES: &str = "id;class;lon;lat;h;online\na;bin;118.7;32.0;3;true\n;camera;118.71;32.01;;\n";

const WORDS: &[&str] = &[
    ",",
    ";",
    "\t",
    "\"",
    "\"\"",
    "\r",
    "\n",
    "id",
    "x",
    "lon",
    "crs",
    "class",
    "inf",
    "nan",
    "EPSG:7415",
    "\u{feff}",
    "\u{0}",
    ",,,,,,,,,,,,,,,,,,,,,,,,",
];

#[test]
fn any_bytes_are_read_or_refused() {
    let seeds = vec![COMMAS.as_bytes().to_vec(), DEGREES.as_bytes().to_vec()];
    let test = "fuzz::table::any_bytes_are_read_or_refused";
    Target { test, reader: "CSV table", ending: "csv", seeds, words: WORDS }.run();
}

/// A workbook as small as can be: stored, so that broken bytes reach its parts.
fn workbook() -> Vec<u8> {
    use std::io::Write;
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    for (name, text) in [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned(),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r0\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"楼\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(
                "<worksheet xmlns=\"{main}\"><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>id</t></is></c><c r=\"B1\" t=\"inlineStr\"><is><t>people</t></is></c></row><row r=\"2\"><c r=\"A2\"><v>7</v></c><c r=\"B2\"><v>3.5</v></c></row></sheetData></worksheet>"
            ),
        ),
    ] {
        out.start_file(name, stored).unwrap();
        out.write_all(text.as_bytes()).unwrap();
    }
    out.finish().unwrap().into_inner()
}

#[test]
fn any_bytes_of_a_workbook_are_read_or_refused() {
    const PARTS: &[&str] =
        &["<c r=\"XFD1048576\">", "<row r=\"4294967295\">", "t=\"s\"", "<v>1e999</v>", "<f>A1</f>", "&#x0;"];
    let test = "fuzz::table::any_bytes_of_a_workbook_are_read_or_refused";
    Target { test, reader: "Excel workbook", ending: "xlsx", seeds: vec![workbook()], words: PARTS }.run();
}
