"""The README and the pages of docs: their programs, commands and links.

A block of code that is a whole program (`int main`, `package main`, or Python in
the README) is built and run as it stands. Others are fragments: those of a page
and a language become one program, each in a function of its own, after the
prelude beside this file; in Go a function that returns an error. A block that follows the comment `<!-- not run -->` is
only shown.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
STAGE = ROOT / "build" / "stage"
ENV = {**{k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")},
       "PKG_CONFIG_PATH": str(STAGE / "lib/pkgconfig"),
       "LD_LIBRARY_PATH": str(STAGE / "lib"), "PYTHONPATH": str(ROOT / "bindings/python"),
       "MYNAH_LIBRARY": str(STAGE / "lib/libmynah.so"), "PYTHONDONTWRITEBYTECODE": "1"}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^(<!-- not run -->\n\n?)?```(\w+)\n(.*?)^```", re.M | re.S)
FLAGS = "-Wall -Wextra -Werror -Wno-unused"
LINKED = "$(pkg-config --cflags --libs mynah) -lpthread"
COMPILE = {"c": f"cc -std=c11 -D_GNU_SOURCE {FLAGS} program.c {LINKED}",
           "cpp": f"g++ -std=c++17 {FLAGS} program.cpp {LINKED}"}
MODULE = "go mod edit -require mynah@v0.0.0 -replace mynah=/path/to/mynah/bindings/go"
PRINTS = {"README.md c": r".{20}", "README.md python": "from cache", "README.md go": "value"}
"""What whole programs must print, where it is more than nothing."""

failed = False


def check(sentence, holds, why=""):
    global failed
    told = f"{'ok' if holds else 'not ok'} {sentence}\n"
    if not holds:
        told += "# " + why[-2500:].replace("\n", "\n# ") + "\n"
        failed = True
    # In one piece: others print at the same time.
    print(told, end="", flush=True)


def runs(sentence, command, folder, prints=""):
    try:
        done = subprocess.run(command, cwd=folder, env=ENV, text=True, shell=True, errors="replace",
                              capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
        code, out, err = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        code, out, err = -1, "", "it does not end"
    check(sentence, code == 0 and re.search(prints, out), f"exit {code}\n{out}{err}")


def whole(language, code):
    return {"c": "int main(", "cpp": "int main(", "go": "package main"}.get(language, "\0") in code


def split(code):
    """A fragment's definitions of functions, and its statements."""
    ends = [match.end() for match in re.finditer(r"^}\n", code, re.M)]
    begins = re.match(r"(static |int32_t |double |void )", code)
    return (code[:ends[-1]], code[ends[-1]:]) if begins and ends else ("", code)


def joined(language, fragments):
    """One program of a page's fragments."""
    if language == "python":
        return (HERE / "prelude.py").read_text() + "".join(
            f"\n\ndef block_{i}():\n    exec(compile({code!r}, 'block {i}', 'exec'), dict(globals()))\n"
            f"\n\nblock_{i}()\n" for i, code in enumerate(fragments))
    text, calls = (HERE / f"prelude.{language}").read_text(), ""
    if language == "go":
        functions = "".join(f"\nfunc block{i}() error {{\n{code}\nreturn nil\n}}\n"
                            for i, code in enumerate(fragments))
        names = ", ".join(f"block{i}" for i in range(len(fragments)))
        return f"{text}{functions}\nvar blocks = []func() error{{{names}}}\n"
    for i, code in enumerate(fragments):
        above, body = split(code)
        text += f"\n{above}\nstatic int block_{i}(void) {{\n{body}\nreturn 0;\n}}\n"
        calls += f" || block_{i}()"
    return f"{text}\nint main(void) {{ return prepare(){calls}; }}\n"


def run_program(name, language, code, folder, text):
    prints = PRINTS.get(f"{name} {language}", "")
    if language == "python":
        (folder / "program.py").write_text(code)
        runs(f"the Python of {name} runs", f"{sys.executable} program.py", folder, prints)
    elif language == "go":
        go_program(name, code, folder / "go", prints, text)
    elif language in COMPILE and (language == "c" or shutil.which("g++")):
        (folder / f"program.{language}").write_text(code)
        runs(f"the {language} of {name} compiles and runs", f"{COMPILE[language]} && ./a.out",
             folder, prints)


def go_program(name, code, folder, prints, text):
    # A folder of its own: cgo compiles every C file that it finds.
    folder.mkdir(exist_ok=True)
    told = subprocess.run("go version", shell=True, text=True, capture_output=True).stdout
    version = re.search(r"go(\d+)\.(\d+)", told)
    if not version or tuple(map(int, version.groups())) < (1, 22):
        return print(f"skip the Go of {name}: no Go 1.22\n", end="")
    (folder / "main.go").write_text(code)
    told = re.findall(r"^    (go mod edit .*)", text, re.M) or [MODULE]
    edit = "".join(f"{line} && " for line in told).replace("/path/to/mynah", str(ROOT))
    runs(f"the Go of {name} runs", f"go mod init program && {edit}go run .", folder, prints)


def programs(page, text):
    fragments = {}
    for unseen, language, code in BLOCK.findall(text):
        if unseen:
            continue
        if language == "go" and whole(language, code):
            told = re.search(r"^    go mod edit ", text, re.M)
            check(f"{page.name} tells how a Go module finds the packages", told)
        if whole(language, code) or (language == "python" and page.name == "README.md"):
            with tempfile.TemporaryDirectory() as folder:
                run_program(page.name, language, code, Path(folder), text)
        elif language in ("c", "cpp", "python", "go"):
            fragments.setdefault(language, []).append(code)
    for language, codes in fragments.items():
        with tempfile.TemporaryDirectory() as folder:
            run_program(page.name, language, joined(language, codes), Path(folder), text)


EXPOSED = """
import mynah
with mynah.Mock() as mock, mynah.Cache() as cache:
    cache.get("key")
    with mynah.Client("custom", base_url=mock.url, model="m") as client:
        print(cache.prometheus(), client.prometheus())
"""


@functools.cache
def exposed():
    """The names that a cache and a client have in Prometheus' text."""
    done = subprocess.run([sys.executable, "-c", EXPOSED], env=ENV, text=True, capture_output=True)
    return done.stdout


ELSEWHERE = {"MYNAH_LIBRARY", "mynah_static"}
"""Names like those of the header: an environment variable, a build tag of Go's."""


def references(page, text):
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    unknown = set(re.findall(r"(?:^    |`)make ([a-z]+)", text, re.M)) - targets
    check(f"the make targets of {page.name} exist", not unknown, str(unknown))
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    check(f"the links of {page.name} lead somewhere", not missing, str(missing))
    header = (ROOT / "include/mynah.h").read_text() + exposed()
    code = " ".join(re.findall(r"`(mynah_[a-z0-9_]+|MYNAH_[A-Z0-9_]+)`", text))
    invented = {word for word in set(code.split()) - ELSEWHERE if not re.search(rf"\b{word}", header)}
    check(f"the names that {page.name} tells are in the header", not invented, str(invented))


def look_through(page):
    text = page.read_text()
    references(page, text)
    programs(page, text)


with ThreadPoolExecutor(os.cpu_count()) as pool:
    list(pool.map(look_through, PAGES))
sys.exit(failed)
