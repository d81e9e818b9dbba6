//! JSON values that stand one after the other, or in a list, as they arrive.
//!
//! Some hosts answer with plain JSON where events were asked for: one object,
//! or a list of what would have been the events. The list's members are
//! handed out one by one, as soon as each is whole.

/// Tells values apart by counting brackets.
#[derive(Debug, Default)]
pub struct Values {
    /// The value that has begun.
    held: Vec<u8>,
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// Whether the values are the members of a list.
    in_list: bool,
    begun: bool,
}

impl Values {
    /// Takes bytes and hands out each value that they complete. Answers how
    /// many bytes were taken: fewer than all if what follows is no value.
    pub fn feed(&mut self, bytes: &[u8], on_value: &mut impl FnMut(&[u8])) -> usize {
        for (at, &byte) in bytes.iter().enumerate() {
            if self.held.is_empty() && !self.between(byte) {
                return at;
            }
            if self.held.is_empty() && !matches!(byte, b'{') {
                continue;
            }
            self.held.push(byte);
            self.count(byte);
            if self.depth == 0 {
                on_value(&self.held);
                self.held.clear();
            }
        }
        bytes.len()
    }

    /// Whether a byte may stand where no value is open.
    fn between(&mut self, byte: u8) -> bool {
        let list = !self.begun && byte == b'[';
        self.in_list |= list;
        self.begun |= matches!(byte, b'{' | b'[');
        list || byte == b'{'
            || byte.is_ascii_whitespace()
            || self.in_list && matches!(byte, b',' | b']')
    }

    fn count(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.in_text => self.escaped = true,
            b'"' => self.in_text = !self.in_text,
            _ if self.in_text => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            _ => {}
        }
    }

    /// Bytes that wait for the end of their value.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Whether the values are the members of a list.
    pub fn in_list(&self) -> bool {
        self.in_list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_same_for_every_cut() {
        let text = "[{\"a\":\"}]\\\"\"}\r\n,\r\n{\"b\":[{},{}]}]\n".as_bytes();
        for cut in 0..=text.len() {
            let (mut values, mut found) = (Values::default(), Vec::new());
            for piece in [&text[..cut], &text[cut..]] {
                let taken =
                    values.feed(piece, &mut |v| found.push(String::from_utf8(v.to_vec()).unwrap()));
                assert_eq!(taken, piece.len());
            }
            assert_eq!(found, ["{\"a\":\"}]\\\"\"}", "{\"b\":[{},{}]}"], "{cut}");
            assert!(values.in_list() && values.held() == 0);
        }
    }

    #[test]
    fn what_is_no_value_is_left() {
        let mut values = Values::default();
        let mut count = 0;
        assert_eq!(values.feed(b"{}\n\ndata: {}", &mut |_| count += 1), 4);
        assert_eq!(count, 1);
    }
}
