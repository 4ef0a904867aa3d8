// maplibre.mjs STYLE LON LAT ZOOM [PITCH [SHOT]]: shows a style in plain, unmodified MapLibre GL JS in Chromium on a page of another
// origin; one JSON result with what is drawn, by layer, and every error. SHOT is where a picture goes.
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { open, report } from "./chromium.mjs";

const MAPLIBRE = new URL("node_modules/maplibre-gl/dist", import.meta.url).pathname;
const PAGE = `<!doctype html><link rel="icon" href="data:,"><link rel="stylesheet" href="/maplibre-gl.css">
<div id="map" style="width:1000px;height:700px"></div><script src="/maplibre-gl.js"></script>`;
const TYPES = { js: "text/javascript", css: "text/css" };

/** Serves MapLibre's own build and an empty page on a free port of this machine. */
async function host() {
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    if (path === "/") return response.setHeader("Content-Type", "text/html").end(PAGE);
    response.setHeader("Content-Type", TYPES[path.split(".").pop()] ?? "application/octet-stream");
    createReadStream(MAPLIBRE + path).on("error", () => response.writeHead(404).end()).pipe(response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${server.address().port}`;
}

report(async () => {
  const [style, lon, lat, zoom, pitch = "0", shot] = process.argv.slice(2);
  const origin = await host();
  const { browser, page, record } = await open({ origins: [origin, new URL(style).origin] });
  await page.goto(origin);
  const seen = await page.evaluate(
    async ({ style, center, zoom, pitch }) => {
      const map = new maplibregl.Map({ container: "map", style, center, zoom, pitch, fadeDuration: 0, attributionControl: false, canvasContextAttributes: { preserveDrawingBuffer: true } });
      const failed = [];
      map.on("error", ({ error }) => failed.push(String(error?.message ?? error)));
      const idle = await Promise.race([new Promise((done) => map.once("idle", () => done(true))), new Promise((done) => setTimeout(() => done(false), 60000))]);
      const drawn = {};
      const places = {};
      const told = {};
      for (const { layer, id, properties } of map.queryRenderedFeatures()) {
        (drawn[layer.id] ??= new Set()).add(id);
        told[id] = [properties.class ?? null, properties.name || null];
        if (properties.count !== undefined) places[id] = properties.count;
      }
      // Colour by live state as a page does: by the source's own id.
      const [first] = Object.values(drawn).flatMap((ids) => [...ids]);
      const [{ source, sourceLayer }] = [...map.queryRenderedFeatures(), {}];
      if (source) map.setFeatureState({ source, sourceLayer, id: first }, { alarm: true });
      const canvas = map.getCanvas();
      const flat = document.createElement("canvas");
      [flat.width, flat.height] = [canvas.width, canvas.height];
      flat.getContext("2d").drawImage(canvas, 0, 0);
      const pixels = flat.getContext("2d").getImageData(0, 0, flat.width, flat.height).data;
      const colours = new Set();
      for (let i = 0; i < pixels.length; i += 4) colours.add(pixels.slice(i, i + 4).join());
      return {
        idle,
        failed,
        layers: Object.fromEntries(Object.entries(drawn).map(([name, ids]) => [name, ids.size])),
        ids: Object.keys(told).slice(0, 3000),
        told,
        counted: Object.values(places).reduce((sum, count) => sum + count, 0),
        colours: colours.size,
      };
    },
    { style, center: [Number(lon), Number(lat)], zoom: Number(zoom), pitch: Number(pitch) },
  );
  if (shot) await page.screenshot({ path: shot });
  await browser.close();
  return { ...seen, ...record };
});
