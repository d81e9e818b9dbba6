//! async-openai, which parses every event into its own types.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, CreateChatCompletionRequest, CreateChatCompletionRequestArgs,
};
use futures_util::StreamExt;
use tokio::runtime::Runtime;

use super::{Caller, PROMPT, runtime};

/// A client for each path, made when it is first asked.
pub struct AsyncOpenai {
    runtime: Runtime,
    port: u16,
    clients: Vec<(String, Client<OpenAIConfig>)>,
}

impl AsyncOpenai {
    pub fn new(port: u16) -> AsyncOpenai {
        // Both build the same HTTP client, which takes no provider of its own here.
        liter_llm::ensure_crypto_provider();
        AsyncOpenai { runtime: runtime(), port, clients: Vec::new() }
    }

    fn client(&mut self, path: &str) -> Client<OpenAIConfig> {
        if let Some((_, client)) = self.clients.iter().find(|(known, _)| known == path) {
            return client.clone();
        }
        let base = format!("http://127.0.0.1:{}/{path}", self.port);
        let config = OpenAIConfig::new().with_api_base(base).with_api_key("k");
        let client = Client::with_config(config);
        self.clients.push((path.into(), client.clone()));
        client
    }
}

fn request() -> CreateChatCompletionRequest {
    let message = ChatCompletionRequestUserMessage::from(PROMPT);
    let mut request = CreateChatCompletionRequestArgs::default();
    request.model("gpt-5.4-mini").messages(vec![message.into()]);
    request.build().expect("a request")
}

impl Caller for AsyncOpenai {
    fn name(&self) -> &'static str {
        "async-openai"
    }

    fn call(&mut self, path: &str, seen: &mut dyn FnMut(&[u8])) {
        let client = self.client(path);
        self.runtime.block_on(async {
            if path == "plain" {
                let answer = client.chat().create(request()).await.expect("an answer");
                let text = answer.choices.first().and_then(|c| c.message.content.as_deref());
                return seen(text.unwrap_or_default().as_bytes());
            }
            let mut stream = client.chat().create_stream(request()).await.expect("a stream");
            while let Some(event) = stream.next().await {
                let event = event.expect("an event");
                if let Some(text) = event.choices.first().and_then(|c| c.delta.content.as_deref()) {
                    seen(text.as_bytes());
                }
            }
        });
    }
}
