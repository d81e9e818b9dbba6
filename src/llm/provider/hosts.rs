//! The providers' addresses and keys: a row each.
//!
//! [`settle`] completes a client's options once, when the client is made: key,
//! address and model from the options, then from the environment, then from
//! this table. After that nothing looks at the environment any more, and the
//! options tell where each value came from.

use std::net::Ipv6Addr;

mod refused;
mod rows;

use super::models;
use crate::error::{Error, Result, Status};
use crate::options::client::ClientOptions;
use crate::options::presets::sized;
use crate::options::{Origin, Resolved, Value, form, url};
use rows::HOSTS;
pub use rows::{Effort, Fields, Host, Ways};

/// Whether an address is OpenAI's own, also one of its regions'
/// (developers.openai.com, guide to your data).
pub fn is_openais(url: &str) -> bool {
    let host = url::place(url).split(':').next().unwrap_or_default();
    host.strip_suffix("api.openai.com")
        .is_some_and(|region| region.is_empty() || region.ends_with('.'))
}

/// Whether it is one of OpenAI's regions, where newer models cost more.
pub fn is_openais_region(url: &str) -> bool {
    is_openais(url) && !url::place(url).starts_with("api.")
}

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
    for (key, name) in host.ids {
        let unset = *options.origin(key)? == Origin::Default;
        if let (true, Some(id)) = (unset, from(&[name])) {
            options.lay(key, Value::Text(id), Origin::Environment)?;
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
    let base = base.trim_end_matches('/');
    let path = base.split_once("://").map_or(base, |(_, rest)| rest);
    let versioned = path.rsplit('/').next().is_some_and(|last| {
        last.starts_with('v') && last[1..].starts_with(|c: char| c.is_ascii_digit())
    });
    match host.bare_variable && path.contains('/') && !versioned {
        true => format!("{base}{}", host.version),
        false => base.into(),
    }
}

/// The base address: an empty path becomes the vendor's version path.
pub fn base(options: &ClientOptions) -> Result<String> {
    let host = find(&options.provider);
    let given = match options.base_url.as_deref().map(str::trim).filter(|url| !url.is_empty()) {
        Some(url) => url,
        None if host.base.is_empty() => {
            return Err(Error::invalid("base_url", format!("{} needs one", host.name)));
        }
        None if options.region == "cn" => return Ok(host.base_cn.into()),
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
        None if host.port.is_some() => {}
        _ => {
            let given = (form::BASE_URL.show)(given);
            let reason = format!("{given} must begin with http:// or https://");
            return Err(Error::invalid("base_url", reason));
        }
    }
    let own_port = host.port;
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
    let port = own_port.filter(|_| !has_port).map(|port| format!(":{port}")).unwrap_or_default();
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
    Ok(Some(key))
}

/// Refuses an address to which what lets its holder in would travel unsealed: `what`
/// that is.
pub fn check_sealed(options: &ClientOptions, url: &str, what: &str) -> Result<()> {
    let plain = url.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
    let proxied = options.proxy.as_deref().is_some_and(is_elsewhere);
    if !plain || options.allow_insecure_http || (url::is_loopback(url) && !proxied) {
        return Ok(());
    }
    let reason = format!("{what} would travel over plain http: use https, or allow_insecure_http");
    Err(Error::invalid("base_url", reason))
}

/// Whether a proxy is on another machine, to which all goes before it is sent on; one of
/// the environment's is not asked for what is on this machine.
fn is_elsewhere(proxy: &str) -> bool {
    !proxy.trim().eq_ignore_ascii_case("none") && !url::is_loopback(proxy.trim())
}

#[cfg(test)]
mod tests;
