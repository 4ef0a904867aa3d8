// Triangles into colour and feature at once. Needs common/view.wgsl and common/light.wgsl.
@group(0) @binding(0) var<uniform> view: View;
// One a triangle: normal, colour with flags in the highest byte, id, unused.
@group(0) @binding(1) var<storage, read> faces: array<vec4<u32>>;

const GLASS: u32 = 1u;
const GLOW: u32 = 2u;

struct Varying {
    @builtin(position) clip: vec4<f32>,
    @location(0) offset: vec3<f32>,
    @location(1) @interpolate(flat) face: vec3<u32>,
};

struct Sample {
    @location(0) colour: vec4<f32>,
    @location(1) feature: vec2<u32>,
};

@vertex
fn vertex(@location(0) offset: vec3<f32>, @builtin(vertex_index) index: u32) -> Varying {
    return Varying(view.clip_from_offset * vec4<f32>(offset, 1.0), offset, faces[index / 3u].xyz);
}

@fragment
fn fragment(in: Varying, @builtin(front_facing) front: bool) -> Sample {
    let flags = in.face.y >> 24u;
    // Glass covers one sample in four and never the first, whose feature is the pixel's: what is behind it is picked.
    let at = vec2<u32>(in.clip.xy);
    if (flags & GLASS) != 0u && (at.x & at.y & 1u) == 0u {
        discard;
    }
    // The side that is seen is the side that is lit: sources do not agree on which way faces turn.
    let outward = unpack_normal(in.face.x);
    let normal = select(-outward, outward, front);
    let base = linear_from_srgb(unpack4x8unorm(in.face.y).xyz);
    var colour = base * light(view, normal, sunshine(view, in.offset, normal));
    if (flags & GLOW) != 0u {
        colour = mix(colour, base, 0.7);
    }
    // Things near the ground get less of the sky.
    let height = in.offset.z - view.ground.w;
    colour *= select(1.0, mix(0.82, 1.0, smoothstep(0.0, 8.0, height)), view.options.x > 0.5);
    let haze = 1.0 - exp(-length(in.offset) / view.horizon.w);
    colour = mix(colour, view.horizon.xyz, haze * haze);
    // Glass is told by its alpha, so that its pattern is not taken for outlines.
    return Sample(vec4<f32>(colour, select(1.0, 0.5, (flags & GLASS) != 0u)), vec2<u32>(in.face.z, in.face.x));
}
