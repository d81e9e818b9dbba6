//! The recorded exchanges once more, their JSON written otherwise: what they mean is
//! the same, whatever order, spaces, escapes and strangers there are.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::*;

/// A way to write JSON.
type Way = fn(&Value, &mut String, &mut Rng);

/// The ways, each with its name.
const WAYS: [(&str, Way); 5] = [
    ("with its members in reverse", |json, out, _| {
        out.push_str(&changed(json, &|map| map.into_iter().rev().collect()).to_string());
    }),
    ("with members that nobody knows", |json, out, _| {
        out.push_str(&changed(json, &with_strangers).to_string());
    }),
    ("with escapes for all letters", |json, out, _| write(json, out, &mut |text| escaped(text))),
    ("with spaces", |json, out, random| {
        let mut spaced = String::new();
        write(json, &mut spaced, &mut plain);
        spread(&spaced, out, random);
    }),
    ("with whole numbers as fractions", |json, out, _| {
        out.push_str(&fractional(json).to_string());
    }),
];

/// What a model gives a function is its own.
const OWN: [&str; 5] = ["args", "arguments", "input", "tool_plan", "parameters"];

/// The value, with the members of each object changed.
fn changed(json: &Value, change: &dyn Fn(Map<String, Value>) -> Map<String, Value>) -> Value {
    match json {
        Value::Array(items) => items.iter().map(|item| changed(item, change)).collect(),
        Value::Object(map) => {
            let member = |(name, value): (&String, &Value)| {
                let is_own = OWN.contains(&name.as_str());
                (name.clone(), if is_own { value.clone() } else { changed(value, change) })
            };
            Value::Object(change(map.iter().map(member).collect()))
        }
        other => other.clone(),
    }
}

/// A part of Gemini's that has one stays a part of its own.
fn with_strangers(map: Map<String, Value>) -> Map<String, Value> {
    if map.contains_key("text") && !map.contains_key("type") {
        return map;
    }
    let first = ("zz_first".into(), json!({"zz": [1, "text", null, {"zz": []}]}));
    let last = ("zz_last".into(), json!("a \"text\" {"));
    std::iter::once(first).chain(map).chain(std::iter::once(last)).collect()
}

fn fractional(json: &Value) -> Value {
    match json {
        Value::Array(items) => items.iter().map(fractional).collect(),
        Value::Object(map) => {
            map.iter().map(|(name, value)| (name.clone(), member(name, value))).collect()
        }
        other => other.clone(),
    }
}

/// Only counts of tokens: hosts write those so.
fn member(name: &str, value: &Value) -> Value {
    match value.as_u64() {
        Some(count) if name.contains("token") || name.ends_with("_count") => {
            json!(count as f64)
        }
        _ if OWN.contains(&name) => value.clone(),
        _ => fractional(value),
    }
}

fn plain(text: &str) -> String {
    Value::from(text).to_string()
}

fn escaped(text: &str) -> String {
    let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    format!("\"{units}\"")
}

/// Writes the value with texts, names among them, as `text` writes them.
fn write(json: &Value, out: &mut String, text: &mut dyn FnMut(&str) -> String) {
    match json {
        Value::String(own) => out.push_str(&text(own)),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                write(item, out, text);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (i, (name, value)) in map.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                out.push_str(&text(name));
                out.push(':');
                write(value, out, text);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// Puts spaces around the signs that stand outside of texts.
fn spread(json: &str, out: &mut String, random: &mut Rng) {
    let (mut is_text, mut is_escaped) = (false, false);
    for letter in json.chars() {
        let is_sign = !is_text && "{}[],:".contains(letter);
        let space = if is_sign { ["", " ", "\t", "  "][random.usize(..4)] } else { "" };
        out.extend([space, letter.encode_utf8(&mut [0; 4]), space]);
        is_text ^= letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
    }
}

/// A way to frame events.
type Frame = fn(&str, &mut Rng) -> String;

/// The ways, each with its name; those of server-sent events first.
const FRAMES: [(&str, bool, Frame); 8] = [
    ("with a mark before them", false, |text, _| {
        // Before a list of values, which is no stream of events, no host sends one.
        let mark = if text.starts_with('[') { "" } else { "\u{feff}" };
        format!("{mark}{text}")
    }),
    ("with carriage returns", false, |text, _| lines(text).join("\r\n") + "\r\n"),
    ("with empty lines between", false, |text, _| {
        lines(text)
            .iter()
            .map(|line| format!("{line}\n{}", if line.is_empty() { "\n" } else { "" }))
            .collect()
    }),
    ("without the last line end", false, |text, _| text.trim_end().into()),
    ("with carriage returns alone", true, |text, _| lines(text).join("\r") + "\r"),
    ("with comments and fields that mean nothing", true, |text, random| {
        let fields = [": ping\n", ":\n", "id: 7\n", "retry: 3000\n", "zz: {\n", "id\n"];
        let field = |random: &mut Rng| fields[random.usize(..fields.len())];
        lines(text).iter().map(|line| format!("{}{line}\n", field(random))).collect()
    }),
    ("without a space", true, |text, _| {
        lines(text).iter().map(|line| line.replacen("data: ", "data:", 1) + "\n").collect()
    }),
    ("over many lines", true, |text, _| lines(text).iter().map(|line| over_lines(line)).collect()),
];

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// A line of data in as many as its JSON has members.
fn over_lines(line: &str) -> String {
    let json = line.strip_prefix("data:").and_then(|data| serde_json::from_str(data).ok());
    let Some(json) = json.filter(Value::is_object) else { return format!("{line}\n") };
    let pretty = serde_json::to_string_pretty::<Value>(&json).unwrap();
    pretty.lines().map(|line| format!("data: {line}\n")).collect()
}

/// A body with its JSON written in a way; none where that is not known to be JSON.
fn rewrite(body: &[u8], way: Way, random: &mut Rng) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let mut out = String::new();
    if let Ok(json) = serde_json::from_str::<Value>(text) {
        way(&json, &mut out, random);
        return Some(out.into_bytes());
    }
    for line in text.split_inclusive('\n') {
        let (before, data) = match line.strip_prefix("data:") {
            Some(data) => ("data: ", data),
            None => ("", line),
        };
        match serde_json::from_str::<Value>(data) {
            Ok(json @ (Value::Object(_) | Value::Array(_))) => {
                out.push_str(before);
                way(&json, &mut out, random);
                out.push_str(&line[line.trim_end().len()..]);
            }
            _ => out.push_str(line),
        }
    }
    Some(out.into_bytes())
}

/// What an answer says, without what is kept as it was written.
fn said(response: &Response) -> Value {
    let mut json = response.to_json();
    without_raw(&mut json);
    json
}

fn without_raw(json: &mut Value) {
    match json {
        Value::Array(items) => items.iter_mut().for_each(without_raw),
        Value::Object(map) => {
            ["raw", "provider_usage"].iter().for_each(|name| drop(map.shift_remove(*name)));
            map.retain(|name, _| !name.starts_with("zz_"));
            map.values_mut().for_each(without_raw);
        }
        Value::String(text) if text.starts_with(['{', '[']) => {
            if let Ok(mut inner) = serde_json::from_str::<Value>(text) {
                without_raw(&mut inner);
                *json = inner;
            }
        }
        _ => {}
    }
}

/// Whether a case with another body says what it said.
fn check_body(case: &Case<'_>, value: &Value, body: Vec<u8>) -> Result<(), String> {
    let other = Case { body, ..Case::new(value) };
    if value["kind"] == "stream" {
        let (events, whole) = case.stream([case.body.as_slice()])?;
        let (own_events, own) = other.stream([other.body.as_slice()])?;
        let told = |events: &[Event]| -> Vec<Value> {
            let mut told: Vec<Value> = events.iter().map(Event::to_json).collect();
            told.iter_mut().for_each(without_raw);
            told
        };
        same("events", told(&own_events), told(&events))?;
        return same("answer", said(&own), said(&whole));
    }
    if value["kind"] == "error" {
        let error = |case: &Case<'_>| {
            let error = case.provider.error(&case.context, &case.head, &case.body);
            (error.status, error.provider_code, error.message, error.retry_after, error.retriable)
        };
        return same("error", error(&other), error(case));
    }
    let reply = |case: &Case<'_>| {
        let reply = case.provider.reply(&case.context, &case.head, &case.body);
        reply.map(|response| said(&response)).map_err(|error| error.to_string())
    };
    same("answer", reply(&other)?, reply(case)?)
}

/// Checks each case of these kinds as `check` does, which adds what failed.
fn check_all(kinds: &[&str], mut check: impl FnMut(&Case<'_>, &Value, &mut Vec<String>)) {
    let Some(cases) = cases() else {
        return println!("skip recorded exchanges: no {CASES}");
    };
    let mut failures = Vec::new();
    let is_kind = |case: &&Value| kinds.iter().any(|kind| case["kind"] == *kind);
    for value in cases.iter().filter(|case| is_in_scope(case)).filter(is_kind) {
        check(&Case::new(value), value, &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn recorded_exchanges_mean_the_same_however_their_json_is_written() {
    let mut random = Rng::with_seed(7);
    check_all(&["chat", "stream", "error"], |case, value, failures| {
        for (name, way) in WAYS {
            let Some(body) = rewrite(&case.body, way, &mut random) else { continue };
            if let Err(why) = check_body(case, value, body) {
                failures.push(format!("{} {name}: {why}", value["id"]));
            }
        }
    });
}

#[test]
fn recorded_streams_mean_the_same_however_their_events_are_framed() {
    let mut random = Rng::with_seed(7);
    check_all(&["stream"], |case, value, failures| {
        let text = std::str::from_utf8(&case.body).unwrap();
        let has_data = text.contains("data:");
        for (name, _, frame) in FRAMES.iter().filter(|(_, of_events, _)| has_data || !of_events) {
            let body = frame(text, &mut random).into_bytes();
            if let Err(why) = check_body(case, value, body) {
                failures.push(format!("{} {name}: {why}", value["id"]));
            }
        }
    });
}

#[test]
fn a_recorded_stream_that_is_cut_is_truncated_or_says_all_of_it() {
    check_all(&["stream"], |case, value, failures| {
        let Ok((_, whole)) = case.stream([case.body.as_slice()]) else { return };
        let step = case.body.len() / 200 + 1;
        for cut in (0..case.body.len()).step_by(step) {
            let Ok((_, part)) = case.stream([&case.body[..cut]]) else { continue };
            let (mut part, mut whole) = (said(&part), said(&whole));
            ["usage", "cost_usd", "cost_source"].iter().for_each(|name| {
                part[*name] = Value::Null;
                whole[*name] = Value::Null;
            });
            if part != whole {
                failures.push(format!("{} cut at {cut}: {part} \n {whole}", value["id"]));
                return;
            }
        }
    });
}
