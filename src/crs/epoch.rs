//! The epoch that a CRS is named with: at which time positions in it hold.

/// The CRS of a text without its epoch, and that epoch, a decimal year, where the text has one: `EPSG:9057@2026.5`, as PROJ
/// writes it, or `COORDINATEMETADATA[…, EPOCH[2026.5]]` (ISO 19162:2019 §16). Of other text all is the CRS.
pub fn stated_epoch(text: &str) -> (&str, Option<f64>) {
    let suffixed = text.rsplit_once('@').and_then(|(crs, year)| Some((crs, Some(number(year)?))));
    let (text, behind) = suffixed.unwrap_or((text, None));
    let (crs, within) = metadata(text).unwrap_or((text, None));
    (crs, behind.or(within))
}

/// What coordinate metadata say of their CRS.
fn metadata(text: &str) -> Option<(&str, Option<f64>)> {
    let parts = parts_of(text, "COORDINATEMETADATA")?;
    let epoch = parts.iter().skip(1).find_map(|part| parts_of(part, "EPOCH"));
    Some((parts.first()?, epoch.and_then(|inside| number(inside.first()?))))
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|year: &f64| year.is_finite())
}

/// What stands between commas in the brackets after `word`.
fn parts_of<'t>(text: &'t str, word: &str) -> Option<Vec<&'t str>> {
    let (begins, inside) = text.trim().strip_suffix([']', ')'])?.split_once(['[', '('])?;
    if !begins.trim().eq_ignore_ascii_case(word) {
        return None;
    }
    let (mut parts, mut depth, mut quoted, mut from) = (Vec::new(), 0_i32, false, 0);
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'[' | b'(' if !quoted => depth += 1,
            b']' | b')' if !quoted => depth -= 1,
            b',' if !quoted && depth == 0 => {
                parts.push(inside.get(from..at)?.trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(inside.get(from..)?.trim());
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_taken_from_either_form_and_nothing_else_is_taken_for_one() {
        let wkt = "GEOGCRS[\"a, EPOCH[1] ]\",DYNAMIC[FRAMEEPOCH[2015]],DATUM[\"d\",ELLIPSOID[\"e\",6378137,298.25]]]";
        let with = |more: &str| format!("CoordinateMetadata[{wkt}{more}]");
        for (text, crs, epoch) in [
            ("EPSG:4326", "EPSG:4326", None),
            ("EPSG:4326@2026.5", "EPSG:4326", Some(2026.5)),
            (&format!("{wkt}@2026.5"), wkt, Some(2026.5)),
            (&with(", EPOCH[2026.5]"), wkt, Some(2026.5)),
            (&with(",\n epoch ( 2020 ) "), wkt, Some(2020.0)),
            (&with(""), wkt, None),
            (&format!("{}@2026.5", with(",EPOCH[2020]")), wkt, Some(2026.5)),
            (&with(",EPOCH[soon]"), wkt, None),
            (wkt, wkt, None),
            ("a@b", "a@b", None),
            ("a@NaN", "a@NaN", None),
            ("COORDINATEMETADATA", "COORDINATEMETADATA", None),
        ] {
            assert_eq!(stated_epoch(text), (crs, epoch), "{text}");
        }
    }
}
