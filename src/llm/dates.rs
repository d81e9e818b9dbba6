//! Dates and durations as vendors write them. A date is a time since 1970.

use std::time::Duration;

/// Days since 1970 of a date, counted from the era that begins on 1 March,
/// where leap days come last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (m * 153 + 2) / 5 + day
        - 1
        - 719_468
}

fn seconds(date: [i64; 3], time: [i64; 3]) -> Option<u64> {
    let [year, month, day] = date;
    let [h, m, s] = time;
    let sound = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&h)
        && (0..60).contains(&m)
        && (0..=60).contains(&s);
    // Numbers that a stranger wrote are not to be added up unchecked.
    let seconds = || days(year, month, day) * 86_400 + h * 3_600 + m * 60 + s;
    sound.then(|| u64::try_from(seconds()).ok()).flatten()
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, as HTTP has it; its older forms
/// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994` too (RFC 9110,
/// 5.6.7).
pub fn http(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = text.split([' ', ',', ':', '-']).filter(|part| !part.is_empty()).skip(1);
    let (first, second) = (parts.next()?, parts.next()?);
    let month = |name| MONTHS.iter().position(|month| *month == name).map(|at| at as i64 + 1);
    let mut number = || parts.next()?.parse::<i64>().ok();
    let [a, b, c, d] = [number()?, number()?, number()?, number()?];
    match month(second) {
        Some(month) => {
            let century = if a < 70 { 2_000 } else { 1_900 };
            let year = if (0..100).contains(&a) { century + a } else { a };
            seconds([year, month, first.parse().ok()?], [b, c, d])
        }
        None => seconds([d, month(first)?, second.parse().ok()?], [a, b, c]),
    }
}

/// `2025-08-20T13:48:23.241046Z`, in seconds; fractions are cut off.
pub fn rfc3339(text: &str) -> Option<u64> {
    Some(rfc3339_ms(text)? / 1_000)
}

/// The same in milliseconds.
pub fn rfc3339_ms(text: &str) -> Option<u64> {
    let (date, rest) = text.split_once(['T', ' '])?;
    let zone = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(zone);
    let three = |text: &str, split: char| -> Option<[i64; 3]> {
        let mut parts = text.split(split).map(|part| part.parse::<i64>().ok());
        Some([parts.next()??, parts.next()??, parts.next()??])
    };
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let seconds = seconds(three(date, '-')?, three(time, ':')?)?;
    let ms: String = fraction.chars().chain("000".chars()).take(3).collect();
    let at = seconds * 1_000 + ms.parse::<u16>().map_or(0, u64::from);
    let zone_digits = zone.get(1..).unwrap_or_default();
    if zone_digits.is_empty() {
        return Some(at);
    }
    // ISO 8601 may leave the colon out.
    let four = || zone_digits.split_at_checked(2);
    let (h, m) = zone_digits.split_once(':').or_else(four)?;
    let m = if m.is_empty() { "0" } else { m };
    let ahead = i64::from(h.parse::<i16>().ok()?) * 3_600 + i64::from(m.parse::<i16>().ok()?) * 60;
    let ahead = if zone.starts_with('-') { -ahead } else { ahead };
    at.checked_add_signed(-ahead * 1_000)
}

/// `6m0s`, `1m19.156s`, `20ms`, `6h0m1s`; spaces around a unit do not count.
pub fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let (unit, more) = after.split_at(after.find(digit).unwrap_or(after.len()));
        seconds += number.parse::<f64>().ok()? * unit_seconds(unit.trim())?;
        rest = more;
    }
    seconds_from(seconds)
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn unit_seconds(unit: &str) -> Option<f64> {
    match unit {
        "us" | "µs" | "μs" => Some(1e-6),
        "ms" => Some(1e-3),
        "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3_600.0),
        "d" => Some(86_400.0),
        _ => None,
    }
}

/// How long until a limit is full again, in whichever way that is written: a time, or a
/// point in time, for which it is asked what time it is, in ms since 1970.
pub fn reset_in(text: &str, now_ms: impl FnOnce() -> Option<u64>) -> Option<Duration> {
    let at_ms = match text.parse::<f64>() {
        Ok(ms) if ms >= 1e11 => ms as u64,
        Ok(seconds) if seconds >= 1e9 => (seconds * 1e3) as u64,
        Ok(seconds) => return seconds_from(seconds),
        Err(_) => match rfc3339_ms(text) {
            Some(at_ms) => at_ms,
            None => return duration(text),
        },
    };
    Some(Duration::from_millis(at_ms.saturating_sub(now_ms()?)))
}

/// A time of so many seconds; one beyond all sense is thirty years.
pub fn seconds_from(seconds: f64) -> Option<Duration> {
    const LONGEST: f64 = 1e9;
    (seconds >= 0.0).then(|| Duration::from_micros((seconds.min(LONGEST) * 1e6).round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_numbers_are_no_date() {
        assert_eq!(rfc3339("9223372036854775807-01-01T00:00:00Z"), None);
        assert_eq!(rfc3339("2025-08-20T00:00:00+9223372036854775807:00"), None);
        assert_eq!(http("Sun, 06 Nov 1994 08:49:9223372036854775807 GMT"), None);
    }

    #[test]
    fn dates_of_both_kinds_are_read() {
        assert_eq!(http("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(http("Sunday, 06-Nov-94 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(http("Sun Nov  6 08:49:37 1994"), Some(784_111_777));
        assert_eq!(rfc3339("1994-11-06T08:49:37.5Z"), Some(784_111_777));
        assert_eq!(rfc3339("1994-11-06T10:49:37+02:00"), Some(784_111_777));
        assert_eq!(rfc3339("2024-02-29T00:00:00Z"), Some(1_709_164_800));
        for wrong in ["", "yesterday", "Sun, 06 Foo 1994 08:49:37 GMT", "1994-11-06T99:00:00Z"] {
            assert_eq!((http(wrong), rfc3339(wrong)), (None, None), "{wrong}");
        }
    }
    #[test]
    fn a_date_is_read_to_the_millisecond() {
        assert_eq!(rfc3339_ms("1994-11-06T08:49:37.5Z"), Some(784_111_777_500));
        assert_eq!(rfc3339_ms("1994-11-06 08:49:37.123456+00:00"), Some(784_111_777_123));
        assert_eq!(rfc3339_ms("1994-11-06T08:49:37"), Some(784_111_777_000));
        assert_eq!(rfc3339_ms("1994-11-06T10:49:37+0200"), Some(784_111_777_000));
    }

    #[test]
    fn durations_of_all_units_are_read() {
        for (text, us) in [
            ("1m19.156s", 79_156_000),
            (" 6h0m1s ", 21_601_000_000),
            ("20ms", 20_000),
            ("1.5 s", 1_500_000),
            ("1 m 30 s", 90_000_000),
            ("2d", 172_800_000_000),
            ("7us", 7),
            ("7µs", 7),
            ("99999999999999999999h", 1_000_000_000_000_000),
        ] {
            assert_eq!(duration(text), Some(Duration::from_micros(us)), "{text}");
        }
        for text in ["", " ", "s", "5", "1x", "..s", "-3s", "1h2", "soon"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
