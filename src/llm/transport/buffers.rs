//! The buffers of one connection: made when needed, given back when idle, but for one
//! that is small.
//!
//! Input grows only while ureq waits for the rest of something: of a head that
//! is within its cap. Output gathers what ureq writes, so that head and body of
//! a short request leave in one packet. What a short request has lain in takes its
//! answer, and is kept for the next one: the two are never needed at a time.

use ureq::unversioned::transport::Buffers;

use super::flight::{self, Length};

/// Input at first: a head, or some events.
const INPUT_BYTES: usize = 4 << 10;
/// Input while it comes faster than it is read.
const INPUT_WIDE_BYTES: usize = 32 << 10;
/// The largest output, if the head is not larger: short requests fit whole.
const OUTPUT_BYTES: usize = 16 << 10;
/// The largest that is kept.
const KEPT_BYTES: usize = 8 << 10;
/// Room in which ureq can always write on.
const OUTPUT_ROOM: usize = 4 << 10;

/// Bytes on their way in and out.
#[derive(Default)]
pub(super) struct IoBuffers {
    /// The largest input.
    max: usize,
    input: Vec<u8>,
    /// What has come and is not used: `start..end` of the input.
    start: usize,
    end: usize,
    output: Vec<u8>,
    /// What the request will take of it.
    expected: Length,
    /// What is written and not sent: the beginning of the output.
    held: usize,
    progress: bool,
}

impl IoBuffers {
    /// Buffers that take a head of `max_head` bytes.
    pub fn new(max_head: usize) -> Self {
        // ureq must see more than the cap to know that it is exceeded.
        IoBuffers { max: max_head + INPUT_BYTES, ..IoBuffers::default() }
    }

    /// The largest head.
    pub fn max_head(&self) -> usize {
        self.max - INPUT_BYTES
    }

    /// A request of about this length is going to be written.
    pub fn expect(&mut self, length: Length) {
        self.expected = length;
    }

    /// Takes note of bytes in the output; true when they must be sent now.
    pub fn hold(&mut self, amount: usize) -> bool {
        self.held += amount;
        self.output.len() - self.held < OUTPUT_ROOM
    }

    /// Lends the output, so that input can be taken meanwhile; how much is to be sent.
    pub fn lend_output(&mut self) -> (Vec<u8>, usize) {
        (std::mem::take(&mut self.output), self.held)
    }

    /// It has been sent; more may follow.
    pub fn sent(&mut self, output: Vec<u8>) {
        (self.output, self.held) = (output, 0);
    }

    /// The request is over: its memory takes the answer, or is given back.
    pub fn drop_output(&mut self) {
        self.held = 0;
        let output = std::mem::take(&mut self.output);
        if self.input.is_empty() && (INPUT_BYTES..=KEPT_BYTES).contains(&output.len()) {
            self.input = output;
        }
    }

    /// Before a read. `eager`: the last one filled the input, and the next may be
    /// larger. Otherwise who waits with an empty input has a small one.
    pub fn suit(&mut self, eager: bool) {
        let len = self.input.len();
        if eager && len < INPUT_WIDE_BYTES {
            self.input.resize(INPUT_WIDE_BYTES, 0);
        } else if !eager && len > KEPT_BYTES && self.start == self.end && self.end < INPUT_BYTES {
            (self.start, self.end) = (0, 0);
            self.input = Vec::new();
        }
    }

    /// What has come and is not used.
    pub fn held_input(&self) -> &[u8] {
        &self.input[self.start..self.end]
    }

    /// The same, to be changed in place.
    pub fn input_mut(&mut self) -> &mut [u8] {
        &mut self.input[self.start..self.end]
    }

    /// So many bytes of the input are used.
    pub fn consume(&mut self, amount: usize) {
        self.start += amount;
    }

    /// Has `bytes` come instead of the input's last `used`; false if it held more.
    pub fn replace_input(&mut self, used: usize, bytes: &[u8]) -> bool {
        let is_all = self.start + used == self.end;
        (self.start, self.end) = (0, 0);
        self.input_append_buf()[..bytes.len()].copy_from_slice(bytes);
        self.end = bytes.len();
        is_all
    }

    /// The connection goes idle.
    pub fn release(&mut self) {
        let mut input = std::mem::take(&mut self.input);
        if input.len() > KEPT_BYTES {
            input = Vec::new();
        }
        *self = IoBuffers { max: self.max, input, ..IoBuffers::default() };
    }

    fn ensure_output(&mut self) {
        if !self.output.is_empty() {
            return;
        }
        // ureq writes no part of a header.
        let Length { head, body } = self.expected;
        let bytes = (head + body + OUTPUT_ROOM).min(OUTPUT_BYTES.max(head + OUTPUT_ROOM));
        self.output = match self.start == self.end && self.input.len() >= bytes {
            true => {
                (self.start, self.end) = (0, 0);
                std::mem::take(&mut self.input)
            }
            false => vec![0; bytes],
        };
    }
}

impl Buffers for IoBuffers {
    fn output(&mut self) -> &mut [u8] {
        self.ensure_output();
        &mut self.output[self.held..]
    }

    fn input(&self) -> &[u8] {
        self.held_input()
    }

    /// Room for more; none once the largest input is full.
    fn input_append_buf(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.input.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let larger = (self.end * 2).clamp(INPUT_BYTES, self.max);
        // It may have been widened beyond the largest for what came fast.
        if self.end == self.input.len() && larger > self.end {
            self.input.resize(larger, 0);
        }
        &mut self.input[self.end..]
    }

    fn input_appended(&mut self, amount: usize) {
        self.end += amount;
    }

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.consume(amount);
    }

    /// Scratch space is asked for chunked request bodies, which are never sent.
    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.ensure_output();
        (&mut [], &mut self.output[self.held..])
    }

    fn can_use_input(&self) -> bool {
        self.start < self.end && self.progress && !flight::takes_wire()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_HEAD: usize = 64 << 10;

    fn written(buffers: &mut IoBuffers, bytes: usize) -> *const u8 {
        buffers.expect(Length { head: 0, body: bytes });
        buffers.output()[..bytes].fill(b'q');
        buffers.hold(bytes);
        let (output, held) = buffers.lend_output();
        assert_eq!(held, bytes);
        let place = output.as_ptr();
        buffers.sent(output);
        buffers.drop_output();
        place
    }

    fn answered(buffers: &mut IoBuffers, answer: &[u8]) -> *const u8 {
        let space = buffers.input_append_buf();
        space[..answer.len()].copy_from_slice(answer);
        buffers.input_appended(answer.len());
        assert_eq!(buffers.held_input(), answer);
        let place = buffers.held_input().as_ptr();
        buffers.consume(answer.len());
        place
    }

    #[test]
    fn a_short_request_its_answer_and_the_next_request_lie_in_one_place() {
        let mut buffers = IoBuffers::new(MAX_HEAD);
        let place = written(&mut buffers, 700);
        assert_eq!(answered(&mut buffers, b"HTTP/1.1 200 OK"), place);
        buffers.release();
        assert_eq!(written(&mut buffers, 600), place);
        assert_eq!(answered(&mut buffers, b"HTTP/1.1 404 Not Found"), place);
    }

    #[test]
    fn what_has_come_before_the_request_was_out_is_not_written_over() {
        let mut buffers = IoBuffers::new(MAX_HEAD);
        buffers.input_append_buf()[..5].copy_from_slice(b"early");
        buffers.input_appended(5);
        written(&mut buffers, 700);
        assert_eq!(buffers.held_input(), b"early");
    }

    #[test]
    fn what_is_wider_than_the_largest_head_does_not_become_smaller() {
        let mut buffers = IoBuffers::new(1_024);
        buffers.suit(true);
        let room = buffers.input_append_buf().len();
        buffers.input_appended(room);
        assert!(buffers.input_append_buf().is_empty());
        assert_eq!(buffers.held_input().len(), INPUT_WIDE_BYTES);
    }

    #[test]
    fn an_idle_connection_holds_no_large_buffer() {
        let mut buffers = IoBuffers::new(MAX_HEAD);
        written(&mut buffers, OUTPUT_BYTES);
        answered(&mut buffers, b"HTTP/1.1 200 OK");
        buffers.suit(true);
        assert!(buffers.input.len() == INPUT_WIDE_BYTES);
        buffers.release();
        assert_eq!(buffers.input.capacity() + buffers.output.capacity(), 0);
    }
}
