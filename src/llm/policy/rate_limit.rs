//! Requests and tokens a minute, and calls in flight: who may send, and when.
//!
//! A bucket refills continuously, so a quiet client may burst up to a minute's
//! worth and then settles to the steady rate. Callers wait in one line: the
//! first to come is the first to be served, and whoever leaves (cancelled, out
//! of time) makes room. A wait that cannot end before the call's deadline fails
//! at once. What a provider says in its headers only ever makes the limits
//! tighter: it lowers the rate to the provider's own, and holds everybody back
//! while nothing remains, until its reset.
//!
//! A call from inside a callback of one that has its place in flight already
//! goes before those in line, and needs no place beside it: whoever holds the
//! place is waiting for it.
//!
//! Tokens are an estimate until the answer's usage corrects it; an estimate
//! above the whole limit is let through when it is alone, for waiting would
//! not make it smaller.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::limit_headers::Learned;
use crate::clock::{Clock, Signal};
use crate::error::{CallError, Error, Result, Status};
use crate::llm::cancel::Interrupt;
use crate::llm::nesting::{self, Inside, Place};
use crate::options::client::ClientOptions;

/// The limiter of one client; one line for each key and model.
#[derive(Debug)]
pub struct RateLimiter {
    clock: Clock,
    rpm: u64,
    tpm: u64,
    max_in_flight: u64,
    lines: Mutex<HashMap<String, Arc<Line>>>,
}

/// Those who want to send with one key to one model.
#[derive(Debug)]
struct Line {
    state: Mutex<LineState>,
}

#[derive(Debug)]
struct LineState {
    requests: Bucket,
    tokens: Bucket,
    in_flight: u64,
    max_in_flight: u64,
    /// Nobody is served before; ns on the clock.
    held_until_ns: u64,
    waiting: VecDeque<Waiter>,
    next_id: u64,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    tokens: u64,
    /// Called from inside a call that is in flight.
    nested: bool,
    /// Raised when this one has become the first in line, or room was made.
    wake: Arc<Signal>,
}

/// What somebody in line waits for.
struct Wait {
    /// Time that passes first in any case.
    at_least_ns: u64,
    /// Somebody else has to leave.
    for_others: bool,
}

/// Refills continuously up to a minute's worth; 0 a minute is no limit.
#[derive(Debug)]
struct Bucket {
    /// What the options allow; 0: no limit.
    allowed: f64,
    /// What holds: the provider's own limit, if it is lower.
    per_minute: f64,
    level: f64,
    filled_ns: u64,
}

const MINUTE_NS: f64 = 60e9;

/// No limit is counted over more than a day: a header that says otherwise, or
/// a clock that makes it so, holds nobody longer.
const LONGEST_HOLD: Duration = Duration::from_secs(86_400);

impl Bucket {
    fn new(per_minute: u64, now: u64) -> Self {
        let allowed = per_minute as f64;
        Bucket { allowed, per_minute: allowed, level: allowed, filled_ns: now }
    }

    fn is_off(&self) -> bool {
        self.per_minute == 0.0
    }

    fn fill(&mut self, now: u64) {
        let passed = now.saturating_sub(self.filled_ns) as f64;
        self.level = (self.level + passed * self.per_minute / MINUTE_NS).min(self.per_minute);
        self.filled_ns = now;
    }

    /// ns until `amount` is there; nobody waits for more than a full bucket, but
    /// for what those `ahead` will have taken.
    fn wait_ns(&self, ahead: f64, amount: f64) -> u64 {
        if self.is_off() {
            return 0;
        }
        let missing = ahead + amount.min(self.per_minute) - self.level;
        if missing <= 1e-6 { 0 } else { (missing * MINUTE_NS / self.per_minute).ceil() as u64 }
    }

    fn take(&mut self, amount: f64) {
        if !self.is_off() {
            self.level -= amount;
        }
    }

    /// Takes over what a provider states, but for what would be more than the
    /// options allow; whether there is less than there was.
    fn learn(&mut self, limit: Option<u64>, remaining: Option<u64>) -> bool {
        let before = (self.per_minute, self.level);
        if let Some(limit) = limit.filter(|limit| *limit > 0).map(|limit| limit as f64) {
            if self.is_off() {
                self.level = limit;
            }
            self.per_minute = if self.allowed > 0.0 { limit.min(self.allowed) } else { limit };
        }
        if let (Some(left), false) = (remaining, self.is_off()) {
            self.level = self.level.min(left as f64);
        }
        self.level = self.level.min(self.per_minute);
        self.per_minute < before.0 || self.level < before.1
    }
}

impl LineState {
    /// What the one with this id waits for.
    fn wait(&mut self, now: u64, id: u64) -> Wait {
        let found = self.waiting.iter().enumerate().find(|(_, waiter)| waiter.id == id);
        let found = found.map(|(place, waiter)| (place, waiter.tokens, waiter.nested));
        let (ahead, tokens, nested) = found.unwrap_or((self.waiting.len(), 0, false));
        self.wait_behind(now, ahead, tokens, nested)
    }

    /// What one behind so many others waits for.
    fn wait_behind(&mut self, now: u64, ahead: usize, tokens: u64, nested: bool) -> Wait {
        self.requests.fill(now);
        self.tokens.fill(now);
        let full = self.max_in_flight > 0 && self.in_flight >= self.max_in_flight;
        let ahead_tokens: u64 = self.waiting.iter().take(ahead).map(|w| w.tokens).sum();
        let held = self.held_until_ns.saturating_sub(now);
        let requests = self.requests.wait_ns(ahead as f64, 1.0);
        Wait {
            at_least_ns: held
                .max(requests)
                .max(self.tokens.wait_ns(ahead_tokens as f64, tokens as f64)),
            for_others: ahead > 0 || full && !nested,
        }
    }

    fn leave(&mut self, id: u64) {
        self.waiting.retain(|waiter| waiter.id != id);
        self.wake_first();
    }

    fn wake_first(&self) {
        if let Some(first) = self.waiting.front() {
            first.wake.raise();
        }
    }

    /// Has everybody look again whether there is still a chance.
    fn wake_all(&self) {
        self.waiting.iter().for_each(|waiter| waiter.wake.raise());
    }
}

/// Leave to send; gives the place in flight back when dropped.
#[derive(Debug)]
pub struct Permit {
    line: Arc<Line>,
    clock: Clock,
    tokens: u64,
    /// How long it was waited for.
    pub waited: Duration,
    _inside: Inside,
}

impl RateLimiter {
    /// With the limits of the options, on a clock.
    pub fn new(options: &ClientOptions, clock: &Clock) -> Self {
        RateLimiter {
            clock: clock.clone(),
            rpm: options.rate_limit_rpm,
            tpm: options.rate_limit_tpm,
            max_in_flight: options.max_in_flight,
            lines: Mutex::default(),
        }
    }

    fn line(&self, name: &str) -> Arc<Line> {
        let mut lines = self.lines.lock();
        if let Some(line) = lines.get(name) {
            return line.clone();
        }
        let now = self.clock.now_ns();
        let line = Arc::new(Line {
            state: Mutex::new(LineState {
                requests: Bucket::new(self.rpm, now),
                tokens: Bucket::new(self.tpm, now),
                in_flight: 0,
                max_in_flight: self.max_in_flight,
                held_until_ns: 0,
                waiting: VecDeque::new(),
                next_id: 0,
            }),
        });
        lines.insert(name.to_string(), line.clone());
        line
    }

    /// Waits for leave to send about `tokens` on a line. Fails at once with
    /// `RATE_LIMITED` if the wait cannot end before `deadline_ns`, which may be
    /// raised meanwhile, and with the interrupt's error as soon as the call is
    /// interrupted.
    pub fn acquire(
        &self,
        line: &str,
        tokens: u64,
        deadline_ns: &dyn Fn() -> u64,
        interrupt: &Interrupt,
    ) -> Result<Permit> {
        let line = self.line(line);
        let started = self.clock.now_ns();
        let id = line.enter(started, tokens, deadline_ns())?;
        let result = self.wait_in_line(&line, (id, started), tokens, deadline_ns, interrupt);
        line.state.lock().leave(id);
        let waited = Duration::from_nanos(result? - started);
        let inside = nesting::enter(line.place());
        Ok(Permit { line, clock: self.clock.clone(), tokens, waited, _inside: inside })
    }

    /// Waits from `now` on until its turn has come: answers when that was.
    fn wait_in_line(
        &self,
        line: &Line,
        (id, mut now): (u64, u64),
        tokens: u64,
        deadline_ns: &dyn Fn() -> u64,
        interrupt: &Interrupt,
    ) -> Result<u64> {
        loop {
            interrupt.check()?;
            let (wait, wake) = {
                let mut state = line.state.lock();
                let wait = state.wait(now, id);
                if wait.at_least_ns == 0 && !wait.for_others {
                    state.requests.take(1.0);
                    state.tokens.take(tokens as f64);
                    state.in_flight += 1;
                    return Ok(now);
                }
                let wake = Arc::<Signal>::default();
                if let Some(waiter) = state.waiting.iter_mut().find(|w| w.id == id) {
                    waiter.wake = wake.clone();
                }
                (wait, wake)
            };
            let deadline_ns = deadline_ns();
            if wait.at_least_ns > 0 && now.saturating_add(wait.at_least_ns) > deadline_ns {
                return Err(too_late(wait.at_least_ns));
            }
            if now >= deadline_ns {
                return Err(no_room(self.max_in_flight));
            }
            let time = if wait.for_others { u64::MAX } else { wait.at_least_ns };
            let left = Duration::from_nanos(time.min(deadline_ns - now));
            interrupt.wait_or(&self.clock, &wake, left)?;
            now = self.clock.now_ns();
        }
    }

    /// Takes over what a provider's headers said about a line.
    pub fn learn(&self, line: &str, learned: &Learned) {
        if learned.is_empty() {
            return;
        }
        let line = self.line(line);
        let now = self.clock.now_ns();
        let mut state = line.state.lock();
        state.requests.fill(now);
        state.tokens.fill(now);
        let mut tighter = false;
        for (bucket, limit) in [(0, &learned.requests), (1, &learned.tokens)] {
            let own = if bucket == 0 { &mut state.requests } else { &mut state.tokens };
            // Resets of hours belong to daily limits, which no minute shows.
            let minutely = limit.reset.is_none_or(|reset| reset <= Duration::from_secs(120));
            if minutely {
                tighter |= own.learn(limit.limit, limit.remaining);
            }
            if let (Some(0), Some(reset)) = (limit.remaining, limit.reset) {
                let until = now.saturating_add(reset.min(LONGEST_HOLD).as_nanos() as u64);
                tighter |= until > state.held_until_ns;
                state.held_until_ns = state.held_until_ns.max(until);
            }
        }
        if tighter {
            state.wake_all();
        }
    }
}

impl Line {
    /// Joins the end of the line, if there is a chance to be served in time.
    fn enter(&self, now: u64, tokens: u64, deadline_ns: u64) -> Result<u64> {
        let nested = nesting::is_inside(self.place());
        let mut state = self.state.lock();
        let ahead = if nested { 0 } else { state.waiting.len() };
        let forecast = state.wait_behind(now, ahead, tokens, nested).at_least_ns;
        // Who need not wait and is late all the same is not late because of limits.
        if forecast > 0 && now.saturating_add(forecast) > deadline_ns {
            return Err(too_late(forecast));
        }
        let id = state.next_id;
        state.next_id += 1;
        state.waiting.insert(ahead, Waiter { id, tokens, nested, wake: Arc::default() });
        Ok(id)
    }

    fn place(&self) -> Place {
        Place::Line(std::ptr::from_ref(self) as usize)
    }
}

impl Permit {
    /// Corrects the estimate by the tokens that were really used.
    pub fn correct(&self, used: u64) {
        let mut state = self.line.state.lock();
        state.tokens.fill(self.clock.now_ns());
        state.tokens.take(used as f64 - self.tokens as f64);
        state.wake_first();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.line.state.lock();
        state.in_flight -= 1;
        state.wake_first();
    }
}

/// The deadline came before anybody left.
fn no_room(max_in_flight: u64) -> Error {
    let message = format!(
        "no room within the call's time: max_in_flight = {max_in_flight}, and others are under way; raise it or timeout_ms"
    );
    Error::call(Status::RateLimited, message)
}

fn too_late(wait_ns: u64) -> Error {
    let wait = Duration::from_nanos(wait_ns);
    let message = format!(
        "the rate limit leaves room in {} ms, after the call's deadline: raise rate_limit_rpm, rate_limit_tpm, max_in_flight or timeout_ms",
        wait.as_millis()
    );
    let mut call = CallError::new(Status::RateLimited, message);
    call.retry_after = Some(wait);
    Error::Call(Box::new(call))
}

#[cfg(test)]
mod tests {
    use super::super::limit_headers::Limit;
    use super::*;
    use crate::clock::ManualClock;
    use crate::llm::cancel::Reason;

    const FAR: u64 = u64::MAX;

    fn limiter(change: impl FnOnce(&mut ClientOptions)) -> (RateLimiter, Arc<ManualClock>) {
        let mut options = ClientOptions::default();
        change(&mut options);
        let (clock, time) = Clock::manual();
        (RateLimiter::new(&options, &clock), time)
    }

    fn waited(limiter: &RateLimiter, tokens: u64) -> Duration {
        limiter.acquire("line", tokens, &|| FAR, &Interrupt::default()).unwrap().waited
    }

    #[test]
    fn a_minutes_worth_may_burst_and_then_the_rate_is_steady() {
        let (limiter, _) = limiter(|o| o.rate_limit_rpm = 60);
        (0..60).for_each(|_| assert_eq!(waited(&limiter, 0), Duration::ZERO));
        (0..5).for_each(|_| assert_eq!(waited(&limiter, 0).as_millis(), 1_000));
    }

    #[test]
    fn tokens_are_limited_and_corrected_by_what_was_used() {
        let (limiter, _) = limiter(|o| o.rate_limit_tpm = 6_000);
        let first = limiter.acquire("line", 6_000, &|| FAR, &Interrupt::default()).unwrap();
        first.correct(1_000);
        drop(first);
        assert_eq!(waited(&limiter, 5_000), Duration::ZERO, "5,000 came back");
        assert_eq!(waited(&limiter, 100).as_millis(), 1_000);
    }

    #[test]
    fn an_estimate_above_the_whole_limit_goes_through_alone() {
        let (limiter, _) = limiter(|o| o.rate_limit_tpm = 1_000);
        assert_eq!(waited(&limiter, 50_000), Duration::ZERO);
        assert!(waited(&limiter, 1).as_secs() > 2_000, "and is paid for by those after it");
    }

    #[test]
    fn a_wait_beyond_the_deadline_fails_at_once() {
        let (limiter, _) = limiter(|o| o.rate_limit_rpm = 1);
        assert_eq!(waited(&limiter, 0), Duration::ZERO);
        let deadline = limiter.clock.now_ns() + 59_000_000_000;
        let before = limiter.clock.now_ns();
        let error = limiter.acquire("line", 0, &|| deadline, &Interrupt::default()).unwrap_err();
        assert_eq!(error.status(), Status::RateLimited);
        assert_eq!(limiter.clock.now_ns(), before);
        assert_eq!(limiter.line("line").state.lock().waiting.len(), 0);
    }

    #[test]
    fn a_call_whose_time_is_up_is_not_told_that_it_was_the_limits() {
        let (limiter, _) = limiter(|_| {});
        let passed = limiter.clock.now_ns() - 1;
        let permit = limiter.acquire("line", 0, &|| passed, &Interrupt::default());
        assert_eq!(permit.unwrap().waited, Duration::ZERO, "the sending tells");
    }

    #[test]
    fn each_line_has_its_own_room() {
        let (limiter, _) = limiter(|o| o.rate_limit_rpm = 1);
        for line in ["a", "b"] {
            let permit = limiter.acquire(line, 0, &|| FAR, &Interrupt::default()).unwrap();
            assert_eq!(permit.waited, Duration::ZERO);
        }
    }

    #[test]
    fn headers_lower_the_limit_and_hold_everybody_until_the_reset() {
        let (limiter, _) = limiter(|o| o.rate_limit_rpm = 600);
        let requests =
            Limit { limit: Some(60), remaining: Some(0), reset: Some(Duration::from_secs(7)) };
        limiter.learn("line", &Learned { requests, ..Learned::default() });
        assert_eq!(waited(&limiter, 0).as_secs(), 7);
        let line = limiter.line("line");
        let state = |limit| {
            let requests = Limit { limit: Some(limit), ..Limit::default() };
            limiter.learn("line", &Learned { requests, ..Learned::default() });
            line.state.lock().requests.per_minute
        };
        assert_eq!(state(60), 60.0);
        assert_eq!(state(0), 60.0, "nothing is no limit");
        assert_eq!(state(100), 100.0, "the account was given more");
        assert_eq!(state(9_999), 600.0, "but never more than was configured");
    }

    /// What `line` says of a call that comes while one is under way and that
    /// ends when `then` has been done; how many were waiting by then.
    fn while_waiting(
        limiter: &RateLimiter,
        calls: usize,
        deadline_ns: &(dyn Fn() -> u64 + Sync),
        then: impl FnOnce(),
    ) -> Vec<Status> {
        std::thread::scope(|scope| {
            let ask = || limiter.acquire("line", 0, deadline_ns, &Interrupt::default());
            let asked: Vec<_> = (0..calls).map(|_| scope.spawn(ask)).collect();
            while limiter.line("line").state.lock().waiting.len() < calls {
                std::thread::yield_now();
            }
            then();
            let status = |end: Result<Permit>| end.map_or_else(|e| e.status(), |_| Status::Ok);
            asked.into_iter().map(|call| status(call.join().unwrap())).collect()
        })
    }

    /// In real time, where only `busy` can make room.
    fn one_at_a_time() -> (RateLimiter, Permit) {
        let options = ClientOptions { max_in_flight: 1, ..ClientOptions::default() };
        let limiter = RateLimiter::new(&options, &Clock::System);
        let busy = limiter.acquire("line", 0, &|| FAR, &Interrupt::default()).unwrap();
        (limiter, busy)
    }

    #[test]
    fn a_hold_that_is_learned_while_others_wait_ends_those_that_it_makes_too_late() {
        let (limiter, busy) = one_at_a_time();
        let deadline = Clock::System.now_ns() + 3_600_000_000_000;
        let reset = Some(Duration::from_secs(7_200));
        let requests = Limit { remaining: Some(0), reset, ..Limit::default() };
        let learn = || limiter.learn("line", &Learned { requests, ..Learned::default() });
        let ends = while_waiting(&limiter, 5, &|| deadline, learn);
        assert_eq!(ends, [Status::RateLimited; 5], "at once, and not only the first in line");
        drop(busy);
    }

    #[test]
    fn a_deadline_that_is_raised_while_its_call_waits_is_the_one_that_holds() {
        use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
        let (limiter, busy) = one_at_a_time();
        let (raised, told) = (AtomicBool::new(false), AtomicU64::new(0));
        // Always a little ahead, so that no call is late before it was raised.
        let get = || {
            let near = Clock::System.now_ns() + 60_000_000;
            told.store(near, SeqCst);
            if raised.load(SeqCst) { FAR } else { near }
        };
        let ends = while_waiting(&limiter, 1, &get, || {
            raised.store(true, SeqCst);
            while Clock::System.now_ns() < told.load(SeqCst) + 30_000_000 {
                std::thread::yield_now();
            }
            drop(busy);
        });
        assert_eq!(ends, [Status::Ok]);
    }

    /// A place in flight that another thread holds.
    fn held_elsewhere(limiter: &RateLimiter) -> Permit {
        let acquire = || limiter.acquire("line", 0, &|| FAR, &Interrupt::default()).unwrap();
        std::thread::scope(|scope| scope.spawn(acquire).join().unwrap())
    }

    #[test]
    fn a_call_inside_a_call_goes_first_and_needs_no_place_beside_it() {
        let (limiter, outer) = one_at_a_time();
        let (order, take) = (Mutex::new(Vec::new()), |limiter: &RateLimiter| {
            limiter.acquire("line", 0, &|| FAR, &Interrupt::default()).unwrap()
        });
        std::thread::scope(|scope| {
            scope.spawn(|| (take(&limiter), order.lock().push("in line")).1);
            while limiter.line("line").state.lock().waiting.is_empty() {
                std::thread::yield_now();
            }
            let inner = take(&limiter);
            order.lock().push("inner");
            drop(take(&limiter));
            drop(inner);
            assert_eq!(limiter.line("line").state.lock().in_flight, 1);
            order.lock().push("outer");
            drop(outer);
        });
        assert_eq!(*order.lock(), ["inner", "outer", "in line"]);
        assert_eq!(limiter.line("line").state.lock().in_flight, 0);
        assert!(!nesting::is_inside(limiter.line("line").place()));
    }

    #[test]
    fn a_call_inside_a_call_waits_for_the_rate_as_any_other() {
        let (limiter, _) = limiter(|o| o.rate_limit_rpm = 1);
        let _outer = limiter.acquire("line", 0, &|| FAR, &Interrupt::default()).unwrap();
        assert_eq!(waited(&limiter, 0).as_secs(), 60);
    }

    #[test]
    fn who_finds_no_room_in_time_is_told_of_the_option() {
        let (limiter, _time) = limiter(|o| o.max_in_flight = 1);
        let _busy = held_elsewhere(&limiter);
        let deadline = limiter.clock.now_ns() + 5_000_000_000;
        let error = limiter.acquire("line", 0, &|| deadline, &Interrupt::default()).unwrap_err();
        assert_eq!((error.status(), limiter.clock.now_ns()), (Status::RateLimited, deadline));
        assert!(error.to_string().contains("max_in_flight = 1"), "{error}");
    }

    #[test]
    fn an_absurd_reset_holds_nobody_for_more_than_a_day() {
        let (limiter, _) = limiter(|o| o.rate_limit_rpm = 600);
        let reset = Some(Duration::from_millis(u64::MAX));
        let requests = Limit { limit: Some(60), remaining: Some(0), reset };
        limiter.learn("line", &Learned { requests, ..Learned::default() });
        assert_eq!(waited(&limiter, 0), LONGEST_HOLD);
    }

    #[test]
    fn an_interrupted_call_leaves_the_line() {
        let (limiter, _) = limiter(|o| o.max_in_flight = 1);
        let _busy = held_elsewhere(&limiter);
        let interrupt = Interrupt::default();
        interrupt.trip(Reason::Cancelled);
        let error = limiter.acquire("line", 0, &|| FAR, &interrupt).unwrap_err();
        assert_eq!(error.status(), Status::Cancelled);
        assert_eq!(limiter.line("line").state.lock().waiting.len(), 0);
    }

    #[test]
    fn the_first_to_come_is_the_first_to_be_served() {
        let options = ClientOptions { max_in_flight: 1, ..ClientOptions::default() };
        let limiter = RateLimiter::new(&options, &Clock::System);
        let order = Mutex::new(Vec::new());
        let busy = limiter.acquire("line", 0, &|| FAR, &Interrupt::default()).unwrap();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let (limiter, order) = (&limiter, &order);
                scope.spawn(move || {
                    let permit = limiter.acquire("line", 0, &|| FAR, &Interrupt::default());
                    order.lock().push(n);
                    drop(permit);
                });
                while limiter.line("line").state.lock().waiting.len() <= n {
                    std::thread::yield_now();
                }
            }
            drop(busy);
        });
        assert_eq!(order.into_inner(), (0..8).collect::<Vec<_>>());
    }
}
