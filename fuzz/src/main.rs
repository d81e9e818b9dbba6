//! Fuzzes everything that reads what others wrote.
//!
//! usage: mynah-fuzz [TARGET|all] [RUNS] [SEED]
//!        mynah-fuzz seeds TARGET FOLDER
//!
//! Inputs are made by damaging real ones: answers of the mock in all six
//! dialects, requests, options. A target must not panic, and what reads streams
//! must say the same for every way of cutting the bytes. A finding is written
//! to `finding.bin`, and named with the seed that leads to it.

// The coverage that guided runs count calls into it, in every program.
#[cfg(feature = "guided")]
use libfuzzer_sys as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use mynah_fuzz::mutate::Mutator;
use mynah_fuzz::seeds;
use mynah_fuzz::targets::{self, Target};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "all".into());
    if name == "seeds" {
        let (target, folder) = (arguments.next(), arguments.next());
        return write_seeds(&target.expect("a target"), &folder.expect("a folder"));
    }
    let number = |text: Option<String>, otherwise| {
        text.map_or(otherwise, |text| text.parse().expect("a number of runs, and a seed"))
    };
    let runs: u64 = number(arguments.next(), 100_000);
    let seed: u64 = number(arguments.next(), 1);
    let chosen: Vec<Target> =
        targets::all().into_iter().filter(|t| name == "all" || t.name == name).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = targets::all().iter().map(|target| target.name).collect();
        eprintln!("no target {name}: all, {}", names.join(", "));
        std::process::exit(2);
    }
    let findings = chosen.iter().filter(|target| !run(target, runs, seed)).count();
    std::process::exit(i32::from(findings > 0));
}

/// Writes what the guided runs of a target begin with: its own seeds, and the
/// recorded exchanges of its dialect where they are at hand.
fn write_seeds(name: &str, folder: &str) {
    let target = targets::all().into_iter().find(|target| target.name == name);
    let mut all = target.expect("a known target").seeds;
    all.extend(seeds::recorded(name));
    std::fs::create_dir_all(folder).expect("the folder can be made");
    for (n, seed) in all.iter().enumerate() {
        std::fs::write(format!("{folder}/seed-{n}"), seed).expect("a seed can be written");
    }
    println!("{} seeds for {name}", all.len());
}

/// Runs a target; false on a finding.
fn run(target: &Target, runs: u64, seed: u64) -> bool {
    let began = Instant::now();
    let mut mutator = Mutator::new(&target.seeds, seed);
    for n in 0..runs {
        mutator.advance();
        let (input, random) = mutator.both();
        let result = catch_unwind(AssertUnwindSafe(|| (target.check)(input, random)));
        let finding = match result {
            Ok(Ok(())) => continue,
            Ok(Err(difference)) => difference,
            Err(_) => "it panicked".into(),
        };
        let input = mutator.input();
        std::fs::write("finding.bin", input).expect("finding.bin can be written");
        println!("{}: run {n}, seed {seed}: {finding}; input in finding.bin", target.name);
        println!("{}", String::from_utf8_lossy(input));
        return false;
    }
    println!("{}: {runs} runs, no finding, {:.1} s", target.name, began.elapsed().as_secs_f64());
    true
}
