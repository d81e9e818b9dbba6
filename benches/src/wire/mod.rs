//! The client beside other programs on the same wire: a server in a process of
//! its own, and those who ask it.

#[cfg(feature = "clients")]
pub mod async_openai;
pub mod curl;
#[cfg(feature = "clients")]
pub mod liter_llm;
pub mod mynah;
pub mod server;
pub mod socket;

/// One who asks. Each call is one POST on a kept connection.
pub trait Caller {
    fn name(&self) -> &'static str;

    /// Asks this path, and takes the answer as its user would. `seen` is told
    /// each piece that is handed out: bytes, or the text of an event.
    fn call(&mut self, path: &str, seen: &mut dyn FnMut(&[u8]));
}

/// What is asked, whoever asks.
pub const PROMPT: &str = "What does a mynah say when nobody listens to it?";

/// Now, in ns, on a clock that all processes of this machine share.
pub fn now_ns() -> u64 {
    super::cpu_ns(libc::CLOCK_MONOTONIC)
}

/// A runtime on the calling thread, whose CPU time is then all that is used.
#[cfg(feature = "clients")]
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
