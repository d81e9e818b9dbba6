//! Where a JSON text ends, found many bytes at a time.

use wide::u8x16;

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
const TOGETHER: usize = 16;

/// A bit for each of some bytes, the first one's the lowest.
type Bits = u32;

/// How a JSON text begins. Words are short, and each of another length: what is looked
/// at together needs no guess at where one ends.
#[inline]
pub fn word(bytes: &[u8]) -> Word {
    let (blocks, rest) = bytes.as_chunks::<TOGETHER>();
    let mut seen = 0;
    for (place, block) in blocks.iter().enumerate() {
        let (ends, high) = look(*block);
        if ends != 0 {
            let len = place * TOGETHER + ends.trailing_zeros() as usize;
            // The bits below the first that is set.
            let before = (ends - 1) & !ends;
            return Word { len, is_ascii: seen | high & before == 0 };
        }
        seen |= high;
    }
    let last = rest.iter().position(|byte| is_end(*byte)).unwrap_or(rest.len());
    let is_ascii = seen == 0 && rest[..last].is_ascii();
    Word { len: blocks.len() * TOGETHER + last, is_ascii }
}

/// The length of a JSON text, escapes included, up to its quotation mark; none where
/// that has not come.
#[cold]
pub fn text_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        match bytes[at] {
            b'"' => return Some(at),
            _ => at += 2,
        }
    }
}

/// Which bytes end a word, and which are not ASCII.
#[inline]
fn look(block: [u8; TOGETHER]) -> (Bits, Bits) {
    let all = u8x16::new(block);
    let is = |byte| all.simd_eq(u8x16::splat(byte));
    let ends = is(b'"') | is(b'\\') | all.simd_lt(u8x16::splat(b' '));
    (ends.to_bitmask(), all.to_bitmask())
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

    #[test]
    fn bytes_that_are_looked_at_together_are_seen_as_one_by_one() {
        for byte in 0..=u8::MAX {
            for place in 0..TOGETHER {
                let mut block = *b"a word of ASCII.";
                block[place] = byte;
                let (ends, high) = (u32::from(is_end(byte)), u32::from(!byte.is_ascii()));
                assert_eq!(look(block), (ends << place, high << place), "{byte} at {place}");
            }
        }
    }
}
