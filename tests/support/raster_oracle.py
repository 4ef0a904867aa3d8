"""Writes rasters with GDAL (rasterio) and says what heights must come out of them, by numpy and pyproj; reads terrain tiles by the
text of quantized-mesh 1.0. Prints one JSON document.

    raster_oracle.py write DIR                     files of many forms in DIR, each with places and their heights
    raster_oracle.py terrain URL FILE CRS OFFSET   every finest tile over FILE of the layer at URL, checked; FILE's heights plus OFFSET
    raster_oracle.py pictures DIR                  pictures of many forms in DIR
    raster_oracle.py imagery URL FILE CLOSE        tiles of the picture at URL against FILE; colours may differ by CLOSE
    raster_oracle.py heights FILE CRS N            N places in FILE with their heights
"""
import gzip, json, math, struct, sys, urllib.request
import numpy as np
import rasterio
from pyproj import Transformer
from rasterio.crs import CRS
from rasterio.transform import from_origin

RANDOM = np.random.default_rng(7)


def bilinear(data, col, row):
    """Between the middles of four pixels; a pixel without a value has no part; nothing where the nearest has none."""
    rows, cols = data.shape
    if not (0 <= col <= cols and 0 <= row <= rows):
        return None
    c, r = min(max(col - 0.5, 0), cols - 1), min(max(row - 0.5, 0), rows - 1)
    c0, r0 = int(math.floor(c)), int(math.floor(r))
    total = weight = 0.0
    near = (c0 + (1 if c - c0 >= 0.5 else 0), r0 + (1 if r - r0 >= 0.5 else 0))
    if math.isnan(data[near[1], near[0]]):
        return None
    for dc in (0, 1):
        for dr in (0, 1):
            w = (c - c0 if dc else 1 - (c - c0)) * (r - r0 if dr else 1 - (r - r0))
            if w > 0 and not math.isnan(data[r0 + dr, c0 + dc]):
                total += w * float(data[r0 + dr, c0 + dc])
                weight += w
    return total / weight


def load(file):
    with rasterio.open(file) as source:
        data = source.read(1).astype("float64") * source.scales[0] + source.offsets[0]
        raw = source.read(1)
        if source.nodata is not None:
            void = np.isnan(raw) if isinstance(source.nodata, float) and math.isnan(source.nodata) else raw == source.nodata
            data[void] = np.nan
        data[np.isnan(data)] = np.nan
        return data, source.transform, source.crs


def places(file, crs, count):
    data, transform, own = load(file)
    rows, cols = data.shape
    back = Transformer.from_crs(crs or own.to_wkt(), "EPSG:4326", always_xy=True)
    uv = np.column_stack([RANDOM.uniform(0, cols, count), RANDOM.uniform(0, rows, count)]).tolist()
    uv += [[0.2, 0.3], [cols - 0.3, rows - 0.1], [cols / 2, rows / 2], [-2.0, 5.0], [cols + 1.0, rows / 2], [3.0, rows + 2.0]]
    out = []
    for u, v in uv:
        x, y = transform * (u, v)
        lon, lat = back.transform(x, y)
        out.append([lon, lat, bilinear(data, u, v)])
    return out


def surface(rows, cols):
    y, x = np.mgrid[0:rows, 0:cols]
    return 120 + 60 * np.sin(x / 17.0) * np.cos(y / 23.0) + 0.35 * x - 0.2 * y


def write(folder):
    made = []

    def one(name, dtype="float32", epsg=32632, size=(150, 170), step=10.0, corner=(465000.0, 5247000.0), area="Area", nodata=None,
            holes=False, bands=1, args=(), add=0.0, tags=None, **options):
        rows, cols = size
        data = surface(rows, cols) + add
        if np.dtype(dtype).kind in "iu":
            data = np.round(data)
        if holes:
            data[40:60, 30:70] = nodata
            data[0, 0] = nodata
        file = f"{folder}/{name}.tif"
        profile = dict(driver="GTiff", height=rows, width=cols, count=bands, dtype=dtype, nodata=nodata,
                       crs=CRS.from_user_input(f"EPSG:{epsg}") if epsg else None,
                       transform=from_origin(corner[0], corner[1], step, step), **options)
        with rasterio.open(file, "w", **profile) as out:
            for band in range(bands):
                out.write((data + band * 1000).astype(dtype), band + 1)
            out.update_tags(AREA_OR_POINT=area, **(tags or {}))
            if "scale" in (tags or {}):
                out.scales, out.offsets = [float(tags["scale"])], [float(tags["offset"])]
        made.append(dict(file=file, args=list(args), places=places(file, None if epsg else "EPSG:32632", 40)))

    one("plain")
    one("float64-tiled-deflate-3", "float64", tiled=True, blockxsize=64, blockysize=32, compress="deflate", predictor=3)
    one("float32-lzw-2", "float32", compress="lzw", predictor=2)
    one("float32-lzw-3", "float32", tiled=True, blockxsize=32, blockysize=64, compress="lzw", predictor=3)
    one("int16-void", "int16", nodata=-9999, holes=True, compress="deflate", predictor=2)
    one("float-void", "float32", nodata=-3.4028234663852886e38, holes=True)
    one("nan-void", "float32", nodata=float("nan"), holes=True, tiled=True, blockxsize=128, blockysize=128)
    one("uint16", "uint16")
    one("int32", "int32", compress="packbits")
    one("uint32", "uint32")
    one("int8-as-terrain", "int8", add=-110.0, size=(60, 60))
    one("uint8-as-terrain", "uint8", args=["--as", "terrain"], size=(60, 60))
    one("big", "float32", BIGTIFF="YES", tiled=True, blockxsize=64, blockysize=64, compress="deflate")
    one("big-endian", "float32", ENDIANNESS="BIG")
    one("point", "float32", area="Point")
    one("two-bands", "float32", bands=2, interleave="band")
    one("two-bands-pixel", "int16", bands=2, interleave="pixel")
    one("scaled", "int16", tags=dict(scale="0.5", offset="3.25"))
    one("degrees", "float32", epsg=4326, step=0.0002, corner=(8.50, 47.40))
    one("mercator", "float32", epsg=3857, corner=(950000.0, 6000000.0))
    one("no-crs", "float32", epsg=None, args=["--crs", "EPSG:32632"])
    one("strips-of-one-row", "float32", blockysize=1)
    one("wide", "float32", size=(40, 3000), step=2.0)
    return made


def decode(bytes_):
    """Quantized-mesh 1.0, by its text."""
    at = 0

    def take(form):
        nonlocal at
        out = struct.unpack_from("<" + form, bytes_, at)
        at += struct.calcsize("<" + form)
        return out

    tile = dict(centre=take("3d"), low=take("f")[0], high=0.0)
    tile["high"] = take("f")[0]
    tile["sphere"], tile["radius"], tile["occlusion"] = take("3d"), take("d")[0], take("3d")
    count = take("I")[0]

    def zigzag():
        codes, value, out = take(f"{count}H"), 0, []
        for code in codes:
            value += (code >> 1) ^ -(code & 1)
            out.append(value)
        return np.array(out)

    u, v, h = zigzag(), zigzag(), zigzag()
    assert count <= 65536
    triangles = take("I")[0]
    high, indices = 0, []
    for code in take(f"{3 * triangles}H"):
        indices.append(high - code)
        high += code == 0
    tile.update(u=u, v=v, h=h, triangles=np.array(indices).reshape(-1, 3))
    tile["edges"] = [take(f"{take('I')[0]}H") for _ in range(4)]
    tile["extensions"] = {}
    while at < len(bytes_):
        kind, length = take("B")[0], take("I")[0]
        tile["extensions"][kind] = bytes_[at:at + length]
        at += length
    return tile


def get(url):
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip", "Accept": "application/vnd.quantized-mesh,*/*;q=0.1"})
    with urllib.request.urlopen(request) as answer:
        body = answer.read()
        assert answer.headers["Content-Encoding"] == "gzip" or len(body) < 100, "not compressed"
        return gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body


def terrain(url, file, crs, offset):
    layer = json.loads(get(f"{url}/layer.json"))
    data, transform, own = load(file)
    way = Transformer.from_crs("EPSG:4326", crs or own.to_wkt(), always_xy=True)
    ecef = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    wrong, result = [], dict(tiles=0, vertices=0, triangles=0, worst_vertex=0.0, worst_error=0.0, allowed=0.0, bytes=0)
    z = layer["maxzoom"]
    box = layer["available"][z][0]
    expected = 77067.33977995271 / 2**z
    result["allowed"], result["level"] = expected, z
    tiles = {}
    for x in range(box["startX"], box["endX"] + 1):
        for y in range(box["startY"], box["endY"] + 1):
            if len(tiles) >= 24:
                continue
            body = get(f"{url}/" + layer["tiles"][0].format(z=z, x=x, y=y, version=layer["version"]))
            tile = tiles[x, y] = decode(body)
            result["bytes"] += len(body)
    edge = 180 / 2**z

    def ground(lon, lat):
        col, row = ~transform * way.transform(lon, lat)
        found = bilinear(data, col, row)
        return 0.0 if found is None else found + offset

    for (x, y), tile in tiles.items():
        result["tiles"] += 1
        west, south = x * edge - 180, y * edge - 90
        lon, lat = west + tile["u"] / 32767 * edge, south + tile["v"] / 32767 * edge
        height = tile["low"] + tile["h"] / 32767 * (tile["high"] - tile["low"])
        result["vertices"] += len(lon)
        result["triangles"] += len(tile["triangles"])
        # Vertices lie on posts, of which u and v are rounded: at the post itself the height is the raster's.
        posts = [(west + round(u * 64 / 32767) / 64 * edge, south + round(v * 64 / 32767) / 64 * edge) for u, v in zip(tile["u"], tile["v"])]
        quantum = (tile["high"] - tile["low"]) / 32767
        for (plon, plat), h in zip(posts, height):
            off = abs(ground(plon, plat) - h) - quantum
            # On the raster's own edge a rounding decides whether there is ground.
            col, row = ~transform * way.transform(plon, plat)
            if min(abs(col), abs(row), abs(col - data.shape[1]), abs(row - data.shape[0])) > 1e-6:
                result["worst_vertex"] = max(result["worst_vertex"], off)
        # All other posts are within the level's error of the mesh.
        grid = np.full((65, 65), np.nan)
        for a, b, c in tile["triangles"]:
            p = np.array([[tile["u"][k] * 64 / 32767, tile["v"][k] * 64 / 32767, height[k]] for k in (a, b, c)])
            area = (p[1, 0] - p[0, 0]) * (p[2, 1] - p[0, 1]) - (p[2, 0] - p[0, 0]) * (p[1, 1] - p[0, 1])
            if area <= 0:
                wrong.append(f"{z}/{x}/{y}: a triangle is clockwise")
            q = np.round(p[:, :2]).astype(int)
            for i in range(q[:, 0].min(), q[:, 0].max() + 1):
                for j in range(q[:, 1].min(), q[:, 1].max() + 1):
                    s = ((i - q[0, 0]) * (q[2, 1] - q[0, 1]) - (q[2, 0] - q[0, 0]) * (j - q[0, 1])) / round(area)
                    t = ((q[1, 0] - q[0, 0]) * (j - q[0, 1]) - (i - q[0, 0]) * (q[1, 1] - q[0, 1])) / round(area)
                    if s >= 0 and t >= 0 and s + t <= 1:
                        grid[j, i] = p[0, 2] + s * (p[1, 2] - p[0, 2]) + t * (p[2, 2] - p[0, 2])
        if np.isnan(grid).any():
            wrong.append(f"{z}/{x}/{y}: the triangles leave a hole")
        for j in range(0, 65, 3):
            for i in range(0, 65, 3):
                result["worst_error"] = max(result["worst_error"], abs(grid[j, i] - ground(west + i / 64 * edge, south + j / 64 * edge)) - quantum)
        points = np.column_stack(ecef.transform(lon, lat, height))
        far = np.linalg.norm(points - np.array(tile["sphere"]), axis=1).max()
        # u and v are rounded to 1/32767 of the edge.
        if far > tile["radius"] * (1 + 1e-3) + 1 or tile["radius"] > far * 1.01 + 1:
            wrong.append(f"{z}/{x}/{y}: the sphere has {tile['radius']}, the farthest vertex is {far} away")
        radii = np.array([6378137.0, 6378137.0, 6356752.314245179])
        hidden = np.array(tile["occlusion"])
        if not hidden_after_all(points / radii, hidden):
            wrong.append(f"{z}/{x}/{y}: the horizon hides the point before the tile")
        normals = np.frombuffer(tile["extensions"].get(1, b""), np.uint8).reshape(-1, 2)
        if len(normals) != len(lon):
            wrong.append(f"{z}/{x}/{y}: {len(normals)} normals")
        up = points / np.linalg.norm(points, axis=1)[:, None]
        if (np.sum(unpack(normals) * up, axis=1) < 0.2).any():
            wrong.append(f"{z}/{x}/{y}: a normal points down")
        for side, (axis, at) in enumerate([("u", 0), ("v", 0), ("u", 32767), ("v", 32767)]):
            along = tile["v" if axis == "u" else "u"][list(tile["edges"][side])]
            if (tile[axis][list(tile["edges"][side])] != at).any() or len(along) != 65 or (np.diff(along) <= 0).any():
                wrong.append(f"{z}/{x}/{y}: edge {side}")
        for dx, dy, own_side, other_side in [(1, 0, 2, 0), (0, 1, 3, 1)]:
            other = tiles.get((x + dx, y + dy))
            if other is None:
                continue
            def heights(of, side):
                return of["low"] + of["h"][list(of["edges"][side])] / 32767 * (of["high"] - of["low"])
            gap = np.abs(heights(tile, own_side) - heights(other, other_side)).max()
            if gap > (tile["high"] - tile["low"] + other["high"] - other["low"]) / 32767 / 2 + 1e-4:
                wrong.append(f"{z}/{x}/{y}: a gap of {gap} m")
    return dict(result, wrong=wrong[:20], layer=layer["format"])


def unpack(codes):
    """Directions from two bytes."""
    xy = codes / 255 * 2 - 1
    z = 1 - np.abs(xy).sum(axis=1)
    folded = (1 - np.abs(xy[:, ::-1])) * np.where(xy >= 0, 1, -1)
    out = np.column_stack([np.where(z[:, None] < 0, folded, xy), z])
    return out / np.linalg.norm(out, axis=1)[:, None]


def hidden_after_all(points, occluder):
    """Wherever the occluder is below the horizon of a viewer, all points are: tried with viewers all around."""
    views = RANDOM.normal(size=(4000, 3))
    views = views / np.linalg.norm(views, axis=1)[:, None] * RANDOM.uniform(1.001, 3, (4000, 1))

    def hidden(view, point):
        to = point - view
        horizon = view @ view - 1
        ahead = -(to @ view)
        return ahead > horizon and ahead * ahead / (to @ to) > horizon

    some = points[:: max(1, len(points) // 30)]
    return all(all(hidden(view, p) for p in some) for view in views if hidden(view, occluder))


def pictures(folder):
    """Pictures of many forms; every pixel has a colour of its own."""
    made = []

    def one(name, bands=3, dtype="uint8", epsg=32632, size=(300, 330), step=0.5, corner=(465000.0, 5247000.0), nodata=None, hole=False,
            colormap=None, colorinterp=None, close=0, **options):
        rows, cols = size
        y, x = np.mgrid[0:rows, 0:cols]
        data = [x % 251, y % 241, (x // 251) * 40 + (y // 241) * 90 + 20, np.where((x + y) % 97 < 5, 0, 255)][:bands]
        if close:
            data = [128 + 60 * np.sin(x / 40.0), 128 + 60 * np.cos(y / 37.0), 90 + x / 5.0]
        if hole:
            data = [np.where((x > 40) & (x < 90) & (y > 50) & (y < 80), nodata, np.maximum(band, 1)) for band in data]
        if dtype == "uint16":
            data = [band * 257 for band in data]
        file = f"{folder}/{name}.tif"
        with rasterio.open(file, "w", driver="GTiff", height=rows, width=cols, count=bands, dtype=dtype, nodata=nodata,
                           crs=CRS.from_epsg(epsg), transform=from_origin(corner[0], corner[1], step, step), **options) as out:
            out.write(np.stack(data).astype(dtype))
            if colormap:
                out.write_colormap(1, colormap)
        made.append(dict(file=file, close=close))

    one("rgb", photometric="RGB")
    one("rgb-tiled-deflate", tiled=True, blockxsize=64, blockysize=64, compress="deflate", predictor=2, photometric="RGB")
    one("rgb-bands-apart", interleave="band", compress="lzw", photometric="RGB")
    one("rgba", bands=4, photometric="RGB", alpha="YES")
    one("grey", bands=1)
    one("grey-void", bands=1, nodata=0, hole=True)
    one("rgb-void", nodata=0, hole=True, photometric="RGB")
    one("rgb-16", dtype="uint16", photometric="RGB")
    one("palette", bands=1, colormap={k: (k, 255 - k, (k * 7) % 256, 255) for k in range(256)})
    one("many-bands", bands=4, photometric="MINISBLACK")
    one("degrees", epsg=4326, step=0.00001, corner=(8.50, 47.40), photometric="RGB")
    one("mercator", epsg=3857, corner=(950000.0, 6000000.0), photometric="RGB")
    one("jpeg", close=9, compress="jpeg", photometric="YCBCR", tiled=True, blockxsize=128, blockysize=128, JPEG_QUALITY=95)
    one("jpeg-rgb", close=9, compress="jpeg", photometric="RGB", JPEG_QUALITY=95)
    return made


def colours(file):
    """Red, green, blue, alpha as GDAL has them."""
    with rasterio.open(file) as source:
        bands = source.read().astype(float)
        if source.dtypes[0] == "uint16":
            bands = np.round(bands / 257)
        try:
            table = source.colormap(1)
            rgb = np.array([table[k][:3] for k in range(256)])[source.read(1)].transpose(2, 0, 1)
        except ValueError:
            rgb = bands[:3] if source.count >= 3 else np.repeat(bands[:1], 3, axis=0)
        alpha = np.full(rgb.shape[1:], 255.0)
        if source.nodata is not None:
            alpha[(source.read()[:3] == source.nodata).all(axis=0)] = 0
        if source.colorinterp[-1] == rasterio.enums.ColorInterp.alpha:
            alpha = bands[-1]
        return np.concatenate([rgb, alpha[None]]).transpose(1, 2, 0), source.transform, source.crs


def imagery(url, file, close):
    """Every finest tile over the picture, and one of every coarser level, against GDAL's pixels where pyproj puts them."""
    from rasterio.io import MemoryFile
    def fetch(address):
        with urllib.request.urlopen(address) as answer:
            return answer.read()

    about = json.loads(fetch(url))
    data, transform, crs = colours(file)
    rows, cols = data.shape[:2]
    way = Transformer.from_crs("EPSG:3857", crs.to_wkt(), always_xy=True)
    z = about["maxzoom"]
    west, south, east, north = about["bounds"]
    result = dict(tiles=0, inside=0, exact=0, wrong=[], levels=[about["minzoom"], z])

    def number(lon, lat, z):
        n = 2**z
        return (lon + 180) / 360 * n, (1 - math.log(math.tan(math.radians(lat)) + 1 / math.cos(math.radians(lat))) / math.pi) / 2 * n

    def tile(z, x, y):
        body = fetch(about["tiles"][0].format(z=z, x=x, y=y))
        with MemoryFile(body) as memory, memory.open() as source:
            return source.read().transpose(1, 2, 0).astype(float)

    (x0, y0), (x1, y1) = number(west, north, z), number(east, south, z)
    for x in range(int(x0), int(x1) + 1):
        for y in range(int(y0), int(y1) + 1):
            if result["tiles"] >= 9:
                continue
            seen = tile(z, x, y)
            result["tiles"] += 1
            edge = 2 * 20037508.342789244 / 2**z
            i, j = np.meshgrid((x + (np.arange(256) + 0.5) / 256) * edge - 20037508.342789244,
                               20037508.342789244 - (y + (np.arange(256) + 0.5) / 256) * edge)
            sx, sy = way.transform(i.ravel(), j.ravel())
            u, v = ~transform * (np.array(sx), np.array(sy))
            u, v, seen = u.reshape(256, 256), v.reshape(256, 256), seen
            inside = (u >= 1) & (v >= 1) & (u < cols - 1) & (v < rows - 1)
            outside = (u < -1) | (v < -1) | (u > cols + 1) | (v > rows + 1)
            if (seen[outside][:, 3] != 0).any():
                result["wrong"].append(f"{z}/{x}/{y}: not transparent outside")
            def same(du, dv):
                expected = data[np.clip(np.floor(v).astype(int) + dv, 0, rows - 1), np.clip(np.floor(u).astype(int) + du, 0, cols - 1)]
                both_void = (expected[..., 3] == 0) & (seen[..., 3] == 0)
                return (np.abs(expected - seen) <= close).all(axis=2) | both_void
            exact = same(0, 0)
            near = np.any([same(du, dv) for du in (-1, 0, 1) for dv in (-1, 0, 1)], axis=0)
            result["inside"] += int(inside.sum())
            result["exact"] += int((exact & inside).sum())
            if not near[inside].all():
                result["wrong"].append(f"{z}/{x}/{y}: {int((~near & inside).sum())} pixels are of no neighbour")
    for coarse in range(z):
        x, y = number((west + east) / 2, (south + north) / 2, coarse)
        seen = tile(coarse, int(x), int(y))
        share = (seen[..., 3] > 0).mean()
        expected = min(1.0, (x1 - x0) * (y1 - y0) / 4.0 ** (z - coarse))
        if abs(share - expected) > 0.35 + 0.3 * expected and coarse > about["minzoom"] + 1:
            result["wrong"].append(f"level {coarse}: {share} of a tile is painted, not {expected}")
    return result


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "pictures":
        print(json.dumps(pictures(*rest)))
    if command == "imagery":
        print(json.dumps(imagery(rest[0], rest[1], float(rest[2]))))
    if command == "write":
        print(json.dumps(write(*rest)))
    elif command == "heights":
        print(json.dumps(places(rest[0], rest[1] or None, int(rest[2]))))
    elif command == "terrain":
        print(json.dumps(terrain(rest[0], rest[1], rest[2] or None, float(rest[3]))))
