// The page: opens the session, the city, the tree and the lists, and joins them.
import { Alarms } from "./alarms.js";
import { City } from "./city.js";
import { make, the } from "./elements.js";
import { Panel } from "./panel.js";
import { address, credentials, enter, features, follow, item, lineage, role } from "./server.js";
import { PAGE, Tree } from "./tree.js";
import { className, title, titles, toggle, word, write } from "./words.js";

/** What is picked: its feature and what it stands in. */
let picked;
/** The view; exported, with the Cesium it runs on (`cesium.js`), for the console and for tests. */
export let city;

const panel = new Panel({ onPick: leave, onFly: () => fly() });
const tree = new Tree((feature) => pick(feature.id, { fly: true }));
const alarms = new Alarms({ onPick: (id) => pick(id, { fly: true }), onChange: mark });

/** Picks what a link in the panel names; closing the panel hands the focus to the map, as its button is gone. */
function leave(id) {
  if (id === undefined) the("map").focus();
  return pick(id);
}

/** Picks an asset by id everywhere at once, or nothing; the last call wins. */
async function pick(id, { fly: flying = false } = {}) {
  const turn = (pick.turn = (pick.turn ?? 0) + 1);
  try {
    const feature = id === undefined ? undefined : await item(id);
    const path = feature ? await lineage(feature) : [];
    if (turn !== pick.turn) return;
    picked = feature && { feature, path, inside: [] };
    panel.show(feature, path);
    city?.style.select(feature?.id, path.map((each) => each.id));
    city?.outline(feature?.bbox);
    city?.sight(feature?.properties.view);
    refresh(feature?.id);
    if (flying) fly();
    if (feature?.properties.class === "space") inside(picked);
    await Promise.all([reveal(), DIVIDED.has(feature?.properties.class) && divide(feature.id)]);
  } catch (problem) {
    trouble(`${word("failed")}: ${problem.message}`);
  }
}

/** Asks for what stands directly in an asset. */
async function parts(id) {
  const { features: found } = await features("collections/assets/items", { parent: id, limit: 1000, skipGeometry: true });
  return found.map(({ id, properties: { name, class: kind } }) => ({ id, class: kind, name: name || className(kind) }));
}

/** Finds what stands in the picked room, so that its devices' readings show with it. */
async function inside(room) {
  room.inside = (await parts(room.feature.id)).slice(0, 50);
  refresh();
}

/** What is divided again: a building into parts and units, these into storeys. Not all of it is drawn in the tiles in view. */
const DIVIDED = new Set(["building", "building_part", "building_unit"]);

/** Tells the view what is part of a building down to its storeys, so that all their walls are highlighted with it. */
async function divide(id) {
  const found = await parts(id);
  city?.style.hold(id, found.map((each) => each.id));
  await Promise.all(found.filter((each) => DIVIDED.has(each.class)).map((each) => divide(each.id)));
}

/** Marks the active alarms in the view and colours all that they stand in. */
function mark(list) {
  for (const { id, severity, place } of list) city?.style.raise(id, severity, place.ids);
  city?.mark(list);
  if (city) tree.paint((id) => city.style.severityOf(id));
}

function fly() {
  if (picked?.feature.bbox) city?.fly(picked.feature.bbox);
}

/** Brings what shows live state of `id` (or of anything, without one) up to date. */
function refresh(id) {
  if (!picked || !city) return;
  const shown = [{ id: picked.feature.id }, ...picked.inside];
  if (id !== undefined && !shown.some((each) => each.id === id)) return;
  panel.live(
    shown.map((each) => ({ ...each, state: city.style.stateOf(each.id) })),
    city.style.severityOf(picked.feature.id),
  );
}

function trouble(text) {
  the("trouble").textContent = text;
  the("trouble").hidden = !text;
}

const hasWebGl = () => Boolean(document.createElement("canvas").getContext("webgl2"));

async function find(event) {
  event?.preventDefault();
  const text = the("query").value.trim();
  the("found").hidden = !text;
  if (!text) return;
  try {
    const found = (await features("search", { q: text, limit: 20 })).features;
    const rows = found.map(({ id, properties: { name, class: kind, path = [] } }) =>
      make("li", {}, make("button", { type: "button", class: "plain", onclick: () => pick(id, { fly: true }) }, make("b", {}, title({ id, name, class: kind })), make("small", {}, ` ${className(kind)}`), make("span", { class: "hint" }, titles(path).join(" › ")))),
    );
    the("results").replaceChildren(...(rows.length ? rows : [make("li", { class: "hint" }, word("nothing"))]));
  } catch (problem) {
    the("results").replaceChildren(make("li", { class: "hint" }, problem.message));
  }
}

function link(state) {
  the("link").dataset.state = state;
  the("link").textContent = word(state);
}

/** Follows the live city: colours, readings and alarms from the stream, and the tiles anew when some of them are others. */
function live() {
  let stale;
  let looked = false;
  const fail = (problem) => trouble(problem.message);
  // Where there was no city to open, there may be one now.
  const redraw = () => (city ? city.reload().catch(fail) : location.reload());
  return follow({
    onLink: (on) => link(on ? "live" : "offline"),
    onSnapshot: (snapshot) => {
      city?.style.snapshot(snapshot);
      alarms.load().catch(fail);
      recolour();
      // Nobody has told of what changed while there was no stream.
      if (looked) redraw();
      looked = true;
    },
    onEvent: (event) => {
      city?.style.apply(event);
      if (event.type === "state") refresh(event.asset);
      if (event.type === "alarm") {
        alarms.apply(event).catch(fail);
        recolour();
      }
      if (event.type === "assets") {
        clearTimeout(stale);
        stale = setTimeout(() => replant().catch(fail), 200);
      }
      // Without names all is to be drawn anew.
      if (event.type === "tiles" && (!event.come || event.come.length + event.gone.length)) redraw();
    },
  });
}

/** Names the sites that the buildings are of, and lays the ground where most of them stand. */
function describe(buildings) {
  the("site").textContent = [...new Set(buildings.map(({ uid }) => String(uid).split("/")[0]))].join(" ");
  const bottoms = buildings.flatMap(({ bbox }) => (bbox ? [bbox[2]] : [])).sort((a, b) => a - b);
  if (bottoms.length) city?.stand(bottoms[bottoms.length >> 1]);
  // Of more buildings than the tree lists at once, the tiles know better where all are.
  city?.cover(buildings.length < PAGE.limit ? buildings.flatMap(({ bbox }) => (bbox ? [bbox] : [])) : []);
}

/** Shows in the tree what is picked. */
async function reveal() {
  if (picked) await tree.reveal([...picked.path.map(({ id }) => id), picked.feature.id]);
}

/** Builds the tree anew, open where it was picked. */
async function replant() {
  describe(await tree.load());
  recolour();
  await reveal();
}

function recolour() {
  refresh();
  if (city) tree.paint((id) => city.style.severityOf(id));
}

function speak() {
  write();
  link(the("link").dataset.state);
  the("role").textContent = word(role() ?? "anonymous");
  panel.write();
  alarms.write();
  refresh();
}

the("search").addEventListener("submit", find);
the("query").addEventListener("input", () => {
  clearTimeout(find.timer);
  find.timer = setTimeout(find, 250);
});
the("unsearch").addEventListener("click", () => {
  the("query").value = "";
  find();
});
the("home").addEventListener("click", () => city?.home());
the("xray").addEventListener("click", () => {
  if (!city) return;
  city.style.xray = !city.style.xray;
  the("xray").setAttribute("aria-pressed", String(city.style.xray));
});
the("language").addEventListener("click", () => {
  toggle();
  speak();
  replant();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") pick(undefined);
  if (event.key === "/" && event.target.tagName !== "INPUT") {
    event.preventDefault();
    the("query").focus();
  }
});

/** Settles when the city, the tree and the live stream have begun, or have said why not. */
export const ready = (async () => {
  speak();
  await enter().catch((problem) => trouble(`${word("failed")}: ${problem.message}`));
  speak();
  const opened = City.open(the("map"), { tileset: address("3dtiles/tileset.json").href, headers: credentials, panels: [the("alarms"), the("trouble")], onPick: (id) => pick(id) });
  await Promise.all([
    opened.then((view) => (city = view)).catch((problem) => trouble(`${word(problem.statusCode ? "noTiles" : hasWebGl() ? "failed" : "noWebGl")}: ${problem.message ?? problem}`)),
    Promise.all([tree.load(), opened.catch(() => {})]).then(([buildings]) => describe(buildings)),
  ]);
  live();
})();
