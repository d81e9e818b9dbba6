//! Tools and their results where vendors differ most: schemas that say little,
//! results with pictures, and tools whose input is a text.

use mynah::error::Status;
use serde_json::{Value, json};

use crate::*;

/// A conversation in which a custom tool was called.
fn painted() -> Value {
    json!({
        "messages": [
            {"role": "user", "content": "Paint"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "custom", "custom": {"name": "paint", "input": "red <b>"}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "done"},
        ],
        "tools": [{"type": "custom", "custom": {"name": "paint", "description": "Paints",
            "format": {"type": "grammar",
                "grammar": {"syntax": "regex", "definition": "[a-z]+"}}}}],
        "tool_choice": {"type": "custom", "custom": {"name": "paint"}},
    })
}

#[test]
fn custom_tools_are_said_in_the_form_of_each_interface() {
    let request = request(painted());
    let sent = body(&client("openai", "gpt-5"), &request);
    assert_eq!(sent["tool_choice"], json!({"type": "custom", "custom": {"name": "paint"}}));
    assert_eq!(sent["messages"][1]["tool_calls"][0]["custom"]["input"], "red <b>");
    fits("openai-openapi.json", "CreateChatCompletionRequest", &sent);
    let sent = body(&responses(), &request);
    assert_eq!(sent["tools"][0]["format"]["syntax"], "regex");
    assert_eq!(sent["tool_choice"], json!({"type": "custom", "name": "paint"}));
    assert_eq!(sent["input"][1]["type"], "custom_tool_call");
    assert_eq!(sent["input"][1]["input"], "red <b>");
    assert_eq!(sent["input"][2]["type"], "custom_tool_call_output");
    fits("openai-openapi.json", "CreateResponse", &sent);
}

#[test]
fn a_custom_tools_text_is_an_argument_elsewhere() {
    let mut json = painted();
    json.as_object_mut().unwrap().retain(|key, _| key == "messages");
    let request = request(json);
    let sent = body(&client("anthropic", "claude-sonnet-5-5"), &request);
    assert_eq!(sent["messages"][1]["content"][0]["input"], json!({"input": "red <b>"}));
    let sent = body(&client("gemini", "gemini-2.5-flash"), &request);
    let args = &sent["contents"][1]["parts"][0]["functionCall"]["args"];
    assert_eq!(args, &json!({"input": "red <b>"}));
}

/// What a custom tool was called with, plain and streamed.
fn given(client: &Resolved<ClientOptions>, plain: &Value, events: &[Value]) -> [String; 2] {
    let asked = request(json!({"messages": [{"role": "user", "content": "Paint"}]}));
    let (dialect, context) = reader(client, &asked);
    let plain = dialect.reply(&context, &head(200, &[]), plain.to_string().as_bytes()).unwrap();
    let (_, streamed) = stream(dialect, &context, &sse(events)).unwrap();
    [plain, streamed].map(|answer| answer.first().tool_calls[0].arguments.clone())
}

#[test]
fn a_custom_tool_may_be_called_with_an_empty_text() {
    for text in ["", " "] {
        let call = json!({"index": 0, "id": "c1", "type": "custom",
            "custom": {"name": "paint", "input": text}});
        let choice = |body: &str| {
            json!({"choices": [{"index": 0, "finish_reason": "tool_calls",
            body: {"role": "assistant", "content": null, "tool_calls": [call]}}]})
        };
        let chat = client("openai", "gpt-5");
        assert_eq!(given(&chat, &choice("message"), &[choice("delta")]), [text, text]);
        let item = json!({"type": "custom_tool_call", "id": "ctc_1", "call_id": "c1",
            "name": "paint", "input": text});
        let whole = json!({"id": "r", "status": "completed", "model": "m", "output": [item]});
        let events = [
            json!({"type": "response.output_item.added", "output_index": 0, "item": item}),
            json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
            json!({"type": "response.completed", "response": whole}),
        ];
        assert_eq!(given(&responses(), &whole, &events), [text, text]);
    }
}

#[test]
fn ids_of_calls_fit_what_responses_takes() {
    let long = "x".repeat(80);
    let request = request(json!({"messages": [
        {"role": "user", "content": "Go"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": long, "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": long, "content": "1"},
    ]}));
    let sent = body(&responses(), &request);
    let ids = [&sent["input"][1]["call_id"], &sent["input"][2]["call_id"]];
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ids[0].as_str().map(str::len), Some(64));
}

#[test]
fn a_schema_of_arguments_is_an_objects_for_anthropic() {
    let sent = |parameters: Value| {
        let request = request(json!({"messages": [{"role": "user", "content": "Hi"}],
            "tools": [{"type": "function", "function": {"name": "f", "parameters": parameters}}]}));
        let sent = body(&client("anthropic", "claude-sonnet-5-5"), &request);
        fits("anthropic-tryagi-openapi.yaml", "CreateMessageParams", &sent);
        sent["tools"][0]["input_schema"].clone()
    };
    assert_eq!(sent(json!({})), json!({"type": "object"}));
    let given = json!({"properties": {"a": {"type": "string"}}});
    assert_eq!(sent(given)["type"], "object");
    assert_eq!(sent(Value::Null)["type"], "object");
}

#[test]
fn a_picture_in_a_result_reaches_those_who_can_see_it() {
    let request = request(json!({"messages": [
        {"role": "user", "content": "Look"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "shot", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": [
            {"type": "text", "text": "The screen"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}]},
    ]}));
    let sent = body(&client("gemini", "gemini-2.5-flash"), &request);
    let result = &sent["contents"][2]["parts"][0]["functionResponse"];
    assert_eq!(result["response"]["output"], "The screen");
    let shown = json!([{"inlineData": {"mimeType": "image/png", "data": "QUJD"}}]);
    assert_eq!(sent["contents"][3], json!({"role": "user", "parts": shown}));
    fits("gemini-openapi.json", "GenerateContentRequest", &sent);
    // From version 3 on it stands within the result.
    let sent = body(&client("gemini", "gemini-3.8-flash"), &request);
    let parts = sent["contents"][2]["parts"].as_array().unwrap();
    let shown = &parts[0]["functionResponse"]["parts"];
    assert_eq!(*shown, json!([{"inlineData": {"mimeType": "image/png", "data": "QUJD"}}]));
    assert_eq!(parts.len(), 1);
    fits("gemini-openapi.json", "GenerateContentRequest", &sent);
    let sent = body(&client("anthropic", "claude-sonnet-5-5"), &request);
    assert_eq!(sent["messages"][2]["content"][0]["content"][1]["source"]["data"], "QUJD");
    let sent = body(&responses(), &request);
    assert_eq!(sent["input"][2]["output"][1]["type"], "input_image");
}

#[test]
fn a_resources_name_is_the_models_too() {
    let request = request(json!({"messages": [{"role": "user", "content": "Hi"}],
        "reasoning_effort": "low"}));
    let sent = body(&client("gemini", "models/gemini-2.5-flash"), &request);
    assert_eq!(sent["generationConfig"]["thinkingConfig"]["thinkingBudget"], 1_024);
}

#[test]
fn arguments_that_are_no_object_are_refused_where_an_object_is_sent() {
    for arguments in ["[1]", "{\"a\": "] {
        let request = request(json!({"messages": [
            {"role": "user", "content": "Go"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": arguments}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "1"},
        ]}));
        for (provider, model) in
            [("anthropic", "claude-sonnet-5-5"), ("gemini", "g"), ("ollama", "m")]
        {
            let error = prepare(&client(provider, model), &request, false).map(|_| ()).unwrap_err();
            assert!(error.to_string().contains("arguments of f"), "{provider}: {error}");
        }
        body(&client("custom", "m"), &request);
    }
}

#[test]
fn arguments_of_null_are_none() {
    let request = request(json!({"messages": [
        {"role": "user", "content": "Go"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "null"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
    ]}));
    let claude = body(&client("anthropic", "claude-sonnet-5-5"), &request);
    assert_eq!(claude["messages"][1]["content"][0]["input"], json!({}));
    let ollama = body(&client("ollama", "m"), &request);
    assert_eq!(
        ollama["messages"][1]["tool_calls"][0]["function"],
        json!({"name": "f", "arguments": {}})
    );
}

#[test]
fn a_result_that_is_a_schema_with_references_is_a_text_to_gemini() {
    let sent = |result: &str| {
        let request = request(json!({"messages": [
            {"role": "user", "content": "Go"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "c1", "content": result},
        ]}));
        let sent = body(&client("gemini", "gemini-2.5-flash"), &request);
        sent["contents"][2]["parts"][0]["functionResponse"]["response"].clone()
    };
    let schema = "{\"items\":{\"$ref\":\"#/$defs/A\"}}";
    assert_eq!(sent(schema), json!({"output": schema}));
    assert_eq!(sent("{\"a\":1}"), json!({"a": 1}));
}

#[test]
fn what_a_vendor_has_no_word_for_of_a_tools_wishes_is_noted() {
    let request = request(json!({"messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "cache_control": {"type": "ephemeral"}, "function": {
            "name": "f", "strict": true, "parameters": {"type": "object", "properties": {}}}}]}));
    let noted = |client: &Resolved<ClientOptions>| {
        let adjusted = prepare(client, &request, false).unwrap().adjusted;
        let has = |field: &str| adjusted.iter().any(|note| note.starts_with(field));
        (has("cache_control"), has("tools.strict"))
    };
    assert_eq!(noted(&client("anthropic", "claude-sonnet-5-5")), (false, false));
    assert_eq!(noted(&client("openai", "gpt-4o")), (true, false));
    assert_eq!(noted(&responses()), (true, false));
    assert_eq!(noted(&client("cohere", "command-a-03-2025")), (true, false));
    assert_eq!(noted(&client("gemini", "gemini-2.5-flash")), (true, false));
    assert_eq!(noted(&client("ollama", "llama3.2")), (true, true));
}

#[test]
fn a_reference_of_a_schema_stands_alone_for_gemini() {
    let reference = json!({"$ref": "#/$defs/Place"});
    let given = json!({"type": "object", "$defs": {"Place": {"type": "string"}},
        "properties": {
            "from": {"$ref": "#/$defs/Place", "description": "Where it begins"},
            "to": reference,
            "by": {"type": "array", "items": {"$ref": "#/$defs/Place", "default": "sea"}},
            "$ref": {"type": "string"}}});
    let request = request(json!({"messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": given}}],
        "response_format": {"type": "json_schema",
            "json_schema": {"name": "trip", "schema": given}}}));
    let sent = body(&client("gemini", "gemini-3.8-flash"), &request);
    fits("gemini-openapi.json", "GenerateContentRequest", &sent);
    let mut expected = given.clone();
    expected["properties"]["from"] =
        json!({"anyOf": [reference], "description": "Where it begins"});
    expected["properties"]["by"]["items"] = json!({"anyOf": [reference], "default": "sea"});
    let declared = &sent["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"];
    assert_eq!((declared, &sent["generationConfig"]["responseJsonSchema"]), (&expected, &expected));
}

#[test]
fn a_custom_tool_is_refused_where_there_are_none() {
    let request = request(json!({"messages": [{"role": "user", "content": "Paint"}],
        "tools": painted()["tools"]}));
    for (provider, model) in [
        ("anthropic", "claude-sonnet-5-5"),
        ("gemini", "gemini-2.5-flash"),
        ("cohere", "command-a-03-2025"),
        ("ollama", "llama3.2"),
    ] {
        let error = prepare(&client(provider, model), &request, false).err().unwrap();
        assert!(error.to_string().contains("tools: "), "{error}");
    }
}

#[test]
fn no_choice_names_a_tool_that_was_left_out() {
    let weather = json!({"type": "function", "function": {"name": "weather"}});
    let choices = [
        painted()["tool_choice"].clone(),
        json!({"type": "allowed_tools", "allowed_tools": {"mode": "required",
            "tools": [painted()["tools"][0], weather]}}),
    ];
    for (provider, model) in [
        ("anthropic", "claude-sonnet-5-5"),
        ("gemini", "gemini-2.5-flash"),
        ("cohere", "command-a-03-2025"),
        ("ollama", "llama3.2"),
    ] {
        for choice in &choices {
            let request = request(json!({"messages": [{"role": "user", "content": "Paint"}],
                "tools": [painted()["tools"][0], weather], "tool_choice": choice}));
            let drops = options(&[
                ("provider", provider),
                ("model", model),
                ("api_key", "k"),
                ("unsupported", "drop"),
            ]);
            let prepared = prepare(&drops, &request, false).unwrap();
            let notes = prepared.adjusted.join("; ");
            assert!(notes.contains("tools: left out"), "{provider}: {notes}");
            let sent = body(&drops, &request);
            assert!(!sent.to_string().contains("paint"), "{provider}: {sent}");
            assert!(sent["tools"].to_string().contains("weather"), "{provider}: {sent}");
        }
    }
}

#[test]
fn where_every_allowed_tool_was_left_out_none_may_be_called() {
    let request = request(json!({"messages": [{"role": "user", "content": "Paint"}],
        "tools": [painted()["tools"][0], {"type": "function", "function": {"name": "weather"}}],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": {
            "mode": "required", "tools": [painted()["tools"][0]]}}}));
    let drops = |provider: &str, model: &str| {
        let set =
            [("provider", provider), ("model", model), ("api_key", "k"), ("unsupported", "drop")];
        body(&options(&set), &request)
    };
    let sent = drops("gemini", "gemini-2.5-flash");
    assert_eq!(sent["toolConfig"]["functionCallingConfig"], json!({"mode": "NONE"}));
    for (provider, model) in [
        ("anthropic", "claude-sonnet-5-5"),
        ("cohere", "command-a-03-2025"),
        ("ollama", "llama3.2"),
    ] {
        let sent = drops(provider, model);
        assert!(sent["tool_choice"].is_null() && sent["tools"].is_null(), "{provider}: {sent}");
    }
}

#[test]
fn cohere_is_offered_the_named_tool_alone_and_that_is_noted() {
    let tool = |name: &str| json!({"type": "function", "function": {"name": name}});
    let noted = |tools: &[Value]| {
        let request = request(json!({"messages": [{"role": "user", "content": "Hi"}],
            "tools": tools, "tool_choice": tool("f")}));
        let client = client("cohere", "command-a-03-2025");
        assert_eq!(body(&client, &request)["tools"].as_array().unwrap().len(), 1);
        prepare(&client, &request, false).unwrap().adjusted
    };
    let left_out = "tools: left out: all but the one that tool_choice names";
    assert!(noted(&[tool("f"), tool("g")]).contains(&left_out.to_string()));
    assert!(!noted(&[tool("f")]).contains(&left_out.to_string()));
}

#[test]
fn a_choice_of_no_tool_of_the_request_is_refused_where_it_cannot_be_named() {
    let request = request(json!({"messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "function": {"name": "weather"}}],
        "tool_choice": {"type": "function", "function": {"name": "wether"}}}));
    let refused = prepare(&client("cohere", "command-a-03-2025"), &request, false);
    let words = refused.err().unwrap().to_string();
    assert!(words.contains("tool_choice: "), "{words}");
}

#[test]
fn a_custom_tool_may_be_among_the_allowed_ones() {
    let mut json = painted();
    json["tool_choice"] = json!({"type": "allowed_tools", "allowed_tools": {
        "mode": "auto", "tools": [{"type": "custom", "custom": {"name": "paint"}}]}});
    let request = request(json.clone());
    let sent = body(&client("openai", "gpt-5"), &request);
    assert_eq!(sent["tool_choice"], json["tool_choice"]);
    fits("openai-openapi.json", "CreateChatCompletionRequest", &sent);
    let sent = body(&responses(), &request);
    assert_eq!(sent["tool_choice"]["tools"], json!([{"type": "custom", "name": "paint"}]));
    fits("openai-openapi.json", "CreateResponse", &sent);
}

#[test]
fn what_an_mcp_server_says_to_the_program_is_left_out_and_noted() {
    let tool = json!({"name": "w", "title": "W", "inputSchema": {"type": "object"},
        "outputSchema": {"type": "object"}, "annotations": {"readOnlyHint": true}});
    let request =
        request(json!({"messages": [{"role": "user", "content": "Hi"}], "tools": [tool]}));
    for (provider, model) in [("openai", "gpt-4o"), ("anthropic", "m"), ("ollama", "m")] {
        let prepared = prepare(&client(provider, model), &request, false).unwrap();
        let notes = prepared.adjusted.join("; ");
        for name in ["title", "outputSchema", "annotations"] {
            assert!(notes.contains(&format!("tools.{name}: left out")), "{provider}: {notes}");
        }
    }
}

#[test]
fn a_functions_schema_is_read_in_the_form_of_each_vendor() {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let forms = [
        json!({"name": "w", "parameters": schema}),
        json!({"name": "w", "input_schema": schema}),
        json!({"type": "custom", "name": "w", "input_schema": schema}),
        json!({"name": "w", "inputSchema": schema}),
        json!({"name": "w", "parametersJsonSchema": schema}),
        json!({"type": "function", "function": {"name": "w", "input_schema": schema}}),
    ];
    for form in forms {
        let request =
            request(json!({"messages": [{"role": "user", "content": "Hi"}], "tools": [form]}));
        let sent = body(&client("anthropic", "claude-sonnet-5-5"), &request);
        assert_eq!(sent["tools"], json!([{"name": "w", "input_schema": schema}]), "{form}");
        let sent = body(&client("gemini", "gemini-2.5-flash"), &request);
        let declared = &sent["tools"][0]["functionDeclarations"][0];
        assert_eq!(declared["parametersJsonSchema"], schema, "{form}");
        let sent = body(&client("custom", "m"), &request);
        let function = json!({"name": "w", "parameters": schema});
        assert_eq!(sent["tools"], json!([{"type": "function", "function": function}]), "{form}");
    }
}

/// A tool that says `own` beside its function, and the same told by a client of
/// these options.
fn said_beside(client: &Resolved<ClientOptions>, own: Value) -> Result<Prepared> {
    let mut tool = json!({"type": "function", "function": {"name": "f", "x_within": false,
        "parameters": {"type": "object", "properties": {}}}});
    tool.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let json = json!({"messages": [{"role": "user", "content": "Hi"}], "tools": [tool]});
    prepare(client, &request(json), false)
}

fn json_of(prepared: &Prepared) -> Value {
    serde_json::from_slice(&prepared.http.body).unwrap()
}

#[test]
fn what_a_vendor_knows_of_a_function_is_handed_on() {
    let claude = client("anthropic", "claude-sonnet-5-5");
    let own = json!({"defer_loading": true, "eager_input_streaming": true,
        "input_examples": [{}], "allowed_callers": ["direct"]});
    let sent = json_of(&said_beside(&claude, own.clone()).unwrap());
    fits("anthropic-tryagi-openapi.yaml", "CreateMessageParams", &sent);
    for (key, value) in own.as_object().unwrap() {
        assert_eq!(&sent["tools"][0][key], value, "{key}");
    }
    let own = json!({"defer_loading": true, "allowed_callers": ["programmatic"],
        "output_schema": {"type": "string"}});
    let sent = json_of(&said_beside(&responses(), own.clone()).unwrap());
    fits("openai-openapi.json", "CreateResponse", &sent);
    for (key, value) in own.as_object().unwrap() {
        assert_eq!(&sent["tools"][0][key], value, "{key}");
    }
    let own = json!({"behavior": "BLOCKING", "responseJsonSchema": {"type": "string"}});
    let gemini = client("gemini", "gemini-2.5-flash");
    let sent = json_of(&said_beside(&gemini, own).unwrap());
    fits("gemini-openapi.json", "GenerateContentRequest", &sent);
    let declared = &sent["tools"][0]["functionDeclarations"][0];
    assert_eq!(declared["responseJsonSchema"], json!({"type": "string"}));
    for provider in ["custom", "huggingface", "siliconflow"] {
        let sent = said_beside(&client(provider, "m"), json!({"defer_loading": true})).unwrap();
        let tool = &json_of(&sent)["tools"][0];
        assert_eq!(
            (&tool["defer_loading"], &tool["function"]["x_within"]),
            (&json!(true), &json!(false))
        );
    }
}

#[test]
fn what_a_vendor_does_not_know_of_a_function_is_refused_by_name() {
    for (provider, model) in [
        ("openai", "gpt-4o"),
        ("deepseek", "deepseek-flash"),
        ("kimi", "kimi-k2.6"),
        ("cohere", "command-a-03-2025"),
        ("ollama", "llama3.2"),
        ("gemini", "gemini-2.5-flash"),
        ("anthropic", "claude-sonnet-5-5"),
    ] {
        let own = json!({"x_own": 1, "x_none": null});
        let error = said_beside(&client(provider, model), own.clone()).map(|_| ()).unwrap_err();
        assert_eq!(error.status(), Status::BadRequest);
        assert_eq!(error.to_string(), format!("tools.x_own: {provider} {model} does not take it"));
        let drops =
            [("provider", provider), ("model", model), ("api_key", "k"), ("unsupported", "drop")];
        let prepared = said_beside(&options(&drops), own).unwrap();
        let note = format!("tools.x_own: left out: {provider} {model} does not take it");
        assert!(prepared.adjusted.contains(&note), "{:?}", prepared.adjusted);
        assert!(!json_of(&prepared).to_string().contains("x_own"));
    }
}
