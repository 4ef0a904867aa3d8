"""Writes IFC files with IfcOpenShell for the tests of the IFC reader and prints, as one JSON document, what they must come out as.

`ifc_author.py DIR`: meaning.ifc (IFC 4), old.ifc (IFC 2x3), rail.ifc (IFC 4.3) and one small file for each way to say a place.
"""
import json
import math
import sys

import ifcopenshell
import ifcopenshell.api.alignment as alignment_api
import ifcopenshell.guid
import numpy as np
from pyproj import Transformer

OUT = sys.argv[1]


class Writer:
    """One file with a project, units, a site and what is asked for."""

    def __init__(self, schema, prefix=None, context=True):
        self.f = ifcopenshell.file(schema=schema)
        self.ids = {}
        point = self.f.create_entity("IfcCartesianPoint", (0.0, 0.0, 0.0))
        self.axes = self.f.create_entity("IfcAxis2Placement3D", point)
        self.up = self.f.create_entity("IfcDirection", (0.0, 0.0, 1.0))
        self.context = self.f.create_entity(
            "IfcGeometricRepresentationContext", None, "Model", 3, 1e-5, self.axes, None
        )
        self.metre = self.f.create_entity("IfcSIUnit", None, "LENGTHUNIT", prefix, "METRE")
        self.units = [self.metre]
        self.project = self.root("IfcProject", "project", RepresentationContexts=[self.context])

    def root(self, kind, name=None, **more):
        entity = self.f.create_entity(kind, GlobalId=ifcopenshell.guid.new(), Name=name, **more)
        if name:
            self.ids[name] = entity.GlobalId
        return entity

    def place(self, x=0.0, y=0.0, z=0.0, of=None):
        point = self.f.create_entity("IfcCartesianPoint", (float(x), float(y), float(z)))
        return self.f.create_entity("IfcLocalPlacement", of, self.f.create_entity("IfcAxis2Placement3D", point))

    def box(self, x, y, z):
        """A box from (0, 0, 0) to (x, y, z)."""
        at = self.f.create_entity("IfcAxis2Placement2D", self.f.create_entity("IfcCartesianPoint", (x / 2, y / 2)))
        profile = self.f.create_entity("IfcRectangleProfileDef", "AREA", None, at, x, y)
        solid = self.f.create_entity("IfcExtrudedAreaSolid", profile, self.axes, self.up, z)
        shape = self.f.create_entity("IfcShapeRepresentation", self.context, "Body", "SweptSolid", [solid])
        return self.f.create_entity("IfcProductDefinitionShape", None, None, [shape])

    def product(self, kind, name, at=None, size=(1.0, 1.0, 1.0), **more):
        shape = self.box(*size) if size else None
        return self.root(kind, name, ObjectPlacement=at or self.place(), Representation=shape, **more)

    def relate(self, kind, **more):
        return self.root(kind, None, **more)

    def whole(self, whole, *parts):
        self.relate("IfcRelAggregates", RelatingObject=whole, RelatedObjects=list(parts))

    def within(self, space, *things):
        self.relate("IfcRelContainedInSpatialStructure", RelatingStructure=space, RelatedElements=list(things))

    def typed(self, kind, thing, name, **more):
        entity = self.root(kind, name, **more)
        self.relate("IfcRelDefinesByType", RelatedObjects=[thing], RelatingType=entity)
        return entity

    def properties(self, name, things, *members):
        group = self.root("IfcPropertySet", name, HasProperties=list(members))
        self.relate("IfcRelDefinesByProperties", RelatedObjects=things, RelatingPropertyDefinition=group)

    def single(self, name, kind, value, unit=None):
        nominal = self.f.create_entity(kind, value) if kind else None
        return self.f.create_entity("IfcPropertySingleValue", name, None, nominal, unit)

    def values(self, kind, *all):
        return [self.f.create_entity(kind, v) for v in all]

    def write(self, name):
        self.project.UnitsInContext = self.f.create_entity("IfcUnitAssignment", self.units)
        self.f.write(f"{OUT}/{name}.ifc")


def meaning():
    w = Writer("IFC4", "MILLI")
    f = w.f
    si = lambda kind, name, prefix=None: f.create_entity("IfcSIUnit", None, kind, prefix, name)
    kelvin, watt = si("THERMODYNAMICTEMPERATUREUNIT", "KELVIN"), si("POWERUNIT", "WATT")
    metre = si("LENGTHUNIT", "METRE")
    part = lambda unit, power: f.create_entity("IfcDerivedUnitElement", unit, power)
    inch = f.create_entity(
        "IfcConversionBasedUnit",
        f.create_entity("IfcDimensionalExponents", 1, 0, 0, 0, 0, 0, 0),
        "LENGTHUNIT",
        "INCH",
        f.create_entity("IfcMeasureWithUnit", f.create_entity("IfcLengthMeasure", 25.4), w.metre),
    )
    w.units += [
        si("AREAUNIT", "SQUARE_METRE"),
        si("VOLUMEUNIT", "CUBIC_METRE"),
        watt,
        f.create_entity("IfcDerivedUnit", [part(watt, 1), part(metre, -2), part(kelvin, -1)], "THERMALTRANSMITTANCEUNIT"),
        f.create_entity("IfcMonetaryUnit", "CNY"),
    ]
    site = w.product("IfcSite", "site", size=None)
    building = w.product("IfcBuilding", "building", size=None)
    ground = w.product("IfcBuildingStorey", "F1", size=None, Elevation=0.0)
    above = w.product("IfcBuildingStorey", "F2", size=None, Elevation=3000.0)
    room, hall = (w.product("IfcSpace", n, size=(3000.0, 3000.0, 2500.0)) for n in ("room", "hall"))
    w.whole(w.project, site)
    w.whole(site, building)
    w.whole(building, ground, above)
    w.whole(ground, room, hall)
    wall = w.product("IfcWall", "wall", size=(3000.0, 200.0, 2500.0))
    other = w.product("IfcWall", "other", size=(200.0, 3000.0, 2500.0))
    door = w.product("IfcDoor", "door", size=(900.0, 50.0, 2100.0))
    names = ["smoke", "camera", "valve", "pump", "pipe", "烟感-01", "smoke damper", "lamp", "meter", "alarm"]
    kinds = ["IfcSensor", "IfcAudioVisualAppliance", "IfcValve", "IfcPump", "IfcPipeSegment", "IfcBuildingElementProxy"]
    kinds += ["IfcDamper", "IfcLightFixture", "IfcFlowMeter", "IfcAlarm"]
    words = ["SMOKESENSOR", "CAMERA", None, None, None, None, None, None, "WATERMETER", None]
    things = {n: w.product(k, n, size=(100.0,) * 3, **({"PredefinedType": p} if p else {})) for n, k, p in zip(names, kinds, words)}
    w.within(ground, wall, other, door, *things.values())
    w.relate("IfcRelReferencedInSpatialStructure", RelatedElements=[wall], RelatingStructure=above)
    w.relate(
        "IfcRelConnectsPathElements", RelatingElement=wall, RelatedElement=other, RelatingPriorities=[], RelatedPriorities=[],
        RelatedConnectionType="ATSTART", RelatingConnectionType="ATEND",
    )

    steel, wool = (f.create_entity("IfcMaterial", n) for n in ("钢", "wool"))
    layers = [f.create_entity("IfcMaterialLayer", m, t, None, n) for m, t, n in ((steel, 2.0, "skin"), (wool, 80.0, None))]
    layers = f.create_entity("IfcMaterialLayerSet", layers, "W1")
    usage = f.create_entity("IfcMaterialLayerSetUsage", layers, "AXIS2", "POSITIVE", 0.0)
    w.relate("IfcRelAssociatesMaterial", RelatedObjects=[wall], RelatingMaterial=usage)
    kind = w.typed("IfcDoorType", door, "D900", PredefinedType="DOOR", OperationType="SINGLE_SWING_LEFT")
    w.relate("IfcRelAssociatesMaterial", RelatedObjects=[kind], RelatingMaterial=wool)
    lining = w.root("IfcDoorLiningProperties", "lining", LiningDepth=50.0)
    kind.HasPropertySets = [lining]
    system = f.create_entity("IfcClassification", "CSI", None, None, "OmniClass")
    table = f.create_entity("IfcClassificationReference", None, "23", "Products", system)
    code = f.create_entity("IfcClassificationReference", "https://example.org/23-17", "23-17 11", "Doors", table)
    w.relate("IfcRelAssociatesClassification", RelatedObjects=[kind], RelatingClassification=code)

    inches = w.single("Depth", "IfcPositiveLengthMeasure", 4.0, inch)
    w.properties(
        "P",
        [wall],
        w.single("Length", "IfcLengthMeasure", 3000.0),
        inches,
        w.single("U", "IfcThermalTransmittanceMeasure", 0.24),
        w.single("Cost", "IfcMonetaryMeasure", 12.5),
        w.single("Ratio", "IfcRatioMeasure", 0.5),
        w.single("External", "IfcBoolean", True),
        w.single("Unknown", "IfcLogical", "UNKNOWN"),
        w.single("Count", "IfcInteger", 7),
        w.single("Label", "IfcLabel", "承重"),
        w.single("Empty", None, None),
        f.create_entity("IfcPropertyEnumeratedValue", "Status", None, w.values("IfcLabel", "NEW", "EXISTING"), None),
        f.create_entity("IfcPropertyListValue", "Loads", None, w.values("IfcPowerMeasure", 1.5, 2.5), None),
        f.create_entity(
            "IfcPropertyBoundedValue", "Range", None, *w.values("IfcLengthMeasure", 9.0, 1.0), None, w.values("IfcLengthMeasure", 5.0)[0]
        ),
        f.create_entity(
            "IfcPropertyTableValue", "Curve", None, w.values("IfcLengthMeasure", 1.0, 2.0), w.values("IfcPowerMeasure", 10.0, 20.0)
        ),
        f.create_entity("IfcPropertyReferenceValue", "Made", None, None, steel),
        f.create_entity(
            "IfcComplexProperty", "Whole", None, "use", [w.single("Part", "IfcAreaMeasure", 2.0), w.single("Word", "IfcLabel", "x")]
        ),
    )
    gross = f.create_entity("IfcQuantityVolume", "Gross", None, None, 1.5)
    parts = f.create_entity("IfcPhysicalComplexQuantity", "Parts", None, [f.create_entity("IfcQuantityArea", "Side", None, None, 7.5)], "layer")
    weight = f.create_entity("IfcQuantityWeight", "Weight", None, None, 900.0)
    quantities = w.root("IfcElementQuantity", "Q", Quantities=[gross, parts, weight])
    w.relate("IfcRelDefinesByProperties", RelatedObjects=[wall], RelatingPropertyDefinition=quantities)

    water = w.root("IfcDistributionSystem", "cold water", PredefinedType="DOMESTICCOLDWATER")
    w.relate("IfcRelAssignsToGroup", RelatedObjects=[things["pump"], things["pipe"], things["valve"]], RelatingGroup=water)
    w.relate("IfcRelServicesBuildings", RelatingSystem=water, RelatedBuildings=[building])
    zone = w.root("IfcZone", "flat")
    w.relate("IfcRelAssignsToGroup", RelatedObjects=[room, hall], RelatingGroup=zone)
    lot = w.root("IfcGroup", "lot 1")
    w.relate("IfcRelAssignsToGroup", RelatedObjects=[door], RelatingGroup=lot)
    out, into = (w.root("IfcDistributionPort", n, FlowDirection=d) for n, d in (("out", "SOURCE"), ("into", "SINK")))
    w.relate("IfcRelNests", RelatingObject=things["pump"], RelatedObjects=[out])
    w.relate("IfcRelConnectsPortToElement", RelatingPort=into, RelatedElement=things["pipe"])
    w.relate("IfcRelConnectsPorts", RelatingPort=out, RelatedPort=into)
    for kind, element, virtual, side in (
        ("IfcRelSpaceBoundary2ndLevel", wall, "PHYSICAL", "EXTERNAL"),
        ("IfcRelSpaceBoundary1stLevel", door, "PHYSICAL", "INTERNAL"),
        ("IfcRelSpaceBoundary1stLevel", door, "PHYSICAL", "INTERNAL"),
    ):
        w.relate(kind, RelatingSpace=room, RelatedBuildingElement=element, PhysicalOrVirtualBoundary=virtual, InternalOrExternalBoundary=side)
    w.write("meaning")
    return w.ids


def old():
    w = Writer("IFC2X3")
    site = w.product("IfcSite", "site", size=None, RefLatitude=(32, 2, 24), RefLongitude=(118, 46, 48))
    building = w.product("IfcBuilding", "building", size=None)
    w.whole(w.project, site)
    w.whole(site, building)
    rows = [
        ("smoke", "IfcDistributionControlElement", "IfcSensorType", "SMOKESENSOR"),
        ("hydrant", "IfcFlowTerminal", "IfcFireSuppressionTerminalType", "FIREHYDRANT"),
        ("valve", "IfcFlowController", "IfcValveType", "ISOLATING"),
        ("meter", "IfcFlowController", "IfcFlowMeterType", "WATERMETER"),
        ("light", "IfcFlowTerminal", "IfcLightFixtureType", "POINTSOURCE"),
        ("basin", "IfcFlowTerminal", "IfcSanitaryTerminalType", "WASHHANDBASIN"),
        ("actuator", "IfcDistributionControlElement", "IfcActuatorType", "ELECTRICACTUATOR"),
    ]
    for name, kind, type_kind, word in rows:
        thing = w.product(kind, name)
        w.typed(type_kind, thing, f"{name} type", PredefinedType=word)
        w.within(building, thing)
    lift = w.product("IfcTransportElement", "lift", OperationType="ELEVATOR")
    stair = w.product("IfcTransportElement", "escalator", OperationType="ESCALATOR")
    w.within(building, lift, stair)
    w.write("old")
    return w.ids


PARTS = {
    "LINE": lambda t: 0 * t,
    "CIRCULARARC": lambda t: 0 * t,
    "CLOTHOID": lambda t: t,
    "BLOSSCURVE": lambda t: 3 * t**2 - 2 * t**3,
    "COSINECURVE": lambda t: (1 - np.cos(np.pi * t)) / 2,
    "HELMERTCURVE": lambda t: np.where(t < 0.5, 2 * t**2, 1 - 2 * (1 - t) ** 2),
}


def rail():
    w = Writer("IFC4X3_ADD2")
    f = w.f
    f.create_entity("IfcGeometricRepresentationSubContext", "Axis", "Model", None, None, None, None, w.context, None, "MODEL_VIEW")
    w.project.UnitsInContext = f.create_entity("IfcUnitAssignment", w.units)
    a = alignment_api.create(f, "main", include_vertical=True)
    w.ids["main"] = a.GlobalId
    plan, profile = alignment_api.get_horizontal_layout(a), alignment_api.get_vertical_layout(a)
    rows = [
        ("LINE", 0, 0, 100.0), ("CLOTHOID", 0, 300.0, 60.0), ("CIRCULARARC", 300.0, 300.0, 120.0), ("CLOTHOID", 300.0, 0, 60.0),
        ("LINE", 0, 0, 80.0), ("BLOSSCURVE", 0, -250.0, 50.0), ("CIRCULARARC", -250.0, -250.0, 70.0), ("COSINECURVE", -250.0, 0, 50.0),
        ("HELMERTCURVE", 0, 400.0, 40.0),
    ]  # fmt: skip
    # Brute force: curvature summed up in steps of millimetres.
    x, y, turn, along, truth = 50.0, 20.0, 0.3, 0.0, []
    for kind, r0, r1, length in rows:
        start = f.create_entity("IfcCartesianPoint", (x, y))
        segment = f.create_entity(
            "IfcAlignmentHorizontalSegment", StartPoint=start, StartDirection=turn, StartRadiusOfCurvature=float(r0),
            EndRadiusOfCurvature=float(r1), SegmentLength=length, PredefinedType=kind,
        )  # fmt: skip
        alignment_api.create_layout_segment(f, plan, segment)
        s = np.linspace(0, length, int(length * 1000) + 1)
        k0, k1 = (1 / r if r else 0.0 for r in (r0, r1))
        k = k0 + (k1 - k0) * PARTS[kind](s / length)
        sums = lambda values: np.concatenate([[0.0], np.cumsum((values[1:] + values[:-1]) / 2 * np.diff(s))])
        angle = turn + sums(k)
        xs, ys = x + sums(np.cos(angle)), y + sums(np.sin(angle))
        truth += [(along + s[i], xs[i], ys[i]) for i in range(0, len(s) - 1, 500)]
        x, y, turn, along = float(xs[-1]), float(ys[-1]), float(angle[-1]), along + length
    truth.append((along, x, y))
    gradients = [(0.0, 200.0, 10.0, 0.01, 0.01), (200.0, 100.0, 12.0, 0.01, -0.02), (300.0, along - 300.0, 11.5, -0.02, -0.02)]
    for start, length, height, g0, g1 in gradients:
        segment = f.create_entity(
            "IfcAlignmentVerticalSegment", StartDistAlong=start, HorizontalLength=length, StartHeight=height, StartGradient=g0,
            EndGradient=g1, PredefinedType="CONSTANTGRADIENT" if g0 == g1 else "PARABOLICARC",
        )  # fmt: skip
        alignment_api.create_layout_segment(f, profile, segment)
    height = lambda d: next(h + g0 * (d - s) + (g1 - g0) / (2 * n) * (d - s) ** 2 for s, n, h, g0, g1 in reversed(gradients) if s <= d)
    alignment_api.add_stationing_referent(f, "K1+000", a, 0.0, 1000.0)
    other = alignment_api.create(f, "siding")
    w.ids["siding"] = other.GlobalId
    straight = f.create_entity(
        "IfcAlignmentHorizontalSegment", StartPoint=f.create_entity("IfcCartesianPoint", (0.0, 0.0)), StartDirection=0.0,
        StartRadiusOfCurvature=0.0, EndRadiusOfCurvature=0.0, SegmentLength=100.0, PredefinedType="LINE",
    )  # fmt: skip
    alignment_api.create_layout_segment(f, alignment_api.get_horizontal_layout(other), straight)
    alignment_api.add_stationing_referent(f, "K0+500", other, 0.0, 500.0, has_increasing_station=False)
    curve = alignment_api.get_curve(a)
    engine = []
    for d in np.linspace(0.0, along - 41.0, 40):
        m = alignment_api.evaluate_representation(curve, float(d))
        engine.append([float(d)] + [float(m[3][i]) for i in range(3)])

    site = w.product("IfcSite", "site", size=None)
    w.whole(w.project, site)
    building = w.product("IfcBuilding", "station", size=None)
    facilities = [
        w.product(kind, kind, size=None)
        for kind in ("IfcRoad", "IfcRailway", "IfcBridge", "IfcMarineFacility", "IfcFacility")
    ]
    w.whole(site, building, *facilities)
    part = w.product("IfcRoadPart", "carriageway", size=None, UsageType="LONGITUDINAL", PredefinedType="CARRIAGEWAY")
    w.whole(facilities[0], part)
    pavement = w.product("IfcPavement", "pavement", size=(10.0, 5.0, 0.2))
    w.within(part, pavement)
    outdoors = [
        w.product("IfcPipeSegment", "main pipe", size=(10.0, 0.3, 0.3)),
        w.product("IfcPipeFitting", "bend"),
        w.product("IfcDistributionChamberElement", "manhole", PredefinedType="MANHOLE"),
        w.product("IfcValve", "valve"),
        w.product("IfcLightFixture", "street lamp"),
    ]
    w.within(site, *outdoors)
    w.within(building, w.product("IfcPipeSegment", "riser", size=(0.1, 0.1, 3.0)))
    # A sign that stands 150 m along the alignment and 4 m to its left.
    basis = alignment_api.get_basis_curve(a)
    place = f.create_entity(
        "IfcPointByDistanceExpression", f.create_entity("IfcLengthMeasure", 150.0), 4.0, None, None, basis
    )
    linear = f.create_entity("IfcLinearPlacement", None, f.create_entity("IfcAxis2PlacementLinear", place))
    sign = w.product("IfcSign", "sign", at=linear)
    w.within(facilities[1], sign)
    w.write("rail")
    axis = [[d, px, py, height(d)] for d, px, py in truth]
    return {"ids": w.ids, "axis": axis, "engine": engine, "length": along}


def places():
    """One box of 10 by 20 by 5 m from (100, 200, 3) in each file; its corners in longitude, latitude, height by pyproj."""
    corners = [(100.0 + dx, 200.0 + dy, 3.0 + dz) for dx in (0, 10) for dy in (0, 20) for dz in (0, 5)]
    utm = Transformer.from_crs("EPSG:25832", "EPSG:4326", always_xy=True)
    out = {}

    def one(name, schema="IFC4X3_ADD2", prefix=None):
        w = Writer(schema, prefix)
        per = 1000.0 if prefix else 1.0
        site = w.product("IfcSite", "site", size=None)
        w.whole(w.project, site)
        thing = w.product("IfcBuildingElementProxy", "box", w.place(100 * per, 200 * per, 3 * per), (10 * per, 20 * per, 5 * per))
        w.within(site, thing)
        return w, site

    def done(name, w, points, note, accuracy=None):
        w.write(name)
        axes = list(zip(*points))
        out[name] = {"id": w.ids["box"], "box": [min(a) for a in axes] + [max(a) for a in axes], "note": note, "accuracy": accuracy}

    def mapped(e, n, h, a, o, scale=1.0, factors=(1.0, 1.0, 1.0)):
        length = math.hypot(a, o)
        c, s = a / length * scale, o / length * scale
        local = [(x * factors[0], y * factors[1], z * factors[2]) for x, y, z in corners]
        # The scale is between units of length and of the map; heights are in metres on both sides.
        return [(*utm.transform(c * x - s * y + e, s * x + c * y + n), z + h) for x, y, z in local]

    crs = lambda w, name="EPSG:25832": w.f.create_entity("IfcProjectedCRS", name)
    w, _ = one("map")
    w.f.create_entity("IfcMapConversion", w.context, crs(w), 458000.0, 5438000.0, 110.0, 0.8, 0.6, 1.0)
    done("map", w, mapped(458000.0, 5438000.0, 110.0, 0.8, 0.6), "IfcMapConversion into EPSG:25832")
    w, _ = one("millimetres", "IFC4", "MILLI")
    target = crs(w)
    target.MapUnit = w.f.create_entity("IfcSIUnit", None, "LENGTHUNIT", None, "METRE")
    w.f.create_entity("IfcMapConversion", w.context, target, 458000.0, 5438000.0, 110.0, 0.8, 0.6, 0.001 * 0.9996)
    done("millimetres", w, mapped(458000.0, 5438000.0, 110.0, 0.8, 0.6, 0.9996), "IfcMapConversion into EPSG:25832")
    w, _ = one("scaled")
    factors = (0.5, 2.0, 1.0)
    w.f.create_entity("IfcMapConversionScaled", w.context, crs(w), 458000.0, 5438000.0, 110.0, 0.0, 1.0, 1.0, *factors)
    done("scaled", w, mapped(458000.0, 5438000.0, 110.0, 0.0, 1.0, 1.0, factors), "IfcMapConversion into EPSG:25832")
    w, _ = one("rigid")
    length = lambda v: w.f.create_entity("IfcLengthMeasure", v)
    w.f.create_entity("IfcRigidOperation", w.context, crs(w), length(458000.0), length(5438000.0), 110.0)
    done("rigid", w, mapped(458000.0, 5438000.0, 110.0, 1.0, 0.0), "IfcRigidOperation into EPSG:25832")
    w, _ = one("wkt")
    target = crs(w, "site grid")
    text = 'PROJCRS["ETRS89 / UTM zone 32N",BASEGEOGCRS["ETRS89",ID["EPSG",4258]],ID["EPSG",25832]]'
    w.f.create_entity("IfcWellKnownText", text, target)
    w.f.create_entity("IfcMapConversion", w.context, target, 458000.0, 5438000.0, 110.0, 0.8, 0.6, 1.0)
    done("wkt", w, mapped(458000.0, 5438000.0, 110.0, 0.8, 0.6), "IfcMapConversion into EPSG:25832")
    w, site = one("epset", "IFC2X3")
    number = lambda name, value: w.single(name, "IfcReal", value)
    w.properties("ePset_ProjectedCRS", [site], w.single("Name", "IfcLabel", "EPSG:25832"))
    w.properties(
        "ePset_MapConversion", [site], number("Eastings", 458000.0), number("Northings", 5438000.0), number("OrthogonalHeight", 110.0),
        number("XAxisAbscissa", 0.8), number("XAxisOrdinate", 0.6), number("Scale", 1.0),
    )  # fmt: skip
    done("epset", w, mapped(458000.0, 5438000.0, 110.0, 0.8, 0.6), "ePSet_MapConversion (IFC 2x3) into EPSG:25832")

    def around(lon, lat, h, points):
        frame = f"+proj=topocentric +ellps=WGS84 +lon_0={lon!r} +lat_0={lat!r} +h_0={h!r}"
        to_globe = Transformer.from_pipeline(
            f"+proj=pipeline +step +inv {frame} +step +inv +proj=cart +ellps=WGS84 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
        )
        return [to_globe.transform(*p) for p in points]

    w, _ = one("angles")
    degree = w.f.create_entity(
        "IfcConversionBasedUnit", w.f.create_entity("IfcDimensionalExponents", 0, 0, 0, 0, 0, 0, 0), "PLANEANGLEUNIT", "DEGREE",
        w.f.create_entity(
            "IfcMeasureWithUnit", w.f.create_entity("IfcPlaneAngleMeasure", math.pi / 180),
            w.f.create_entity("IfcSIUnit", None, "PLANEANGLEUNIT", None, "RADIAN"),
        ),
    )  # fmt: skip
    w.units.append(degree)
    angle = lambda v: w.f.create_entity("IfcPlaneAngleMeasure", v)
    target = w.f.create_entity("IfcGeographicCRS", "EPSG:4326")
    w.f.create_entity("IfcRigidOperation", w.context, target, angle(118.78), angle(32.04), 12.0)
    done("angles", w, around(118.78, 32.04, 12.0, corners), "IfcRigidOperation into EPSG:4326")
    w, site = one("site")
    site.RefLatitude, site.RefLongitude, site.RefElevation = (32, 2, 24, 120000), (118, 46, 48, 500000), 12.0
    w.context.TrueNorth = w.f.create_entity("IfcDirection", (0.6, 0.8))
    turned = [(x * 0.8 - y * 0.6, x * 0.6 + y * 0.8, z) for x, y, z in corners]
    lat, lon = 32 + 2 / 60 + 24.12 / 3600, 118 + 46 / 60 + 48.5 / 3600
    done("site", w, around(lon, lat, 12.0, turned), "IfcSite", 111320.0 / 3600 / 100)
    w, _ = one("nowhere")
    done("nowhere", w, corners, None)
    w, site = one("projected")
    site.RefLatitude, site.RefLongitude = (49, 6, 1), (8, 26, 11)
    box = [p for p in w.f.by_type("IfcBuildingElementProxy")][0]
    box.ObjectPlacement = w.place(458100.0, 5438200.0, 113.0)
    flat = [(*utm.transform(458000.0 + x, 5438000.0 + y), 110.0 + z) for x, y, z in corners]
    done("projected", w, flat, "look projected already")
    return out


json.dump({"meaning": meaning(), "old": old(), "rail": rail(), "places": places()}, sys.stdout)
