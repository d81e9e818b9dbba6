//! What the facts of an error mean.

use super::facts::Facts;
use super::labels::{SURELY_A_MODEL, bare, by_label};
use super::words::{
    BAD_KEY, CAP_TOO_HIGH, CRASHED, DEGRADED, FILTERED, FULL, LACKS, NO_HOST, NO_MONEY, NOT_HERE,
    NOT_WANTED, OF_A_MINUTE, SPENT, TOO_FAST, TOO_LONG, TOO_MUCH, UNFIT, UNKNOWN, USED_UP,
};
use crate::error::Status;
use crate::llm::context::Context;

impl Facts {
    /// The status, given what HTTP said; 0 where it said nothing.
    pub(super) fn status(&self, context: &Context, http: u16) -> Status {
        let labels = self.labels(http);
        let told = most_precise(&labels);
        let message = self.message.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        let asked = context.model.to_ascii_lowercase();
        let names_model =
            !self.blames_a_field() && (says(&["model"]) || !asked.is_empty() && says(&[&asked]));
        match told {
            Some(Status::RateLimited) if self.is_daily() => Status::QuotaExhausted,
            // Its words are the same for a minute's limit and a day's; Kimi calls a plan
            // that is used up a lack of permission.
            Some(Status::RateLimited | Status::Permission) if self.is_spent(&says) => {
                Status::QuotaExhausted
            }
            // OpenAI, of one's own growth; with a 503 it is everybody's.
            Some(Status::Overloaded) if http == 429 && labels.iter().any(|l| l == "slowdown") => {
                Status::RateLimited
            }
            // Tencent's kind is the same for what has been paid for and is used up.
            Some(Status::Permission) if http == 402 => Status::QuotaExhausted,
            // SambaNova's code is the same for a limit of a minute.
            Some(Status::QuotaExhausted)
                if http == 429
                    && says(&["rate limit exceeded"])
                    && !says(NO_MONEY)
                    && !says(SPENT) =>
            {
                Status::RateLimited
            }
            // xAI's code is the same for what its filter refuses.
            Some(Status::Permission) if says(FILTERED) => Status::ContentFilter,
            Some(Status::QuotaExhausted)
                if matches!(http, 429 | 0) && says(OF_A_MINUTE) && !says(SPENT) =>
            {
                Status::RateLimited
            }
            Some(Status::BadRequest) if http == 0 => by_words(400, names_model, &says),
            None if http == 0 && labels.iter().any(|label| blames_the_request(label)) => {
                by_words(400, names_model, &says)
            }
            // OpenCode, of a model that it does not serve.
            None if http == 401 && labels.iter().any(|label| label == "modelerror") => {
                Status::ModelNotFound
            }
            // Copilot, of a month's, in these words alone; Google's go on with which.
            None if http == 429 && message.trim() == "quota exceeded" => Status::QuotaExhausted,
            Some(Status::BadRequest) | None => by_words(http, names_model, &says),
            Some(Status::ModelNotFound)
                if !names_model && !labels.iter().any(|l| SURELY_A_MODEL.contains(&l.as_str())) =>
            {
                Status::BadRequest
            }
            Some(status) => status,
        }
    }

    /// Codes and kinds, but for one that repeats HTTP's: it says nothing that the words
    /// would not.
    fn labels(&self, http: u16) -> Vec<String> {
        let all = self.code.iter().chain(&self.kind).chain(&self.reasons);
        all.map(|label| bare(label)).filter(|label| *label != http.to_string()).collect()
    }

    /// Whether another field than the model is wrong, whatever the words name besides;
    /// LiteLLM writes None as a text.
    fn blames_a_field(&self) -> bool {
        let param = self.param.as_deref().unwrap_or("none").to_ascii_lowercase();
        param != "none" && !param.contains("model")
    }

    /// Gemini says the same for a minute's and a day's quota, except in the id.
    fn is_daily(&self) -> bool {
        self.quota_ids.iter().any(|id| bare(id).contains("perday"))
    }

    /// A limit of which only the words say that waiting does not lift it.
    fn is_spent(&self, says: &dyn Fn(&[&str]) -> bool) -> bool {
        self.quota_ids.is_empty() && self.retry_after.is_none() && says(SPENT)
    }
}

/// What labels say: of a precise one and a vague one the precise one holds.
fn most_precise(labels: &[String]) -> Option<Status> {
    let told = labels.iter().filter_map(|label| by_label(label));
    told.min_by_key(|status| match status {
        Status::BadRequest => 2,
        Status::RateLimited | Status::ModelNotFound => 1,
        _ => 0,
    })
}

/// Whether a code names something wrong with what was sent; it decides only
/// where no HTTP status does.
fn blames_the_request(label: &str) -> bool {
    ["invalid", "unsupported", "missing"].iter().any(|start| label.starts_with(start))
        || label.contains("image")
}

/// What the HTTP status means, refined by the words where codes are silent.
fn by_words(http: u16, names_model: bool, says: &dyn Fn(&[&str]) -> bool) -> Status {
    match http {
        429 | 0 if says(TOO_FAST) => Status::RateLimited,
        429 | 0 if says(TOO_MUCH) => Status::QuotaExhausted,
        400 | 0 if says(DEGRADED) => Status::Overloaded,
        500 if says(UNFIT) => Status::BadRequest,
        400 | 404 if says(LACKS) => Status::BadRequest,
        404 if says(NOT_WANTED) => Status::Permission,
        400 if says(CAP_TOO_HIGH) => Status::BadRequest,
        400 if says(CRASHED) => Status::Server,
        // Ollama says so with a 500.
        400 | 413 | 422 | 500 | 0 if says(TOO_LONG) => Status::ContextLength,
        400 | 403 | 412 | 429 | 0 if says(NO_MONEY) || says(SPENT) => Status::QuotaExhausted,
        400 | 404 | 0 if names_model && says(UNKNOWN) => Status::ModelNotFound,
        400 | 403 | 0 if says(BAD_KEY) => Status::Authentication,
        400 | 403 | 424 | 498 | 0 if says(FILTERED) => Status::ContentFilter,
        400 if says(NOT_HERE) => Status::Permission,
        401 | 498 => Status::Authentication,
        402 => Status::QuotaExhausted,
        403 => Status::Permission,
        // 410: NVIDIA's models that have reached their end.
        404 | 410 if names_model || says(NO_HOST) => Status::ModelNotFound,
        408 => Status::Timeout,
        // 499: Gemini gives up what nobody has cancelled.
        424 | 499 => Status::Server,
        429 if says(USED_UP) => Status::QuotaExhausted,
        429 if says(FULL) => Status::Overloaded,
        429 => Status::RateLimited,
        503 | 529 => Status::Overloaded,
        0 if says(&["overloaded", "at capacity", "too busy", "loading"]) => Status::Overloaded,
        0 if says(&["rate limit", "too many requests"]) => Status::RateLimited,
        0 | 500.. => Status::Server,
        _ => Status::BadRequest,
    }
}
