// adopted.mjs URL: opens the whole map in plain CesiumJS in Chromium on a page of another origin, close enough for every tile; one JSON
// result with what was loaded, where, and every error.
import { host } from "./cesium.mjs";
import { open, report } from "./chromium.mjs";

report(async () => {
  const [url] = process.argv.slice(2);
  const origin = await host();
  const { browser, page, record } = await open({ origins: [origin, new URL(url).origin] });
  await page.goto(origin);
  const seen = await page.evaluate(async (url) => {
    const viewer = new Cesium.CesiumWidget("map", { globe: false, baseLayer: false, skyBox: false });
    const tileset = viewer.scene.primitives.add(await Cesium.Cesium3DTileset.fromUrl(url, { maximumScreenSpaceError: 0.5 }));
    const result = { contents: [], failed: [] };
    tileset.tileFailed.addEventListener(({ url, message }) => result.failed.push(`${url}: ${message}`));
    viewer.scene.renderError.addEventListener((_, error) => result.failed.push(String(error)));
    tileset.tileLoad.addEventListener((tile) => {
      const at = Cesium.Cartographic.fromCartesian(tile.boundingSphere.center);
      if (tile.content.url) result.contents.push([tile.content.url.split("?")[0], Cesium.Math.toDegrees(at.longitude), Cesium.Math.toDegrees(at.latitude), at.height]);
    });
    viewer.scene.camera.flyToBoundingSphere(tileset.boundingSphere, { duration: 0, offset: new Cesium.HeadingPitchRange(0, -0.9, tileset.boundingSphere.radius * 1.2) });
    const until = Date.now() + 60000;
    for (let still = 0; still < 15 && Date.now() < until; ) {
      await new Promise((next) => setTimeout(next, 100));
      still = tileset.tilesLoaded && result.contents.length ? still + 1 : 0;
    }
    return result;
  }, url);
  await browser.close();
  return { ...seen, ...record };
});
