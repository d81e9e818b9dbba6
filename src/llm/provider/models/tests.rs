use super::*;

/// Days since 1970 of `YYYY-MM-DD`.
fn days(date: &str) -> i64 {
    let mut parts = date.split('-').map(|part| part.parse::<i64>().unwrap());
    let (y, m, d) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let (y, m) = if m <= 2 { (y - 1, m + 9) } else { (y, m - 3) };
    y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + d - 1 - 719_468
}

/// The models of a table that were retired before a day, counted from 1970.
fn retired(table: &[Defaults], today: i64) -> Vec<&'static str> {
    let models = table.iter().flat_map(|row| row.models);
    let due = |retires: Option<&str>| retires.is_some_and(|date| days(date) < today);
    models.filter(|(_, retires)| due(*retires)).map(|(model, _)| model).collect()
}

#[test]
fn no_default_model_is_past_its_retirement() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let today = (now.as_secs() / 86_400) as i64;
    assert_eq!(retired(DEFAULTS, today), Vec::<&str>::new());
}

#[test]
fn a_default_is_found_out_the_day_after_its_retirement() {
    let models = [("old", Some("2026-12-01")), ("new", None), ("newer", Some("2027-01-31"))];
    let table = [Defaults { provider: "openai", models }];
    let day = days("2026-12-01");
    assert_eq!(days("1970-01-01"), 0);
    assert_eq!(retired(&table, day), Vec::<&str>::new());
    assert_eq!(retired(&table, day + 1), ["old"]);
}

#[test]
fn the_longest_prefix_holds() {
    assert_eq!(takes("openai", "gpt-5.4-mini").prefix, "gpt-5.4");
    assert_eq!(takes("openai", "gpt-5-mini").prefix, "gpt-5");
    assert_eq!(takes("anthropic", "claude-sonnet-5-5").temperature, Range::No);
    assert_eq!(takes("anthropic", "claude-sonnet-4-20250514").prefix, "claude-sonnet-4");
    assert_eq!(takes("nobody", "x").provider, "custom");
}

#[test]
fn every_provider_but_custom_has_models_of_its_own() {
    for host in ["openai", "anthropic", "gemini", "deepseek", "kimi", "cohere", "ollama"] {
        assert!(default_model(host, ModelSize::Large).is_some(), "{host}");
    }
    assert_eq!(default_model("custom", ModelSize::Small), None);
}
