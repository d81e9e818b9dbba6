//! The pieces of a message: texts, images, documents.

use serde_json::{Value, json};

use super::system;
use crate::error::Result;
use crate::llm::message::{Part, Piece, Role, Source};
use crate::llm::provider::wanted::Wanted;

/// One of them; none if it says nothing, or the vendor takes no such.
pub fn block(piece: &Piece, role: Role, wanted: &mut Wanted) -> Result<Option<Value>> {
    Ok(Some(match &piece.part {
        // The vendor refuses empty texts.
        Part::Text(text) if text.is_empty() => return Ok(None),
        Part::Text(text) => json!({"type": "text", "text": text}),
        Part::Image(source, _) => return image(source, wanted),
        Part::Document(source, _) if source.essence().starts_with("image/") => {
            return image(source, wanted);
        }
        Part::Document(source, name) => {
            let Some(source) = document_source(source) else {
                wanted.refuse("messages", "takes documents only as PDF and text")?;
                return Ok(None);
            };
            let mut block = json!({"type": "document", "source": source});
            if let Some(name) = name {
                block["title"] = name.clone().into();
            }
            block
        }
        Part::Other(json) => {
            let kind = json["type"].as_str().unwrap_or_default();
            let only_of_role = match role {
                // What a search for tools has found, where the caller searches.
                Role::Tool => &["tool_reference", "browser_state"][..],
                Role::System if wanted.takes.system_in_turns => &system::OF_TOOLS,
                _ => &["container_upload"],
            };
            let taken = ["image", "document", "search_result"];
            if !taken.contains(&kind) && !only_of_role.contains(&kind) {
                wanted.refuse("messages", &format!("does not take content of type {kind}"))?;
                return Ok(None);
            }
            json.clone()
        }
    }))
}

fn image(image: &Source, wanted: &mut Wanted) -> Result<Option<Value>> {
    let Some(source) = image_source(image) else {
        wanted.refuse("messages", "takes images only as jpeg, png, gif and webp")?;
        return Ok(None);
    };
    Ok(Some(json!({"type": "image", "source": source})))
}

/// An image's place or bytes, if the vendor can read them: it takes no other
/// kinds, and no address that holds the image itself.
fn image_source(image: &Source) -> Option<Value> {
    match image {
        Source::Bytes { mime, base64 } => {
            Some(json!({"type": "base64", "media_type": image_type(mime)?, "data": base64}))
        }
        Source::Url(url) if url.starts_with("data:") => None,
        _ => Some(source(image)),
    }
}

/// The vendor's name of a kind of image.
fn image_type(mime: &str) -> Option<&'static str> {
    Some(match mime.to_ascii_lowercase().as_str() {
        "image/jpeg" | "image/jpg" => "image/jpeg",
        "image/png" => "image/png",
        "image/gif" => "image/gif",
        "image/webp" => "image/webp",
        _ => return None,
    })
}

fn source(source: &Source) -> Value {
    match source {
        Source::Url(url) => json!({"type": "url", "url": url}),
        Source::Bytes { mime, base64 } => {
            json!({"type": "base64", "media_type": mime, "data": base64})
        }
        Source::File(id) => json!({"type": "file", "file_id": id}),
    }
}

/// A document's place or bytes, if the vendor can read them; what says nothing of its
/// kind is taken for a PDF.
fn document_source(document: &Source) -> Option<Value> {
    Some(match document {
        Source::Bytes { .. } if document.is_text() => {
            json!({"type": "text", "media_type": "text/plain", "data": document.decoded()?})
        }
        Source::Bytes { base64, .. } => match document.essence().as_str() {
            "application/pdf" | "application/x-pdf" | "application/octet-stream" => {
                json!({"type": "base64", "media_type": "application/pdf", "data": base64})
            }
            _ => return None,
        },
        _ => source(document),
    })
}
