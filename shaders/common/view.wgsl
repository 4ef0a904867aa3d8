// What every pass of one tile of a picture knows. Positions are offsets from the eye in metres, axes east, north, up.
struct View {
    // From an offset to the clip space of this tile; depth runs from 1 (near) to 0 (far).
    clip_from_offset: mat4x4<f32>,
    // Its inverse.
    offset_from_clip: mat4x4<f32>,
    // From an offset to the clip space of the shadow map.
    light_from_offset: mat4x4<f32>,
    // Direction to the sun; w is 1 when there is a shadow map.
    sun: vec4<f32>,
    // Linear colour of the ground; w is its height relative to the eye.
    ground: vec4<f32>,
    // Linear colour of the background at the horizon; w is the distance in metres over which things fade into it.
    horizon: vec4<f32>,
    // Linear colour of the background overhead; w is the alpha of the background.
    zenith: vec4<f32>,
    // x: 1 when the ground is drawn; y: darkness of outlines, 0 to 1; z, w: samples before the first pixel of the tile.
    options: vec4<f32>,
};

// The unit vector packed by `pack_normal` in scene.rs (octahedral mapping, two signed 16-bit numbers).
fn unpack_normal(word: u32) -> vec3<f32> {
    let p = unpack2x16snorm(word);
    var n = vec3<f32>(p, 1.0 - abs(p.x) - abs(p.y));
    if n.z < 0.0 {
        let fold = (1.0 - abs(n.yx)) * vec2<f32>(select(-1.0, 1.0, n.x >= 0.0), select(-1.0, 1.0, n.y >= 0.0));
        n = vec3<f32>(fold, n.z);
    }
    return normalize(n);
}

// IEC 61966-2-1: a stored colour to linear light.
fn linear_from_srgb(c: vec3<f32>) -> vec3<f32> {
    return select(pow((c + 0.055) / 1.055, vec3<f32>(2.4)), c / 12.92, c <= vec3<f32>(0.04045));
}
