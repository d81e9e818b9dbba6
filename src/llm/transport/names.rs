//! Looking names up, on threads that can be left behind.
//!
//! The system's look-up cannot be interrupted, so it runs on a thread of its
//! own, and whoever asks waits for that thread, its deadline or its interrupt,
//! whichever is first. Calls that ask for the same name at the same time share
//! one look-up, so a dead name server costs one thread a name and not one a
//! call. Numeric addresses need none of this.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Weak};
use std::thread::Builder;

use crate::waiting::{Condvar, Mutex};

use super::Failure;
use super::flight::Flight;
use crate::llm::cancel::Breakable;

/// What the system's look-up needs.
const STACK_BYTES: usize = 512 << 10;

type Key = (String, u16);
type Running = Arc<Mutex<HashMap<Key, Weak<LookUp>>>>;

/// The look-ups of a client.
#[derive(Default)]
pub(super) struct Names {
    running: Running,
}

/// One look-up, awaited by any number of calls.
#[derive(Default)]
struct LookUp {
    answer: Mutex<Option<Result<Vec<SocketAddr>, String>>>,
    done: Condvar,
}

/// Wakes those who wait; who was interrupted sees it when it wakes. The lock
/// is taken so that none of them is between its question and its sleep.
impl Breakable for LookUp {
    fn break_off(&self) {
        let _answer = self.answer.lock();
        self.done.notify_all();
    }
}

impl Names {
    /// The addresses of a host.
    pub fn look_up(
        &self,
        host: &str,
        port: u16,
        flight: &mut Flight,
    ) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let look_up = match self.join(host, port) {
            Ok(look_up) => look_up,
            Err(error) => {
                let message = format!("no thread to look up {host}: {error}");
                return Err(flight.fail(Failure::Dns, message));
            }
        };
        let breakable: Arc<dyn Breakable> = look_up.clone();
        flight.attempt.interrupt.watch(Arc::downgrade(&breakable));
        let answer = look_up.wait(flight)?;
        answer.map_err(|error| {
            let whose = flight.proxy.as_ref().map_or(String::new(), |proxy| format!(" of {proxy}"));
            let message = format!("the name {host}{whose} cannot be looked up: {error}");
            flight.fail(Failure::Dns, message)
        })
    }

    /// The look-up of this name that is under way, or a new one.
    fn join(&self, host: &str, port: u16) -> io::Result<Arc<LookUp>> {
        let key: Key = (host.to_string(), port);
        let mut running = self.running.lock();
        if let Some(look_up) = running.get(&key).and_then(Weak::upgrade) {
            return Ok(look_up);
        }
        let look_up = Arc::new(LookUp::default());
        running.insert(key.clone(), Arc::downgrade(&look_up));
        let (mine, list) = (look_up.clone(), self.running.clone());
        Builder::new().name("mynah-dns".into()).stack_size(STACK_BYTES).spawn(move || {
            let found = (key.0.as_str(), key.1).to_socket_addrs();
            list.lock().remove(&key);
            let found = found.map(|found| alternate(found.collect())).map_err(|e| e.to_string());
            *mine.answer.lock() = Some(found);
            mine.done.notify_all();
        })?;
        Ok(look_up)
    }
}

impl LookUp {
    fn wait(&self, flight: &mut Flight) -> io::Result<Result<Vec<SocketAddr>, String>> {
        let mut answer = self.answer.lock();
        loop {
            if let Some(answer) = answer.as_ref() {
                return Ok(answer.clone());
            }
            let left = flight.left()?;
            self.done.wait_for(&mut answer, left);
        }
    }
}

/// The system's order of preference, the two families taking turns.
fn alternate(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let preferred = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut ours, mut others): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == preferred);
    let mut turns = Vec::with_capacity(ours.len() + others.len());
    (ours, others) = (ours.into_iter().rev().collect(), others.into_iter().rev().collect());
    while !ours.is_empty() || !others.is_empty() {
        turns.extend(ours.pop());
        turns.extend(others.pop());
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::super::flight::Length;
    use super::super::{Attempt, Deadline, Phase};
    use super::*;
    use crate::clock::Clock;
    use crate::llm::cancel::Reason;

    #[test]
    fn the_families_take_turns_in_the_order_of_the_system() {
        let parse = |list: &[&str]| list.iter().map(|a| a.parse().unwrap()).collect::<Vec<_>>();
        let given = parse(&["[::1]:1", "[::2]:1", "1.1.1.1:1", "2.2.2.2:1", "3.3.3.3:1"]);
        let wanted = parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "3.3.3.3:1"]);
        assert_eq!(alternate(given), wanted);
    }

    /// Names with a look-up under way that nobody will ever answer.
    fn stuck() -> (Names, Arc<LookUp>) {
        let (names, look_up) = (Names::default(), Arc::new(LookUp::default()));
        names.running.lock().insert(("slow".into(), 80), Arc::downgrade(&look_up));
        (names, look_up)
    }

    fn flight(connect: Deadline) -> Box<Flight> {
        let attempt = Attempt {
            interrupt: Arc::default(),
            connect,
            first_byte_ns: u64::MAX,
            first_token_ns: u64::MAX,
            silence_ns: u64::MAX,
            total: Deadline::NEVER,
            fresh: false,
            shared: None,
        };
        Flight::new(&attempt, "slow".into(), Length::default(), Clock::System)
    }

    #[test]
    fn a_look_up_that_hangs_is_left_behind_when_the_call_is_interrupted() {
        let (names, _look_up) = stuck();
        let mut flight = flight(Deadline::NEVER);
        let interrupt = flight.attempt.interrupt.clone();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(std::time::Duration::from_millis(20));
                interrupt.trip(Reason::Cancelled);
            });
            assert!(names.look_up("slow", 80, &mut flight).is_err());
        });
        assert!(flight.retract(&Failure::Interrupted).is_some());
    }

    #[test]
    fn a_look_up_that_hangs_is_left_behind_at_the_deadline() {
        let (names, _look_up) = stuck();
        let at_ns = Clock::System.now_ns() + 20_000_000;
        let mut flight = flight(Deadline { at_ns, phase: Phase::Connect });
        assert!(names.look_up("slow", 80, &mut flight).is_err());
        assert!(flight.retract(&Failure::TimedOut(Phase::Connect)).is_some());
    }

    #[test]
    fn calls_for_one_name_share_a_look_up() {
        let (names, look_up) = stuck();
        std::thread::scope(|scope| {
            let asked: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| names.look_up("slow", 80, &mut flight(Deadline::NEVER)).unwrap())
                })
                .collect();
            let found = vec!["127.0.0.1:80".parse().unwrap()];
            *look_up.answer.lock() = Some(Ok(found.clone()));
            look_up.done.notify_all();
            asked.into_iter().for_each(|asked| assert_eq!(asked.join().unwrap(), found));
        });
    }
}
