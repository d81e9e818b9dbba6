//! Damaging inputs.

use fastrand::Rng;

/// Pieces that parsers react to.
const WORDS: &[&[u8]] = &[
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"data:",
    b"data: ",
    b"event: ",
    b":",
    b" ",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"null",
    b"true",
    b"0",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"9223372036854775807",
    b"0.1",
    b"[DONE]",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\0",
    "\u{1f99c}".as_bytes(),
    b"{\"error\":{\"message\":\"x\"}}",
    b"[[[[[[[[",
    b"{\"a\":",
    b"\"\"",
    b"\"index\":",
    b"\"id\":",
    b"\"finish_reason\":",
    b"\"usage\":",
    b"\"type\":",
];

/// The longest input.
const LONGEST: usize = 16 << 10;

/// Makes inputs from seeds, the same ones for the same number.
pub struct Mutator<'a> {
    seeds: &'a [Vec<u8>],
    random: Rng,
    input: Vec<u8>,
}

impl<'a> Mutator<'a> {
    pub fn new(seeds: &'a [Vec<u8>], seed: u64) -> Self {
        Mutator { seeds, random: Rng::with_seed(seed), input: Vec::new() }
    }

    /// Makes the next input.
    pub fn advance(&mut self) {
        let fresh = self.input.is_empty() || self.random.u8(..) < 64;
        if fresh {
            self.input.clone_from(&self.seeds[self.random.usize(..self.seeds.len())]);
        }
        for _ in 0..self.random.usize(1..6) {
            self.damage();
        }
        self.input.truncate(LONGEST);
    }

    /// The input.
    pub fn input(&self) -> &[u8] {
        &self.input
    }

    /// The input, and chance for the target itself.
    pub fn both(&mut self) -> (&[u8], &mut Rng) {
        (&self.input, &mut self.random)
    }

    fn place(&mut self) -> usize {
        self.random.usize(..=self.input.len())
    }

    fn damage(&mut self) {
        let (a, b) = (self.place(), self.place());
        let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 64));
        match self.random.u8(..8) {
            0 if from < self.input.len() => self.input[from] ^= 1 << self.random.u8(..8),
            1 => drop(self.input.drain(from..to)),
            2 => {
                let piece = self.input[from..to].to_vec();
                let at = self.place();
                self.input.splice(at..at, piece);
            }
            3 => self.input.truncate(from),
            4 => {
                let other = &self.seeds[self.random.usize(..self.seeds.len())];
                let cut = self.random.usize(..=other.len());
                self.input.truncate(from);
                self.input.extend_from_slice(&other[cut..]);
            }
            5 if from < self.input.len() => self.input[from] = self.random.u8(..),
            _ => {
                let word = WORDS[self.random.usize(..WORDS.len())];
                self.input.splice(from..from, word.iter().copied());
            }
        }
    }
}
