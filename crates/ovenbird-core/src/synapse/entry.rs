//! What is stored of a pending connection, in as few bytes as what its kind does not share takes.

/// What is stored of a connection: the row of its source, in the lowest byte, and numbers that the
/// batch does not share.
pub(super) trait Entry: Copy {
    fn new(row: u8, delay: u32, weight: f64) -> Self;
    fn row(self) -> usize;
    /// The delay in steps, where all share `shared` or each has its own.
    fn delay(self, shared: u32) -> u32;
    fn weight(self, shared: f64) -> f64;
    fn template(self, shared: u32) -> u32 {
        shared
    }
}

impl Entry for u8 {
    fn new(row: u8, _: u32, _: f64) -> Self {
        row
    }
    fn row(self) -> usize {
        usize::from(self)
    }
    fn delay(self, shared: u32) -> u32 {
        shared
    }
    fn weight(self, shared: f64) -> f64 {
        shared
    }
}

/// Delays are shorter than 2^24 steps.
impl Entry for u32 {
    #[inline(always)]
    fn new(row: u8, delay: u32, _: f64) -> Self {
        delay << 8 | u32::from(row)
    }
    fn row(self) -> usize {
        (self & 0xff) as usize
    }
    fn delay(self, _: u32) -> u32 {
        self >> 8
    }
    fn weight(self, shared: f64) -> f64 {
        shared
    }
}

/// Row, then the weight: 9 bytes without padding.
impl Entry for [u8; 9] {
    #[inline(always)]
    fn new(row: u8, _: u32, weight: f64) -> Self {
        let mut bytes = [row; 9];
        bytes[1..].copy_from_slice(&weight.to_le_bytes());
        bytes
    }
    fn row(self) -> usize {
        usize::from(self[0])
    }
    fn delay(self, shared: u32) -> u32 {
        shared
    }
    fn weight(self, _: f64) -> f64 {
        let [_, a, b, c, d, e, f, g, h] = self;
        f64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

/// Row, a delay below 256 steps, then the weight: 10 bytes without padding.
impl Entry for [u8; 10] {
    #[inline(always)]
    fn new(row: u8, delay: u32, weight: f64) -> Self {
        debug_assert!(
            delay < 1 << 8,
            "batches with longer delays have wider entries"
        );
        let mut bytes = [0; 10];
        bytes[..2].copy_from_slice(&(u16::from(row) | (delay as u16) << 8).to_le_bytes());
        bytes[2..].copy_from_slice(&weight.to_le_bytes());
        bytes
    }
    #[inline(always)]
    fn row(self) -> usize {
        usize::from(self[0])
    }
    #[inline(always)]
    fn delay(self, _: u32) -> u32 {
        u32::from(self[1])
    }
    #[inline(always)]
    fn weight(self, _: f64) -> f64 {
        let [_, _, a, b, c, d, e, f, g, h] = self;
        f64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

/// Row and delay, then the weight in halves: 12 bytes without padding.
impl Entry for [u32; 3] {
    #[inline(always)]
    fn new(row: u8, delay: u32, weight: f64) -> Self {
        let bits = weight.to_bits();
        [
            u32::new(row, delay, weight),
            bits as u32,
            (bits >> 32) as u32,
        ]
    }
    fn row(self) -> usize {
        self[0].row()
    }
    fn delay(self, shared: u32) -> u32 {
        self[0].delay(shared)
    }
    fn weight(self, _: f64) -> f64 {
        f64::from_bits(u64::from(self[2]) << 32 | u64::from(self[1]))
    }
}

/// As with a weight of its own, then the template.
impl Entry for [u32; 4] {
    fn new(row: u8, delay: u32, weight: f64) -> Self {
        let [first, low, high] = <[u32; 3]>::new(row, delay, weight);
        [first, low, high, 0]
    }
    fn row(self) -> usize {
        self[0].row()
    }
    fn delay(self, shared: u32) -> u32 {
        self[0].delay(shared)
    }
    fn weight(self, shared: f64) -> f64 {
        [self[0], self[1], self[2]].weight(shared)
    }
    fn template(self, _: u32) -> u32 {
        self[3]
    }
}
