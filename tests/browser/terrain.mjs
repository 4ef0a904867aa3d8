// terrain.mjs URL POINTS: opens terrain as strangers do, in plain CesiumJS in Chromium on a page of another origin: draws the globe with
// it and samples it at POINTS (JSON, [[lon, lat], …]) in its finest tiles; one JSON result with the heights and every error.
import { host } from "./cesium.mjs";
import { open, report } from "./chromium.mjs";

report(async () => {
  const [url, points] = process.argv.slice(2);
  const origin = await host();
  const { browser, page, record } = await open({ origins: [origin, new URL(url).origin] });
  await page.goto(origin);
  const seen = await page.evaluate(async ([url, points]) => {
    const result = { failed: [], tiles: 0 };
    const terrain = await Cesium.CesiumTerrainProvider.fromUrl(url, { requestVertexNormals: true });
    const viewer = new Cesium.CesiumWidget("map", { baseLayer: false, skyBox: false, terrainProvider: terrain });
    viewer.scene.renderError.addEventListener((_, error) => result.failed.push(String(error)));
    terrain.errorEvent.addEventListener((error) => result.failed.push(error.message));
    const places = points.map(([lon, lat]) => Cesium.Cartographic.fromDegrees(lon, lat));
    const sampled = await Cesium.sampleTerrainMostDetailed(terrain, places, true);
    result.heights = sampled.map(({ height }) => height);
    viewer.camera.lookAt(Cesium.Cartesian3.fromRadians(places[0].longitude, places[0].latitude, sampled[0].height), new Cesium.HeadingPitchRange(0, -0.5, 4000));
    const until = Date.now() + 60000;
    for (let still = 0; still < 10 && Date.now() < until; ) {
      await new Promise((next) => setTimeout(next, 100));
      still = viewer.scene.globe.tilesLoaded ? still + 1 : 0;
    }
    result.normals = terrain.hasVertexNormals;
    result.ground = viewer.scene.globe.getHeight(places[0]);
    return result;
  }, [url, JSON.parse(points)]);
  await browser.close();
  return { ...seen, ...record };
});
