//! Mappings as people write them, and as they must not be.

use super::*;

const MAPPING: &str = r#"
[fields]
id = "{栋}-{单元}-{室}"
name = "NAME"
height = "H_FT"
[class]
field = "用途"
default = "component"
[class.values]
"住宅" = "building"
[units]
H_FT = "ft"
[types]
"室" = "text"
"竣工" = "date"
[rename]
"竣工" = "built"
[constants]
community = "320106003001"
"#;

fn attributes(pairs: &[(&str, Value)]) -> Attributes {
    pairs.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect()
}

fn words(text: &str) -> Value {
    Value::Text(text.into())
}

#[test]
fn fields_become_the_words_that_readers_know_and_nothing_is_lost() {
    let mapping = Mapping::parse(MAPPING).unwrap();
    let mut row = attributes(&[
        ("栋", Value::Int(3)),
        ("单元", Value::Int(2)),
        ("室", Value::Int(1201)),
        ("NAME", words("三栋")),
        ("name", words("old")),
        ("H_FT", Value::Float(100.0)),
        ("用途", words("住宅")),
        ("竣工", words("2024年3月5日")),
    ]);
    assert_eq!(mapping.apply(&mut row), Ok(true));
    assert_eq!(find(&row, "id"), Some(&words("3-2-1201")));
    assert_eq!(find(&row, "class"), Some(&words("building")));
    assert_eq!(find(&row, "用途"), Some(&words("住宅")), "the source's own word stays");
    assert_eq!((find(&row, "name"), find(&row, "source_name")), (Some(&words("三栋")), Some(&words("old"))));
    assert_eq!(find(&row, "height"), Some(&Value::Float(30.48)));
    assert_eq!(find(&row, "built"), Some(&words("2024-03-05")));
    assert_eq!(find(&row, "室"), Some(&words("1201")), "a part of a pattern stays");
    assert_eq!(find(&row, "community"), Some(&words("320106003001")));
    assert!(find(&row, "NAME").is_none() && find(&row, "H_FT").is_none() && find(&row, "竣工").is_none());
    let mut other = attributes(&[("用途", words("商业")), ("室", Value::Null)]);
    assert_eq!(mapping.apply(&mut other), Ok(false));
    assert_eq!((find(&other, "class"), find(&other, "id")), (Some(&words("component")), None));
    let wrong = mapping.apply(&mut attributes(&[("H_FT", words("tall"))])).unwrap_err();
    assert!(wrong.contains("'tall' in field H_FT"), "{wrong}");
}

#[test]
fn what_a_mapping_may_not_say_is_named() {
    for (toml, said) in [
        ("[fields]\nid = 3", "line 2"),
        ("feilds = 1", "unknown field `feilds`"),
        ("header = 0", "the first row is 1"),
        ("[fields]\ncolour = \"C\"", "fills 'colour'"),
        ("[fields]\nid = \"{a\"", "brace"),
        ("[fields]\nx = \"{a}{b}\"", "a place is one column"),
        ("[class]\ndefault = \"castle\"", "names the class 'castle'"),
        ("[units]\na = \"ell\"", "names the unit 'ell'; use one of m, mm"),
        ("[types]\na = \"colour\"", "unknown variant"),
        ("drop = [\"a\"]\n[fields]\nid = \"a\"", "both uses and drops"),
    ] {
        let fault = Mapping::parse(toml).unwrap_err().to_string();
        assert!(fault.contains(said), "{said}: {fault}");
    }
    let fault =
        Mapping::parse("[fields]\nid = \"NO\"\nname=\"n\"").unwrap().check(&["n", "OBJECTID"], false).unwrap_err();
    assert!(fault.to_string().contains("'NO', which no column has"), "{fault}");
    assert!(fault.to_string().contains("n, OBJECTID"), "{fault}");
    let fault = Mapping::parse("[fields]\nx = \"E\"").unwrap().check(&["E"], false).unwrap_err().to_string();
    assert!(fault.contains("geometry"), "{fault}");
}
