// What a page of CesiumJS shows of a tileset, beside the same with every leaf loaded.

/** In a page of Cesium: a scene with a tileset as any viewer has it (`near`), and once more with all its leaves (`full`). */
export class Look {
  static async at(url, painted, [width, height]) {
    const look = new Look();
    const map = document.getElementById("map");
    map.replaceChildren();
    look.widget = new Cesium.CesiumWidget(map, { globe: false, baseLayer: false, skyBox: false, skyAtmosphere: false, useDefaultRenderLoop: false, msaaSamples: 1 });
    look.scene = look.widget.scene;
    look.scene.canvas.style.cssText = `width:${width}px;height:${height}px`;
    look.widget.resize();
    look.scene.backgroundColor = Cesium.Color.LIME;
    look.failed = [];
    look.scene.renderError.addEventListener((_, error) => look.failed.push(String(error)));
    look.painted = painted;
    look.colours = new Map();
    look.near = await look.tileset(url, {});
    look.full = await look.tileset(url, { maximumScreenSpaceError: 0.001, cacheBytes: 2 ** 30 });
    look.visible = new Set();
    look.near.tileVisible.addEventListener(({ content }) => look.visible.add(content));
    return look;
  }

  async tileset(url, options) {
    const tileset = this.scene.primitives.add(await Cesium.Cesium3DTileset.fromUrl(url, options));
    tileset.tileFailed.addEventListener(({ url, message }) => this.failed.push(`${url}: ${message}`));
    if (!this.painted) return tileset;
    this.unlit ??= new Cesium.CustomShader({ lightingModel: Cesium.LightingModel.UNLIT });
    this.bare(tileset, false);
    tileset.tileLoad.addEventListener(({ content }) => this.paint(content, false));
    return tileset;
  }

  /** Whether what is painted is shown in its own colours. */
  bare(tileset, bare) {
    const { HIGHLIGHT, REPLACE } = Cesium.Cesium3DTileColorBlendMode;
    tileset.colorBlendMode = bare ? HIGHLIGHT : REPLACE;
    tileset.customShader = bare ? undefined : this.unlit;
  }

  features(content) {
    return Array.from({ length: content.featuresLength }, (_, at) => content.getFeature(at));
  }

  /** Gives each feature a colour of its own, which neither light nor neighbours change: its number in two digits of 48. */
  paint(content, bare) {
    for (const feature of this.features(content)) {
      const id = feature.getProperty("id");
      if (!this.colours.has(id)) this.colours.set(id, this.colours.size + 1);
      const number = this.colours.get(id);
      feature.color = bare ? Cesium.Color.WHITE : Cesium.Color.fromBytes(number % 48, 0, Math.floor(number / 48));
    }
  }

  /** One frame. */
  frame() {
    this.scene.light = new Cesium.DirectionalLight({ direction: this.scene.camera.directionWC });
    this.visible.clear();
    this.scene.render();
    const { width, height } = this.scene.canvas;
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    context.drawImage(this.scene.canvas, 0, 0);
    return context.getImageData(0, 0, width, height);
  }

  /** Draws one of the two, gives each frame to `seen`, and the last one when all of it is there. */
  async settled(tileset, seen = () => {}) {
    this.near.show = tileset === this.near;
    this.full.show = tileset === this.full;
    const until = Date.now() + 60000;
    for (let still = 0; ; still = tileset.tilesLoaded ? still + 1 : 0) {
      const frame = this.frame();
      seen(frame);
      if (still >= 4) return frame;
      if (Date.now() > until) throw new Error("tiles are still awaited after 60 s");
      await new Promise((next) => setTimeout(next, 25));
    }
  }

  /** The ids of what the last frame drew, and of those drawn twice: by two tiles, or beside what they are part of. */
  drawn(above) {
    const [met, twice] = [new Set(), new Set()];
    for (const feature of [...this.visible].flatMap((content) => this.features(content))) {
      const id = feature.getProperty("id");
      (met.has(id) ? twice : met).add(id);
    }
    for (const id of met) if ((above[id] ?? []).some((one) => met.has(one))) twice.add(id);
    return { met, twice };
  }

  /** Goes to a place: what every frame shows until all is there, and the last one, beside what there is to see. */
  async from(place, above) {
    place(this.scene.camera);
    const full = this.read(await this.settled(this.full));
    place(this.scene.camera);
    // What is longer on the screen than the error that a viewer lets pass.
    const long = [...this.colours].filter(([, number]) => full.long.has(number));
    const told = { covered: full.covered, long: long.length, kept: [], lost: [], absent: [], twice: [] };
    const last = await this.settled(this.near, (frame) => {
      const { mask, shown } = this.read(frame);
      const { met, twice } = this.drawn(above);
      told.twice.push(...twice);
      told.absent.push(long.filter(([id]) => !met.has(id)).length);
      told.lost.push(long.filter(([, number]) => !shown.has(number)).length);
      told.kept.push(mask.reduce((kept, set, at) => kept + (set & full.mask[at]), 0) / full.covered);
    });
    return { ...told, ...this.compared(this.read(last), full), picture: await this.picture() };
  }

  /** The pixels that show anything, as colours with green alone are the background, and the numbers of what is long among them. */
  read({ width, height, data }) {
    const mask = new Uint8Array(width * height);
    // What is painted is taken for linear light, and shown for a screen of gamma 2.2.
    const digit = Array.from({ length: 256 }, (_, byte) => Math.round(255 * (byte / 255) ** 2.2));
    const extents = new Map();
    let covered = 0;
    for (let at = 0; at < mask.length; at++) {
      const [red, green, blue] = [data[4 * at], data[4 * at + 1], data[4 * at + 2]];
      if (red === 0 && green === 255 && blue === 0) continue;
      covered += mask[at] = 1;
      const [x, y, number] = [at % width, Math.floor(at / width), digit[red] + 48 * digit[blue]];
      const [a, b, c, d] = extents.get(number) ?? [x, y, x, y];
      extents.set(number, [Math.min(a, x), Math.min(b, y), Math.max(c, x), Math.max(d, y)]);
    }
    const long = new Set([...extents].filter(([, [a, b, c, d]]) => Math.max(c - a, d - b) > 16).map(([number]) => number));
    return { width, data, mask, covered, shown: new Set(extents.keys()), long };
  }

  compared(own, full) {
    const alike = (_, at) => [0, 1, 2].every((k) => Math.abs(own.data[4 * at + k] - full.data[4 * at + k]) <= 12);
    const away = Math.max(this.away(full.mask, own.mask, own.width), this.away(own.mask, full.mask, own.width));
    return { drawn: own.covered, away, same: own.mask.filter(alike).length / own.mask.length };
  }

  /** How far the farthest pixel of one mask is from the other, in steps to any of eight neighbours; at most 64. */
  away(from, onto, width) {
    let reached = onto;
    for (let steps = 0; steps < 64; steps++) {
      if (from.every((set, at) => !set || reached[at])) return steps;
      const before = reached;
      reached = before.slice();
      for (let at = 0; at < before.length; at++) {
        if (!before[at]) continue;
        for (const by of [-width - 1, -width, 1 - width, -1, 1, width - 1, width, width + 1]) reached[at + by] = 1;
      }
    }
    return 64;
  }

  /** What is shown now, in its own colours, as the text of a PNG. */
  async picture() {
    const painted = this.painted ? [...this.visible] : [];
    const repaint = (bare) => {
      if (this.painted) this.bare(this.near, bare);
      painted.forEach((content) => this.paint(content, bare));
    };
    repaint(true);
    const frame = this.frame();
    repaint(false);
    const canvas = new OffscreenCanvas(frame.width, frame.height);
    canvas.getContext("2d").putImageData(frame, 0, 0);
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    return btoa(bytes.reduce((all, byte) => all + String.fromCharCode(byte), ""));
  }
}
