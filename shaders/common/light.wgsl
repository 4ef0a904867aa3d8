// Sky above, ground light below, one sun. Needs view.wgsl.
@group(1) @binding(0) var shadow_map: texture_depth_2d;
@group(1) @binding(1) var shadow_sampler: sampler_comparison;

// The share of the sun that arrives at `offset`, whose surface faces `normal`.
fn sunshine(view: View, offset: vec3<f32>, normal: vec3<f32>) -> f32 {
    if view.sun.w < 0.5 {
        return 1.0;
    }
    let texel = view.light_from_offset * vec4<f32>(offset, 1.0);
    let uv = texel.xy * vec2<f32>(0.5, -0.5) + 0.5;
    // What lies outside the map is beyond everything that is drawn, and lit.
    if any(uv < vec2<f32>(0.0)) || any(uv > vec2<f32>(1.0)) || texel.z > 1.0 {
        return 1.0;
    }
    // Facing away from the sun is dark already; the comparison, filtered over four texels, softens the border.
    if dot(normal, view.sun.xyz) <= 0.0 {
        return 0.0;
    }
    return textureSampleCompareLevel(shadow_map, shadow_sampler, uv, texel.z);
}

// The light on a surface that faces `normal`, to be multiplied with its colour.
fn light(view: View, normal: vec3<f32>, sun_share: f32) -> vec3<f32> {
    let sky = vec3<f32>(0.50, 0.53, 0.58);
    let bounce = vec3<f32>(0.31, 0.29, 0.26);
    let sun = vec3<f32>(0.86, 0.80, 0.69);
    return mix(bounce, sky, normal.z * 0.5 + 0.5) + sun * max(dot(normal, view.sun.xyz), 0.0) * sun_share;
}
