// The served community as the tests know it: by its public API, apart from the page.

export class City {
  constructor(base, key) {
    this.base = base;
    this.headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  }

  async get(path, query = {}) {
    return this.#answer(await fetch(`${this.base}/${path}?${new URLSearchParams(query)}`, { headers: this.headers }), path);
  }

  async post(path, body) {
    return this.#answer(await fetch(`${this.base}/${path}`, { method: "POST", headers: this.headers, body: JSON.stringify(body) }), path);
  }

  async #answer(answer, path) {
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status} ${path}: ${text.slice(0, 500)}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** One asset as a feature. */
  item(id) {
    return this.get(`collections/assets/items/${encodeURIComponent(id)}`);
  }

  /** What a look from straight above meets first, wherever it stands: the tallest buildings that are drawn as one, and the highest slab of all. */
  async roofs() {
    const tops = ({ features }) => features.filter(({ bbox }) => bbox).sort((a, b) => b.bbox[5] - a.bbox[5]);
    const buildings = tops(await this.get("collections/buildings/items", { limit: 1000, skipGeometry: true }));
    const slabs = tops(await this.get("collections/elements/items", { class: "slab", limit: 1000, skipGeometry: true }));
    return [...buildings.filter(({ properties }) => !properties.ifc_type).slice(0, 3), ...slabs.slice(0, 1)];
  }

  /** Every building that has a place. */
  async buildings() {
    return (await this.get("collections/buildings/items", { limit: 1000, skipGeometry: true })).features.filter(({ bbox }) => bbox);
  }

  /** A detector in the second unit of a building that came as IFC, with that building and some of its walls. */
  async tower() {
    const building = (await this.buildings()).find(({ properties }) => properties.ifc_type);
    const { features } = await this.get("collections/devices/items", { class: "smoke_detector", limit: 1000, skipGeometry: true });
    const device = features.find(({ properties: { name, parent } }) => parent && name.startsWith(`${building.properties.name}2单元3层`));
    const walls = (await this.get("collections/elements/items", { class: "wall", limit: 40, skipGeometry: true })).features;
    return { building, device, walls };
  }

  /** A building that is divided into units. */
  async divided() {
    const [unit] = (await this.get("collections/spaces/items", { class: "building_unit", limit: 1, skipGeometry: true })).features;
    return this.#above(unit);
  }

  async #above(feature) {
    while (feature.properties.parent && feature.properties.class !== "building") feature = await this.item(feature.properties.parent);
    return feature;
  }

  /** The highest smoke detector, the space it is in and the building around that, which is drawn as one (a BIM's building is drawn by its parts). */
  async alarmPlace() {
    const { features } = await this.get("collections/devices/items", { class: "smoke_detector", limit: 1000, skipGeometry: true });
    const highest = features.filter(({ properties }) => properties.parent).sort((a, b) => b.bbox[2] - a.bbox[2]);
    for (const device of highest) {
      const room = await this.item(device.properties.parent);
      const building = await this.#above(room);
      if (room.properties.class === "space" && building.properties.class === "building" && !building.properties.ifc_type) return { device, room, building };
    }
    throw new Error("no smoke detector stands in a space of a building");
  }

  /** Sends a reading of a device, now. */
  async observe(device, property, result) {
    const id = await this.#datastream(device, property);
    return this.post(`sta/v1.1/Datastreams(${id})/Observations`, { result, phenomenonTime: new Date().toISOString() });
  }

  async #datastream(device, property) {
    for (let skip = 0; ; skip += 1000) {
      const { value } = await this.get("sta/v1.1/Things", { $top: 1000, $skip: skip });
      if (!value.length) throw new Error(`no Thing for ${device.id}`);
      const thing = value.find(({ properties }) => properties?.asset === device.id || properties?.device === device.id);
      if (!thing) continue;
      const streams = (await this.get(`sta/v1.1/Things(${thing["@iot.id"]})/Datastreams`)).value;
      const found = streams.find((stream) => (stream.properties?.observedProperty ?? stream.name) === property || stream.name.includes(property));
      if (!found) throw new Error(`${device.id} has no datastream of ${property}`);
      return found["@iot.id"];
    }
  }
}
