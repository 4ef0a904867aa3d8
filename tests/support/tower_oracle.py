"""What IfcOpenShell finds in an IFC file, as JSON: problems, products by class, and each product's box in the file's CRS."""
import json
import sys

import ifcopenshell
import ifcopenshell.geom
import ifcopenshell.util.element
import ifcopenshell.validate

model = ifcopenshell.open(sys.argv[1])
log = ifcopenshell.validate.json_logger()
ifcopenshell.validate.validate(model, log)
conversion = model.by_type("IfcMapConversion")[0]
c, s = conversion.XAxisAbscissa, conversion.XAxisOrdinate
settings = ifcopenshell.geom.settings()
settings.set("use-world-coords", True)
products = {}
shapes = ifcopenshell.geom.iterator(settings, model, 2)
if shapes.initialize():
    while True:
        shape = shapes.get()
        v = shape.geometry.verts
        points = [
            (
                conversion.Eastings + c * v[i] - s * v[i + 1],
                conversion.Northings + s * v[i] + c * v[i + 1],
                conversion.OrthogonalHeight + v[i + 2],
            )
            for i in range(0, len(v), 3)
        ]
        products[shape.guid] = {
            "class": shape.type,
            "low": [min(p[k] for p in points) for k in range(3)],
            "high": [max(p[k] for p in points) for k in range(3)],
        }
        if not shapes.next():
            break


def chain(element):
    """Names from a spatial element up to the building."""
    names = [element.Name]
    while (element := ifcopenshell.util.element.get_aggregate(element)) and not element.is_a("IfcSite"):
        names.append(element.Name)
    return names


print(json.dumps({
    "problems": [str(statement)[:200] for statement in log.statements],
    "crs": model.by_type("IfcProjectedCRS")[0].Name,
    "chains": {root.GlobalId: chain(root) for root in model.by_type("IfcSpatialElement") if not root.is_a("IfcSite")},
    "products": products,
}))
