// distance.mjs city|community URL FOLDER: an unmodified CesiumJS comes from 50 km to 50 m of a served city, or from 200 m of a served
// community into a flat and before a door there; each picture beside one of the same camera with every leaf loaded. One JSON result; the
// pictures are left in FOLDER.
import { writeFile } from "node:fs/promises";
import { host } from "./cesium.mjs";
import { open, report } from "./chromium.mjs";
import { Look } from "./look.mjs";

const [kind, base, folder] = process.argv.slice(2);
/** Metres. */
const RANGES = [50000, 20000, 8000, 3000, 1000, 400, 150, 50];

async function items(collection) {
  const { features } = await (await fetch(`${base}/collections/${collection}/items?limit=10000&skipGeometry=true`)).json();
  return features.filter(({ bbox }) => bbox);
}

const middle = ([west, south, low, east, north, high]) => [(west + east) / 2, (south + north) / 2, (low + high) / 2];

/** The city's views: of its highest building. */
async function city() {
  const [highest] = (await items("buildings")).sort((a, b) => b.bbox[5] - a.bbox[5]);
  const [x, y] = middle(highest.bbox);
  const views = RANGES.map((range) => ({ name: `city-${range}m`, target: [x, y, highest.bbox[5]], range, heading: 0.4, pitch: -0.8 }));
  return { views, above: {}, painted: true, size: [600, 420] };
}

/** The community's views: of its tower, in a living room there, and before a door of that storey. */
async function community() {
  const all = await items("assets");
  const parent = new Map(all.map(({ id, properties }) => [id, properties.parent]));
  const chain = (id) => (parent.get(id) ? [parent.get(id), ...chain(parent.get(id))] : []);
  const built = all.filter(({ properties }) => properties.collection === "elements");
  const tower = all.find(({ properties }) => properties.ifc_type === "IfcBuilding" && properties.class === "building");
  const room = all.find(({ properties }) => properties["Cimbra_Space.Usage"] === "living_room");
  const door = built.find(({ properties }) => properties.class === "door" && properties.storey === room.properties.storey);
  const [x, y] = middle(room.bbox);
  const [west, south, , east, north] = door.bbox;
  // Across the way it hangs.
  const across = (east - west) * Math.cos((y * Math.PI) / 180) > north - south ? 0 : Math.PI / 2;
  const view = (name, more) => ({ name, heading: 0.2, pitch: -0.5, ...more });
  const views = [
    view("community-200m", { target: middle(tower.bbox), range: 200 }),
    view("community-50m", { target: middle(tower.bbox), range: 50 }),
    view("flat", { eye: [x, y, room.bbox[2] + 1.6], heading: 0.3, pitch: -0.1, aim: room.id }),
    view("door-1m", { target: middle(door.bbox), range: 1, heading: across, pitch: 0, aim: door.id }),
  ];
  // A processor draws through a hundred rooms of glass: fewer pixels.
  return { views, above: Object.fromEntries(built.map(({ id }) => [id, chain(id)])), painted: false, size: [300, 210] };
}

/** In a page of Cesium: goes to a view, and picks what is in its middle. */
async function seen([{ target, range, eye, heading, pitch }, above]) {
  const place = (camera) => {
    if (target) return camera.lookAt(Cesium.Cartesian3.fromDegrees(...target), new Cesium.HeadingPitchRange(heading, pitch, range));
    camera.lookAtTransform(Cesium.Matrix4.IDENTITY);
    camera.setView({ destination: Cesium.Cartesian3.fromDegrees(...eye), orientation: { heading, pitch, roll: 0 } });
  };
  const told = await look.from(place, above);
  const { width, height } = look.scene.canvas;
  // Behind the glass of a room that the eye is in, too.
  const hits = look.scene.drillPick(new Cesium.Cartesian2(width / 2, height / 2), 3);
  return { ...told, met: hits.map((hit) => hit.getProperty?.("id")) };
}

report(async () => {
  const { views, above, painted, size } = await { city, community }[kind]();
  const origin = await host();
  const { browser, page, record } = await open({ origins: [origin, base] });
  await page.goto(origin);
  await page.addScriptTag({ content: `window.Look = ${Look}` });
  const look = async ([url, painted, size]) => void (window.look = await Look.at(url, painted, size));
  await page.evaluate(look, [`${base}/3dtiles/tileset.json`, painted, size]);
  const result = { ...record, views: [] };
  for (const { name, aim, ...view } of views) {
    const { picture, ...told } = await page.evaluate(seen, [view, above]);
    await writeFile(`${folder}/${name}.png`, Buffer.from(picture, "base64"));
    result.views.push({ name, aim, ...told });
  }
  result.failed = await page.evaluate(() => window.look.failed);
  await browser.close();
  return result;
});
