//! How soon calls end that are to end: by a cancel in each phase, and by each
//! limit on their time.
//!
//! Wake-ups are at the mercy of the machine, so each table has a row of what
//! the machine itself needs, measured between the others: for a cancel, to
//! wake a thread that waits on a condition; for a limit, to end such a wait.

use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

#[path = "../../../tests/faults/phases.rs"]
mod phases;

use phases::{LIMITS, PHASES, Scene};

/// Calls of one row that run before the next row has its turn.
const TURN: usize = 20;
/// The limit that is set in the table of limits, in ms.
const LIMIT_MS: u64 = 50;

#[derive(Default)]
struct Row {
    name: String,
    times: Vec<Duration>,
    wrong: usize,
}

impl Row {
    fn add(&mut self, result: Result<Duration, impl Sized>) {
        match result {
            Ok(time) => self.times.push(time),
            Err(_) => self.wrong += 1,
        }
    }

    fn show(&mut self, bound_ms: f64) {
        self.times.sort();
        let at = |share: f64| {
            let place = (self.times.len() as f64 * share).ceil() as usize;
            let time = self.times.get(place.saturating_sub(1)).copied().unwrap_or_default();
            time.as_secs_f64() * 1e3
        };
        let within = match self.wrong {
            0 if at(0.99) <= bound_ms => "",
            _ => "  <-- beyond",
        };
        println!(
            "{:<52}{:>6}{:>6}{:>9.2}{:>9.2}{:>9.2}{within}",
            self.name,
            self.times.len(),
            self.wrong,
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
}

fn head(what: &str) {
    println!("\n{what:<52}{:>6}{:>6}{:>9}{:>9}{:>9}", "n", "wrong", "p50 ms", "p99 ms", "max ms");
}

/// What the machine needs to wake a thread.
fn wake_up() -> Duration {
    let pair = Arc::new((Mutex::new(None::<Instant>), Condvar::new()));
    let other = pair.clone();
    let waiting = thread::spawn(move || {
        let mut at = other.0.lock().unwrap();
        while at.is_none() {
            at = other.1.wait(at).unwrap();
        }
        at.unwrap().elapsed()
    });
    thread::sleep(Duration::from_millis(2));
    *pair.0.lock().unwrap() = Some(Instant::now());
    pair.1.notify_all();
    waiting.join().unwrap()
}

/// How much too late the machine ends a wait.
fn lateness() -> Duration {
    let began = Instant::now();
    let limit = Duration::from_millis(LIMIT_MS);
    let lock = Mutex::new(());
    let mut guard = lock.lock().unwrap();
    while began.elapsed() < limit {
        guard = Condvar::new().wait_timeout(guard, limit - began.elapsed()).unwrap().0;
    }
    began.elapsed() - limit
}

fn main() {
    let calls = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(300usize);
    let turns = calls.div_ceil(TURN);

    let named = |name: String| Row { name, ..Row::default() };
    let mut rows: Vec<Row> = PHASES.iter().map(|phase| named(phase.name.into())).collect();
    let mut machine = named("(a thread that waits on a condition)".into());
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..turns {
        for (phase, row) in PHASES.iter().zip(&mut rows) {
            let scene = Scene::new(*phase, &[]);
            for _ in 0..TURN {
                row.add(scene.cancelled_after(Duration::from_micros(random.u64(1_000..4_000))));
            }
        }
        (0..TURN).for_each(|_| machine.times.push(wake_up()));
    }
    head("a cancel, to the return of the call");
    rows.iter_mut().chain([&mut machine]).for_each(|row| row.show(10.0));

    let mut rows: Vec<Row> = LIMITS
        .iter()
        .map(|limit| named(format!("{}, {}", limit.option, limit.phase.name)))
        .collect();
    let mut machine = named("(a thread that waits on a condition)".into());
    for _ in 0..turns.div_ceil(2) {
        for (limit, row) in LIMITS.iter().zip(&mut rows) {
            let options = [(limit.option, &*LIMIT_MS.to_string()), ("retry_count", "0")];
            let scene = Scene::new(limit.phase, &options);
            for _ in 0..TURN / 2 {
                let took = limit.run(&scene);
                row.add(took.map(|took| took.saturating_sub(Duration::from_millis(LIMIT_MS))));
            }
        }
        (0..TURN / 2).for_each(|_| machine.times.push(lateness()));
    }
    head(&format!("a limit of {LIMIT_MS} ms, how much too late"));
    rows.iter_mut().chain([&mut machine]).for_each(|row| row.show(20.0));
}
