// viewers.mjs URL COLUMN…: opens a tileset in viewers that other people wrote, unmodified, on pages of another origin, near enough for
// its finest tiles; one JSON result with what each shows then, a row of columns for each feature and tile that draws it.
import { host } from "./cesium.mjs";
import { open, report } from "./chromium.mjs";
import { MAP, itownsScript } from "./itowns.mjs";

const HERE = new URL(".", import.meta.url).pathname;
const [url, ...columns] = process.argv.slice(2);

/** What 3d-tiles-renderer says of every tileset of 3D Tiles 1.1, and of how iTowns calls it. */
const OWN_AFFAIRS = /tiles versions at 1.1 or higher have limited support|"load-tile-set" event has been deprecated/;

/** Opens a page, gives it `look`, and takes what that gives with what the browser saw go wrong. */
async function onPage(origin, look, ...scripts) {
  const { browser, page, record } = await open({ origins: [origin, new URL(url).origin] });
  await page.goto(origin);
  for (const script of scripts) await page.addScriptTag({ content: String(script) });
  const seen = await page.evaluate(look, [url, columns]);
  await browser.close();
  record.errors = record.errors.filter((text) => !OWN_AFFAIRS.test(text));
  return { ...seen, ...record };
}

/** In a page of Cesium. */
async function inCesium([url, columns]) {
  const { scene } = new Cesium.CesiumWidget("map", { globe: false, baseLayer: false, skyBox: false });
  const tileset = scene.primitives.add(await Cesium.Cesium3DTileset.fromUrl(url, { maximumScreenSpaceError: 0.01, cacheBytes: 2 ** 30 }));
  const failed = [];
  tileset.tileFailed.addEventListener(({ url, message }) => failed.push(`${url}: ${message}`));
  scene.renderError.addEventListener((_, error) => failed.push(String(error)));
  scene.camera.flyToBoundingSphere(tileset.boundingSphere, { duration: 0, offset: new Cesium.HeadingPitchRange(0, -0.9, tileset.boundingSphere.radius * 3) });
  // Loaded means loaded for a while: an outer tileset counts as loaded before what it refers to has begun.
  const until = Date.now() + 90000;
  let still = 0;
  for (; still < 15 && Date.now() < until; still = tileset.tilesLoaded ? still + 1 : 0) await new Promise((next) => setTimeout(next, 100));
  const contents = new Set();
  tileset.tileVisible.addEventListener(({ content }) => contents.add(content));
  scene.render();
  const rows = [...contents].flatMap((content) =>
    Array.from({ length: content.featuresLength }, (_, place) => columns.map((name) => content.getFeature(place).getProperty(name) ?? null)),
  );
  return { loaded: still >= 15, failed, rows };
}

/** In a page of three.js: the features of all meshes below `group`, once for each tile, and how many are drawn whose ids cannot be known. */
function shown(group, columns) {
  const instanced = [];
  group.traverse((mesh) => mesh.isInstancedMesh && instanced.push(mesh.geometry));
  const found = new Map();
  let unnamed = 0;
  group.traverse((mesh) => {
    if (!mesh.isMesh) return;
    // A three.js that does not clone it (0.184 still) writes the ids of all that are instances of one geometry over one another.
    if (instanced.indexOf(mesh.geometry) !== instanced.lastIndexOf(mesh.geometry)) return (unnamed += mesh.count);
    const above = [];
    for (let object = mesh; object; object = object.parent) above.push(object.userData);
    const metadata = above.find(({ structuralMetadata }) => structuralMetadata)?.structuralMetadata;
    // No plugin reads EXT_instance_features: it is there as it was written, its column with the geometry's.
    const instances = mesh.isInstancedMesh && above.slice(0, 2).find(({ gltfExtensions }) => gltfExtensions?.EXT_instance_features)?.gltfExtensions.EXT_instance_features;
    const [{ attribute, propertyTable }] = (instances || mesh.userData.meshFeatures).featureIds;
    const column = mesh.geometry.attributes[`${instances ? "_FEATURE_ID_" : "_feature_id_"}${attribute}`];
    if (!found.has(metadata)) found.set(metadata, new Map());
    for (let at = 0; at < column.count; at++) found.get(metadata).set(column.getX(at), propertyTable);
  });
  const row = (metadata, place, table) => metadata.getPropertyTableData([table], [place])[0];
  const rows = [...found].flatMap(([metadata, places]) => [...places].map(([place, table]) => row(metadata, place, table)));
  return { unnamed, rows: rows.map((row) => columns.map((name) => row[name] ?? null)) };
}

const RENDERER = `<!doctype html><link rel="icon" href="data:,"><canvas id="map" width="1000" height="700"></canvas>
<script type="importmap">{ "imports": { "three": "/three-newest/build/three.module.js", "three/addons/": "/three-newest/examples/jsm/",
  "3d-tiles-renderer": "/3d-tiles-renderer/build/index.js", "3d-tiles-renderer/plugins": "/3d-tiles-renderer/build/index.plugins.js" } }</script>`;

/** In a page of 3d-tiles-renderer. */
async function inRenderer([url, columns]) {
  const THREE = await import("three");
  const { TilesRenderer } = await import("3d-tiles-renderer");
  const { GLTFExtensionsPlugin } = await import("3d-tiles-renderer/plugins");
  const renderer = new THREE.WebGLRenderer({ canvas: document.getElementById("map") });
  const scene = new THREE.Scene().add(new THREE.AmbientLight(0xffffff, 3));
  const camera = new THREE.PerspectiveCamera(60, 1000 / 700, 1, 1e5);
  const tiles = new TilesRenderer(url);
  tiles.registerPlugin(new GLTFExtensionsPlugin());
  tiles.errorTarget = 0.01;
  tiles.setCamera(camera);
  tiles.setResolutionFromRenderer(camera, renderer);
  const failed = [];
  tiles.addEventListener("load-error", ({ error }) => failed.push(String(error)));
  scene.add(tiles.group);
  const sphere = new THREE.Sphere();
  const until = Date.now() + 90000;
  let still = 0;
  while (still < 15 && Date.now() < until) {
    if (tiles.getBoundingSphere(sphere)) {
      camera.position.copy(sphere.center).addScaledVector(sphere.center.clone().normalize(), sphere.radius * 3);
      camera.lookAt(sphere.center);
    }
    camera.updateMatrixWorld();
    tiles.update();
    renderer.render(scene, camera);
    await new Promise((next) => setTimeout(next, 100));
    still = tiles.group.children.length && tiles.loadProgress === 1 ? still + 1 : 0;
  }
  return { loaded: still >= 15, failed, ...shown(tiles.group, columns) };
}

/** In a page of iTowns; also what a click on the middle of the picture and around it tells. */
async function inItowns([url, columns]) {
  const { OGC3DTilesLayer, OGC3DTilesSource, THREE, View } = itowns;
  const view = new View("EPSG:4978", document.getElementById("map"));
  const layer = new OGC3DTilesLayer("city", { source: new OGC3DTilesSource({ url }), sseThreshold: 0.01 });
  const { tilesRenderer } = layer;
  const failed = [];
  tilesRenderer.addEventListener("load-error", ({ error }) => failed.push(String(error)));
  await view.addLayer(layer);
  const { center, radius } = ((sphere) => (tilesRenderer.getBoundingSphere(sphere), sphere))(new THREE.Sphere());
  view.camera3D.position.copy(center).addScaledVector(center.clone().normalize(), radius * 5);
  view.camera3D.lookAt(center);
  view.camera3D.far = radius * 7;
  view.camera3D.updateProjectionMatrix();
  const until = Date.now() + 90000;
  let still = 0;
  while (still < 15 && Date.now() < until) {
    view.notifyChange(view.camera3D);
    await new Promise((next) => setTimeout(next, 100));
    still = tilesRenderer.group.children.length && tilesRenderer.loadProgress === 1 ? still + 1 : 0;
  }
  const clicked = [];
  for (let at = 0; at < 25; at++) {
    const hits = view.pickObjectsAt({ x: 400 + 50 * (at % 5), y: 250 + 50 * Math.floor(at / 5) }, 0, layer);
    const [row] = (await layer.getMetadataFromIntersections(hits)) ?? [];
    if (row) clicked.push(columns.map((name) => row[name] ?? null));
  }
  return { loaded: still >= 15, failed, ...shown(tilesRenderer.group, columns), clicked };
}

report(async () => ({
  cesium: await onPage(await host(), inCesium),
  renderer: await onPage(await host(RENDERER, `${HERE}node_modules`), inRenderer, shown),
  itowns: await onPage(await host(MAP), inItowns, await itownsScript(), shown),
}));
