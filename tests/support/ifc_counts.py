"""What IfcOpenShell finds in an IFC file, as one JSON document: the oracle for the IFC reader's counts, ids, boxes and volumes."""
import json
import resource
import sys
import time

import ifcopenshell
import ifcopenshell.geom
import ifcopenshell.util.element
import ifcopenshell.util.placement
import ifcopenshell.util.unit
import numpy as np

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


def mapped(product):
    """The representation map whose one use is the product's whole body, uncut."""
    if getattr(product, "HasOpenings", ()) or not product.Representation:
        return None
    bodies = [r for r in product.Representation.Representations if r.RepresentationIdentifier == "Body"]
    items = bodies[0].Items if len(bodies) == 1 else ()
    return items[0].MappingSource.id() if len(items) == 1 and items[0].is_a("IfcMappedItem") else None


def measures(verts, faces):
    """Volume, and whether every edge is gone along as often in one direction as in the other."""
    p = np.array(verts).reshape(-1, 3)
    f = np.array(faces).reshape(-1, 3)
    q = p - p[0]
    volume = float(np.einsum("ij,ij->i", q[f[:, 0]], np.cross(q[f[:, 1]], q[f[:, 2]])).sum() / 6)
    _, number = np.unique(np.round(p / 1e-6).astype(np.int64), axis=0, return_inverse=True)
    f = number.reshape(-1)[f]
    edges = np.concatenate([f[:, [0, 1]], f[:, [1, 2]], f[:, [2, 0]]])
    edges = edges[edges[:, 0] != edges[:, 1]]
    turned = np.where(edges[:, 0] < edges[:, 1], 1, -1)
    _, which = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True)
    closed = not np.bincount(which.reshape(-1), weights=turned).any()
    return volume, closed


def main(path, shapes):
    begun = time.process_time()
    model = ifcopenshell.open(path)
    spent = time.process_time() - begun
    products = [p for p in model.by_type("IfcProduct") if not any(is_a(p, n) for n in LEFT_OUT)]
    out = {"products": {}, "project": [p.GlobalId for p in model.by_type("IfcProject")]}
    groups = [g for g in model.by_type("IfcGroup") if not g.is_a().startswith("IfcStructural")]
    out["groups"] = {g.GlobalId: [o.GlobalId for o in ifcopenshell.util.element.get_grouped_by(g)] for g in groups}
    sites = [s for s in model.by_type("IfcSite") if s.ObjectPlacement]
    unit = ifcopenshell.util.unit.calculate_unit_scale(model)
    place = ifcopenshell.util.placement.get_local_placement(sites[0].ObjectPlacement)[:3, 3] * unit if sites else (0, 0, 0)
    out["site"] = [float(c) for c in place]
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
            "map": mapped(p),
            "sets": sum(len(v) - 1 for v in ifcopenshell.util.element.get_psets(p).values()),
        }
    if shapes:
        settings = ifcopenshell.geom.settings()
        settings.set("use-world-coords", True)
        # One thread; only the engine's own work is timed, not what Python makes of it.
        excluded = model.by_type("IfcOpeningElement") or None
        begun = time.process_time()
        iterator = ifcopenshell.geom.iterator(settings, model, 1, exclude=excluded)
        more = iterator.initialize()
        spent += time.process_time() - begun
        while more:
            shape = iterator.get()
            verts, faces = shape.geometry.verts, shape.geometry.faces
            product = out["products"].get(shape.guid)
            if product is not None and faces:
                axes = [verts[k::3] for k in range(3)]
                product["box"] = [min(a) for a in axes] + [max(a) for a in axes]
                product["volume"], product["closed"] = measures(verts, faces)
            begun = time.process_time()
            more = iterator.next()
            spent += time.process_time() - begun
    out["cost"] = {"cpu": spent, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    json.dump(out, sys.stdout)


main(sys.argv[1], len(sys.argv) > 2 and sys.argv[2] == "shapes")
