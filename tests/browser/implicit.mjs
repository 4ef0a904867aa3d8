// implicit.mjs URL: opens a tileset of implicit tilings as strangers do: CesiumJS, 3d-tiles-renderer and iTowns in Chromium, and
// @loaders.gl/3d-tiles, which reads all subtrees by itself. One JSON result with the ids that each shows at full detail, and every error;
// of contents without features, such as points, it has their paths in place of ids.
import { load } from "@loaders.gl/core";
import { Tiles3DLoader } from "@loaders.gl/3d-tiles";
import { host } from "./cesium.mjs";
import { open, report } from "./chromium.mjs";
import { bytesOf, validate } from "./glb.mjs";
import { MAP, itownsScript } from "./itowns.mjs";

const THREE_PAGE = `<!doctype html><link rel="icon" href="data:,"><canvas id="map" width="800" height="600"></canvas>
<script type="importmap">{ "imports": { "three": "/three-newest/build/three.module.js", "three/addons/": "/three-newest/examples/jsm/",
  "3d-tiles-renderer": "/3d-tiles-renderer/build/index.js", "3d-tiles-renderer/plugins": "/3d-tiles-renderer/build/index.plugins.js" } }</script>`;

/** How loaders.gl calls the refinement that draws a tile with its parts. */
const ADD = 1;

const OPTIONS = { "3d-tiles": { loadGLTF: true }, worker: false };

/** What 3d-tiles-renderer says of every tileset of 3D Tiles 1.1, and of how iTowns calls it. */
const OWN_AFFAIRS = /tiles versions at 1.1 or higher have limited support|"load-tile-set" event has been deprecated/;

/** The ids of a content's features; its path where it has none. */
async function idsOf(url) {
  const { gltf } = await load(url, Tiles3DLoader, { ...OPTIONS, "3d-tiles": { isTileset: false, loadGLTF: true } });
  const [table] = gltf.extensions.EXT_structural_metadata.propertyTables ?? [];
  return table ? table.properties.id.data : [new URL(url).pathname];
}

/** The ids of several contents, once each. */
async function idsOfAll(urls) {
  const ids = new Set();
  for (const url of new Set(urls)) (await idsOf(url)).forEach((id) => ids.add(id));
  return [...ids];
}

/** Loads every tile of the tileset in Cesium's finest detail; gives counts, ids and errors. */
async function inCesium(url) {
  const origin = await host();
  const { browser, page, record } = await open({ origins: [origin, new URL(url).origin] });
  await page.goto(origin);
  const seen = await page.evaluate(async (url) => {
    const viewer = new Cesium.CesiumWidget("map", { globe: false, baseLayer: false, skyBox: false });
    const tileset = viewer.scene.primitives.add(await Cesium.Cesium3DTileset.fromUrl(url, { maximumScreenSpaceError: 0.001, cacheBytes: 2 ** 30 }));
    const result = { contents: 0, features: 0, ids: [], failed: [] };
    tileset.tileFailed.addEventListener(({ url, message }) => result.failed.push(`${url}: ${message}`));
    viewer.scene.renderError.addEventListener((_, error) => result.failed.push(String(error)));
    tileset.tileLoad.addEventListener(({ content }) => {
      const path = content.url && new URL(content.url, location.href).pathname;
      if (!path?.endsWith(".glb")) return;
      result.contents++;
      if (!content.featuresLength) result.ids.push(path);
      for (let place = 0; place < content.featuresLength; place++) {
        result.features++;
        if (result.ids.length < 20000) result.ids.push(content.getFeature(place).getProperty("id"));
      }
    });
    viewer.scene.camera.flyToBoundingSphere(tileset.boundingSphere, { duration: 0, offset: new Cesium.HeadingPitchRange(0, -0.9, tileset.boundingSphere.radius * 3) });
    const until = Date.now() + 90000;
    let still = 0;
    // Loaded means loaded for a while: an outer tileset counts as loaded before what it refers to has begun.
    while (still < 15 && Date.now() < until) {
      await new Promise((next) => setTimeout(next, 100));
      still = tileset.tilesLoaded && result.contents ? still + 1 : 0;
    }
    result.ids = [...new Set(result.ids)];
    return { ...result, loaded: still >= 15 };
  }, url);
  await browser.close();
  return { ...seen, ...record };
}

/** What 3d-tiles-renderer has on the screen once it has refined as far as it goes. */
async function inRenderer(url) {
  const origin = await host(THREE_PAGE, new URL("node_modules", import.meta.url).pathname);
  const { browser, page, record } = await open({ origins: [origin, new URL(url).origin] });
  await page.goto(origin);
  const seen = await page.evaluate(async (url) => {
    const THREE = await import("three");
    const { TilesRenderer } = await import("3d-tiles-renderer");
    const { GLTFExtensionsPlugin, ImplicitTilingPlugin } = await import("3d-tiles-renderer/plugins");
    const renderer = new THREE.WebGLRenderer({ canvas: document.getElementById("map") });
    const [scene, camera] = [new THREE.Scene(), new THREE.PerspectiveCamera(60, 800 / 600, 1, 1e6)];
    const tiles = new TilesRenderer(url);
    tiles.registerPlugin(new ImplicitTilingPlugin());
    tiles.registerPlugin(new GLTFExtensionsPlugin());
    tiles.errorTarget = 0.001;
    tiles.lruCache.maxBytesSize = 2 ** 30;
    tiles.setCamera(camera);
    tiles.setResolutionFromRenderer(camera, renderer);
    const failed = [];
    tiles.addEventListener("load-error", ({ error, url }) => failed.push(`${url}: ${error}`));
    scene.add(tiles.group);
    const sphere = new THREE.Sphere();
    const settle = async () => {
      const until = Date.now() + 90000;
      for (let still = 0; still < 20 && Date.now() < until; ) {
        await new Promise((next) => setTimeout(next, 50));
        if (tiles.getBoundingSphere(sphere)) {
          // From above, as far as shows all of it.
          camera.position.copy(sphere.center).addScaledVector(sphere.center.clone().normalize(), sphere.radius * 2.2);
          camera.lookAt(sphere.center);
        }
        camera.updateMatrixWorld();
        tiles.update();
        renderer.render(scene, camera);
        const { downloading, parsing } = tiles.stats;
        still = tiles.visibleTiles.size && !downloading && !parsing && tiles.loadProgress === 1 ? still + 1 : 0;
      }
    };
    await settle();
    const shown = [...tiles.visibleTiles].map((tile) => tile.content?.uri && new URL(tile.content.uri, `${tile.internal.basePath}/`).href);
    return { failed, shown: shown.filter(Boolean) };
  }, url);
  await browser.close();
  record.errors = record.errors.filter((text) => !OWN_AFFAIRS.test(text));
  return { failed: seen.failed, contents: seen.shown.length, ids: await idsOfAll(seen.shown), ...record };
}

/** What iTowns has on the screen once it has refined as far as it goes. */
async function inItowns(url) {
  const origin = await host(MAP);
  const { browser, page, record } = await open({ origins: [origin, new URL(url).origin] });
  await page.goto(origin);
  await page.addScriptTag({ content: await itownsScript() });
  const seen = await page.evaluate(async (url) => {
    const { OGC3DTilesLayer, OGC3DTilesSource, THREE, View } = itowns;
    const view = new View("EPSG:4978", document.getElementById("map"));
    const layer = new OGC3DTilesLayer("city", { source: new OGC3DTilesSource({ url }), sseThreshold: 0.001 });
    const { tilesRenderer } = layer;
    tilesRenderer.lruCache.maxBytesSize = 2 ** 30;
    const failed = [];
    tilesRenderer.addEventListener("load-error", ({ error }) => failed.push(String(error)));
    await view.addLayer(layer);
    const sphere = new THREE.Sphere();
    const until = Date.now() + 90000;
    for (let still = 0; still < 20 && Date.now() < until; ) {
      if (tilesRenderer.getBoundingSphere(sphere)) {
        view.camera3D.position.copy(sphere.center).addScaledVector(sphere.center.clone().normalize(), sphere.radius * 2.2);
        view.camera3D.lookAt(sphere.center);
        view.camera3D.far = sphere.radius * 4;
        view.camera3D.updateProjectionMatrix();
      }
      view.notifyChange(view.camera3D);
      await new Promise((next) => setTimeout(next, 50));
      still = tilesRenderer.visibleTiles.size && tilesRenderer.loadProgress === 1 ? still + 1 : 0;
    }
    const shown = [...tilesRenderer.visibleTiles].map((tile) => tile.content?.uri && new URL(tile.content.uri, `${tile.internal.basePath}/`).href);
    return { failed, shown: shown.filter(Boolean) };
  }, url);
  await browser.close();
  record.errors = record.errors.filter((text) => !OWN_AFFAIRS.test(text));
  return { failed: seen.failed, contents: seen.shown.length, ids: await idsOfAll(seen.shown), ...record };
}

/** What loaders.gl finds that is shown once all is refined, external tilesets followed; the Khronos validator looks at every content. */
async function inLoaders(url) {
  const result = { errors: [], invalid: [], tilesets: 0, contents: 0 };
  for (const level of ["warn", "error"]) console[level] = (...words) => result.errors.push(words.join(" "));
  const [waiting, leaves] = [[url], []];
  while (waiting.length) {
    const place = waiting.pop();
    const tileset = await load(place, Tiles3DLoader, { ...OPTIONS, "3d-tiles": { isTileset: true } });
    result.tilesets++;
    for (const tile of flat(tileset.root)) {
      if (!tile.contentUrl) continue;
      result.contents++;
      if (new URL(tile.contentUrl).pathname.endsWith(".json")) {
        waiting.push(tile.contentUrl);
        continue;
      }
      result.invalid.push(...(await validate(await bytesOf(tile.contentUrl), tile.contentUrl)));
      if (!tile.children?.length || tile.refine === ADD) leaves.push(tile.contentUrl);
    }
  }
  return { ...result, ids: await idsOfAll(leaves) };
}

const flat = (tile) => [tile, ...(tile.children ?? []).flatMap(flat)];

report(async () => {
  const [url] = process.argv.slice(2);
  return { cesium: await inCesium(url), renderer: await inRenderer(url), itowns: await inItowns(url), loaders: await inLoaders(url) };
});
