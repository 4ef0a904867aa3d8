//! Camera algebra as properties.

use cimbra::crs::SiteFrame;
use cimbra::geom::Bounds;
use cimbra::render::{Attitude, Camera, local_axes};
use cimbra::units::Geodetic;
use glam::{DMat3, DVec3};
use proptest::prelude::*;

fn attitude() -> impl Strategy<Value = Attitude> {
    (-360.0..360.0, -90.0..90.0, -180.0..180.0).prop_map(|(heading, pitch, roll)| Attitude { heading, pitch, roll })
}

fn bounds() -> impl Strategy<Value = Bounds> {
    let corner = [-5e4..5e4, -5e4..5e4, -200.0..200.0];
    (corner, [0.0..800.0, 0.0..800.0, 0.0..200.0])
        .prop_map(|(min, size)| Bounds { min, max: std::array::from_fn(|k| min[k] + size[k]) })
}

proptest! {
    #[test]
    fn a_sight_through_a_pixel_projects_back_to_it(
        attitude in attitude(), fov in 5.0..120.0, x in 0.0..640.0, y in 0.0..480.0, far in 1.0..5e4,
        eye in [-5e4..5e4, -5e4..5e4, -10.0..3e3], orthographic in any::<bool>(),
    ) {
        let target = DVec3::from(eye);
        let camera = Camera::look_at(target, 300.0, DMat3::IDENTITY, attitude, fov, orthographic);
        let sight = camera.sight([x, y], [640, 480]);
        let point: DVec3 = sight.origin + sight.direction * far;
        let ([px, py], depth) = camera.project(point.into(), [640, 480]).unwrap();
        prop_assert!((px - x).abs() < 1e-5 && (py - y).abs() < 1e-5, "{px} {py}");
        prop_assert!(depth > 0.0 && depth <= far * (1.0 + 1e-9));
    }

    #[test]
    fn a_fitted_box_is_wholly_inside_and_fills_the_frame_one_way(
        attitude in attitude(), bounds in bounds(), fov in 5.0..120.0, wide in 0.4..2.5, orthographic in any::<bool>(),
    ) {
        let size = [(600.0 * wide) as u32, 600];
        let aspect = f64::from(size[0]) / 600.0;
        let camera = Camera::fit(&bounds, attitude, fov, aspect, orthographic);
        let (mut most, mut nearest) = ([0.0_f64; 2], f64::INFINITY);
        for corner in bounds.corners() {
            let ([x, y], depth) = camera.project(corner, size).expect("no corner is behind the camera");
            nearest = nearest.min(depth);
            let off = [x / f64::from(size[0]) * 2.0 - 1.0, y / 600.0 * 2.0 - 1.0].map(f64::abs);
            prop_assert!(off[0] <= 0.93 && off[1] <= 0.93, "{corner:?} at {x} {y}");
            most = [most[0].max(off[0]), most[1].max(off[1])];
        }
        prop_assert!(camera.may_see(&bounds, aspect));
        // Boxes that are grown before they are fitted leave room, and so does an eye that would else stand in the box.
        let large = bounds.size().iter().any(|s| *s >= 6.0);
        prop_assert!(!large || nearest < 0.25 || most[0].max(most[1]) > 0.915, "loose: {most:?}");
    }

    #[test]
    fn what_is_not_seen_is_said_so(attitude in attitude(), bounds in bounds(), eye in [-5e4..5e4, -5e4..5e4, 0.0..500.0]) {
        let camera = Camera::perspective(eye.into(), DMat3::IDENTITY, attitude, 50.0);
        let inside = |p: [f64; 3]| camera.project(p, [800, 600])
            .is_some_and(|([x, y], _)| (0.0..800.0).contains(&x) && (0.0..600.0).contains(&y));
        let any = bounds.corners().into_iter().any(inside) || inside(bounds.center());
        prop_assert!(!any || camera.may_see(&bounds, 800.0 / 600.0));
    }
}

#[test]
fn headings_turn_clockwise_from_north_and_pitch_looks_down() {
    let forward = |heading, pitch| Attitude::level(heading, pitch).axes().z_axis;
    assert!((forward(0.0, 0.0) - DVec3::Y).length() < 1e-12);
    assert!((forward(90.0, 0.0) - DVec3::X).length() < 1e-12);
    assert!((forward(123.0, -90.0) - DVec3::NEG_Z).length() < 1e-12);
    // Straight down with heading 90, east is at the top of the picture.
    assert!((Attitude::level(90.0, -90.0).axes().y_axis - DVec3::X).length() < 1e-12);
    // Rolled by 90 degrees the right side of a camera that looks north points to the ground.
    let rolled = Attitude { roll: 90.0, ..Attitude::level(0.0, 0.0) };
    assert!((rolled.axes().x_axis - DVec3::NEG_Z).length() < 1e-12);
}

#[test]
fn up_is_up_where_the_camera_stands() {
    let frame = SiteFrame::new(Geodetic::new(118.78, 32.04, 12.0));
    let there = Geodetic::new(119.3, 32.2, 50.0);
    let axes = local_axes(there, |p| frame.to_enu(p));
    // Oracle: the axes of a frame whose origin is there, rotated through earth-centred axes.
    let ecef = |f: &SiteFrame| {
        let m = f.enu_to_ecef();
        DMat3::from_cols(DVec3::new(m[0], m[1], m[2]), DVec3::new(m[4], m[5], m[6]), DVec3::new(m[8], m[9], m[10]))
    };
    let expected = ecef(&frame).transpose() * ecef(&SiteFrame::new(there));
    for k in 0..3 {
        assert!((axes.col(k) - expected.col(k)).length() < 1e-8, "{k}: {} {}", axes.col(k), expected.col(k));
    }
    assert!((axes.z_axis.dot(DVec3::Z).acos().to_degrees() - 0.47).abs() < 0.05);
}
