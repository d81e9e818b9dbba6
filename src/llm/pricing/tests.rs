use super::*;

fn usage() -> Usage {
    Usage {
        input_tokens: Some(1_000_000),
        output_tokens: Some(100_000),
        cached_input_tokens: Some(500_000),
        cache_write_tokens: Some(100_000),
        ..Usage::default()
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

fn prices(price: &[&str]) -> Result<Prices> {
    let price = price.iter().map(|line| line.to_string()).collect();
    Prices::new(&ClientOptions { price, ..ClientOptions::default() })
}

/// What an answer comes to by the table, and whose price that is.
fn costs(response: &Response) -> (Option<f64>, Option<&'static str>) {
    let mut response = response.clone();
    Prices::default().apply(&mut response, "", 0);
    (response.cost_usd, response.cost_source)
}

fn answer(provider: &str, model: &str) -> Response {
    Response {
        provider: provider.into(),
        model: Some(model.into()),
        usage: Some(usage()),
        ..Response::default()
    }
}

#[test]
fn a_price_is_one_of_its_models_family_and_of_no_other() {
    let prices = prices(&["gpt-4=30,60"]).unwrap();
    let source = |model: &str| prices.find("openai", model, u64::MAX).map(|(_, whose)| whose);
    assert_eq!(source("gpt-4-0613"), Some("option"));
    assert_eq!(source("gpt-4o-mini"), Some("table"));
}

#[test]
fn cached_and_written_tokens_have_their_own_prices() {
    let price = Price::of_option(&[2.0, 10.0, 0.2, 2.5]);
    let cost = price.cost(&usage()).unwrap();
    assert!(near(cost, 0.8 + 0.1 + 0.25 + 1.0), "{cost}");
    assert_eq!(price.cost(&Usage::default()), None);
}

#[test]
fn what_a_vendor_bills_counts_and_an_unknown_answer_costs_an_unknown_sum() {
    let own = r#"{"billed_units":{"input_tokens":3,"output_tokens":4},"tokens":{}}"#;
    let usage = Usage { provider_usage: Some(own.into()), ..usage() };
    let price = Price { input: 2.5, output: 10.0, ..Price::default() };
    assert!(near(price.cost(&usage).unwrap() * 1e6, 3.0 * 2.5 + 4.0 * 10.0));
    let half = Usage { input_tokens: Some(1_000_000), ..Usage::default() };
    assert_eq!(price.cost(&half), None);
    let embedding = Price { input: 2.5, ..Price::default() };
    assert_eq!(embedding.cost(&half), Some(2.5));
}

#[test]
fn tokens_written_for_an_hour_cost_more() {
    let own = r#"{"cache_creation":{"ephemeral_1h_input_tokens":40000}}"#.to_string();
    let usage = Usage { provider_usage: Some(own), ..usage() };
    let row = price_table::find("anthropic", "claude-opus-4-5", 0).unwrap();
    let cost = Price::of_row(row, 0).cost(&usage).unwrap();
    assert!(near(cost, 0.4 * 5.0 + 0.5 * 0.5 + 0.06 * 6.25 + 0.04 * 10.0 + 0.1 * 25.0));
}

#[test]
fn the_longest_name_that_fits_is_the_callers_price() {
    let prices = prices(&["gpt-6=1,1", "gpt-6-2026-11-01=2,2"]).unwrap();
    let input = |model: &str| prices.find("openai", model, 0).unwrap().0.input;
    assert_eq!((input("gpt-6-2026-11-01"), input("gpt-6-2026-10-01")), (2.0, 1.0));
}

#[test]
fn a_price_that_cannot_be_read_is_an_error_at_once() {
    for wrong in ["x=9", "x", "x=1,-1"] {
        assert!(prices(&[wrong]).is_err(), "{wrong}");
    }
}

#[test]
fn what_the_provider_states_wins_then_the_option_then_the_table() {
    let own = prices(&["gpt-4o=1,1"]).unwrap();
    let mut stated = answer("openai", "gpt-4o");
    stated.stated_cost_usd = Some(0.5);
    own.apply(&mut stated, "gpt-4o", 0);
    assert_eq!((stated.cost_usd, stated.cost_source), (Some(0.5), Some("provider")));
    let mut chosen = answer("openai", "gpt-4o-2024-08-06");
    own.apply(&mut chosen, "gpt-4o", 0);
    assert_eq!(chosen.cost_source, Some("option"));
    let mut listed = answer("openai", "gpt-4o-2024-08-06");
    Prices::default().apply(&mut listed, "gpt-4o", 0);
    assert_eq!(listed.cost_source, Some("table"));
    let mut unknown = answer("custom", "mine");
    Prices::default().apply(&mut unknown, "mine", 0);
    assert_eq!((unknown.cost_usd, unknown.cost_source), (None, None));
}

#[test]
fn long_prompts_and_busy_hours_cost_more() {
    let long = Price::of_row(price_table::find("gemini", "gemini-2.5-pro", 0).unwrap(), 0);
    let cost = long.cost(&usage()).unwrap();
    assert!(near(cost, 0.5 * 2.5 + 0.5 * 0.25 + 0.1 * 15.0), "{cost}");
    let row = price_table::find("deepseek", "deepseek-flash", 0).unwrap();
    let monday = 1_795_392_000;
    let (quiet, busy) = (Price::of_row(row, monday), Price::of_row(row, monday + 3_600));
    assert!(near(busy.input, 2.0 * quiet.input) && near(busy.output, 2.0 * quiet.output));
}

#[test]
fn a_dated_name_has_the_files_price_of_its_model() {
    let map = br#"{"gpt-5": {"input_cost_per_token": 7e-6, "output_cost_per_token": 0},
        "anthropic/claude-opus-4": {"input_cost_per_token": 8e-6, "output_cost_per_token": 0},
        "moonshot/kimi-k3": {"input_cost_per_token": 9e-6, "output_cost_per_token": 0}}"#;
    let prices = Prices { own: Vec::new(), file: Prices::read_map(map).unwrap() };
    let input = |provider: &str, model: &str| {
        let found = prices.find(provider, model, 0);
        found.filter(|(_, source)| *source == "file").map(|(price, _)| price.input.round())
    };
    assert_eq!(input("openai", "gpt-5-2025-08-07"), Some(7.0));
    assert_eq!(input("anthropic", "claude-opus-4-20250514"), Some(8.0));
    assert_eq!(input("kimi", "kimi-k3"), Some(9.0));
    assert_eq!(input("openai", "gpt-5-mini"), None);
    assert_eq!(undated("kurz"), "kurz");
}

#[test]
fn a_map_as_litellm_publishes_it_is_read() {
    let map = br#"{
        "sample_spec": {"input_cost_per_token": 0, "mode": "chat"},
        "gemini/some": {
            "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,
            "cache_read_input_token_cost": 1e-7,
            "input_cost_per_token_above_200k_tokens": 4e-6,
            "output_cost_per_reasoning_token": 3e-6
        },
        "no-price": {"mode": "chat"}
    }"#;
    let prices = Prices { own: Vec::new(), file: Prices::read_map(map).unwrap() };
    let (price, source) = prices.find("gemini", "some", 0).unwrap();
    assert!(near(price.input, 1.0) && near(price.reasoning.unwrap(), 3.0));
    let (above, long) = price.long.clone().unwrap();
    assert!(above == 200_000 && near(long.input, 4.0) && near(long.output, 2.0));
    assert_eq!(source, "file");
    assert!(prices.find("x", "no-price", 0).is_none());
    assert!(Prices::read_map(b"[]").is_err());
}

#[test]
fn in_a_map_what_is_not_said_is_unknown_and_not_free() {
    let read = |entry: &str| {
        Price::of_map(&serde_json::from_str(entry).unwrap()).map(|p| (p.input, p.output))
    };
    assert_eq!(read(r#"{"input_cost_per_token": 1e-6}"#), None);
    assert_eq!(read(r#"{"input_cost_per_token": 1e-6, "output_cost_per_token": null}"#), None);
    assert_eq!(read(r#"{"output_cost_per_token": 1e-6}"#), None);
    let free = r#"{"input_cost_per_token": 0, "output_cost_per_token": 0}"#;
    assert_eq!(read(free), Some((0.0, 0.0)));
    let embedding = r#"{"input_cost_per_token": 1e-6, "mode": "embedding"}"#;
    assert_eq!(read(embedding), Some((1.0, 0.0)));
    let wrong = br#"{"m": {"input_cost_per_token": 1e-6, "output_cost_per_token": -2e-6}}"#;
    assert!(Prices::read_map(wrong).unwrap_err().to_string().contains("m is negative"));
}

#[test]
fn each_step_of_a_map_holds_from_its_length_on_in_any_order() {
    let keys = [
        r#""output_cost_per_token_above_512k_tokens": 9e-6"#,
        r#""input_cost_per_token_above_128k_tokens": 3e-6"#,
        r#""input_cost_per_token_above_256k_tokens": 7e-6"#,
        r#""cache_creation_input_token_cost_above_1hr_above_256k_tokens": 8e-6"#,
        r#""input_cost_per_token_above_99999999999999999999k_tokens": 7e-6"#,
        r#""input_cost_per_token": 1e-6"#,
        r#""output_cost_per_token": 2e-6"#,
    ];
    let reversed: Vec<_> = keys.iter().rev().copied().collect();
    for keys in [&keys[..], &reversed] {
        let entry = serde_json::from_str(&format!("{{{}}}", keys.join(","))).unwrap();
        let price = Price::of_map(&entry).unwrap();
        let cost = |input: u64| {
            let (input, output) = (Some(input), Some(1_000_000));
            let usage = Usage { input_tokens: input, output_tokens: output, ..Usage::default() };
            price.cost(&usage).unwrap()
        };
        assert!(near(cost(128_000), 0.128 + 2.0) && near(cost(150_000), 0.45 + 2.0));
        assert!(near(cost(300_000), 2.1 + 2.0) && near(cost(600_000), 4.2 + 9.0));
        let second = price.long.unwrap().1.long.unwrap().1;
        assert_eq!(second.cache_write_hour.map(f64::round), Some(8.0));
    }
}

#[test]
fn what_costs_nothing_needs_no_count() {
    let free = price_table::find("ollama", "any", 0).unwrap();
    let answer = Usage { output_tokens: Some(3), ..Usage::default() };
    assert_eq!(Price::of_row(free, 0).cost(&answer), Some(0.0));
    let price = |numbers: &[f64]| Price::of_option(numbers);
    assert_eq!(price(&[0.0, 1.0]).cost(&answer), Some(3e-6));
    assert_eq!(price(&[0.0, 1.0, 0.5]).cost(&answer), None, "its cache is not free");
    let thinking = Price { reasoning: Some(1.0), ..Price::default() };
    let prompt = Usage { input_tokens: Some(3), ..Usage::default() };
    assert_eq!(thinking.cost(&prompt), None);
}

#[test]
fn what_an_answer_states_beside_its_tokens_has_an_unknown_cost_but_by_the_callers_price() {
    let mut fast = answer("openai", "gpt-4o");
    assert!(costs(&fast).0.is_some());
    fast.has_unpriced = true;
    assert_eq!(costs(&fast), (None, None));
    prices(&["gpt-4o=1,1"]).unwrap().apply(&mut fast, "gpt-4o", 0);
    assert_eq!(fast.cost_source, Some("option"));
    fast.stated_cost_usd = Some(0.5);
    assert_eq!(costs(&fast), (Some(0.5), Some("provider")));
}

#[test]
fn the_use_of_a_cache_of_unknown_price_has_an_unknown_cost() {
    let mut new = answer("openai", "gpt-5.5-pro");
    assert_eq!(costs(&new), (None, None));
    let plain = Usage { cached_input_tokens: Some(0), cache_write_tokens: None, ..usage() };
    new.usage = Some(plain);
    assert!(near(costs(&new).0.unwrap(), 30.0 + 18.0));
    assert_eq!(costs(&answer("ollama", "any")).0, Some(0.0), "what is free is known");
}

#[test]
fn what_a_vendor_bills_is_the_cost_whatever_its_cache_held() {
    let own = r#"{"billed_units":{"input_tokens":46,"output_tokens":14},"cached_tokens":992}"#;
    let mut billed = answer("cohere", "command-a-03-2025");
    let tokens = Usage {
        provider_usage: Some(own.into()),
        cached_input_tokens: Some(992),
        cache_write_tokens: None,
        ..usage()
    };
    billed.usage = Some(tokens);
    assert!(near(costs(&billed).0.unwrap() * 1e6, 46.0 * 2.5 + 14.0 * 10.0));
}

#[test]
fn a_price_cut_holds_from_its_day() {
    let price = |at| price_table::find("openai", "gpt-5.6-luna", at).unwrap().input;
    let july_30 = 1_785_369_600;
    assert_eq!((price(july_30 - 1), price(july_30)), (1.0, 0.2));
}

#[test]
fn searches_of_anthropics_cost_beside_the_tokens() {
    let mut searched = answer("anthropic", "claude-sonnet-5-5");
    let tokens = costs(&searched).0.unwrap();
    let own = r#"{"server_tool_use":{"web_search_requests":5}}"#;
    searched.usage = Some(Usage { provider_usage: Some(own.into()), ..usage() });
    assert!(near(costs(&searched).0.unwrap(), tokens + 0.05));
}

#[test]
fn sound_in_a_prompt_has_its_own_price() {
    let told = |model: &str, details: &str| {
        let mut response = answer("gemini", model);
        response.usage = Some(Usage {
            input_tokens: Some(1_000_000),
            output_tokens: Some(0),
            cached_input_tokens: Some(400_000),
            provider_usage: Some(details.into()),
            ..Usage::default()
        });
        costs(&response).0.unwrap()
    };
    let details = r#"{"promptTokensDetails":[{"modality":"TEXT","tokenCount":500000},
        {"modality":"AUDIO","tokenCount":500000}],
        "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":400000}]}"#;
    // 0.5 M of text, 0.1 M of sound, and 0.4 M of sound from the cache.
    assert!(near(told("gemini-2.5-flash", details), 0.15 + 0.1 + 0.04));
    assert!(near(told("gemini-2.5-flash", "{}"), 0.18 + 0.012));
    assert!(near(told("gemini-2.5-pro", details), told("gemini-2.5-pro", "{}")));
    let wrong = r#"{"promptTokensDetails":[{"modality":"AUDIO","tokenCount":9e15}]}"#;
    assert!(near(told("gemini-2.5-flash", wrong), told("gemini-2.5-flash", "{}")));
}
