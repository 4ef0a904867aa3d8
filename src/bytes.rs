//! Little-endian numbers and texts in byte strings; reading checks every length against what is there.

/// What is left to read. Every method gives `None` when the bytes end too early or do not hold.
#[derive(Debug, Clone, Copy)]
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(n)?;
        self.0 = tail;
        Some(head)
    }
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(|[b]| b)
    }
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }
    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
    pub fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }
    pub fn f64(&mut self) -> Option<f64> {
        self.array().map(f64::from_le_bytes)
    }
    pub fn f64s<const N: usize>(&mut self) -> Option<[f64; N]> {
        let mut all = [0.0; N];
        for one in &mut all {
            *one = self.f64()?;
        }
        Some(all)
    }
    /// A count of things that take at least `size` bytes each; more than can follow is refused, so nothing is allocated for it.
    pub fn count(&mut self, size: usize) -> Option<usize> {
        let count = self.u32()? as usize;
        (count.checked_mul(size)? <= self.0.len()).then_some(count)
    }
    pub fn text(&mut self) -> Option<&'a str> {
        let len = self.count(1)?;
        std::str::from_utf8(self.take(len)?).ok()
    }
    /// A text that may be absent.
    pub fn maybe(&mut self) -> Option<Option<&'a str>> {
        match self.u8()? {
            0 => Some(None),
            1 => self.text().map(Some),
            _ => None,
        }
    }
    /// `Some` when nothing is left.
    pub fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// The writing side of [`Bytes`].
pub trait Sink {
    fn u8(&mut self, v: u8);
    fn u32(&mut self, v: u32);
    fn u64(&mut self, v: u64);
    fn i64(&mut self, v: i64);
    fn f64(&mut self, v: f64);
    fn f64s(&mut self, v: &[f64]);
    fn text(&mut self, v: &str);
    fn maybe(&mut self, v: Option<&str>);
}

impl Sink for Vec<u8> {
    fn u8(&mut self, v: u8) {
        self.push(v);
    }
    fn u32(&mut self, v: u32) {
        self.extend(v.to_le_bytes());
    }
    fn u64(&mut self, v: u64) {
        self.extend(v.to_le_bytes());
    }
    fn i64(&mut self, v: i64) {
        self.extend(v.to_le_bytes());
    }
    fn f64(&mut self, v: f64) {
        self.extend(v.to_le_bytes());
    }
    fn f64s(&mut self, v: &[f64]) {
        v.iter().for_each(|v| self.f64(*v));
    }
    fn text(&mut self, v: &str) {
        self.u32(v.len() as u32);
        self.extend(v.as_bytes());
    }
    fn maybe(&mut self, v: Option<&str>) {
        self.push(u8::from(v.is_some()));
        if let Some(v) = v {
            self.text(v);
        }
    }
}
