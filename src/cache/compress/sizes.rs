//! What a context of zstd's takes, and which level that leaves to a long value.

/// Lengths up to which zstd lays a context out smaller.
const TIERS: [usize; 3] = [16 << 10, 128 << 10, 256 << 10];

/// Kibibytes that a context takes at most, by level, and by tier of the value's
/// length.
const KIB: [[u64; 4]; 22] = [
    [256, 576, 640, 576],
    [256, 640, 640, 768],
    [320, 896, 1_024, 1_280],
    [320, 1_536, 1_536, 2_560],
    [320, 1_536, 1_792, 3_072],
    [320, 1_536, 3_072, 3_072],
    [320, 1_536, 3_072, 5_632],
    [320, 1_536, 3_072, 5_632],
    [320, 1_536, 3_072, 10_752],
    [320, 1_536, 3_072, 20_992],
    [448, 1_536, 3_584, 20_992],
    [512, 2_048, 4_608, 41_472],
    [512, 2_304, 5_440, 33_792],
    [576, 2_880, 5_440, 50_176],
    [576, 2_880, 5_440, 66_560],
    [576, 2_880, 5_440, 33_792],
    [576, 2_880, 5_440, 50_176],
    [576, 2_880, 5_440, 50_688],
    [576, 2_880, 5_440, 83_968],
    [576, 2_880, 5_440, 165_888],
    [576, 2_880, 5_440, 329_728],
    [576, 2_880, 5_440, 657_408],
];

/// Bytes that a context takes at most which packs a value of so many at a level.
pub fn context_bytes(level: i32, len: usize) -> u64 {
    let tier = TIERS.iter().position(|most| len <= *most).unwrap_or(TIERS.len());
    let most = KIB[level.clamp(1, KIB.len() as i32) as usize - 1][tier] << 10;
    // Nor do its tables hold more than the value has places.
    most.min(((len as u64).next_power_of_two() * 18).saturating_add(1 << 20))
}

/// Whether a value is too long for a dictionary to say anything about it.
pub fn is_long(len: usize) -> bool {
    len > TIERS[2]
}

/// The highest level up to one at which the context for a value finds room.
pub fn level_for(level: i32, len: usize, room: u64) -> i32 {
    (2..=level).rev().find(|level| context_bytes(*level, len) <= room).unwrap_or(level.min(1))
}

#[cfg(test)]
mod tests {
    use zstd::zstd_safe::{CCtx, compress_bound};

    use super::*;

    #[test]
    fn no_context_takes_more_than_is_said() {
        let mut random = fastrand::Rng::with_seed(5);
        let text: Vec<u8> = (0..700 << 10).map(|_| random.u8(b'a'..b'g')).collect();
        let mut frame = vec![0; compress_bound(text.len())];
        for level in 1..=22 {
            for len in TIERS.into_iter().flat_map(|tier| [tier, tier + 1]).chain([1, text.len()]) {
                let mut context = CCtx::create();
                context.compress(&mut frame[..], &text[..len], level).unwrap();
                let (takes, said) = (context.sizeof() as u64, context_bytes(level, len));
                assert!(takes <= said, "level {level}, {len}: {takes} of {said}");
            }
        }
    }

    #[test]
    fn a_long_value_is_packed_at_the_highest_level_that_finds_room() {
        assert_eq!(level_for(22, 1 << 10, 1 << 20), 22);
        assert_eq!(level_for(22, 4 << 20, 8 << 20), 8);
        assert_eq!(level_for(5, 4 << 20, 8 << 20), 5);
        assert_eq!(level_for(22, 4 << 20, 0), 1);
        assert_eq!(level_for(22, 1 << 30, u64::MAX), 22);
    }
}
