//! Formats that no reader takes: what such a file is, and how to convert it into one that is taken.

/// What a file is, and what to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Foreign {
    pub what: &'static str,
    pub convert: Option<&'static str>,
}

const OGR: Option<&str> = Some("convert it with GDAL: ogr2ogr out.gpkg FILE");
const CITYGML: Option<&str> = Some("convert it with citygml-tools: citygml-tools to-cityjson FILE");
const GLTF: Option<&str> = Some("export it as glTF (.glb) from the program that made it, or from Blender");
const IFC: Option<&str> = Some("export it as IFC (.ifc) from the program that made it");
const CAD: Option<&str> = Some(
    "a drawing has no objects: export it as IFC from a BIM program, or its layers with GDAL: ogr2ogr out.gpkg FILE.dxf",
);
const UNPACK: Option<&str> = Some("unpack it and import what is in it");

/// Beginnings of binary files.
const MAGIC: &[(&[u8], &str, Option<&str>)] = &[
    (b"\x89PNG", "a PNG picture", None),
    (b"\xff\xd8\xff", "a JPEG picture", None),
    (b"PK\x03\x04", "a ZIP archive", UNPACK),
    (b"\x1f\x8b", "a gzip stream", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd stream", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"%PDF", "a PDF document", None),
    (b"b3dm", "a 3D Tiles batched model", None),
    (b"II*\0", "a TIFF raster", None),
    (b"MM\0*", "a TIFF raster", None),
    (b"AC10", "a DWG drawing", CAD),
    (b"AutoCAD Binary DXF", "a binary DXF drawing", CAD),
    (b"Kaydara FBX Binary", "an FBX model", GLTF),
    (b"; FBX", "an FBX model", GLTF),
    (b"\xff\xfe\xff\x0eS\0k\0e\0t\0c\0h\0U\0p\0", "a SketchUp model", GLTF),
    (b"!table", "a MapInfo table", OGR),
    (b"VERSION 300", "a MapInfo interchange file", OGR),
    (b"Version 300", "a MapInfo interchange file", OGR),
];

/// Endings that tell what shares its beginning with others.
const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
const OLE_FILES: &[(&str, &str, Option<&str>)] = &[
    (".rvt", "a Revit model", IFC),
    (".rfa", "a Revit family", IFC),
    (".max", "a 3ds Max scene", GLTF),
    (".xls", "an Excel workbook of before 2007", Some("save it as .xlsx or as CSV")),
    ("", "a document of Microsoft's compound format (.rvt, .xls, .doc, …)", None),
];

/// Words of XML that tell its kind, before more general ones.
const XML: &[(&str, &str, Option<&str>)] = &[
    ("opengis.net/citygml/3.0", "CityGML 3.0", CITYGML),
    ("opengis.net/citygml/2.0", "CityGML 2.0", CITYGML),
    ("opengis.net/citygml/1.0", "CityGML 1.0", CITYGML),
    ("opengis.net/citygml", "CityGML", CITYGML),
    ("<CityModel", "CityGML", CITYGML),
    ("<kml", "KML", OGR),
    ("ifcXML", "ifcXML", IFC),
    ("<osm ", "OpenStreetMap XML", Some("convert it with osmium: osmium cat FILE -o FILE.osm.pbf")),
    ("<COLLADA", "a COLLADA model", GLTF),
    ("<gbXML", "gbXML", IFC),
    ("<LandXML", "LandXML", OGR),
    ("<gpx", "a GPX track", OGR),
    ("opengis.net/gml", "GML", OGR),
    ("<html", "a web page", Some("download the file itself: this is a page about it, or an error")),
    ("<!DOCTYPE html", "a web page", Some("download the file itself: this is a page about it, or an error")),
];

/// What a file called `name` (in lower case) that begins with `head` is, if it is none that is read.
pub(super) fn foreign(head: &[u8], name: &str) -> Option<Foreign> {
    let found = |(_, what, convert): &(_, &'static str, Option<&'static str>)| Foreign { what, convert: *convert };
    if head.starts_with(OLE) {
        let (_, what, convert) = OLE_FILES.iter().find(|(ending, ..)| name.ends_with(ending))?;
        return Some(Foreign { what, convert: *convert });
    }
    if [".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".shp.xml"].iter().any(|ending| name.ends_with(ending))
    {
        let convert = Some("import the .shp with this file beside it, or both in a .zip");
        return Some(Foreign { what: "a part of a Shapefile", convert });
    }
    // A 3DS file begins with the number of its main chunk, two letters that other files begin with too.
    if head.starts_with(b"MM") && name.ends_with(".3ds") {
        return Some(Foreign { what: "a 3DS model", convert: GLTF });
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if let Some(magic) = MAGIC.iter().find(|(magic, ..)| head.starts_with(magic) || text.starts_with(magic)) {
        let (_, what, convert) = magic;
        return Some(Foreign { what, convert: *convert });
    }
    // A DXF is pairs of lines: a group code and its value.
    let mut lines = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    if lines.next() == Some(b"0") && lines.next() == Some(b"SECTION")
        || text.starts_with(b"999\n")
        || text.starts_with(b"999\r")
    {
        return Some(Foreign { what: "a DXF drawing", convert: CAD });
    }
    if text.starts_with(b"<") {
        let text = String::from_utf8_lossy(text);
        let kind = XML.iter().find(|(word, ..)| text.contains(word)).map(found);
        return Some(kind.unwrap_or(Foreign { what: "XML or HTML text", convert: None }));
    }
    head.iter().take(4096).any(|b| *b == 0).then_some(Foreign { what: "binary data", convert: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_content_with_the_way_to_convert_it() {
        for (head, name, what, convert) in [
            (&b"<?xml version='1.0'?>\n<core:CityModel xmlns:core=\"http://www.opengis.net/citygml/2.0\" xmlns:gml=\"http://www.opengis.net/gml\">"[..], "a.gml", "CityGML 2.0", "citygml-tools to-cityjson"),
            (b"<CityModel xmlns=\"http://www.opengis.net/citygml/3.0\">", "a.xml", "CityGML 3.0", "citygml-tools"),
            (b"\xef\xbb\xbf<kml xmlns=\"http://www.opengis.net/kml/2.2\">", "a.kml", "KML", "ogr2ogr"),
            (b"<ifcXML xmlns=\"http://www.buildingsmart-tech.org/ifcXML/IFC4/final\">", "a.ifcxml", "ifcXML", "IFC"),
            (b"<osm version=\"0.6\">", "a.osm", "OpenStreetMap XML", "osmium cat"),
            (b"  0\r\nSECTION\r\n  2\r\nHEADER", "a.dxf", "a DXF drawing", "ogr2ogr"),
            (b"AC1032\0\0", "a.dwg", "a DWG drawing", "IFC"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "a.rvt", "a Revit model", "IFC"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "a.xls", "an Excel workbook of before 2007", ".xlsx"),
            (b"\xff\xfe\xff\x0eS\0k\0e\0t\0c\0h\0U\0p\0 \0", "a.skp", "a SketchUp model", "glTF"),
            (b"Kaydara FBX Binary  \0", "a.fbx", "an FBX model", "glTF"),
            (b"MM\x10\0\0\0", "a.3ds", "a 3DS model", "glTF"),
            (b"\x03\x7c\x01\x01\0", "roads.dbf", "a part of a Shapefile", ".zip"),
            (b"!table\n!version 300", "a.tab", "a MapInfo table", "ogr2ogr"),
        ] {
            let found = foreign(head, name).unwrap();
            assert_eq!(found.what, what, "{name}");
            assert!(found.convert.unwrap().contains(convert), "{name}: {found:?}");
        }
        assert_eq!(foreign(b"{\"a\":1}", "a.json"), None);
    }
}
