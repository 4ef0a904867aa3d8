//! A small OpenStreetMap PBF, byte by byte (<https://wiki.openstreetmap.org/wiki/PBF_Format>).

fn varint(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn number(field: u64, n: u64) -> Vec<u8> {
    let mut out = Vec::new();
    varint(field << 3, &mut out);
    varint(n, &mut out);
    out
}

fn bytes(field: u64, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(field << 3 | 2, &mut out);
    varint(content.len() as u64, &mut out);
    out.extend(content);
    out
}

fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

fn packed(field: u64, numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
    let mut content = Vec::new();
    numbers.into_iter().for_each(|n| varint(n, &mut content));
    bytes(field, &content)
}

fn blob(kind: &str, block: &[u8]) -> Vec<u8> {
    let blob = bytes(1, block);
    let header = [bytes(1, kind.as_bytes()), number(3, blob.len() as u64)].concat();
    [&(header.len() as u32).to_be_bytes()[..], &header, &blob].concat()
}

/// An extract of four nodes (dense and plain), a building, a road and a multipolygon.
pub fn extract() -> Vec<u8> {
    let words = [
        "",
        "building",
        "yes",
        "height",
        "9",
        "highway",
        "footway",
        "type",
        "multipolygon",
        "natural",
        "water",
        "outer",
        "tree",
    ];
    let strings: Vec<u8> = words.iter().flat_map(|w| bytes(1, w.as_bytes())).collect();
    let deltas = |numbers: &[i64]| {
        let before = std::iter::once(0).chain(numbers.iter().copied());
        numbers.iter().zip(before).map(|(n, b)| zigzag(n - b)).collect::<Vec<_>>()
    };
    let dense = [
        packed(1, deltas(&[1, 2, 3])),
        packed(8, deltas(&[320_000_000, 320_000_000, 320_001_000])),
        packed(9, deltas(&[1_187_000_000, 1_187_001_000, 1_187_001_000])),
        packed(10, [0, 9, 12, 0, 0]),
    ]
    .concat();
    let node = [number(1, zigzag(4)), number(8, zigzag(320_001_000)), number(9, zigzag(1_187_000_000))].concat();
    let building = [number(1, 10), packed(2, [1, 3]), packed(3, [2, 4]), packed(8, deltas(&[1, 2, 3, 4, 1]))].concat();
    let road = [number(1, 11), packed(2, [5]), packed(3, [6]), packed(8, deltas(&[1, 3]))].concat();
    let pond = [
        number(1, 20),
        packed(2, [7, 9]),
        packed(3, [8, 10]),
        packed(8, [11]),
        packed(9, deltas(&[10])),
        packed(10, [1]),
    ]
    .concat();
    let groups = [
        bytes(2, &bytes(2, &dense)),
        bytes(2, &bytes(1, &node)),
        bytes(2, &[bytes(3, &building), bytes(3, &road)].concat()),
        bytes(2, &bytes(4, &pond)),
    ];
    let block = [bytes(1, &strings), groups.concat()].concat();
    let head = [bytes(4, b"OsmSchema-V0.6"), bytes(4, b"DenseNodes")].concat();
    [blob("OSMHeader", &head), blob("OSMData", &block)].concat()
}
