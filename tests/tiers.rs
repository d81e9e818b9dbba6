//! What tiers save on real prompts, against mocks with prices. The prompts lie
//! beside the checkout; where they do not, the test says so and skips.

#![allow(clippy::unwrap_used)] // a test's helpers

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use mynah::llm::client::{Client, Parts};
use mynah::llm::message::Message;
use mynah::llm::request::Request;
use mynah::llm::tiered::Tiered;
use mynah::mock::{MockOptions, MockServer};
use mynah::options::Layered;
use mynah::options::client::ClientOptions;
use serde_json::Value;

/// Category and turns of each prompt, if they are there.
fn prompts() -> Option<Vec<(String, Vec<String>)>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/llm");
    let mut found = Vec::new();
    for name in ["mt_bench.jsonl.zst", "vicuna.jsonl.zst"] {
        let packed = std::fs::read(folder.join(name)).ok()?;
        let text = String::from_utf8(zstd::decode_all(&packed[..]).unwrap()).unwrap();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let turns = line["turns"].as_array().unwrap().iter();
            let turns = turns.map(|turn| turn.as_str().unwrap().to_string()).collect();
            found.push((line["category"].as_str().unwrap().to_string(), turns));
        }
    }
    Some(found)
}

fn client(mock: &MockServer, model: &str, price: &str) -> Arc<Client> {
    let mut options = Layered::<ClientOptions>::default();
    for (name, value) in [
        ("provider", "custom"),
        ("base_url", mock.url()),
        ("proxy", "none"),
        ("model", model),
        ("price", price),
    ] {
        options.set(name, value).unwrap();
    }
    Arc::new(Client::new(options.resolve().unwrap(), Parts::default()).unwrap())
}

#[test]
fn tiers_save_on_a_mixed_set_of_prompts_what_they_say_they_save() {
    let Some(prompts) = prompts() else {
        return eprintln!("skip tiers on real prompts: ../shared/llm is not there");
    };
    let mock = MockServer::start(MockOptions::default()).unwrap();
    let cheap = client(&mock, "small", "small=0.15,0.60");
    let able = client(&mock, "large", "large=2.50,10");
    // What the able one alone would cost, for the same prompts and answers.
    let alone = client(&mock, "large", "large=2.50,10");
    let tiered = Tiered::new(vec![cheap.clone(), able.clone()], false).unwrap();

    let (mut calls, mut by_category) = (0u64, BTreeMap::<String, [u64; 2]>::new());
    for (category, turns) in &prompts {
        let mut request = Request::new();
        for turn in turns {
            request.add_message("user", turn).unwrap();
            let answer = tiered.chat(&request, None).unwrap();
            let same = alone.chat(&request, None).unwrap();
            assert_eq!(
                answer.usage.as_ref().unwrap().total_tokens,
                same.usage.unwrap().total_tokens
            );
            let tier = answer.tier.unwrap() as usize;
            by_category.entry(category.clone()).or_default()[tier] += 1;
            request.messages.push(Message::from_json(&answer.first().message.value()).unwrap());
            calls += 1;
        }
    }

    let figures = tiered.metrics_json();
    let usd = |name: &str| figures[name].as_f64().unwrap();
    let without = alone.metrics().to_json()["cost_usd"].as_f64().unwrap();
    let share = usd("saved_usd") / without;
    println!(
        "{calls} calls: {:.4} USD with tiers, {without:.4} without, {:.0} % saved; cheap and able by category: {by_category:?}",
        usd("cost_usd"),
        share * 100.0
    );
    // It saved what it says, to the last nano-dollar of each call.
    let rounding = calls as f64 * 1e-9;
    assert!((usd("cost_usd") + usd("saved_usd") - without).abs() <= rounding, "{figures}");
    let costs = [&cheap, &able].map(|c| c.metrics().to_json()["cost_usd"].as_f64().unwrap());
    assert!((costs.iter().sum::<f64>() - usd("cost_usd")).abs() <= rounding);
    assert!((0.2..0.9).contains(&share), "{share}");
    // What is hard went up more often than what is easy.
    let able_share = |names: &[&str]| {
        let of = names.iter().filter_map(|name| by_category.get(*name));
        let [cheap, able] = of.fold([0, 0], |sum, one| [sum[0] + one[0], sum[1] + one[1]]);
        able as f64 / (cheap + able) as f64
    };
    let (hard, easy) = (able_share(&["coding", "math"]), able_share(&["generic", "knowledge"]));
    assert!(hard > easy + 0.3, "{hard} of the hard ones, {easy} of the easy ones");
}
