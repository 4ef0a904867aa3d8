"""What IfcOpenShell finds in an IFC file, as one JSON document: the oracle for the IFC reader's counts, ids, boxes and volumes."""
import json
import multiprocessing
import sys

import ifcopenshell
import ifcopenshell.geom
import ifcopenshell.util.element
import ifcopenshell.util.placement

# What is a product of the schema and no asset: holes, drawing aids, structural analysis.
LEFT_OUT = (
    "IfcFeatureElementSubtraction", "IfcAnnotation", "IfcGrid", "IfcPositioningElement", "IfcStructuralItem",
    "IfcStructuralActivity",
)


def is_a(entity, name):
    try:
        return entity.is_a(name)
    except RuntimeError:
        return False


def volume(verts, faces):
    p = [verts[i:i + 3] for i in range(0, len(verts), 3)]
    if not p:
        return 0.0
    o = p[0]
    total = 0.0
    for i in range(0, len(faces), 3):
        a, b, c = ([x - y for x, y in zip(p[f], o)] for f in faces[i:i + 3])
        total += (a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])) / 6
    return total


def main(path, shapes):
    model = ifcopenshell.open(path)
    products = [p for p in model.by_type("IfcProduct") if not any(is_a(p, n) for n in LEFT_OUT)]
    out = {"products": {}, "project": [p.GlobalId for p in model.by_type("IfcProject")]}
    for p in products:
        container = ifcopenshell.util.element.get_container(p)
        aggregate = ifcopenshell.util.element.get_aggregate(p)
        storey = p if p.is_a("IfcBuildingStorey") else ifcopenshell.util.element.get_container(p, ifc_class="IfcBuildingStorey")
        if storey is None and aggregate is not None and aggregate.is_a("IfcBuildingStorey"):
            storey = aggregate
        out["products"][p.GlobalId] = {
            "type": p.is_a(),
            "element": p.is_a("IfcElement"),
            "name": (p.Name or "").strip(),
            "parent": (aggregate or container).GlobalId if (aggregate or container) else None,
            "storey": (storey.Name or "").strip() if storey is not None else None,
            "sets": sum(len(v) - 1 for v in ifcopenshell.util.element.get_psets(p).values()),
        }
    if shapes:
        settings = ifcopenshell.geom.settings()
        settings.set("use-world-coords", True)
        iterator = ifcopenshell.geom.iterator(settings, model, multiprocessing.cpu_count(), exclude=model.by_type("IfcOpeningElement") or None)
        if iterator.initialize():
            while True:
                shape = iterator.get()
                verts, faces = shape.geometry.verts, shape.geometry.faces
                product = out["products"].get(shape.guid)
                if product is not None and faces:
                    axes = [verts[k::3] for k in range(3)]
                    product["box"] = [min(a) for a in axes] + [max(a) for a in axes]
                    product["volume"] = volume(verts, faces)
                if not iterator.next():
                    break
    json.dump(out, sys.stdout)


main(sys.argv[1], len(sys.argv) > 2 and sys.argv[2] == "shapes")
