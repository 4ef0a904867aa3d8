// tileset.mjs URL: opens a tileset as strangers do. Plain, unmodified CesiumJS in Chromium on a page of another origin, and every
// content by @loaders.gl/3d-tiles and the Khronos glTF validator; one JSON result with what each saw and every error.
import { load } from "@loaders.gl/core";
import { Tiles3DLoader } from "@loaders.gl/3d-tiles";
import { host } from "./cesium.mjs";
import { open, report } from "./chromium.mjs";
import { bytesOf, validate } from "./glb.mjs";

/** Loads every tile of the tileset in Cesium's finest detail; gives counts, ids and errors. */
export async function inCesium(url) {
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

/** Walks the tileset itself, external ones too, and reads every content with loaders.gl and the validator. */
async function inReaders(url) {
  const result = { tilesets: 0, contents: 0, features: 0, errors: [], invalid: [] };
  const waiting = [url];
  // loaders.gl tells some troubles to the console and goes on.
  for (const level of ["warn", "error"]) console[level] = (...words) => result.errors.push(words.join(" "));
  while (waiting.length) {
    const place = waiting.pop();
    const bytes = await bytesOf(place);
    try {
      const read = await load(place, Tiles3DLoader, { "3d-tiles": { isTileset: !isGlb(bytes), loadGLTF: true }, worker: false });
      if (isGlb(bytes)) {
        result.contents++;
        result.features += read.gltf.extensions?.EXT_structural_metadata?.propertyTables[0].count ?? 0;
        result.invalid.push(...(await validate(bytes, place)).filter(({ level }) => level === "errors"));
        continue;
      }
      result.tilesets++;
      for (const tile of tiles(JSON.parse(new TextDecoder().decode(bytes)).root)) {
        const contents = tile.contents ?? (tile.content ? [tile.content] : []);
        for (const { uri } of contents) waiting.push(new URL(uri, place).href);
      }
    } catch (error) {
      result.errors.push(`${place}: ${error.message}`);
    }
  }
  return result;
}

const isGlb = (bytes) => new TextDecoder().decode(bytes.slice(0, 4)) === "glTF";
const tiles = (tile) => [tile, ...(tile.children ?? []).flatMap(tiles)];

if (process.argv[1] === new URL(import.meta.url).pathname) {
  report(async () => {
    const [url] = process.argv.slice(2);
    return { cesium: await inCesium(url), readers: await inReaders(url) };
  });
}
