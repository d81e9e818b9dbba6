//! The formats of texts that an answer is held to.
//!
//! Each is looked at only as far as a reader would: that a date is one of the
//! calendar, an address has its parts. Times may leave out their zone, since
//! many answers do. Not looked at, as they would take rules of their own:
//! `hostname`, `duration`, `regex`, `json-pointer`, `uri-reference`,
//! `uri-template`, the international forms, and all that is not of a text.

use std::net::{Ipv4Addr, Ipv6Addr};

use regex_lite::Regex;

const DATE: &str = "[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])\
    |(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|[12][0-9]))";
const TIME: &str = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:[.][0-9]+)?\
    (?:[Zz]|[+-][0-9]{2}:[0-9]{2})?";

/// Whether a text has the format of that name; one that is not known holds.
pub fn holds(name: &str, text: &str) -> bool {
    let is = |pattern: &str| {
        Regex::new(&format!("^(?:{pattern})$")).map_or(true, |pattern| pattern.is_match(text))
    };
    match name {
        "date" => is(DATE),
        "time" => is(TIME),
        "date-time" => is(&format!("{DATE}[Tt ]{TIME}")),
        "uuid" => is("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
        "email" => is(r"[^\s@]+@[^\s@]+"),
        "uri" => is(r"[A-Za-z][A-Za-z0-9+.-]*:\S+"),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_format_of_its_name_and_unknown_ones_hold() {
        for (name, good, bad) in [
            ("date", "1950-02-28", "2026-02-30"),
            ("date", "2026-12-31", "2026-12-31T00:00:00Z"),
            ("date", "2026-04-30", "2026-04-31"),
            ("time", "23:59:60Z", "24:00:00Z"),
            ("time", "10:00:00", "10:00"),
            ("date-time", "2026-01-02T03:04:05.678+02:00", "2026-01-02"),
            ("date-time", "1969-07-20T20:17:40Z", "2026-13-02T03:04:05Z"),
            ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567e89b12d3a456426614174000"),
            ("email", "a.b+c@example.org", "a@b@c"),
            ("uri", "https://example.org/a?b#c", "example.org"),
            ("ipv4", "192.0.2.1", "192.0.2.256"),
            ("ipv6", "2001:db8::1", "2001:db8:::1"),
        ] {
            assert!(holds(name, good), "{name} {good}");
            assert!(!holds(name, bad), "{name} {bad}");
        }
        assert!(holds("int32", "x"));
    }
}
