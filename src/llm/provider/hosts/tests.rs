//! Rules of addresses and keys.

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
fn who_has_no_address_of_its_own_needs_one_in_each_region() {
    for region in ["intl", "cn"] {
        let options = settled(&[("provider", "custom"), ("region", region)], &[]).unwrap();
        let error = base(&options.values).unwrap_err().to_string();
        assert_eq!(error, "base_url: custom needs one", "{region}");
    }
}

#[test]
fn a_key_for_this_machine_does_not_travel_plainly_by_way_of_another() {
    let near = "http://localhost:1/v1";
    let sealed = |set: &[(&str, &str)]| {
        let set = [&[("api_key", "k"), ("base_url", near)], set].concat();
        check_sealed(&settled(&set, &[]).unwrap().values, near, "a key")
    };
    for proxy in ["none", "http://127.0.0.1:8080", "socks5://localhost"] {
        assert_eq!(sealed(&[("proxy", proxy)]), Ok(()), "{proxy}");
    }
    let far = ("proxy", "http://far.test:8080");
    assert_eq!(sealed(&[far]).unwrap_err().status(), Status::InvalidArgument);
    assert_eq!(sealed(&[far, ("allow_insecure_http", "true")]), Ok(()));
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
