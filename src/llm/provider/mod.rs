//! Dialects: a chat to bytes, bytes to an answer. Pure.
