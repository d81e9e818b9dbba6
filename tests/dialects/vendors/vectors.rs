//! Vectors: numbers or base64, and how many.

use super::*;

#[test]
fn vectors_are_numbers_unless_base64_was_asked_for() {
    let answer = json!({"data": [{"index": 0, "embedding": "AACAPwAAAMA="}], "model": "e"});
    let vector = |asked: Value| {
        let client = client("openai", "m");
        let (dialect, _) = context_of("openai");
        let context = dialect.embed_prepare(&client, asked.as_object().unwrap()).unwrap().context;
        let body = answer.to_string();
        let json = dialect.embed_reply(&context, &head(200, &[]), body.as_bytes()).unwrap();
        json["data"][0]["embedding"].clone()
    };
    assert_eq!(vector(json!({"model": "e", "input": "a"})), json!([1.0, -2.0]));
    for format in ["base64", "base64_int8"] {
        let asked = json!({"model": "e", "input": "a", "encoding_format": format});
        assert_eq!(vector(asked), "AACAPwAAAMA=");
    }
    // Perplexity's are a byte each.
    let asked = json!({"model": "pplx-embed-v1-0.6b", "input": "a"});
    assert_eq!(vector(asked), json!([0, 0, -128, 63, 0, 0, 0, -64]));
}

#[test]
fn all_tokens_of_embeddings_are_the_prompts() {
    let (dialect, context) = context_of("custom");
    let usage = |usage: Value| {
        let body = json!({"data": [{"index": 0, "embedding": [0.5]}], "usage": usage}).to_string();
        let json = dialect.embed_reply(&context, &head(200, &[]), body.as_bytes()).unwrap();
        json["usage"].clone()
    };
    let whole = json!({"total_tokens": 7, "prompt_tokens": 7});
    assert_eq!(usage(json!({"total_tokens": 7})), whole);
    assert_eq!(usage(json!({"total_tokens": 7, "prompt_tokens": null})), whole);
    for said in [json!({"total_tokens": 7, "prompt_tokens": 5}), json!({}), json!(null)] {
        assert_eq!(usage(said.clone()), said);
    }
}

#[test]
fn cohere_vectors_of_another_kind_are_vectors() {
    let (dialect, context) = context_of("cohere");
    let body = json!({"embeddings": {"float": null, "int8": [[1, -2], [3, 4]]}}).to_string();
    let json = dialect.embed_reply(&context, &head(200, &[]), body.as_bytes()).unwrap();
    assert_eq!(json["data"][1]["embedding"], json!([3, 4]));
}

#[test]
fn one_vector_without_a_list_is_a_list_of_one() {
    for (provider, answer) in [
        ("gemini", json!({"embedding": {"values": [0.5, -1.0]}})),
        ("ollama", json!({"embedding": [0.5, -1.0]})),
    ] {
        let (dialect, context) = context_of(provider);
        let body = answer.to_string();
        let json = dialect.embed_reply(&context, &head(200, &[]), body.as_bytes()).unwrap();
        assert_eq!(json["data"][0]["embedding"], json!([0.5, -1.0]), "{provider}");
    }
}

#[test]
fn as_many_vectors_come_as_texts_were_asked_for_or_none() {
    let reply = |provider: &str, input: Value, body: &Value| {
        let client = Arc::new(client(provider, "e"));
        let asked = json!({"model": "e", "input": input}).to_string();
        let order = Order::embeddings(&asked, &client).unwrap();
        order.reply(&head(200, &[]), body.to_string().as_bytes()).map(drop)
    };
    let one = json!({"data": [{"index": 0, "embedding": [0.5]}], "model": "e"});
    reply("openai", "a".into(), &one).unwrap();
    reply("openai", json!([17, 4]), &one).unwrap();
    let error = reply("openai", json!(["a", "b"]), &one).unwrap_err();
    assert_eq!(error.status(), Status::Protocol);
    assert!(error.to_string().contains("2 embeddings were asked for, and 1 came"), "{error}");
    for (provider, body) in [
        ("gemini", json!({"embeddings": [{"values": [0.5]}]})),
        ("cohere", json!({"embeddings": {"float": [[0.5]]}})),
        ("ollama", json!({"embeddings": [[0.5]]})),
    ] {
        reply(provider, json!(["a"]), &body).unwrap();
        assert!(reply(provider, json!(["a", "b"]), &body).is_err(), "{provider}");
    }
    // Nor is a row one that has none.
    let row = |embedding: Value| json!({"index": 0, "embedding": embedding});
    for (provider, body) in [
        ("custom", json!({"data": [row(Value::Null), row(json!([2.0]))]})),
        ("custom", json!({"data": [null, row(json!([2.0]))]})),
        ("custom", json!({"data": [row(json!([])), row(json!([2.0]))]})),
        ("openai", json!({"data": [row("!!!".into()), row("AACAPw==".into())]})),
        ("gemini", json!({"embeddings": [{"values": [0.1]}, {}]})),
        ("cohere", json!({"embeddings": {"float": [null, [0.2]]}})),
    ] {
        let error = reply(provider, json!(["a", "b"]), &body).unwrap_err();
        assert_eq!(error.status(), Status::Protocol, "{body}");
    }
}

#[test]
fn a_reply_of_embeddings_says_which_model_gave_them() {
    let client = Arc::new(client("openai", "e"));
    let order = Order::embeddings(r#"{"model": "e", "input": "a"}"#, &client).unwrap();
    let body = r#"{"data": [{"index": 0, "embedding": [0.5]}], "model": "e-2026-11"}"#;
    let reply = order.reply(&head(200, &[]), body.as_bytes()).unwrap();
    assert_eq!(reply.model.as_deref(), Some("e-2026-11"));
}

#[test]
fn an_answer_without_a_vector_is_no_embeddings_to_any_vendor() {
    for provider in ["gemini", "cohere", "ollama"] {
        let (dialect, context) = context_of(provider);
        for body in ["{}", r#"{"embeddings":[]}"#] {
            let end = dialect.embed_reply(&context, &head(200, &[]), body.as_bytes());
            assert_eq!(end.unwrap_err().status(), Status::Protocol, "{provider} {body}");
        }
    }
}
