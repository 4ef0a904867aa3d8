//! What a product is in Cimbra's terms: its class by entity, type and place, and the kind of its surfaces.

use super::Product;
use crate::geom::SurfaceKind;
use crate::model::{Class, Value};

/// `PredefinedType` of an occurrence or its type, where it says more than the entity.
const PREDEFINED: [(&str, &str, Class); 14] = [
    ("IfcSensor", "SMOKESENSOR", Class::SmokeDetector),
    ("IfcSensor", "HEATSENSOR", Class::HeatDetector),
    ("IfcSensor", "GASSENSOR", Class::GasDetector),
    ("IfcSensor", "COSENSOR", Class::GasDetector),
    ("IfcFireSuppressionTerminal", "FIREHYDRANT", Class::Hydrant),
    ("IfcAudioVisualAppliance", "CAMERA", Class::Camera),
    ("IfcFlowMeter", "WATERMETER", Class::WaterMeter),
    ("IfcFlowMeter", "ENERGYMETER", Class::PowerMeter),
    ("IfcFlowMeter", "GASMETER", Class::GasMeter),
    ("IfcTransportElement", "ESCALATOR", Class::Element),
    ("IfcTransportElement", "MOVINGWALKWAY", Class::Element),
    ("IfcTransportElement", "CRANEWAY", Class::Element),
    ("IfcTransportElement", "LIFTINGGEAR", Class::Element),
    ("IfcGeographicElement", "TERRAIN", Class::Relief),
];
/// Words in a name that say what a thing is for which the file has no better entity than these.
const BY_NAME: [&str; 6] = [
    "IfcBuildingElementProxy",
    "IfcSensor",
    "IfcDistributionControlElement",
    "IfcFlowTerminal",
    "IfcFlowController",
    "IfcDistributionElement",
];
/// The words, in lower case, and what they say.
const NAMES: [(&str, Class); 34] = [
    ("smoke detector", Class::SmokeDetector),
    ("smoke sensor", Class::SmokeDetector),
    ("smoke alarm", Class::SmokeDetector),
    ("烟感", Class::SmokeDetector),
    ("感烟", Class::SmokeDetector),
    ("heat detector", Class::HeatDetector),
    ("感温", Class::HeatDetector),
    ("温感", Class::HeatDetector),
    ("gas detector", Class::GasDetector),
    ("可燃气体探测", Class::GasDetector),
    ("燃气探测", Class::GasDetector),
    ("fire hydrant", Class::Hydrant),
    ("消火栓", Class::Hydrant),
    ("消防栓", Class::Hydrant),
    ("surveillance camera", Class::Camera),
    ("security camera", Class::Camera),
    ("cctv", Class::Camera),
    ("摄像", Class::Camera),
    ("call point", Class::AlarmDevice),
    ("fire alarm", Class::AlarmDevice),
    ("手动报警", Class::AlarmDevice),
    ("声光报警", Class::AlarmDevice),
    ("water meter", Class::WaterMeter),
    ("水表", Class::WaterMeter),
    ("electricity meter", Class::PowerMeter),
    ("电表", Class::PowerMeter),
    ("电能表", Class::PowerMeter),
    ("gas meter", Class::GasMeter),
    ("燃气表", Class::GasMeter),
    ("card reader", Class::DoorController),
    ("门禁", Class::DoorController),
    ("道闸", Class::Barrier),
    ("充电桩", Class::Charger),
    ("路灯", Class::LampPole),
];

/// The class of the product, within a building or not: by what it or its type is predefined as, else by the nearest entity
/// above it, its type's first, that has one; and whether only its name says so.
pub(super) fn class(product: &Product, indoors: bool) -> (Class, bool) {
    let lineage = || product.of_type.iter().chain(&product.lineage).copied();
    let said = PREDEFINED.iter().find(|(kind, word, _)| *word == product.predefined && lineage().any(|k| k == *kind));
    if let Some((.., class)) = said {
        return (*class, false);
    }
    if let Some(class) = by_name(product) {
        return (class, true);
    }
    let is = |kinds: &[&str]| lineage().any(|k| kinds.contains(&k));
    let class = match () {
        // Under streets a pipe is an asset of its own; in a building it is one of many parts of an installation.
        () if !indoors && is(&["IfcPipeSegment", "IfcPipeFitting"]) => Class::Pipe,
        // A duct between chambers, a trench: not what a lid lies on.
        () if is(&["IfcDistributionChamberElement"])
            && matches!(product.predefined.as_str(), "FORMEDDUCT" | "TRENCH") =>
        {
            Class::Flow
        }
        () if !indoors && is(&["IfcLamp", "IfcLightFixture"]) => Class::LampPole,
        () => lineage().find_map(Class::from_source).unwrap_or(Class::Element),
    };
    (class, false)
}

/// The class that the product's name, its type's or its object type gives it, where its entity is one for all kinds.
fn by_name(product: &Product) -> Option<Class> {
    let nearest = product.of_type.first().or(product.lineage.first())?;
    if !BY_NAME.contains(nearest) {
        return None;
    }
    let own = product.attributes.iter().filter_map(|(name, value)| match value {
        Value::Text(text) if matches!(*name, "object_type" | "type_name") => Some(text.as_str()),
        _ => None,
    });
    let said: Vec<String> = own.chain([product.name.as_str()]).map(str::to_lowercase).collect();
    NAMES.iter().find(|(word, _)| said.iter().any(|text| text.contains(word))).map(|(_, class)| *class)
}

/// The kind of all the product's surfaces.
pub(super) fn surface(product: &Product) -> SurfaceKind {
    let is = |kind| product.lineage.contains(&kind);
    match product.predefined.as_str() {
        "ROOF" | "ROOFING" => SurfaceKind::Roof,
        "BASESLAB" => SurfaceKind::Ground,
        "CEILING" | "FLOORING" => SurfaceKind::Floor,
        "CLADDING" => SurfaceKind::Wall,
        _ if is("IfcWall") || is("IfcCurtainWall") => SurfaceKind::Wall,
        _ if is("IfcRoof") => SurfaceKind::Roof,
        _ if is("IfcSlab") => SurfaceKind::Floor,
        _ if is("IfcWindow") => SurfaceKind::Window,
        _ if is("IfcDoor") => SurfaceKind::Door,
        _ if is("IfcSite") => SurfaceKind::Ground,
        _ => SurfaceKind::Other,
    }
}
