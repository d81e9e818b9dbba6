//! Options by name, and what a wrong name is likely to mean.

use super::OptionSet;
use super::row::Row;
use super::words::visible;
use crate::error::{Error, Result};

/// The row of a key, or the error that names its nearest neighbour.
pub(super) fn find<T: OptionSet>(key: &str) -> Result<&'static Row<T>> {
    index::<T>(key).map(|i| &T::rows()[i])
}

pub(super) fn index<T: OptionSet>(key: &str) -> Result<usize> {
    let rows = T::rows();
    rows.iter().position(|row| row.key == key).ok_or_else(|| match T::of_a_call().contains(&key) {
        true => Error::OfOneCall(key.into()),
        false => Error::UnknownOption { key: visible(key), near: near::<T>(key) },
    })
}

/// The name that a wrong one is likely to mean: one that is spelt nearly so, or the only
/// one that has its words in it.
fn near<T: OptionSet>(key: &str) -> Option<&'static str> {
    let names = || T::rows().iter().map(|row| row.key).chain(T::of_a_call().iter().copied());
    let (away, name) = names().map(|name| (distance(key, name), name)).min()?;
    // Of a short name three letters are all of it.
    if away <= 3 && 2 * away <= key.len().min(name.len()) {
        return Some(name);
    }
    let words = format!("_{}_", key.to_ascii_lowercase());
    let mut holding = names().filter(|name| format!("_{name}_").contains(&words));
    let only = holding.next()?;
    (key.len() > 2 && holding.next().is_none()).then_some(only)
}

/// Levenshtein's edit distance, for "did you mean"; capitals make no difference.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.bytes().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.bytes().enumerate() {
            let next = (diagonal + usize::from(!ca.eq_ignore_ascii_case(&cb)))
                .min(row[j] + 1)
                .min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}
