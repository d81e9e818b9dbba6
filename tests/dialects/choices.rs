//! Choices of tools that a vendor hosts itself.

use serde_json::{Value, json};

use crate::spec::Spec;
use crate::*;

/// A request with these tools, and a choice among them.
fn choosing(tools: Value, choice: &Value) -> Request {
    request(json!({"messages": [{"role": "user", "content": "Hi"}],
        "tools": tools, "tool_choice": choice}))
}

/// What Responses is sent, which fits its schema.
fn sent(tools: Value, choice: &Value) -> Value {
    let sent = body(&responses(), &choosing(tools, choice));
    if let Some(spec) = Spec::load("openai-openapi.json") {
        spec.check("CreateResponse", &sent);
    }
    sent["tool_choice"].clone()
}

fn function(name: &str) -> Value {
    let parameters = json!({"type": "object", "properties": {}});
    json!({"type": "function", "function": {"name": name, "parameters": parameters}})
}

#[test]
fn hosted_tools_may_be_among_the_allowed_ones() {
    let server =
        json!({"type": "mcp", "server_label": "wiki", "server_url": "https://example.test"});
    let tools = json!([{"type": "web_search"}, server, function("a"), function("b")]);
    let allowed =
        json!([{"type": "web_search"}, {"type": "mcp", "server_label": "wiki"}, function("a")]);
    let flat = [&allowed[0], &allowed[1], &json!({"type": "function", "name": "a"})];
    let expected = json!({"type": "allowed_tools", "mode": "required", "tools": flat});
    let nested = json!({"mode": "required", "tools": allowed});
    for choice in [
        json!({"type": "allowed_tools", "allowed_tools": nested}),
        json!({"allowed_tools": nested}),
        expected.clone(),
    ] {
        assert_eq!(sent(tools.clone(), &choice), expected, "{choice}");
    }
}

#[test]
fn a_hosted_tool_may_be_the_one_that_is_to_be_called() {
    for choice in [
        json!({"type": "image_generation"}),
        json!({"type": "mcp", "server_label": "wiki", "name": "read"}),
    ] {
        assert_eq!(sent(json!([{"type": "image_generation"}]), &choice), choice);
    }
}

#[test]
fn a_compatible_host_gets_a_choice_of_its_own_tools_as_it_was_given() {
    let tools = json!([{"type": "web_search"}, function("a")]);
    let choice = json!({"type": "web_search"});
    let sent = body(&client("custom", "m"), &choosing(tools, &choice));
    assert_eq!(sent["tool_choice"], choice);
}

#[test]
fn who_is_offered_only_the_allowed_tools_is_offered_the_hosted_ones_among_them() {
    let search = json!({"type": "web_search_20250305", "name": "web_search"});
    let choice = json!({"type": "allowed_tools", "mode": "auto", "tools": [search]});
    let claude = client("anthropic", "claude-sonnet-5-5");
    let sent = body(&claude, &choosing(json!([search, function("a")]), &choice));
    assert_eq!(sent["tools"], json!([search]));
}

#[test]
fn gemini_is_offered_its_own_tools_as_far_as_they_are_allowed() {
    let gemini = client("gemini", "gemini-3.8-flash");
    let tools = json!([{"googleSearch": {}}, {"urlContext": {}}, function("a")]);
    let among = |allowed: Value, mode: &str| {
        let choice = json!({"type": "allowed_tools", "mode": mode, "tools": allowed});
        prepare(&gemini, &choosing(tools.clone(), &choice), false)
            .map(|sent| serde_json::from_slice::<Value>(&sent.http.body).unwrap())
    };
    let sent = among(json!([{"googleSearch": {}}, function("a")]), "required").unwrap();
    assert_eq!(sent["tools"][0], json!({"googleSearch": {}}));
    assert!(!sent.to_string().contains("urlContext"));
    let calling = json!({"mode": "ANY", "allowedFunctionNames": ["a"]});
    assert_eq!(sent["toolConfig"]["functionCallingConfig"], calling);
    let sent = among(json!([{"googleSearch": {}}]), "auto").unwrap();
    assert_eq!(sent["toolConfig"]["functionCallingConfig"], json!({"mode": "NONE"}));
    let error = among(json!([{"googleSearch": {}}]), "required").unwrap_err().to_string();
    assert!(error.contains("tool_choice: "), "{error}");
}

#[test]
fn what_names_no_tool_is_no_choice() {
    for choice in [json!({"type": "auto"}), json!({"any": 1}), json!({})] {
        let json = json!({"messages": [], "tools": [function("a")], "tool_choice": choice});
        assert!(Request::from_json(&json.to_string()).is_err(), "{choice}");
    }
}

#[test]
fn a_hosted_tool_of_another_vendor_among_the_allowed_ones_is_noted() {
    let choice = json!({"type": "allowed_tools", "mode": "auto",
        "tools": [{"type": "web_search"}, function("a")]});
    for (provider, model) in [("gemini", "gemini-2.5-flash"), ("anthropic", "claude-sonnet-5-5")] {
        let request = choosing(json!([function("a"), function("b")]), &choice);
        let prepared = prepare(&client(provider, model), &request, false).unwrap();
        let note = "tool_choice: left out: web_search is not among the tools";
        assert!(prepared.adjusted.iter().any(|told| told == note), "{:?}", prepared.adjusted);
    }
}

/// What Gemini is sent, and what was left out, of a search and a function.
fn mixed(model: &str, choice: &Value, more: &[(&str, Value)]) -> Result<(Value, Vec<String>)> {
    let mut json = json!({"messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"googleSearch": {}}, function("a")], "tool_choice": choice});
    for (key, value) in more {
        json[key] = value.clone();
    }
    let sent = prepare(&client("gemini", model), &request(json), false)?;
    Ok((serde_json::from_slice(&sent.http.body).unwrap(), sent.adjusted))
}

#[test]
fn gemini_takes_functions_beside_its_own_tools_if_it_is_asked_to_tell_what_those_did() {
    let named = json!({"type": "function", "function": {"name": "a"}});
    for (choice, calling) in [
        (Value::Null, json!({"mode": "VALIDATED"})),
        (json!("auto"), json!({"mode": "VALIDATED"})),
        (json!("required"), json!({"mode": "ANY"})),
        (json!("none"), json!({"mode": "NONE"})),
        (named, json!({"mode": "ANY", "allowedFunctionNames": ["a"]})),
    ] {
        let (sent, _) = mixed("gemini-3.8-flash", &choice, &[]).unwrap();
        let config =
            json!({"functionCallingConfig": calling, "includeServerSideToolInvocations": true});
        assert_eq!(sent["toolConfig"], config, "{choice}");
        assert_eq!(sent["tools"][0], json!({"googleSearch": {}}));
    }
}

#[test]
fn functions_beside_tools_of_its_own_are_refused_of_gemini_before_3() {
    let error = mixed("gemini-2.5-flash", &Value::Null, &[]).unwrap_err().to_string();
    assert!(error.starts_with("tools: "), "{error}");
    let drop = [("unsupported", json!("drop"))];
    let (sent, adjusted) = mixed("gemini-2.5-flash", &Value::Null, &drop).unwrap();
    assert_eq!(sent["tools"][0]["functionDeclarations"][0]["name"], "a");
    assert_eq!((sent["tools"].as_array().unwrap().len(), &sent["toolConfig"]), (1, &Value::Null));
    assert!(adjusted[0].starts_with("tools: left out: "), "{adjusted:?}");
    let (sent, _) = mixed("gemini-2.5-flash", &json!("none"), &[]).unwrap();
    assert_eq!(sent["toolConfig"], json!({"functionCallingConfig": {"mode": "NONE"}}));
    assert!(!sent.to_string().contains("googleSearch"), "{sent}");
}

#[test]
fn a_screen_that_the_caller_drives_stands_beside_functions_in_every_gemini() {
    let tools = json!([{"computerUse": {"environment": "ENVIRONMENT_BROWSER"}}, function("a")]);
    for model in ["gemini-2.5-computer-use-preview-10-2025", "gemini-3.8-flash"] {
        let sent = body(&client("gemini", model), &choosing(tools.clone(), &json!("auto")));
        assert_eq!(sent["toolConfig"], json!({"functionCallingConfig": {"mode": "AUTO"}}));
    }
}

#[test]
fn a_callers_own_tool_config_stands_beside_what_the_library_says() {
    let place = json!({"latLng": {"latitude": 1.5, "longitude": 2.5}});
    let own = [("toolConfig", json!({"retrievalConfig": {"latLng": place["latLng"]}}))];
    let (sent, _) = mixed("gemini-3.8-flash", &json!("required"), &own).unwrap();
    let config = json!({"retrievalConfig": place, "includeServerSideToolInvocations": true,
        "functionCallingConfig": {"mode": "ANY"}});
    assert_eq!(sent["toolConfig"], config);
    let own = [("toolConfig", json!({"functionCallingConfig": {"mode": "NONE"}}))];
    let (sent, _) = mixed("gemini-3.8-flash", &json!("required"), &own).unwrap();
    assert_eq!(sent["toolConfig"]["functionCallingConfig"], json!({"mode": "NONE"}));
}

#[test]
fn gemini_is_told_nothing_of_functions_where_there_are_none() {
    let gemini = client("gemini", "gemini-2.5-flash");
    let search = json!([{"googleSearch": {}}]);
    let sent = body(&gemini, &choosing(search.clone(), &json!("auto")));
    assert_eq!((&sent["tools"], &sent["toolConfig"]), (&search, &Value::Null));
    let sent = body(&gemini, &choosing(search.clone(), &json!("none")));
    assert_eq!((&sent["tools"], &sent["toolConfig"]), (&Value::Null, &Value::Null));
    let error = prepare(&gemini, &choosing(search, &json!("required")), false).unwrap_err();
    assert!(error.to_string().starts_with("tool_choice: "), "{error}");
}

#[test]
fn a_function_is_strict_for_gemini_in_calls_that_it_may_make_as_in_those_that_it_must() {
    let mut strict = function("a");
    strict["function"]["strict"] = true.into();
    for (choice, mode) in [
        (Value::Null, "VALIDATED"),
        (json!("auto"), "VALIDATED"),
        // The vendor's free mode would let it answer in words.
        (json!("required"), "ANY"),
        (json!("none"), "NONE"),
    ] {
        let tools = json!([strict, function("b")]);
        let sent = body(&client("gemini", "gemini-3.8-flash"), &choosing(tools, &choice));
        assert_eq!(sent["toolConfig"]["functionCallingConfig"]["mode"], mode, "{choice}");
        fits("gemini-openapi.json", "GenerateContentRequest", &sent);
    }
}

/// OpenAI's client with the interface that this word of `openai_api` means.
fn openai(api: &str) -> Resolved<ClientOptions> {
    options(&[("api_key", "k"), ("model", "gpt-4o"), ("openai_api", api)])
}

#[test]
fn tools_that_only_responses_has_go_there_unasked() {
    let grammar = json!({"type": "grammar", "syntax": "lark", "definition": "start: /x/"});
    let flat = json!({"type": "custom", "name": "run", "format": grammar});
    let late = json!({"type": "function", "name": "a", "parameters": {}, "defer_loading": true});
    let mut within = function("a");
    within["function"]["output_schema"] = json!({"type": "string"});
    let here = |tool: &Value| {
        let asked = choosing(json!([tool]), &Value::Null);
        prepare(&openai("auto"), &asked, false).unwrap().http.url.ends_with("/responses")
    };
    for kind in ["web_search", "mcp", "code_interpreter", "shell", "tool_search"] {
        assert!(here(&json!({"type": kind})), "{kind}");
    }
    for tool in [flat, late.clone(), within] {
        assert!(here(&tool), "{tool}");
    }
    let mut at_once = late;
    at_once["defer_loading"] = false.into();
    for tool in [function("a"), json!({"type": "custom", "custom": {"name": "run"}}), at_once] {
        assert!(!here(&tool), "{tool}");
    }
}

#[test]
fn a_custom_tool_is_nested_in_chat_and_what_only_responses_has_is_refused_there() {
    let grammar = json!({"syntax": "lark", "definition": "start: /x/"});
    let mut flat = json!({"type": "custom", "name": "run", "description": "Runs"});
    flat["format"] = grammar.clone();
    flat["format"]["type"] = "grammar".into();
    let custom = json!({"name": "run", "description": "Runs",
        "format": {"type": "grammar", "grammar": grammar}});
    let named = json!({"type": "custom", "name": "run"});
    let sent = body(&openai("chat"), &choosing(json!([flat]), &named));
    fits("openai-openapi.json", "CreateChatCompletionRequest", &sent);
    assert_eq!(sent["tools"], json!([{"type": "custom", "custom": custom}]));
    assert_eq!(sent["tool_choice"], json!({"type": "custom", "custom": {"name": "run"}}));

    let search = json!({"type": "web_search"});
    let mut asked = choosing(json!([search, function("a")]), &search);
    let error = prepare(&openai("chat"), &asked, false).unwrap_err().to_string();
    assert!(error.starts_with("tools: openai gpt-4o takes only functions and custom"), "{error}");
    asked.set("unsupported", "drop").unwrap();
    let prepared = prepare(&openai("chat"), &asked, false).unwrap();
    assert_eq!(prepared.adjusted.len(), 2, "{:?}", prepared.adjusted);
    let sent = body(&openai("chat"), &asked);
    assert_eq!((&sent["tools"], &sent["tool_choice"]), (&json!([function("a")]), &Value::Null));
    // At another address there may be a host that has it in chat.
    asked.set("openai_api", "chat").unwrap();
    assert_eq!(body(&client("openai", "gpt-4o"), &asked)["tools"][0], search);
}
