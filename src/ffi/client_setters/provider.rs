//! Setters of `mynah_client_options`: who answers, and on whose account.

use std::ffi::c_char;

use super::super::client_options::{ClientDraft, mynah_client_options};
use super::super::options::set_text;
use super::super::status::mynah_status;

/// Who answers; custom is any host that speaks OpenAI's chat completions. One
/// of openai, anthropic, gemini, deepseek, kimi, siliconflow, ollama, cohere,
/// huggingface, custom.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_provider(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "provider", text) }
}

/// The provider's key; unset: taken from the provider's environment variable.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_api_key(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "api_key", text) }
}

/// OpenAI's organisation.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_organization_id(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "organization_id", text) }
}

/// OpenAI's project.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_project_id(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "project_id", text) }
}

/// Where the provider is reached, http or https; unset: its environment
/// variable, then its own address.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_base_url(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "base_url", text) }
}

/// Which of a regional vendor's hosts is used. One of intl, cn.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_region(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "region", text) }
}

/// Which of OpenAI's interfaces is used; auto: chat completions, and Responses
/// for tools, efforts and fields that are not taken there; only openai has
/// responses. One of auto, chat, responses.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_openai_api(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "openai_api", text) }
}

/// The model's name; unset: the provider's environment variable, then the
/// provider's standard model.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_model(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "model", text) }
}

/// A layer of settings for an aim, under the use case and everything that is
/// set explicitly. One of none, development, production, low_cost,
/// high_quality, fast.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_preset(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "preset", text) }
}

/// A layer of settings for a task, under everything that is set explicitly. One
/// of none, chat, code_generation, translation, summarization, analysis,
/// creative_writing.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_use_case(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "use_case", text) }
}
