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

/// A name for a document that was given none, where a vendor asks for one: its
/// ending is the media type's.
pub fn made_up_name(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let ending = match essence.as_str() {
        "text/plain" | "" => "txt",
        "text/markdown" | "text/x-markdown" => "md",
        "text/javascript" => "js",
        "application/msword" => "doc",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.ms-powerpoint" => "ppt",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => "pptx",
        // `pdf`, `html`, `csv`, `json`, `xml`, `rtf` are called as they end.
        other => other.rsplit('/').next().unwrap_or_default(),
    };
    let is_plain = !ending.is_empty() && ending.chars().all(|c| c.is_ascii_alphanumeric());
    format!("document.{}", if is_plain { ending } else { "bin" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_name_ends_as_the_media_type_says() {
        for (media_type, name) in [
            ("application/pdf", "document.pdf"),
            ("Text/Plain; charset=utf-8", "document.txt"),
            ("text/csv", "document.csv"),
            ("text/markdown", "document.md"),
            (
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                "document.docx",
            ),
            ("application/x-thing", "document.bin"),
            ("a/../b", "document.b"),
            ("", "document.txt"),
        ] {
            assert_eq!(made_up_name(media_type), name, "{media_type}");
        }
    }

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
