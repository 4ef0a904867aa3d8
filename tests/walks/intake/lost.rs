//! What a broken IFC file loses is told object by object, and what a sound one holds is not.

use super::{import, only};
use cimbra::ingest::{ImportOptions, Report};
use cimbra::model::Value;
use cimbra::store::Store;

/// What stands before the records.
const HEADER: &str = "ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('IFC4'));\nENDSEC;\nDATA;\n";
/// Two walls beside each other, each a box of its own; the second also has an axis.
const WALLS: &str = "\
#1=IFCPROJECT('0000000000000000000001',$,'P',$,$,$,$,(#8),#5);
#2=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);
#5=IFCUNITASSIGNMENT((#2));
#6=IFCCARTESIANPOINT((0.,0.,0.));
#7=IFCAXIS2PLACEMENT3D(#6,$,$);
#8=IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-5,#7,$);
#9=IFCLOCALPLACEMENT($,#7);
#10=IFCCARTESIANPOINT((0.,0.));
#11=IFCAXIS2PLACEMENT2D(#10,$);
#12=IFCRECTANGLEPROFILEDEF(.AREA.,$,#11,4.,0.3);
#13=IFCDIRECTION((0.,0.,1.));
#14=IFCEXTRUDEDAREASOLID(#12,#7,#13,3.);
#15=IFCSHAPEREPRESENTATION(#8,'Body','SweptSolid',(#14));
#16=IFCPRODUCTDEFINITIONSHAPE($,$,(#15));
#17=IFCWALL('0000000000000000000017',$,'West',$,$,#9,#16,$,$);
#20=IFCLOCALPLACEMENT(#9,#7);
#21=IFCRECTANGLEPROFILEDEF(.AREA.,$,#11,4.,0.3);
#24=IFCEXTRUDEDAREASOLID(#21,#7,#13,2.5);
#25=IFCSHAPEREPRESENTATION(#8,'Body','SweptSolid',(#24));
#26=IFCPOLYLINE((#6,#10));
#27=IFCSHAPEREPRESENTATION(#8,'Axis','Curve3D',(#26));
#28=IFCPRODUCTDEFINITIONSHAPE($,$,(#27,#25));
#29=IFCWALL('0000000000000000000029',$,'East #99',$,$,#20,#28,$,$);
#30=IFCPRODUCTDEFINITIONSHAPE($,$,(#27));
#31=IFCBUILDINGELEMENTPROXY('0000000000000000000031',$,'Only a line',$,$,#20,#30,$,$);
";

/// The file with `from` made `to`, imported: the report, and how many meshes the site has then.
fn broken(from: &str, to: &str) -> (Report, usize) {
    assert!(WALLS.contains(from), "{from}");
    let dir = tempfile::tempdir().unwrap();
    let (file, text) = (dir.path().join("walls.ifc"), WALLS.replacen(from, to, 1));
    std::fs::write(&file, format!("{HEADER}{text}ENDSEC;\nEND-ISO-10303-21;\n")).unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    let options = ImportOptions { origin: Some("8,49,0".parse().unwrap()), ..ImportOptions::default() };
    let report = import(Some(&store), &[&file], options);
    assert_eq!(report.files[0].error, None);
    let there = only(&store);
    let meshes = there.rows().filter(|row| there.asset(*row).is_some_and(|a| !a.bounds().is_empty())).count();
    (report, meshes)
}

#[test]
fn nothing_that_a_broken_ifc_file_loses_is_lost_in_silence() {
    let (sound, meshes) = broken("$", "$");
    assert_eq!((sound.refused, sound.objects, meshes), (0, 4, 2), "{}", sound.refusals());
    let east = "shape of 0000000000000000000029";
    // What is broken, what the report names, how many objects and how many shapes are left.
    for (from, to, named, objects, meshes) in [
        ("'East #99'", "'East #99", &[("#29", "quote"), ("#31", "quote")][..], 2, 1),
        ("#24=IFCEXTRUDEDAREASOLID(#21,#7,#13,2.5);\n", "", &[("#24", "#25 refers to it"), (east, "#24 is not")], 4, 1),
        ("#9=IFCLOCALPLACEMENT($,#7)", "#9=IFCLOCALPLACEMENT(#9,#7)", &[(east, "#9 is relative to itself")], 4, 0),
        ("#13,2.5)", "#13,0.)", &[(east, "IfcExtrudedAreaSolid")], 4, 1),
        ("#13,2.5)", "#13,$)", &[(east, "IfcExtrudedAreaSolid")], 4, 1),
        // One of two items: the other stands alone.
        ("SweptSolid',(#24))", "SweptSolid',(#24,#14))", &[], 4, 2),
    ] {
        let (report, left) = broken(from, to);
        let said = report.refusals();
        assert_eq!((report.objects, left), (objects, meshes), "{from}: {said}");
        assert_eq!(report.refused == 0, named.is_empty(), "{from}: {said}");
        for (object, why) in named {
            let found = report.files[0].refused.iter().find(|r| r.object == *object);
            assert!(found.is_some_and(|r| r.reason.contains(why)), "{from} to {to}: {object}: {said}");
        }
    }
}

#[test]
fn properties_whose_names_differ_by_blanks_are_both_kept() {
    let set = "#50=IFCPROPERTYSINGLEVALUE('  Arrow',$,IFCBOOLEAN(.F.),$);
#51=IFCPROPERTYSINGLEVALUE('Arrow',$,IFCLABEL('Typ 3'),$);
#52=IFCPROPERTYSINGLEVALUE('Arrow',$,IFCLABEL('Typ 4'),$);
#53=IFCPROPERTYSINGLEVALUE(' Alone ',$,IFCLABEL('x'),$);
#54=IFCPROPERTYSET('0000000000000000000054',$,'Set',$,(#50,#51,#52,#53));
#55=IFCRELDEFINESBYPROPERTIES('0000000000000000000055',$,$,$,(#17),#54);\n#20=";
    let (dir, text) = (tempfile::tempdir().unwrap(), WALLS.replacen("#20=", set, 1));
    let file = dir.path().join("walls.ifc");
    std::fs::write(&file, format!("{HEADER}{text}ENDSEC;\nEND-ISO-10303-21;\n")).unwrap();
    let read = crate::support::ifc::read(&file);
    let all = &read.objects["0000000000000000000017"].attributes;
    let said: Vec<_> =
        all.iter().filter_map(|(name, value)| Some((name.strip_prefix("Set.")?, value.clone()))).collect();
    let text = |text: &str| Value::Text(text.into());
    let three = [("Arrow", text("Typ 3")), ("Arrow (2)", text("Typ 4")), ("Alone", text("x"))];
    assert_eq!(said, [&[("  Arrow", Value::Bool(false))][..], &three].concat());
}

#[test]
fn a_shape_of_which_a_part_is_lost_is_told_of_and_kept() {
    let (report, meshes) = broken("(#24));\n", "(#24,#40));\n#40=IFCEXTRUDEDAREASOLID(#21,#7,#13,0.);\n");
    assert_eq!((report.objects, report.refused, meshes), (4, 1, 2), "{}", report.refusals());
    assert!(report.files[0].refused[0].reason.contains("in part only"), "{}", report.refusals());
}
