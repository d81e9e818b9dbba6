//! What a message holds, in the form of chat completions: a text, or parts.

use serde_json::{Value, json};

use super::super::hosts::Ways;
use super::super::lost;
use super::super::wanted::Wanted;
use super::write::{is_mistral, is_strict};
use crate::error::Result;
use crate::llm::message::{self, Part, Piece, Role, Source};

/// The content; null where there is none, or nothing is left of it.
pub fn content(said: &[Piece], role: Role, wanted: &mut Wanted, url: &str) -> Result<Value> {
    let ways = &wanted.host.chat;
    let keeps_marks = ways.keeps_marks;
    if !keeps_marks && said.iter().any(|piece| piece.cache_control.is_some()) {
        wanted.note_mark();
    }
    if let [Piece { part: Part::Text(text), cache_control, extra, .. }] = said
        && extra.is_empty()
        && !(keeps_marks && cache_control.is_some())
    {
        return Ok(text.clone().into());
    }
    if said.iter().any(has_detail) {
        lost::note_field("detail", wanted);
    }
    let mut taken = Vec::with_capacity(said.len());
    for piece in said {
        let blind = wanted.cannot_see(&piece.part);
        match blind.or((ways.refuses)(&piece.part, role)).filter(|_| !is_text(piece)) {
            Some(why) => wanted.leave_out(role, why)?,
            None => taken.push(piece),
        }
    }
    if !ways.takes_silence && taken.iter().any(|piece| !is_silent(piece)) {
        taken.retain(|piece| !is_silent(piece));
    }
    if taken.is_empty() {
        return Ok(Value::Null);
    }
    if (ways.joins_texts || role == Role::Tool && !is_strict(url) && is_plain(said, keeps_marks))
        && taken.iter().all(|piece| is_text(piece))
    {
        return Ok(one_text(&taken, wanted).into());
    }
    let mut parts = Vec::with_capacity(taken.len());
    for piece in taken {
        parts.push(match own_form(piece, ways, url) {
            Some(own) => {
                lost::note_part(piece, wanted);
                own
            }
            None => part(piece, keeps_marks, wanted),
        });
    }
    Ok(parts.into())
}

/// Whether nothing is said beside the parts: as one text SiliconFlow, DeepInfra and
/// DeepSeek behind others take a result, whose parts they refuse.
fn is_plain(said: &[Piece], keeps_marks: bool) -> bool {
    let is_marked = |piece: &Piece| keeps_marks && piece.cache_control.is_some();
    said.iter().all(|piece| piece.extra.is_empty() && !is_marked(piece))
}

/// Texts as DeepSeek takes them: a list of parts it refuses.
fn one_text(pieces: &[&Piece], wanted: &mut Wanted) -> String {
    let extra = pieces.iter().flat_map(|piece| piece.extra.keys());
    extra.for_each(|key| lost::note_field(key, wanted));
    message::joined(pieces.iter().copied())
}

/// A file as hosts take it that have another form than OpenAI: DeepSeek, which says
/// all in the part itself, Mistral, which knows documents by their address, and Kimi,
/// which knows images by it.
fn own_form(piece: &Piece, ways: &Ways, url: &str) -> Option<Value> {
    let is_flat = ways.flat_files;
    if let (Some(scheme), Part::Image(Source::File(id), _)) = (ways.image_scheme, &piece.part) {
        let url = [scheme, id.strip_prefix(scheme).unwrap_or(id)].concat();
        return Some(json!({"type": "image_url", "image_url": {"url": url}}));
    }
    if !is_flat && !is_mistral(url) {
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
        _ if !is_flat => ("document_url", "document_url", "document_name"),
        Source::Url(_) => ("file", "file_url", "filename"),
        _ => ("file", "file_data", "filename"),
    };
    let mut part = json!({"type": kind, place: source.to_url()});
    if let Some(name) = name.or_else(|| source.made_up_name()) {
        part[name_of_name] = name.into();
    }
    Some(part)
}

fn part(piece: &Piece, keeps_marks: bool, wanted: &mut Wanted) -> Value {
    let mut part = message::piece_json(piece);
    if let (false, Some(part)) = (wanted.takes.cache_options, part.as_object_mut())
        && part.shift_remove("prompt_cache_breakpoint").is_some()
    {
        wanted.note_breakpoint();
    }
    if let (false, Some(part)) = (keeps_marks, part.as_object_mut()) {
        part.shift_remove("cache_control");
    }
    if let (true, Some(part)) = (has_detail(piece), part.as_object_mut()) {
        part.shift_remove("detail");
    }
    if let Part::Document(source, None) = &piece.part
        && let Some(name) = source.made_up_name()
    {
        part["file"]["filename"] = name.into();
    }
    part
}

/// Whether a file is to be read in a detail, which only Responses knows.
fn has_detail(piece: &Piece) -> bool {
    matches!(piece.part, Part::Document(..)) && piece.extra.contains_key("detail")
}

/// Whether it is an empty text, which Kimi refuses beside others too
/// (BerriAI/litellm, issue 42186).
fn is_silent(piece: &Piece) -> bool {
    matches!(&piece.part, Part::Text(text) if text.is_empty())
}

fn is_text(piece: &Piece) -> bool {
    matches!(piece.part, Part::Text(_))
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
