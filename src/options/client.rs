//! The options of an LLM client; most can also be set for one call.

use super::call::OF_A_CALL;
use super::fields::{
    choice, flag, float, int, list, optional_bool, optional_float, optional_int, options, text,
};
use super::{Kind, OptionSet, Origin, Resolved, Row, Suggestions, Value};
use super::{form, presets};
use crate::error::Result;

/// Headers that say where a request ends, and how it is handed on.
const FRAMING: &[&str] =
    &["connection", "content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade"];

/// Shows no secret: what is set, in the form of the options' JSON.
impl std::fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows = ROWS.iter().map(|row| (row.key, row.show(&(row.get)(self))));
        f.debug_map().entries(rows).finish()
    }
}

/// A century in milliseconds: the longest interval that is taken.
const MS_MAX: u64 = 100 * 365 * 86_400_000;

options! {
    /// Everything that can be set on a client, with its defaults.
    #[derive(Clone, PartialEq)]
    pub struct ClientOptions

    provider: String = "openai".into(),
        choice(&["openai", "anthropic", "gemini", "deepseek", "kimi", "siliconflow", "ollama",
            "cohere", "huggingface", "custom"]),
        "Who answers; custom is any host that speaks OpenAI's chat completions.";
    api_key: Option<String> = None, text(Kind::Secret),
        "The provider's key; unset: taken from the provider's environment variable.";
    base_url: Option<String> = None, text(Kind::Form(&form::BASE_URL)),
        "Where the provider is reached, http or https; unset: its environment variable, then its own address.";
    model: Option<String> = None, text(Kind::Text),
        "The model's name; unset: the provider's environment variable, then the provider's standard model.";
    max_tokens: Option<u64> = None, optional_int(1..=4_294_967_295),
        "Most tokens of an answer; a layer's value means text alone, and what thinking may take comes on top; unset: the provider's own limit.";
    temperature: Option<f64> = None, optional_float(0.0..=2.0),
        "Sampling temperature; unset: not sent.";
    top_p: Option<f64> = None, optional_float(0.0..=1.0),
        "Share of probability that sampling draws from; unset: not sent.";
    top_k: Option<u64> = None, optional_int(0..=1_000_000),
        "Number of tokens that sampling draws from, where the provider has it; unset: not sent.";
    presence_penalty: Option<f64> = None, optional_float(-2.0..=2.0),
        "Penalty for tokens that have occurred; unset: not sent.";
    frequency_penalty: Option<f64> = None, optional_float(-2.0..=2.0),
        "Penalty by how often tokens have occurred; unset: not sent.";
    seed: Option<u64> = None, optional_int(0..=9_223_372_036_854_775_807),
        "Asks for repeatable sampling, where the provider has it; unset: not sent.";
    n: Option<u64> = None, optional_int(1..=128), "Number of answers to one request; unset: one.";
    stop: Vec<String> = Vec::new(), list(Kind::List),
        "Text that ends the answer; each setting adds one.";
    reasoning_effort: Option<String> = None,
        text(Kind::OptionalChoice(&["none", "minimal", "low", "medium", "high", "xhigh", "max"])),
        "How much the model thinks before it answers; where that is a budget of tokens, at most half of an explicit max_tokens, or the least that the model takes; unset: the model's own.";
    reasoning_budget: Option<u64> = None, optional_int(0..=10_000_000),
        "Most tokens of thinking, where the provider counts them; unset: not sent.";
    system_prompt: Option<String> = None, text(Kind::Text),
        "A system message put before every conversation that has none.";
    timeout_ms: u64 = 600_000, int(1..=MS_MAX),
        "Milliseconds for the whole call: all attempts and waits.";
    connect_timeout_ms: u64 = 10_000, int(0..=MS_MAX),
        "Milliseconds to look up the name, connect and agree on TLS; 0: no bound.";
    first_byte_timeout_ms: u64 = 0, int(0..=MS_MAX),
        "Milliseconds from the request's end to the answer's first byte; 0: no bound.";
    first_token_timeout_ms: u64 = 0, int(0..=MS_MAX),
        "Milliseconds from the request's end to the first event with content of a stream; 0: no bound.";
    silence_timeout_ms: u64 = 60_000, int(0..=MS_MAX),
        "Milliseconds without any byte; comments and pings count as life; 0: no bound.";
    idle_timeout_ms: u64 = 300_000, int(0..=MS_MAX),
        "Milliseconds without an event with content, counted from the first one; 0: no bound.";
    retry_count: u64 = 2, int(0..=20), "Attempts after the first one that failed.";
    retry_delay_ms: u64 = 1000, int(0..=MS_MAX),
        "Milliseconds of the first back-off; the actual one is random below it.";
    max_retry_delay_ms: u64 = 30_000, int(0..=MS_MAX), "Longest back-off in milliseconds.";
    exponential_backoff: bool = true, flag, "Doubles the back-off from attempt to attempt.";
    max_retry_after_ms: u64 = 120_000, int(0..=MS_MAX),
        "A provider that asks to wait longer than this ends the call.";
    retry_after_send: bool = false, flag,
        "Also repeats requests that may have reached the provider, which may then bill twice.";
    retry_budget_percent: u64 = 10, int(0..=100),
        "Retries, as a share of the calls, beyond which none is made but from a reserve of 20, which fills by one a second.";
    rate_limit_rpm: u64 = 0, int(0..=100_000_000),
        "Requests a minute of each model; more wait their turn; 0: no limit.";
    rate_limit_tpm: u64 = 0, int(0..=1_000_000_000_000),
        "Tokens a minute of each model; more wait their turn; 0: no limit.";
    max_in_flight: u64 = 0, int(0..=1_000_000),
        "Calls of each model at one time; more wait their turn; 0: no limit.";
    max_connections: u64 = 16, int(0..=100_000), "Idle connections that are kept open.";
    max_idle_connection_ms: u64 = 15_000, int(0..=MS_MAX),
        "Milliseconds after which an idle connection is not used again; the client's next call closes it.";
    streaming_enabled: bool = false, flag,
        "Lets plain calls use a stream underneath, so that silence is noticed.";
    cache_enabled: bool = false, flag, "Answers repeated requests from the response cache.";
    cache_ttl_ms: u64 = 300_000, int(0..=MS_MAX),
        "Milliseconds for which an answer is kept; 0: for ever.";
    cache_tool_calls: bool = false, flag, "Also keeps answers that call tools.";
    cache_stale_while_revalidate_ms: u64 = 0, int(0..=MS_MAX),
        "Milliseconds after its expiry during which an answer is given while it is renewed; 0: off.";
    coalesce: Option<bool> = None, optional_bool,
        "Lets identical calls in flight share one request; unset: where the response cache is on.";
    batch_dedup: Option<bool> = None, optional_bool,
        "Sends identical requests of a batch once; unset: as coalesce.";
    breaker_failure_threshold: u64 = 0, int(0..=1_000_000),
        "Failures in a row that open the circuit breaker; 0: no breaker by count.";
    breaker_failure_ratio: f64 = 0.0, float(0.0..=1.0),
        "Share of failures in the window that opens the circuit breaker; 0: no breaker by ratio.";
    breaker_window_ms: u64 = 60_000, int(1000..=MS_MAX),
        "Milliseconds that breaker_failure_ratio looks back.";
    breaker_min_calls: u64 = 20, int(1..=1_000_000),
        "Calls in the window before breaker_failure_ratio counts.";
    breaker_reset_timeout_ms: u64 = 30_000, int(1..=MS_MAX),
        "Milliseconds until an open breaker lets one trial call through.";
    max_header_bytes: u64 = 65_536, int(1024..=16_777_216),
        "Largest head of an answer, in bytes; of 128 headers at most.";
    max_event_bytes: u64 = 16_777_216, int(1024..=4_294_967_295),
        "Largest event of a stream, in bytes.";
    max_response_bytes: u64 = 67_108_864, int(1024..=4_294_967_295), "Largest answer, in bytes.";
    allow_insecure_http: bool = false, flag,
        "Lets a key travel over plain http to a host that is not loopback.";
    openai_api: String = "auto".into(), choice(&["auto", "chat", "responses"]),
        "Which of OpenAI's interfaces is used; auto: chat completions, and Responses for tools, efforts and fields that are not taken there; only openai has responses.";
    unsupported: String = "error".into(), choice(&["error", "drop"]),
        "What happens with an explicit value that provider or model cannot take: an error before anything is sent, or it is left out and reported.";
    include_usage: Option<bool> = None, optional_bool,
        "Asks streams of chat completions for usage; unset: it does.";
    raw_events: bool = false, flag, "Also delivers each of the provider's own events as JSON.";
    region: String = "intl".into(), choice(&["intl", "cn"]),
        "Which of a regional vendor's hosts is used.";
    organization_id: Option<String> = None, text(Kind::Form(&form::HEADER_VALUE)),
        "OpenAI's organisation.";
    project_id: Option<String> = None, text(Kind::Form(&form::HEADER_VALUE)), "OpenAI's project.";
    proxy: Option<String> = None, text(Kind::Form(&form::PROXY)),
        "Proxy URL (http, https, socks5), or none; unset: the environment's.";
    header: Vec<String> = Vec::new(), list(Kind::Headers(FRAMING)),
        "A header that is sent with every request.";
    preset: String = "none".into(),
        choice(&["none", "development", "production", "low_cost", "high_quality", "fast"]),
        "A layer of settings for an aim, under the use case and everything that is set explicitly.";
    use_case: String = "none".into(),
        choice(&["none", "chat", "code_generation", "translation", "summarization", "analysis",
            "creative_writing"]),
        "A layer of settings for a task, under everything that is set explicitly.";
    price: Vec<String> = Vec::new(), list(Kind::Forms(&form::PRICE)),
        "The price of a model, also under its dated names, in USD per million tokens: `model=in,out[,cached in[,cache write]]`; `=in,out` is that of all others; each setting adds one.";
    price_file: Option<String> = None, text(Kind::Text),
        "A JSON file of models' prices in the form that LiteLLM publishes; read when the client is made; unset: the built-in table.";
    ca_file: Option<String> = None, text(Kind::Text),
        "PEM file of authorities, or servers' own certificates, that are trusted instead of the system's.";
    tls_verify: bool = true, flag, "Checks the provider's certificate; false only for tests.";
    alert_min_success_rate: f64 = 0.95, float(0.0..=1.0),
        "Alerts when the share of calls that succeed falls below; 0: off.";
    alert_max_latency_ms: u64 = 5000, int(0..=MS_MAX),
        "Alerts when the mean latency exceeds this many milliseconds; 0: off.";
    alert_max_p99_ms: u64 = 30_000, int(0..=MS_MAX),
        "Alerts when the 99th percentile of the latency exceeds this many milliseconds; 0: off.";
    alert_max_cost_usd: f64 = 0.50, float(0.0..=1000000.0),
        "Alerts when the mean cost of a request exceeds this many US dollars; 0: off.";
}

/// A shared cache turns the response cache on, unless that was set.
pub fn share_cache(options: &mut Resolved<ClientOptions>) -> Result<()> {
    if *options.origin("cache_enabled")? != Origin::Default {
        return Ok(());
    }
    options.lay("cache_enabled", Value::Bool(true), Origin::Layer("set_cache".into()))
}

impl OptionSet for ClientOptions {
    fn rows() -> &'static [Row<Self>] {
        ROWS
    }

    fn of_a_call() -> &'static [&'static str] {
        OF_A_CALL
    }

    fn layers(chosen: &dyn Fn(&str) -> Option<Value>) -> Result<Vec<Suggestions>> {
        Ok(presets::layers(chosen))
    }
}

#[cfg(test)]
mod tests;
