//! What an error's envelope says, whichever way it says it.

mod pieces;

use std::time::Duration;

use super::labels::of_amazon;
use super::scrub::scrub;
use super::words::ABOVE_LIMIT;
use super::{event_of, request_id};
use crate::error::{CallError, Status};
use crate::llm::context::Context;
use crate::llm::json::Json;
use crate::llm::provider::waits::{
    duration, limit_reset, retry_after, seconds_from, until, wait_in_words,
};
use crate::llm::transport::Head;
use pieces::{
    http_status, is_reason, message_of, minimax, number_at_end, numbered, wait_stated, words,
};

/// What an envelope says.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// An HTTP status that the body repeats.
    pub http: Option<u16>,
    pub code: Option<String>,
    pub kind: Option<String>,
    /// The field that is wrong.
    pub param: Option<String>,
    pub message: String,
    request_id: Option<String>,
    /// Gemini: the quotas that were exceeded.
    pub quota_ids: Vec<String>,
    /// Codes from deeper inside.
    pub reasons: Vec<String>,
    pub retry_after: Option<Duration>,
    /// OpenRouter: the limit's reset, ms since 1970.
    reset_at_ms: Option<u64>,
}

impl Facts {
    /// Where there are only words.
    pub fn of_words(message: &str) -> Facts {
        Facts { message: message.into(), ..Facts::default() }
    }

    pub fn of(root: &Json) -> Facts {
        let root = root.items().first().unwrap_or(root);
        let mut facts = Facts::default();
        let error = root.get("error");
        // Responses: a failed response states its error one level down.
        let error = if error.is_null() { root.at(&["response", "error"]) } else { error };
        // Gateways wrap what they were handed once more.
        let error = match error.get("error") {
            inner @ Json::Object(_) if error.get("message").is_null() => inner,
            _ => error,
        };
        match error {
            Json::Object(_) => facts.envelope(error),
            // Said beside what `message` says, as Nest and Spring do.
            Json::Text(text) if is_reason(text) && message_of(root.get("message")).is_some() => {}
            Json::Text(text) => facts.message = text.to_string(),
            Json::Array(items) => facts.message = words(items),
            _ => {}
        }
        if let Some((name, error)) = named_error(root) {
            facts.envelope(error);
            facts.message = message_of(error).unwrap_or_default();
            facts.kind.get_or_insert_with(|| name.into());
        }
        // SiliconFlow refuses a key with a text and nothing around it.
        if let Some(text) = root.word() {
            facts.message = text.into();
        }
        facts.bare(root);
        facts.unwrap();
        facts.reasons.extend(numbered(&facts.message).map(Into::into));
        facts.reasons.extend(of_amazon(&facts.message).map(Into::into));
        facts.reasons.extend(minimax(number_at_end(&facts.message)).map(Into::into));
        facts
    }

    /// An object under `error`.
    fn envelope(&mut self, error: &Json) {
        // The second is Open WebUI's.
        let said = ["message", "detail"].into_iter().find_map(|name| message_of(error.get(name)));
        self.message = said.unwrap_or_default();
        self.code = error.get("code").label();
        self.param = error.get("param").label();
        let status = error.get("status");
        self.kind = error.get("type").label().or_else(|| status.text().map(Into::into));
        let numbers = ["code", "status", "http_status_code", "status_code", "http_code"];
        self.http = numbers.iter().find_map(|name| http_status(error.get(name)));
        self.request_id = error.get("request_id").label();
        self.retry_after = wait_stated(error);
        for detail in error.get("details").items() {
            self.google_detail(detail);
        }
        self.reasons.extend(error.at(&["innererror", "code"]).label());
        self.reasons.extend(error.at(&["details", "error_code"]).label());
        let metadata = error.get("metadata");
        if !metadata.get("reasons").is_null() {
            self.reasons.push("moderation".into());
        }
        // OpenRouter's own word for what other forms call by one name.
        self.reasons.extend(metadata.get("error_type").label());
        self.reasons.extend(metadata.get("reason").label());
        self.reasons.extend(error.get("error_type").label());
        self.retry_after = self.retry_after.or_else(|| wait_stated(metadata));
        let raw = match metadata.get("raw") {
            Json::Text(text) => text.to_string(),
            object @ Json::Object(_) => object.to_text(),
            _ => String::new(),
        };
        if !raw.is_empty() {
            let raw = self.inner(&raw).unwrap_or(raw);
            self.message = format!("{}: {raw}", self.message);
        }
        self.reset_at_ms = metadata.at(&["headers", "X-RateLimit-Reset"]).u64();
    }

    /// What stands beside, or instead of, `error`.
    fn bare(&mut self, root: &Json) {
        let stands_alone = root.get("error").is_null();
        if self.message.is_empty() {
            let found = MESSAGES.iter().find_map(|name| message_of(root.get(name)));
            self.message = found.unwrap_or_default();
        }
        let is_bare = stands_alone || root.get("error").text().is_some();
        if is_bare {
            self.bare_labels(root);
        }
        let named = [root, root.get("response")].map(|root| root.get("error_type"));
        if is_bare {
            named.iter().for_each(|name| fill(&mut self.kind, name));
        }
        self.reasons.extend(named.iter().filter_map(|name| name.label()));
        if states_failure(root) {
            let code = root.at(&["base_resp", "status_code"]);
            fill(&mut self.code, code);
            self.reasons.extend(minimax(code.u64()).map(Into::into));
            self.message = message_of(root.at(&["base_resp", "status_msg"])).unwrap_or_default();
        }
        if self.http.is_none() {
            self.http = ["code", "status", "status_code", "statusCode", "StatusCode"]
                .into_iter()
                .find_map(|name| http_status(root.get(name)));
        }
        fill(&mut self.request_id, root.get("request_id"));
        fill(&mut self.request_id, root.get("requestId"));
        if stands_alone && root.get("message").word().is_some() {
            fill(&mut self.request_id, root.get("id"));
        }
        let stated = root.get("estimated_time").f64().and_then(seconds_from);
        self.retry_after = self.retry_after.or(stated).or_else(|| wait_stated(root));
    }

    fn bare_labels(&mut self, root: &Json) {
        fill(&mut self.code, root.get("code"));
        fill(&mut self.code, root.get("error_code"));
        if let Some(first) = root.get("errors").items().first() {
            fill(&mut self.code, first.get("code"));
        }
        self.reasons.extend(root.get("reason").label());
        self.reasons.extend(root.get("statusText").label());
        // Databricks, of its guardrails.
        self.reasons.extend(root.get("finishReason").label());
        fill(&mut self.param, root.get("param"));
        let kind = root.get("type");
        // Neither says more than that there is an error (RFC 9457 for the second).
        if !matches!(kind.text(), Some("error" | "about:blank")) {
            fill(&mut self.kind, kind);
        }
    }

    fn google_detail(&mut self, detail: &Json) {
        if let Some(delay) = detail.get("retryDelay").text() {
            self.retry_after = duration(delay);
        }
        for violation in detail.get("violations").items() {
            self.quota_ids.extend(violation.get("quotaId").label());
        }
        self.reasons.extend(detail.get("reason").label());
    }

    /// A gateway may hand on the whole envelope of another host as the message.
    fn unwrap(&mut self) {
        let outer = std::mem::take(&mut self.message);
        self.message = self.inner(&outer).unwrap_or(outer);
    }

    /// The message of an envelope in a text, whose other facts are added.
    fn inner(&mut self, text: &str) -> Option<String> {
        let text = event_of(text.as_bytes()).trim_ascii();
        if !text.starts_with(b"{") && !text.starts_with(b"[") {
            return None;
        }
        let facts = Facts::of(&Json::parse(text).ok()?);
        self.reasons.extend(facts.code.into_iter().chain(facts.kind).chain(facts.reasons));
        self.quota_ids.extend(facts.quota_ids);
        self.http = self.http.or(facts.http);
        self.param = self.param.take().or(facts.param);
        self.retry_after = self.retry_after.or(facts.retry_after);
        Some(facts.message).filter(|message| !message.is_empty())
    }

    /// The error; `http` is the status that counts, 0 where there is none.
    pub fn error(mut self, context: &Context, head: &Head, http: u16) -> CallError {
        // Amazon's kind of an error may stand in a header alone; of a 429 it says less.
        if self.code.is_none() && self.kind.is_none() && http == head.status && http != 429 {
            let kind = head.headers.get("x-amzn-errortype").and_then(|kind| kind.split(':').next());
            self.kind = kind.map(Into::into);
        }
        let status = self.status(context, http);
        let shown = if http != 0 { http } else { head.status };
        let message = match self.message.trim() {
            _ if (300..400).contains(&http) => redirect(context, head, http),
            "" => match self.code.as_ref().or(self.kind.as_ref()) {
                Some(code) => format!("{} answered HTTP {shown}: {code}", context.provider),
                None => {
                    let hint = if matches!(http, 404 | 405) { NO_SUCH_PLACE } else { "" };
                    format!("{} answered HTTP {shown} without a message{hint}", context.provider)
                }
            },
            _ => self.message.clone(),
        };
        let mut message = scrub(&message, &context.secrets);
        if let (Status::Authentication, Some(other)) = (status, context.elsewhere) {
            message.push_str(&format!(" (is the key one for {other}? see the option region)"));
        }
        let mut error = CallError::new(status, message);
        error.http_status = (shown != 0).then_some(shown);
        let shown = |word: &String| scrub(word, &context.secrets);
        error.provider_code = self.code.as_ref().or(self.kind.as_ref()).map(shown);
        error.provider_type = self.kind.as_ref().filter(|_| self.code.is_some()).map(shown);
        error.request_id = request_id(head).or_else(|| self.request_id.clone());
        error.retry_after = self.retry_after(head, status);
        let above = status == Status::RateLimited
            && self.message.to_ascii_lowercase().contains(ABOVE_LIMIT);
        error.retriable = http == 409 || error.retriable && !above;
        match head.headers.get("x-should-retry") {
            Some("true") => error.retriable = true,
            Some("false") => error.retriable = false,
            _ => {}
        }
        error
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

/// Whether the account that MiniMax gives of every answer is one of a failure.
pub(super) fn states_failure(root: &Json) -> bool {
    root.at(&["base_resp", "status_code"]).u64().is_some_and(|code| code != 0)
}

/// Whether an object states a code, an HTTP status or that there was no success, and has
/// words for it.
pub(super) fn is_numbered(root: &Json) -> bool {
    let is_number = |name: &str, json: &Json| match name {
        "code" | "error_code" => json.label().is_some(),
        "status" | "status_code" | "statusCode" | "StatusCode" => http_status(json).is_some(),
        "success" => json.bool() == Some(false),
        _ => false,
    };
    root.members().iter().any(|(name, json)| is_number(name, json))
        && !root.get("message").is_object()
        && !Facts::of(root).message.is_empty()
}

/// The name and the rest of an error that is the only member of its object, as
/// `{"ThrottlingException": {"message": "…"}}`.
pub(super) fn named_error<'a>(root: &'a Json<'_>) -> Option<(&'a str, &'a Json<'a>)> {
    let [(name, error)] = root.members() else { return None };
    let word = name.to_ascii_lowercase();
    let is_name = word != "error" && (word.ends_with("error") || word.ends_with("exception"));
    let says = error.word().is_some() || error.get("message").word().is_some();
    (is_name && says).then_some((name, error))
}

/// Where the words of an error may stand.
const MESSAGES: [&str; 10] = [
    "message",
    "Message",
    "detail",
    "msg",
    "error_description",
    "error_message",
    "error_msg",
    "errorMessage",
    "errors",
    "title",
];

/// Takes a label for what has none yet.
fn fill(slot: &mut Option<String>, json: &Json) {
    if slot.is_none() {
        *slot = json.label();
    }
}

/// What is likely where there is nothing at an address, or nothing that takes a POST. What
/// a provider says stands as it is.
const NO_SUCH_PLACE: &str = " (is base_url the address of an API, up to its version?)";

/// Words for a redirect, which is never followed: the key must not go along. Of
/// where it leads only the host is shown.
fn redirect(context: &Context, head: &Head, http: u16) -> String {
    let place = head.headers.get("location").and_then(|to| to.split_once("//"));
    let host = place.and_then(|(_, rest)| rest.split(['/', '?', '#']).next()?.rsplit('@').next());
    let to = host.map(|host| format!(" to {host}")).unwrap_or_default();
    let provider = context.provider;
    format!("{provider} answered HTTP {http}, a redirect{to}, which is not followed: see base_url")
}
