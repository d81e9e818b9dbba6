//! Usage, wherever a host puts it and whatever it calls it.

use serde_json::{Value, json};

use super::*;

#[test]
fn usage_is_found_wherever_a_host_puts_it() {
    let used = json!({"prompt_tokens": 3, "completion_tokens": 4, "cached_tokens": 2});
    let mut moonshot = chunk(json!({"content": "Hi"}), "stop".into());
    moonshot["choices"][0]["usage"] = used.clone();
    let mut groq = chunk(json!({"content": "Hi"}), "stop".into());
    groq["x_groq"] = json!({"usage": used});
    for last in [moonshot, groq] {
        let usage = read("custom", &sse(&[last])).unwrap().usage.unwrap();
        assert_eq!((usage.input_tokens, usage.cached_input_tokens), (Some(3), Some(2)));
        assert_eq!(usage.reasoning_tokens, None, "what is not said is not 0");
    }
    let xai = json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5,
        "total_tokens": 22, "completion_tokens_details": {"reasoning_tokens": 7},
        "cost_in_usd_ticks": 1_000_000_000}});
    let response = read("custom", &sse(&[chunk(json!({}), "stop".into()), xai])).unwrap();
    assert_eq!(response.usage.unwrap().output_tokens, Some(12), "thinking counts as output");
    assert!((response.stated_cost_usd.unwrap() - 0.1).abs() < 1e-9);
}

#[test]
fn what_was_cached_is_found_under_every_name() {
    let usage = |parts: Value| {
        let mut used = json!({"prompt_tokens": 100, "completion_tokens": 4});
        used.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        let last = json!({"choices": [], "usage": used});
        let response = read("custom", &sse(&[chunk(json!({}), "stop".into()), last])).unwrap();
        let usage = response.usage.unwrap();
        (usage.cached_input_tokens, usage.cache_write_tokens, usage.reasoning_tokens)
    };
    let claude = json!({"cache_creation_input_tokens": 20, "cache_read_input_tokens": 30});
    assert_eq!(usage(claude), (Some(30), Some(20), None));
    let mixed = json!({"cache_creation_input_tokens": 20, "cache_read_input_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 30, "cache_creation_tokens": 20}});
    assert_eq!(usage(mixed), (Some(30), Some(20), None));
    let qwen =
        json!({"prompt_tokens_details": {"cached_tokens": 0, "cache_creation_input_tokens": 33}});
    assert_eq!(usage(qwen), (Some(0), Some(33), None));
    let renamed = json!({"input_tokens_details": {"cached_tokens": 3},
        "output_tokens_details": {"reasoning_tokens": 2}});
    assert_eq!(usage(renamed), (Some(3), None, Some(2)));
    let perplexity = json!({"input_tokens_details": {"cache_creation_input_tokens": 7,
        "cache_read_input_tokens": 9}});
    assert_eq!(usage(perplexity), (Some(9), Some(7), None));
    let mistral = json!({"prompt_token_details": {"cached_tokens": 50}});
    assert_eq!(usage(mistral), (Some(50), None, None));
    let requesty = json!({"prompt_tokens_details": {"caching_tokens": 5, "cached_tokens": 2}});
    assert_eq!(usage(requesty), (Some(2), Some(5), None));
}

#[test]
fn what_was_cached_is_part_of_the_input_also_where_the_host_counts_it_beside() {
    let usage = |used: Value| {
        let last = json!({"choices": [], "usage": used});
        let response = read("custom", &sse(&[chunk(json!({}), "stop".into()), last])).unwrap();
        let usage = response.usage.unwrap();
        (usage.input_tokens, usage.output_tokens, usage.total_tokens)
    };
    let xai = json!({"prompt_tokens": 4_142, "completion_tokens": 254, "total_tokens": 8_724,
        "prompt_tokens_details": {"cached_tokens": 4_328}});
    assert_eq!(usage(xai), (Some(8_470), Some(254), Some(8_724)));
    let and_thinks = json!({"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 35,
        "prompt_tokens_details": {"cached_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 3}});
    assert_eq!(usage(and_thinks), (Some(30), Some(5), Some(35)));
    let written = json!({"input_tokens": 30, "output_tokens": 40,
        "input_tokens_details": {"cached_tokens": 900, "cache_write_tokens": 200}});
    assert_eq!(usage(written), (Some(1_130), Some(40), Some(1_170)));
    let whole = json!({"input_tokens": 1_100, "output_tokens": 40,
        "input_tokens_details": {"cached_tokens": 900, "cache_write_tokens": 200}});
    assert_eq!(usage(whole), (Some(1_100), Some(40), Some(1_140)));
    let huge = json!({"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": u64::MAX}});
    assert_eq!(usage(huge).0, Some(u64::MAX));
}
