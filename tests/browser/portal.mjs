// portal.mjs BASE OPERATOR INTEGRATOR: drives the portal of a served community as a person does; one JSON result with what was seen.
// The keys open the page and send readings. With `--picture FILE` it stops at an alarm in a picked room and writes that as a PNG.
import { City } from "./city.mjs";
import { open, report } from "./chromium.mjs";
import { redPixels } from "./pixels.mjs";

const [base, operator, integrator, flag, file] = process.argv.slice(2);
const city = new City(base, operator);
const devices = new City(base, integrator);

/** Opens the page with a ticket, as the URL that `cimbra demo` prints does, and waits until the city stands. */
async function enter(page) {
  const { ticket } = await city.post("tickets?opens=session", {});
  const began = Date.now();
  await page.goto(`${base}/portal/?ticket=${ticket}`);
  await page.evaluate(async () => (await import("/portal/main.js")).ready);
  await settled(page);
  return Date.now() - began;
}

/** Waits until every tile in view is there, and has been for half a second. */
const settled = (page) =>
  page.evaluate(async () => {
    const { city } = await import("/portal/main.js");
    const until = Date.now() + 60000;
    for (let still = 0; still < 5; still = city.tileset.tilesLoaded ? still + 1 : 0) {
      if (Date.now() > until) throw new Error("the tiles in view are not loaded after 60 s");
      city.scene.requestRender();
      await new Promise((next) => setTimeout(next, 100));
    }
  });

/** Looks straight down on a box, as near as shows it whole, and says where on the screen the middle of its top is. */
const lookDown = (page, box) =>
  page.evaluate(async (box) => {
    const C = await import("/portal/cesium.js");
    const { city } = await import("/portal/main.js");
    const [west, south, , east, north, top] = box;
    const middle = C.Cartesian3.fromDegrees((west + east) / 2, (south + north) / 2, top);
    const wide = C.Cartesian3.distance(C.Cartesian3.fromDegrees(west, south, top), C.Cartesian3.fromDegrees(east, north, top));
    city.scene.camera.flyToBoundingSphere(new C.BoundingSphere(middle, 1), { duration: 0, offset: new C.HeadingPitchRange(0, -Math.PI / 2, wide * 2) });
    city.scene.render();
    const { x, y } = C.SceneTransforms.worldToWindowCoordinates(city.scene, middle);
    const canvas = city.widget.canvas.getBoundingClientRect();
    return [canvas.left + x, canvas.top + y];
  }, box);

/** The corners of the assets' boxes that the page hides: outside of the map, or under a panel. */
const hidden = (page, assets) =>
  page.evaluate(async (assets) => {
    const C = await import("/portal/cesium.js");
    const { city } = await import("/portal/main.js");
    city.scene.render();
    const map = city.widget.canvas.getBoundingClientRect();
    const panels = ["structure", "details", "alarms", "trouble"].map((id) => document.getElementById(id).getBoundingClientRect());
    const within = (x, y, { left, right, top, bottom }) => left < x && x < right && top < y && y < bottom;
    return assets.flatMap(({ id, bbox: [west, south, low, east, north, high] }) =>
      [0, 1, 2, 3, 4, 5, 6, 7].flatMap((corner) => {
        const place = C.Cartesian3.fromDegrees(corner & 1 ? east : west, corner & 2 ? north : south, corner & 4 ? high : low);
        const at = C.SceneTransforms.worldToWindowCoordinates(city.scene, place);
        const [x, y] = [map.left + (at?.x ?? Number.NaN), map.top + (at?.y ?? Number.NaN)];
        return within(x, y, map) && !panels.some((panel) => within(x, y, panel)) ? [] : [`${id}: ${x} ${y}`];
      }),
    );
  }, assets);

/** Chooses a building in the tree: what of its box is hidden then, and the colours of its walls before, while and after. */
async function choose(page, { building, walls }) {
  const colours = async () => [...new Set((await Promise.all(walls.map(({ id }) => looks(page, id)))).flatMap((each) => each.colours))];
  await page.locator(`#tree [data-id="${building.id}"] > .row`).click();
  await page.waitForTimeout(2000);
  await settled(page);
  const chosen = { hidden: await hidden(page, [building]), colours: await colours() };
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.getElementById("details").dataset.id);
  return { ...chosen, after: await colours() };
}

/** What the page says of where a device is: as a trail in the panel, and in the row of its alarm. */
async function whereabouts(page, device) {
  await page.fill("#query", device.properties.name);
  await page.locator("#results li button").first().click();
  await page.waitForFunction((id) => document.getElementById("details").dataset.id === id, device.id);
  const trail = await page.locator("#details .trail li").allTextContents();
  await settled(page);
  await page.click("#unsearch");
  await page.keyboard.press("Escape");
  await devices.observe(device, "smoke", 0.9);
  await until(page, device.properties.parent, "critical");
  const place = page.locator("#list li[data-alarm] .place").first();
  await page.waitForFunction(() => /层|Storey/.test(document.querySelector("#list li[data-alarm] .place").textContent));
  const row = await place.evaluate((button) => button.childNodes[1].textContent.trim());
  await page.click("#home");
  await page.waitForTimeout(2000);
  const covered = await hidden(page, await city.buildings());
  await devices.observe(device, "smoke", 0.01);
  await until(page, device.properties.parent, null);
  return { trail, row, hidden: covered };
}

/** Clicks the top of an asset and says what the panel then shows. */
async function clickOn(page, { id, bbox }) {
  await lookDown(page, bbox);
  await settled(page);
  const [x, y] = await lookDown(page, bbox);
  await page.mouse.click(x, y);
  await page.waitForFunction(() => document.getElementById("details").dataset.id, undefined, { timeout: 15000 });
  const shown = await page.evaluate(() => document.getElementById("details").dataset.id);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.getElementById("details").dataset.id);
  return { clicked: id, shown };
}

/** What the model shows of an asset: the severity known, and the distinct colours of the features that draw it. */
const looks = (page, id) =>
  page.evaluate(async (id) => {
    const { city } = await import("/portal/main.js");
    const drawn = city.style.featuresOf(id);
    return { severity: city.style.severityOf(id) ?? null, drawn: drawn.length, colours: [...new Set(drawn.map(({ color }) => color.toCssHexString()))] };
  }, id);

/** Waits until an asset's severity is `wanted` (null for none); the seconds that took. */
async function until(page, id, wanted) {
  const began = Date.now();
  while ((await looks(page, id)).severity !== wanted) {
    if (Date.now() - began > 20000) throw new Error(`${id} is not ${wanted ?? "free of alarm"} after 20 s: ${JSON.stringify(await looks(page, id))}`);
    await page.waitForTimeout(50);
  }
  return (Date.now() - began) / 1000;
}

/** Raises an alarm, watches the model take its colour, acknowledges it, ends it, and watches the colour go. */
async function alarmed(page, { device, room, building }) {
  await page.click("#home");
  await page.waitForTimeout(1500);
  await settled(page);
  const before = { ...(await looks(page, building.id)), red: await redPixels(page, "#map canvas") };
  await devices.observe(device, "smoke", 0.9);
  const seconds = await until(page, building.id, "critical");
  await page.waitForTimeout(500);
  const during = { ...(await looks(page, building.id)), red: await redPixels(page, "#map canvas"), room: await looks(page, room.id) };
  const row = page.locator("#list li[data-alarm]").first();
  during.row = await row.getAttribute("data-severity");
  await row.locator(".place").click();
  await page.waitForFunction((ids) => ids.includes(document.getElementById("details").dataset.id), [room.id, device.id]);
  await page.waitForSelector('#details tr[data-property="smoke"]');
  during.reading = await page.locator('#details tr[data-property="smoke"] b').first().textContent();
  await row.getByRole("button").last().click();
  await row.locator(".chip").waitFor();
  const acknowledged = (await city.get("alarms", { state: "active" })).alarms.some(({ state, acknowledged }) => state === "acknowledged" || acknowledged === true);
  await page.keyboard.press("Escape");
  await page.click("#home");
  await page.waitForTimeout(1500);
  await devices.observe(device, "smoke", 0.01);
  const clearing = await until(page, building.id, null);
  await settled(page);
  const after = { ...(await looks(page, building.id)), red: await redPixels(page, "#map canvas") };
  return { seconds, clearing, before, during, acknowledged, after };
}

/** Walks the tree down from a building with the keyboard: the class at every level. */
async function walkDown(page, { id }) {
  await page.locator(`#tree [role=treeitem][data-id="${id}"]`).focus();
  const classes = [];
  for (let level = 0; level < 8; level++) {
    const here = await page.evaluate(() => ({ kind: document.activeElement.dataset.class, open: document.activeElement.getAttribute("aria-expanded") }));
    classes.push(here.kind);
    if (here.open === null || here.kind === "space") break;
    if (here.open === "false") await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() => document.activeElement.querySelector("[role=group]")?.querySelector("[role=treeitem]"));
    await page.keyboard.press("ArrowRight");
  }
  return classes;
}

/** The page's language, title and a button's word, before and after the switch and after a reload. */
async function languages(page) {
  const now = () => page.evaluate(() => [document.documentElement.lang, document.title, document.getElementById("home").textContent]);
  const [first] = [await now(), await page.click("#language")];
  const second = await now();
  await page.reload();
  await page.waitForFunction(() => document.getElementById("home").textContent);
  return [first, second, await now()];
}

async function search(page, text) {
  await page.fill("#query", text);
  await page.waitForSelector("#results li");
  await page.waitForTimeout(600);
  return page.locator("#results li").allTextContents();
}

/** Picks a camera by its id: whether what it can see lies on the ground then, and after it is let go. */
async function watch(page, id) {
  await search(page, id);
  await page.locator("#results li button").first().click();
  await page.waitForFunction((id) => document.getElementById("details").dataset.id === id, id);
  const drawn = () => page.evaluate(async () => Boolean((await import("/portal/main.js")).city.seen));
  const picked = await drawn();
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.getElementById("details").dataset.id);
  const after = await drawn();
  await page.click("#unsearch");
  return [picked, after];
}

report(async () => {
  const { browser, page, record } = await open({ origins: [new URL(base).origin] });
  const milliseconds = await enter(page);
  const place = await city.alarmPlace();
  if (flag === "--picture") {
    for (const [property, value] of Object.entries({ temperature: 23.4, battery: 97, smoke: 0.27 })) await devices.observe(place.device, property, value);
    await until(page, place.building.id, "critical");
    await page.locator("#list .place").first().click();
    await page.waitForTimeout(2500);
    await settled(page);
    await page.screenshot({ path: file });
    await browser.close();
    return { file, ...record };
  }
  const address = page.url();
  const tiles = await page.evaluate(async () => (await import("/portal/main.js")).city.tileset.statistics.numberOfFeaturesSelected);
  const start = await hidden(page, await city.buildings());
  const tower = await city.tower();
  const chosen = await choose(page, tower);
  const where = await whereabouts(page, tower.device);
  const picks = [];
  const roofs = await city.roofs();
  for (const roof of roofs) picks.push(await clickOn(page, roof));
  const alarm = await alarmed(page, place);
  const roots = await page.locator("#tree > [role=treeitem] > .row > .name").allTextContents();
  const classes = await walkDown(page, await city.divided());
  const found = await search(page, place.building.properties.name);
  const [camera] = (await city.get("collections/cameras/items", { limit: 1 })).features;
  const sight = await watch(page, camera.id);
  const said = await languages(page);
  await browser.close();
  return { milliseconds, address, tiles, start, chosen, where, picks, alarm, roots, classes, found, sight, said, ...record };
});
