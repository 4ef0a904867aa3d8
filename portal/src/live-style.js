// The page's own look of the city: alarms by severity, the selection, and what is looked into. The features of the tiles come from
// `live-tiles.js`, which colours any page's tileset by live state; here parts, wholes and glass come to it.
//
// State is kept by asset id apart from the tiles; a change touches only the features of the assets it names, so the cost does not
// depend on the size of the city.

import { CesiumFeatures, SEVERITIES, worse } from "./live-tiles.js";

/** Classes that hold rooms: in alarm, or looked into, they turn translucent so that what is inside shines through. */
const ENVELOPES = new Set(["building", "building_part", "building_unit", "storey"]);
/** The collection of walls, slabs, doors …: they go with the storey that they are part of. */
const ELEMENTS = "elements";
/** Classes that are volumes of air: drawn only as glass, and only when looked into, in alarm or selected. */
const SPACES = new Set(["space", "building_unit"]);
/** Classes that lie over the ground and everything on it: drawn only when selected. */
const AREAS = new Set(["grid"]);

/**
 * Fragment shader for a Cesium `CustomShader` on the tileset: glass in a tile (rooms, which strangers' pages see translucent) becomes plain
 * white, so that a colour given here is seen as it is. Without it everything works, and rooms in alarm are paler.
 */
export const CLEAR = `void fragmentMain(FragmentInput fsInput, inout czm_modelMaterial material) {
  if (material.alpha < 0.99) { material.diffuse = vec3(1.0); material.alpha = 1.0; }
}`;

export class LiveStyle {
  #features; // of the tiles that are loaded: entries { feature, kind, collection, parent } by id
  #parts = new Map(); // id -> Set of the ids that name it as their parent
  #wholes = new Map(); // id -> the id that it names as its parent
  #state = new Map(); // id -> { observedProperty: { value, unit, time } }
  #alarms = new Map(); // id -> Map of alarm id -> severity
  #touched = new Map(); // alarm id -> Set of ids it colours
  #selected;
  #opened = new Set(); // ids of what is looked into: the selection's parents
  #xray = false;

  /** `Color` is Cesium's class, passed in so that the page's own copy of Cesium is used; `redraw` asks for a frame. */
  constructor(tileset, { Color, redraw = () => {} }) {
    const css = (text, alpha = 1) => Color.fromCssColorString(text).withAlpha(alpha);
    this.redraw = redraw;
    // A room's own glass is undone by `CLEAR`, so these alphas are what is seen.
    this.colours = { plain: css("#ffffff"), glass: css("#ffffff", 0.22), room: css("#7fb4e8", 0.16), selected: css("#6fd4ff"), chosen: css("#35c8ff", 0.6) };
    this.solid = Object.fromEntries(Object.entries(SEVERITIES).map(([name, text]) => [name, css(text)]));
    this.tint = Object.fromEntries(Object.entries(SEVERITIES).map(([name, text]) => [name, css(text, 0.4)]));
    this.veil = Object.fromEntries(Object.entries(SEVERITIES).map(([name, text]) => [name, css(text, 0.16)]));
    this.watch(tileset);
  }

  /** Moves to another tileset (the city was tiled anew); the state stays. */
  watch(tileset) {
    this.#features?.stop();
    this.#parts.clear();
    this.#wholes.clear();
    this.#features = new CesiumFeatures(tileset, (entries) => this.#index(entries));
  }

  /** Takes the whole live state: an answer of `/state/assets`, or the first event of `/live`. */
  snapshot({ features }) {
    const before = new Set([...this.#alarms.keys()]);
    this.#state.clear();
    this.#alarms.clear();
    this.#touched.clear();
    for (const [id, { alarm, ...state }] of Object.entries(features)) {
      this.#state.set(id, state);
      if (alarm && alarm.state !== "cleared") this.#raise(alarm.id, alarm.severity, [id]);
    }
    this.#paint(new Set([...before, ...this.#alarms.keys()]));
  }

  /** Takes one event of `/live`, the snapshot that it begins with included. */
  apply(event) {
    if (event.type === "snapshot") this.snapshot(event);
    if (event.type === "state") this.#state.set(event.asset, { ...this.#state.get(event.asset), ...event.state });
    if (event.type !== "alarm") return;
    const { id, state, severity, asset, device } = event.alarm;
    const ids = [asset, device, ...(event.context?.ancestors ?? [])].filter(Boolean);
    const before = this.#lower(id);
    if (state !== "cleared") this.#raise(id, severity, [...ids, ...before]);
    this.#paint(new Set([...ids, ...before]));
  }

  /** Says that an active alarm colours `ids` too: a snapshot tells only the worst alarm below an asset, and that one may clear first. */
  raise(alarm, severity, ids) {
    this.#raise(alarm, severity, ids);
    this.#paint(ids);
  }

  /** Highlights asset `id` (or nothing) with its walls and parts, and makes its `parents` (ids) translucent, so that it is seen inside its building. */
  select(id, parents = []) {
    const before = [...this.#family(this.#selected), ...this.#opened];
    this.#selected = id;
    this.#opened = new Set(parents);
    this.#paint(new Set([...before, ...this.#family(id), ...parents]));
  }

  /** Says what stands directly in `whole`: parts that no tile in view draws (units, storeys) would break the chain from a wall to its building. */
  hold(whole, parts) {
    for (const part of parts) this.#join(part, whole);
    if (this.#belongs(whole)) this.#paint(this.#family(whole));
  }

  /** Shows every building as glass with its rooms inside, or not. */
  set xray(on) {
    this.#xray = on;
    this.#paint(this.#features.ids);
  }
  get xray() {
    return this.#xray;
  }

  /** The latest readings of an asset: `{ observedProperty: { value, unit, time } }`. */
  stateOf(id) {
    return this.#state.get(id) ?? {};
  }
  /** The worst severity active at or below an asset, or undefined. */
  severityOf(id) {
    return [...(this.#alarms.get(id)?.values() ?? [])].reduce(worse, undefined);
  }
  /** The features loaded now that draw an asset. */
  featuresOf(id) {
    return [...this.#features.of(id)].map(({ feature }) => feature);
  }

  #raise(alarm, severity, ids) {
    const touched = this.#touched.get(alarm) ?? new Set();
    for (const id of ids) {
      if (!this.#alarms.has(id)) this.#alarms.set(id, new Map());
      this.#alarms.get(id).set(alarm, severity);
      touched.add(id);
    }
    this.#touched.set(alarm, touched);
  }

  #lower(alarm) {
    const touched = this.#touched.get(alarm) ?? [];
    for (const id of touched) {
      this.#alarms.get(id)?.delete(alarm);
      if (this.#alarms.get(id)?.size === 0) this.#alarms.delete(id);
    }
    this.#touched.delete(alarm);
    return touched;
  }

  #index(entries) {
    for (const [id, entry] of entries) {
      [entry.kind, entry.collection, entry.parent] = ["class", "collection", "parent"].map((name) => entry.feature.getProperty(name));
      if (entry.parent) this.#join(id, entry.parent);
      this.#colour(id, entry);
    }
  }

  #join(part, whole) {
    if (!this.#parts.has(whole)) this.#parts.set(whole, new Set());
    this.#parts.get(whole).add(part);
    this.#wholes.set(part, whole);
  }

  /** An asset and all that is known to be part of it. */
  #family(id) {
    const all = new Set(id === undefined ? [] : [id]);
    // A set that grows while it is walked is walked to its end.
    for (const each of all) for (const part of this.#parts.get(each) ?? []) all.add(part);
    return all;
  }

  /** Whether an asset is part of what is selected. */
  #belongs(id) {
    // A chain is short; the bound is for data whose parents go in a circle.
    for (let steps = 0; id !== undefined && steps < 16; steps++, id = this.#wholes.get(id)) if (id === this.#selected) return true;
    return false;
  }

  #paint(ids) {
    for (const id of ids) {
      for (const each of [id, ...(this.#parts.get(id) ?? [])]) {
        for (const entry of this.#features.of(each)) this.#colour(each, entry);
      }
    }
    this.redraw();
  }

  #colour(id, { feature, kind, collection, parent }) {
    const element = collection === ELEMENTS;
    const shell = element || ENVELOPES.has(kind);
    const space = SPACES.has(kind);
    const selected = id === this.#selected || (shell && !space && this.#selected !== undefined && this.#belongs(id));
    const own = this.severityOf(id);
    const severity = own ?? (element ? this.severityOf(parent) : undefined);
    const looked = this.#xray || this.#opened.has(id) || this.#opened.has(parent);
    // Units and storeys around or beside the rooms that are looked at would only veil them.
    const room = kind === "space" ? looked : this.#xray || this.#opened.has(id);
    const solid = !AREAS.has(kind) && !(kind === "storey" && looked && !this.#opened.has(id));
    feature.show = id === this.#selected || own !== undefined || (space ? room : solid);
    if (severity) feature.color = (!shell || (element && own) ? this.solid : looked ? this.veil : this.tint)[severity];
    else if (selected) feature.color = space || AREAS.has(kind) ? this.colours.chosen : this.colours.selected;
    else if (space) feature.color = this.colours.room;
    else if (shell && looked) feature.color = this.colours.glass;
    else feature.color = this.colours.plain;
  }
}
