//! Well-known text of a CRS: which of it is safe to hand to PROJ, and which code it stands for.

use super::proj;
use crate::fault::{Fault, Result};

/// Longer text is no description of a CRS that anybody wrote.
const LONGEST: usize = 16 << 10;
/// Words with which the text of a CRS begins.
const BEGINNINGS: &str =
    "PROJCS GEOGCS COMPD_CS PROJCRS PROJECTEDCRS GEOGCRS GEOGRAPHICCRS GEODCRS GEODETICCRS COMPOUNDCRS GEOCCS";
/// Words that only describe. Absent on purpose: what names a file to open (`EXTENSION`, `PARAMETERFILE`) or a change of datum
/// that would pass for the system's own (`TOWGS84`, `BOUNDCRS`), and what derives one system from another.
const PLAIN: &str = "DATUM SPHEROID PRIMEM UNIT PROJECTION PARAMETER AXIS AUTHORITY METADATA VERTCS VERT_CS VDATUM VERT_DATUM \
    VERTCRS VERTICALCRS VERTICALDATUM BASEGEOGCRS BASEGEODCRS ELLIPSOID CONVERSION METHOD CS ORDER ANGLEUNIT \
    LENGTHUNIT SCALEUNIT TIMEUNIT ID USAGE SCOPE AREA BBOX ENSEMBLE MEMBER ENSEMBLEACCURACY DYNAMIC \
    FRAMEEPOCH ANCHOR ANCHOREPOCH REMARK MERIDIAN CITATION URI GEODETICDATUM TRF VRF PRIMEMERIDIAN";

/// The code of the system that WKT describes, else the WKT in one line; `None` for what is no WKT.
pub(super) fn read(text: &str) -> Option<Result<String>> {
    begins(text).then(|| {
        let fault = |why: &str| {
            let shown = name(text).unwrap_or_default();
            Fault::bad_input(format!("the WKT of the coordinate reference system '{shown}' {why}"))
                .remedy("name the system with --crs EPSG:n, or EPSG:n+m with a vertical CRS m")
        };
        if text.len() > LONGEST {
            return Err(fault("is longer than 16 KiB"));
        }
        let line: String = text.split(['\n', '\r', '\t']).map(str::trim).collect();
        if let Some(word) = words(&line).find(|w| !is_one(BEGINNINGS, w) && !is_one(PLAIN, w)) {
            return Err(fault(&format!("has '{}', which is not taken", word.chars().take(30).collect::<String>())));
        }
        // A method may be called by a PROJ string, and that may name files.
        let lower = line.to_ascii_lowercase();
        if lower.contains("proj=")
            || lower.contains("grids=")
            || lower.contains("proj based")
            || lower.contains("proj-based")
        {
            return Err(fault("holds a PROJ string, which is not taken"));
        }
        match proj::identify(&line) {
            Ok(code) => Ok(code.unwrap_or(line)),
            Err(_) => Err(fault("is none that PROJ can read")),
        }
    })
}

/// The name that WKT gives its system; nothing of other text.
pub(super) fn name(text: &str) -> Option<String> {
    let quoted = || text.split('"').nth(1).map(|name| name.chars().take(60).collect());
    begins(text).then(quoted).flatten()
}

fn begins(text: &str) -> bool {
    let word = text.split(['[', '(']).next().filter(|w| w.len() < text.len()).unwrap_or_default().trim();
    is_one(BEGINNINGS, word)
}

fn is_one(known: &str, word: &str) -> bool {
    known.split_whitespace().any(|k| k.eq_ignore_ascii_case(word))
}

/// The words before brackets, outside quotes.
fn words(text: &str) -> impl Iterator<Item = &str> {
    // Every second piece between quotes is quoted; a doubled quote leaves an empty piece and changes nothing.
    text.split('"').step_by(2).flat_map(|piece| {
        let parts: Vec<&str> = piece.split(['[', '(']).collect();
        let count = parts.len().saturating_sub(1);
        parts.into_iter().take(count).map(|p| p.rsplit([',', ']', ')', ' ']).next().unwrap_or_default().trim())
    })
}

#[cfg(test)]
mod tests {
    use crate::crs::{Choice, CrsCode, Transform};

    fn esri(name: &str, meridian: &str) -> String {
        format!(
            "PROJCS[\"{name}\",GEOGCS[\"GCS_China_Geodetic_Coordinate_System_2000\",DATUM[\"D_China_2000\",SPHEROID[\"CGCS2000\",6378137.0,298.257222101]],\
             PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]],PROJECTION[\"Gauss_Kruger\"],PARAMETER[\"False_Easting\",500000.0],\
             PARAMETER[\"False_Northing\",0.0],PARAMETER[\"Central_Meridian\",{meridian}],PARAMETER[\"Scale_Factor\",1.0],\
             PARAMETER[\"Latitude_Of_Origin\",0.0],UNIT[\"Meter\",1.0]]"
        )
    }

    #[test]
    fn wkt_becomes_its_code_and_a_system_without_one_is_used_as_it_is() {
        assert_eq!(CrsCode::parse(&esri("CGCS2000_3_Degree_GK_CM_120E", "120.0")).unwrap().as_str(), "EPSG:4549");
        assert_eq!(CrsCode::parse(&esri("whatever", "120.0")).unwrap().as_str(), "EPSG:4549");
        let own = CrsCode::parse(&esri("CGCS2000_3_Degree_GK_CM_120E", "118.5")).unwrap();
        assert!(own.as_str().starts_with("PROJCS"), "a name alone makes no system: {own}");
        assert_eq!(own.to_string(), "'CGCS2000_3_Degree_GK_CM_120E'");
        // On the central meridian the easting is the false one whatever the latitude.
        let transform = Transform::new(&esri("local", "118.5"), &Choice::default()).unwrap();
        let mut points = [[500_000.0, 3_540_000.0, 7.0]];
        transform.forward(&mut points).unwrap();
        assert!((points[0][0] - 118.5).abs() < 1e-10 && (31.0..33.0).contains(&points[0][1]), "{points:?}");
        assert!(transform.operation().notes.iter().any(|n| n.contains("CGCS2000 and WGS 84 are taken as one")));
    }

    #[test]
    fn what_could_open_a_file_or_pass_for_a_datum_is_refused() {
        let wgs = "GEOGCS[\"a\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563]XX],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433]]";
        assert_eq!(CrsCode::parse(&wgs.replace("XX", "")).unwrap().as_str(), "EPSG:4326");
        for (more, said) in [
            (",EXTENSION[\"PROJ4_GRIDS\",\"/etc/passwd\"]", "'EXTENSION'"),
            (",TOWGS84[1,2,3,0,0,0,0]", "'TOWGS84'"),
            (",AUTHORITY[\"+proj=longlat +nadgrids=/etc/passwd\",\"1\"]", "PROJ string"),
            (",[", "''"),
        ] {
            let fault = CrsCode::parse(&wgs.replace("XX", more)).unwrap_err().to_string();
            assert!(fault.contains(said) && fault.contains("--crs EPSG:n"), "{more}: {fault}");
        }
        assert!(CrsCode::parse("GEOGCS[\"a\"]").unwrap_err().to_string().contains("none that PROJ can read"));
        assert!(CrsCode::parse(&format!("PROJCS[\"{}\"]", "a".repeat(20_000))).is_err());
    }
}
