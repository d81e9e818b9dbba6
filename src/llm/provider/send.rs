//! What all dialects do the same way when a request is written.

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;

use serde_json::{Map, Value};

use super::exact::Exact;
use super::wanted::Wanted;
use super::{Access, Chat, Context, Prepared, hosts};
use crate::error::{Error, Result};
use crate::llm::message::{Message, Origin, Role};
use crate::llm::transport::HttpRequest;
use crate::options::Resolved;
use crate::options::client::ClientOptions;

/// Adds headers, the caller's own fields and the context to a body.
pub fn prepare(
    chat: &Chat,
    wanted: Wanted,
    url: String,
    mut body: Map<String, Value>,
) -> Result<Prepared> {
    if let Some(extra) = &chat.request.extra_json {
        overlay(&mut body, extra);
    }
    check_said(chat, &wanted, &body)?;
    let (provider, model) = (wanted.provider, wanted.model.as_str());
    let to = Target { options: chat.options, provider, model, stream: chat.stream };
    seal(to, url, &body, wanted.adjusted)
}

/// Refuses a conversation in which nothing is said.
fn check_said(chat: &Chat, wanted: &Wanted, body: &Map<String, Value>) -> Result<()> {
    let extra = chat.request.extra_json.as_ref();
    let says = |field: &str| extra.is_some_and(|extra| extra.contains_key(field));
    if chat.request.messages.is_empty() && !SPOKEN_IN.into_iter().any(says) {
        let reason = "there is none; add one, or give the provider's own field in extra_json";
        return Err(Error::invalid("messages", reason));
    }
    // Not Responses' `input`: there a conversation may lie with the vendor.
    let is_left_empty =
        |field: &str| body.get(field) == Some(&Value::Array(Vec::new())) && !says(field);
    if ["messages", "contents"].into_iter().any(is_left_empty) {
        let reason =
            format!("{} needs one beside the system's; add what the user says", wanted.provider);
        return Err(Error::invalid("messages", reason));
    }
    Ok(())
}

/// The fields in which the dialects say what is said; Responses also knows stored
/// prompts.
const SPOKEN_IN: [&str; 4] = ["messages", "contents", "input", "prompt"];

/// Whom a body goes to.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The call's options.
    pub options: &'a Resolved<ClientOptions>,
    /// The provider.
    pub provider: &'static str,
    /// The model.
    pub model: &'a str,
    /// Whether a stream is asked for.
    pub stream: bool,
}

/// Makes a request of a finished body.
pub fn seal(
    to: Target,
    url: String,
    body: &Map<String, Value>,
    adjusted: Vec<String>,
) -> Result<Prepared> {
    let access = Access::of(to.options);
    let headers = access.headers(to.stream)?;
    let (body, fields) = write(body)
        .map_err(|e| Error::Internal(format!("the request could not be written: {e}")))?;
    let options = &to.options.values;
    let context = Context {
        provider: to.provider,
        model: to.model.into(),
        account: access.account.clone(),
        seed: seed(&body),
        raw_events: options.raw_events,
        max_event_bytes: usize::try_from(options.max_event_bytes).unwrap_or(usize::MAX),
        base64: false,
        secrets: access.secrets.clone(),
        elsewhere: access.elsewhere,
        is_unpriced: hosts::is_openais_region(&url),
    };
    Ok(Prepared { http: HttpRequest { url, headers, body }, fields, adjusted, context })
}

/// A body of so many bytes is written without growing on the way.
const SHORT_BODY: usize = 512;

/// The object as JSON, and where each of its fields stands in it.
fn write(body: &Map<String, Value>) -> serde_json::Result<(Vec<u8>, Vec<Range<usize>>)> {
    let (mut out, mut fields) = (Vec::with_capacity(SHORT_BODY), Vec::with_capacity(body.len()));
    out.push(b'{');
    for (name, value) in body {
        if out.len() > 1 {
            out.push(b',');
        }
        let from = out.len();
        serde_json::to_writer(&mut out, name)?;
        out.push(b':');
        serde_json::to_writer(&mut out, &Exact(value))?;
        fields.push(from..out.len());
    }
    out.push(b'}');
    Ok((out, fields))
}

/// Lays the caller's fields over the body: objects are merged, null removes.
pub fn overlay(body: &mut Map<String, Value>, extra: &Map<String, Value>) {
    for (key, value) in extra {
        match (body.get_mut(key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => overlay(old, new),
            (_, Value::Null) => drop(body.shift_remove(key)),
            _ => drop(body.insert(key.clone(), value.clone())),
        }
    }
}

fn seed(body: &[u8]) -> u64 {
    let mut hasher = rapidhash::fast::SeedableState::fixed().build_hasher();
    hasher.write(body);
    hasher.finish()
}

/// Adds a field to what is written, if there is something to say in it.
pub fn put(to: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        to.insert(key.into(), value.into());
    }
}

/// Hands on fields that the dialect knows, and refuses the others.
pub fn other_fields(
    other: &Map<String, Value>,
    wanted: &mut Wanted,
    known: &[&str],
    body: &mut Map<String, Value>,
) -> Result<()> {
    for (key, value) in other {
        if known.contains(&key.as_str()) {
            body.insert(key.clone(), value.clone());
        } else if *value != Value::Bool(false) {
            wanted.refuse(key, "does not take it")?;
        }
    }
    Ok(())
}

/// Refuses what a caller says in the vendor's own field for the system, if a message or
/// the option says something there already.
pub fn check_system(
    other: &mut Map<String, Value>,
    field: &str,
    body: &Map<String, Value>,
    wanted: &mut Wanted,
) -> Result<()> {
    if body.contains_key(field) && other.shift_remove(field).is_some() {
        wanted.refuse(field, "has what the system says from the messages already")?;
    }
    Ok(())
}

/// Puts members into a field of the caller's, beside and never over its own.
pub fn with_own(other: &mut Map<String, Value>, field: &str, members: Map<String, Value>) {
    let own = other.entry(field).or_insert_with(|| Map::new().into());
    if let Value::Object(own) = own {
        for (key, value) in members {
            own.entry(key).or_insert(value);
        }
    }
}

/// The option's system message, for conversations that have none.
pub fn system_prompt<'a>(chat: &'a Chat) -> Option<&'a str> {
    let has_own = chat.request.messages.iter().any(|message| message.role == Role::System);
    chat.options.values.system_prompt.as_deref().filter(|text| !text.is_empty() && !has_own)
}

/// A call's id as a vendor takes it that limits its length or letters: an id
/// of another provider's making may have others.
pub fn fitting_id(id: &str, most: usize, takes: fn(char) -> bool) -> String {
    if id.len() <= most && id.chars().all(takes) {
        return id.into();
    }
    let kept: String = id.chars().filter(|c| takes(*c)).take(most - 17).collect();
    format!("{kept}_{:016x}", seed(id.as_bytes()))
}

/// The same for a vendor that takes nine letters and digits and nothing else.
pub fn id_of_nine(id: &str) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return id.into();
    }
    let digest = seed(id.as_bytes());
    let letter = |place: u32| LETTERS[(digest / 62_u64.pow(place) % 62) as usize];
    (0..9).map(|place| char::from(letter(place))).collect()
}

/// The origin of a message, if this provider, model and account said it and
/// may have its own blocks back.
pub fn own<'a>(chat: &Chat, message: &'a Message, wanted: &Wanted) -> Option<&'a Origin> {
    let origin = message.origin.as_ref()?;
    let is_account =
        || origin.account.is_empty() || *origin.account == *Access::of(chat.options).account;
    let same = origin.provider == wanted.provider
        && same_model(&origin.model, &wanted.model)
        && is_account();
    same.then_some(origin)
}

/// A model's name without what goes without saying: that Gemini's is a resource, and the
/// tag that Ollama gives one that has none.
fn bare(model: &str) -> &str {
    let model = model.strip_prefix("models/").unwrap_or(model);
    model.strip_suffix(":latest").unwrap_or(model)
}

/// Whether two names mean one model: the same, or one with a date added.
fn same_model(a: &str, b: &str) -> bool {
    let (a, b) = (bare(a), bare(b));
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    long.strip_prefix(short).is_some_and(|rest| {
        rest.is_empty()
            || rest.len() >= 5
                && rest.starts_with(['-', '@', ':'])
                && rest[1..].chars().all(|c| c.is_ascii_digit() || c == '-')
    })
}
