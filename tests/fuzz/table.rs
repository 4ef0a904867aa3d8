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
