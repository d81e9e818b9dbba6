package llm

import (
	"time"

	"mynah/cache"
)

// One function for each of the library's options. Range and default are the
// library's; the comments say what an option means.

// WithProvider is provider: Who answers; custom is any host that speaks
// OpenAI's chat completions.
func WithProvider(provider Provider) Option { return of("provider", provider) }

// WithAPIKey is api_key: The provider's key; unset: taken from the provider's
// environment variable.
func WithAPIKey(value string) Option { return With("api_key", value) }

// WithBaseURL is base_url: Where the provider is reached, http or https;
// unset: its environment variable, then its own address.
func WithBaseURL(value string) Option { return With("base_url", value) }

// WithModel is model: The model's name; unset: the provider's environment
// variable, then the provider's standard model.
func WithModel(value string) Option { return With("model", value) }

// WithMaxTokens is max_tokens: Most tokens of an answer; a layer's value means text
// alone, and what thinking may take comes on top; unset: the provider's own limit.
func WithMaxTokens(n int) Option { return of("max_tokens", n) }

// WithTemperature is temperature: Sampling temperature; unset: not sent.
func WithTemperature(x float64) Option { return of("temperature", x) }

// WithTopP is top_p: Share of probability that sampling draws from; unset:
// not sent.
func WithTopP(x float64) Option { return of("top_p", x) }

// WithTopK is top_k: Number of tokens that sampling draws from, where the
// provider has it; unset: not sent.
func WithTopK(n int) Option { return of("top_k", n) }

// WithPresencePenalty is presence_penalty: Penalty for tokens that have
// occurred; unset: not sent.
func WithPresencePenalty(x float64) Option { return of("presence_penalty", x) }

// WithFrequencyPenalty is frequency_penalty: Penalty by how often tokens have
// occurred; unset: not sent.
func WithFrequencyPenalty(x float64) Option { return of("frequency_penalty", x) }

// WithSeed is seed: Asks for repeatable sampling, where the provider has it;
// unset: not sent.
func WithSeed(seed uint64) Option { return of("seed", seed) }

// WithN is n: Number of answers to one request; unset: one.
func WithN(n int) Option { return of("n", n) }

// WithStop is stop: Text that ends the answer; each setting adds one.
func WithStop(values ...string) Option { return each("stop", values) }

// WithReasoningEffort is reasoning_effort: How much the model thinks before it answers;
// where that is a budget of tokens, at most half of an explicit max_tokens, or the
// least that the model takes; unset: the model's own.
func WithReasoningEffort(value string) Option { return With("reasoning_effort", value) }

// WithReasoningBudget is reasoning_budget: Most tokens of thinking, where the
// provider counts them; unset: not sent.
func WithReasoningBudget(n int) Option { return of("reasoning_budget", n) }

// WithSystemPrompt is system_prompt: A system message put before every
// conversation that has none.
func WithSystemPrompt(value string) Option { return With("system_prompt", value) }

// WithTimeout is timeout_ms: Time for the whole call: all attempts and waits.
func WithTimeout(d time.Duration) Option { return in("timeout_ms", d) }

// WithConnectTimeout is connect_timeout_ms: Time to look up the name, connect
// and agree on TLS; 0: no bound.
func WithConnectTimeout(d time.Duration) Option { return in("connect_timeout_ms", d) }

// WithFirstByteTimeout is first_byte_timeout_ms: Time from the request's end
// to the answer's first byte; 0: no bound.
func WithFirstByteTimeout(d time.Duration) Option { return in("first_byte_timeout_ms", d) }

// WithFirstTokenTimeout is first_token_timeout_ms: Time from the request's
// end to the first event with content of a stream; 0: no bound.
func WithFirstTokenTimeout(d time.Duration) Option { return in("first_token_timeout_ms", d) }

// WithSilenceTimeout is silence_timeout_ms: Time without any byte; comments
// and pings count as life; 0: no bound.
func WithSilenceTimeout(d time.Duration) Option { return in("silence_timeout_ms", d) }

// WithIdleTimeout is idle_timeout_ms: Time without an event with content,
// counted from the first one; 0: no bound.
func WithIdleTimeout(d time.Duration) Option { return in("idle_timeout_ms", d) }

// WithRetryCount is retry_count: Attempts after the first one that failed.
func WithRetryCount(n int) Option { return of("retry_count", n) }

// WithRetryDelay is retry_delay_ms: Time of the first back-off; the actual
// one is random below it.
func WithRetryDelay(d time.Duration) Option { return in("retry_delay_ms", d) }

// WithMaxRetryDelay is max_retry_delay_ms: Longest back-off in milliseconds.
func WithMaxRetryDelay(d time.Duration) Option { return in("max_retry_delay_ms", d) }

// WithExponentialBackoff is exponential_backoff: Doubles the back-off from
// attempt to attempt.
func WithExponentialBackoff(on bool) Option { return of("exponential_backoff", on) }

// WithMaxRetryAfter is max_retry_after_ms: A provider that asks to wait
// longer than this ends the call.
func WithMaxRetryAfter(d time.Duration) Option { return in("max_retry_after_ms", d) }

// WithRetryAfterSend is retry_after_send: Also repeats requests that may have
// reached the provider, which may then bill twice.
func WithRetryAfterSend(on bool) Option { return of("retry_after_send", on) }

// WithRetryBudgetPercent is retry_budget_percent: Retries, as a share of the calls,
// beyond which none is made but from a reserve of 20, which fills by one a second.
func WithRetryBudgetPercent(n int) Option { return of("retry_budget_percent", n) }

// WithRateLimiting is rate_limit_rpm: Requests a minute of each model; more wait their
// turn; 0: no limit.
func WithRateLimiting(n int) Option { return of("rate_limit_rpm", n) }

// WithTokenRateLimiting is rate_limit_tpm: Tokens a minute of each model; more wait
// their turn; 0: no limit.
func WithTokenRateLimiting(n int) Option { return of("rate_limit_tpm", n) }

// WithMaxInFlight is max_in_flight: Calls of each model at one time; more wait their
// turn; 0: no limit.
func WithMaxInFlight(n int) Option { return of("max_in_flight", n) }

// WithMaxConnections is max_connections: Idle connections that are kept open.
func WithMaxConnections(n int) Option { return of("max_connections", n) }

// WithMaxIdleConnection is max_idle_connection_ms: Time after which an idle
// connection is not used again; the client's next call closes it.
func WithMaxIdleConnection(d time.Duration) Option { return in("max_idle_connection_ms", d) }

// WithStreamingEnabled is streaming_enabled: Lets plain calls use a stream
// underneath, so that silence is noticed.
func WithStreamingEnabled(on bool) Option { return of("streaming_enabled", on) }

// WithCacheEnabled is cache_enabled: Answers repeated requests from the
// response cache.
func WithCacheEnabled(on bool) Option { return of("cache_enabled", on) }

// WithCacheTTL is cache_ttl_ms: Time for which an answer is kept; 0 and
// cache.Forever: for ever.
func WithCacheTTL(d time.Duration) Option {
	if d == cache.Forever {
		d = 0
	}
	return in("cache_ttl_ms", d)
}

// WithCacheToolCalls is cache_tool_calls: Also keeps answers that call tools.
func WithCacheToolCalls(on bool) Option { return of("cache_tool_calls", on) }

// WithCacheStaleWhileRevalidate is cache_stale_while_revalidate_ms: Time
// after its expiry during which an answer is given while it is renewed; 0:
// off.
func WithCacheStaleWhileRevalidate(d time.Duration) Option {
	return in("cache_stale_while_revalidate_ms", d)
}

// WithCoalesce is coalesce: Lets identical calls in flight share one request;
// unset: where the response cache is on.
func WithCoalesce(on bool) Option { return of("coalesce", on) }

// WithBatchDedup is batch_dedup: Sends identical requests of a batch once;
// unset: as coalesce.
func WithBatchDedup(on bool) Option { return of("batch_dedup", on) }

// WithBreakerFailureThreshold is breaker_failure_threshold: Failures in a row
// that open the circuit breaker; 0: no breaker by count.
func WithBreakerFailureThreshold(n int) Option { return of("breaker_failure_threshold", n) }

// WithBreakerFailureRatio is breaker_failure_ratio: Share of failures in the
// window that opens the circuit breaker; 0: no breaker by ratio.
func WithBreakerFailureRatio(x float64) Option { return of("breaker_failure_ratio", x) }

// WithBreakerWindow is breaker_window_ms: Time that breaker_failure_ratio
// looks back.
func WithBreakerWindow(d time.Duration) Option { return in("breaker_window_ms", d) }

// WithBreakerMinCalls is breaker_min_calls: Calls in the window before
// breaker_failure_ratio counts.
func WithBreakerMinCalls(n int) Option { return of("breaker_min_calls", n) }

// WithBreakerResetTimeout is breaker_reset_timeout_ms: Time until an open
// breaker lets one trial call through.
func WithBreakerResetTimeout(d time.Duration) Option { return in("breaker_reset_timeout_ms", d) }

// WithMaxHeaderBytes is max_header_bytes: Largest head of an answer, in
// bytes; of 128 headers at most.
func WithMaxHeaderBytes(n int) Option { return of("max_header_bytes", n) }

// WithMaxEventBytes is max_event_bytes: Largest event of a stream, in bytes.
func WithMaxEventBytes(n int) Option { return of("max_event_bytes", n) }

// WithMaxResponseBytes is max_response_bytes: Largest answer, in bytes.
func WithMaxResponseBytes(n int) Option { return of("max_response_bytes", n) }

// WithAllowInsecureHTTP is allow_insecure_http: Lets a key travel over plain
// http to a host that is not loopback.
func WithAllowInsecureHTTP(on bool) Option { return of("allow_insecure_http", on) }

// WithOpenAIAPI is openai_api: Which of OpenAI's interfaces is used; auto: chat
// completions, and Responses for tools, efforts and fields that are not taken there;
// only openai has responses.
func WithOpenAIAPI(value string) Option { return With("openai_api", value) }

// WithUnsupported is unsupported: What happens with an explicit value that
// provider or model cannot take: an error before anything is sent, or it is
// left out and reported.
func WithUnsupported(value string) Option { return With("unsupported", value) }

// WithIncludeUsage is include_usage: Asks streams of chat completions for usage; unset:
// it does.
func WithIncludeUsage(on bool) Option { return of("include_usage", on) }

// WithRawEvents is raw_events: Also delivers each of the provider's own
// events as JSON.
func WithRawEvents(on bool) Option { return of("raw_events", on) }

// WithRegion is region: Which of a regional vendor's hosts is used.
func WithRegion(value string) Option { return With("region", value) }

// WithOrganizationID is organization_id: OpenAI's organisation.
func WithOrganizationID(value string) Option { return With("organization_id", value) }

// WithProjectID is project_id: OpenAI's project.
func WithProjectID(value string) Option { return With("project_id", value) }

// WithProxy is proxy: Proxy URL (http, https, socks5), or none; unset: the
// environment's.
func WithProxy(value string) Option { return With("proxy", value) }

// WithHeader is header: A header that is sent with every request.
func WithHeader(name, value string) Option { return each("header", []string{name + ": " + value}) }

// WithPreset is preset: A layer of settings for an aim, under the use case
// and everything that is set explicitly.
func WithPreset(preset Preset) Option { return of("preset", preset) }

// WithUseCase is use_case: A layer of settings for a task, under everything
// that is set explicitly.
func WithUseCase(useCase UseCase) Option { return of("use_case", useCase) }

// WithPrice is price: The price of a model, also under its dated names, in USD per
// million tokens: `model=in,out[,cached in[,cache write]]`; `=in,out` is that of all
// others; each setting adds one.
func WithPrice(values ...string) Option { return each("price", values) }

// WithPriceFile is price_file: A JSON file of models' prices in the form that
// LiteLLM publishes; read when the client is made; unset: the built-in table.
func WithPriceFile(value string) Option { return With("price_file", value) }

// WithCAFile is ca_file: PEM file of authorities, or servers' own certificates, that
// are trusted instead of the system's.
func WithCAFile(value string) Option { return With("ca_file", value) }

// WithTLSVerify is tls_verify: Checks the provider's certificate; false only
// for tests.
func WithTLSVerify(on bool) Option { return of("tls_verify", on) }

// WithAlertMinSuccessRate is alert_min_success_rate: Alerts when the share of
// calls that succeed falls below; 0: off.
func WithAlertMinSuccessRate(x float64) Option { return of("alert_min_success_rate", x) }

// WithAlertMaxLatency is alert_max_latency_ms: Alerts when the mean latency
// exceeds this many milliseconds; 0: off.
func WithAlertMaxLatency(d time.Duration) Option { return in("alert_max_latency_ms", d) }

// WithAlertMaxP99 is alert_max_p99_ms: Alerts when the 99th percentile of the
// latency exceeds this many milliseconds; 0: off.
func WithAlertMaxP99(d time.Duration) Option { return in("alert_max_p99_ms", d) }

// WithAlertMaxCostUSD is alert_max_cost_usd: Alerts when the mean cost of a
// request exceeds this many US dollars; 0: off.
func WithAlertMaxCostUSD(x float64) Option { return of("alert_max_cost_usd", x) }
