// The tree of what holds what: building, unit, storey, space and on; each level is asked for when it is opened. Keys as the ARIA tree pattern.
import { make, the } from "./elements.js";
import { features } from "./server.js";
import { className, title as called, word } from "./words.js";

export const PAGE = { limit: 1000, skipGeometry: true };
/** What is known to hold nothing, so that no empty branch is offered. */
const isLeaf = ({ class: kind, collection }) => /^(devices|components|addresses)$/.test(collection) || /^(door|window|furniture|wall|slab|column|beam|covering)$/.test(kind);
/** Rooms and flats before walls and devices, storeys by height and then by name as people count. */
const ORDER = ["building", "building_part", "building_unit", "storey", "space"];
const rank = ({ properties: { class: kind } }) => (ORDER.indexOf(kind) + ORDER.length + 1) % (ORDER.length + 1);
const names = new Intl.Collator("zh", { numeric: true });
const title = ({ id, properties }) => called({ id, ...properties });
const storeys = (a, b) => (a.properties.class === "storey" && a.bbox && b.bbox ? b.bbox[2] - a.bbox[2] : 0);
const compare = (a, b) => rank(a) - rank(b) || storeys(a, b) || names.compare(title(a), title(b));

export class Tree {
  #onPick;
  #severityOf = () => undefined;
  #root = the("tree");

  /** `onPick(feature)` is told what is chosen. */
  constructor(onPick) {
    this.#onPick = onPick;
    this.#root.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Fills the first level; gives the buildings that it shows. */
  async load() {
    this.#root.replaceChildren();
    const found = await this.#fill(this.#root, "collections/buildings/items", PAGE, 1);
    this.#root.querySelector("[role=treeitem]")?.setAttribute("tabindex", "0");
    return found;
  }

  /** Opens the branches of `path` (ids from the building down) as far as they are there and marks the last as chosen. */
  async reveal(path) {
    let found;
    for (const id of path) {
      const item = (found ?? this.#root).querySelector(`[role=treeitem][data-id="${CSS.escape(id)}"]`);
      if (!item) break;
      if (found) await this.#open(found, true);
      found = item;
      if (id !== path.at(-1)) await this.#open(item, true);
    }
    for (const old of this.#root.querySelectorAll("[aria-selected=true]")) old.setAttribute("aria-selected", "false");
    if (found?.dataset.id !== path.at(-1)) return;
    found.setAttribute("aria-selected", "true");
    found.querySelector(".row").scrollIntoView({ block: "nearest" });
  }

  /** Colours the rows, and those that come later: `severityOf(id)` is a severity or undefined. */
  paint(severityOf) {
    this.#severityOf = severityOf;
    for (const item of this.#root.querySelectorAll("[role=treeitem]")) item.dataset.severity = severityOf(item.dataset.id) ?? "";
  }

  async #fill(list, path, query, level) {
    const waiting = make("li", { class: "hint" }, word("loading"));
    list.append(waiting);
    try {
      const page = await features(path, query);
      const items = page.features.sort(compare).map((feature) => this.#item(feature, level));
      list.append(...items);
      if (!items.length) list.append(make("li", { class: "hint" }, word("empty")));
      if (page.next) {
        const more = make("li", {}, make("button", { type: "button", class: "plain", onclick: () => (more.remove(), this.#fill(list, page.next, {}, level)) }, word("more")));
        list.append(more);
      }
      return page.features;
    } catch (problem) {
      list.append(make("li", { class: "hint" }, problem.message));
      return [];
    } finally {
      waiting.remove();
    }
  }

  #item(feature, level) {
    const kind = feature.properties.class;
    const leaf = isLeaf(feature.properties);
    const row = make("div", { class: "row" }, make("span", { class: "twig", "aria-hidden": "true" }), make("span", { class: "name" }, title(feature)), make("small", {}, className(kind)));
    const item = make("li", { role: "treeitem", "aria-level": level, "aria-selected": "false", "aria-expanded": leaf ? undefined : "false", tabindex: "-1", "data-id": feature.id, "data-class": kind, "aria-label": `${title(feature)}, ${className(kind)}` }, row);
    item.dataset.severity = this.#severityOf(feature.id) ?? "";
    row.addEventListener("click", (event) => {
      this.#focus(item);
      if (event.target.classList.contains("twig")) this.#open(item);
      else this.#onPick(feature);
    });
    row.addEventListener("dblclick", () => this.#open(item));
    item.pick = () => this.#onPick(feature);
    return item;
  }

  async #open(item, on = item.getAttribute("aria-expanded") === "false") {
    if (!item.hasAttribute("aria-expanded")) return;
    item.setAttribute("aria-expanded", String(on));
    if (!on || item.querySelector(":scope > ul")) return item.filling;
    const list = make("ul", { role: "group" });
    item.append(list);
    item.filling = this.#fill(list, "collections/assets/items", { parent: item.dataset.id, ...PAGE }, Number(item.getAttribute("aria-level")) + 1);
    await item.filling;
  }

  #focus(item) {
    for (const old of this.#root.querySelectorAll("[tabindex='0']")) old.setAttribute("tabindex", "-1");
    item.setAttribute("tabindex", "0");
    item.focus();
  }

  #key(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.target.tagName === "BUTTON") return;
    const seen = [...this.#root.querySelectorAll("[role=treeitem]")].filter((each) => !each.parentElement.closest("[aria-expanded=false]"));
    const at = seen.indexOf(item);
    const open = item.getAttribute("aria-expanded");
    const to = (next) => next && this.#focus(next);
    const acts = {
      ArrowDown: () => to(seen[at + 1]),
      ArrowUp: () => to(seen[at - 1]),
      Home: () => to(seen[0]),
      End: () => to(seen.at(-1)),
      ArrowRight: () => (open === "false" ? this.#open(item, true) : to(item.querySelector("[role=treeitem]"))),
      ArrowLeft: () => (open === "true" ? this.#open(item, false) : to(item.parentElement.closest("[role=treeitem]"))),
      Enter: () => item.pick(),
      " ": () => item.pick(),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }
}
