// The panel about the picked asset: its name, class and place, its alarm, its readings as they come, its attributes.
import { make, the } from "./elements.js";
import { unitName } from "./names.js";
import { className, propertyName, show, title, titles, when, word } from "./words.js";

/** Properties that the panel shows in places of their own. */
const KNOWN = new Set(["name", "class", "collection", "parent", "storey", "dataset", "state", "alarm", "path", "view"]);

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
    // Readings that tick are not read out one by one.
    this.readings = make("tbody", { "aria-live": "off" });
    const own = Object.entries(properties).filter(([name]) => !KNOWN.has(name));
    const fixed = [["id", feature.id], ["class", className(properties.class)], ["dataset", properties.dataset], ["collection", properties.collection]];
    const row = ([name, value]) => make("tr", {}, make("th", { scope: "row" }, ...breakable(name)), make("td", {}, show(value)));
    this.#root.replaceChildren(
      make("h2", {}, make("span", {}, title({ id: feature.id, ...properties })), make("button", { type: "button", class: "plain", "aria-label": word("close"), onclick: () => this.onPick(undefined) }, "×")),
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
    const names = titles(this.#path);
    const links = this.#path.map(({ id, class: kind }, at) => make("li", {}, make("button", { type: "button", class: "plain", title: className(kind), onclick: () => this.onPick(id) }, names[at])));
    return make("nav", { "aria-label": word("within") }, make("ol", { class: "trail" }, ...links));
  }
}

/** A name of the source's in pieces between which a line may break: at points and underscores, and where a new word begins. */
const breakable = (name) => name.split(/(?<=[._])|(?<=[a-z0-9])(?=[A-Z])/).flatMap((piece, at) => (at ? [make("wbr"), piece] : [piece]));

function reading([name, { value, unit, time }]) {
  const shown = make("td", {}, make("b", {}, show(value)), ` ${unitName(unit)}`);
  return make("tr", { "data-property": name }, make("th", { scope: "row" }, propertyName(name)), shown, make("td", { class: "time" }, when(time)));
}
