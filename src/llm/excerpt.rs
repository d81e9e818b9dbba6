//! A part of a text, which is lent as if it stood alone.

use std::fmt;
use std::ops::Deref;

/// A text, or a part of a larger one that it carries. Pieces that came together lie one
/// after the other, and each is handed out by going on to it: nothing is copied.
#[derive(Default)]
pub struct Excerpt {
    all: String,
    from: usize,
    to: usize,
}

impl Excerpt {
    /// Nothing yet of this text.
    pub fn before(all: String) -> Excerpt {
        Excerpt { all, from: 0, to: 0 }
    }

    /// Becomes the next `len` bytes.
    #[inline]
    pub fn go_on(&mut self, len: usize) {
        self.from = self.to;
        self.to += len;
    }

    /// All of the text.
    pub fn into_all(self) -> String {
        self.all
    }
}

impl Deref for Excerpt {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.all.get(self.from..self.to).unwrap_or_default()
    }
}

impl From<String> for Excerpt {
    fn from(all: String) -> Self {
        Excerpt { from: 0, to: all.len(), all }
    }
}

impl From<&str> for Excerpt {
    fn from(text: &str) -> Self {
        String::from(text).into()
    }
}

impl Clone for Excerpt {
    fn clone(&self) -> Self {
        (**self).into()
    }
}

impl PartialEq for Excerpt {
    fn eq(&self, other: &Excerpt) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_through_its_text_and_a_copy_is_of_the_part() {
        let mut excerpt = Excerpt::before("a\u{e9}bc".into());
        assert_eq!(&*excerpt, "");
        excerpt.go_on(3);
        let copy = excerpt.clone();
        excerpt.go_on(2);
        assert_eq!((&*copy, &*excerpt, copy.all.len()), ("a\u{e9}", "bc", 3));
        assert_eq!((format!("{copy:?}"), copy), ("\"a\u{e9}\"".into(), "a\u{e9}".into()));
        excerpt.go_on(1);
        assert_eq!(&*excerpt, "", "there is no more");
        assert_eq!(excerpt.into_all(), "a\u{e9}bc");
    }
}
