//! Usage in every form in which compatible hosts state it.

use crate::llm::assemble::Assembler;
use crate::llm::json::Json;
use crate::llm::response::Usage;

/// Notes a tier that has other prices than the plain ones.
pub fn tier(json: &Json, out: &mut Assembler) {
    let plain = ["auto", "default", "standard", "on_demand", "traffic_type_unspecified"];
    let is_other =
        json.word().is_some_and(|tier| !plain.iter().any(|own| own.eq_ignore_ascii_case(tier)));
    out.response().has_unpriced |= is_other;
}

/// The cost that LiteLLM states beside a plain answer; of a stream it does not know it yet.
pub fn cost_in_head(out: &mut Assembler) {
    if out.response().stated_cost_usd.is_none() {
        let cost = out.head().headers.get("x-litellm-response-cost");
        let cost = cost.and_then(|usd| usd.trim().parse().ok());
        out.response().stated_cost_usd = cost.filter(|usd: &f64| usd.is_finite() && *usd > 0.0);
    }
}

/// The cost that a usage states, whoever's form it has.
pub fn cost(json: &Json, out: &mut Assembler) {
    let cost = json.get("cost");
    // What is below 0 is no cost.
    let usd = |json: &Json| json.f64().filter(|usd| *usd >= 0.0);
    let stated = usd(cost)
        .or_else(|| usd(cost.get("total_cost")))
        .or_else(|| usd(json.get("cost_usd")))
        .or_else(|| usd(json.get("estimated_cost")))
        .or_else(|| usd(json.get("cost_in_usd_ticks")).map(|ticks| ticks * 1e-10))
        .or_else(|| usd(json.get("tensorzero_cost")).filter(|_| is_in_dollars(json)));
    // With a key of one's own OpenRouter states its fee, and beside it the vendor's price.
    let upstream = usd(json.at(&["cost_details", "upstream_inference_cost"]))
        .filter(|_| json.get("is_byok").bool() == Some(true));
    if stated.is_some() {
        out.response().stated_cost_usd = stated.map(|usd| usd + upstream.unwrap_or(0.0));
    }
}

/// Whether TensorZero's cost is one in dollars, as it is if nothing else is said.
fn is_in_dollars(usage: &Json) -> bool {
    matches!(usage.get("tensorzero_currency").word(), None | Some("USD"))
}

/// A cost that stands beside the usage: what Eden AI and OpenCode have taken for an answer,
/// the latter as a text (what it calls an inference's is what that would cost without a
/// plan), NanoGPT's, and Copilot's, of whose credits each is a cent.
pub fn cost_beside(json: &Json, out: &mut Assembler) {
    let taken = json.get("cost");
    let taken = taken.f64().or(taken.text().and_then(|usd| usd.trim().parse().ok()));
    let taken = taken.filter(|_| json.get("x-opencode-type").is_null());
    let priced = json.get("x_nanogpt_pricing");
    let in_dollars = matches!(priced.get("currency").text(), None | Some("USD"));
    let priced = priced.get("costUsd").f64().or(priced.get("cost").f64().filter(|_| in_dollars));
    let used =
        [json, json.get("response")].map(|json| json.at(&["copilot_usage", "total_nano_aiu"]));
    let credits = used.iter().find_map(|nano| nano.f64()).map(|nano| nano * 1e-11);
    let cost = taken.or(priced).or(credits);
    if let Some(usd) = cost.filter(|usd: &f64| usd.is_finite() && *usd >= 0.0) {
        out.response().stated_cost_usd = Some(usd);
    }
}

/// The cost that Vercel's gateway states in the message, or in a piece of it.
pub fn cost_in_message(message: &Json, out: &mut Assembler) {
    let cost = message.at(&["provider_metadata", "gateway", "cost"]).text();
    let cost = cost.and_then(|usd| usd.trim().parse().ok());
    if let Some(usd) = cost.filter(|usd: &f64| usd.is_finite() && *usd >= 0.0) {
        out.response().stated_cost_usd = Some(usd);
    }
}

/// The first of these numbers that is told.
fn first(places: &[&Json]) -> Option<u64> {
    places.iter().find_map(|place| place.u64())
}

/// The input that the host's cache held; Mistral says one token where others say
/// tokens.
fn cached(json: &Json) -> Option<u64> {
    let (details, also) = (json.get("prompt_tokens_details"), json.get("input_tokens_details"));
    first(&[
        details.get("cached_tokens"),
        json.at(&["prompt_token_details", "cached_tokens"]),
        json.get("prompt_cache_hit_tokens"),
        json.get("cached_tokens"),
        json.get("num_cached_tokens"),
        json.get("cache_read_input_tokens"),
        also.get("cached_tokens"),
        also.get("cache_read_input_tokens"),
    ])
}

/// The input that it holds from now on; Requesty says that it is caching it.
fn written(json: &Json) -> Option<u64> {
    let (details, also) = (json.get("prompt_tokens_details"), json.get("input_tokens_details"));
    first(&[
        details.get("cache_write_tokens"),
        details.get("cache_creation_tokens"),
        details.get("cache_creation_input_tokens"),
        details.get("caching_tokens"),
        json.get("cache_creation_input_tokens"),
        also.get("cache_write_tokens"),
        also.get("cache_creation_input_tokens"),
    ])
}

/// The whole input. What the cache gave and took is part of it; where that is more
/// than the whole, or the total has it besides, the host counts it beside the rest.
fn whole_input(stated: u64, parts: u64, rest: Option<u64>) -> u64 {
    let whole = stated.saturating_add(parts);
    if parts > stated || rest == Some(whole) { whole } else { stated }
}

/// Whether the model is one of Google's, whoever serves it.
fn is_gemini(out: &mut Assembler) -> bool {
    let asked = out.context().model.contains("gemini-");
    asked || out.response().model.as_ref().is_some_and(|model| model.contains("gemini-"))
}

/// Usage as OpenAI and its compatible hosts state it.
pub fn usage(json: &Json, out: &mut Assembler) {
    let (cached, written) = (cached(json), written(json));
    let mut output = first(&[json.get("completion_tokens"), json.get("output_tokens")]);
    let mut total = json.get("total_tokens").u64();
    let reasoning = first(&[
        json.at(&["completion_tokens_details", "reasoning_tokens"]),
        json.at(&["output_tokens_details", "reasoning_tokens"]),
        json.get("reasoning_tokens"),
    ]);
    let parts = cached.unwrap_or(0).saturating_add(written.unwrap_or(0));
    // Of the total's two reasons to be more, thinking is the likelier one.
    let rest = total.zip(output).and_then(|(total, output)| total.checked_sub(output));
    let rest = rest.filter(|_| reasoning.is_none_or(|reasoning| reasoning != parts));
    let input = first(&[json.get("prompt_tokens"), json.get("input_tokens")])
        .map(|input| whole_input(input, parts, rest));
    // xAI counts thinking apart, which its total tells.
    if let (Some(i), Some(o), Some(r), Some(t)) = (input, output, reasoning, total)
        && r > 0
        && let Some(generated) = o.checked_add(r)
        && i.checked_add(generated) == Some(t)
    {
        output = Some(generated);
    }
    // Gemini counts it apart too, and behind OpenAI's form says so in its total alone.
    if let (Some(i), Some(o), None, Some(t)) = (input, output, reasoning, total)
        && is_gemini(out)
    {
        output = Some(t.saturating_sub(i).max(o));
    }
    // Vercel leaves it out of the total as well.
    if let (Some(o), Some(r)) = (output, reasoning)
        && r > o
        && is_gemini(out)
    {
        output = Some(o.saturating_add(r));
        total = None;
    }
    // xAI's searches cost by the source.
    out.response().has_unpriced |= json.get("num_sources_used").u64() > Some(0);
    cost(json, out);
    out.usage(Usage {
        input_tokens: input,
        output_tokens: output,
        total_tokens: total,
        cached_input_tokens: cached,
        cache_write_tokens: written,
        reasoning_tokens: reasoning,
        provider_usage: Some(json.to_text()),
    });
}
