// The list of active alarms, worst and newest first, with the button that acknowledges.
import { make, the } from "./elements.js";
import { SEVERITIES } from "./live-tiles.js";
import { ask, item, lineage, role } from "./server.js";
import { propertyName, show, titles, when, word } from "./words.js";

const MAY = new Set(["operator", "admin"]);
/** More rows than this help nobody; the count tells the rest. */
const SHOWN = 100;
const order = Object.keys(SEVERITIES);

export class Alarms {
  #active = new Map(); // alarm id -> alarm, with `place` once it is known
  #places = new Map(); // asset id -> Promise of { path, box, ids }

  /** `onPick(assetId)` follows a row; `onChange(alarms)` is told when the list changes, `[{ id, asset, severity, place: { box, ids } }]`. */
  constructor({ onPick, onChange }) {
    this.onPick = onPick;
    this.onChange = onChange;
  }

  /** Asks for what is active now. */
  async load() {
    const { alarms } = await ask("alarms", { query: { state: "active", limit: 1000 } });
    this.#active = new Map(alarms.map((alarm) => [alarm.id, alarm]));
    await this.#changed();
  }

  /** Takes one alarm event of `/live`. */
  apply({ alarm }) {
    if (alarm.state === "cleared") this.#active.delete(alarm.id);
    else this.#active.set(alarm.id, { ...this.#active.get(alarm.id), ...alarm });
    return this.#changed();
  }

  async #changed() {
    this.write();
    await Promise.all([...this.#active.values()].slice(0, SHOWN).map(async (alarm) => (alarm.place ??= await this.#place(alarm.asset ?? alarm.device))));
    this.write();
    this.onChange([...this.#active.values()].filter(({ place }) => place?.box));
  }

  #place(id) {
    if (!this.#places.has(id)) this.#places.set(id, locate(id));
    return this.#places.get(id);
  }

  /** Writes the list in the language of now. */
  write() {
    const sorted = [...this.#active.values()].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || String(b.phenomenonTime).localeCompare(String(a.phenomenonTime)));
    the("count").textContent = sorted.length;
    the("alarms").dataset.severity = sorted[0]?.severity ?? "";
    const rows = sorted.slice(0, SHOWN).map((alarm) => this.#row(alarm));
    the("list").replaceChildren(...(rows.length ? rows : [make("li", { class: "hint" }, word("noAlarms"))]));
    the("legend").replaceChildren(...order.map((name) => make("li", { "data-severity": name }, word(name))));
  }

  #row(alarm) {
    const done = alarm.acknowledged === true || alarm.state === "acknowledged";
    const button = make("button", { type: "button", onclick: () => this.#acknowledge(alarm, button) }, word("acknowledge"));
    return make(
      "li",
      { "data-severity": alarm.severity, "data-alarm": alarm.id },
      make("button", { type: "button", class: "plain place", onclick: () => this.onPick(alarm.asset ?? alarm.device) }, make("b", {}, word(alarm.severity)), ` ${alarm.place ? told(alarm.place.path) : alarm.asset ?? alarm.device} `, make("span", { class: "hint" }, why(alarm))),
      make("time", { datetime: alarm.phenomenonTime }, when(alarm.phenomenonTime)),
      done ? make("span", { class: "chip" }, word("acknowledged")) : MAY.has(role()) && button,
    );
  }

  async #acknowledge(alarm, button) {
    button.disabled = true;
    try {
      await ask(`alarms/${encodeURIComponent(alarm.id)}/acknowledge`, { method: "POST", body: {} });
      Object.assign(alarm, { acknowledged: true });
      this.write();
    } catch (problem) {
      button.disabled = false;
      button.title = problem.message;
      button.classList.add("failed");
    }
  }
}

/** What was measured, in the language of now; else the server's own words. */
const why = ({ observedProperty, value, message }) => (observedProperty === undefined ? (message ?? "") : `${propertyName(observedProperty)} ${show(value)}`);

/** A path in words; a part that is called as its whole is not said twice. */
const told = (path) => titles(path).filter((name, at, all) => name !== all[at - 1]).join(" ");

/** Path from the building down with its ids, and box, of an asset; its id alone where it may not be known. */
async function locate(id) {
  try {
    const feature = await item(id);
    const path = [...(await lineage(feature)), { id, name: feature.properties.name, class: feature.properties.class }];
    return { path, box: feature.bbox, ids: path.map((each) => each.id) };
  } catch {
    return { path: [{ id }], ids: [id] };
  }
}
