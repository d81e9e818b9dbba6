use serde_json::Value;

use super::*;

#[test]
fn a_dated_name_has_its_familys_price_and_a_sibling_has_not() {
    let input = |model: &str| find("openai", model, u64::MAX).map(|row| row.input);
    assert_eq!(input("gpt-4o-2024-08-06"), Some(2.5));
    assert_eq!(input("gpt-4o-mini-2024-07-18"), Some(0.15));
    assert_eq!(input("gpt-4o-audio-preview"), None);
    assert_eq!(input("gpt-9"), None);
    let cohere = find("cohere", "command-a-03-2025", u64::MAX);
    assert_eq!(cohere.map(|row| row.input), Some(2.5));
}

#[test]
fn a_price_changes_on_its_day() {
    let input = |at| find("gemini", "models/gemini-3.8-flash", at).unwrap().input;
    assert_eq!(input(JANUARY_1_2027 - 1), 0.75);
    assert_eq!(input(JANUARY_1_2027), 1.5);
    let input = |at| find("gemini", "gemini-4-carbon", at).unwrap().input;
    assert_eq!((input(DECEMBER_1_2026 - 1), input(DECEMBER_1_2026)), (2.0, 4.0));
}

#[test]
fn models_of_autumn_2026_have_their_vendors_prices() {
    const NOVEMBER_29: u64 = 1_795_910_400;
    for (provider, model, prices) in [
        ("openai", "gpt-6.1-sol", (2.0, 10.0, 0.1)),
        ("openai", "gpt-6-astra", (10.0, 50.0, 1.0)),
        ("openai", "gpt-6.2-astra", (8.0, 40.0, 0.4)),
        ("openai", "gpt-5.6-sol", (4.0, 20.0, 0.4)),
        ("anthropic", "claude-sonnet-5", (2.0, 10.0, 0.2)),
        ("anthropic", "claude-fable-5-1", (10.0, 50.0, 0.25)),
        ("anthropic", "claude-haiku-5-5", (0.1, 0.5, 0.01)),
        ("anthropic", "claude-opus-5-5", (4.0, 20.0, 0.2)),
        ("anthropic", "claude-sonnet-5-5", (2.0, 10.0, 0.1)),
        ("anthropic", "claude-fable-5-2", (8.0, 40.0, 0.2)),
        ("gemini", "gemini-3.7-flash", (0.75, 3.75, 0.075)),
        ("gemini", "gemini-3.6-flash", (0.75, 3.75, 0.075)),
        ("kimi", "kimi-k3.1-pro", (2.0, 10.0, 0.2)),
        ("gemini", "gemini-4-argon", (2.0, 10.0, 0.1)),
        ("gemini", "gemini-4-neon", (3.0, 15.0, 0.15)),
    ] {
        let row = find(provider, model, NOVEMBER_29).unwrap();
        let cached = row.cached.unwrap();
        assert_eq!((row.input, row.output), (prices.0, prices.1), "{model}");
        assert!((cached - prices.2).abs() < 1e-9, "{model}: {cached}");
    }
    let written = find("anthropic", "claude-fable-5-1", NOVEMBER_29).unwrap().written;
    assert_eq!(written, Some((12.5, 20.0)));
    let long = find("openai", "gpt-6-astra", NOVEMBER_29).unwrap().long.unwrap();
    assert_eq!((long.above, long.input, long.output), (272_000, 2.0, 1.5));
    let long = find("anthropic", "claude-haiku-5-5", NOVEMBER_29).unwrap().long.unwrap();
    assert_eq!((long.above, long.input, long.output), (100_000, 5.0, 5.0));
}

#[test]
fn busy_hours_are_on_weekdays() {
    let monday = 1_795_392_000; // 23 November 2026
    assert!(!is_peak(monday) && is_peak(monday + 3_600) && !is_peak(monday + 4 * 3_600));
    assert!(is_peak(monday + 9 * 3_600 + 3_599) && !is_peak(monday + 10 * 3_600));
    assert!(!is_peak(monday + 5 * 86_400 + 7 * 3_600), "Saturday");
}

#[test]
fn every_default_model_of_a_vendor_with_prices_has_one() {
    for row in crate::llm::provider::models::DEFAULTS {
        if matches!(row.provider, "huggingface" | "siliconflow") {
            continue;
        }
        for (model, _) in row.models {
            assert!(find(row.provider, model, 1_795_392_000).is_some(), "{model}");
        }
    }
}

/// Models of which the vendors themselves say something else than the file.
const OTHERWISE: &[&str] = &["claude-sonnet-5", "deepseek-v4-flash", "deepseek-v4-pro", "kimi-k2"];
/// Models that must have a row.
const KNOWN: &[&str] = &[
    "gpt-4",
    "gpt-4-turbo",
    "gpt-3.5-turbo-16k",
    "gpt-4.5-preview",
    "chatgpt-4o-latest",
    "gpt-5.6-sol",
    "claude-opus-4-1",
    "claude-3-sonnet",
    "kimi-k2-0711-preview",
    "kimi-k2-0905-preview",
    "kimi-k2-thinking",
    "gemini-1.5-flash",
    "gemini-1.5-pro",
    "deepseek-chat",
    "deepseek-reasoner",
];

#[test]
fn the_rows_say_what_a_public_list_of_prices_says() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/llm/prices.json.zst");
    let Ok(packed) = std::fs::read(folder) else {
        return eprintln!("skip comparing prices: ../shared/llm is not there");
    };
    let vendors = zstd::decode_all(&packed[..]).unwrap();
    let vendors: Vec<Value> = serde_json::from_slice(&vendors).unwrap();
    let mut seen = Vec::new();
    for vendor in &vendors {
        let provider = match vendor["id"].as_str().unwrap() {
            "google" => "gemini",
            "moonshotai" => "kimi",
            other => other,
        };
        for model in vendor["models"].as_array().unwrap() {
            let id = model["id"].as_str().unwrap();
            let same = model["match"]["or"].as_array().into_iter().flatten();
            let same = same.filter_map(|name| name["equals"].as_str());
            let prices = &model["prices"];
            let latest = prices.as_array().and_then(|all| all.last());
            let prices = latest.map_or(prices, |latest| &latest["prices"]);
            for name in same.chain([id]).filter(|_| !OTHERWISE.contains(&id)) {
                // The list is older than the cuts of that day and later.
                if let Some(row) = find(provider, name, JULY_30_2026 - 1) {
                    seen.push(name);
                    agree(name, row, prices);
                }
            }
        }
    }
    let missing: Vec<_> = KNOWN.iter().filter(|name| !seen.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn agree(name: &str, row: &Row, prices: &Value) {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    let (step, input, output) = match row.long {
        Some(long) => (Some(long.above), long.input, long.output),
        None => (None, 1.0, 1.0),
    };
    let of = |what: &str, own: f64, factor: f64| {
        let given = &prices[what];
        let Some(base) = given["base"].as_f64().or(given.as_f64()) else { return };
        let tier = &given["tiers"][0];
        let long = tier["price"].as_f64().unwrap_or(base);
        assert!(near(own, base), "{name}: {what} {own}, listed {base}");
        assert!(near(own * factor, long), "{name}: long {what}, listed {long}");
        assert_eq!(tier["start"].as_u64(), step, "{name}: {what}");
    };
    of("input_mtok", row.input, input);
    of("output_mtok", row.output, output);
    of("cache_read_mtok", row.cached.unwrap_or(row.input), input);
    let audio = row.audio.unwrap_or(row.input);
    of("input_audio_mtok", audio, input);
    let cached = row.cached.unwrap_or(row.input);
    of("cache_audio_read_mtok", cached * audio / row.input, input);
    of("cache_write_mtok", row.written.map_or(row.input, |(price, _)| price), input);
}
