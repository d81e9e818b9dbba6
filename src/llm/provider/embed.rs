//! Embeddings: OpenAI's form in, OpenAI's form out.
//!
//! Each dialect that has them asks in its own words; the vectors come back as
//! `data[].embedding`, and what was used as `usage.prompt_tokens`.

use base64::Engine;
use serde_json::{Map, Value, json};

use super::{Access, Context, Prepared, errors, hosts, send};
use crate::error::{Error, Result, Status};
use crate::llm::json::Json;
use crate::llm::transport::Head;
use crate::options::Resolved;
use crate::options::client::ClientOptions;

/// The refusal of a provider that has no embeddings.
pub fn none(provider: &str) -> Error {
    Error::call(Status::BadRequest, format!("embeddings: {provider} has none"))
}

/// The failure of an answer that has none.
pub fn missing() -> Error {
    Error::Protocol("the answer holds no embeddings".into())
}

/// The model that the JSON names.
pub fn model(json: &Map<String, Value>) -> Result<&str> {
    let model = json.get("model").and_then(Value::as_str).filter(|model| !model.is_empty());
    model.ok_or_else(|| {
        Error::invalid(
            "model",
            "embeddings need the name of a model; the client's own is for chats",
        )
    })
}

fn wrong() -> Error {
    Error::invalid("input", "must be a text or a list of texts, of one at least")
}

/// The texts that the JSON holds.
pub fn texts(json: &Map<String, Value>) -> Result<Vec<String>> {
    match json.get("input") {
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(Value::Array(items)) if !items.is_empty() => {
            items.iter().map(|item| item.as_str().map(String::from).ok_or_else(wrong)).collect()
        }
        _ => Err(wrong()),
    }
}

/// How many embeddings the JSON asks for: a list of numbers is one text, in tokens.
pub fn asked(json: &Map<String, Value>) -> Result<Option<usize>> {
    match json.get("input") {
        None => Ok(None),
        Some(Value::Array(items)) if items.is_empty() => Err(wrong()),
        Some(Value::Array(items)) if !items.iter().all(Value::is_number) => Ok(Some(items.len())),
        Some(_) => Ok(Some(1)),
    }
}

/// Refuses an answer that holds more or fewer: which text each one is of would be a
/// guess. Nor is a row without a vector any. Each says which text it is of then.
pub fn check(asked: Option<usize>, answer: &mut Value) -> Result<()> {
    let rows = answer["data"].as_array_mut().map_or(&mut [][..], Vec::as_mut_slice);
    let came = rows.iter().filter(|row| has_vector(row)).count();
    let all = asked.unwrap_or(rows.len());
    if all == came && came == rows.len() {
        return number(rows);
    }
    let message = format!("{all} embeddings were asked for, and {came} came");
    Err(Error::call(Status::Protocol, message))
}

/// Gives each row its index. A 0 may be left out, as some serializers do; where all
/// have the same or none, they stand in the order of the texts.
fn number(rows: &mut [Value]) -> Result<()> {
    let index = |row: &Value| row["index"].as_u64().unwrap_or(0);
    let first = rows.first().map(index);
    let all_alike = rows.iter().all(|row| Some(index(row)) == first);
    let mut is_there = vec![false; rows.len()];
    for (place, row) in rows.iter_mut().enumerate() {
        let index = if all_alike { place as u64 } else { index(row) };
        let there = usize::try_from(index).ok().and_then(|index| is_there.get_mut(index));
        match there {
            Some(there) if !*there => *there = true,
            _ => {
                let message = "the embeddings do not say which text each of them is of: \
                    their indexes are not 0 to one less than their number, each once";
                return Err(Error::call(Status::Protocol, message));
            }
        }
        if row["index"].as_u64() != Some(index) {
            row["index"] = index.into();
        }
    }
    Ok(())
}

/// Whether a row has a vector, or, under the name that Jina has for those, several.
fn has_vector(row: &Value) -> bool {
    ["embedding", "embeddings"].iter().any(|name| match row.get(name) {
        Some(Value::Array(numbers)) => !numbers.is_empty(),
        Some(Value::String(packed)) => !packed.is_empty(),
        _ => false,
    })
}

/// Refuses what a dialect has no word for.
pub fn only(provider: &str, json: &Map<String, Value>, known: &[&str]) -> Result<()> {
    match json.keys().find(|key| !known.contains(&key.as_str())) {
        None if json.get("encoding_format").is_some_and(|format| format != "float") => {
            let message = format!("encoding_format: {provider} gives only float");
            Err(Error::call(Status::BadRequest, message))
        }
        None => Ok(()),
        Some(key) => {
            let message = format!("{key}: {provider} does not take it for embeddings");
            Err(Error::call(Status::BadRequest, message))
        }
    }
}

/// Makes a request of a body.
pub fn seal(
    options: &Resolved<ClientOptions>,
    model: &str,
    endpoint: &str,
    body: &Map<String, Value>,
) -> Result<Prepared> {
    seal_at(options, model, Access::of(options).url(endpoint)?, body)
}

/// As [`seal`], for an address that is complete.
pub fn seal_at(
    options: &Resolved<ClientOptions>,
    model: &str,
    url: String,
    body: &Map<String, Value>,
) -> Result<Prepared> {
    let provider = hosts::find(&options.values.provider).name;
    send::seal(send::Target { options, provider, model, stream: false }, url, body, Vec::new())
}

/// The answer as JSON, unless it states an error.
pub fn read<'a>(context: &Context, head: &Head, body: &'a [u8]) -> Result<Json<'a>> {
    let json = Json::parse(body).map_err(|error| {
        let message = format!("the answer is not the JSON that was expected: {error}");
        errors::with_head(head, Status::Protocol, message)
    })?;
    errors::inside(context, head, b"", &json).map_or(Ok(json), Err)
}

/// Vectors that a host sends as base64, as numbers: floats, but bytes where they are of
/// Perplexity's models; an error if one cannot be read.
pub fn as_numbers(json: &mut Value, model: &str) -> Result<()> {
    let model = model.rsplit('/').next().unwrap_or(model);
    let read = if model.starts_with("pplx-embed") { small } else { floats };
    let rows = json.get_mut("data").and_then(Value::as_array_mut);
    for row in rows.into_iter().flatten() {
        if let Some(packed) = row.get("embedding").and_then(Value::as_str) {
            let unread = || Error::call(Status::Protocol, "a vector is no base64 of numbers");
            row["embedding"] = read(packed).ok_or_else(unread)?;
        }
    }
    Ok(())
}

/// Says how many tokens the prompt had where a host says only how many there were in
/// all: there are no others.
pub fn complete_usage(json: &mut Value) {
    let Some(usage) = json.get_mut("usage").and_then(Value::as_object_mut) else { return };
    if usage.get("prompt_tokens").is_none_or(Value::is_null)
        && let Some(total) = usage.get("total_tokens").filter(|total| total.is_u64()).cloned()
    {
        usage.insert("prompt_tokens".into(), total);
    }
}

/// The floats of a base64 text: four bytes each, the lowest first.
fn floats(text: &str) -> Option<Value> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    let (floats, rest) = bytes.as_chunks::<4>();
    rest.is_empty().then(|| floats.iter().map(|four| f32::from_le_bytes(*four)).collect())
}

/// The numbers of a base64 text, from -128 to 127: a byte each.
fn small(text: &str) -> Option<Value> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    Some(bytes.iter().map(|byte| byte.cast_signed()).collect())
}

/// OpenAI's form of vectors; an answer without any is none.
pub fn answer(
    context: &Context,
    model: Option<&str>,
    vectors: Vec<Value>,
    tokens: Option<u64>,
) -> Result<Value> {
    if vectors.is_empty() {
        return Err(missing());
    }
    let data: Vec<_> = vectors
        .into_iter()
        .enumerate()
        .map(|(index, vector)| json!({"object": "embedding", "index": index, "embedding": vector}))
        .collect();
    let usage = tokens.map(|n| json!({"prompt_tokens": n, "total_tokens": n}));
    Ok(json!({
        "object": "list",
        "data": data,
        "model": model.unwrap_or(&context.model),
        "usage": usage,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn vectors_are_counted_by_texts_and_none_is_not_asked_for() {
        let of = |input: Value| asked(json!({"input": input}).as_object().unwrap());
        assert_eq!(of(json!(["a", "b"])), Ok(Some(2)));
        assert_eq!(of(json!([1, 2, 3])), Ok(Some(1)), "a text in tokens");
        assert_eq!(of(json!("a")), Ok(Some(1)));
        assert_eq!(asked(&Map::new()), Ok(None));
        let error = of(json!([])).unwrap_err().to_string();
        assert_eq!(error, "input: must be a text or a list of texts, of one at least");
    }

    #[test]
    fn a_vector_says_of_which_text_it_is_or_they_stand_in_their_order() {
        let read = |indexes: &[Value]| {
            let row = |index: &Value| match index {
                Value::Null => json!({"embedding": [1]}),
                index => json!({"embedding": [1], "index": index}),
            };
            let mut answer = json!({"data": indexes.iter().map(row).collect::<Value>()});
            check(Some(indexes.len()), &mut answer).map_err(|error| error.status())?;
            Ok(answer["data"].as_array().unwrap().iter().map(|r| r["index"].clone()).collect())
        };
        let (none, [zero, one, two]) = (Value::Null, [0, 1, 2].map(Value::from));
        for (given, told) in [
            (vec![two.clone(), zero.clone(), one.clone()], json!([2, 0, 1])),
            (vec![one.clone(), none.clone()], json!([1, 0])),
            (vec![none.clone(), none.clone()], json!([0, 1])),
            (vec![zero.clone(), zero.clone()], json!([0, 1])),
            (vec![two.clone()], json!([0])),
        ] {
            assert_eq!(read(&given), Ok(told), "{given:?}");
        }
        for unclear in [vec![zero.clone(), one.clone(), one.clone()], vec![one, two]] {
            assert_eq!(read(&unclear), Err(Status::Protocol), "{unclear:?}");
        }
        assert_eq!(read(&[zero.clone(), none, zero]), Ok(json!([0, 1, 2])));
    }
}
