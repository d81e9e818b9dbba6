//! The bytes in which the response cache keeps an answer.
//!
//! Fields stand one after the other, each text behind its length, so that a hit
//! costs a copy and not a parse; what is a JSON tree stays a text until somebody
//! looks. Who served the answer, its age and its times are not kept: they are
//! the client's to say; nor is what was left out of the request, which another with
//! the same key need not have said. Another version's bytes are read as nothing,
//! which is a miss.

use serde_json::Value;

use super::lazy::Lazy;
use super::message::ToolCall;
use super::response::{Choice, FinishReason, Response, Usage};

/// Stands first; another for each change of what follows.
const VERSION: u8 = 3;

/// Where a cost can have come from.
const SOURCES: [&str; 5] = ["provider", "option", "file", "table", "cache"];

/// What is kept of an answer.
pub fn write(response: &Response) -> Vec<u8> {
    let mut out = Writer(vec![VERSION]);
    out.count(response.choices.len());
    response.choices.iter().for_each(|choice| out.choice(choice));
    out.usage(response.usage.as_ref());
    out.text(response.model.as_deref());
    out.text(Some(&response.provider));
    out.text(response.id.as_deref());
    out.number(response.created);
    out.text(response.request_id.as_deref());
    for usd in [response.cost_usd, response.saved_usd, response.stated_cost_usd] {
        out.number(usd.map(f64::to_bits));
    }
    out.text(response.cost_source);
    out.0.push(response.has_unpriced.into());
    out.0
}

/// The answer, unless these are not its bytes.
pub fn read(bytes: &[u8]) -> Option<Response> {
    let mut from = Reader(bytes);
    if from.byte()? != VERSION {
        return None;
    }
    let choices = (0..from.count()?).map(|_| from.choice()).collect::<Option<_>>()?;
    let mut response = Response { choices, usage: from.usage()?, ..Response::default() };
    response.model = from.owned()?;
    response.provider = from.owned()?.unwrap_or_default();
    response.id = from.owned()?;
    response.created = from.number()?;
    response.request_id = from.owned()?;
    response.cost_usd = from.number()?.map(f64::from_bits);
    response.saved_usd = from.number()?.map(f64::from_bits);
    response.stated_cost_usd = from.number()?.map(f64::from_bits);
    let source = from.text()?;
    response.cost_source = SOURCES.into_iter().find(|known| Some(*known) == source);
    response.has_unpriced = from.byte()? != 0;
    Some(response)
}

struct Writer(Vec<u8>);

impl Writer {
    fn count(&mut self, count: usize) {
        self.0.extend((count as u32).to_le_bytes());
    }

    fn number(&mut self, number: Option<u64>) {
        self.0.push(number.is_some().into());
        self.0.extend(number.map(u64::to_le_bytes).iter().flatten());
    }

    fn text(&mut self, text: Option<&str>) {
        self.number(text.map(|text| text.len() as u64));
        self.0.extend(text.unwrap_or_default().as_bytes());
    }

    fn json(&mut self, value: Option<&Value>) {
        self.text(value.map(Value::to_string).as_deref());
    }

    fn usage(&mut self, usage: Option<&Usage>) {
        self.0.push(usage.is_some().into());
        let Some(usage) = usage else { return };
        self.number(usage.input_tokens);
        self.number(usage.output_tokens);
        self.number(usage.total_tokens);
        self.number(usage.cached_input_tokens);
        self.number(usage.cache_write_tokens);
        self.number(usage.reasoning_tokens);
        self.text(usage.provider_usage.as_deref());
    }

    fn choice(&mut self, choice: &Choice) {
        self.count(choice.index as usize);
        self.text(Some(&choice.text));
        self.text(choice.reasoning.as_deref());
        self.text(choice.refusal.as_deref());
        self.count(choice.tool_calls.len());
        for call in &choice.tool_calls {
            for text in [&call.id, &call.name, &call.arguments] {
                self.text(Some(text));
            }
        }
        self.text(choice.finish_reason.map(FinishReason::name));
        self.text(choice.provider_finish_reason.as_deref());
        self.text(choice.finish_detail.as_deref());
        self.text(choice.stop_sequence.as_deref());
        self.text(Some(&choice.message.text()));
        self.json(choice.citations.as_ref());
        self.json(choice.logprobs.as_ref());
    }
}

/// Each answers none where the bytes end or make no sense.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    fn is_there(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// A number of things that each take a byte at least.
    fn count(&mut self) -> Option<usize> {
        let count = u32::from_le_bytes(self.array()?) as usize;
        (count <= self.0.len()).then_some(count)
    }

    fn number(&mut self) -> Option<Option<u64>> {
        match self.is_there()? {
            true => Some(Some(u64::from_le_bytes(self.array()?))),
            false => Some(None),
        }
    }

    fn text(&mut self) -> Option<Option<&'a str>> {
        let Some(length) = self.number()? else { return Some(None) };
        let (text, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(Some(std::str::from_utf8(text).ok()?))
    }

    fn owned(&mut self) -> Option<Option<String>> {
        Some(self.text()?.map(Into::into))
    }

    fn json(&mut self) -> Option<Option<Value>> {
        match self.text()? {
            Some(text) => Some(Some(serde_json::from_str(text).ok()?)),
            None => Some(None),
        }
    }

    fn usage(&mut self) -> Option<Option<Usage>> {
        if !self.is_there()? {
            return Some(None);
        }
        Some(Some(Usage {
            input_tokens: self.number()?,
            output_tokens: self.number()?,
            total_tokens: self.number()?,
            cached_input_tokens: self.number()?,
            cache_write_tokens: self.number()?,
            reasoning_tokens: self.number()?,
            provider_usage: self.owned()?,
        }))
    }

    fn call(&mut self) -> Option<ToolCall> {
        Some(ToolCall {
            id: self.owned()??,
            name: self.owned()??,
            arguments: self.owned()??,
            ..ToolCall::default()
        })
    }

    fn choice(&mut self) -> Option<Choice> {
        Some(Choice {
            index: u32::from_le_bytes(self.array()?),
            text: self.owned()??,
            reasoning: self.owned()?,
            refusal: self.owned()?,
            tool_calls: (0..self.count()?).map(|_| self.call()).collect::<Option<_>>()?,
            finish_reason: match self.text()? {
                Some(name) => Some(FinishReason::from_name(name)?),
                None => None,
            },
            provider_finish_reason: self.owned()?,
            finish_detail: self.owned()?,
            stop_sequence: self.owned()?,
            message: Lazy::Text(self.text()??.into()),
            citations: self.json()?,
            logprobs: self.json()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Every field that is kept has a value of its own.
    fn full() -> Response {
        let call = |id: &str| ToolCall {
            id: id.into(),
            name: "f".into(),
            arguments: r#"{"x":1}"#.into(),
            ..ToolCall::default()
        };
        let choice = Choice {
            index: 1,
            text: "Hi".into(),
            reasoning: Some("hm".into()),
            refusal: Some(String::new()),
            tool_calls: vec![call("a"), call("b")],
            finish_reason: Some(FinishReason::ToolCalls),
            provider_finish_reason: Some("tool_calls".into()),
            finish_detail: Some("detail".into()),
            stop_sequence: Some("END".into()),
            message: json!({"role": "assistant", "content": "Hi"}).into(),
            citations: Some(json!(["source"])),
            logprobs: Some(json!({"p": 0.5})),
        };
        let usage = Usage {
            input_tokens: Some(3),
            output_tokens: Some(0),
            total_tokens: Some(4),
            cached_input_tokens: Some(5),
            cache_write_tokens: Some(6),
            reasoning_tokens: Some(7),
            provider_usage: Some(r#"{"prompt_tokens":3}"#.into()),
        };
        Response {
            choices: vec![choice, Choice::default()],
            usage: Some(usage),
            model: Some("m".into()),
            provider: "openai".into(),
            id: Some("id".into()),
            created: Some(1_700_000_000),
            request_id: Some("req".into()),
            cost_usd: Some(0.5),
            cost_source: Some("table"),
            saved_usd: Some(0.25),
            stated_cost_usd: Some(0.125),
            has_unpriced: true,
            ..Response::default()
        }
    }

    #[test]
    fn an_answer_from_the_cache_says_the_same() {
        for response in [full(), Response::default()] {
            let back = read(&write(&response)).unwrap();
            assert_eq!(back, response);
            assert_eq!(back.to_json(), response.to_json());
        }
    }

    #[test]
    fn bytes_that_are_cut_or_changed_are_never_more_than_a_miss() {
        let bytes = write(&full());
        (0..bytes.len()).for_each(|end| assert_eq!(read(&bytes[..end]), None, "{end}"));
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[place] ^= 1 << bit;
                // Whatever it is: it neither panics nor asks for memory.
                let _ = read(&changed);
            }
        }
        let mut other = bytes;
        other[0] += 1;
        assert_eq!(read(&other), None);
    }
}
