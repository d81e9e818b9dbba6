#!/usr/bin/env python3
"""Runs every test of the project and ends with one line of totals.

usage: run.py [--quick] [STEP...]

Each step is a function below. A step runs programs; what they print decides
what is counted: cargo's and go's own summaries, and lines that begin with
`ok `, `not ok ` or `skip `. A program that fails without having said so counts
as one failure. `--quick` leaves out what needs the release build.
"""

import collections
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "test"
INCLUDE = ROOT / "include"
STAGE = ROOT / "build" / "stage"
# What tests read beside the project, where it lies there.
DATA = [("recorded exchanges", "cases"), ("requests held to vendors' schemas", "specs"),
        ("prices and prompts", "llm")]
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

passed = failed = skipped = 0
failures = []
reasons = {}  # of each program that failed, what it said of it


def count(name, ok, why=""):
    """One check by this script itself."""
    global passed, failed
    print(f"{'ok' if ok else 'not ok'} {name}{': ' + why if why and not ok else ''}", flush=True)
    if ok:
        passed += 1
    else:
        failed += 1
        failures.append(name)


def skip(name, why):
    global skipped
    print(f"skip {name}: {why}", flush=True)
    skipped += 1


SUMMARY = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored")
LINE = re.compile(r"^(ok|not ok|skip) (\S.*)")
PYTEST = re.compile(r"^(?:(\d+) failed, )?(\d+) passed(?:, (\d+) skipped)?.* in [\d.]+s")
GO = re.compile(r"^\s*--- (PASS|FAIL|SKIP): (\S+)")


def take(line):
    """Counts a line of output, if it tells of tests."""
    global passed, failed, skipped
    if match := SUMMARY.match(line):
        p, f, i = map(int, match.groups())
        passed, failed, skipped = passed + p, failed + f, skipped + i
        return f
    if match := PYTEST.match(line):
        f, p, i = (int(n or 0) for n in match.groups())
        passed, failed, skipped = passed + p, failed + f, skipped + i
        return f
    match = LINE.match(line) or GO.match(line)
    if not match:
        return 0
    word, name = match.groups()
    if word in ("ok", "PASS"):
        passed += 1
    elif word in ("skip", "SKIP"):
        skipped += 1
    else:
        failed += 1
        failures.append(name)
        return 1
    return 0


# Lines that say why a program failed.
TELLING = re.compile(
    r"panicked at|has been running for over|^error|^fatal|^E   |^FAILED|SUMMARY: |"
    r"\bsignal\b|^\s*\S+_test\.go:|^\s*--- FAIL|^not ok|^test .* FAILED|^# ")


def why(lines):
    """A failed program's telling lines, or else its last ones, for the end of all."""
    telling = [line for line in lines if TELLING.search(line)]
    return [line.strip()[:160] for line in (telling[-4:] or lines[-3:])]


def run(*command, name=None, counts=True, limit=600, optional=False, **env):
    """Runs a command, passes on what it prints, and counts."""
    global failed
    command = [str(part) for part in command]
    name = name or " ".join(command)
    print(f"$ {name}", flush=True)
    told, lines, late = 0, collections.deque(maxlen=2000), []
    # A group of its own, so that what it has started ends with it.
    child = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **env}, stdin=subprocess.DEVNULL, text=True,
        errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True)

    def end():
        late.append(f"# {name}: ended after {limit} s")
        print(late[0], flush=True)
        os.killpg(child.pid, signal.SIGKILL)

    watch = threading.Timer(limit, end)
    watch.start()
    try:
        for line in child.stdout:
            print(line, end="", flush=True)
            lines.append(line)
            told += take(line) if counts else 0
        ok = child.wait() == 0
    finally:
        watch.cancel()
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    if not ok and not told and counts:
        failed += 1
    if told or not (ok or optional):
        reasons[name] = why([*lines, *late]) + ([f"exit status {child.returncode}"] if not ok else [])
        if counts:
            failures.append(name)
    return ok


def have(tool):
    return shutil.which(tool) is not None


def compiles(name, *command):
    result = subprocess.run([str(c) for c in command], cwd=ROOT, text=True, capture_output=True)
    count(name, result.returncode == 0, "\n" + result.stderr[:2000])
    return result.returncode == 0


# ---------------------------------------------------------------- the steps


def style():
    count("the code is formatted", run("cargo", "fmt", "--check", counts=False))
    count("clippy has nothing to say", run(
        "cargo", "clippy", "--quiet", "--locked", "--all-targets", "--features", "test-hooks",
        "--", "-D", "warnings", counts=False))
    if not have("gofmt"):
        return skip("the Go code is formatted", "no gofmt")
    folders = ["bindings/go", "examples/go", "tests/go"]
    told = subprocess.run(["gofmt", "-l", *folders], cwd=ROOT, text=True, capture_output=True)
    count("the Go code is formatted", told.returncode == 0 and not told.stdout,
          told.stdout + told.stderr)


def rust():
    """The tests of the crate, built first: how long that takes is the machine's matter.
    Those on data that is no part of the project pass where it is not there, and what
    they say of that cargo does not show."""
    for what, path in DATA:
        if not (ROOT.parent / "shared" / path).exists():
            skip(what, f"no ../shared/{path}")
    if run("cargo", "test", "--quiet", "--locked", "--no-run", counts=False, limit=2400):
        run("cargo", "test", "--quiet", "--locked", "--no-fail-fast", limit=900)
    else:
        count("the tests of the crate build", False)


def models():
    """What runs at once, in many orders; MYNAH_MODEL_RUNS asks for more."""
    run("cargo", "test", "--quiet", "--locked", "--lib", "--features", "model", "--",
        "cache::models", "ffi::models")


def library():
    """The library that the C tests link: not optimised, with the test hooks."""
    ok = run("cargo", "rustc", "--quiet", "--locked", "--lib", "--crate-type", "cdylib",
             "--features", "capi,test-hooks", counts=False)
    count("the library for the C tests builds", ok)
    BUILD.mkdir(parents=True, exist_ok=True)
    if ok:
        # A new file each time: tests that still run keep the one they have.
        for name in ("libmynah.so.0", "libmynah.so"):
            (BUILD / name).unlink(missing_ok=True)
        shutil.copy2(TARGET / "debug" / "libmynah.so", BUILD / "libmynah.so.0")
        (BUILD / "libmynah.so").symlink_to("libmynah.so.0")
        (BUILD / "mynah.pc").write_text(
            f"Name: mynah\nDescription: for tests\nVersion: 0\nCflags: -I{INCLUDE}\n"
            f"Libs: -L{BUILD} -lmynah -Wl,-rpath,{BUILD}\n")


def header():
    source = "tests/c/header.c"
    for standard in ("c99", "c11", "c17"):
        compiles(f"the header is {standard}", "cc", f"-std={standard}", *STRICT, f"-I{INCLUDE}",
                 "-fsyntax-only", source)
    if not have("g++"):
        return skip("the header is c++", "no g++")
    for standard in ("c++17", "c++20"):
        compiles(f"the header is {standard}", "g++", f"-std={standard}", *STRICT, f"-I{INCLUDE}",
                 "-fsyntax-only", "-x", "c++", source)


def linked(source, to, *more):
    return ["cc", "-std=c11", "-g", "-O1", "-D_GNU_SOURCE", *STRICT, *more, f"-I{INCLUDE}",
            "-Itests/c", source, "-o", to, f"-L{BUILD}", "-lmynah", f"-Wl,-rpath,{BUILD}",
            "-lpthread"]


def c_programs():
    sources = sorted((ROOT / "tests/c").glob("*.c"))
    sources = [s for s in sources if s.stem not in ("header", "contract", "unload")]
    return sources + sorted(BUILD.glob("generated_*.c"))


def c():
    """Every program of tests/c, as it is and under the address sanitizer."""
    run(sys.executable, "tests/c/generate.py", BUILD, counts=False)
    if compiles("the contract compiles", *linked("tests/c/contract.c", BUILD / "contract")):
        run(BUILD / "contract")
    # Not linked: what a program is linked with is never closed.
    if compiles("unload.c compiles", "cc", "-std=c11", "-g", *STRICT, f"-I{INCLUDE}", "-Itests/c",
                "tests/c/unload.c", "-o", BUILD / "unload", "-ldl", "-lpthread"):
        run(BUILD / "unload", BUILD / "libmynah.so.0", name="unload")
    sanitize = ["-fsanitize=address", "-fno-omit-frame-pointer"]
    asan = subprocess.run(["cc", *sanitize, "-x", "c", "-", "-o", str(BUILD / "asan")], text=True,
                          input="int main(void){return 0;}", capture_output=True).returncode == 0
    only = os.environ.get("ONLY", "")
    for source in c_programs():
        if only not in source.stem:
            continue
        program = BUILD / source.stem
        if compiles(f"{source.name} compiles", *linked(source, program)):
            run(program, name=source.stem, limit=120)
        program = BUILD / f"{source.stem}_asan"
        if source.stem in ("fork", "fork_inside"):
            # This sanitizer's allocator has locks of its own, and a child that is
            # forked while another thread holds one hangs in its next malloc: a
            # debugger shows it in SizeClassAllocator64::GetFromAllocator, waiting
            # for the lock of a size class (gcc 12).
            continue
        if not asan:
            skip(f"{source.stem} under ASan", "cc has no address sanitizer")
        elif compiles(f"{source.name} compiles for ASan", *linked(source, program, *sanitize)):
            leaks = f"detect_leaks=1:suppressions={ROOT}/tests/c/leaks.txt"
            run(program, name=f"{source.stem} under ASan", limit=300,
                ASAN_OPTIONS="detect_leaks=1:abort_on_error=0",
                LSAN_OPTIONS=f"suppressions={ROOT}/tests/c/leaks.txt:print_suppressions=0")


def cpp():
    """The C++ header in a program of several files, by every compiler there is."""
    sources = sorted((ROOT / "tests/cpp").glob("*.cpp"))
    flags = ["-g", *STRICT, "-Wshadow", "-Wconversion", "-Wsign-conversion", f"-I{INCLUDE}",
             *sources, f"-L{BUILD}", "-lmynah", f"-Wl,-rpath,{BUILD}", "-lpthread"]
    for compiler in ("g++", "clang++"):
        if not have(compiler):
            skip(f"mynah.hpp with {compiler}", f"no {compiler}")
            continue
        for standard in ("c++17", "c++20"):
            program = BUILD / f"cpp_{compiler}"
            if compiles(f"mynah.hpp is {standard} for {compiler}", compiler, f"-std={standard}",
                        *flags, "-o", program) and standard == "c++17":
                run(program, name=f"mynah.hpp with {compiler}", limit=60)
        # What it answers is 0 to go on, as in C.
        told = subprocess.run(
            [compiler, "-std=c++17", "-fsyntax-only", f"-I{INCLUDE}", "-x", "c++", "-"], text=True,
            capture_output=True, input='#include "mynah.hpp"\nvoid f(mynah::client &c) { c.stream('
            'mynah::request("hello"), [](const mynah::event &) { return 0; }); }\n')
        count(f"{compiler} refuses a stream's function that answers an int",
              told.returncode != 0 and "a bool: true to go on" in told.stderr, told.stderr[:2000])
        # As windows.h and game engines have them; headers of the system come before.
        system = sorted(set(re.findall(r"#include <\w+>", "".join(
            header.read_text() for header in (INCLUDE / "mynah").glob("*.hpp")))))
        macros = [f"#define {macro}" for macro in (
            "min(a, b) a", "max(a, b) a", "check(x) x", "verify(x) x", "TEXT(x) x", "small char",
            "near", "far", "interface struct", "ERROR 0", "IN", "OUT", "None 0L", "Status int")]
        told = subprocess.run(
            [compiler, "-std=c++17", "-fsyntax-only", f"-I{INCLUDE}", "-x", "c++", "-"], text=True,
            capture_output=True, input="\n".join([*system, *macros, '#include "mynah.hpp"', ""]))
        count(f"mynah.hpp bears the macros of others with {compiler}", told.returncode == 0,
              told.stderr[:2000])


def windows():
    """That the library compiles for Windows, which nobody here would notice else."""
    target = "x86_64-pc-windows-gnu"
    told = subprocess.run(["rustc", "--print", "target-libdir", "--target", target], text=True,
                          capture_output=True).stdout.strip()
    if not (told and Path(told).is_dir() and have("x86_64-w64-mingw32-gcc")):
        return skip("the library for Windows", f"no Rust target {target}, or no MinGW compiler")
    count("the library compiles for Windows", run(
        "cargo", "clippy", "--quiet", "--locked", "--lib", "--features", "capi", "--target",
        target, "--", "-D", "warnings", counts=False))


def release():
    """What `make` and `make install` leave behind."""
    if not run("make", "--no-print-directory", "stage", counts=False, limit=1200):
        return count("the release libraries build", False)
    count("the release libraries build", True)
    run("sh", "tests/packaging.sh", limit=300)


def demo():
    program = ROOT / "build" / "demo"
    ok = run("make", "--no-print-directory", "demo", counts=False)
    count("the demo runs against the mock", ok and program.exists())
    if ok:
        run(sys.executable, "tests/demo.py", limit=120)
    page = ROOT / "build" / "loadtest.html"
    page.unlink(missing_ok=True)
    ok = run("make", "--no-print-directory", "loadtest", "ARGS=--rate 50 --duration 2", counts=False)
    drawn = page.exists() and page.read_text().count("<svg") == 2
    count("the load test runs against the mock and draws its page", ok and drawn)


def examples():
    run(sys.executable, "tests/examples.py", limit=300)


def pages():
    run(sys.executable, "tests/pages/check.py", limit=600)


def reference():
    """The reference of the header, without a warning, and whole."""
    if not have("doxygen"):
        return skip("the reference of the header", "no doxygen")
    made = run("make", "--no-print-directory", "reference", counts=False)
    pages = "".join(p.read_text() for p in (ROOT / "build/docs/reference").glob("*.html"))
    declared = set(re.findall(r"\bmynah_\w+(?=\()", (INCLUDE / "mynah.h").read_text()))
    lacking = {name for name in declared if name not in pages}
    count("Doxygen has no complaint about the header, and lists all of it", made and not lacking,
          str(sorted(lacking)[:5]))


def python():
    run(sys.executable, "tests/python/smoke.py", MYNAH_LIBRARY=str(BUILD / "libmynah.so"))
    run(sys.executable, "tests/prometheus.py", MYNAH_LIBRARY=str(BUILD / "libmynah.so"))


    have_pytest = subprocess.run([sys.executable, "-c", "import pytest"],
                                 capture_output=True).returncode == 0
    if not have_pytest:
        return skip("the Python package", "no pytest")
    run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "bindings/python",
        MYNAH_LIBRARY=str(BUILD / "libmynah.so"), PYTHONDONTWRITEBYTECODE="1")


def wheel():
    """A wheel with the library inside, used away from this tree."""
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode:
        return skip("the Python wheel", "no pip")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "site"
        made = run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", target,
                   "--disable-pip-version-check", "--root-user-action=ignore", "./bindings/python",
                   counts=False, MYNAH_LIBRARY=str(STAGE / "lib" / "libmynah.so"))
        code = ("import mynah; c = mynah.Cache(); c['k'] = b'v'; assert c['k'] == b'v'; "
                "assert '/site/' in mynah.__file__; print(mynah.version())")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MYNAH_")}
        used = made and subprocess.run(
            [sys.executable, "-c", code], cwd=folder,
            env={**environment, "PYTHONPATH": str(target)}).returncode == 0
        count("pip installs a wheel that works away from the tree", used)


def go():
    if not have("go"):
        return skip("the Go smoke test", "no go")
    told = subprocess.run(["go", "version"], text=True, capture_output=True).stdout
    version = re.search(r"go(\d+)\.(\d+)", told)
    if not version or tuple(map(int, version.groups())) < (1, 22):
        return skip("the Go tests", f"they need Go 1.22, and this is {told.strip()}")
    run("go", "-C", "tests/go", "test", "-count=1", "-v", "./...",
        CGO_CFLAGS=f"-I{INCLUDE}", CGO_LDFLAGS=f"-L{BUILD} -lmynah -Wl,-rpath,{BUILD}")
    if not have("pkg-config"):
        return skip("the Go package", "no pkg-config")
    # Go's build cache looks at CGO_LDFLAGS and not at what pkg-config answers:
    # without it, what was built against another library would be taken for this.
    found = {"PKG_CONFIG_PATH": str(BUILD), "CGO_LDFLAGS_ALLOW": "-Wl,-rpath,.*",
             "CGO_LDFLAGS": f"-L{BUILD} -Wl,-rpath,{BUILD}"}
    count("go vet has nothing to say",
          run("go", "-C", "bindings/go", "vet", "./...", counts=False, **found))
    without = subprocess.run(["go", "-C", "bindings/go", "build", "./mock"], cwd=ROOT, text=True,
                             env={**os.environ, "CGO_ENABLED": "0"}, capture_output=True)
    count("without cgo the Go package says so", "mynah_needs_cgo" in without.stderr, without.stderr)
    run("go", "-C", "bindings/go", "test", "-count=1", "-v", "./...", **found)
    run("go", "-C", "examples/go", "vet", "./...", **found)
    run("go", "-C", "examples/go", "test", "-count=1", "-v", ".", **found)
    # The peers are modules of others: here only if they have been fetched.
    offline = {**found, "GOPROXY": "off", "GOFLAGS": "-mod=mod"}
    if run("go", "-C", "bindings/go/benches", "list", "-deps", "./...", counts=False,
           optional=True, **offline):
        count("the Go benches compile",
              run("go", "-C", "bindings/go/benches", "vet", "./...", counts=False, **offline))
    else:
        skip("the Go benches compile", "their modules are not here")
    race = ["go", "-C", "bindings/go", "test", "-race", "-count=1"]
    if not run(*race, "-run", "^$", "./internal/lib", counts=False, optional=True, **found):
        return skip("the Go packages under the race detector", "this Go has no race runtime")
    count("the race detector finds nothing", run(*race, "./...", counts=False, **found))


def go_static():
    """The build tag that links the library into the program."""
    if not have("go") or not have("pkg-config"):
        return skip("the static Go build", "no go or no pkg-config")
    if not (STAGE / "lib" / "pkgconfig" / "mynah-static.pc").exists():
        return count("the static library is staged", False, "run the step release first")
    program = BUILD / "cache_static.test"
    BUILD.mkdir(parents=True, exist_ok=True)
    made = run("go", "-C", "bindings/go", "test", "-c", "-tags", "mynah_static", "-o", program, "./llm",
               counts=False, PKG_CONFIG_PATH=str(STAGE / "lib" / "pkgconfig"),
               CGO_LDFLAGS=f"-L{STAGE}/lib")
    count("the Go packages build with the tag mynah_static", made)
    if not made:
        return
    needs = subprocess.run(["readelf", "-d", str(program)], text=True, capture_output=True).stdout
    foreign = [name for name in ("libmynah", "libgcc_s") if name in needs]
    count("the program needs neither libmynah.so nor libgcc_s.so", "NEEDED" in needs and not foreign)
    run(program, "-test.v", "-test.run", "Stream|Tiers|ErrorsAreTold", name="the static Go tests", limit=120)


QUICK = [rust, models, library, header, c, cpp, python, go, style]
ALL = [rust, models, library, header, c, cpp, python, go, style, windows, release, demo, examples,
       pages, reference, wheel, go_static]


def main():
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    steps = QUICK if "--quick" in sys.argv else ALL
    if names:
        steps = [globals()[name] for name in names]
    for step in steps:
        begun = time.monotonic()
        print(f"\n== {step.__name__}", flush=True)
        step()
        print(f"   {time.monotonic() - begun:.1f} s", flush=True)
    if failures:
        for name, lines in reasons.items():
            print(f"\n{name}:\n  " + "\n  ".join(lines))
        print("\nfailed:\n  " + "\n  ".join(failures))
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
