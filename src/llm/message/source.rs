//! Where an image or document is.

use base64::Engine;

/// Where an image or document is.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// At an address that the provider fetches.
    Url(String),
    /// Here.
    Bytes {
        /// Media type, such as `image/png`.
        mime: String,
        /// The bytes in base64.
        base64: String,
    },
    /// At the provider, under an id.
    File(String),
}

impl Source {
    /// From an address, which may be a `data:` one.
    pub fn from_url(url: &str) -> Source {
        match split_data(url) {
            Some((mime, base64)) => {
                let mime = mime.split(';').next().unwrap_or_default().trim();
                // RFC 2397, 2.
                let mime = if mime.is_empty() { "text/plain" } else { mime };
                Source::Bytes { mime: mime.into(), base64: base64.into() }
            }
            None => Source::Url(url.into()),
        }
    }

    /// The media type of bytes, without its parameters.
    pub fn essence(&self) -> String {
        let Source::Bytes { mime, .. } = self else { return String::new() };
        mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Whether these are the bytes of a text.
    pub fn is_text(&self) -> bool {
        let essence = self.essence();
        essence.starts_with("text/") || essence == "application/json"
    }

    /// From bytes.
    pub fn from_bytes(mime: &str, bytes: &[u8]) -> Source {
        let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
        Source::Bytes { mime: mime.into(), base64 }
    }

    /// The bytes as a text, for providers that take texts as they are.
    pub fn decoded(&self) -> Option<String> {
        let Source::Bytes { base64, .. } = self else { return None };
        let bytes = base64::engine::general_purpose::STANDARD.decode(base64).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A name for bytes that were given none, as some vendors ask for one: its ending
    /// is the media type's.
    pub fn made_up_name(&self) -> Option<String> {
        let Source::Bytes { .. } = self else { return None };
        let essence = self.essence();
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
        Some(format!("document.{}", if is_plain { ending } else { "bin" }))
    }

    /// An address, if need be a `data:` one; none for a provider's file.
    pub fn to_url(&self) -> Option<String> {
        match self {
            Source::Url(url) => Some(url.clone()),
            Source::Bytes { mime, base64 } => Some(format!("data:{mime};base64,{base64}")),
            Source::File(_) => None,
        }
    }
}

/// Media type with parameters, and base64, of a `data:` address, if it is one of base64;
/// a parameter may have a comma.
fn split_data(url: &str) -> Option<(&str, &str)> {
    const MARK: &str = ";base64";
    let (scheme, rest) = url.split_at_checked("data:".len())?;
    let before = |comma: &usize| rest.get(comma.checked_sub(MARK.len())?..*comma);
    let is_end = |comma: &usize| before(comma).is_some_and(|it| it.eq_ignore_ascii_case(MARK));
    let comma = rest.match_indices(',').map(|(at, _)| at).find(is_end)?;
    let is_data = scheme.eq_ignore_ascii_case("data:");
    is_data.then_some((&rest[..comma - MARK.len()], &rest[comma + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_address_is_what_it_holds_in_whatever_case() {
        let bytes = |mime: &str| Source::Bytes { mime: mime.into(), base64: "AA==".into() };
        for (url, source) in [
            ("data:image/png;base64,AA==", bytes("image/png")),
            ("DATA:image/png;BASE64,AA==", bytes("image/png")),
            ("data:application/pdf;name=\"a,b.pdf\";base64,AA==", bytes("application/pdf")),
            ("data:;base64,AA==", bytes("text/plain")),
            ("data:text/plain,a,b", Source::Url("data:text/plain,a,b".into())),
            ("dat\u{e4}:;base64,AA==", Source::Url("dat\u{e4}:;base64,AA==".into())),
            ("", Source::Url(String::new())),
        ] {
            assert_eq!(Source::from_url(url), source, "{url}");
        }
    }

    #[test]
    fn a_made_up_name_ends_as_the_media_type_says() {
        for (mime, name) in [
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
            assert_eq!(Source::from_bytes(mime, b"x").made_up_name().as_deref(), Some(name));
        }
        assert_eq!(Source::Url("https://h/a.pdf".into()).made_up_name(), None);
    }
}
