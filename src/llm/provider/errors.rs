//! A vendor's refusal, as one status.
//!
//! Envelopes differ (an object, a text, a list, a bare `message`), but all hold
//! some of the same facts; [`Facts`] gathers them. What happened is then told
//! by code and type, then by quota id and HTTP status. The words of a message
//! decide only where a vendor gives nothing else.

use std::time::Duration;

use super::Context;
use super::waits::{limit_reset, retry_after, seconds_from, until, wait_in_words};
use crate::error::{CallError, Error, Status};
use crate::llm::json::Json;
use crate::llm::transport::Head;

/// Longest message that is handed on, in characters.
const MESSAGE_MAX: usize = 2_000;

/// Reads an answer with an error status.
pub fn read(context: &Context, head: &Head, body: &[u8]) -> CallError {
    let facts = match Json::parse(body) {
        Ok(json) => Facts::of(&json),
        Err(_) => Facts { message: text_of(body), ..Facts::default() },
    };
    facts.error(context, head, head.status)
}

/// The error inside an answer whose status is fine, if there is one. `name` is
/// the type of the event that it came in.
pub fn inside(context: &Context, head: &Head, name: &[u8], json: &Json) -> Option<Error> {
    let error = json.get("error");
    if error.is_null() && name.is_empty() && !json.get("choices").items().is_empty() {
        return None;
    }
    let stated = error.is_object() || error.word().is_some();
    let kind = json.get("type").text();
    let bare = || {
        json.get("object").text() == Some("error")
            || kind == Some("error")
            || name == b"error"
            || json.get("code").label().is_some()
                && json.get("message").word().is_some()
                && json.get("choices").is_null()
                && kind.is_none()
    };
    if !stated && !bare() {
        return None;
    }
    Some(stated_in(context, head, json))
}

/// The error that this JSON states, with its own status.
pub fn stated_in(context: &Context, head: &Head, json: &Json) -> Error {
    let facts = Facts::of(json);
    let http = facts.http.unwrap_or(0);
    Error::Call(Box::new(facts.error(context, head, http)))
}

/// An error of this status, with what the head says.
pub fn with_head(head: &Head, status: Status, message: impl Into<String>) -> Error {
    let mut error = CallError::new(status, message);
    error.http_status = (head.status != 0).then_some(head.status);
    error.request_id = request_id(head);
    Error::Call(Box::new(error))
}

/// What an envelope says.
#[derive(Debug, Default)]
struct Facts {
    /// An HTTP status that the body repeats.
    http: Option<u16>,
    code: Option<String>,
    kind: Option<String>,
    message: String,
    request_id: Option<String>,
    /// Gemini: the quotas that were exceeded, and reasons.
    quota_ids: Vec<String>,
    reasons: Vec<String>,
    retry_after: Option<Duration>,
    /// OpenRouter: the limit's reset, ms since 1970.
    reset_at_ms: Option<u64>,
}

impl Facts {
    fn of(root: &Json) -> Facts {
        let root = root.items().first().unwrap_or(root);
        let mut facts = Facts::default();
        let error = root.get("error");
        // Responses: a failed response states its error one level down.
        let error = if error.is_null() { root.at(&["response", "error"]) } else { error };
        match error {
            Json::Object(_) => facts.envelope(error),
            Json::Text(text) => facts.message = text.to_string(),
            Json::Array(items) => facts.message = words(items),
            _ => {}
        }
        facts.bare(root);
        facts
    }

    /// An object under `error`.
    fn envelope(&mut self, error: &Json) {
        self.message = message_of(error.get("message")).unwrap_or_default();
        self.code = error.get("code").label();
        let status = error.get("status");
        self.kind = error.get("type").label().or_else(|| status.text().map(Into::into));
        self.http = [error.get("code"), status, error.get("http_status_code")]
            .into_iter()
            .find_map(http_status);
        self.request_id = error.get("request_id").label();
        for detail in error.get("details").items() {
            self.google_detail(detail);
        }
        let inner = error.at(&["innererror", "code"]);
        self.reasons.extend(inner.label());
        let metadata = error.get("metadata");
        if !metadata.get("reasons").is_null() {
            self.reasons.push("moderation".into());
        }
        if let Some(raw) = metadata.get("raw").word() {
            self.message = format!("{}: {raw}", self.message);
        }
        self.reset_at_ms = metadata.at(&["headers", "X-RateLimit-Reset"]).u64();
    }

    /// What stands beside, or instead of, `error`.
    fn bare(&mut self, root: &Json) {
        let fill = |slot: &mut Option<String>, json: &Json| {
            if slot.is_none() {
                *slot = json.label();
            }
        };
        if self.message.is_empty() {
            let names = ["message", "detail", "msg", "error_description", "errors"];
            let found = names.iter().find_map(|name| message_of(root.get(name)));
            self.message = found.unwrap_or_default();
        }
        if root.get("error").is_null() || root.get("error").text().is_some() {
            fill(&mut self.code, root.get("code"));
            fill(&mut self.kind, root.get("error_type"));
            let kind = root.get("type");
            if kind.text() != Some("error") {
                fill(&mut self.kind, kind);
            }
        }
        if self.http.is_none() {
            self.http = [root.get("code"), root.get("status"), root.get("status_code")]
                .into_iter()
                .find_map(http_status);
        }
        fill(&mut self.request_id, root.get("request_id"));
        if let Some(seconds) = root.get("estimated_time").f64() {
            self.retry_after = seconds_from(seconds);
        }
    }

    fn google_detail(&mut self, detail: &Json) {
        if let Some(delay) = detail.get("retryDelay").text() {
            self.retry_after = delay.strip_suffix('s').and_then(|s| seconds_from(s.parse().ok()?));
        }
        for violation in detail.get("violations").items() {
            self.quota_ids.extend(violation.get("quotaId").label());
        }
        self.reasons.extend(detail.get("reason").label());
    }

    fn error(self, context: &Context, head: &Head, http: u16) -> CallError {
        let status = self.status(context, http);
        let shown = if http != 0 { http } else { head.status };
        let message = match self.message.trim() {
            "" if (300..400).contains(&http) => redirect(context, head, http),
            "" => format!("{} answered HTTP {shown} without a message", context.provider),
            words => words.to_string(),
        };
        let mut message = scrub(&message, context.secret.as_deref());
        if let (Status::Authentication, Some(other)) = (status, context.elsewhere) {
            message.push_str(&format!(" (is the key one for {other}? see the option region)"));
        }
        let mut error = CallError::new(status, message);
        error.http_status = (shown != 0).then_some(shown);
        error.provider_code = self.code.clone().or_else(|| self.kind.clone());
        error.request_id = request_id(head).or_else(|| self.request_id.clone());
        error.retry_after = self.retry_after(head, status);
        error.retriable = error.retriable || http == 409;
        match head.headers.get("x-should-retry") {
            Some("true") => error.retriable = true,
            Some("false") => error.retriable = false,
            _ => {}
        }
        error
    }

    fn status(&self, context: &Context, http: u16) -> Status {
        let labels = [self.code.as_deref(), self.kind.as_deref()];
        let labels = labels.into_iter().flatten().chain(self.reasons.iter().map(String::as_str));
        let mut told: Vec<Status> = labels.filter_map(|label| by_label(label, http)).collect();
        // Of a precise code and a vague type the precise one holds.
        told.sort_by_key(|status| matches!(status, Status::BadRequest | Status::Server));
        let message = self.message.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        match told.first() {
            Some(Status::RateLimited) if self.is_daily() => Status::QuotaExhausted,
            Some(Status::RateLimited) if context.provider == "gemini" => Status::RateLimited,
            Some(Status::BadRequest) | None => by_words(context, http, &says),
            // Anthropic and others: any missing thing, not only a model.
            Some(Status::ModelNotFound) if !self.names_a_model(context, &says) => {
                Status::BadRequest
            }
            Some(status) => *status,
        }
    }

    /// Gemini says the same for a minute's and a day's quota, except in the id.
    fn is_daily(&self) -> bool {
        self.quota_ids.iter().any(|id| id.contains("PerDay"))
    }

    fn names_a_model(&self, context: &Context, says: &dyn Fn(&[&str]) -> bool) -> bool {
        let sure = ["model_not_found", "20012", "DeploymentNotFound", "model_not_available"];
        let label = |label: &Option<String>| label.as_deref().is_some_and(|l| sure.contains(&l));
        label(&self.code)
            || label(&self.kind)
            || says(&["model"])
            || !context.model.is_empty() && says(&[&context.model.to_ascii_lowercase()])
    }

    fn retry_after(&self, head: &Head, status: Status) -> Option<Duration> {
        let headers = &head.headers;
        let waits = matches!(
            status,
            Status::RateLimited | Status::Overloaded | Status::Server | Status::Timeout
        );
        // Beside a 2xx the header means nothing, even if an error follows in the body.
        let stated = if (200..300).contains(&head.status) { None } else { retry_after(headers) };
        stated
            .or(self.retry_after)
            .or_else(|| self.reset_at_ms.and_then(|ms| until(headers, ms)))
            .or_else(|| if waits { limit_reset(headers) } else { None })
            .or_else(|| if waits { wait_in_words(&self.message) } else { None })
    }
}

/// Words for a redirect, which is never followed: the key must not go along. Of
/// where it leads only the host is shown.
fn redirect(context: &Context, head: &Head, http: u16) -> String {
    let place = head.headers.get("location").and_then(|to| to.split_once("//"));
    let host = place.and_then(|(_, rest)| rest.split(['/', '?', '#']).next()?.rsplit('@').next());
    let to = host.map(|host| format!(" to {host}")).unwrap_or_default();
    let provider = context.provider;
    format!("{provider} answered HTTP {http}, a redirect{to}, which is not followed: see base_url")
}

/// What a code or type means, whoever uses it.
fn by_label(label: &str, http: u16) -> Option<Status> {
    let label = label.to_ascii_lowercase();
    Some(match label.as_str() {
        "insufficient_quota"
        | "billing_error"
        | "exceeded_current_quota_error"
        | "billing_hard_limit_reached"
        | "billing_not_active"
        | "insufficient_balance"
        | "insufficient_credits"
        | "30001"
        | "402" => Status::QuotaExhausted,
        "rate_limit_error"
        | "rate_limit_exceeded"
        | "rate_limit_reached_error"
        | "rate_limit_reached"
        | "too_many_requests"
        | "rate_limited"
        | "ratelimitreached"
        | "resource_exhausted"
        | "tokens"
        | "requests"
        | "429" => Status::RateLimited,
        "overloaded_error"
        | "overloaded"
        | "engine_overloaded_error"
        | "engine_overloaded"
        | "server_overloaded"
        | "unavailable"
        | "service_unavailable"
        | "service_unavailable_error"
        | "model_overloaded"
        | "slow_down"
        | "nocapacity"
        | "service_tier_capacity_exceeded"
        | "50505"
        | "50603"
        | "503"
        | "529" => Status::Overloaded,
        "context_length_exceeded"
        | "context_window_exceeded"
        | "model_max_prompt_tokens_exceeded" => Status::ContextLength,
        "content_filter"
        | "content_policy_violation"
        | "responsibleaipolicyviolation"
        | "moderation"
        | "content_filter_error"
        | "data_inspection_failed"
        | "moderation_blocked" => Status::ContentFilter,
        "model_not_found"
        | "deploymentnotfound"
        | "model_not_available"
        | "20012"
        | "resource_not_found_error"
        | "not_found_error"
        | "not_found"
        | "notfounderror" => Status::ModelNotFound,
        "authentication_error"
        | "invalid_api_key"
        | "invalid_authentication_error"
        | "incorrect_api_key_error"
        | "unauthenticated"
        | "api_key_invalid"
        | "unauthorized"
        | "invalid_authentication" => Status::Authentication,
        "permission_error"
        | "permission_denied"
        | "permission_denied_error"
        | "access_terminated_error"
        | "unsupported_country_region_territory"
        | "access_denied" => Status::Permission,
        // These say nothing that a status of its own meaning would not say better.
        "api_error" | "server_error" | "internal_server_error" | "internal" | "internal_error"
            if !matches!(http, 402 | 429 | 503 | 529) =>
        {
            Status::Server
        }
        "timeout_error" | "deadline_exceeded" | "timeout" => Status::Server,
        "invalid_request_error" if http == 0 => Status::BadRequest,
        _ => return None,
    })
}

/// What the HTTP status means, refined by the words where codes are silent.
fn by_words(context: &Context, http: u16, says: &dyn Fn(&[&str]) -> bool) -> Status {
    let model = context.model.to_ascii_lowercase();
    let names_model = || says(&["model"]) || !model.is_empty() && says(&[&model]);
    match http {
        400 | 413 | 422 | 0 if says(TOO_LONG) => Status::ContextLength,
        400 | 403 | 429 if says(NO_MONEY) => Status::QuotaExhausted,
        400 | 404 if names_model() && says(UNKNOWN) => Status::ModelNotFound,
        400 if says(&["api key not valid", "invalid api key", "api key expired"]) => {
            Status::Authentication
        }
        401 | 498 => Status::Authentication,
        402 => Status::QuotaExhausted,
        403 => Status::Permission,
        404 if names_model() => Status::ModelNotFound,
        408 => Status::Timeout,
        429 if says(&["/ month", "per month", "monthly", "weekly usage limit", "per day"]) => {
            Status::QuotaExhausted
        }
        429 if says(&["overloaded", "capacity exceeded", "at capacity", "too busy"]) => {
            Status::Overloaded
        }
        429 => Status::RateLimited,
        503 | 529 => Status::Overloaded,
        0 if says(&["overloaded", "at capacity", "too busy", "loading"]) => Status::Overloaded,
        0 if says(&["rate limit", "too many requests"]) => Status::RateLimited,
        0 | 500.. => Status::Server,
        _ => Status::BadRequest,
    }
}

const TOO_LONG: &[&str] = &[
    "prompt is too long",
    "maximum context length",
    "exceeds the maximum number of tokens",
    "context length",
    "context window",
    "context size",
    "input is too long",
    "input length and `max_tokens` exceed",
    "too many tokens",
    "maximum prompt length",
    "`inputs` tokens + `max_new_tokens` must be",
];
const NO_MONEY: &[&str] = &[
    "credit balance is too low",
    "insufficient balance",
    "insufficient credits",
    "balance is insufficient",
    "exceeded your monthly included credits",
    "exceeded current quota",
    "billing hard limit",
];
const UNKNOWN: &[&str] =
    &["not found", "does not exist", "not exist", "unknown model", "invalid model"];

/// A message, which may be a text, a list of texts, or JSON in a text.
fn message_of(json: &Json) -> Option<String> {
    match json {
        Json::Text(text) if text.is_empty() => None,
        Json::Text(text) => Some(text.to_string()),
        Json::Array(items) => Some(words(items)).filter(|words| !words.is_empty()),
        Json::Object(_) => message_of(json.get("message")).or_else(|| Some(json.to_text())),
        _ => None,
    }
}

fn words(items: &[Json]) -> String {
    let word = |item: &Json| match item {
        Json::Text(text) => Some(text.to_string()),
        _ => message_of(item.get("msg")).or_else(|| message_of(item.get("message"))),
    };
    items.iter().filter_map(word).collect::<Vec<_>>().join("; ")
}

fn http_status(json: &Json) -> Option<u16> {
    let number = json.u64().filter(|n| (400..600).contains(n))?;
    u16::try_from(number).ok()
}

/// A body that is no JSON: its text, unless it is a web page.
fn text_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.starts_with('<') { String::new() } else { text.to_string() }
}

/// The provider's id of a request.
pub fn request_id(head: &Head) -> Option<String> {
    const NAMES: &[&str] = &[
        "x-request-id",
        "request-id",
        "x-ds-trace-id",
        "x-debug-trace-id",
        "x-siliconcloud-trace-id",
        "msh-request-id",
        "x-goog-request-id",
        "apim-request-id",
        "x-amzn-requestid",
    ];
    NAMES.iter().find_map(|name| head.headers.get(name)).map(Into::into)
}

/// A message without the key, whole or as some vendors repeat it, and of a
/// bearable length.
fn scrub(message: &str, secret: Option<&str>) -> String {
    let mut text = message.to_string();
    if let Some(secret) = secret.filter(|secret| secret.len() >= 4) {
        text = text.replace(secret, "(key)");
    }
    let starts = ["sk-", "sk_", "AIza", "hf_", "gsk_", "xai-", "key-"];
    let hides = |word: &str| {
        let bare = word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        bare.len() >= 8 && starts.iter().any(|start| bare.starts_with(start))
    };
    if text.split_whitespace().any(hides) {
        let words: Vec<_> =
            text.split_whitespace().map(|w| if hides(w) { "(key)" } else { w }).collect();
        text = words.join(" ");
    }
    if let Some((end, _)) = text.char_indices().nth(MESSAGE_MAX) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}
