//! The hash of keys: rapidhash V3, seeded.
//!
//! Keys of usual lengths are hashed in line: a call into the crate costs a hit
//! more than the hash itself. What comes out is the same, to the bit.

use rapidhash::v3::{RapidSecrets, rapidhash_v3_micro_inline};

/// Lengths that are hashed here; the crate's micro variant has the others.
const SHORT: usize = 17;
const LONG: usize = 48;
/// What the last step of the algorithm mixes in.
const FINISH: u64 = 0xaaaa_aaaa_aaaa_aaaa;

#[inline(always)]
fn product(a: u64, b: u64) -> (u64, u64) {
    let product = a as u128 * b as u128;
    (product as u64, (product >> 64) as u64)
}

/// Both halves of a product in one word.
#[inline(always)]
fn mix(a: u64, b: u64) -> u64 {
    let (low, high) = product(a, b);
    low ^ high
}

/// The two words of sixteen bytes.
#[inline(always)]
fn words(bytes: &[u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(*bytes);
    (both as u64, (both >> 64) as u64)
}

/// The hash of a key.
#[inline(always)]
pub fn of(key: &[u8], seeded: &RapidSecrets) -> u64 {
    let len = key.len();
    let (true, Some(head), Some(tail)) =
        ((SHORT..=LONG).contains(&len), key.first_chunk(), key.last_chunk())
    else {
        return other(key, seeded);
    };
    let secrets = &seeded.secrets;
    let (first, second) = words(head);
    let mut seed = mix(first ^ secrets[2], second ^ seeded.seed);
    if len > 32
        && let Some(more) = key[16..].first_chunk()
    {
        let (first, second) = words(more);
        seed = mix(first ^ secrets[2], second ^ seed);
    }
    let (first, second) = words(tail);
    let (low, high) = product(first ^ len as u64 ^ secrets[1], second ^ seed);
    mix(low ^ FINISH, high ^ secrets[1] ^ len as u64)
}

#[inline(never)]
fn other(key: &[u8], seeded: &RapidSecrets) -> u64 {
    rapidhash_v3_micro_inline::<true, false>(key, seeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hashed_in_line_is_what_the_crate_says() {
        let mut random = fastrand::Rng::with_seed(5);
        for len in 0..=200 {
            let key: Vec<u8> = (0..len).map(|_| random.u8(..)).collect();
            let seeded = RapidSecrets::seed(random.u64(..));
            assert_eq!(of(&key, &seeded), other(&key, &seeded), "{len} bytes");
        }
    }
}
