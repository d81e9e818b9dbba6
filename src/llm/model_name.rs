//! How the names of models are compared with the beginnings by which tables know them.
//!
//! Vendors add a date, a number or a stage to a name and mean the same model; any other
//! word makes another one of it.

/// Whether a name is the family's, or one of its dated or numbered members:
/// `gpt-4o-2024-08-06` is of `gpt-4o`, but `gpt-4o-audio` is something else.
pub fn is_of_family(model: &str, prefix: &str) -> bool {
    if !begins_with(model, prefix) {
        return false;
    }
    let rest = &model[prefix.len()..];
    if prefix.is_empty() {
        return true;
    }
    // A preview has its day before the word or after it.
    let stages = ["-latest", "-preview", "-chat-latest", "-exp"];
    let rest = stages.iter().find_map(|stage| rest.strip_prefix(stage)).unwrap_or(rest);
    let rest = rest.strip_suffix("-preview").unwrap_or(rest);
    rest.is_empty() || is_number(rest)
}

/// Whether a name begins so: as for texts, but most that differ do so in the last
/// letter, which is looked at first.
#[inline]
pub fn begins_with(name: &str, prefix: &str) -> bool {
    match prefix.as_bytes().last() {
        Some(last) => {
            name.as_bytes().get(prefix.len() - 1) == Some(last) && name.starts_with(prefix)
        }
        None => true,
    }
}

/// Whether the end of a name is a date or a number such as `-001`. One digit
/// alone is a version, and that is another model: `-4-2026-03-05`.
fn is_number(end: &str) -> bool {
    let Some(digits) = end.strip_prefix(['-', '@']) else { return false };
    let first = digits.split('-').next().unwrap_or_default();
    let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '-');
    plain && (first.len() > 1 && digits.len() >= 4 || first.starts_with('0') && digits.len() <= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_of_its_family_and_what_else_it_can_do_is_not() {
        let family = |prefix: &str, ends: &[&str]| {
            let of = |end: &&str| is_of_family(&format!("{prefix}{end}"), prefix);
            ends.iter().map(of).collect::<Vec<_>>()
        };
        let ends = ["-preview", "-preview-05-06", "-latest", "-exp-0827", "-001", "@20250514"];
        assert_eq!(family("m", &ends), [true; 6]);
        assert_eq!(family("m", &["-0905-preview", "-2024-04-09", "-03-2025", "-0"]), [true; 4]);
        let others = ["-preview-tts", "-preview-customtools", "-exp-image-generation", "-vision"];
        assert_eq!(family("m", &others), [false; 4]);
        assert_eq!(family("m", &["o", ".1", "-5-20251101", "-4", "-latest-pro"]), [false; 5]);
    }
}
