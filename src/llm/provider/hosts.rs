//! The providers' addresses and keys: a row each.
//!
//! [`settle`] completes a client's options once, when the client is made: key,
//! address and model from the options, then from the environment, then from
//! this table. After that nothing looks at the environment any more, and the
//! options tell where each value came from.

use std::net::Ipv6Addr;

use super::models;
use crate::error::{Error, Result, Status};
use crate::options::client::ClientOptions;
use crate::options::presets::sized;
use crate::options::{Origin, Resolved, Value, form, url};

/// One provider's address and keys.
pub struct Host {
    /// Its name in the options.
    pub name: &'static str,
    /// Its address, and in China where that is another.
    pub base: &'static str,
    /// The same for `region=cn`.
    pub base_cn: &'static str,
    /// The path of an address that has none.
    pub version: &'static str,
    /// Environment variables of the key; the first one found wins.
    pub keys: &'static [&'static str],
    /// Environment variables of the address.
    pub bases: &'static [&'static str],
    /// Whether calls are refused without a key.
    pub needs_key: bool,
    /// Whether a limit of tokens counts the prompt alone before the answer, and
    /// never what the vendor's own cache held of it.
    pub limits_fresh_prompt: bool,
}

const fn host(
    name: &'static str,
    base: &'static str,
    version: &'static str,
    keys: &'static [&'static str],
    bases: &'static [&'static str],
) -> Host {
    Host {
        name,
        base,
        base_cn: base,
        version,
        keys,
        bases,
        needs_key: true,
        limits_fresh_prompt: false,
    }
}

static HOSTS: &[Host] = &[
    host("openai", "https://api.openai.com/v1", "/v1", &["OPENAI_API_KEY"], &["OPENAI_BASE_URL"]),
    Host {
        limits_fresh_prompt: true,
        ..host(
            "anthropic",
            "https://api.anthropic.com/v1",
            "/v1",
            &["ANTHROPIC_API_KEY"],
            &["ANTHROPIC_BASE_URL"],
        )
    },
    host(
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta",
        "/v1beta",
        &["GOOGLE_API_KEY", "GEMINI_API_KEY"],
        &["GEMINI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"],
    ),
    host("deepseek", "https://api.deepseek.com", "", &["DEEPSEEK_API_KEY"], &["DEEPSEEK_BASE_URL"]),
    Host {
        base_cn: "https://api.moonshot.cn/v1",
        ..host(
            "kimi",
            "https://api.moonshot.ai/v1",
            "/v1",
            &["MOONSHOT_API_KEY", "KIMI_API_KEY"],
            &["KIMI_BASE_URL", "MOONSHOT_BASE_URL"],
        )
    },
    Host {
        base_cn: "https://api.siliconflow.cn/v1",
        ..host(
            "siliconflow",
            "https://api.siliconflow.com/v1",
            "/v1",
            &["SILICONFLOW_API_KEY"],
            &["SILICONFLOW_BASE_URL"],
        )
    },
    Host {
        needs_key: false,
        ..host(
            "ollama",
            "http://localhost:11434",
            "",
            &["OLLAMA_API_KEY"],
            &["OLLAMA_BASE_URL", "OLLAMA_HOST"],
        )
    },
    host(
        "cohere",
        "https://api.cohere.com/v2",
        "/v2",
        &["CO_API_KEY", "COHERE_API_KEY"],
        &["COHERE_BASE_URL", "CO_API_URL"],
    ),
    host(
        "huggingface",
        "https://router.huggingface.co/v1",
        "/v1",
        &["HF_TOKEN"],
        &["HUGGINGFACE_BASE_URL"],
    ),
    Host {
        needs_key: false,
        ..host("custom", "", "/v1", &["CUSTOM_API_KEY"], &["CUSTOM_BASE_URL"])
    },
];

/// The row of a provider; unknown names are compatible hosts.
pub fn find(provider: &str) -> &'static Host {
    HOSTS.iter().find(|host| host.name == provider).unwrap_or(&HOSTS[HOSTS.len() - 1])
}

/// Completes key, address and model of a client's options.
pub fn settle(
    options: &mut Resolved<ClientOptions>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<()> {
    let host = find(&options.values.provider);
    let from = |names: &[&str]| found(names, env).map(|(_, value)| value);
    if options.values.api_key.is_none()
        && let Some(key) = from(host.keys)
    {
        options.lay("api_key", Value::Text(key), Origin::Environment)?;
    }
    if options.values.base_url.is_none()
        && let Some((variable, given)) = found(host.bases, env)
    {
        let given = Value::Text(with_version(host, given));
        let laid = options.lay("base_url", given, Origin::Environment);
        laid.and_then(|()| base(&options.values)).map_err(|error| error.of(variable))?;
    }
    if options.values.model.is_none() {
        let named = format!("{}_MODEL", host.name.to_ascii_uppercase());
        settle_model(options, host, from(&[named.as_str()]))?;
    }
    if options.values.base_url.is_some() {
        base(&options.values)?;
    }
    if host.name == "openai" {
        let ids = [("organization_id", "OPENAI_ORG_ID"), ("project_id", "OPENAI_PROJECT_ID")];
        for (key, name) in ids {
            let unset = *options.origin(key)? == Origin::Default;
            if let (true, Some(id)) = (unset, from(&[name])) {
                options.lay(key, Value::Text(id), Origin::Environment)?;
            }
        }
    }
    Ok(())
}

/// The first of these variables that says something, and what.
fn found<'a>(names: &[&'a str], env: &dyn Fn(&str) -> Option<String>) -> Option<(&'a str, String)> {
    let said = |name: &&'a str| Some((*name, env(name)?.trim().to_string()));
    names.iter().filter_map(said).find(|(_, value)| !value.is_empty())
}

/// Puts the address in place that requests go to, for who asks what the options
/// come to.
pub fn lay_base(options: &mut Resolved<ClientOptions>) -> Result<()> {
    let base = base(&options.values)?;
    let given = options.values.base_url.as_deref().is_some_and(|url| !url.trim().is_empty());
    let origin = match given {
        true => options.origin("base_url")?.clone(),
        false => Origin::Layer("provider".into()),
    };
    options.lay("base_url", Value::Text(base), origin)
}

/// The model: the environment's, else the provider's of the size that preset
/// and use case ask for.
fn settle_model(
    options: &mut Resolved<ClientOptions>,
    host: &Host,
    named: Option<String>,
) -> Result<()> {
    let values = &options.values;
    let (size, by) = sized(&values.preset, &values.use_case);
    let layer = match by {
        Some("use_case") => format!("use_case {}", values.use_case),
        Some(option) => format!("{option} {}", values.preset),
        None => "provider".into(),
    };
    match (named, models::default_model(host.name, size)) {
        (Some(model), _) => options.lay("model", Value::Text(model), Origin::Environment),
        (None, Some(model)) => options.lay("model", model.into(), Origin::Layer(layer)),
        (None, None) => Ok(()),
    }
}

/// Some vendors' variables hold an address without its version path, even
/// where it has another path.
fn with_version(host: &Host, base: String) -> String {
    let bare = matches!(host.name, "anthropic" | "gemini" | "cohere");
    let base = base.trim_end_matches('/');
    let path = base.split_once("://").map_or(base, |(_, rest)| rest);
    let versioned = path.rsplit('/').next().is_some_and(|last| {
        last.starts_with('v') && last[1..].starts_with(|c: char| c.is_ascii_digit())
    });
    match bare && path.contains('/') && !versioned {
        true => format!("{base}{}", host.version),
        false => base.into(),
    }
}

/// The address of an endpoint, such as `/chat/completions`.
pub fn url(options: &ClientOptions, endpoint: &str) -> Result<String> {
    let base = base(options)?;
    let (path, query) = match base.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (base.as_str(), None),
    };
    let (endpoint, more) = match endpoint.split_once('?') {
        Some((endpoint, query)) => (endpoint, Some(query)),
        None => (endpoint, None),
    };
    let mut url = [path.trim_end_matches('/'), endpoint].concat();
    for (i, query) in [more, query].into_iter().flatten().enumerate() {
        url.push(if i == 0 { '?' } else { '&' });
        url.push_str(query);
    }
    Ok(url)
}

/// The base address: an empty path becomes the vendor's version path.
pub fn base(options: &ClientOptions) -> Result<String> {
    let host = find(&options.provider);
    let given = match options.base_url.as_deref().map(str::trim).filter(|url| !url.is_empty()) {
        Some(url) => url,
        None if options.region == "cn" => return Ok(host.base_cn.into()),
        None if host.base.is_empty() => {
            return Err(Error::invalid("base_url", format!("{} needs one", host.name)));
        }
        None => return Ok(host.base.into()),
    };
    let full = complete(host, given)?;
    let (base, query) = full.split_once('?').map_or((full.as_str(), None), |(b, q)| (b, Some(q)));
    let after_scheme = base.find("://").map_or(0, |at| at + 3);
    let bare = base[after_scheme..].trim_end_matches('/');
    let version = if bare.contains('/') { "" } else { host.version };
    let (mark, query) = query.map_or(("", ""), |query| ("?", query));
    Ok([&base[..after_scheme], bare, version, mark, query].concat())
}

/// An address with a scheme; `OLLAMA_HOST` may lack scheme and port.
fn complete(host: &Host, given: &str) -> Result<String> {
    match given.split_once("://") {
        Some((scheme, _)) if form::is_http(scheme) => {
            return Ok(given.split('#').next().unwrap_or_default().into());
        }
        None if host.name == "ollama" => {}
        _ => {
            let given = (form::BASE_URL.show)(given);
            let reason = format!("{given} must begin with http:// or https://");
            return Err(Error::invalid("base_url", reason));
        }
    }
    let bracketed = given.parse::<Ipv6Addr>().map(|address| format!("[{address}]"));
    let given = bracketed.as_deref().unwrap_or(given);
    let (authority, path) = given.split_once('/').map_or((given, ""), |(a, p)| (a, p));
    let name = match authority.strip_prefix(':') {
        Some(port) => format!("127.0.0.1:{port}"),
        None => authority.into(),
    };
    // Where it listens, on all its addresses, is where it is found on this one.
    let (host, port) = name.rsplit_once(':').unwrap_or((&name, ""));
    let name = match (name.as_str(), host) {
        ("0.0.0.0" | "[::]", _) => "127.0.0.1".to_string(),
        (_, "0.0.0.0" | "[::]") => format!("127.0.0.1:{port}"),
        _ => name,
    };
    let has_port = name.rsplit(']').next().is_some_and(|rest| rest.contains(':'));
    let port = if has_port { "" } else { ":11434" };
    let path = if path.is_empty() { String::new() } else { format!("/{path}") };
    Ok(format!("http://{name}{port}{path}"))
}

/// The base of the same vendor's other region, if this address is of one.
pub fn elsewhere(url: &str) -> Option<&'static str> {
    let regional = HOSTS.iter().filter(|host| host.base != host.base_cn);
    regional.into_iter().find_map(|host| {
        let (here, there) = (url.starts_with(host.base), url.starts_with(host.base_cn));
        if here { Some(host.base_cn) } else { there.then_some(host.base) }
    })
}

/// The key, unless the provider or a loopback host needs none.
pub fn key<'a>(options: &'a ClientOptions, url: &str) -> Result<Option<&'a str>> {
    let host = find(&options.provider);
    let loopback = url::is_loopback(url);
    let Some(key) = options.api_key.as_deref().map(str::trim).filter(|key| !key.is_empty()) else {
        if host.needs_key && !loopback {
            let names = host.keys.join(" or ");
            let message = format!("no key for {}: set api_key or {names}", host.name);
            return Err(Error::call(Status::Authentication, message));
        }
        return Ok(None);
    };
    let plain = url.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
    if plain && !loopback && !options.allow_insecure_http {
        let reason = "a key would travel over plain http: use https, or allow_insecure_http";
        return Err(Error::invalid("base_url", reason));
    }
    Ok(Some(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Layered;

    fn settled(set: &[(&str, &str)], env: &[(&str, &str)]) -> Result<Resolved<ClientOptions>> {
        let mut options = Layered::<ClientOptions>::default();
        set.iter().try_for_each(|(key, text)| options.set(key, text))?;
        let mut resolved = options.resolve()?;
        let found = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string());
        settle(&mut resolved, &found)?;
        Ok(resolved)
    }

    #[test]
    fn a_models_origin_is_the_layer_that_chose_its_size() {
        for (preset, use_case, expected) in [
            ("none", "none", "provider"),
            ("none", "chat", "provider"),
            ("none", "code_generation", "use_case code_generation"),
            ("low_cost", "chat", "preset low_cost"),
            ("low_cost", "code_generation", "use_case code_generation"),
            ("high_quality", "translation", "preset high_quality"),
            ("production", "chat", "preset production"),
        ] {
            let options = settled(&[("preset", preset), ("use_case", use_case)], &[]).unwrap();
            assert_eq!(options.origin("model").unwrap().name(), expected, "{preset} {use_case}");
        }
        let named = settled(&[("preset", "fast")], &[("OPENAI_MODEL", "m")]).unwrap();
        assert_eq!(named.origin("model").unwrap().name(), "environment");
    }

    #[test]
    fn who_asks_for_the_address_is_told_where_requests_go() {
        let shown = |set: &[(&str, &str)], env: &[(&str, &str)]| {
            let mut options = settled(set, env).unwrap();
            lay_base(&mut options).unwrap();
            let origin = options.origin("base_url").unwrap().name().to_string();
            (options.values.base_url.unwrap(), origin)
        };
        let told = |base: &str, origin: &str| (base.to_string(), origin.to_string());
        let kimi = shown(&[("provider", "kimi"), ("region", "cn")], &[]);
        assert_eq!(kimi, told("https://api.moonshot.cn/v1", "provider"));
        let ollama = shown(&[("provider", "ollama")], &[("OLLAMA_HOST", ":11434")]);
        assert_eq!(ollama, told("http://127.0.0.1:11434", "environment"));
        let own = shown(&[("base_url", "http://localhost:1")], &[]);
        assert_eq!(own, told("http://localhost:1/v1", "explicit"));
    }

    #[test]
    fn an_address_that_its_provider_cannot_use_is_refused_when_the_options_are_settled() {
        let with = |provider, base| settled(&[("provider", provider), ("base_url", base)], &[]);
        let error = with("openai", "u:SECRET@abc").unwrap_err().to_string();
        assert_eq!(error, "base_url: (redacted)@abc must begin with http:// or https://");
        assert!(with("ollama", "abc").is_ok() && with("openai", "HTTPS://abc").is_ok());
        let environment = settled(&[], &[("OPENAI_BASE_URL", "ftp://x")]).unwrap_err();
        assert!(environment.to_string().starts_with("OPENAI_BASE_URL: ftp://x"), "{environment}");
        let environment = settled(&[("provider", "ollama")], &[("OLLAMA_HOST", "a b")]);
        let environment = environment.unwrap_err().to_string();
        assert!(environment.starts_with("OLLAMA_HOST: "), "{environment}");
    }

    #[test]
    fn where_ollama_listens_on_all_addresses_it_is_found_on_this_one() {
        let at = |given: &str| {
            let options = settled(&[("provider", "ollama"), ("base_url", given)], &[]).unwrap();
            base(&options.values).unwrap()
        };
        assert_eq!(at("0.0.0.0"), "http://127.0.0.1:11434");
        assert_eq!(at("0.0.0.0:8080"), "http://127.0.0.1:8080");
        assert_eq!(at("[::]:8080"), "http://127.0.0.1:8080");
        assert_eq!(at("::1"), "http://[::1]:11434");
        assert_eq!(at("10.0.0.0:8080"), "http://10.0.0.0:8080");
    }
}
