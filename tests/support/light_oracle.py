"""light_oracle.py FOLDER: for each pair <n>.full.glb and <n>.light.glb of FOLDER, how far the features of one are from those of the
other, both ways, by points strewn over them; one JSON list. Reads GLB by glTF's own words, shares nothing with the writer."""
import json
import struct
import sys
from pathlib import Path

import numpy as np

KINDS = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
OFFSETS = {"UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32}


def turned(points, quaternion):
    """Points turned by a unit quaternion (x, y, z, w)."""
    axis, w = quaternion[:3], quaternion[3]
    once = np.cross(axis, points)
    return points + 2 * (w * once + np.cross(axis, once))


def read(path):
    """The triangles of each feature, in the site's metres, by the feature's id."""
    data = path.read_bytes()
    length = struct.unpack_from("<I", data, 12)[0]
    document, binary = json.loads(data[20 : 20 + length]), data[20 + length + 8 :]

    def view(number):
        own = document["bufferViews"][number]
        start = own.get("byteOffset", 0)
        return binary[start : start + own["byteLength"]], own.get("byteStride")

    def accessor(number):
        own = document["accessors"][number]
        kind, width = np.dtype(KINDS[own["componentType"]]), WIDTHS[own["type"]]
        raw, stride = view(own["bufferView"])
        stride, start = stride or kind.itemsize * width, own.get("byteOffset", 0)
        rows = [np.frombuffer(raw, kind, width, start + i * stride) for i in range(own["count"])]
        return np.array(rows).astype(float)

    triangles, numbers = [], []
    for node in document["nodes"]:
        (primitive,) = document["meshes"][node["mesh"]]["primitives"]
        at = accessor(primitive["attributes"]["POSITION"])
        corners = accessor(primitive["indices"])[:, 0].astype(int).reshape(-1, 3)
        instances = node.get("extensions", {}).get("EXT_mesh_gpu_instancing", {}).get("attributes")
        if instances is None:
            placed = [(at, accessor(primitive["attributes"]["_FEATURE_ID_0"])[corners[:, 0], 0])]
        else:
            shifts, own = accessor(instances["TRANSLATION"]), accessor(instances["_FEATURE_ID_0"])[:, 0]
            turns = accessor(instances["ROTATION"]) if "ROTATION" in instances else [np.array([0, 0, 0, 1])] * len(own)
            placed = [(turned(at, q) + t, np.full(len(corners), n)) for q, t, n in zip(turns, shifts, own)]
        for points, own in placed:
            triangles.append((points * np.array(node["scale"]) + np.array(node["translation"]))[corners])
            numbers.append(own)
    triangles, numbers = np.concatenate(triangles), np.concatenate(numbers)
    (table,) = document["extensions"]["EXT_structural_metadata"]["propertyTables"]
    column = table["properties"]["id"]
    kind = OFFSETS[column.get("stringOffsetType", "UINT32")]
    texts, offsets = view(column["values"])[0], np.frombuffer(view(column["stringOffsets"])[0], kind)
    ids = [texts[a:b].decode() for a, b in zip(offsets, offsets[1:])]
    assert len(ids) == table["count"]
    return {name: triangles[numbers == number] for number, name in enumerate(ids)}


def strewn(triangles, random):
    """Corners, middles of sides, and points strewn evenly over the area."""
    area = np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1)
    middles = (triangles + np.roll(triangles, 1, axis=1)) / 2
    points = [triangles.reshape(-1, 3), middles.reshape(-1, 3)]
    if area.sum() > 0:
        own = triangles[random.choice(len(triangles), 500, p=area / area.sum())]
        u, v = random.random((2, 500, 1))
        u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
        points.append(own[:, 0] + u * (own[:, 1] - own[:, 0]) + v * (own[:, 2] - own[:, 0]))
    return np.unique(np.concatenate(points), axis=0)


def away(points, triangles):
    """How far the farthest of the points is from the triangles: to a plane where the foot lies inside, else to the sides."""
    worst = 0.0
    best = np.full(len(points), np.inf)
    for a, b, c in triangles:
        normal = np.cross(b - a, c - a)
        size = np.linalg.norm(normal)
        inside = np.full(len(points), size > 0)
        for p, q in ((a, b), (b, c), (c, a)):
            side = q - p
            inside &= np.cross(side, points - p) @ normal >= 0
            along = np.clip((points - p) @ side / max(side @ side, 1e-30), 0, 1)
            best = np.minimum(best, np.linalg.norm(points - p - along[:, None] * side, axis=1))
        if size > 0:
            best = np.where(inside, np.minimum(best, np.abs((points - a) @ normal / size)), best)
    worst = max(worst, best.max(initial=0.0))
    return float(worst)


def compared(full, light, random):
    assert full.keys() == light.keys(), "the features are not the same"
    assert all(len(light[name]) for name in full), "a feature has no triangle"
    both = [(full[name], light[name]) for name in full if full[name].shape != light[name].shape or (full[name] != light[name]).any()]
    worst = [max(away(strewn(a, random), b), away(strewn(b, random), a)) for a, b in both]
    count = lambda of: sum(map(len, of.values()))
    return {"ids": sorted(full), "full": count(full), "light": count(light), "worst": max(worst, default=0.0)}


random = np.random.default_rng(7)
folder = Path(sys.argv[1])
pairs = range(len(list(folder.glob("*.full.glb"))))
print(json.dumps([compared(read(folder / f"{n}.full.glb"), read(folder / f"{n}.light.glb"), random) for n in pairs]))
