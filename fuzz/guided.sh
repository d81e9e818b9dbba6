#!/bin/sh
# Fuzzes one target, or all in turn, guided by coverage: guided.sh TARGET|all [RUNS]
# Stable Rust does: libFuzzer's own flags are passed to the compiler here.
set -eu
cd "$(dirname "$0")"
runs=${2:-10000000}
flags="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
 -Cllvm-args=-sanitizer-coverage-pc-table -Ccodegen-units=1"
host=$(rustc -vV | sed -n 's/^host: //p')
# With --target, the flags are not for build scripts.
RUSTFLAGS=$(echo $flags) cargo build --release --features guided --target "$host"
program=target/$host/release
names=$1
[ "$1" != all ] || names=$("$program/mynah-fuzz" no-such-target 2>&1 | sed 's/.*all, //; s/,//g')
for name in $names; do
    corpus=target/corpus/$name
    "$program/mynah-fuzz" seeds "$name" "$corpus"
    MYNAH_FUZZ=$name "$program/guided" "$corpus" -runs="$runs" -max_len="${MAX_LEN:-512}" \
        -print_final_stats=1 -verbosity=0 -artifact_prefix="target/finding-$name-"
done
