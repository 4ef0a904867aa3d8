// The panel about the picked asset: its name, class and place, its alarm, its readings as they come, its attributes.
import { make, the } from "./elements.js";
import { unitName } from "./names.js";
import { className, propertyName, show, when, word } from "./words.js";

/** Properties that the panel shows in places of their own. */
const KNOWN = new Set(["name", "class", "collection", "parent", "storey", "dataset", "state", "alarm", "path"]);

export class Panel {
  #root = the("details");
  #feature;
  #path = [];

  /** `onPick(id)` follows a link to a parent, `onFly()` flies to what is shown. */
  constructor({ onPick, onFly }) {
    this.onPick = onPick;
    this.onFly = onFly;
    this.write();
  }

  /** Shows a feature with its parents, `[{ id, name, class }]` from the building down; nothing without one. */
  show(feature, path = []) {
    this.#feature = feature;
    this.#path = path;
    this.write();
  }

  /** Brings the readings and the alarm up to date: `sources` is `[{ name, state: { property: { value, unit, time } } }]`, the asset itself first. */
  live(sources, severity) {
    if (!this.#feature) return;
    const rows = sources.flatMap(({ name, state }, place) => {
      const readings = Object.entries(state).map(reading);
      return place && readings.length ? [make("tr", {}, make("th", { colspan: 3, scope: "rowgroup" }, name)), ...readings] : readings;
    });
    this.readings.replaceChildren(...(rows.length ? rows : [make("tr", {}, make("td", { class: "hint" }, word("noReadings")))]));
    this.alarm.hidden = !severity;
    this.alarm.dataset.severity = severity ?? "";
    this.alarm.textContent = severity ? `${word("alarms")}: ${word(severity)}` : "";
  }

  /** Writes the panel anew, in the language of now. */
  write() {
    const feature = this.#feature;
    this.#root.dataset.id = feature?.id ?? "";
    this.#root.classList.toggle("filled", Boolean(feature));
    if (!feature) return this.#root.replaceChildren(make("h2", {}, word("details")), make("p", { class: "hint" }, word("pick")));
    const { properties } = feature;
    this.alarm = make("p", { class: "badge", hidden: true });
    this.readings = make("tbody");
    const own = Object.entries(properties).filter(([name]) => !KNOWN.has(name));
    const fixed = [["id", feature.id], ["class", className(properties.class)], ["dataset", properties.dataset], ["collection", properties.collection]];
    const row = ([name, value]) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, show(value)));
    this.#root.replaceChildren(
      make("h2", {}, make("span", {}, properties.name || String(feature.id)), make("button", { type: "button", class: "plain", "aria-label": word("close"), onclick: () => this.onPick(undefined) }, "×")),
      this.#trail(),
      make("p", { class: "tools" }, make("span", { class: "chip" }, className(properties.class)), make("button", { type: "button", onclick: () => this.onFly() }, word("fly"))),
      this.alarm,
      make("h3", {}, word("readings")),
      make("table", { class: "readings" }, this.readings),
      make("h3", {}, word("attributes")),
      make("table", {}, make("tbody", {}, ...fixed.map(([name, value]) => row([word(name), value])), ...own.map(row))),
    );
  }

  #trail() {
    const links = this.#path.map(({ id, name, class: kind }) => make("li", {}, make("button", { type: "button", class: "plain", title: className(kind), onclick: () => this.onPick(id) }, name || id)));
    return make("nav", { "aria-label": word("within") }, make("ol", { class: "trail" }, ...links));
  }
}

function reading([name, { value, unit, time }]) {
  const shown = make("td", {}, make("b", {}, show(value)), ` ${unitName(unit)}`);
  return make("tr", { "data-property": name }, make("th", { scope: "row" }, propertyName(name)), shown, make("td", { class: "time" }, when(time)));
}
