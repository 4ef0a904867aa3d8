// textures.mjs FOLDER TILESET…: serves FOLDER, opens each tileset in plain CesiumJS from straight above, and gives the colour of the screen
// at each place that `aims.json` names (east-north-up metres); the glTF validator over every GLB that came. One JSON result.
import { readFile } from "node:fs/promises";
import { host, serve } from "./cesium.mjs";
import { open, report } from "./chromium.mjs";
import { bytesOf, validate } from "./glb.mjs";

async function colours(page, url, aims) {
  return page.evaluate(async ([url, aims]) => {
    document.getElementById("map").replaceChildren();
    const contextOptions = { webgl: { preserveDrawingBuffer: true } };
    const viewer = new Cesium.CesiumWidget("map", { globe: false, baseLayer: false, skyBox: false, contextOptions });
    const { scene } = viewer;
    // Light from straight above, so that colours are nearly the picture's.
    const tileset = scene.primitives.add(await Cesium.Cesium3DTileset.fromUrl(url));
    const result = { failed: [] };
    tileset.tileFailed.addEventListener(({ url, message }) => result.failed.push(`${url}: ${message}`));
    const frame = tileset.root.transform;
    const world = ([x, y, z]) => Cesium.Matrix4.multiplyByPoint(frame, new Cesium.Cartesian3(x, y, z), new Cesium.Cartesian3());
    const down = Cesium.Cartesian3.normalize(Cesium.Cartesian3.negate(world(aims[0]), new Cesium.Cartesian3()), new Cesium.Cartesian3());
    scene.light = new Cesium.DirectionalLight({ direction: down });
    scene.camera.lookAt(world([0, 0, 0]), new Cesium.HeadingPitchRange(0, -Cesium.Math.PI_OVER_TWO, 60));
    const until = Date.now() + 60000;
    for (let still = 0; still < 5 && Date.now() < until; ) {
      await new Promise((next) => setTimeout(next, 100));
      scene.render();
      still = tileset.tilesLoaded && tileset.statistics?.numberOfTilesWithContentReady !== 0 ? still + 1 : 0;
    }
    scene.render();
    const context = new OffscreenCanvas(scene.canvas.width, scene.canvas.height).getContext("2d", { willReadFrequently: true });
    context.drawImage(scene.canvas, 0, 0);
    result.colours = aims.map((aim) => {
      const { x, y } = Cesium.SceneTransforms.worldToWindowCoordinates(scene, world(aim));
      return [...context.getImageData(Math.round(x), Math.round(y), 1, 1).data].slice(0, 3);
    });
    viewer.destroy();
    return result;
  }, [url, aims]);
}

report(async () => {
  const [folder, ...tilesets] = process.argv.slice(2);
  const aims = JSON.parse(await readFile(`${folder}/aims.json`, "utf8"));
  const [origin, tiles] = [await host(), await serve(folder)];
  const { browser, page, record } = await open({ origins: [origin, tiles] });
  const came = new Set();
  page.on("response", (response) => response.url().includes(".glb") && came.add(response.url()));
  await page.goto(origin);
  const result = { ...record, invalid: [], failed_tiles: [], seen: {} };
  for (const name of tilesets) {
    const { failed, colours: seen } = await colours(page, `${tiles}/${name}/tileset.json`, aims);
    result.failed_tiles.push(...failed);
    result.seen[name] = seen;
  }
  await browser.close();
  result.tiles = came.size;
  for (const url of came) result.invalid.push(...(await validate(await bytesOf(url), url)));
  return result;
});
