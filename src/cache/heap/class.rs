//! The sizes of blocks.
//!
//! Steps of 8 bytes up to 256, then eight to a doubling: a block is at most an
//! eighth larger than what was asked for. Beyond 32 KiB come whole pages.

/// Bytes of a page.
pub const PAGE: usize = 4096;
/// Pages of a chunk.
pub const CHUNK_PAGES: usize = 512;
/// Most pages of a run in a chunk; what is larger is mapped by itself.
pub const RUN_MAX: usize = CHUNK_PAGES / 2;

const STEP: usize = 8;
/// Sizes up to here are multiples of [`STEP`].
const FINE_MAX: usize = 256;
const FINE: usize = FINE_MAX / STEP;
/// Classes to a doubling beyond, as a power of two.
const COARSE_BITS: u32 = 3;
/// The largest size that has a class.
const CLASSED_MAX: usize = 32 * 1024;
/// How many classes there are.
pub const CLASSES: usize = FINE + (((CLASSED_MAX / FINE_MAX).ilog2() as usize) << COARSE_BITS);

/// The class of a size; none if it takes whole pages.
#[inline(always)]
pub fn of(size: usize) -> Option<usize> {
    match size {
        ..=FINE_MAX => Some(size.saturating_sub(1) / STEP),
        _ if size <= CLASSED_MAX => {
            let power = (size - 1).ilog2();
            let part = ((size - 1) >> (power - COARSE_BITS)) & ((1 << COARSE_BITS) - 1);
            Some(FINE + (((power - FINE_MAX.ilog2()) as usize) << COARSE_BITS) + part)
        }
        _ => None,
    }
}

/// Bytes of a class's blocks.
#[inline(always)]
pub const fn size(class: usize) -> usize {
    if class < FINE {
        return (class + 1) * STEP;
    }
    let (power, part) = ((class - FINE) >> COARSE_BITS, (class - FINE) % (1 << COARSE_BITS));
    ((1 << COARSE_BITS) + part + 1) << (FINE_MAX.ilog2() as usize - COARSE_BITS as usize + power)
}

/// Bytes that an allocation of `size` takes.
#[inline]
pub fn allocated(size: usize) -> usize {
    match of(size) {
        Some(class) => self::size(class),
        None => size.next_multiple_of(PAGE),
    }
}

/// Fewest pages of a span.
pub const SPAN_MIN: usize = 4;

/// Pages of a class's spans: few, but with room for four blocks, and at most a
/// sixteenth left over.
const fn pages_for(class: usize) -> usize {
    let size = size(class);
    let mut pages = SPAN_MIN;
    while pages * PAGE / size < 4 || pages * PAGE % size > pages * PAGE / 16 {
        pages += 1;
    }
    pages
}

const fn all_pages() -> [u8; CLASSES] {
    let mut all = [0; CLASSES];
    let mut class = 0;
    while class < CLASSES {
        all[class] = pages_for(class) as u8;
        class += 1;
    }
    all
}

static PAGES: [u8; CLASSES] = all_pages();

/// Pages of a class's spans.
pub fn pages(class: usize) -> usize {
    PAGES[class] as usize
}

/// Blocks of a class's spans.
pub fn blocks(class: usize) -> usize {
    pages(class) * PAGE / size(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_the_smallest_class_that_holds_it() {
        for bytes in 0..=CLASSED_MAX {
            let class = of(bytes).unwrap();
            assert!(size(class) >= bytes, "{bytes}");
            assert!(class == 0 || size(class - 1) < bytes, "{bytes}");
        }
        assert_eq!(of(CLASSED_MAX), Some(CLASSES - 1));
        assert_eq!(of(CLASSED_MAX + 1), None);
        assert_eq!(allocated(CLASSED_MAX + 1), 36 * 1024);
    }

    #[test]
    fn little_is_lost_to_rounding_and_to_the_ends_of_spans() {
        for class in 0..CLASSES {
            let (size, whole) = (size(class), pages(class) * PAGE);
            assert!(class < FINE || size - super::size(class - 1) <= size / 8 + 1);
            assert!(blocks(class) >= 4 && blocks(class) * size >= whole - whole / 16);
            assert!(blocks(class) < u16::MAX as usize && pages(class) <= RUN_MAX);
        }
    }
}
