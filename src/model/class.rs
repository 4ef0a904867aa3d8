//! What an asset is, and the collection it is served in: one table for all formats.

/// A collection of the API that gathers assets by class; datasets and `assets` (all) come beside these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Collection {
    /// Buildings.
    Buildings,
    /// Storeys.
    Storeys,
    /// Units, flats, rooms and other spaces.
    Spaces,
    /// What a building is made of and holds: walls, doors, installations, furniture.
    Elements,
    /// Things that measure or act.
    Devices,
    /// Pipes, manholes and valves.
    Pipes,
    /// City components (部件) and what stands or grows in the open.
    Components,
    /// Responsibility grids (网格).
    Grids,
    /// Addresses and door plates.
    Addresses,
    /// Video cameras; guarded.
    Cameras,
    /// Parts of buildings and what fits no other collection: served in `assets` only.
    Parts,
}

impl Collection {
    /// Every collection that has a route of its own, in the order of listing.
    pub const SERVED: [Self; 10] = [
        Self::Buildings,
        Self::Storeys,
        Self::Spaces,
        Self::Elements,
        Self::Devices,
        Self::Pipes,
        Self::Components,
        Self::Grids,
        Self::Addresses,
        Self::Cameras,
    ];
    /// How many collections there are.
    pub const COUNT: usize = Self::SERVED.len() + 1;
    /// Every collection, by its number.
    pub const ALL: [Self; Self::COUNT] = {
        let mut all = [Self::Parts; Self::COUNT];
        let mut i = 0;
        while i < Self::SERVED.len() {
            assert!(Self::SERVED[i] as usize == i);
            all[i] = Self::SERVED[i];
            i += 1;
        }
        all
    };
    /// The collection's id in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buildings => "buildings",
            Self::Storeys => "storeys",
            Self::Spaces => "spaces",
            Self::Elements => "elements",
            Self::Devices => "devices",
            Self::Pipes => "pipes",
            Self::Components => "components",
            Self::Grids => "grids",
            Self::Addresses => "addresses",
            Self::Cameras => "cameras",
            Self::Parts => "assets",
        }
    }
    /// Whether reading needs a key wherever the server listens.
    pub const fn is_guarded(self) -> bool {
        matches!(self, Self::Cameras)
    }
}

macro_rules! classes {
    ($($variant:ident $name:literal $collection:ident [$($source:literal)*];)*) => {
        /// What an asset is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Class {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }
        impl Class {
            /// Every class.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
            /// The class's word in attributes, filters and tables.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
            /// The collection it is served in.
            pub const fn collection(self) -> Collection {
                match self { $(Self::$variant => Collection::$collection,)* }
            }
            /// The class for a format's own type name (`IfcWall`, CityJSON `BuildingPart`) or a class's own word,
            /// whatever its letter case.
            pub fn from_source(source: &str) -> Option<Self> {
                const SOURCES: &[(&str, Class)] = &[$(($name, Class::$variant), $(($source, Class::$variant),)*)*];
                SOURCES.iter().find(|(s, _)| s.eq_ignore_ascii_case(source)).map(|(_, class)| *class)
            }
        }
    };
}

classes! {
    Building "building" Buildings ["IfcBuilding"];
    BuildingPart "building_part" Parts ["BuildingPart" "IfcBuildingPart"];
    Site "site" Parts ["IfcSite" "LandUse"];
    Project "project" Parts ["IfcProject"];
    Group "group" Parts ["CityObjectGroup" "IfcGroup" "IfcZone"];
    Storey "storey" Storeys ["IfcBuildingStorey" "BuildingStorey"];
    Unit "building_unit" Spaces ["BuildingUnit"];
    Space "space" Spaces ["IfcSpace" "BuildingRoom" "Room" "IfcSpatialZone"];
    Wall "wall" Elements ["IfcWall" "IfcWallStandardCase" "IfcWallElementedCase"];
    CurtainWall "curtain_wall" Elements ["IfcCurtainWall"];
    Slab "slab" Elements ["IfcSlab" "IfcSlabStandardCase" "IfcSlabElementedCase"];
    Roof "roof" Elements ["IfcRoof"];
    Door "door" Elements ["IfcDoor" "IfcDoorStandardCase"];
    Window "window" Elements ["IfcWindow" "IfcWindowStandardCase"];
    Column "column" Elements ["IfcColumn" "IfcColumnStandardCase"];
    Beam "beam" Elements ["IfcBeam" "IfcBeamStandardCase"];
    Member "member" Elements ["IfcMember" "IfcMemberStandardCase"];
    Plate "plate" Elements ["IfcPlate" "IfcPlateStandardCase"];
    Stair "stair" Elements ["IfcStair" "IfcStairFlight"];
    Ramp "ramp" Elements ["IfcRamp" "IfcRampFlight"];
    Railing "railing" Elements ["IfcRailing"];
    Covering "covering" Elements ["IfcCovering"];
    Footing "footing" Elements ["IfcFooting" "IfcPile"];
    Furniture "furniture" Elements ["IfcFurnishingElement" "IfcFurniture" "IfcSystemFurnitureElement" "BuildingFurniture"];
    Installation "installation" Elements ["BuildingInstallation" "BuildingConstructiveElement"];
    Proxy "building_element_proxy" Elements ["IfcBuildingElementProxy"];
    Flow "flow_element" Elements ["IfcFlowSegment" "IfcFlowFitting" "IfcFlowTerminal" "IfcFlowController"
        "IfcPipeSegment" "IfcPipeFitting" "IfcDuctSegment" "IfcDuctFitting" "IfcCableSegment" "IfcCableCarrierSegment"
        "IfcCableFitting" "IfcCableCarrierFitting" "IfcFlowMovingDevice" "IfcFlowStorageDevice" "IfcFlowTreatmentDevice"
        "IfcEnergyConversionDevice" "IfcDistributionFlowElement" "IfcDistributionElement"];
    Element "element" Elements [];
    Sensor "sensor" Devices ["IfcSensor" "IfcDistributionControlElement"];
    SmokeDetector "smoke_detector" Devices [];
    HeatDetector "heat_detector" Devices [];
    GasDetector "gas_detector" Devices [];
    AlarmDevice "alarm_device" Devices ["IfcAlarm"];
    Actuator "actuator" Devices ["IfcActuator"];
    Controller "controller" Devices ["IfcController" "IfcUnitaryControlElement"];
    DoorController "door_controller" Devices [];
    Barrier "barrier" Devices [];
    Lift "lift" Devices ["IfcTransportElement"];
    Hydrant "hydrant" Devices [];
    WaterPressure "water_pressure" Devices [];
    ElectricalSafety "electrical_safety" Devices [];
    Charger "charger" Devices [];
    LampPole "lamp_pole" Devices [];
    ManholeSensor "manhole_sensor" Devices [];
    Bin "bin" Devices [];
    AirStation "air_station" Devices [];
    NoiseStation "noise_station" Devices [];
    WaterStation "water_station" Devices [];
    PondingSensor "ponding_sensor" Devices [];
    ParkingBay "parking_bay" Devices [];
    WaterMeter "water_meter" Devices [];
    PowerMeter "power_meter" Devices [];
    GasMeter "gas_meter" Devices [];
    Device "device" Devices ["IfcFlowMeter" "IfcFlowInstrument" "IfcAudioVisualAppliance" "IfcCommunicationsAppliance"
        "IfcLamp" "IfcLightFixture"];
    Camera "camera" Cameras [];
    Pipe "pipe" Pipes [];
    Manhole "manhole" Pipes ["IfcDistributionChamberElement"];
    Valve "valve" Pipes ["IfcValve"];
    Road "road" Components ["Road" "TransportSquare" "TransportationComplex" "IfcRoad" "IfcRoadPart" "IfcPavement" "IfcCourse"
        "IfcKerb"];
    Railway "railway" Components ["Railway" "IfcRailway" "IfcRailwayPart" "IfcRail" "IfcTrackElement"];
    Bridge "bridge" Components ["Bridge" "BridgePart" "IfcBridge" "IfcBridgePart" "BridgeInstallation" "BridgeConstructiveElement"
        "BridgeRoom" "BridgeFurniture" "BridgeConstructionElement"];
    Tunnel "tunnel" Components ["Tunnel" "TunnelPart" "TunnelInstallation" "TunnelConstructiveElement"
        "TunnelHollowSpace" "TunnelFurniture"];
    WaterBody "water_body" Components ["WaterBody" "WaterCourse" "Waterway"];
    Vegetation "vegetation" Components ["SolitaryVegetationObject" "PlantCover" "IfcGeographicElement"];
    Relief "relief" Components ["TINRelief"];
    CityFurniture "city_furniture" Components ["CityFurniture"];
    OtherConstruction "other_construction" Components ["OtherConstruction" "GenericCityObject" "IfcFacility" "IfcFacilityPart"
        "IfcMarineFacility" "IfcMarinePart"];
    Component "component" Components ["IfcAlignment" "IfcEarthworksElement" "IfcSign" "IfcSignal"];
    Way "way" Components [];
    Grid "grid" Grids [];
    Address "address" Addresses [];
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Class;

    #[test]
    fn names_are_unique_and_lead_back() {
        for class in Class::ALL {
            assert_eq!(Class::from_source(class.name()), Some(*class), "{class}");
        }
        assert_eq!(Class::from_source("IFCWALLSTANDARDCASE"), Some(Class::Wall));
        assert_eq!(Class::from_source("WaterCourse"), Some(Class::WaterBody));
    }
}
