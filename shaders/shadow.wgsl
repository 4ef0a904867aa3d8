// Depth as the sun sees it. Needs common/view.wgsl.
@group(0) @binding(0) var<uniform> view: View;

@vertex
fn vertex(@location(0) offset: vec3<f32>) -> @builtin(position) vec4<f32> {
    return view.light_from_offset * vec4<f32>(offset, 1.0);
}
