//! TIFF files made by hand, tag by tag, sound and broken.

/// A TIFF of one strip of 8 by 8 bytes of 16 bits, little endian, with these tags besides: tag, type, values as bytes.
pub fn tiff(more: &[(u16, u16, u32, Vec<u8>)]) -> Vec<u8> {
    let mut tags: Vec<(u16, u16, u32, Vec<u8>)> = vec![
        (256, 3, 1, vec![8, 0]),
        (257, 3, 1, vec![8, 0]),
        (258, 3, 1, vec![16, 0]),
        (259, 3, 1, vec![1, 0]),
        (262, 3, 1, vec![1, 0]),
        (277, 3, 1, vec![1, 0]),
        (278, 3, 1, vec![8, 0]),
        (279, 4, 1, vec![128, 0, 0, 0]),
        (339, 3, 1, vec![2, 0]),
    ];
    for one in more {
        tags.retain(|(tag, ..)| *tag != one.0);
        tags.push(one.clone());
    }
    tags.push((273, 4, 1, vec![8, 0, 0, 0]));
    tags.sort_by_key(|(tag, ..)| *tag);
    let mut out = b"II*\0".to_vec();
    out.extend((8_u32 + 128).to_le_bytes());
    (0..64_u16).for_each(|n| out.extend((n + 100).to_le_bytes()));
    out.extend((tags.len() as u16).to_le_bytes());
    let mut after = Vec::new();
    let start = out.len() + 12 * tags.len() + 4;
    for (tag, kind, count, mut value) in tags {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(count.to_le_bytes());
        if value.len() <= 4 {
            value.resize(4, 0);
            out.extend(value);
        } else {
            out.extend(((start + after.len()) as u32).to_le_bytes());
            after.extend(value);
        }
    }
    out.extend([0; 4]);
    out.extend(after);
    out
}

/// Numbers of 64 bits, little endian.
pub fn doubles(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// Numbers of 16 bits, little endian.
pub fn shorts(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// Tags that put the grid at a place of UTM zone 32.
pub fn placed() -> Vec<(u16, u16, u32, Vec<u8>)> {
    let keys = [1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32632];
    vec![
        (33_550, 12, 3, doubles(&[10.0, 10.0, 0.0])),
        (33_922, 12, 6, doubles(&[0.0, 0.0, 0.0, 465_000.0, 5_247_000.0, 0.0])),
        (34_735, 3, 12, shorts(&keys)),
    ]
}
