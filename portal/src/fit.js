// Where a camera must stand so that what is shown fills the part of the picture that no panel covers. Plain numbers, no Cesium.

const area = ({ left, top, right, bottom }) => Math.max(right - left, 0) * Math.max(bottom - top, 0);
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** What is left of the rectangle `canvas` beside, above or below every one of `panels`: each takes the strip that costs least. */
export function uncovered(canvas, panels) {
  let free = { left: canvas.left, top: canvas.top, right: canvas.right, bottom: canvas.bottom };
  for (const panel of panels) {
    const meets = panel.left < free.right && panel.right > free.left && panel.top < free.bottom && panel.bottom > free.top;
    if (!meets || !area(panel)) continue;
    const cuts = [{ right: panel.left }, { left: panel.right }, { bottom: panel.top }, { top: panel.bottom }];
    free = cuts.map((cut) => ({ ...free, ...cut })).reduce((best, each) => (area(each) > area(best) ? each : best));
  }
  return free;
}

/**
 * The eye from which all `points` (metres from any one place) are seen within `window`, as near as can be, and no nearer than `least`
 * metres to that place along the view.
 *
 * `axes` are the camera's unit vectors `{ right, up, forward }`; `window` is `{ left, right, bottom, top }` as slopes: how far aside a ray
 * goes for each metre that it goes forward. A point is right of the left edge when `x - eye.x >= left * (z - eye.z)`, so the four edges
 * each bound a sum of the eye's coordinates, and the foremost eye that satisfies all of them follows without a search.
 */
export function stand(points, { right, up, forward }, window, least) {
  const seen = points.map((p) => [dot(p, right), dot(p, up), dot(p, forward)]);
  const between = (axis, low, high) => {
    const nearLow = Math.min(...seen.map((p) => p[axis] - low * p[2]));
    const nearHigh = Math.max(...seen.map((p) => p[axis] - high * p[2]));
    return { foremost: (nearLow - nearHigh) / (high - low), middle: (z) => middle(axis, z, [nearHigh + high * z, nearLow + low * z], low + high) };
  };
  // Between its bounds the eye goes to where as much stays free on one side as on the other.
  const middle = (axis, z, [from, to], both) => {
    for (let steps = 0; steps < 30; steps++) {
      const half = (from + to) / 2;
      const slopes = seen.map((p) => (p[axis] - half) / (p[2] - z));
      if (Math.max(...slopes) + Math.min(...slopes) > both) from = half;
      else to = half;
    }
    return (from + to) / 2;
  };
  const [across, upwards] = [between(0, window.left, window.right), between(1, window.bottom, window.top)];
  const z = Math.min(across.foremost, upwards.foremost, -least);
  const [x, y] = [across.middle(z), upwards.middle(z)];
  return { eye: [0, 1, 2].map((k) => right[k] * x + up[k] * y + forward[k] * z), distance: -z };
}
