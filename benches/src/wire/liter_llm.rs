//! liter-llm, the one other Rust library of clients with a C surface; called from
//! Rust here.

use futures_util::StreamExt;
use liter_llm::client::ClientConfigBuilder;
use liter_llm::{
    ChatCompletionRequest, DefaultClient, LlmClient, Message, UserContent, UserMessage,
};
use tokio::runtime::Runtime;

use super::{Caller, PROMPT, runtime};

/// A client for each path, made when it is first asked.
pub struct LiterLlm {
    runtime: Runtime,
    port: u16,
    clients: Vec<(String, DefaultClient)>,
}

impl LiterLlm {
    pub fn new(port: u16) -> LiterLlm {
        LiterLlm { runtime: runtime(), port, clients: Vec::new() }
    }

    /// The place of a path's client.
    fn client(&mut self, path: &str) -> usize {
        if let Some(at) = self.clients.iter().position(|(known, _)| known == path) {
            return at;
        }
        let base = format!("http://127.0.0.1:{}/{path}", self.port);
        let config = ClientConfigBuilder::new("k").base_url(base).build();
        let client = DefaultClient::new(config, Some("openai")).expect("a client");
        self.clients.push((path.into(), client));
        self.clients.len() - 1
    }
}

fn request() -> ChatCompletionRequest {
    let user = UserMessage { content: UserContent::Text(PROMPT.into()), name: None };
    ChatCompletionRequest {
        model: "gpt-5.4-mini".into(),
        messages: vec![Message::User(user)],
        ..Default::default()
    }
}

impl Caller for LiterLlm {
    fn name(&self) -> &'static str {
        "liter-llm"
    }

    fn call(&mut self, path: &str, seen: &mut dyn FnMut(&[u8])) {
        let at = self.client(path);
        let client = &self.clients[at].1;
        self.runtime.block_on(async {
            if path == "plain" {
                let answer = client.chat(request()).await.expect("an answer");
                let content = answer.choices.first().and_then(|c| c.message.content.as_ref());
                let text = content.and_then(|content| content.as_text());
                return seen(text.unwrap_or_default().as_bytes());
            }
            let mut stream = client.chat_stream(request()).await.expect("a stream");
            while let Some(event) = stream.next().await {
                let event = event.expect("an event");
                if let Some(text) = event.choices.first().and_then(|c| c.delta.content.as_deref()) {
                    seen(text.as_bytes());
                }
            }
        });
    }
}
