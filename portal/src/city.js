// The three-dimensional view: Cesium without a globe, the city standing on a plain ground, a camera, and picking.
import * as C from "./cesium.js";
import { stand, uncovered } from "./fit.js";
import { CLEAR, LiveStyle } from "./live-style.js";
import { SEVERITIES } from "./live-tiles.js";

const SKY = C.Color.fromCssColorString("#dfe7ee");
const GROUND = C.Color.fromCssColorString("#c9d2d6");
/** The scene is lit as on a fixed morning, so that the city looks the same at night and Cesium needs one table of the Earth's orientation. */
const LIT_AT = "2026-06-21T02:00:00Z";
/** Everything is looked at from obliquely above. */
const PITCH = C.CesiumMath.toRadians(-35);
/** The whole map is seen from one of these sides of south, where the facades are lit: from where it comes nearest. */
const HEADINGS = [25, 10, -5, -20, 40, -35].map(C.CesiumMath.toRadians);
/** How much of the free part of the picture stays empty on each side of what is shown. */
const MARGIN = 0.06;
/** Nothing is flown to nearer than this, metres: what is around it says where it is. */
const NEAREST = 42;

export class City {
  /**
   * Builds the view inside `element`; `tileset` is the URL of a tileset; `panels` are the elements that may lie over the view; `onPick(id)`
   * is told what was clicked, or undefined.
   */
  static async open(element, { tileset, headers, panels, onPick }) {
    const city = new City(element, panels, onPick);
    city.resource = () => new C.Resource({ url: tileset, headers: headers() });
    await city.reload();
    city.home(0);
    return city;
  }

  constructor(element, panels, onPick) {
    const widget = new C.CesiumWidget(element, {
      globe: false,
      skyBox: false,
      skyAtmosphere: false,
      baseLayer: false,
      requestRenderMode: true,
      scene3DOnly: true,
      shouldAnimate: false,
      creditContainer: document.createElement("div"),
      showRenderLoopErrors: false,
    });
    this.widget = widget;
    this.panels = panels;
    this.scene = widget.scene;
    this.scene.backgroundColor = SKY;
    this.scene.clock = widget.clock;
    widget.clock.currentTime = C.JulianDate.fromIso8601(LIT_AT);
    widget.clock.canAnimate = false;
    this.scene.screenSpaceCameraController.enableCollisionDetection = false;
    this.scene.screenSpaceCameraController.minimumZoomDistance = 1;
    this.marks = this.scene.primitives.add(new C.PointPrimitiveCollection());
    const input = new C.ScreenSpaceEventHandler(widget.canvas);
    input.setInputAction(({ position }) => onPick(this.at(position)), C.ScreenSpaceEventType.LEFT_CLICK);
    input.setInputAction(({ position }) => {
      const point = this.scene.pickPosition(position);
      if (point) this.scene.camera.flyToBoundingSphere(new C.BoundingSphere(point, 20), { duration: 0.8 });
    }, C.ScreenSpaceEventType.LEFT_DOUBLE_CLICK);
    widget.canvas.tabIndex = 0;
    element.addEventListener("keydown", (event) => this.#key(event));
    // A list that grows over the map, or a window that changes, must not hide what the whole map shows.
    const resized = new ResizeObserver(() => this.#refit());
    for (const each of [widget.canvas, ...panels]) resized.observe(each);
  }

  /** Loads the tileset (again, when the city changed) and keeps the camera where it is. */
  async reload() {
    const next = await C.Cesium3DTileset.fromUrl(this.resource(), { maximumScreenSpaceError: 8, cacheBytes: 256 * 2 ** 20 });
    next.customShader = new C.CustomShader({ fragmentShaderText: CLEAR });
    next.environmentMapManager.enabled = false;
    next.imageBasedLighting.imageBasedLightingFactor = new C.Cartesian2(1, 0);
    if (this.style) this.style.watch(next);
    else this.style = new LiveStyle(next, { Color: C.Color, redraw: () => this.scene.requestRender() });
    this.scene.primitives.add(next);
    const last = this.tileset;
    // The old picture stays until the new one is complete, so that the city does not blink.
    if (last) next.initialTilesLoaded.addEventListener(() => last.isDestroyed() || this.scene.primitives.remove(last));
    this.tileset = next;
    this.#settle(next.boundingSphere);
  }

  /** Id of the asset drawn at a window position, or undefined. */
  at(position) {
    const hit = this.scene.pick(position);
    return hit instanceof C.Cesium3DTileFeature ? hit.getProperty("id") : hit?.id?.asset;
  }

  /** Flies to the whole map. */
  home(duration = 1.2) {
    this.whole = this.#look(this.boxes?.length ? this.boxes.flatMap(cornersOf) : around(this.tileset.boundingSphere), HEADINGS, duration);
  }

  /** Flies to a box `[west, south, bottom, east, north, top]` in degrees and metres, looking the way it looks now. */
  fly(box, duration = 1.2) {
    this.#look(cornersOf(box), [this.scene.camera.heading], duration);
  }

  /** Says which boxes the whole map is made of; without any it is the whole tileset. */
  cover(boxes) {
    this.boxes = boxes;
    this.#refit();
  }

  /** Flies to where all `points` are seen in the part of the picture that no panel covers; gives the place. */
  #look(points, headings, duration) {
    const { canvas } = this.widget;
    const { center } = C.BoundingSphere.fromPoints(points);
    const offsets = points.map((point) => C.Cartesian3.pack(C.Cartesian3.subtract(point, center, new C.Cartesian3()), []));
    const window = this.#window(canvas.getBoundingClientRect());
    const views = headings.map((heading) => {
      const axes = axesAt(center, heading);
      return { axes, ...stand(offsets, axes, window, NEAREST) };
    });
    const { axes, eye } = views.reduce((best, each) => (each.distance < best.distance ? each : best));
    const destination = C.Cartesian3.add(center, C.Cartesian3.unpack(eye), new C.Cartesian3());
    const orientation = { direction: C.Cartesian3.unpack(axes.forward), up: C.Cartesian3.unpack(axes.up) };
    if (duration) this.scene.camera.flyTo({ destination, orientation, duration });
    else this.scene.camera.setView({ destination, orientation });
    this.scene.requestRender();
    return destination;
  }

  /** The free part of the picture as slopes of the rays at its edges. */
  #window(canvas) {
    const rectangles = this.panels.map((panel) => panel.getBoundingClientRect());
    const free = uncovered(canvas, rectangles);
    const margin = MARGIN * Math.min(free.right - free.left, free.bottom - free.top);
    const { fov } = this.scene.camera.frustum;
    // Cesium's field of view is that of the longer side.
    const slope = (2 * Math.tan(fov / 2)) / Math.max(canvas.width, canvas.height);
    const [x, y] = [(canvas.left + canvas.right) / 2, (canvas.top + canvas.bottom) / 2];
    return {
      left: (free.left + margin - x) * slope,
      right: (free.right - margin - x) * slope,
      bottom: (y - free.bottom + margin) * slope,
      top: (y - free.top - margin) * slope,
    };
  }

  /** Shows the whole map anew where that is what is shown, and nobody has moved since. */
  #refit() {
    if (this.whole && C.Cartesian3.distance(this.scene.camera.positionWC, this.whole) < 0.5) this.home(0);
  }

  /** Draws the outline of a box, through whatever stands before it; without a box, none. */
  outline(box) {
    if (this.frame) this.scene.primitives.remove(this.frame);
    this.frame = undefined;
    if (box) {
      const [west, south, bottom, east, north, top] = box;
      const geometry = new C.RectangleOutlineGeometry({
        rectangle: C.Rectangle.fromDegrees(west, south, east, north),
        height: bottom,
        extrudedHeight: Math.max(top, bottom + 0.05),
      });
      const colour = (alpha) => C.ColorGeometryInstanceAttribute.fromColor(C.Color.fromCssColorString("#0077c8").withAlpha(alpha));
      const flat = (translucent) => new C.PerInstanceColorAppearance({ flat: true, translucent });
      this.frame = this.scene.primitives.add(
        new C.Primitive({
          geometryInstances: new C.GeometryInstance({ geometry, attributes: { color: colour(1), depthFailColor: colour(0.6) } }),
          appearance: flat(false),
          depthFailAppearance: flat(true),
          asynchronous: false,
          allowPicking: false,
        }),
      );
    }
    this.scene.requestRender();
  }

  /** Lays on the ground what a camera can have in view: a GeoJSON polygon; without one, nothing. */
  sight(polygon) {
    if (this.seen) this.scene.primitives.remove(this.seen);
    this.seen = undefined;
    if (polygon) {
      // A little above the ground, so that the two do not flicker.
      const positions = polygon.coordinates[0].map(([lon, lat, height]) => C.Cartesian3.fromDegrees(lon, lat, height + 0.15));
      const geometry = C.CoplanarPolygonGeometry.fromPositions({ positions, vertexFormat: C.PerInstanceColorAppearance.FLAT_VERTEX_FORMAT });
      const color = C.ColorGeometryInstanceAttribute.fromColor(C.Color.fromCssColorString("#5a46a0").withAlpha(0.4));
      const appearance = new C.PerInstanceColorAppearance({ flat: true, translucent: true });
      const geometryInstances = new C.GeometryInstance({ geometry, attributes: { color } });
      this.seen = this.scene.primitives.add(new C.Primitive({ geometryInstances, appearance, asynchronous: false, allowPicking: false }));
    }
    this.scene.requestRender();
  }

  /** Marks alarms with dots that no building hides: `[{ asset, severity, place: { box } }]`. */
  mark(alarms) {
    this.marks.removeAll();
    for (const { asset, severity, place } of alarms) {
      this.marks.add({
        id: { asset },
        position: sphereOf(place.box).center,
        color: C.Color.fromCssColorString(SEVERITIES[severity] ?? SEVERITIES.warning),
        outlineColor: C.Color.WHITE,
        outlineWidth: 3,
        pixelSize: 13,
        disableDepthTestDistance: Number.POSITIVE_INFINITY,
      });
    }
    this.scene.requestRender();
  }

  /** Tells at what ellipsoidal height the city stands, metres; until then the ground is at its lowest point. */
  stand(height) {
    this.level = height;
    this.#settle(this.tileset.boundingSphere);
  }

  /** Puts a plain ground under the city and a light that falls on it from the south-west. */
  #settle({ center, radius }) {
    if (this.ground) this.scene.primitives.remove(this.ground);
    const frame = C.Transforms.eastNorthUpToFixedFrame(center);
    const down = C.Matrix4.multiplyByPointAsVector(frame, new C.Cartesian3(0.5, 0.55, -0.9), new C.Cartesian3());
    this.scene.light = new C.DirectionalLight({ direction: C.Cartesian3.normalize(down, down), intensity: 2.2 });
    const bottom = this.level === undefined ? lowest(this.tileset) ?? -radius : this.level - C.Cartographic.fromCartesian(center).height;
    const modelMatrix = C.Matrix4.multiplyByTranslation(frame, new C.Cartesian3(0, 0, bottom - 0.3), new C.Matrix4());
    C.Matrix4.multiplyByScale(modelMatrix, new C.Cartesian3(radius * 16, radius * 16, 1), modelMatrix);
    this.ground = this.scene.primitives.add(
      new C.Primitive({
        geometryInstances: new C.GeometryInstance({ geometry: new C.PlaneGeometry({ vertexFormat: C.MaterialAppearance.MaterialSupport.TEXTURED.vertexFormat }) }),
        appearance: new C.MaterialAppearance({ flat: true, translucent: true, material: paper(), faceForward: true }),
        modelMatrix,
        asynchronous: false,
        allowPicking: false,
      }),
    );
  }

  /** Arrow keys turn and tilt, plus and minus come nearer and go away, Home shows all. */
  #key(event) {
    const { camera } = this.scene;
    const pivot = C.Matrix4.clone(C.Transforms.eastNorthUpToFixedFrame(this.#centre()));
    const acts = {
      ArrowLeft: () => camera.rotateLeft(0.08),
      ArrowRight: () => camera.rotateRight(0.08),
      ArrowUp: () => camera.rotateUp(0.06),
      ArrowDown: () => camera.rotateDown(0.06),
    };
    const distance = C.Cartesian3.distance(camera.positionWC, this.#centre());
    if (acts[event.key]) {
      camera.lookAtTransform(pivot);
      acts[event.key]();
      camera.lookAtTransform(C.Matrix4.IDENTITY);
    } else if (event.key === "+" || event.key === "=") camera.zoomIn(distance * 0.12);
    else if (event.key === "-") camera.zoomOut(distance * 0.12);
    else if (event.key === "Home") this.home();
    else return;
    event.preventDefault();
    this.scene.requestRender();
  }

  #centre() {
    const { clientWidth, clientHeight } = this.widget.canvas;
    return this.scene.pickPosition(new C.Cartesian2(clientWidth / 2, clientHeight / 2)) ?? this.tileset.boundingSphere.center;
  }
}

/** The sphere around a box in degrees and metres. */
export function sphereOf([west, south, bottom, east, north, top]) {
  const corners = [C.Cartesian3.fromDegrees(west, south, bottom), C.Cartesian3.fromDegrees(east, north, top)];
  return C.BoundingSphere.fromPoints(corners);
}

/** The eight corners of such a box. */
const cornersOf = ([west, south, bottom, east, north, top]) =>
  [bottom, top].flatMap((height) => [[west, south], [west, north], [east, south], [east, north]].map(([lon, lat]) => C.Cartesian3.fromDegrees(lon, lat, height)));

/** Points around a sphere. */
const around = ({ center, radius }) =>
  [[1, 0, 0], [0, 1, 0], [0, 0, 1]].flatMap((axis) => [radius, -radius].map((r) => new C.Cartesian3(center.x + axis[0] * r, center.y + axis[1] * r, center.z + axis[2] * r)));

/** The unit vectors of a camera that looks along `heading` and down by the usual pitch at a place. */
function axesAt(place, heading) {
  const frame = C.Transforms.eastNorthUpToFixedFrame(place);
  const turned = (x, y, z) => C.Cartesian3.pack(C.Matrix4.multiplyByPointAsVector(frame, new C.Cartesian3(x, y, z), new C.Cartesian3()), []);
  const [s, c, down, level] = [Math.sin(heading), Math.cos(heading), Math.sin(PITCH), Math.cos(PITCH)];
  return { right: turned(c, -s, 0), up: turned(-s * down, -c * down, level), forward: turned(s * level, c * level, down) };
}

/** Height of the city's lowest point below or above the centre of its sphere, in metres, where its root says so. */
function lowest(tileset) {
  const region = tileset?.root?.boundingVolume;
  const centre = tileset && C.Cartographic.fromCartesian(tileset.boundingSphere.center);
  if (region?.minimumHeight !== undefined) return region.minimumHeight - centre.height;
  const half = region?.boundingVolume?.halfAxes;
  return half && -Math.abs(half[8]);
}

/** A ground that fades into the sky, with a faint grid of lines. */
function paper() {
  return new C.Material({
    translucent: true,
    fabric: {
      uniforms: { ground: GROUND, lines: new C.Cartesian2(160, 160) },
      source: `czm_material czm_getMaterial(czm_materialInput input_) {
        czm_material material = czm_getDefaultMaterial(input_);
        vec2 from = input_.st * 2.0 - 1.0;
        vec2 cell = abs(fract(input_.st * lines) - 0.5) * 2.0;
        vec2 width = fwidth(input_.st * lines) * 2.0;
        float line = max(smoothstep(1.0 - width.x, 1.0, cell.x), smoothstep(1.0 - width.y, 1.0, cell.y));
        material.diffuse = mix(ground.rgb, ground.rgb * 0.955, line * clamp(1.0 - width.x, 0.0, 1.0));
        material.alpha = 1.0 - smoothstep(0.25, 1.0, length(from));
        return material;
      }`,
    },
  });
}
