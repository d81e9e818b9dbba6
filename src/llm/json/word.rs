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
/// The high bit of each of them.
const HIGH: u128 = u128::MAX / 255 * 0x80;

/// How a JSON text begins. Words are short, and each of another length: what is looked
/// at together needs no guess at where one ends.
#[inline]
pub fn word(bytes: &[u8]) -> Word {
    let (blocks, rest) = bytes.as_chunks::<TOGETHER>();
    let mut seen = 0;
    for (place, block) in blocks.iter().enumerate() {
        let (ends, block) = (ends(block), u128::from_le_bytes(*block));
        if ends != 0 {
            let len = place * TOGETHER + ends.trailing_zeros() as usize / 8;
            // The bits below the first that is set.
            let before = (ends - 1) & !ends;
            return Word { len, is_ascii: (seen | block & before) & HIGH == 0 };
        }
        seen |= block;
    }
    let last = rest.iter().position(|byte| is_end(*byte)).unwrap_or(rest.len());
    let is_ascii = seen & HIGH == 0 && rest[..last].is_ascii();
    Word { len: blocks.len() * TOGETHER + last, is_ascii }
}

/// All bits of each byte that ends a word. A function of its own, so that the compiler
/// sees nothing but this and looks at all bytes in one go.
#[inline(never)]
fn ends(block: &[u8; TOGETHER]) -> u128 {
    let mut ends = [0; TOGETHER];
    for (end, byte) in ends.iter_mut().zip(block) {
        *end = if is_end(*byte) { 0xff } else { 0 };
    }
    u128::from_le_bytes(ends)
}

#[inline]
fn is_end(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
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
