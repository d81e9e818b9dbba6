//! What a process holds, and a cache of which that is asked.

use std::sync::Arc;

use mynah::cache::Cache;
use mynah::clock::Clock;
use mynah::options::Layered;
use mynah::options::cache::CacheOptions;

pub fn cache(options: &str) -> Arc<Cache> {
    let mut layered = Layered::<CacheOptions>::default();
    layered.load_json(options).unwrap();
    Cache::new(layered.resolve().unwrap(), Clock::System).unwrap()
}

/// Bytes without the pages of the program itself.
pub fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("RssAnon")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}
