//! Keys and the order in which they are asked for.

/// Ranks that follow Zipf's law: rank k with weight k^-s.
pub struct Zipf {
    cumulative: Vec<f64>,
}

impl Zipf {
    pub fn new(n: usize, s: f64) -> Zipf {
        let mut sum = 0.0;
        let cumulative = (1..=n)
            .map(|k| {
                sum += (k as f64).powf(-s);
                sum
            })
            .collect();
        Zipf { cumulative }
    }

    pub fn draw(&self, random: &mut fastrand::Rng) -> u32 {
        let at = random.f64() * self.cumulative[self.cumulative.len() - 1];
        self.cumulative.partition_point(|c| *c < at) as u32
    }
}

/// Keys of a length: the rank, scrambled, so that neighbours in rank are not
/// neighbours anywhere else.
pub struct Keys {
    bytes: Vec<u8>,
    len: usize,
}

impl Keys {
    pub fn new(n: usize, len: usize) -> Keys {
        let mut bytes = Vec::with_capacity(n * len);
        for rank in 0..n as u64 {
            let mut random = fastrand::Rng::with_seed(rank ^ 0x5eed);
            (0..len).for_each(|_| bytes.push(random.u8(..)));
        }
        Keys { bytes, len }
    }

    /// The keys of these ranks back to back, as callers have them in hand: a
    /// look-up in this table for each operation would be measured with it.
    pub fn in_order(&self, ranks: impl IntoIterator<Item = u32>) -> InOrder {
        let mut bytes = Vec::new();
        ranks.into_iter().for_each(|rank| bytes.extend_from_slice(self.get(rank)));
        InOrder { bytes, len: self.len }
    }

    #[inline]
    pub fn get(&self, rank: u32) -> &[u8] {
        &self.bytes[rank as usize * self.len..][..self.len]
    }
}

/// Keys in the order of their use.
pub struct InOrder {
    bytes: Vec<u8>,
    len: usize,
}

impl InOrder {
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.bytes.chunks_exact(self.len)
    }
}
