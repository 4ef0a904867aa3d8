"""Vector files by GDAL (pyogrio), which knows nothing of the readers that they are for.

convert IN.geojson DIR   the features of a GeoJSON as SHP, GPKG and FGB
make DIR                 small files of every shape, type of value, encoding and CRS
read FILE [LAYER]        what GDAL finds in a file, as JSON
place DIR                a point in a system without a code, and where PROJ puts it
osm DIR                  an extract by libosmium
xlsx DIR                 a workbook by openpyxl
"""

import json
import sys
from pathlib import Path

import numpy as np
import pyogrio.raw as raw
import shapely

DRIVERS = [("shp", "ESRI Shapefile"), ("gpkg", "GPKG"), ("fgb", "FlatGeobuf")]


def write(path, shapes, fields, kind, crs, driver, **more):
    names = list(fields)
    data = [np.asarray(v) for v in fields.values()]
    wkb = np.array([None if s is None else shapely.to_wkb(s, flavor="iso") for s in shapes], dtype=object)
    raw.write(str(path), wkb, data, names, geometry_type=kind, crs=crs, driver=driver, promote_to_multi=False, **more)


def convert(source, folder):
    meta, _, wkb, data = raw.read(source)
    for ending, driver in DRIVERS:
        more = {"encoding": "UTF-8"} if ending == "shp" else {}
        raw.write(str(folder / f"same.{ending}"), wkb, data, meta["fields"], geometry_type=meta["geometry_type"],
                  crs=meta["crs"], driver=driver, promote_to_multi=False, **more)


def texts(*values):
    return np.array(values, dtype=object)


def make(folder):
    box = shapely.box(0, 0, 10, 10)
    hole = shapely.Polygon(box.exterior, [shapely.box(2, 2, 4, 4).exterior])
    two = shapely.MultiPolygon([hole, shapely.box(20, 0, 30, 10)])
    at = [500_000.0, 3_540_000.0, 0.0]
    moved = lambda s: shapely.transform(s, lambda c: c + at[: c.shape[1]], include_z=s.has_z)
    kinds = {
        "Point": shapely.Point(1, 2), "PointZ": shapely.Point(1, 2, 3),
        "LineString": shapely.LineString([(0, 0), (5, 5), (9, 0)]),
        "LineStringZ": shapely.LineString([(0, 0, 1), (5, 5, 2)]),
        "MultiPointZ": shapely.MultiPoint([(0, 0, 1), (5, 5, 2)]),
        "MultiLineString": shapely.MultiLineString([[(0, 0), (1, 1)], [(5, 5), (6, 7)]]),
        "Polygon": hole, "MultiPolygon": two,
        "PolygonZ": shapely.Polygon([(0, 0, 7), (10, 0, 7), (10, 10, 7), (0, 10, 7)]),
    }
    for kind, shape in kinds.items():
        name = kind.replace("Z", " Z") if kind.endswith("Z") else kind
        for ending, driver in DRIVERS:
            if ending == "shp" and kind.startswith("Multi") and kind != "MultiPointZ":
                name_of = kind.removeprefix("Multi")
            else:
                name_of = name
            write(folder / f"{kind}.{ending}", [moved(shape)], {"id": texts("a")}, name_of, "EPSG:4549", driver)
    fields = {
        "id": texts("a", "b"), "名称": texts("一号楼", None), "count": np.array([7, -1], dtype="int64"),
        "height": np.array([30.5, np.nan]), "built": np.array(["2024-03-05", "NaT"], dtype="datetime64[D]"),
        "code": texts("0012", "12"), "public": np.array([True, False]),
    }
    for ending, driver in DRIVERS:
        more = {"shp": {"encoding": "UTF-8"}, "fgb": {"SPATIAL_INDEX": "NO"}}.get(ending, {})
        write(folder / f"values.{ending}", [moved(box), None], fields, "Polygon", "EPSG:4549", driver, **more)
    write(folder / "gbk.shp", [shapely.Point(118.78, 32.04)], {"id": texts("楼1"), "地址": texts("南京市鼓楼区汉口路22号")},
          "Point", "EPSG:4490", "ESRI Shapefile", encoding="GBK")
    (folder / "gbk.cpg").unlink(missing_ok=True)
    table = (folder / "gbk.dbf").read_bytes()
    (folder / "gbk.dbf").write_bytes(table[:29] + b"\0" + table[30:])
    # Two layers in two systems, and a third without any.
    several = folder / "several.gpkg"
    write(several, [shapely.Point(118.78, 32.04)], {"word": texts("x")}, "Point", "EPSG:4490", "GPKG", layer="灯 \"杆\"")
    write(several, [moved(box)], {"height": np.array([9.0])}, "Polygon", "EPSG:4549", "GPKG", layer="houses", append=True)
    raw.write(str(several), None, [texts("p1"), np.array([3], dtype="int64")], ["id", "people"], driver="GPKG",
              layer="people", append=True, crs=None, geometry_type=None)


def read(path, layer=None):
    meta, fids, wkb, data = raw.read(path, layer=layer)
    rows = []
    for i, fid in enumerate(fids if fids is not None else range(len(data[0]))):
        values = {n: (None if v[i] is None or v[i] != v[i] else str(v[i])) for n, v in zip(meta["fields"], data)}
        shape = None if wkb is None or wkb[i] is None else shapely.from_wkb(wkb[i])
        rows.append({"values": values, "points": [] if shape is None else shapely.get_coordinates(shape, include_z=True).tolist()})
    print(json.dumps({"crs": meta["crs"], "rows": rows}).replace("NaN", "null"))


def place(folder):
    import pyproj

    crs = pyproj.CRS.from_wkt(pyproj.CRS.from_proj4("+proj=tmerc +lon_0=118.5 +k=1 +x_0=500000 +ellps=GRS80").to_wkt("WKT1_ESRI")
                              .replace("unknown", "Local_GK_118_5"))
    text = crs.to_wkt("WKT1_ESRI")
    start = text.index("GEOGCS[")
    china = pyproj.CRS.from_epsg(4490).to_wkt("WKT1_ESRI")
    text = text[:start] + china + text[text.index(",PROJECTION["):]
    at = (501_234.5, 3_540_000.25)
    for ending, driver in DRIVERS:
        write(folder / f"own-{ending}.{ending}", [shapely.Point(*at, 7.5)], {"id": texts(f"in-{ending}")}, "Point Z", text, driver)
    there = pyproj.Transformer.from_crs(pyproj.CRS.from_wkt(text), pyproj.CRS.from_epsg(4490), always_xy=True)
    print(json.dumps(there.transform(*at)))


def osm(folder):
    import osmium
    from osmium.osm.mutable import Node, Relation, Way

    with osmium.SimpleWriter(str(folder / "block.osm.pbf"), overwrite=True) as out:
        places = [(118.78, 32.04), (118.781, 32.04), (118.781, 32.041), (118.78, 32.041),
                  (118.7802, 32.0402), (118.7804, 32.0402), (118.7804, 32.0404), (118.7802, 32.0404)]
        for i, at in enumerate(places, 1):
            out.add_node(Node(id=i, location=at))
        out.add_node(Node(id=20, location=(118.7805, 32.0405), tags={"entrance": "main", "addr:housenumber": "22", "name": "东门"}))
        out.add_node(Node(id=21, location=(118.7806, 32.0405), tags={"place": "locality"}))
        out.add_way(Way(id=100, nodes=[1, 2, 3, 4, 1], tags={"building": "residential", "building:levels": "6", "name": "三号楼"}))
        out.add_way(Way(id=101, nodes=[5, 6, 7, 8, 5], tags={"building:part": "yes", "height": "30.5 m", "min_height": "18"}))
        out.add_way(Way(id=102, nodes=[1, 2, 99], tags={"highway": "residential"}))
        out.add_way(Way(id=103, nodes=[1, 3], tags={"highway": "footway", "surface": "asphalt"}))
        out.add_way(Way(id=104, nodes=[1, 2, 3]))
        out.add_way(Way(id=105, nodes=[3, 4, 1]))
        out.add_way(Way(id=106, nodes=[5, 6, 7, 8, 5]))
        out.add_way(Way(id=107, nodes=[1, 2], tags={"power": "line"}))
        water = {"type": "multipolygon", "natural": "water"}
        out.add_relation(Relation(id=200, tags=water, members=[("w", 104, "outer"), ("w", 106, "inner"), ("w", 105, "outer")]))
        out.add_relation(Relation(id=201, tags=water, members=[("w", 104, "outer")]))
        out.add_relation(Relation(id=202, tags=water, members=[("w", 999, "outer")]))
        out.add_relation(Relation(id=203, tags={"type": "building"}, members=[("w", 100, "outline"), ("w", 101, "part")]))


def xlsx(folder):
    import datetime

    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "房屋"
    sheet.append([])
    sheet.append(["房屋编码", "楼", "人数", "面积", "登记", "备注", None])
    sheet.append(["320106003001-3-2-1201", 3, 4, 98.5, datetime.date(2024, 3, 5), "=1+1", "x"])
    sheet.append(["320106003001-3-2-1202", 3, 0, None, datetime.datetime(2024, 3, 5, 8, 30), "#N/A"])
    sheet["F4"].data_type = "e"
    sheet.merge_cells("F2:G2")
    other = book.create_sheet("法人")
    other.append(["某社区法人登记表"])
    other.append(["id", "parent", "name"])
    other.append(["L1", "B003", "某公司"])
    book.save(folder / "houses.xlsx")


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    match command:
        case "convert":
            convert(rest[0], Path(rest[1]))
        case "make":
            make(Path(rest[0]))
        case "place":
            place(Path(rest[0]))
        case "osm":
            osm(Path(rest[0]))
        case "xlsx":
            xlsx(Path(rest[0]))
        case "read":
            read(*rest)
