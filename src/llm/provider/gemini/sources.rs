//! What an answer rests on: the searched, the quoted and the fetched, of which each
//! event of a stream may tell another part, or all that is known so far.

use serde_json::{Map, Value};

use crate::llm::json::Json;

/// Items up to which a list is searched for one that is there already.
const SEARCHED: usize = 1_024;

/// Adds what an event tells to what is known.
pub fn add(new: &Json, known: &mut Option<Value>) {
    if new.members().is_empty() {
        return;
    }
    match (known, new.to_value()) {
        (Some(Value::Object(old)), Value::Object(mut new)) => {
            renumber(&mut new, old);
            new.into_iter().for_each(|(name, value)| join(old, name, value));
        }
        (known, new) => *known = Some(new),
    }
}

/// Adds a member. What says nothing takes nothing away.
fn join(known: &mut Map<String, Value>, name: String, new: Value) {
    let is_list = name == "urlMetadata";
    match (known.get_mut(&name), new) {
        (Some(Value::Array(old)), Value::Array(new)) => {
            new.into_iter().for_each(|item| put(old, item, is_list));
        }
        (Some(_), Value::Null) => {}
        (Some(_), Value::Object(new)) if new.is_empty() => {}
        (_, new) => drop(known.insert(name, new)),
    }
}

/// Adds an item to a list, unless it is there; of an address the last word counts.
fn put(list: &mut Vec<Value>, item: Value, is_by_address: bool) {
    let place = |list: &[Value]| match is_by_address {
        true => list.iter().position(|old| old["retrievedUrl"] == item["retrievedUrl"]),
        false => list.iter().position(|old| *old == item),
    };
    match if list.len() < SEARCHED { place(list) } else { None } {
        Some(place) => list[place] = item,
        None => list.push(item),
    }
}

/// Has the supports of an event name its sources by their places in the joined list.
fn renumber(new: &mut Map<String, Value>, known: &Map<String, Value>) {
    fn list(of: &Map<String, Value>) -> Option<&Vec<Value>> {
        of.get("groundingChunks")?.as_array()
    }
    let (Some(known), Some(own)) = (list(known), list(new)) else { return };
    let mut added = Vec::new();
    let places: Vec<usize> = own
        .iter()
        .map(|item| {
            let mut joined = known.iter().chain(added.iter().copied()).take(SEARCHED);
            joined.position(|old| old == item).unwrap_or_else(|| {
                added.push(item);
                known.len() + added.len() - 1
            })
        })
        .collect();
    let supports = new.get_mut("groundingSupports").and_then(Value::as_array_mut);
    for support in supports.into_iter().flatten() {
        let numbers = support.get_mut("groundingChunkIndices").and_then(Value::as_array_mut);
        for number in numbers.into_iter().flatten() {
            let place = number.as_u64().and_then(|number| places.get(number as usize));
            place.into_iter().for_each(|place| *number = (*place).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn joined(events: &[Value]) -> Value {
        let mut known = None;
        for event in events {
            let text = event.to_string();
            add(&Json::parse(text.as_bytes()).unwrap(), &mut known);
        }
        known.unwrap()
    }

    #[test]
    fn quotations_of_all_events_are_kept_and_each_once() {
        let quoted = |spans: &[u64]| {
            let spans = spans.iter().map(|at| json!({"startIndex": at, "endIndex": at + 9}));
            json!({"citationSources": spans.collect::<Vec<_>>()})
        };
        let events = [quoted(&[1]), quoted(&[1, 20]), quoted(&[]), quoted(&[40])];
        assert_eq!(joined(&events), quoted(&[1, 20, 40]));
    }

    #[test]
    fn of_an_address_the_last_word_counts() {
        let fetched = |url: &str, status: &str| json!({"urlMetadata": [{"retrievedUrl": url, "urlRetrievalStatus": status}]});
        let all = joined(&[fetched("a", "begun"), fetched("b", "done"), fetched("a", "done")]);
        let urls = all["urlMetadata"].as_array().unwrap();
        let status = |at: usize| (&urls[at]["retrievedUrl"], &urls[at]["urlRetrievalStatus"]);
        assert_eq!((urls.len(), status(0)), (2, (&json!("a"), &json!("done"))));
    }

    #[test]
    fn supports_name_their_sources_in_the_joined_list() {
        let found = |web: &str, text: &str| {
            json!({
                "groundingChunks": [{"web": web}],
                "groundingSupports": [{"segment": text, "groundingChunkIndices": [0]}],
            })
        };
        let all = joined(&[found("a", "x"), found("b", "y"), found("a", "z")]);
        assert_eq!(all["groundingChunks"], json!([{"web": "a"}, {"web": "b"}]));
        let numbers = all["groundingSupports"].as_array().unwrap().iter();
        let numbers: Vec<_> = numbers.map(|it| it["groundingChunkIndices"][0].clone()).collect();
        assert_eq!(numbers, [json!(0), json!(1), json!(0)]);
    }
}
