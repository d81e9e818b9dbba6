//! A row for each provider: where it is, and what it does in a way of its own.
//!
//! What holds for a model is a row of [`super::super::models`] instead, and what a
//! host behind an address of the caller's does is told by that address.

use serde_json::Value;

use super::super::schemas;
use super::refused::{of_deepseek, of_kimi, of_openai};
use crate::llm::message::{Part, Role};

/// One provider.
#[derive(Debug)]
pub struct Host {
    /// Its name in the options.
    pub name: &'static str,
    /// Its address, and in China where that is another.
    pub base: &'static str,
    /// The same for `region=cn`.
    pub base_cn: &'static str,
    /// The path of an address that has none.
    pub version: &'static str,
    /// Environment variables of the key; the first one found wins.
    pub keys: &'static [&'static str],
    /// Environment variables of the address.
    pub bases: &'static [&'static str],
    /// Whether such a variable holds an address without the version's path, even where
    /// that has another one.
    pub bare_variable: bool,
    /// Options of other ids, and their environment variables.
    pub ids: &'static [(&'static str, &'static str)],
    /// The port of an address that has none, and neither needs a scheme.
    pub port: Option<u16>,
    /// Whether calls are refused without a key.
    pub needs_key: bool,
    /// The header of the key, and what stands before it there.
    pub key_header: (&'static str, &'static str),
    /// A header that goes with each request.
    pub header: Option<(&'static str, &'static str)>,
    /// Whether OpenAI's organisation and project are sent: behind an address of the
    /// caller's there may be a gateway to it.
    pub takes_ids: bool,
    /// Whether a limit of tokens counts the prompt alone before the answer, and
    /// never what the vendor's own cache held of it.
    pub limits_fresh_prompt: bool,
    /// Whether its form is not OpenAI's.
    pub has_own_form: bool,
    /// Whether it has Responses beside chat completions.
    pub has_responses: bool,
    /// Whether a result can say that its tool failed.
    pub tells_failures: bool,
    /// Whether an image can say how closely it is to be looked at.
    pub takes_details: bool,
    /// Whether what the system says in mid-conversation moves before it.
    pub moves_system: bool,
    /// Whether it takes the result of a call that is not there.
    pub takes_stray_results: bool,
    /// Its ways in chat completions.
    pub chat: Ways,
}

/// What a host does in its own way in chat completions.
#[derive(Debug)]
pub struct Ways {
    /// Whether forms and members that are a host's own are handed on: behind an
    /// address of the caller's, or a router's, there may be any host.
    pub hands_on: bool,
    /// Whether it may know marks for the prompt cache.
    pub keeps_marks: bool,
    /// Whether a cap may go under either of its two names.
    pub either_cap: bool,
    /// Whether it may know refusals, which are texts to the others.
    pub knows_refusals: bool,
    /// Whether it may know OpenAI's choice among some of the tools.
    pub takes_allowed: bool,
    /// Whether it may know more of a stream's options than the usage.
    pub knows_streams: bool,
    /// Whether it has a word on parallel calls.
    pub has_parallel: bool,
    /// Whether a custom tool is nested, as OpenAI has it here.
    pub nests_custom: bool,
    /// Whether it takes a message of the assistant's in which nothing is said.
    pub takes_silence: bool,
    /// Whether there may be a model behind it that takes but one message of the system's.
    pub joins_system: bool,
    /// Whether a list of texts has to be one text.
    pub joins_texts: bool,
    /// Whether a file's part says all in itself.
    pub flat_files: bool,
    /// What stands before an image's id where that stands as an address.
    pub image_scheme: Option<&'static str>,
    /// What holds the place of a thought where it wants one with each call.
    pub no_thought: Option<&'static str>,
    /// Whether it wants one also without calls, where tools are offered or were called.
    pub thinks_beside_tools: bool,
    /// Whether it refuses an id that two calls have, though it may give it to two.
    pub takes_ids_once: bool,
    /// How an effort is said.
    pub effort: Effort,
    /// Which other fields it knows.
    pub fields: Fields,
    /// Why it takes no such part in a message of this role, where its schema says so.
    pub refuses: fn(&Part, Role) -> Option<&'static str>,
    /// Whether a function's schema may have no choice at its head.
    pub wants_head: bool,
    /// How it takes a JSON schema.
    pub schema: fn(&Value) -> Value,
    /// Whether it has embeddings.
    pub embeds: bool,
}

/// How a host is told to think.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effort {
    /// By the effort's word.
    Word,
    /// By the word, where the model has several, and else by `thinking`.
    Switch,
    /// By both.
    SwitchAndWord,
    /// By `enable_thinking`, and the word.
    Enable,
}

/// Which fields a host knows beside those that all dialects have.
#[derive(Debug, Clone, Copy)]
pub enum Fields {
    /// Maybe any.
    All,
    /// These: it ignores every other one without a word, so they are refused.
    Only(&'static [&'static str]),
    /// Any but what the model refuses of the chances of tokens.
    ByModel,
}

const BEARER: (&str, &str) = ("authorization", "Bearer ");

const WAYS: Ways = Ways {
    hands_on: false,
    keeps_marks: false,
    either_cap: false,
    knows_refusals: true,
    takes_allowed: true,
    knows_streams: true,
    has_parallel: true,
    nests_custom: false,
    takes_silence: true,
    joins_system: false,
    joins_texts: false,
    flat_files: false,
    image_scheme: None,
    no_thought: None,
    thinks_beside_tools: false,
    takes_ids_once: false,
    effort: Effort::Word,
    fields: Fields::All,
    refuses: |_, _| None,
    wants_head: false,
    schema: Value::clone,
    embeds: false,
};

const fn host(
    name: &'static str,
    base: &'static str,
    version: &'static str,
    keys: &'static [&'static str],
    bases: &'static [&'static str],
) -> Host {
    Host {
        name,
        base,
        base_cn: base,
        version,
        keys,
        bases,
        bare_variable: false,
        ids: &[],
        port: None,
        needs_key: true,
        key_header: BEARER,
        header: None,
        takes_ids: false,
        limits_fresh_prompt: false,
        has_own_form: false,
        has_responses: false,
        tells_failures: false,
        takes_details: true,
        moves_system: false,
        takes_stray_results: false,
        chat: WAYS,
    }
}

pub(super) static HOSTS: &[Host] = &[
    Host {
        ids: &[("organization_id", "OPENAI_ORG_ID"), ("project_id", "OPENAI_PROJECT_ID")],
        takes_ids: true,
        has_responses: true,
        takes_stray_results: true,
        chat: Ways {
            nests_custom: true,
            fields: Fields::ByModel,
            refuses: of_openai,
            wants_head: true,
            embeds: true,
            ..WAYS
        },
        ..host(
            "openai",
            "https://api.openai.com/v1",
            "/v1",
            &["OPENAI_API_KEY"],
            &["OPENAI_BASE_URL"],
        )
    },
    Host {
        bare_variable: true,
        key_header: ("x-api-key", ""),
        header: Some(("anthropic-version", "2023-06-01")),
        limits_fresh_prompt: true,
        has_own_form: true,
        tells_failures: true,
        takes_details: false,
        moves_system: true,
        ..host(
            "anthropic",
            "https://api.anthropic.com/v1",
            "/v1",
            &["ANTHROPIC_API_KEY"],
            &["ANTHROPIC_BASE_URL"],
        )
    },
    Host {
        bare_variable: true,
        key_header: ("x-goog-api-key", ""),
        has_own_form: true,
        tells_failures: true,
        takes_details: false,
        moves_system: true,
        ..host(
            "gemini",
            "https://generativelanguage.googleapis.com/v1beta",
            "/v1beta",
            &["GOOGLE_API_KEY", "GEMINI_API_KEY"],
            &["GEMINI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"],
        )
    },
    Host {
        chat: Ways {
            knows_refusals: false,
            takes_allowed: false,
            knows_streams: false,
            joins_texts: true,
            flat_files: true,
            no_thought: Some(""),
            thinks_beside_tools: true,
            effort: Effort::SwitchAndWord,
            refuses: of_deepseek,
            ..WAYS
        },
        ..host(
            "deepseek",
            "https://api.deepseek.com",
            "",
            &["DEEPSEEK_API_KEY"],
            &["DEEPSEEK_BASE_URL"],
        )
    },
    Host {
        base_cn: "https://api.moonshot.cn/v1",
        chat: Ways {
            knows_refusals: false,
            takes_allowed: false,
            knows_streams: false,
            has_parallel: false,
            takes_silence: false,
            // platform.kimi.ai, guide to vision.
            image_scheme: Some("ms://"),
            // It takes an empty one for none, and answers 400 (earendil-works/pi,
            // request 4178).
            no_thought: Some(" "),
            takes_ids_once: true,
            effort: Effort::Switch,
            fields: Fields::Only(&[
                "logprobs",
                "prediction",
                "prompt_cache_key",
                "prompt_cache_options",
                "prompt_cache_retention",
                "safety_identifier",
                "thinking",
                "top_logprobs",
            ]),
            refuses: of_kimi,
            wants_head: true,
            schema: schemas::of_kimi,
            ..WAYS
        },
        ..host(
            "kimi",
            "https://api.moonshot.ai/v1",
            "/v1",
            &["MOONSHOT_API_KEY", "KIMI_API_KEY"],
            &["KIMI_BASE_URL", "MOONSHOT_BASE_URL"],
        )
    },
    Host {
        base_cn: "https://api.siliconflow.cn/v1",
        chat: Ways {
            hands_on: true,
            joins_system: true,
            effort: Effort::Enable,
            embeds: true,
            ..WAYS
        },
        ..host(
            "siliconflow",
            "https://api.siliconflow.com/v1",
            "/v1",
            &["SILICONFLOW_API_KEY"],
            &["SILICONFLOW_BASE_URL"],
        )
    },
    Host {
        port: Some(11_434),
        needs_key: false,
        has_own_form: true,
        takes_details: false,
        takes_stray_results: true,
        ..host(
            "ollama",
            "http://localhost:11434",
            "",
            &["OLLAMA_API_KEY"],
            &["OLLAMA_BASE_URL", "OLLAMA_HOST"],
        )
    },
    Host {
        bare_variable: true,
        has_own_form: true,
        ..host(
            "cohere",
            "https://api.cohere.com/v2",
            "/v2",
            &["CO_API_KEY", "COHERE_API_KEY"],
            &["COHERE_BASE_URL", "CO_API_URL"],
        )
    },
    Host {
        takes_stray_results: true,
        chat: Ways { hands_on: true, keeps_marks: true, joins_system: true, ..WAYS },
        ..host(
            "huggingface",
            "https://router.huggingface.co/v1",
            "/v1",
            &["HF_TOKEN"],
            &["HUGGINGFACE_BASE_URL"],
        )
    },
    Host {
        needs_key: false,
        takes_ids: true,
        takes_stray_results: true,
        chat: Ways {
            hands_on: true,
            keeps_marks: true,
            either_cap: true,
            joins_system: true,
            embeds: true,
            ..WAYS
        },
        ..host("custom", "", "/v1", &["CUSTOM_API_KEY"], &["CUSTOM_BASE_URL"])
    },
];
