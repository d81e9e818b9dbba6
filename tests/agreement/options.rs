//! Every option has its typed setter in C.

use mynah::options::OptionSet;
use mynah::options::cache::CacheOptions;
use mynah::options::client::ClientOptions;

use crate::names::declared;

fn without_setter<T: OptionSet>(object: &str) -> Vec<String> {
    let declared = declared();
    T::rows()
        .iter()
        .map(|row| format!("{object}_set_{}", row.key))
        .filter(|name| !declared.contains(name))
        .collect()
}

#[test]
fn every_option_of_the_cache_has_its_typed_setter() {
    assert_eq!(without_setter::<CacheOptions>("mynah_cache_options"), Vec::<String>::new());
}

#[test]
fn every_option_of_the_client_has_its_typed_setter() {
    assert_eq!(without_setter::<ClientOptions>("mynah_client_options"), Vec::<String>::new());
}
