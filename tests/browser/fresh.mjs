// fresh.mjs BASE VIEWER INTEGRATOR SITE: an open portal page, a building that is changed while it looks, and how long until it is drawn so.
import { City } from "./city.mjs";
import { open, report } from "./chromium.mjs";

const [base, viewer, integrator, site] = process.argv.slice(2);
const city = new City(base, viewer);

/** A house of a height, as GeoJSON; always the same id. */
const house = (height) => JSON.stringify({
  type: "FeatureCollection",
  features: [{ type: "Feature", id: "fresh-house", properties: { name: "新楼", height, rising: `${height} m` },
    geometry: { type: "Polygon", coordinates: [[[118.7801, 32.0401], [118.7803, 32.0401], [118.7803, 32.0403], [118.7801, 32.0403], [118.7801, 32.0401]]] } }],
});

async function send(height) {
  const answer = await fetch(`${base}/imports?name=fresh.geojson&site=${site}&height-offset=0`, {
    method: "POST", body: house(height), headers: { Authorization: `Bearer ${integrator}` },
  });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
}

/** Waits until the page draws the house with what it says of itself; gives how many tiles it asked for on the way. */
const drawn = (page, rising) =>
  page.evaluate(async (rising) => {
    const { city } = await import("/portal/main.js");
    const found = () => {
      const waiting = [city.tileset.root];
      while (waiting.length) {
        const tile = waiting.pop();
        waiting.push(...(tile?.children ?? []));
        for (let i = 0; i < (tile?.content?.featuresLength ?? 0); i++) {
          const feature = tile.content.getFeature(i);
          if (feature.getProperty("id") === "fresh-house") return feature.getProperty("rising");
        }
      }
    };
    const until = Date.now() + 60000;
    while (found() !== rising) {
      if (Date.now() > until) throw new Error(`the house is not drawn with ${rising} after 60 s`);
      city.scene.requestRender();
      await new Promise((next) => setTimeout(next, 20));
    }
    return city.tileset.tilesLoaded;
  }, rising);

report(async () => {
  await send(9);
  const { browser, page, record } = await open({ origins: [base] });
  const { ticket } = await city.post("tickets?opens=session", {});
  await page.goto(`${base}/portal/?ticket=${ticket}`);
  await page.evaluate(async () => (await import("/portal/main.js")).ready);
  await drawn(page, "9 m");
  const waits = [];
  for (const height of [12, 15, 18]) {
    await send(height);
    const committed = Date.now();
    await drawn(page, `${height} m`);
    waits.push(Date.now() - committed);
  }
  await browser.close();
  return { waits, ...record };
});
