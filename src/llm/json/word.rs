//! Where a JSON text ends, found many bytes at a time.

/// The beginning of a JSON text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Word {
    /// How many bytes there are before its end, or an escape, or a byte that must not
    /// stand in it.
    pub len: usize,
    /// Whether they are all ASCII.
    pub is_ascii: bool,
}

/// Bytes that are looked at together.
const TOGETHER: usize = size_of::<u128>();
const EACH: u128 = u128::MAX / 255;
/// The high bit of each of them.
const HIGH: u128 = EACH * 0x80;

/// How a JSON text begins. Words are short, and each of another length: what is looked
/// at together needs no guess at where one ends.
#[inline]
pub fn word(bytes: &[u8]) -> Word {
    let (blocks, rest) = bytes.as_chunks::<TOGETHER>();
    let mut seen = 0;
    for (place, block) in blocks.iter().enumerate() {
        let block = u128::from_le_bytes(*block);
        let ends = ends(block);
        if ends != 0 {
            let len = place * TOGETHER + ends.trailing_zeros() as usize / 8;
            // The bits below the first that is set.
            let before = (ends - 1) & !ends;
            return Word { len, is_ascii: (seen | block & before) & HIGH == 0 };
        }
        seen |= block;
    }
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    let last = rest.iter().position(ends).unwrap_or(rest.len());
    let is_ascii = seen & HIGH == 0 && rest[..last].is_ascii();
    Word { len: blocks.len() * TOGETHER + last, is_ascii }
}

/// The high bit of each byte that ends a word; above the first that does, perhaps of
/// others.
#[inline]
fn ends(block: u128) -> u128 {
    // What is less than `bound`, at most 0x80, borrows the high bit.
    let below = |block: u128, bound: u128| block.wrapping_sub(EACH * bound) & !block;
    let equal = |byte: u8| below(block ^ (EACH * u128::from(byte)), 1);
    (below(block, 0x20) | equal(b'"') | equal(b'\\')) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_ends_where_looking_at_each_byte_ends_it() {
        let mut random = fastrand::Rng::with_seed(7);
        let alphabet =
            [b"\"\\\0\x1f\x20\x21\x23\x5b\x5d\x7f\x80\xa2\xdc\xff", &[b'a'; 14][..]].concat();
        for _ in 0..20_000 {
            let bytes: Vec<u8> =
                (0..random.usize(0..70)).map(|_| alphabet[random.usize(0..28)]).collect();
            let plainly = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            let len = plainly.unwrap_or(bytes.len());
            let is_ascii = bytes[..len].is_ascii();
            assert_eq!(word(&bytes), Word { len, is_ascii }, "{bytes:?}");
        }
    }
}
