// implicit.mjs URL: opens a tileset of implicit tilings as strangers do: CesiumJS and 3d-tiles-renderer in Chromium, and
// @loaders.gl/3d-tiles, which reads all subtrees by itself. One JSON result with the ids that each shows at full detail, and every error.
import { load } from "@loaders.gl/core";
import { Tiles3DLoader } from "@loaders.gl/3d-tiles";
import { host } from "./cesium.mjs";
import { open, report } from "./chromium.mjs";

const THREE_PAGE = `<!doctype html><link rel="icon" href="data:,"><canvas id="map" width="800" height="600"></canvas>
<script type="importmap">{ "imports": { "three": "/three-newest/build/three.module.js", "three/addons/": "/three-newest/examples/jsm/",
  "3d-tiles-renderer": "/3d-tiles-renderer/build/index.js", "3d-tiles-renderer/plugins": "/3d-tiles-renderer/build/index.plugins.js" } }</script>`;

const OPTIONS = { "3d-tiles": { loadGLTF: true }, worker: false };

/** The ids of a content's features. */
async function idsOf(url) {
  const { gltf } = await load(url, Tiles3DLoader, { ...OPTIONS, "3d-tiles": { isTileset: false, loadGLTF: true } });
  return gltf.extensions.EXT_structural_metadata.propertyTables[0].properties.id.data;
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
    const tileset = viewer.scene.primitives.add(await Cesium.Cesium3DTileset.fromUrl(url, { maximumScreenSpaceError: 0.5, cacheBytes: 2 ** 30 }));
    const result = { contents: 0, features: 0, ids: [], failed: [] };
    tileset.tileFailed.addEventListener(({ url, message }) => result.failed.push(`${url}: ${message}`));
    viewer.scene.renderError.addEventListener((_, error) => result.failed.push(String(error)));
    tileset.tileLoad.addEventListener(({ content }) => {
      if (content.featuresLength) result.contents++;
      for (let place = 0; place < content.featuresLength; place++) {
        result.features++;
        if (result.ids.length < 20000) result.ids.push(content.getFeature(place).getProperty("id"));
      }
    });
    viewer.scene.camera.flyToBoundingSphere(tileset.boundingSphere, { duration: 0, offset: new Cesium.HeadingPitchRange(0, -0.9, tileset.boundingSphere.radius * 1.2) });
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
    tiles.errorTarget = 0.01;
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
  // What it says of every tileset of 3D Tiles 1.1.
  record.errors = record.errors.filter((text) => !text.includes("tiles versions at 1.1 or higher have limited support"));
  return { failed: seen.failed, contents: seen.shown.length, ids: await idsOfAll(seen.shown), ...record };
}

/** What loaders.gl finds in the leaves, external tilesets followed. */
async function inLoaders(url) {
  const result = { errors: [], tilesets: 0, contents: 0 };
  for (const level of ["warn", "error"]) console[level] = (...words) => result.errors.push(words.join(" "));
  const [waiting, leaves] = [[url], []];
  while (waiting.length) {
    const place = waiting.pop();
    const tileset = await load(place, Tiles3DLoader, { ...OPTIONS, "3d-tiles": { isTileset: true } });
    result.tilesets++;
    for (const tile of flat(tileset.root)) {
      if (!tile.contentUrl) continue;
      if (new URL(tile.contentUrl).pathname.endsWith(".json")) waiting.push(tile.contentUrl);
      else if (!tile.children?.length) leaves.push(tile.contentUrl);
      result.contents++;
    }
  }
  return { ...result, ids: await idsOfAll(leaves) };
}

const flat = (tile) => [tile, ...(tile.children ?? []).flatMap(flat)];

report(async () => {
  const [url] = process.argv.slice(2);
  return { cesium: await inCesium(url), renderer: await inRenderer(url), loaders: await inLoaders(url) };
});
