//! What a message holds, in the form of chat completions: a text, or parts.

use serde_json::{Value, json};

use super::super::lost;
use super::super::wanted::Wanted;
use super::write::{is_mistral, keeps_marks};
use crate::error::Result;
use crate::llm::message::{self, Part, Piece, Role, Source};

/// The content; null where there is none, or nothing is left of it.
pub fn content(said: &[Piece], role: Role, wanted: &mut Wanted, url: &str) -> Result<Value> {
    let keeps_marks = keeps_marks(wanted.provider);
    if !keeps_marks && said.iter().any(|piece| piece.cache_control.is_some()) {
        wanted.note_mark();
    }
    if let [Piece { part: Part::Text(text), cache_control, extra, .. }] = said
        && extra.is_empty()
        && !(keeps_marks && cache_control.is_some())
    {
        return Ok(text.clone().into());
    }
    let mut taken = Vec::with_capacity(said.len());
    for piece in said {
        match not_taken(&piece.part, role, wanted.provider) {
            Some(why) => wanted.leave_out(role, why)?,
            None => taken.push(piece),
        }
    }
    if taken.is_empty() {
        return Ok(Value::Null);
    }
    if wanted.provider == "deepseek" && taken.iter().all(|p| matches!(p.part, Part::Text(_))) {
        return Ok(one_text(&taken, wanted).into());
    }
    let part =
        |piece| own_form(piece, wanted.provider, url).unwrap_or_else(|| part(piece, keeps_marks));
    Ok(taken.into_iter().map(part).collect())
}

/// Texts as DeepSeek takes them: a list of parts it refuses.
fn one_text(pieces: &[&Piece], wanted: &mut Wanted) -> String {
    let extra = pieces.iter().flat_map(|piece| piece.extra.keys());
    extra.for_each(|key| lost::note_field(key, wanted));
    message::joined(pieces.iter().copied())
}

/// A file as hosts take it that have another form than OpenAI: DeepSeek, which says
/// all in the part itself, and Mistral, which knows documents by their address.
fn own_form(piece: &Piece, provider: &str, url: &str) -> Option<Value> {
    let is_deepseek = provider == "deepseek";
    if !is_deepseek && !is_mistral(url) {
        return None;
    }
    let (source, name) = match &piece.part {
        Part::Image(Source::File(id), _) | Part::Document(Source::File(id), _) => {
            return Some(json!({"type": "file", "file_id": id}));
        }
        Part::Document(source, name) => (source, name.clone()),
        _ => return None,
    };
    let (kind, place, name_of_name) = match source {
        _ if !is_deepseek => ("document_url", "document_url", "document_name"),
        Source::Url(_) => ("file", "file_url", "filename"),
        _ => ("file", "file_data", "filename"),
    };
    let mut part = json!({"type": kind, place: source.to_url()});
    if let Some(name) = name.or_else(|| source.made_up_name()) {
        part[name_of_name] = name.into();
    }
    Some(part)
}

fn part(piece: &Piece, keeps_marks: bool) -> Value {
    let mut part = message::piece_json(piece);
    if let (false, Some(part)) = (keeps_marks, part.as_object_mut()) {
        part.shift_remove("cache_control");
    }
    if let Part::Document(source, None) = &piece.part
        && let Some(name) = source.made_up_name()
    {
        part["file"]["filename"] = name.into();
    }
    part
}

/// Whether a host may know refusals, which are texts to the others.
pub fn knows_refusals(provider: &str) -> bool {
    !matches!(provider, "deepseek" | "kimi")
}

/// Why a host takes no such part in a message of this role, where its schema says
/// so; Kimi's has the same parts in all roles.
fn not_taken(part: &Part, role: Role, provider: &str) -> Option<&'static str> {
    let is_refusal = matches!(part, Part::Other(json) if json["type"] == "refusal");
    match (provider, part) {
        (_, Part::Text(_)) => None,
        ("kimi", Part::Document(..)) => Some("takes no documents: send what they say as a text"),
        ("deepseek", Part::Image(..)) if role == Role::Tool => None,
        ("deepseek", _) if role == Role::Tool => {
            Some("takes nothing but text and images in a tool's result")
        }
        ("openai" | "deepseek", _) if role != Role::User => {
            let may_refuse = is_refusal && role == Role::Assistant;
            (!may_refuse).then_some("takes nothing but text outside the user's messages")
        }
        ("openai", Part::Document(Source::Url(_), _)) => {
            Some("takes documents as bytes or by id here, not by address")
        }
        ("openai", Part::Image(Source::File(_), _)) => {
            Some("takes images as bytes or by address here, not by id")
        }
        _ => None,
    }
}

/// The content, of a message that must have some.
pub fn content_or_empty(
    said: &[Piece],
    role: Role,
    wanted: &mut Wanted,
    url: &str,
) -> Result<Value> {
    Ok(match content(said, role, wanted, url)? {
        Value::Null => "".into(),
        content => content,
    })
}
