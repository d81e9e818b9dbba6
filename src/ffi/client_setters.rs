//! The typed setters of `mynah_client_options`: one for each option, a theme a file.
//!
//! They are written out, not made by a macro: the header generator must see
//! them, and so must a person who searches for a name. A test compares them
//! with the rows.

pub mod connections;
pub mod failures;
pub mod generation;
pub mod limits;
pub mod provider;
pub mod sharing;
pub mod timeouts;
pub mod watching;
