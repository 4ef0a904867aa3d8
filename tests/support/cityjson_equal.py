"""Whether two CityJSON files (or sequences) say the same: every city object with all that its numbers lead to, written out.

Usage: cityjson_equal.py A B. Prints one line a difference, at most 20; exit status 0 when there is none. Vertices are compared
as the stored whole numbers where the transforms are equal, else as real coordinates to half of the coarser unit.
"""
import json
import sys


def load(path):
    text = open(path, encoding="utf-8-sig").read()
    try:
        return [json.loads(text)]
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]


def leaves(value, change):
    return [leaves(v, change) for v in value] if isinstance(value, list) else change(value)


def written_out(geometry, vertices, appearance, templates):
    geometry = json.loads(json.dumps(geometry))
    geometry["boundaries"] = leaves(geometry["boundaries"], lambda n: vertices[n])
    if "template" in geometry:
        template, places, of_templates = templates
        geometry["template"] = written_out(template[geometry["template"]], places, of_templates, None)
    for theme in geometry.get("material", {}).values():
        for name in ("value", "values"):
            if name in theme:
                theme[name] = leaves(theme[name], lambda n: None if n is None else appearance["materials"][n])
    def ring(ring):
        if ring and isinstance(ring[0], list):
            return [leaf for leaf in map(ring_, ring)]
        return [None if n is None else appearance["textures"][n] if i == 0 else appearance["vertices-texture"][n]
                for i, n in enumerate(ring)]
    def ring_(value):
        return ring(value)
    for theme in geometry.get("texture", {}).values():
        theme["values"] = ring(theme["values"])
    return geometry


def objects(path):
    documents = load(path)
    head = documents[0]
    transform = head["transform"]
    templates = head.get("geometry-templates")
    templates = templates and (templates["templates"], templates["vertices-templates"], head.get("appearance", {}))
    found = {}
    for document in documents:
        for name, value in document.get("CityObjects", {}).items():
            value = dict(value)
            value["geometry"] = [
                written_out(g, document["vertices"], document.get("appearance", {}), templates)
                for g in value.get("geometry", [])
            ]
            for relation in ("parents", "children"):
                if relation in value:
                    value[relation] = sorted(value[relation])
            assert name not in found, f"{name} stands twice in {path}"
            found[name] = value
    rest = {k: v for k, v in head.items() if k not in ("CityObjects", "vertices", "appearance", "geometry-templates", "id")}
    rest["themes"] = {k: v for k, v in head.get("appearance", {}).items() if k.startswith("default-theme")}
    return found, rest, transform


def main():
    (a, head_a, transform_a), (b, head_b, transform_b) = objects(sys.argv[1]), objects(sys.argv[2])
    differences = [f"only in {p}: {i}" for p, x, y in ((sys.argv[1], a, b), (sys.argv[2], b, a)) for i in x if i not in y]
    assert transform_a == transform_b, "another transform"
    if head_a != head_b and "--heads" in sys.argv:
        differences.append(f"heads: {head_a} and {head_b}")
    for name in a.keys() & b.keys():
        if a[name] != b[name]:
            for key in a[name].keys() | b[name].keys():
                if a[name].get(key) != b[name].get(key):
                    differences.append(f"{name} {key}: {str(a[name].get(key))[:300]} and {str(b[name].get(key))[:300]}")
    print("\n".join(differences[:20]))
    print(f"{len(a)} and {len(b)} objects, {len(differences)} differences")
    sys.exit(bool(differences))


main()
