// live.mjs cesium|three BASE OPERATOR INTEGRATOR: pages of another origin that colour a served community's tiles with the module from
// its portal, while readings are sent; one JSON result with what each showed.
import { deepStrictEqual } from "node:assert";
import { readState } from "../../portal/src/live-tiles.js";
import { City } from "./city.mjs";
import { host } from "./cesium.mjs";
import { open, report } from "./chromium.mjs";
import { redPixels } from "./pixels.mjs";

const [which, base, operator, integrator] = process.argv.slice(2);
const city = new City(base, operator);
const devices = new City(base, integrator);
const MODULE = `${base}/portal/live-tiles.js`;

/** Whether a colour is that of the worst alarm, as near as eight bits of linear light have it. */
const isRed = (colour) => [0xff, 0x2d, 0x20].every((channel, k) => Math.abs(Number.parseInt(colour?.slice(1 + 2 * k, 3 + 2 * k), 16) - channel) <= 4);

/** Waits until the colour of `id` in the page's tileset `name` passes `test`; gives it and the seconds that took. */
async function colour(page, name, id, test) {
  const began = Date.now();
  for (;;) {
    const found = await page.evaluate(([name, id]) => window.colour(name, id), [name, id]);
    if (test(found)) return [found, (Date.now() - began) / 1000];
    if (Date.now() - began > 15000) throw new Error(`${id} in ${name} is ${found} after 15 s`);
    await page.waitForTimeout(20);
  }
}

/** An alarm comes and goes: the colours of `id` in the tileset `name`, and how long they took. */
async function alarm(page, device, name, id, meanwhile = () => {}) {
  const [before] = await colour(page, name, id, (found) => found && !isRed(found));
  await devices.observe(device, "smoke", 0.9);
  const [during, raised] = await colour(page, name, id, isRed);
  await meanwhile();
  await devices.observe(device, "smoke", 0.01);
  const [after, cleared] = await colour(page, name, id, (found) => found === before);
  return { before, during, after, raised, cleared };
}

/** The ids for which the binary form says something else than JSON. */
async function differences() {
  const [bytes, json] = await Promise.all(["bin", "json"].map((f) => fetch(`${base}/state/assets?f=${f}`)));
  const [own, wanted] = [readState(await bytes.arrayBuffer()), await json.json()];
  const differ = (id) => {
    try {
      deepStrictEqual(own.features[id], wanted.features[id]);
    } catch {
      return true;
    }
  };
  return [...(own.seq === wanted.seq ? [] : ["seq"]), ...Object.keys({ ...own.features, ...wanted.features }).filter(differ)];
}

async function inCesium({ device, room }) {
  const origin = await host();
  const { browser, page, record } = await open({ origins: [origin, base] });
  await page.goto(origin);
  await page.evaluate(
    async ([base, module]) => {
      const { attach } = (window.live = await import(module));
      const viewer = (window.viewer = new Cesium.CesiumWidget("map", { globe: false, baseLayer: false, skyBox: false }));
      window.failed = [];
      window.restyled = 0;
      viewer.scene.renderError.addEventListener((_, error) => failed.push(String(error)));
      const onError = (error) => failed.push(error.message);
      window.tilesets = {};
      window.connected = {};
      for (const name of ["devices", "spaces"]) {
        const tileset = (tilesets[name] = await Cesium.Cesium3DTileset.fromUrl(`${base}/collections/${name}/3dtiles/tileset.json`, { maximumScreenSpaceError: 0.5 }));
        tileset.tileFailed.addEventListener(({ message }) => failed.push(message));
        // The spaces' tiles are loaded before anybody colours them.
        const connect = () => (connected[name] = attach(tileset, { base, collection: name, onError, onChange: (ids) => name === "devices" && (restyled += ids.size) }));
        if (name === "devices") connect();
        viewer.scene.primitives.add(tileset);
        viewer.scene.camera.flyToBoundingSphere(tileset.boundingSphere, { duration: 0, offset: new Cesium.HeadingPitchRange(0, -0.9, tileset.boundingSphere.radius * 1.5) });
        const until = Date.now() + 60000;
        for (let still = 0; still < 10 && Date.now() < until; still = tileset.tilesLoaded ? still + 1 : 0) await new Promise((next) => setTimeout(next, 100));
        if (name === "spaces") connect();
      }
      // Of the finest tile that draws it, which is the one in view; only what is in view is styled.
      const error = ({ feature }) => feature.content.tile.geometricError;
      window.feature = (name, id) => connected[name].featuresOf(id).sort((a, b) => error(a) - error(b))[0]?.feature;
      window.colour = (name, id) => feature(name, id)?.color.toCssHexString().slice(0, 7);
    },
    [base, MODULE],
  );
  await colour(page, "spaces", room.id, Boolean);
  // Near the device, with no room before it.
  await page.evaluate(([west, south, low]) => {
    tilesets.spaces.show = false;
    const sphere = new Cesium.BoundingSphere(Cesium.Cartesian3.fromDegrees(west, south, low), 0.2);
    viewer.scene.camera.flyToBoundingSphere(sphere, { duration: 0, offset: new Cesium.HeadingPitchRange(0, -0.5, 3) });
  }, device.bbox);
  await page.waitForTimeout(1000);
  const result = { pixels: { before: await redPixels(page, "canvas") } };
  await page.evaluate(() => (restyled = 0));
  result.events = await alarm(page, device, "devices", device.id, async () => {
    await colour(page, "spaces", room.id, isRed);
    await page.waitForTimeout(300);
    result.pixels.during = await redPixels(page, "canvas");
    result.differ = await differences();
    result.czml = await page.evaluate(czml, [base, device]);
    result.styles = await page.evaluate(styles, base);
    await page.evaluate(() => (connected.devices.look = live.byNumber("smoke", { min: 0.4, max: 1.4 })));
    result.ramp = await page.evaluate((id) => colour("devices", id), device.id);
    await page.evaluate(() => (connected.devices.look = live.byAlarm()));
  });
  result.events.restyled = await page.evaluate(() => restyled);
  await colour(page, "spaces", room.id, (found) => !isRed(found));
  await page.waitForTimeout(300);
  result.pixels.after = await redPixels(page, "canvas");
  // A style of the page's own: alarms go over it and leave it as it was.
  await page.evaluate(async (base) => (tilesets.devices.style = new Cesium.Cesium3DTileStyle(await (await fetch(`${base}/styles/class.json`)).json())), base);
  await colour(page, "devices", device.id, (found) => found === "#00897b");
  result.styled = Object.values(await alarm(page, device, "devices", device.id)).slice(0, 3);
  await page.evaluate(() => (tilesets.devices.style = undefined));
  await colour(page, "devices", device.id, (found) => found === "#ffffff");
  // Without a stream; and what is let go of is as it was.
  await page.evaluate((base) => {
    connected.devices.detach();
    connected.devices = live.attach(tilesets.devices, { base, collection: "devices", how: "poll", every: 500 });
  }, base);
  await colour(page, "devices", device.id, Boolean);
  result.polled = await alarm(page, device, "devices", device.id);
  await devices.observe(device, "smoke", 0.9);
  await colour(page, "devices", device.id, isRed);
  result.detached = await page.evaluate((id) => {
    const last = feature("devices", id);
    connected.devices.detach();
    return last.color.toCssHexString();
  }, device.id);
  result.failed = await page.evaluate(() => failed);
  await browser.close();
  return { ...result, ...record };
}

/** In the page: the devices as CZML, with the colours of the one in alarm and of another of its class, and how far off it stands, in metres. */
async function czml([base, device]) {
  const source = await Cesium.CzmlDataSource.load(`${base}/live.czml`);
  const now = Cesium.JulianDate.now();
  const all = source.entities.values;
  const colour = (entity) => entity.point.color.getValue(now).toCssHexString();
  const shown = source.entities.getById(device.id);
  const calm = all.find((entity) => entity !== shown && entity.properties.class.getValue(now) === device.properties.class);
  const [west, south, low, east, north, high] = device.bbox;
  const place = Cesium.Cartesian3.fromDegrees((west + east) / 2, (south + north) / 2, (low + high) / 2);
  return { entities: all.length, colour: colour(shown), calm: colour(calm), off: Cesium.Cartesian3.distance(place, shown.position.getValue(now)) };
}

/** In the page: how many features take which colour by each style: buildings by age and number, devices by class and alarms. */
async function styles(base) {
  const buildings = await Cesium.Cesium3DTileset.fromUrl(`${base}/collections/buildings/3dtiles/tileset.json`, { maximumScreenSpaceError: 0.5 });
  const contents = { buildings: [], devices: [] };
  buildings.tileLoad.addEventListener(({ content }) => contents.buildings.push(content));
  tilesets.devices.tileVisible.addEventListener(({ content }) => contents.devices.includes(content) || contents.devices.push(content));
  viewer.scene.primitives.add(buildings);
  const until = Date.now() + 60000;
  for (let still = 0; still < 10 && Date.now() < until; still = buildings.tilesLoaded ? still + 1 : 0) await new Promise((next) => setTimeout(next, 100));
  const found = {};
  for (const [name, of] of [["class", "devices"], ["alarms", "devices"], ["age", "buildings"], ["ramp?property=height&min=0&max=60", "buildings"]]) {
    const [file, query = ""] = name.split("?");
    const style = new Cesium.Cesium3DTileStyle(await (await fetch(`${base}/styles/${file}.json?${query}`)).json());
    const colours = (found[file] = {});
    for (const content of contents[of]) {
      for (let place = 0; place < content.featuresLength; place++) {
        const colour = style.color.evaluateColor(content.getFeature(place), new Cesium.Color()).toCssHexString().slice(0, 7);
        colours[colour] = (colours[colour] ?? 0) + 1;
      }
    }
  }
  viewer.scene.primitives.remove(buildings);
  return found;
}

const THREE_PAGE = `<!doctype html><link rel="icon" href="data:,"><canvas id="map" width="800" height="600"></canvas>
<script type="importmap">{ "imports": { "three": "/three-newest/build/three.module.js", "three/addons/": "/three-newest/examples/jsm/",
  "3d-tiles-renderer": "/3d-tiles-renderer/build/index.js", "3d-tiles-renderer/plugins": "/3d-tiles-renderer/build/index.plugins.js" } }</script>`;

async function inRenderer({ device, room }) {
  const origin = await host(THREE_PAGE, new URL("node_modules", import.meta.url).pathname);
  const { browser, page, record } = await open({ origins: [origin, base] });
  await page.goto(origin);
  await page.evaluate(
    async ([base, module]) => {
      const THREE = await import("three");
      const { TilesRenderer } = await import("3d-tiles-renderer");
      const { GLTFExtensionsPlugin } = await import("3d-tiles-renderer/plugins");
      const { attachRenderer } = await import(module);
      window.failed = [];
      window.connected = {};
      const renderer = new THREE.WebGLRenderer({ canvas: document.getElementById("map") });
      const scene = new THREE.Scene();
      scene.add(new THREE.AmbientLight(0xffffff, 3));
      const camera = new THREE.PerspectiveCamera(60, 800 / 600, 1, 1e5);
      const all = ["devices", "spaces"].map((name) => {
        const tiles = new TilesRenderer(`${base}/collections/${name}/3dtiles/tileset.json`);
        tiles.registerPlugin(new GLTFExtensionsPlugin());
        tiles.errorTarget = 0.5;
        tiles.setCamera(camera);
        tiles.setResolutionFromRenderer(camera, renderer);
        tiles.addEventListener("load-error", ({ error }) => failed.push(String(error)));
        scene.add(tiles.group);
        connected[name] = attachRenderer(tiles, { base, collection: name, onError: (error) => failed.push(error.message) });
        return tiles;
      });
      const sphere = new THREE.Sphere();
      const frame = () => {
        // From above, as far as shows all of it.
        if (all[0].getBoundingSphere(sphere)) {
          const up = sphere.center.clone().normalize();
          camera.position.copy(sphere.center).addScaledVector(up, sphere.radius * 1.5);
          camera.lookAt(sphere.center);
        }
        camera.updateMatrixWorld();
        for (const tiles of all) tiles.update();
        renderer.render(scene, camera);
        requestAnimationFrame(frame);
      };
      frame();
      window.colour = (name, id) => {
        const [entry] = connected[name].featuresOf(id);
        if (!entry) return undefined;
        const { mesh, places } = entry;
        const column = mesh.instanceColor ?? mesh.geometry.attributes.color;
        const at = column === mesh.instanceColor || !mesh.isInstancedMesh ? places[0] : 0;
        return `#${new THREE.Color(column.getX(at), column.getY(at), column.getZ(at)).getHexString()}`;
      };
    },
    [base, MODULE],
  );
  await colour(page, "devices", device.id, Boolean);
  await colour(page, "spaces", room.id, Boolean);
  await page.waitForTimeout(2000);
  const result = {};
  const { features } = await city.get("collections/devices/items", { limit: 10000, skipGeometry: true });
  const loaded = new Set(await page.evaluate(() => connected.devices.ids()));
  result.missing = features.filter(({ id, bbox }) => bbox && !loaded.has(id)).map(({ id }) => id);
  result.device = await alarm(page, device, "devices", device.id);
  result.room = await alarm(page, device, "spaces", room.id);
  result.failed = await page.evaluate(() => failed);
  await browser.close();
  // What it says of every tileset of 3D Tiles 1.1.
  record.errors = record.errors.filter((text) => !text.includes("tiles versions at 1.1 or higher have limited support"));
  return { ...result, ...record };
}

report(async () => {
  const { features } = await city.get("collections/devices/items", { class: "smoke_detector", limit: 1000, skipGeometry: true });
  for (const device of features) {
    const room = await city.item(device.properties.parent);
    if (room.properties.class === "space" && room.bbox) return which === "cesium" ? inCesium({ device, room }) : inRenderer({ device, room });
  }
  throw new Error("no smoke detector stands in a space");
});
