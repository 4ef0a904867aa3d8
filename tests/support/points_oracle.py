"""Writes point clouds with laspy and holds the tiles that are served of them against what laspy and pyproj make of the same file.
Prints one JSON document.

    points_oracle.py write DIR                  clouds of many forms in DIR: file, arguments for the import, CRS, height
    points_oracle.py compare FILE URL CRS UP    every tile below the tileset at URL against FILE in CRS; UP metres are added to heights
"""
import json, struct, sys, urllib.request
import laspy, numpy as np
from pyproj import CRS, Transformer

RANDOM = np.random.default_rng(11)
# name, version, point format, ending, CRS, how it is said, count, colours
FORMS = [
    ("rgb16", "1.2", 2, "las", 32650, "keys", 3000, 16),
    ("rgb8", "1.2", 3, "laz", 32650, "keys", 3000, 8),
    ("plain", "1.2", 0, "laz", 25832, "keys", 70000, 0),
    ("oldest", "1.2", 1, "las", 25832, "keys", 500, 0),
    ("time", "1.3", 1, "laz", 25832, "none", 500, 0),
    ("waves4", "1.3", 4, "las", 25832, "none", 500, 0),
    ("waves5", "1.3", 5, "las", 25832, "none", 500, 16),
    ("wkt", "1.4", 7, "laz", 4547, "wkt", 3000, 16),
    ("six", "1.4", 6, "las", 25832, "wkt", 3000, 0),
    ("eight", "1.4", 8, "laz", 25832, "wkt", 1000, 8),
    ("nine", "1.4", 9, "las", 25832, "wkt", 500, 0),
    ("ten", "1.4", 10, "las", 25832, "wkt", 500, 16),
    ("degrees", "1.4", 6, "laz", 4326, "wkt", 2000, 0),
    ("feet", "1.2", 0, "las", 25832, "feet", 500, 0),
    ("extra", "1.4", 6, "laz", 25832, "wkt", 1000, 0),
    ("large", "1.4", 7, "laz", 25832, "wkt", 180000, 16),
]
MIDDLES = {32650: (670000.0, 3546000.0), 25832: (458000.0, 5438000.0), 4547: (480000.0, 3546000.0), 4326: (118.78, 32.04)}


def geo_keys(code, feet):
    keys = [(1024, 0, 1, 1), (3072, 0, 1, code)] + ([(4099, 0, 1, 9002)] if feet else [])
    data = struct.pack("<4H", 1, 1, 0, len(keys)) + b"".join(struct.pack("<4H", *k) for k in keys)
    return laspy.VLR("LASF_Projection", 34735, "keys", data)


def write(folder):
    out = []
    for name, version, form, ending, crs, said, count, bits in FORMS:
        header = laspy.LasHeader(version=version, point_format=form)
        x, y = MIDDLES[crs]
        wide = 1000.0 if crs != 4326 else 0.01
        header.offsets = [x, y, 0.0]
        header.scales = [wide * 1e-6, wide * 1e-6, 0.001]
        if said in ("keys", "feet"):
            header.vlrs.append(geo_keys(crs, said == "feet"))
        elif said == "wkt":
            header.vlrs.append(laspy.vlrs.known.WktCoordinateSystemVlr(CRS.from_epsg(crs).to_wkt("WKT1_GDAL")))
            header.global_encoding.wkt = True
        if name == "extra":
            header.add_extra_dim(laspy.ExtraBytesParams("four", "int32"))
        cloud = laspy.LasData(header)
        cloud.points = laspy.ScaleAwarePointRecord.zeros(count, header=header)
        east, north = RANDOM.uniform(-wide / 2, wide / 2, (2, count))
        cloud.x, cloud.y = x + east, y + north
        # A slope with a tower of points in it, for tiles that are cubes in more than two directions.
        cloud.z = 30 + 20 * (east + north) / wide + np.where(np.hypot(east, north) < wide / 20, RANDOM.uniform(0, 90, count), 0)
        number = np.arange(count)
        # What a point is told by: nothing moves it but this program.
        cloud.intensity, cloud.return_number = number % 65536, number // 65536 + 1
        cloud.number_of_returns = np.full(count, 5)
        cloud.classification = RANDOM.choice([1, 2, 5, 6, 9], count)
        if bits:
            top = 256 if bits == 8 else 65536
            cloud.red, cloud.green, cloud.blue = RANDOM.integers(0, top, (3, count)).astype("uint16")
        if name == "extra":
            cloud["four"] = RANDOM.integers(-(2**31), 2**31 - 1, count).astype("int32")
        cloud.withheld = (number % 10 == 3).astype("uint8") if name in ("wkt", "rgb16") else np.zeros(count, "uint8")
        file = f"{folder}/{name}.{ending}"
        cloud.write(file)
        if name == "oldest":
            with open(file, "r+b") as bytes_:
                bytes_.seek(25)
                bytes_.write(b"\0")
        args = ["--crs", f"EPSG:{crs}"] if said == "none" else []
        up = 47.25 if name == "six" else 0.0
        out.append({"file": file, "args": args + (["--height-offset", str(up)] if up else []), "crs": crs, "up": up,
                    "count": count, "withheld": int(np.sum(cloud.withheld)), "feet": said == "feet",
                    "classes": {str(c): int(n) for c, n in zip(*np.unique(cloud.classification[cloud.withheld == 0], return_counts=True))}})
    return out


def get(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def tile_points(bytes_):
    """Positions with y up (64 bits, node applied), colours, classes, intensities and returns of a GLB."""
    magic, version, length, size, kind = struct.unpack_from("<4sIII4s", bytes_)
    assert (magic, version, kind, length) == (b"glTF", 2, b"JSON", len(bytes_))
    document = json.loads(bytes_[20 : 20 + size])
    binary = bytes_[28 + size :]
    assert len(document["meshes"]) == 1 and len(document["meshes"][0]["primitives"]) == 1
    primitive = document["meshes"][0]["primitives"][0]
    assert primitive["mode"] == 0 and "indices" not in primitive

    def read(name):
        accessor = document["accessors"][primitive["attributes"][name]]
        view = document["bufferViews"][accessor["bufferView"]]
        parts = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}[accessor["type"]]
        base = {5121: "u1", 5123: "<u2", 5126: "<f4"}[accessor["componentType"]]
        step, start = view["byteStride"], view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        assert start % 4 == 0 and step % 4 == 0
        # What is not of this attribute is masked by its own strides.
        count = accessor["count"]
        array = np.ndarray((count, parts), base, binary, start, (step, np.dtype(base).itemsize)).copy()
        if "min" in accessor:
            assert np.allclose(array.min(0), accessor["min"], atol=0) and np.allclose(array.max(0), accessor["max"], atol=0)
        return array

    node = document["nodes"][document["scenes"][0]["nodes"][0]]
    positions = read("POSITION").astype("float64") + np.array(node.get("translation", [0, 0, 0]))
    return positions, read("COLOR_0"), read("_CLASSIFICATION")[:, 0], read("_INTENSITY")[:, 0], read("_RETURNS")


def by_bits(url):
    """The contents of an implicit octree (OGC 22-025r4 §7), by their URIs: depth, box of their place, box they are told to have."""
    document = json.loads(get(f"{url}?tiling=implicit"))
    outer = document["root"]
    [root] = outer["children"]
    assert outer["refine"] == root["refine"] == "ADD" and root["geometricError"] <= outer["geometricError"]
    tiling, whole = root["implicitTiling"], np.array(root["boundingVolume"]["box"])
    assert tiling["subdivisionScheme"] == "OCTREE" and "content" not in outer
    levels, named = tiling["subtreeLevels"], lambda template, at: template.format(level=at[0], x=at[1], y=at[2], z=at[3])
    nodes, contents, deepest = (8**levels - 1) // 7, {}, 0

    def below(at, number, depth):
        bits = [(number >> (3 * (depth - 1 - k))) & 7 for k in range(depth)]
        for bit in bits:
            at = (at[0] + 1, 2 * at[1] + (bit & 1), 2 * at[2] + (bit >> 1 & 1), 2 * at[3] + (bit >> 2 & 1))
        return at

    def implied(at):
        half = whole[[3, 7, 11]] / 2 ** at[0]
        return whole[:3] - whole[[3, 7, 11]] + (2 * np.array(at[1:]) + 1) * half, half

    waiting = [((0, 0, 0, 0), (outer["geometricError"], None))]
    while waiting:
        root_at, above = waiting.pop()
        data = get(f"{url.rsplit('/', 1)[0]}/{named(tiling['subtrees']['uri'], root_at)}")
        magic, version, size, rest = struct.unpack_from("<4sIQQ", data)
        assert (magic, version, 24 + size + rest) == (b"subt", 1, len(data))
        subtree, binary = json.loads(data[24 : 24 + size]), data[24 + size :]

        def view(number):
            one = subtree["bufferViews"][number]
            return binary[one["byteOffset"] : one["byteOffset"] + one["byteLength"]]

        def bits(of, count):
            if "constant" in of:
                return np.full(count, bool(of["constant"]))
            return np.unpackbits(np.frombuffer(view(of["bitstream"]), "u1"), bitorder="little")[:count].astype(bool)

        def column(number, name, width):
            values = subtree["propertyTables"][number]["properties"][name]["values"]
            return np.frombuffer(view(values), "<f8").reshape(-1, width)

        there = bits(subtree["tileAvailability"], nodes)
        drawn = bits(subtree["contentAvailability"][0], nodes)
        more = bits(subtree["childSubtreeAvailability"], 8**levels)
        errors, boxes = column(subtree["tileMetadata"], "error", 1)[:, 0], column(subtree["tileMetadata"], "bounds", 12)
        own = column(subtree["contentMetadata"][0], "bounds", 12) if drawn.any() else []
        assert len(errors) == there.sum() and len(own) == drawn.sum() and not (drawn & ~there).any()
        told = {}
        for depth in range(levels):
            first = (8**depth - 1) // 7
            for number in np.flatnonzero(there[first : first + 8**depth]):
                row, at = there[: first + number].sum(), below(root_at, int(number), depth)
                error, box = errors[row], boxes[row]
                over = above if depth == 0 else told[(8 ** (depth - 1) - 1) // 7 + number // 8]
                assert error <= over[0], "errors grow downwards"
                if over[1] is not None:
                    assert (np.abs(box[:3] - over[1][:3]) + box[[3, 7, 11]] <= over[1][[3, 7, 11]] + 1e-6).all()
                told[first + number] = (error, box)
                deepest = max(deepest, at[0] + 1)
                last = depth + 1 == levels
                parts = more[8 * number : 8 * number + 8] if last else there[(8 ** (depth + 1) - 1) // 7 + 8 * number :][:8]
                assert parts.any() == (error > 0)
                if drawn[first + number]:
                    contents[named(root["content"]["uri"], at)] = (*implied(at), own[drawn[: first + number].sum()], box)
                if last:
                    waiting += [(below(at, k, 1), told[first + number]) for k in np.flatnonzero(parts)]
    assert deepest == tiling["availableLevels"]
    return contents


def compare(file, url, crs, up):
    cloud = laspy.read(file)
    keep = np.asarray(cloud.withheld) == 0
    lon, lat = Transformer.from_crs(int(crs), 4326, always_xy=True).transform(np.asarray(cloud.x)[keep], np.asarray(cloud.y)[keep])
    factor = 0.3048 if any(v.record_id == 34735 and b"\x03\x10" in v.record_data_bytes() for v in cloud.header.vlrs) else 1.0
    heights = np.asarray(cloud.z)[keep] * factor + float(up)
    truth = np.column_stack(Transformer.from_crs(4979, 4978, always_xy=True).transform(lon, lat, heights))
    key = (np.asarray(cloud.intensity)[keep].astype("int64") | np.asarray(cloud.return_number)[keep].astype("int64") << 16)
    order = np.argsort(key)
    base = url.rsplit("/", 1)[0]
    tileset = json.loads(get(url))
    assert tileset["asset"]["version"] == "1.1" and tileset["root"]["refine"] == "ADD"
    transform = np.array(tileset["root"]["transform"]).reshape(4, 4).T
    largest, tiles, found, bits, named = 0, 0, [], by_bits(url), set()

    def walk(tile, error):
        nonlocal largest, tiles
        assert tile["geometricError"] <= error, "errors grow downwards"
        assert bool(tile.get("children")) == (tile["geometricError"] > 0)
        own = np.zeros((0, 3))
        if "content" in tile:
            positions, *others = tile_points(get(f"{base}/{tile['content']['uri']}"))
            own = np.column_stack([positions[:, 0], -positions[:, 2], positions[:, 1]])
            found.append((own, *others))
            # The same content told by bits, in the cube of its place and in the boxes that it is told to have.
            uri = tile["content"]["uri"]
            assert uri not in named, "told twice"
            named.add(uri)
            middle, half, content, box = bits[uri]
            assert (np.abs(own - middle) <= half).all(), "a point outside its cube"
            for one in (content, box):
                assert (np.abs(own - one[:3]) <= one[[3, 7, 11]]).all(), "a point outside the box that is told"
            tiles, largest = tiles + 1, max(largest, len(own))
        every = np.vstack([own] + [walk(child, tile["geometricError"]) for child in tile.get("children", [])])
        box = np.array(tile["boundingVolume"]["box"])
        assert np.count_nonzero(box[3:].reshape(3, 3) - np.diag(np.diag(box[3:].reshape(3, 3)))) == 0
        assert (np.abs(every - box[:3]) <= np.diag(box[3:].reshape(3, 3))).all(), "a point outside its tile's box"
        return every

    every = walk(tileset["root"], tileset["geometricError"])
    assert named == set(bits), "the same contents both ways"
    places, colours, classes, intensities, returns = (np.concatenate([f[k] for f in found]) for k in range(5))
    # The root's own are spread over all: where the whole has points, so has the root.
    first = found[0][0]
    low, high = every.min(0)[:2], every.max(0)[:2]
    cells = lambda p: {tuple(c) for c in np.minimum((p[:, :2] - low) / (high - low) * 8, 7).astype(int)}
    even = cells(first) == cells(every)
    mine = intensities.astype("int64") | returns[:, 0].astype("int64") << 16
    sort = np.argsort(mine)
    once = len(mine) == len(key) and bool((mine[sort] == key[order]).all()) and len(np.unique(mine)) == len(mine)
    ecef = (np.column_stack([places, np.ones(len(places))]) @ transform.T)[:, :3]
    worst = float(np.linalg.norm(ecef[sort] - truth[order], axis=1).max()) if once else None
    same = once and bool((classes[sort] == np.asarray(cloud.classification)[keep][order]).all() and (returns[:, 1] == np.asarray(cloud.number_of_returns)[keep][order][0]).all())
    names = set(cloud.point_format.dimension_names)
    exact = None
    if "red" in names and once:
        level = colours[sort][:, :3] / 65535.0
        mine_rgb = np.round(np.where(level <= 0.0031308, level * 12.92, 1.055 * np.power(level, 1 / 2.4) - 0.055) * 255)
        rgb = np.column_stack([np.asarray(cloud[c])[keep] for c in ("red", "green", "blue")])
        exact = bool((mine_rgb == (rgb if rgb.max() <= 255 else rgb >> 8)[order]).all())
    return {"points": len(mine), "once": once, "worst": worst, "same": same, "colours": exact, "tiles": tiles, "largest": largest, "even": even}


if __name__ == "__main__":
    print(json.dumps(write(sys.argv[2]) if sys.argv[1] == "write" else compare(*sys.argv[2:6])))
