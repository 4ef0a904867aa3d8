//! Where a picture is taken from: an eye, three directions and a projection, all in the site's east-north-up frame.
//!
//! Angles are degrees: heading clockwise from north, pitch negative downwards, roll positive when the right side of the
//! camera sinks. Lengths are metres. Pixels count from the top left corner; the centre of the first is (0.5, 0.5).

use glam::{DMat3, DMat4, DVec3, DVec4};

use crate::geom::Bounds;
use crate::units::Geodetic;

/// The near plane of a perspective picture in metres. Depth runs backwards from it to infinity, so it costs no precision.
const NEAR: f64 = 0.1;
/// How much of the frame a fitted box fills, so that nothing touches the border.
const FILL: f64 = 0.92;
/// The smallest box that is fitted, in metres: a point of interest is shown with this much around it.
const SMALLEST_FIT: f64 = 6.0;

/// Which way a camera looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attitude {
    /// Degrees clockwise from north.
    pub heading: f64,
    /// Degrees above the horizon; -90 looks straight down.
    pub pitch: f64,
    /// Degrees about the line of sight, positive when the right side sinks.
    pub roll: f64,
}

/// How space becomes a plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Projection {
    /// Everything through one point; `fov` is the vertical angle of view in degrees.
    Perspective {
        /// Degrees, above 0 and below 180.
        fov: f64,
    },
    /// Parallel rays; the picture is `height` metres high.
    Orthographic {
        /// Metres from the lower to the upper border.
        height: f64,
    },
}

/// An eye in space: position and directions in metres of the site's east-north-up frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// The point of view; in an orthographic picture the centre of the plane in front of which everything is drawn.
    pub eye: DVec3,
    /// Columns: right, up, forward; orthonormal.
    axes: DMat3,
    /// Perspective or orthographic.
    pub projection: Projection,
    /// Metres from the eye to the far end of an orthographic picture.
    reach: f64,
}

/// A half line in metres of the site's east-north-up frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sight {
    /// Where it starts.
    pub origin: DVec3,
    /// Its direction, of length one.
    pub direction: DVec3,
}

impl Sight {
    /// How far along the line a box begins, 0 from inside it; none when the line passes it by.
    pub fn enters(&self, bounds: &Bounds) -> Option<f64> {
        let inverse = self.direction.recip();
        let a = (DVec3::from(bounds.min) - self.origin) * inverse;
        let b = (DVec3::from(bounds.max) - self.origin) * inverse;
        let enter = a.min(b).max_element().max(0.0);
        let leave = a.max(b).min_element();
        // A line that runs in a side's own plane gives NaN, which counts as touching.
        let passes_by = leave < enter;
        (!passes_by).then_some(enter)
    }
}

impl Attitude {
    /// Looking along `heading` and `pitch`, level.
    pub fn level(heading: f64, pitch: f64) -> Self {
        Self { heading, pitch, roll: 0.0 }
    }

    /// Right, up and forward as columns, in the frame whose axes are east, north and up.
    pub fn axes(self) -> DMat3 {
        let (sh, ch) = self.heading.to_radians().sin_cos();
        let (sp, cp) = self.pitch.to_radians().sin_cos();
        let (sr, cr) = self.roll.to_radians().sin_cos();
        let forward = DVec3::new(cp * sh, cp * ch, sp);
        let right = DVec3::new(ch, -sh, 0.0);
        let up = right.cross(forward);
        DMat3::from_cols(right * cr - up * sr, up * cr + right * sr, forward)
    }
}

/// East, north and up of the place `at`, as columns in the site's frame: headings and pitches are said where the camera
/// stands, and 50 km from the site's origin "up" leans by half a degree.
pub fn local_axes(at: Geodetic, to_enu: impl Fn(Geodetic) -> [f64; 3]) -> DMat3 {
    // A central difference over 0.002 degrees (some 200 m) leaves an error below 1e-9: the curvature cancels.
    let step = 1e-3;
    let point = |lon: f64, lat: f64, h: f64| DVec3::from(to_enu(Geodetic::new(at.lon + lon, at.lat + lat, at.h + h)));
    let up = (point(0.0, 0.0, 100.0) - point(0.0, 0.0, -100.0)).normalize();
    let north = point(0.0, step, 0.0) - point(0.0, -step, 0.0);
    let north = (north - up * north.dot(up)).normalize();
    DMat3::from_cols(north.cross(up), north, up)
}

impl Camera {
    /// A perspective camera at `eye` whose attitude is said in `local` axes (see [`local_axes`]).
    pub fn perspective(eye: DVec3, local: DMat3, attitude: Attitude, fov: f64) -> Self {
        Self { eye, axes: local * attitude.axes(), projection: Projection::Perspective { fov }, reach: 0.0 }
    }

    /// A camera that looks at `target` from `range` metres away, against its line of sight.
    ///
    /// An orthographic picture shows as much at the target as a perspective one with `fov` degrees would.
    pub fn look_at(target: DVec3, range: f64, local: DMat3, attitude: Attitude, fov: f64, orthographic: bool) -> Self {
        let axes = local * attitude.axes();
        let eye = target - axes.z_axis * range;
        if orthographic {
            let height = 2.0 * range * (fov.to_radians() / 2.0).tan();
            // The eye is moved back, so that what stands between it and the target is not cut away.
            let back = range.max(2_000.0);
            let projection = Projection::Orthographic { height };
            return Self { eye: target - axes.z_axis * back, axes, projection, reach: back + back.max(20_000.0) };
        }
        Self { eye, axes, projection: Projection::Perspective { fov }, reach: 0.0 }
    }

    /// The camera that sees the whole of a box (metres, east-north-up) as large as it fits in a frame of `aspect`
    /// (width by height). The box fills the frame in one direction and is centred in the other.
    pub fn fit(bounds: &Bounds, attitude: Attitude, fov: f64, aspect: f64, orthographic: bool) -> Self {
        let axes = attitude.axes();
        let bounds = padded(bounds);
        let centre = DVec3::from(bounds.center());
        let corners = bounds.corners().map(|c| axes.transpose() * (DVec3::from(c) - centre));
        let most = |f: &dyn Fn(DVec3) -> f64| corners.iter().map(|&c| f(c)).fold(f64::NEG_INFINITY, f64::max);
        if orthographic {
            let (w, h) = (2.0 * most(&|c| c.x.abs()), 2.0 * most(&|c| c.y.abs()));
            let depth = most(&|c| c.z.abs());
            let back = depth + 2_000.0;
            return Self {
                eye: centre - axes.z_axis * back,
                axes,
                projection: Projection::Orthographic { height: h.max(w / aspect) / FILL },
                reach: back + depth + 20_000.0,
            };
        }
        // A corner is inside when |x - ex| <= tx (z - ez) and |y - ey| <= ty (z - ez); the eye (ex, ey, ez) furthest
        // forward that keeps all of them is found in closed form.
        let (tx, ty) = half_extent(fov, aspect);
        let (tx, ty) = (tx * FILL, ty * FILL);
        let (right, left) = (most(&|c| c.x - tx * c.z), -most(&|c| -(c.x + tx * c.z)));
        let (top, bottom) = (most(&|c| c.y - ty * c.z), -most(&|c| -(c.y + ty * c.z)));
        let ez = ((left - right) / (2.0 * tx)).min((bottom - top) / (2.0 * ty)).min(-most(&|c| -c.z) - 2.0 * NEAR);
        let eye = centre + axes * DVec3::new((left + right) / 2.0, (top + bottom) / 2.0, ez);
        Self { eye, axes, projection: Projection::Perspective { fov }, reach: 0.0 }
    }

    /// The direction of sight, of length one.
    pub fn forward(&self) -> DVec3 {
        self.axes.z_axis
    }

    /// From a position relative to the eye (metres, axes of the site) to clip space of a frame of `aspect`.
    ///
    /// Depth is reversed: 1 at the near plane, 0 at infinity (perspective) or at the reach (orthographic).
    pub fn clip_from_offset(&self, aspect: f64) -> DMat4 {
        let [r, u, f] = [self.axes.x_axis, self.axes.y_axis, self.axes.z_axis];
        // View space looks along +z here; the matrices below are written for that.
        let view = DMat4::from_cols(
            DVec4::new(r.x, u.x, f.x, 0.0),
            DVec4::new(r.y, u.y, f.y, 0.0),
            DVec4::new(r.z, u.z, f.z, 0.0),
            DVec4::W,
        );
        let projection = match self.projection {
            Projection::Perspective { fov } => {
                let (tx, ty) = half_extent(fov, aspect);
                DMat4::from_cols(
                    DVec4::new(1.0 / tx, 0.0, 0.0, 0.0),
                    DVec4::new(0.0, 1.0 / ty, 0.0, 0.0),
                    DVec4::new(0.0, 0.0, 0.0, 1.0),
                    DVec4::new(0.0, 0.0, NEAR, 0.0),
                )
            }
            Projection::Orthographic { height } => DMat4::from_cols(
                DVec4::new(2.0 / (height * aspect), 0.0, 0.0, 0.0),
                DVec4::new(0.0, 2.0 / height, 0.0, 0.0),
                DVec4::new(0.0, 0.0, -1.0 / self.reach, 0.0),
                DVec4::new(0.0, 0.0, 1.0, 1.0),
            ),
        };
        projection * view
    }

    /// The pixel `[x, y]` at which a point (metres, east-north-up) appears in a picture of `size`, and its distance in
    /// front of the eye; none behind the near plane.
    pub fn project(&self, point: [f64; 3], size: [u32; 2]) -> Option<([f64; 2], f64)> {
        let [w, h] = size.map(f64::from);
        let offset = DVec3::from(point) - self.eye;
        let depth = offset.dot(self.forward());
        let near = if matches!(self.projection, Projection::Perspective { .. }) { NEAR } else { 0.0 };
        if depth < near {
            return None;
        }
        let clip = self.clip_from_offset(w / h) * offset.extend(1.0);
        Some(([(clip.x / clip.w + 1.0) / 2.0 * w, (1.0 - clip.y / clip.w) / 2.0 * h], depth))
    }

    /// The line of sight through a place of the picture in pixels (the centre of the first pixel is 0.5, 0.5).
    pub fn sight(&self, pixel: [f64; 2], size: [u32; 2]) -> Sight {
        let [w, h] = size.map(f64::from);
        let (x, y) = (pixel[0] / w * 2.0 - 1.0, 1.0 - pixel[1] / h * 2.0);
        match self.projection {
            Projection::Perspective { fov } => {
                let (tx, ty) = half_extent(fov, w / h);
                Sight { origin: self.eye, direction: (self.axes * DVec3::new(x * tx, y * ty, 1.0)).normalize() }
            }
            Projection::Orthographic { height } => {
                let aside = self.axes * DVec3::new(x * height * (w / h) / 2.0, y * height / 2.0, 0.0);
                Sight { origin: self.eye + aside, direction: self.forward() }
            }
        }
    }

    /// Whether any of a box may be seen in a frame of `aspect`: false only when it cannot.
    pub fn may_see(&self, bounds: &Bounds, aspect: f64) -> bool {
        let m = self.clip_from_offset(aspect);
        let corners = bounds.corners().map(|c| m * (DVec3::from(c) - self.eye).extend(1.0));
        let outside = |f: &dyn Fn(DVec4) -> f64| corners.iter().all(|&c| f(c) < 0.0);
        !(outside(&|c| c.w + c.x)
            || outside(&|c| c.w - c.x)
            || outside(&|c| c.w + c.y)
            || outside(&|c| c.w - c.y)
            || outside(&|c| c.w - c.z)
            || outside(&|c| c.z))
    }

    /// The least metres that one pixel of a picture `height` pixels high spans anywhere in a box, in any direction: what is nearer to
    /// another thing than that appears less than a pixel from it. 0 where the box reaches behind the eye.
    pub fn finest(&self, bounds: &Bounds, height: u32) -> f64 {
        let Projection::Perspective { .. } = self.projection else { return self.metres_per_pixel(0.0, height) };
        let offsets = bounds.corners().map(|c| DVec3::from(c) - self.eye);
        // A pixel's size is that of its depth; aside from the middle of the picture a length along the line of sight takes part
        // too, which is as if all were nearer by the cosine.
        let depth = offsets.iter().map(|o| o.dot(self.forward())).fold(f64::INFINITY, f64::min);
        let away = offsets.iter().map(|o| o.length()).fold(0.0, f64::max);
        if depth < NEAR { 0.0 } else { self.metres_per_pixel(depth, height) * depth / away }
    }

    /// How many metres one pixel of a picture `height` pixels high spans at `distance` metres.
    pub fn metres_per_pixel(&self, distance: f64, height: u32) -> f64 {
        match self.projection {
            Projection::Perspective { fov } => {
                2.0 * distance.max(NEAR) * (fov.to_radians() / 2.0).tan() / f64::from(height)
            }
            Projection::Orthographic { height: metres } => metres / f64::from(height),
        }
    }
}

/// Half the width and half the height of the picture one metre in front of the eye.
fn half_extent(fov: f64, aspect: f64) -> (f64, f64) {
    let ty = (fov.to_radians() / 2.0).tan();
    (ty * aspect, ty)
}

/// The box grown around its centre to the smallest size that is fitted.
fn padded(bounds: &Bounds) -> Bounds {
    // Only a box that is small every way is grown: a flat roof or a straight pipe needs no air around it.
    if bounds.size().iter().any(|side| *side >= SMALLEST_FIT) {
        return *bounds;
    }
    let centre = bounds.center();
    Bounds { min: centre.map(|c| c - SMALLEST_FIT / 2.0), max: centre.map(|c| c + SMALLEST_FIT / 2.0) }
}
