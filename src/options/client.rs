//! The options of an LLM client; most can also be set for one call.

use super::call::OF_A_CALL;
use super::fields::{
    choice, flag, float, int, list, optional_bool, optional_float, optional_int, text,
};
use super::{Kind, OptionSet, Origin, Resolved, Row, Suggestions, Value};
use super::{form, presets};
use crate::error::Result;

/// Headers that say where a request ends, and how it is handed on.
const FRAMING: &[&str] =
    &["connection", "content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade"];

/// Everything that can be set on a client, with its defaults.
#[derive(Clone, PartialEq)]
#[allow(missing_docs)] // the rows below say what each one means
pub struct ClientOptions {
    pub provider: String,
    pub api_key: Option<String>,
    pub base_url: Option<String>,
    pub model: Option<String>,
    pub max_tokens: Option<u64>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<u64>,
    pub presence_penalty: Option<f64>,
    pub frequency_penalty: Option<f64>,
    pub seed: Option<u64>,
    pub n: Option<u64>,
    pub stop: Vec<String>,
    pub reasoning_effort: Option<String>,
    pub reasoning_budget: Option<u64>,
    pub system_prompt: Option<String>,
    pub timeout_ms: u64,
    pub connect_timeout_ms: u64,
    pub first_byte_timeout_ms: u64,
    pub first_token_timeout_ms: u64,
    pub silence_timeout_ms: u64,
    pub idle_timeout_ms: u64,
    pub retry_count: u64,
    pub retry_delay_ms: u64,
    pub max_retry_delay_ms: u64,
    pub exponential_backoff: bool,
    pub max_retry_after_ms: u64,
    pub retry_after_send: bool,
    pub retry_budget_percent: u64,
    pub rate_limit_rpm: u64,
    pub rate_limit_tpm: u64,
    pub max_in_flight: u64,
    pub max_connections: u64,
    pub max_idle_connection_ms: u64,
    pub streaming_enabled: bool,
    pub cache_enabled: bool,
    pub cache_ttl_ms: u64,
    pub cache_tool_calls: bool,
    pub cache_stale_while_revalidate_ms: u64,
    pub coalesce: Option<bool>,
    pub batch_dedup: Option<bool>,
    pub breaker_failure_threshold: u64,
    pub breaker_failure_ratio: f64,
    pub breaker_window_ms: u64,
    pub breaker_min_calls: u64,
    pub breaker_reset_timeout_ms: u64,
    pub max_header_bytes: u64,
    pub max_event_bytes: u64,
    pub max_response_bytes: u64,
    pub allow_insecure_http: bool,
    pub openai_api: String,
    pub unsupported: String,
    pub include_usage: Option<bool>,
    pub raw_events: bool,
    pub region: String,
    pub organization_id: Option<String>,
    pub project_id: Option<String>,
    pub proxy: Option<String>,
    pub header: Vec<String>,
    pub preset: String,
    pub use_case: String,
    pub price: Vec<String>,
    pub price_file: Option<String>,
    pub ca_file: Option<String>,
    pub tls_verify: bool,
    pub alert_min_success_rate: f64,
    pub alert_max_latency_ms: u64,
    pub alert_max_p99_ms: u64,
    pub alert_max_cost_usd: f64,
}

impl Default for ClientOptions {
    fn default() -> Self {
        ClientOptions {
            provider: "openai".into(),
            api_key: None,
            base_url: None,
            model: None,
            max_tokens: None,
            temperature: None,
            top_p: None,
            top_k: None,
            presence_penalty: None,
            frequency_penalty: None,
            seed: None,
            n: None,
            stop: Vec::new(),
            reasoning_effort: None,
            reasoning_budget: None,
            system_prompt: None,
            timeout_ms: 600_000,
            connect_timeout_ms: 10_000,
            first_byte_timeout_ms: 0,
            first_token_timeout_ms: 0,
            silence_timeout_ms: 60_000,
            idle_timeout_ms: 300_000,
            retry_count: 2,
            retry_delay_ms: 1000,
            max_retry_delay_ms: 30_000,
            exponential_backoff: true,
            max_retry_after_ms: 120_000,
            retry_after_send: false,
            retry_budget_percent: 10,
            rate_limit_rpm: 0,
            rate_limit_tpm: 0,
            max_in_flight: 0,
            max_connections: 16,
            max_idle_connection_ms: 15_000,
            streaming_enabled: false,
            cache_enabled: false,
            cache_ttl_ms: 300_000,
            cache_tool_calls: false,
            cache_stale_while_revalidate_ms: 0,
            coalesce: None,
            batch_dedup: None,
            breaker_failure_threshold: 0,
            breaker_failure_ratio: 0.0,
            breaker_window_ms: 60_000,
            breaker_min_calls: 20,
            breaker_reset_timeout_ms: 30_000,
            max_header_bytes: 65_536,
            max_event_bytes: 16_777_216,
            max_response_bytes: 67_108_864,
            allow_insecure_http: false,
            openai_api: "auto".into(),
            unsupported: "error".into(),
            include_usage: None,
            raw_events: false,
            region: "intl".into(),
            organization_id: None,
            project_id: None,
            proxy: None,
            header: Vec::new(),
            preset: "none".into(),
            use_case: "none".into(),
            price: Vec::new(),
            price_file: None,
            ca_file: None,
            tls_verify: true,
            alert_min_success_rate: 0.95,
            alert_max_latency_ms: 5000,
            alert_max_p99_ms: 30_000,
            alert_max_cost_usd: 0.50,
        }
    }
}

/// Shows no secret: what is set, in the form of the options' JSON.
impl std::fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows = ROWS.iter().map(|row| (row.key, row.show(&(row.get)(self))));
        f.debug_map().entries(rows).finish()
    }
}

/// A century in milliseconds: the longest interval that is taken.
const MS_MAX: u64 = 100 * 365 * 86_400_000;

static ROWS: &[Row<ClientOptions>] = &[
    choice!(
        provider,
        &[
            "openai",
            "anthropic",
            "gemini",
            "deepseek",
            "kimi",
            "siliconflow",
            "ollama",
            "cohere",
            "huggingface",
            "custom"
        ],
        "Who answers; custom is any host that speaks OpenAI's chat completions."
    ),
    text!(
        api_key,
        Kind::Secret,
        "The provider's key; unset: taken from the provider's environment variable."
    ),
    text!(
        base_url,
        Kind::Form(&form::BASE_URL),
        "Where the provider is reached, http or https; unset: its environment variable, then its own address."
    ),
    text!(
        model,
        Kind::Text,
        "The model's name; unset: the provider's environment variable, then the provider's standard model."
    ),
    optional_int!(
        max_tokens,
        1..=4_294_967_295,
        "Most tokens of an answer; a layer's value means text alone, and what thinking may take comes on top; unset: the provider's own limit."
    ),
    optional_float!(temperature, 0.0..=2.0, "Sampling temperature; unset: not sent."),
    optional_float!(
        top_p,
        0.0..=1.0,
        "Share of probability that sampling draws from; unset: not sent."
    ),
    optional_int!(
        top_k,
        0..=1_000_000,
        "Number of tokens that sampling draws from, where the provider has it; unset: not sent."
    ),
    optional_float!(
        presence_penalty,
        -2.0..=2.0,
        "Penalty for tokens that have occurred; unset: not sent."
    ),
    optional_float!(
        frequency_penalty,
        -2.0..=2.0,
        "Penalty by how often tokens have occurred; unset: not sent."
    ),
    optional_int!(
        seed,
        0..=9_223_372_036_854_775_807,
        "Asks for repeatable sampling, where the provider has it; unset: not sent."
    ),
    optional_int!(n, 1..=128, "Number of answers to one request; unset: one."),
    list!(stop, Kind::List, "Text that ends the answer; each setting adds one."),
    text!(
        reasoning_effort,
        Kind::OptionalChoice(&["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
        "How much the model thinks before it answers; where that is a budget of tokens, at most half of an explicit max_tokens, or the least that the model takes; unset: the model's own."
    ),
    optional_int!(
        reasoning_budget,
        0..=10_000_000,
        "Most tokens of thinking, where the provider counts them; unset: not sent."
    ),
    text!(
        system_prompt,
        Kind::Text,
        "A system message put before every conversation that has none."
    ),
    int!(timeout_ms, 1..=MS_MAX, "Milliseconds for the whole call: all attempts and waits."),
    int!(
        connect_timeout_ms,
        0..=MS_MAX,
        "Milliseconds to look up the name, connect and agree on TLS; 0: no bound."
    ),
    int!(
        first_byte_timeout_ms,
        0..=MS_MAX,
        "Milliseconds from the request's end to the answer's first byte; 0: no bound."
    ),
    int!(
        first_token_timeout_ms,
        0..=MS_MAX,
        "Milliseconds from the request's end to the first event with content of a stream; 0: no bound."
    ),
    int!(
        silence_timeout_ms,
        0..=MS_MAX,
        "Milliseconds without any byte; comments and pings count as life; 0: no bound."
    ),
    int!(
        idle_timeout_ms,
        0..=MS_MAX,
        "Milliseconds without an event with content, counted from the first one; 0: no bound."
    ),
    int!(retry_count, 0..=20, "Attempts after the first one that failed."),
    int!(
        retry_delay_ms,
        0..=MS_MAX,
        "Milliseconds of the first back-off; the actual one is random below it."
    ),
    int!(max_retry_delay_ms, 0..=MS_MAX, "Longest back-off in milliseconds."),
    flag!(exponential_backoff, "Doubles the back-off from attempt to attempt."),
    int!(
        max_retry_after_ms,
        0..=MS_MAX,
        "A provider that asks to wait longer than this ends the call."
    ),
    flag!(
        retry_after_send,
        "Also repeats requests that may have reached the provider, which may then bill twice."
    ),
    int!(
        retry_budget_percent,
        0..=100,
        "Retries, as a share of the calls, beyond which none is made but from a reserve of 20, which fills by one a second."
    ),
    int!(
        rate_limit_rpm,
        0..=100_000_000,
        "Requests a minute of each model; more wait their turn; 0: no limit."
    ),
    int!(
        rate_limit_tpm,
        0..=1_000_000_000_000,
        "Tokens a minute of each model; more wait their turn; 0: no limit."
    ),
    int!(
        max_in_flight,
        0..=1_000_000,
        "Calls of each model at one time; more wait their turn; 0: no limit."
    ),
    int!(max_connections, 0..=100_000, "Idle connections that are kept open."),
    int!(
        max_idle_connection_ms,
        0..=MS_MAX,
        "Milliseconds after which an idle connection is not used again; the client's next call closes it."
    ),
    flag!(
        streaming_enabled,
        "Lets plain calls use a stream underneath, so that silence is noticed."
    ),
    flag!(cache_enabled, "Answers repeated requests from the response cache."),
    int!(cache_ttl_ms, 0..=MS_MAX, "Milliseconds for which an answer is kept; 0: for ever."),
    flag!(cache_tool_calls, "Also keeps answers that call tools."),
    int!(
        cache_stale_while_revalidate_ms,
        0..=MS_MAX,
        "Milliseconds after its expiry during which an answer is given while it is renewed; 0: off."
    ),
    optional_bool!(
        coalesce,
        "Lets identical calls in flight share one request; unset: where the response cache is on."
    ),
    optional_bool!(batch_dedup, "Sends identical requests of a batch once; unset: as coalesce."),
    int!(
        breaker_failure_threshold,
        0..=1_000_000,
        "Failures in a row that open the circuit breaker; 0: no breaker by count."
    ),
    float!(
        breaker_failure_ratio,
        0.0..=1.0,
        "Share of failures in the window that opens the circuit breaker; 0: no breaker by ratio."
    ),
    int!(breaker_window_ms, 1000..=MS_MAX, "Milliseconds that breaker_failure_ratio looks back."),
    int!(
        breaker_min_calls,
        1..=1_000_000,
        "Calls in the window before breaker_failure_ratio counts."
    ),
    int!(
        breaker_reset_timeout_ms,
        1..=MS_MAX,
        "Milliseconds until an open breaker lets one trial call through."
    ),
    int!(
        max_header_bytes,
        1024..=16_777_216,
        "Largest head of an answer, in bytes; of 128 headers at most."
    ),
    int!(max_event_bytes, 1024..=4_294_967_295, "Largest event of a stream, in bytes."),
    int!(max_response_bytes, 1024..=4_294_967_295, "Largest answer, in bytes."),
    flag!(allow_insecure_http, "Lets a key travel over plain http to a host that is not loopback."),
    choice!(
        openai_api,
        &["auto", "chat", "responses"],
        "Which of OpenAI's interfaces is used; auto: chat completions, and Responses for tools, efforts and fields that are not taken there; only openai has responses."
    ),
    choice!(
        unsupported,
        &["error", "drop"],
        "What happens with an explicit value that provider or model cannot take: an error before anything is sent, or it is left out and reported."
    ),
    optional_bool!(include_usage, "Asks streams of chat completions for usage; unset: it does."),
    flag!(raw_events, "Also delivers each of the provider's own events as JSON."),
    choice!(region, &["intl", "cn"], "Which of a regional vendor's hosts is used."),
    text!(organization_id, Kind::Form(&form::HEADER_VALUE), "OpenAI's organisation."),
    text!(project_id, Kind::Form(&form::HEADER_VALUE), "OpenAI's project."),
    text!(
        proxy,
        Kind::Form(&form::PROXY),
        "Proxy URL (http, https, socks5), or none; unset: the environment's."
    ),
    list!(header, Kind::Headers(FRAMING), "A header that is sent with every request."),
    choice!(
        preset,
        &["none", "development", "production", "low_cost", "high_quality", "fast"],
        "A layer of settings for an aim, under the use case and everything that is set explicitly."
    ),
    choice!(
        use_case,
        &[
            "none",
            "chat",
            "code_generation",
            "translation",
            "summarization",
            "analysis",
            "creative_writing"
        ],
        "A layer of settings for a task, under everything that is set explicitly."
    ),
    list!(
        price,
        Kind::Forms(&form::PRICE),
        "The price of a model, also under its dated names, in USD per million tokens: `model=in,out[,cached in[,cache write]]`; `=in,out` is that of all others; each setting adds one."
    ),
    text!(
        price_file,
        Kind::Text,
        "A JSON file of models' prices in the form that LiteLLM publishes; read when the client is made; unset: the built-in table."
    ),
    text!(
        ca_file,
        Kind::Text,
        "PEM file of authorities, or servers' own certificates, that are trusted instead of the system's."
    ),
    flag!(tls_verify, "Checks the provider's certificate; false only for tests."),
    float!(
        alert_min_success_rate,
        0.0..=1.0,
        "Alerts when the share of calls that succeed falls below; 0: off."
    ),
    int!(
        alert_max_latency_ms,
        0..=MS_MAX,
        "Alerts when the mean latency exceeds this many milliseconds; 0: off."
    ),
    int!(
        alert_max_p99_ms,
        0..=MS_MAX,
        "Alerts when the 99th percentile of the latency exceeds this many milliseconds; 0: off."
    ),
    float!(
        alert_max_cost_usd,
        0.0..=1000000.0,
        "Alerts when the mean cost of a request exceeds this many US dollars; 0: off."
    ),
];

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
