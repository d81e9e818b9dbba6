//! Where a client's calls go, and as whom, and to which model.
//!
//! All this is the same on every call with the same options, so it is worked out on the
//! first one and kept with the options.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::hosts::{self, Host};
use super::models::{self, Takes};
use crate::error::Result;
use crate::llm::transport::Headers;
use crate::options::client::ClientOptions;
use crate::options::{Resolved, presets, url};

/// What a provider knows its caller by.
pub struct Access {
    /// The address that endpoints follow on, or why there is none.
    base: Result<String>,
    /// What goes with each request, but for `accept`; or why none can be made.
    headers: Result<[Headers; 2]>,
    /// A digest of key and host; says nothing about either.
    pub account: Arc<str>,
    /// What no message may show: the key, and what headers and address have of such.
    pub secrets: Arc<[Arc<str>]>,
    /// The model that is asked, if one is known.
    pub model: Option<String>,
    /// What that model takes; where none is known, what the provider does.
    pub takes: &'static Takes,
    /// The base of the same vendor's other region.
    pub elsewhere: Option<&'static str>,
}

impl Access {
    /// Of these options.
    pub fn of(options: &Resolved<ClientOptions>) -> Arc<Access> {
        options.memo.get(|| Access::new(&options.values))
    }

    fn new(options: &ClientOptions) -> Access {
        let base = hosts::base(options);
        let url = base.as_deref().map(|base| joined(base, "/")).unwrap_or_default();
        let in_address = url::authority(&url).contains('@') || !url::secrets(&url).is_empty();
        let key = match hosts::key(options, &url) {
            // It stands elsewhere.
            Err(_) if in_address || key_header(options).is_some() => Ok(None),
            key => key,
        };
        let known = key.as_ref().ok().copied().flatten();
        let provider = hosts::find(&options.provider).name;
        let model = model(options, provider);
        let secrets = secrets(options, known, &url);
        let key = key.and_then(|key| {
            let what = match (key, key_header(options)) {
                (Some(_), _) => Some("a key".to_string()),
                _ if in_address => Some("the user or key in it".to_string()),
                (None, header) => header.map(|name| format!("the header {name}")),
            };
            what.map_or(Ok(()), |what| hosts::check_sealed(options, &url, &what)).map(|()| key)
        });
        Access {
            account: account(known, &url),
            secrets,
            takes: models::takes(provider, model.as_deref().unwrap_or_default()),
            model,
            elsewhere: hosts::elsewhere(&url),
            headers: key.map(|key| [false, true].map(|stream| headers(options, key, &url, stream))),
            base,
        }
    }

    /// The address of an endpoint, such as `/chat/completions`.
    pub fn url(&self, endpoint: &str) -> Result<String> {
        Ok(joined(self.base.as_ref().map_err(Clone::clone)?, endpoint))
    }

    /// The headers of a request.
    pub fn headers(&self, stream: bool) -> Result<Headers> {
        let headers = self.headers.as_ref().map_err(Clone::clone)?;
        Ok(headers[usize::from(stream)].clone())
    }

    /// Whether calls can be made at all.
    pub fn is_usable(&self) -> bool {
        self.base.is_ok() && self.headers.is_ok()
    }
}

/// The model of the options, or the provider's of the size that they ask for.
fn model(options: &ClientOptions, provider: &str) -> Option<String> {
    let by_size = || {
        let size = presets::model_size(&options.preset, &options.use_case);
        models::default_model(provider, size).map(Into::into)
    };
    options.model.clone().or_else(by_size).filter(|model| !model.is_empty())
}

/// An endpoint's address; what either has of a query goes to the end.
fn joined(base: &str, endpoint: &str) -> String {
    let parted = |text| str::split_once(text, '?').map_or((text, None), |(a, b)| (a, Some(b)));
    let ((path, query), (endpoint, more)) = (parted(base), parted(endpoint));
    let mut url = [path.trim_end_matches('/'), endpoint].concat();
    for (i, query) in [more, query].into_iter().flatten().enumerate() {
        url.push(if i == 0 { '?' } else { '&' });
        url.push_str(query);
    }
    url
}

fn secrets(options: &ClientOptions, key: Option<&str>, url: &str) -> Arc<[Arc<str>]> {
    let lines = options.header.iter().filter_map(|line| line.split_once(':'));
    let secret = lines.filter(|(name, _)| url::is_secret_header(name));
    // The user and password of the address are sent as one.
    let basic = basic(url);
    let values = secret.map(|(_, value)| value.trim()).chain(basic.as_deref());
    // `Bearer` before it is none; the whole first, of which it is a part.
    let in_headers = values.flat_map(|value| [Some(value), value.split_whitespace().next_back()]);
    let in_headers: Vec<_> = in_headers.flatten().filter(|value| !value.is_empty()).collect();
    let in_url = url::secrets(url);
    let decoded = in_url.iter().map(|secret| url::decoded(secret)).collect::<Vec<_>>();
    let all = key.into_iter().chain(in_headers).chain(in_url);
    all.chain(decoded.iter().map(String::as_str)).map(Into::into).collect()
}

/// The user and password of an address, as the header that names them.
fn basic(url: &str) -> Option<String> {
    let (user, _) = url::authority(url).rsplit_once('@')?;
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let pair = [&url::decoded(name), ":", &url::decoded(password)].concat();
    Some(["Basic ", &STANDARD.encode(pair)].concat())
}

/// The name of a header that lets in whoever sends it, as far as that is certain.
fn key_header(options: &ClientOptions) -> Option<&str> {
    const NAMES: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];
    const ENDS: [&str; 5] = ["api-key", "apikey", "access-key", "subscription-key", "token"];
    let names = options.header.iter().filter_map(|line| line.split_once(':'));
    let mut names = names.map(|(name, _)| name.trim());
    names.find(|name| {
        let name = name.to_ascii_lowercase();
        NAMES.contains(&name.as_str()) || ENDS.iter().any(|end| name.ends_with(end))
    })
}

fn headers(options: &ClientOptions, key: Option<&str>, url: &str, stream: bool) -> Headers {
    let host = hosts::find(&options.provider);
    let mut headers = Headers::default();
    headers.push("content-type", "application/json");
    headers.push("accept", if stream { "text/event-stream" } else { "application/json" });
    if let Some((name, value)) = host.header {
        headers.push(name, value);
    }
    if let Some(key) = key {
        let (name, before) = host.key_header;
        headers.push(name, &[before, key].concat());
    }
    if takes_ids(host, url) {
        let ids = [
            ("openai-organization", &options.organization_id),
            ("openai-project", &options.project_id),
        ];
        let given = ids.into_iter().filter_map(|(name, id)| Some((name, id.as_deref()?)));
        given.for_each(|(name, id)| headers.push(name, id));
    }
    for line in &options.header {
        if let Some((name, value)) = line.split_once(':') {
            // The caller's own header replaces ours.
            headers.replace(name.trim(), value.trim());
        }
    }
    if let (Some(user), None) = (basic(url), headers.get("authorization")) {
        headers.push("authorization", &user);
    }
    headers
}

fn takes_ids(host: &Host, url: &str) -> bool {
    host.takes_ids || hosts::is_openais(url)
}

fn account(key: Option<&str>, url: &str) -> Arc<str> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(url::authority(url).as_bytes());
    hasher.update(b"\0");
    hasher.update(key.unwrap_or_default().as_bytes());
    hasher.finalize().to_hex()[..16].into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Layered, Origin, Value};

    #[test]
    fn options_that_are_changed_lead_elsewhere_and_as_another() {
        let mut layered = Layered::<ClientOptions>::default();
        for (name, value) in [("provider", "openai"), ("api_key", "k1"), ("model", "gpt-4o")] {
            layered.set(name, value).unwrap();
        }
        let mut options = layered.resolve().unwrap();
        let first = Access::of(&options);
        assert!(Arc::ptr_eq(&first, &Access::of(&options)), "worked out once");
        options.lay("api_key", Value::Text("k2".into()), Origin::Call).unwrap();
        options.lay("base_url", Value::Text("https://h.test/v9".into()), Origin::Call).unwrap();
        let second = Access::of(&options);
        assert_ne!(first.account, second.account);
        assert_eq!(second.url("/x?a=b").unwrap(), "https://h.test/v9/x?a=b");
        assert_eq!(second.headers(true).unwrap().get("authorization"), Some("Bearer k2"));
        assert_eq!((&*second.secrets[0], second.model.as_deref()), ("k2", Some("gpt-4o")));
    }
}
