// vector.mjs BASE COLLECTION QUERY ZOOM…: reads every vector tile of a collection at these levels as strangers do, with Mapbox's own
// reader, and holds them against the items that the same server tells, hexagons by Uber's own library; one JSON result.
import { VectorTile } from "@mapbox/vector-tile";
import { latLngToCell } from "h3-js";
import Pbf from "pbf";
import { report } from "./chromium.mjs";

const EXTENT = 4096;
const BUFFER = 64;
const OWN = ["class", "name", "collection", "storey", "height", "min_height", "resolution", "count", "values", "sum", "mean", "min", "max", "weight"];

/** Everything that is told of a collection, page by page. */
async function items(base, collection) {
  const found = [];
  for (let url = `${base}/collections/${collection}/items?limit=1000`; url; ) {
    const page = await (await fetch(url)).json();
    found.push(...page.features);
    url = page.links.find(({ rel }) => rel === "next")?.href;
  }
  return found;
}

/** Where a place is in the square of a level, in tiles (the formula of the OpenStreetMap wiki, "Slippy map tilenames"). */
function tileOf([lon, lat], zoom) {
  const across = 2 ** zoom;
  const phi = (lat * Math.PI) / 180;
  return [((lon + 180) / 360) * across, ((1 - Math.log(Math.tan(phi) + 1 / Math.cos(phi)) / Math.PI) / 2) * across];
}

/** Twice the signed area of a ring in tile units. */
const area = (ring) => ring.slice(0, -1).reduce((sum, { x, y }, i) => sum + x * ring[i + 1].y - ring[i + 1].x * y, 0);

/** What is not as the specification says it (§4.3.4, and one entry for each key and value). */
function flaws(layer, name) {
  const found = [];
  const wrong = (what) => found.push(`${name}: ${what}`);
  if (layer.version !== 2 || layer.extent !== EXTENT) wrong(`version ${layer.version}, extent ${layer.extent}`);
  const distinct = (list) => new Set(list.map((v) => `${typeof v}:${v}`)).size === list.length;
  if (!distinct(layer._keys) || !distinct(layer._values)) wrong("a key or a value is written twice");
  for (let i = 0; i < layer.length; i++) {
    const feature = layer.feature(i);
    const parts = feature.loadGeometry();
    const id = feature.properties.id;
    if (!Number.isSafeInteger(feature.id)) wrong(`${id} has the number ${feature.id}`);
    if (!parts.length) wrong(`${id} has no geometry`);
    for (const { x, y } of parts.flat()) if (Math.min(x, y) < -BUFFER - 8 || Math.max(x, y) > EXTENT + BUFFER + 8) wrong(`${id} leaves the tile: ${x} ${y}`);
    if (feature.type === 3) {
      if (!(area(parts[0]) > 0)) wrong(`${id} begins with no exterior ring`);
      for (const ring of parts) if (ring.length < 4 || area(ring) === 0) wrong(`${id} has a ring without an area`);
    }
    if (feature.type === 2 && parts.some((part) => part.length < 2)) wrong(`${id} has a line of one place`);
    if (feature.type === 1 && parts.some(([{ x, y }]) => Math.min(x, y) < 0 || Math.max(x, y) >= EXTENT)) wrong(`${id} is a point outside its tile`);
  }
  return found;
}

/** How far a place is from the nearest edge of a feature, in units. */
function fromEdge([px, py], parts) {
  const edges = parts.flatMap((part) => part.slice(1).map((end, i) => [part[i], end]));
  const from = ([a, b]) => {
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const along = Math.max(0, Math.min(1, ((px - a.x) * dx + (py - a.y) * dy) / (dx * dx + dy * dy || 1)));
    return Math.hypot(px - a.x - along * dx, py - a.y - along * dy);
  };
  return Math.min(...edges.map(from));
}

/** The farthest that a corner of an item within the tile is from the outline of its feature, in units. */
function deviation(feature, item, [zoom, row, col]) {
  const rings = { Polygon: (c) => c, MultiPolygon: (c) => c.flat() }[item.geometry?.type]?.(item.geometry.coordinates);
  if (!rings) return 0;
  const units = rings.flat().map((place) => tileOf(place, zoom).map((t, k) => (t - [col, row][k]) * EXTENT));
  const within = units.filter(([x, y]) => Math.min(x, y) >= 0 && Math.max(x, y) <= EXTENT);
  const parts = feature.loadGeometry();
  return Math.max(0, ...within.map((place) => fromEdge(place, parts)));
}

report(async () => {
  const [base, collection, query, ...zooms] = process.argv.slice(2);
  const told = new Map((await items(base, collection)).map((item) => [item.id, item]));
  const tileset = await (await fetch(`${base}/collections/${collection}/tiles/WebMercatorQuad?${query}`)).json();
  const template = tileset.links.find(({ rel, templated }) => rel === "item" && templated).href;
  const placed = [...told.values()].filter(({ bbox }) => bbox);
  const result = { items: told.size, placed: placed.length, levels: {} };
  for (const zoom of zooms.map(Number)) {
    const level = { tiles: 0, features: 0, bytes: 0, leftOut: 0, flaws: [], wrongPlace: [], contradict: [], deviation: 0 };
    const seen = new Map();
    const limits = tileset.tileMatrixSetLimits.find(({ tileMatrix }) => tileMatrix === String(zoom));
    for (let row = limits.minTileRow; row <= limits.maxTileRow; row++) {
      for (let col = limits.minTileCol; col <= limits.maxTileCol; col++) {
        const answer = await fetch(template.replace("{tileMatrix}", zoom).replace("{tileRow}", row).replace("{tileCol}", col));
        const bytes = new Uint8Array(await answer.arrayBuffer());
        if (!answer.ok) throw new Error(`${answer.status} ${answer.url}: ${new TextDecoder().decode(bytes)}`);
        level.tiles++;
        level.bytes = Math.max(level.bytes, bytes.length);
        level.leftOut += Number(answer.headers.get("cimbra-left-out") ?? 0);
        for (const [name, layer] of Object.entries(new VectorTile(new Pbf(bytes)).layers)) {
          level.flaws.push(...flaws(layer, `${zoom}/${row}/${col} ${name}`));
          for (let i = 0; i < layer.length; i++) {
            const feature = layer.feature(i);
            const { id, ...properties } = feature.properties;
            level.features++;
            // The same in every tile that shows it; only the source's attributes may be left out for want of room.
            const own = Object.entries(properties).filter(([name]) => OWN.includes(name));
            const says = JSON.stringify([feature.id, feature.type, Object.fromEntries(own)]);
            if ((seen.get(id) ?? says) !== says) level.contradict.push(`${id}: ${says} is not ${seen.get(id)}`);
            seen.set(id, says);
            const item = told.get(id);
            if (!item) continue;
            // A feature is only in tiles that its item's box meets, buffer and pixels included.
            const [west, south, , east, north] = item.bbox;
            const [[left, top], [right, bottom]] = [tileOf([west, north], zoom), tileOf([east, south], zoom)];
            const slack = (BUFFER + 8) / EXTENT;
            if (right < col - slack || left > col + 1 + slack || bottom < row - slack || top > row + 1 + slack) level.wrongPlace.push(`${id} in ${row}/${col}`);
            level.deviation = Math.max(level.deviation, deviation(feature, item, [zoom, row, col]));
          }
        }
      }
    }
    const all = [...seen.values()].map((says) => JSON.parse(says));
    const sum = (name) => all.reduce((sum, [, , properties]) => sum + (properties[name] ?? 0), 0);
    // What each hexagon must count, by Uber's own library: items whose box has its middle there.
    const expected = {};
    const [one] = all;
    if (one?.[2].count !== undefined) {
      for (const { bbox: [west, south, , east, north] } of placed) {
        const cell = latLngToCell((south + north) / 2, (west + east) / 2, one[2].resolution);
        expected[cell] = (expected[cell] ?? 0) + 1;
      }
      for (const cell of new Set([...Object.keys(expected), ...seen.keys()])) {
        const told = seen.has(cell) ? JSON.parse(seen.get(cell))[2].count : 0;
        if (told !== (expected[cell] ?? 0)) level.contradict.push(`${cell} counts ${told}, not ${expected[cell] ?? 0}`);
      }
    }
    const missing = placed.filter(({ id }) => !seen.has(id)).map(({ id }) => id);
    Object.assign(level, { distinct: seen.size, numbers: new Set(all.map(([number]) => number)).size, missing: missing.length, such: missing.slice(0, 5) });
    Object.assign(level, { count: sum("count"), values: sum("values"), sum: sum("sum"), weight: sum("weight") });
    for (const list of ["flaws", "wrongPlace", "contradict"]) level[list] = level[list].slice(0, 10);
    level.metres = (level.deviation * 40075016.686 * Math.cos((placed[0].bbox[1] * Math.PI) / 180)) / 2 ** zoom / EXTENT;
    result.levels[zoom] = level;
  }
  return result;
});
