//! Units in the code of UCUM, the Unified Code for Units of Measure: of the project, of a measure, of one property.

use super::book::Book;
use ifc_lite_core::{DecodedEntity, MeasureUnit, measure_unit};
use std::collections::HashMap;

/// How deep derived units may nest.
const DEPTH: usize = 4;
/// Elements of one derived unit.
const ELEMENTS: usize = 16;

/// `IfcSIPrefix` and its code.
const PREFIXES: [(&str, &str); 16] = [
    ("EXA", "E"),
    ("PETA", "P"),
    ("TERA", "T"),
    ("GIGA", "G"),
    ("MEGA", "M"),
    ("KILO", "k"),
    ("HECTO", "h"),
    ("DECA", "da"),
    ("DECI", "d"),
    ("CENTI", "c"),
    ("MILLI", "m"),
    ("MICRO", "u"),
    ("NANO", "n"),
    ("PICO", "p"),
    ("FEMTO", "f"),
    ("ATTO", "a"),
];
/// `IfcSIUnitName` and its code. A prefix goes before it: a milli square metre is meant as a square millimetre.
const SI: [(&str, &str); 30] = [
    ("METRE", "m"),
    ("SQUARE_METRE", "m2"),
    ("CUBIC_METRE", "m3"),
    ("GRAM", "g"),
    ("SECOND", "s"),
    ("AMPERE", "A"),
    ("KELVIN", "K"),
    ("MOLE", "mol"),
    ("CANDELA", "cd"),
    ("RADIAN", "rad"),
    ("STERADIAN", "sr"),
    ("HERTZ", "Hz"),
    ("NEWTON", "N"),
    ("PASCAL", "Pa"),
    ("JOULE", "J"),
    ("WATT", "W"),
    ("COULOMB", "C"),
    ("VOLT", "V"),
    ("FARAD", "F"),
    ("OHM", "Ohm"),
    ("SIEMENS", "S"),
    ("WEBER", "Wb"),
    ("TESLA", "T"),
    ("HENRY", "H"),
    ("DEGREE_CELSIUS", "Cel"),
    ("LUMEN", "lm"),
    ("LUX", "lx"),
    ("BECQUEREL", "Bq"),
    ("GRAY", "Gy"),
    ("SIEVERT", "Sv"),
];
/// Names of conversion based units (IFC4 §8.11.3.4 and what exporters write, in capitals) and their codes.
const CONVERTED: [(&str, &str); 41] = [
    ("INCH", "[in_i]"),
    ("FOOT", "[ft_i]"),
    ("YARD", "[yd_i]"),
    ("MILE", "[mi_i]"),
    ("US SURVEY FOOT", "[ft_us]"),
    ("SQUARE INCH", "[sin_i]"),
    ("SQUARE FOOT", "[sft_i]"),
    ("SQUARE YARD", "[syd_i]"),
    ("ACRE", "[acr_us]"),
    ("SQUARE MILE", "[smi_us]"),
    ("CUBIC INCH", "[cin_i]"),
    ("CUBIC FOOT", "[cft_i]"),
    ("CUBIC YARD", "[cyd_i]"),
    ("LITRE", "L"),
    ("LITER", "L"),
    ("FLUID OUNCE UK", "[foz_br]"),
    ("FLUID OUNCE US", "[foz_us]"),
    ("PINT UK", "[pt_br]"),
    ("PINT US", "[pt_us]"),
    ("GALLON UK", "[gal_br]"),
    ("GALLON US", "[gal_us]"),
    ("DEGREE", "deg"),
    ("OUNCE", "[oz_av]"),
    ("POUND", "[lb_av]"),
    ("TON UK", "[lton_av]"),
    ("TON US", "[ston_av]"),
    ("TONNE", "t"),
    ("LBF", "[lbf_av]"),
    ("KIP", "k[lbf_av]"),
    ("PSI", "[psi]"),
    ("KSI", "k[psi]"),
    ("MINUTE", "min"),
    ("HOUR", "h"),
    ("DAY", "d"),
    ("YEAR", "a"),
    ("BTU", "[Btu_IT]"),
    ("FAHRENHEIT", "[degF]"),
    ("HORSEPOWER", "[HP]"),
    ("BAR", "bar"),
    ("GRADIAN", "gon"),
    ("HECTARE", "har"),
];

/// The project's units.
pub(super) struct Units {
    by_type: HashMap<String, String>,
    money: Option<String>,
    known: HashMap<u32, Option<String>>,
}

impl Units {
    /// What the `IfcUnitAssignment` of the file's project says.
    pub(super) fn of_project(book: &mut Book) -> Self {
        let mut units = Self { by_type: HashMap::new(), money: None, known: HashMap::new() };
        let assigned = book.decoder.project_id().and_then(|id| book.record(id)).and_then(|project| {
            let assignment = book.follow(&project, "UnitsInContext")?;
            Some(book.references(&assignment, "Units"))
        });
        for number in assigned.unwrap_or_default() {
            let Some(record) = book.record(number) else { continue };
            let Some(code) = code(book, &record, DEPTH) else { continue };
            if record.ifc_type.as_str() == "IFCMONETARYUNIT" {
                units.money = Some(code);
            } else if let Some(kind) = book.word(&record, "UnitType") {
                units.by_type.entry(kind.to_owned()).or_insert(code);
            }
        }
        units
    }
    /// The code of a measure (`IFCLENGTHMEASURE`) in this project: as declared, else the SI unit that the standard names.
    pub(super) fn of_measure(&self, measure: &str) -> Option<String> {
        match measure_unit(measure)? {
            MeasureUnit::Typed { unit_type, default_symbol } => {
                Some(self.by_type.get(unit_type).cloned().unwrap_or_else(|| plain(default_symbol)))
            }
            MeasureUnit::Monetary => self.money.clone(),
            MeasureUnit::Dimensionless => None,
        }
    }
    /// The code of the unit of that number.
    pub(super) fn of_record(&mut self, book: &mut Book, number: u32) -> Option<String> {
        if let Some(known) = self.known.get(&number) {
            return known.clone();
        }
        let found = book.record(number).and_then(|record| code(book, &record, DEPTH));
        self.known.insert(number, found.clone());
        found
    }
}

fn code(book: &mut Book, unit: &DecodedEntity, depth: usize) -> Option<String> {
    let found = |table: &'static [(&str, &'static str)], word: &str| -> Option<&'static str> {
        table.iter().find(|(w, _)| *w == word).map(|(_, code)| *code)
    };
    match unit.ifc_type.as_str() {
        "IFCSIUNIT" => {
            let name = found(&SI, book.word(unit, "Name")?)?;
            let prefix = match book.word(unit, "Prefix") {
                Some(prefix) => found(&PREFIXES, prefix)?,
                None => "",
            };
            Some(format!("{prefix}{name}"))
        }
        "IFCCONVERSIONBASEDUNIT" | "IFCCONVERSIONBASEDUNITWITHOFFSET" | "IFCCONTEXTDEPENDENTUNIT" => {
            let name = book.text(unit, "Name")?;
            let word = name.to_uppercase().replace(['_', '-'], " ");
            Some(found(&CONVERTED, &word).map_or_else(|| annotation(&name), str::to_owned))
        }
        "IFCMONETARYUNIT" => {
            let currency = book.get(unit, "Currency")?;
            currency.as_string().or_else(|| currency.as_enum()).map(|c| c.trim().to_owned())
        }
        "IFCDERIVEDUNIT" => {
            let depth = depth.checked_sub(1)?;
            let elements = book.references(unit, "Elements");
            let each = elements.iter().take(ELEMENTS + 1).map(|element| {
                let element = book.record(*element)?;
                let exponent = book.get(&element, "Exponent")?.as_int()?;
                let part = book.follow(&element, "Unit")?;
                Some(power(&code(book, &part, depth)?, exponent))
            });
            let each: Vec<String> = each.collect::<Option<_>>()?;
            (1..=ELEMENTS).contains(&each.len()).then(|| each.join("."))
        }
        _ => None,
    }
}

/// What UCUM has no code for, as one of its annotations: a name in braces, of what it allows in one.
fn annotation(name: &str) -> String {
    let plain: String = name.chars().filter(|c| ('!'..='~').contains(c) && !matches!(c, '{' | '}')).take(40).collect();
    format!("{{{plain}}}")
}

fn power(code: &str, exponent: i64) -> String {
    let compound = code.ends_with(|c: char| c.is_ascii_digit()) || code.contains(['.', '/']);
    match exponent {
        1 => code.to_owned(),
        _ if compound => format!("({code}){exponent}"),
        _ => format!("{code}{exponent}"),
    }
}

/// The code of a symbol for people: `W/(m²·K)` is `W/(m2.K)`.
fn plain(symbol: &str) -> String {
    let each = symbol.chars().map(|c| match c {
        '²' => '2',
        '³' => '3',
        '⁴' => '4',
        '⁵' => '5',
        '⁶' => '6',
        '·' => '.',
        other => other,
    });
    each.collect::<String>().replace('Ω', "Ohm")
}

#[cfg(test)]
mod tests {
    use super::{annotation, plain, power};

    #[test]
    fn symbols_and_powers_are_written_as_ucum_writes_them() {
        assert_eq!(plain("W/(m²·K)"), "W/(m2.K)");
        assert_eq!(plain("Ω"), "Ohm");
        assert_eq!((power("m", -2), power("m3", 2), power("kg", 1)), ("m-2".into(), "(m3)2".into(), "kg".into()));
        assert_eq!(annotation("Stück {x}"), "{Stckx}");
    }
}
