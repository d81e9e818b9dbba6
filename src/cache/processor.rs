//! What processors can do and the language has no words for.

#![allow(unsafe_code)]

/// Has the processor fetch a cache line, where it can be asked to.
#[inline(always)]
pub fn fetch(at: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing and faults nowhere.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// Has the processor fetch a cache line and take it from the others, for it will
/// be written to.
#[inline(always)]
pub fn fetch_to_write(at: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch writes nothing and faults nowhere; a processor that does
    // not know it passes over it.
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) at, options(readonly, nostack, preserves_flags));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// Orders what was just read, changed and written in one step before what is read
/// next: of two threads that each do both, one sees what the other has done.
#[inline(always)]
pub fn settle() {
    use std::sync::atomic::{Ordering::SeqCst, compiler_fence, fence};
    // To an x86 such a step is a barrier by itself.
    match cfg!(any(target_arch = "x86_64", target_arch = "x86")) {
        true => compiler_fence(SeqCst),
        false => fence(SeqCst),
    }
}

/// Bits to a byte in what [`matches`] answers.
pub const MATCH_BITS: usize = if cfg!(target_arch = "x86_64") { 1 } else { 8 };

/// Which of eight bytes equal another: the lowest of each one's bits.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn matches(bytes: [u8; 8], byte: u8) -> u64 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_cvtsi64_si128, _mm_movemask_epi8, _mm_set1_epi8};
    // SAFETY: SSE2 is part of every x86-64.
    unsafe {
        let bytes = _mm_cvtsi64_si128(i64::from_le_bytes(bytes));
        let equal = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8));
        (_mm_movemask_epi8(equal) & 0xff) as u64
    }
}

/// Which of eight bytes equal another: one bit of each one's eight. The byte
/// after a match may be named too, though it differs in its lowest bit.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub fn matches(bytes: [u8; 8], byte: u8) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let x = u64::from_le_bytes(bytes) ^ (ONES * byte as u64);
    x.wrapping_sub(ONES) & !x & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_byte_is_named() {
        for place in 0..8 {
            let mut bytes = [0x80, 0x91, 0xa2, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7];
            bytes[place] = 0xff;
            let found = matches(bytes, 0xff);
            assert_eq!(found.trailing_zeros() as usize / MATCH_BITS, place);
            assert_eq!(matches(bytes, 0x81), 0);
        }
    }
}
