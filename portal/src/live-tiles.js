// Colours 3D tiles by the live state of what they show: an unmodified Cesium3DTileset, or the meshes of 3d-tiles-renderer.
//
// One file that imports nothing, for any page; docs/live-tiles.md says more:
//
//     import { attach } from "https://…/portal/live-tiles.js";
//     const live = attach(tileset, { base: "https://…/", collection: "devices", redraw: () => scene.requestRender() });
//
// State is kept by asset id apart from the tiles, whose features carry the same ids in the column `id` of their property table. A
// tile's features are indexed once when it loads and forgotten when it unloads; a change touches the features of the ids it names.

/** Severities from worst to least, each with the colour that a feature in alarm takes (CSS). */
export const SEVERITIES = { critical: "#ff2d20", major: "#ff8a00", minor: "#ffd60a", warning: "#2f9bff" };
const RANK = Object.fromEntries(Object.keys(SEVERITIES).map((name, place) => [name, place]));
/** Colours of a ramp from its least number to its greatest; those of `/styles/ramp.json`. */
export const RAMP = ["#2c7bb6", "#ffffbf", "#d7191c"];

/** The worse of two severities; either may be undefined. */
export const worse = (a, b) => ((RANK[a] ?? 9) <= (RANK[b] ?? 9) ? a : b);

/** A look: the colour of a feature's worst alarm; none without one. */
export const byAlarm = (colours = SEVERITIES) => (state) => colours[state?.alarm?.severity];

/** A look: a latest value such as `temperature` as a ramp of colours from `min` to `max`; none without a value. */
export function byNumber(property, { min, max, colours = RAMP }) {
  const stops = colours.map(channels);
  return (state) => {
    const value = state?.[property]?.value;
    if (!Number.isFinite(value)) return undefined;
    const place = Math.min(Math.max((value - min) / (max - min), 0), 1) * (stops.length - 1);
    const [from, to] = [stops[Math.floor(place)], stops[Math.ceil(place)]];
    return from.map((channel, k) => channel + (to[k] - channel) * (place % 1));
  };
}

/** `#rrggbb` as three numbers from 0 to 1; a list of numbers is that already. */
const channels = (colour) => (typeof colour === "string" ? [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255) : colour);

/** The binary form of `/state/{collection}` as its JSON form has it: `{ seq, features: { id: { property: { value, unit, time }, alarm } } }`. */
export function readState(buffer) {
  const [view, bytes, text] = [new DataView(buffer), new Uint8Array(buffer), new TextDecoder()];
  if (text.decode(bytes.subarray(0, 4)) !== "CLST" || bytes[4] !== 1) throw new Error("this is no live state of version 1");
  let at = 24;
  const varint = () => {
    // Times have more than 32 bits, so no shifts.
    for (let number = 0, unit = 1; ; unit *= 128) {
      const byte = bytes[at++];
      number += (byte & 127) * unit;
      if (!(byte & 128)) return number;
    }
  };
  const zigzag = () => ((number) => (number % 2 ? -(number + 1) / 2 : number / 2))(varint());
  const taken = () => {
    const length = varint();
    at += length;
    return bytes.subarray(at - length, at);
  };
  const properties = Array.from({ length: view.getUint32(16, true) }, () => [text.decode(taken()), text.decode(taken())]);
  const numbers = [() => view.getFloat32((at += 4) - 4, true), () => view.getFloat64((at += 8) - 8, true), () => zigzag() / 1000];
  const features = {};
  let [id, time] = [new Uint8Array(0), 0];
  for (let left = view.getUint32(20, true); left > 0; left--) {
    const kept = id.subarray(0, varint());
    const rest = taken();
    id = new Uint8Array(kept.length + rest.length);
    id.set(kept);
    id.set(rest, kept.length);
    const state = (features[text.decode(id)] = {});
    const severity = bytes[at++];
    if (severity) {
      const happened = ["raised", "updated", "acknowledged", "cleared"][bytes[at++]];
      state.alarm = { id: varint(), severity: ["warning", "minor", "major", "critical"][severity - 1], state: happened };
    } else if (bytes[5] & 1) state.alarm = null;
    for (let values = varint(); values > 0; values--) {
      const head = varint();
      const value = numbers[head & 3]();
      if (!(head & 4)) time += zigzag();
      const [property, unit] = properties[Math.floor(head / 8)];
      state[property] = { value, unit, time: new Date(time).toISOString() };
    }
  }
  return { seq: Number(view.getBigUint64(8, true)), features };
}

/** The server's root with a slash behind, so that paths can be put after it. */
const root = (base) => new URL(base.endsWith?.("/") === false ? `${base}/` : base, globalThis.location?.href);

/**
 * Follows `/live` until the function that it gives is called: every event goes to `onEvent`, and `onLink(true|false)` says whether the
 * stream stands. `ticket` gives a ticket, or a promise of one, for who has a key: an event stream sends no headers.
 */
export function follow({ base, query = {}, ticket, onLink = () => {}, onEvent }) {
  let [stream, timer, over, wait] = [undefined, undefined, false, 1000];
  const again = () => {
    if (over) return;
    onLink(false);
    timer = setTimeout(open, wait);
    wait = Math.min(wait * 2, 30000);
  };
  async function open() {
    const url = new URL("live", root(base));
    try {
      const shown = await ticket?.();
      for (const [name, value] of Object.entries(shown ? { ...query, ticket: shown } : query)) url.searchParams.set(name, value);
    } catch {
      return again();
    }
    if (over) return;
    stream = new EventSource(url);
    stream.onopen = () => {
      wait = 1000;
      onLink(true);
    };
    stream.onmessage = ({ data }) => onEvent(JSON.parse(data));
    // Never left to the browser: its own reconnect would repeat a used ticket.
    stream.onerror = () => {
      stream.close();
      again();
    };
  }
  open();
  return () => {
    over = true;
    clearTimeout(timer);
    stream?.close();
  };
}

/**
 * Keeps the state of a collection as the server has it: the whole first, then what changed since. `/live` says when to ask (`how`:
 * "events"); while there is no stream, or with `how`: "poll", it asks every `every` milliseconds. Alarms are never reckoned here: the
 * server knows what is the worst of those that are left.
 */
export class StateFeed {
  #states = new Map();
  #seq;
  #wanted; // "all" or "new", while something is to be asked for
  #busy = false;
  #stops = [];
  #options;

  /** `headers()` gives what a caller with a key sends; `onChange(ids)` is told the ids whose state is another, `onError(error)` what failed. */
  constructor({ base, collection = "assets", headers = () => ({}), how = "events", every = 1000, onChange = () => {}, onError = () => {} }) {
    this.#options = { base: root(base), collection, headers, onChange, onError };
    let linked = false;
    const tick = setInterval(() => linked || this.#ask("new"), every);
    this.#stops.push(() => clearInterval(tick));
    if (how === "events") {
      const onLink = (on) => {
        linked = on;
        // What went by unheard may have been forgotten by the server's next start.
        if (on) this.#ask("all");
      };
      this.#stops.push(follow({ base: this.#options.base, query: { snapshot: false }, ticket: () => this.#ticket(), onLink, onEvent: () => this.#ask("new") }));
    }
    this.#ask("all");
  }

  /** The state of an asset, `{ property: { value, unit, time }, alarm }`, or undefined. */
  get(id) {
    return this.#states.get(id);
  }
  /** The ids that have a state. */
  get ids() {
    return this.#states.keys();
  }
  stop() {
    for (const stop of this.#stops) stop();
    this.#stops = undefined;
  }

  async #ticket() {
    const { base, headers } = this.#options;
    const sent = await headers();
    if (!Object.keys(sent).length) return undefined;
    const answer = await fetch(new URL("tickets", base), { method: "POST", headers: { ...sent, "Content-Type": "application/json" }, body: "{}" });
    if (!answer.ok) throw new Error(`${answer.status} for a ticket`);
    return (await answer.json()).ticket;
  }

  /** One question at a time, and a pause after each, so that many events are one question. */
  async #ask(what) {
    if (this.#wanted !== "all") this.#wanted = what;
    if (this.#busy) return;
    this.#busy = true;
    while (this.#wanted && this.#stops) {
      const whole = this.#wanted === "all" || this.#seq === undefined;
      this.#wanted = undefined;
      try {
        await this.#load(whole);
      } catch (error) {
        this.#seq = undefined;
        this.#options.onError(error);
      }
      await new Promise((next) => setTimeout(next, 100));
    }
    this.#busy = false;
  }

  async #load(whole) {
    const { base, collection, headers, onChange } = this.#options;
    const url = new URL(`state/${encodeURIComponent(collection)}?f=bin${whole ? "" : `&since=${this.#seq}`}`, base);
    const answer = await fetch(url, { headers: await headers() });
    if (!answer.ok) throw new Error(`${answer.status} ${url}`);
    const { seq, features } = readState(await answer.arrayBuffer());
    const changed = new Set(Object.keys(features));
    if (whole) for (const id of this.#states.keys()) if (!changed.has(id)) changed.add(id);
    for (const id of changed) {
      const state = features[id];
      if (state && (state.alarm || Object.keys(state).some((name) => name !== "alarm"))) this.#states.set(id, state);
      else this.#states.delete(id);
    }
    this.#seq = seq;
    if (changed.size && this.#stops) onChange(changed);
  }
}

/** The features that are loaded now, by id: entries as `add` gets them and may fill them. */
class Features {
  #tiles = new Map(); // tile -> { entries: [[id, entry], …], … }
  #ids = new Map(); // id -> Set of entries
  stops = [];

  add(tile, entries) {
    this.#tiles.set(tile, { entries });
    for (const [id, entry] of entries) {
      if (!this.#ids.has(id)) this.#ids.set(id, new Set());
      this.#ids.get(id).add(entry);
    }
  }
  forget(tile) {
    for (const [id, entry] of this.#tiles.get(tile)?.entries ?? []) {
      this.#ids.get(id)?.delete(entry);
      if (this.#ids.get(id)?.size === 0) this.#ids.delete(id);
    }
    this.#tiles.delete(tile);
  }
  tile(tile) {
    return this.#tiles.get(tile);
  }
  of(id) {
    return this.#ids.get(id) ?? [];
  }
  get ids() {
    return this.#ids.keys();
  }
  stop() {
    for (const stop of this.stops) stop();
  }
}

/** The features of a Cesium3DTileset: entries `{ feature }`. `onTile(entries)` is told those of a tile that was loaded or styled anew. */
export class CesiumFeatures extends Features {
  constructor(tileset, onTile) {
    super();
    const index = (tile) => {
      const own = [];
      for (const content of tile.content?.innerContents ?? [tile.content]) {
        for (let place = 0; place < (content?.featuresLength ?? 0); place++) {
          const feature = content.getFeature(place);
          const id = feature.getProperty("id");
          if (id !== undefined) own.push([id, { feature }]);
        }
      }
      this.add(tile, own);
      onTile(own);
    };
    const seen = (tile) => {
      const known = this.tile(tile);
      // Loaded before anybody listened.
      if (!known) index(tile);
      // Cesium has styled the tile just before it tells that it is in view: what was painted on it is gone.
      else if (known.style !== tileset.style) {
        known.style = tileset.style;
        for (const [, entry] of known.entries) entry.own = undefined;
        onTile(known.entries);
      }
    };
    this.stops = [tileset.tileLoad.addEventListener(index), tileset.tileVisible.addEventListener(seen), tileset.tileUnload.addEventListener((tile) => this.forget(tile))];
  }

  static paint(entry, colour) {
    const { feature } = entry;
    if (colour) {
      // Cesium gives one object again and again, of the page's own class.
      entry.own ??= feature.color.clone();
      const Color = entry.own.constructor;
      feature.color = new Color(...colour, entry.own.alpha);
    } else if (entry.own) {
      feature.color = entry.own;
      entry.own = undefined;
    }
  }
}

/** The features of a TilesRenderer of `3d-tiles-renderer` whose loader has its metadata extensions: entries of a mesh's vertices or instances. */
export class RendererFeatures extends Features {
  constructor(tiles, onTile) {
    super();
    const index = ({ scene }) => {
      const own = [];
      scene.traverse((mesh) => mesh.isMesh && own.push(...meshFeatures(mesh, scene)));
      this.add(scene, own);
      onTile(own);
    };
    const forget = ({ scene }) => this.forget(scene);
    tiles.addEventListener("load-model", index);
    tiles.addEventListener("dispose-model", forget);
    this.stops = [() => tiles.removeEventListener("load-model", index), () => tiles.removeEventListener("dispose-model", forget)];
    tiles.forEachLoadedModel((scene) => index({ scene }));
  }

  static paint(entry, colour) {
    const { mesh, places } = entry;
    if (!colour && !entry.own) return;
    const column = mesh.isInstancedMesh ? instanceColour(mesh) : vertexColour(mesh);
    const linear = colour?.map((channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4));
    const before = entry.own ?? places.map((at) => [column.getX(at), column.getY(at), column.getZ(at)]);
    places.forEach((at, k) => column.setXYZ(at, ...(linear ?? before[k])));
    entry.own = colour ? before : undefined;
    column.needsUpdate = true;
  }
}

/** `[[id, { mesh, places }], …]` of what a mesh draws, by EXT_mesh_features or EXT_instance_features. */
function meshFeatures(mesh, scene) {
  const metadata = mesh.userData.structuralMetadata ?? scene.userData.structuralMetadata;
  const extension = (object) => object?.userData.gltfExtensions?.EXT_instance_features;
  const instances = mesh.isInstancedMesh && (extension(mesh) ?? extension(mesh.parent));
  const { attributes } = mesh.geometry;
  const [set] = (instances || mesh.userData.meshFeatures)?.featureIds ?? [];
  const table = metadata?.tableAccessors?.[set?.propertyTable];
  if (!table?.definition.properties.id || set.texture) return [];
  const column = set.attribute === undefined ? undefined : attributes[`${instances ? "_FEATURE_ID_" : "_feature_id_"}${set.attribute}`];
  if (set.attribute !== undefined && !column) return [];
  const rows = new Map();
  const count = instances ? mesh.count : attributes.position.count;
  for (let at = 0; at < count; at++) {
    const row = column ? column.getX(at) : at;
    if (row === set.nullFeatureId) continue;
    if (!rows.has(row)) rows.set(row, []);
    rows.get(row).push(at);
  }
  return [...rows].map(([row, places]) => [table.getPropertyValue("id", row), { mesh, places }]);
}

/**
 * Colours of instances, made where there are none, of the page's own classes. They multiply those of the vertices; where these are all
 * one, the instances take it over, so that a colour given to one is seen as it is.
 */
function instanceColour(mesh) {
  if (mesh.instanceColor) return mesh.instanceColor;
  const { constructor: Column } = mesh.instanceMatrix;
  const column = (mesh.instanceColor = new Column(new Float32Array(mesh.count * 3).fill(1), 3));
  const { color } = mesh.geometry.attributes;
  const at = (k) => [color.getX(k), color.getY(k), color.getZ(k)];
  if (color && mesh.geometry.index && Array.from({ length: color.count }, (_, k) => at(k)).every((one) => one.every((channel, c) => channel === at(0)[c]))) {
    for (let k = 0; k < mesh.count; k++) column.setXYZ(k, ...at(0));
    // An index is a plain column, one that does not go by instances.
    const white = new mesh.geometry.index.constructor(new Float32Array(color.count * color.itemSize).fill(1), color.itemSize);
    if (color.itemSize === 4) for (let k = 0; k < color.count; k++) white.setW(k, color.getW(k));
    mesh.geometry.setAttribute("color", white);
  }
  for (const material of [mesh.material].flat()) material.needsUpdate = true;
  return column;
}

function vertexColour(mesh) {
  const { geometry } = mesh;
  if (!geometry.attributes.color) {
    const { constructor: Column } = geometry.index ?? Object.values(geometry.attributes).find((column) => !column.isInterleavedBufferAttribute);
    geometry.setAttribute("color", new Column(new Float32Array(geometry.attributes.position.count * 3).fill(1), 3));
    // Materials are shared by meshes that have colours and those that have not.
    mesh.material = mesh.material.clone();
    mesh.material.vertexColors = true;
  }
  return geometry.attributes.color;
}

/** Colours `features` of a kind by the feed's states. */
function connect(Kind, tiles, { look = byAlarm(), redraw = () => {}, onChange = () => {}, ...from }) {
  let feed;
  const colour = (id) => {
    const wanted = look(feed?.get(id), id);
    return wanted && channels(wanted);
  };
  const features = new Kind(tiles, (entries) => {
    for (const [id, entry] of entries) Kind.paint(entry, colour(id));
  });
  const paint = (ids) => {
    for (const id of ids) for (const entry of features.of(id)) Kind.paint(entry, colour(id));
    redraw();
  };
  feed = new StateFeed({
    ...from,
    onChange: (ids) => {
      paint(ids);
      onChange(ids);
    },
  });
  return {
    /** The latest state of an asset, as `/state` has it. */
    stateOf: (id) => feed.get(id),
    /** The features loaded now that draw an asset. */
    featuresOf: (id) => [...features.of(id)],
    /** The ids of the features loaded now. */
    ids: () => [...features.ids],
    /** Colours by another look from now on. */
    set look(other) {
      look = other;
      paint(features.ids);
    },
    /** Lets go of the tiles, in the colours they had. */
    detach() {
      feed.stop();
      features.stop();
      for (const id of features.ids) for (const entry of features.of(id)) Kind.paint(entry, undefined);
      redraw();
    },
  };
}

/**
 * Colours a CesiumJS `Cesium3DTileset` by the live state of a Cimbra server at `base`: `{ base, collection, look, headers, how, every,
 * redraw, onChange, onError, blend }`, of which only `base` is needed. Gives `{ stateOf, featuresOf, ids, look, detach }`. `blend` is the
 * tileset's `colorBlendMode` for as long as it is attached: 1 (replace) unless told, for a red times what is blue is black.
 */
export function attach(tileset, { blend = 1, ...options }) {
  const before = tileset.colorBlendMode;
  tileset.colorBlendMode = blend;
  const live = connect(CesiumFeatures, tileset, options);
  const { detach } = live;
  live.detach = () => {
    detach();
    tileset.colorBlendMode = before;
  };
  return live;
}

/** The same for a `TilesRenderer` of `3d-tiles-renderer` with its `GLTFExtensionsPlugin` (metadata on, as it is unless told). */
export const attachRenderer = (tiles, options) => connect(RendererFeatures, tiles, options);
