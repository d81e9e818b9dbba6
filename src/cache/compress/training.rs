//! When a dictionary is trained, and which ones stay.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::Codec;
use super::dictionary::{self, Dictionary};

impl Codec {
    /// Notes a value that was stored; whether it is time to train, which is then
    /// this caller's to do, or to say that it is not done.
    pub fn sample(&self, value: &[u8]) -> bool {
        self.samples.note(value) && !self.training.swap(true, Relaxed)
    }

    /// Nobody trains: the next sample may ask again.
    pub fn end_training(&self) {
        self.training.store(false, Relaxed);
    }

    /// Whether somebody trains, or is about to.
    #[cfg(test)]
    pub fn is_training(&self) -> bool {
        self.training.load(Relaxed)
    }

    /// Trains a dictionary from the samples, and takes it if it is better than
    /// the newest one. `pay` takes bytes, or gives some back.
    pub fn train(&self, pay: &dyn Fn(i64)) {
        let samples = self.samples.take_turn();
        // One sample in eight judges what the others taught.
        let (judges, teachers): (Vec<_>, Vec<_>) =
            samples.iter().enumerate().partition(|(i, _)| i % 8 == 7);
        let teachers: Vec<&[u8]> = teachers.into_iter().map(|(_, s)| &s[..]).collect();
        if let Some(bytes) = dictionary::taught_by(&teachers)
            && let Some(made) = self.prepare(bytes)
        {
            let judges: Vec<&[u8]> = judges.into_iter().map(|(_, s)| &s[..]).collect();
            self.adopt(made, &judges, pay);
        }
        self.let_go(pay);
        self.end_training();
    }

    /// A version that no entry uses, and that has not been in use for longest.
    pub(super) fn next_version(&self) -> Option<u8> {
        let taken = |version: u8| {
            self.entries[version as usize].load(Relaxed) > 0
                || self.dictionaries.read().iter().any(|d| d.version == version)
        };
        let next = |_| self.version.fetch_add(1, Relaxed).wrapping_add(1);
        (0..=u8::MAX).map(next).find(|version| *version != 0 && !taken(*version))
    }

    /// A dictionary under a version of its own.
    fn prepare(&self, bytes: Vec<u8>) -> Option<Dictionary> {
        Dictionary::new(self.next_version()?, bytes, self.level)
    }

    /// Takes a dictionary that packs the judges better than the newest one.
    fn adopt(&self, made: Dictionary, judges: &[&[u8]], pay: &dyn Fn(i64)) {
        let newest = self.dictionaries.read().last().cloned();
        let better = newest
            .is_none_or(|newest| made.packed_size(judges) * 100 < newest.packed_size(judges) * 97);
        if better {
            pay(made.cost());
            self.trained.fetch_add(1, Relaxed);
            self.dictionaries.write().push(Arc::new(made));
        }
    }

    /// Lets those dictionaries go that no entry needs, but for the newest.
    fn let_go(&self, pay: &dyn Fn(i64)) {
        let gone: Vec<_> = {
            let mut all = self.dictionaries.write();
            let newest = all.last().map(|d| d.version);
            let in_use = |version: u8| self.entries[version as usize].load(Relaxed) > 0;
            all.extract_if(.., |d| Some(d.version) != newest && !in_use(d.version)).collect()
        };
        pay(-gone.iter().map(|d| d.cost()).sum::<i64>());
    }

    /// The newest dictionary, for a snapshot.
    pub fn newest(&self) -> Option<Vec<u8>> {
        self.dictionaries.read().last().map(|d| d.bytes.clone())
    }

    /// Takes a dictionary over from a snapshot, unless there is one already.
    /// `pay` takes bytes.
    pub fn import(&self, bytes: Vec<u8>, pay: &dyn Fn(i64)) {
        if self.dictionaries.read().is_empty()
            && let Some(made) = self.prepare(bytes)
        {
            self.adopt(made, &[], pay);
        }
    }

    /// How many dictionaries have been trained and taken.
    pub fn trained(&self) -> u64 {
        self.trained.load(Relaxed)
    }

    /// Bytes of the dictionaries.
    pub fn dictionary_bytes(&self) -> u64 {
        self.dictionaries.read().iter().map(|d| d.cost() as u64).sum()
    }
}
