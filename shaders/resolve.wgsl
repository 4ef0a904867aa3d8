// Four samples a pixel into one: outlines, ground, sky, and the feature at the pixel's centre.
// Needs common/view.wgsl and common/light.wgsl.
@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var samples: texture_2d<f32>;
@group(0) @binding(2) var features: texture_2d<u32>;

struct Pixel {
    @location(0) colour: vec4<f32>,
    @location(1) feature: u32,
};

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> @builtin(position) vec4<f32> {
    // One triangle that covers the frame.
    return vec4<f32>(f32(index & 1u) * 4.0 - 1.0, f32(index >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

// What is behind everything at a pixel, whose first sample is `first`.
fn background(first: vec2<i32>) -> vec3<f32> {
    let size = vec2<f32>(textureDimensions(samples));
    let clip = ((vec2<f32>(first) + 1.0) / size) * vec2<f32>(2.0, -2.0) + vec2<f32>(-1.0, 1.0);
    // Two points on the line of sight, in homogeneous coordinates: the far one may be at infinity.
    let near = view.offset_from_clip * vec4<f32>(clip, 1.0, 1.0);
    let far = view.offset_from_clip * vec4<f32>(clip, 0.0, 1.0);
    let direction = normalize(far.xyz * near.w - near.xyz * far.w);
    let start = near.xyz / near.w;
    let sky = mix(view.horizon.xyz, view.zenith.xyz, pow(clamp(direction.z, 0.0, 1.0), 0.55));
    if view.options.x < 0.5 || direction.z >= 0.0 {
        return sky;
    }
    let away = (view.ground.w - start.z) / direction.z;
    if away < 0.0 {
        return view.horizon.xyz;
    }
    let offset = start + direction * away;
    let up = vec3<f32>(0.0, 0.0, 1.0);
    let colour = view.ground.xyz * light(view, up, sunshine(view, offset, up));
    let haze = 1.0 - exp(-length(offset) / view.horizon.w);
    return mix(colour, view.horizon.xyz, haze * haze);
}

// Whether an outline runs between two neighbouring samples: another feature, or a fold in the same one.
fn parted(a: vec2<u32>, b: vec2<u32>) -> f32 {
    let folded = dot(unpack_normal(a.y), unpack_normal(b.y)) < 0.6;
    return select(0.0, 1.0, a.x != b.x || (a.y != b.y && folded));
}

@fragment
fn fragment(@builtin(position) position: vec4<f32>) -> Pixel {
    let first = vec2<i32>(position.xy) * 2 + vec2<i32>(view.options.zw);
    var colour = vec3<f32>(0.0);
    var covered = 0.0;
    for (var i = 0; i < 4; i++) {
        let at = first + vec2<i32>(i & 1, i >> 1u);
        let here = textureLoad(samples, at, 0);
        if here.a == 0.0 {
            continue;
        }
        covered += 1.0;
        // Glass has every second sample of a row: its neighbours are two away, and its lines are darker for being sparse.
        let glass = here.a < 0.75;
        let feature = textureLoad(features, at, 0).xy;
        var edge = 0.0;
        for (var k = 0; k < 2; k++) {
            let next = at + vec2<i32>(1 - k, k) * select(1, 2, glass);
            let beside = textureLoad(samples, next, 0).a;
            if beside == 0.0 || (glass && beside > 0.75) {
                edge = 1.0;
            } else if glass == (beside < 0.75) {
                edge = max(edge, parted(feature, textureLoad(features, next, 0).xy));
            }
        }
        edge *= select(view.options.y, 0.9, glass);
        colour += here.xyz * (1.0 - edge);
    }
    if covered < 4.0 && view.zenith.w > 0.5 {
        colour += background(first) * (4.0 - covered);
        covered = 4.0;
    }
    let feature = textureLoad(features, first, 0).x;
    return Pixel(vec4<f32>(colour / max(covered, 1.0), covered * 0.25), feature);
}
