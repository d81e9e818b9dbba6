//! One dictionary, prepared both ways.

use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::{CCtx, compress_bound};

/// Largest dictionary.
pub const DICTIONARY_BYTES: usize = 32 * 1024;
/// Least `max_memory_mb` at which a dictionary is trained.
const DICTIONARY_LEAST_MB: u64 = 8;

/// Whether a bound on memory, in MiB or 0 for none, leaves room for a
/// dictionary: prepared, it takes half a MiB.
pub fn has_room(bound_mb: u64) -> bool {
    bound_mb == 0 || bound_mb >= DICTIONARY_LEAST_MB
}

/// Bytes that a dictionary takes at most which packs at a level.
pub fn most_bytes(level: u32) -> u64 {
    let kib = match level {
        ..=1 => 176,
        2 => 272,
        3 => 528,
        4..=10 => 912,
        _ => 1_168,
    };
    kib << 10
}

/// A dictionary, prepared both ways.
pub struct Dictionary {
    /// What the entries packed with it carry.
    pub version: u8,
    /// As it was trained, but for the id.
    pub bytes: Vec<u8>,
    /// For packing.
    pub encoder: EncoderDictionary<'static>,
    /// For unpacking.
    pub decoder: DecoderDictionary<'static>,
}

impl Dictionary {
    /// Prepares one under a version; none if the bytes are none, or memory is short.
    pub fn new(version: u8, mut bytes: Vec<u8>, level: i32) -> Option<Dictionary> {
        // A frame repeats the dictionary's id: a small one takes one byte.
        bytes.get_mut(4..8)?.copy_from_slice(&(version as u32).to_le_bytes());
        Some(Dictionary {
            version,
            encoder: EncoderDictionary::try_copy(&bytes, level).ok()?,
            decoder: DecoderDictionary::try_copy(&bytes).ok()?,
            bytes,
        })
    }

    /// Bytes of it: as it is, and prepared both ways.
    pub fn cost(&self) -> i64 {
        let (encoder, decoder) = (self.encoder.as_cdict(), self.decoder.as_ddict());
        (self.bytes.len() + encoder.sizeof() + decoder.sizeof()) as i64
    }

    /// Bytes of some texts, packed with it.
    pub fn packed_size(&self, texts: &[&[u8]]) -> usize {
        let Some(mut context) = CCtx::try_create() else { return usize::MAX };
        let packed = |text: &&[u8]| {
            let mut frame = vec![0u8; compress_bound(text.len())];
            let cdict = self.encoder.as_cdict();
            context.compress_using_cdict(&mut frame[..], text, cdict).unwrap_or(text.len())
        };
        texts.iter().map(packed).sum()
    }
}

/// What some texts teach; none if they have too little in common.
pub fn taught_by(texts: &[&[u8]]) -> Option<Vec<u8>> {
    let total: usize = texts.iter().map(|text| text.len()).sum();
    zstd::dict::from_samples(texts, (total / 3).clamp(256, DICTIONARY_BYTES)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_dictionary_takes_more_than_is_said() {
        let mut random = fastrand::Rng::with_seed(1);
        let texts: Vec<Vec<u8>> =
            (0..200).map(|_| (0..1_000).map(|_| random.u8(b'a'..b'g')).collect()).collect();
        let texts: Vec<&[u8]> = texts.iter().map(|text| &text[..]).collect();
        let bytes = taught_by(&texts).unwrap();
        assert_eq!(bytes.len(), DICTIONARY_BYTES);
        for level in 1..=22 {
            let takes = Dictionary::new(1, bytes.clone(), level).unwrap().cost() as u64;
            let said = most_bytes(level as u32);
            assert!(takes <= said && takes * 10 >= said * 8, "level {level}: {takes} of {said}");
        }
    }
}
