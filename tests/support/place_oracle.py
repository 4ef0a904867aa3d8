"""Where pyproj puts a file's objects, by the operation that Cimbra reports: boxes in longitude, latitude (and height)."""
import json
import math
import sys

from pyproj import Transformer
from pyproj.transformer import TransformerGroup


def box(points):
    return [f(p[k] for p in points) for f in (min, max) for k in range(len(points[0]))]


def flat(boundaries):
    for item in boundaries:
        if isinstance(item, list):
            yield from flat(item)
        else:
            yield item


def cityjson(path, crs, operation):
    """Boxes of every Building's geometry of LoD 0."""
    candidates = TransformerGroup(crs, "EPSG:4326", always_xy=True).transformers
    [transformer] = [t for t in candidates if t.description.startswith(operation)]
    lines = open(path, encoding="utf-8")
    header = json.loads(next(lines))["transform"]
    out = {}
    for line in lines:
        feature = json.loads(line)
        for key, city_object in feature["CityObjects"].items():
            numbers = {n for g in city_object.get("geometry", []) if str(g["lod"]) == "0" for n in flat(g["boundaries"])}
            if city_object["type"] != "Building" or not numbers:
                continue
            points = [[v * s + t for v, s, t in zip(feature["vertices"][n], header["scale"], header["translate"])] for n in numbers]
            out[key] = box([transformer.transform(p[0], p[1]) for p in points])
    return out


def ifc(path):
    """Boxes of every shape around the IfcSite's position, turned by true north."""
    import ifcopenshell
    import ifcopenshell.geom
    import ifcopenshell.util.placement
    import ifcopenshell.util.unit

    model = ifcopenshell.open(path)
    site = model.by_type("IfcSite")[0]
    angle = lambda a: sum(v / s for v, s in zip(a, (1, 60, 3600, 3.6e9)))
    unit = ifcopenshell.util.unit.calculate_unit_scale(model)
    at = ifcopenshell.util.placement.get_local_placement(site.ObjectPlacement)[:3, 3] * unit
    north = next((c.TrueNorth.DirectionRatios for c in model.by_type("IfcGeometricRepresentationContext", include_subtypes=False) if c.TrueNorth), (0.0, 1.0))
    # East lies a right angle to the right of north.
    length = math.hypot(north[0], north[1])
    n = (north[0] / length, north[1] / length)
    e = (n[1], -n[0])
    h = (site.RefElevation or 0.0) * unit
    frame = f"+proj=topocentric +ellps=WGS84 +lon_0={angle(site.RefLongitude)!r} +lat_0={angle(site.RefLatitude)!r} +h_0={h!r}"
    to_globe = Transformer.from_pipeline(
        f"+proj=pipeline +step +inv {frame} +step +inv +proj=cart +ellps=WGS84 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", True)
    out = {}
    for product in model.by_type("IfcProduct"):
        if not product.Representation or product.is_a("IfcOpeningElement") or product.is_a("IfcAnnotation"):
            continue
        try:
            v = ifcopenshell.geom.create_shape(settings, product).geometry.verts
        except RuntimeError:
            continue
        local = [(v[i] - at[0], v[i + 1] - at[1], v[i + 2] - at[2]) for i in range(0, len(v), 3)]
        if local:
            turned = [(x * e[0] + y * e[1], x * n[0] + y * n[1], z) for x, y, z in local]
            out[product.GlobalId] = box([to_globe.transform(*p) for p in turned])
    return out


json.dump(ifc(sys.argv[2]) if sys.argv[1] == "ifc" else cityjson(*sys.argv[2:5]), sys.stdout)
