"""The examples of each language, as a user builds and runs them, against the mock.

The C and C++ ones are built with the address sanitizer where there is one, so
that what a user copies leaks nothing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAGE = ROOT / "build" / "stage"
EXAMPLES = ROOT / "examples"
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-Wshadow", "-Wconversion"]
ENV = {**{k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")},
       "PKG_CONFIG_PATH": str(STAGE / "lib/pkgconfig"), "LD_LIBRARY_PATH": str(STAGE / "lib"),
       "PYTHONPATH": str(ROOT / "bindings/python"), "PYTHONDONTWRITEBYTECODE": "1",
       "MYNAH_LIBRARY": str(STAGE / "lib/libmynah.so")}
LINES_MAX = 79

WANTED = {
    "cache": ["looking up common myna", "common myna: .*Acridotheres", "hits"],
    "chat": ["I heard: Why do mynahs talk", "from.*provider", "from.*cache"],
    "stream": ["I heard: Tell me a long story", r"\d+ bytes kept"],
    "production": [r"breaker:? open|breaker: open", "cost"],
}
"""What each prints, in every language."""

ALONE = {"c": {"tiers": ["^small  Which bird", "^large  Implement a lock-free", r'"saved_share":0\.[1-9]']}}
"""The same of what there is in one language alone."""

failed = False


def check(sentence, holds, why=""):
    global failed
    print("ok" if holds else "not ok", sentence)
    if not holds:
        print("# " + why[-2000:].replace("\n", "\n# "))
        failed = True


def output_of(command, **more):
    done = subprocess.run([str(c) for c in command], env=ENV, text=True, errors="replace",
                          capture_output=True, timeout=60, **more)
    return done.returncode, done.stdout + done.stderr


def pkg_config():
    return output_of(["pkg-config", "--cflags", "--libs", "mynah"])[1].split()


def sanitizer(compiler):
    with tempfile.TemporaryDirectory() as folder:
        flags = ["-fsanitize=address", "-fno-omit-frame-pointer"]
        empty = Path(folder) / "empty.c"
        empty.write_text("int main(void){return 0;}")
        code, _ = output_of([compiler, *flags, empty, "-o", Path(folder) / "empty"])
        return flags if code == 0 else []


def compiled(compiler, standard, suffix):
    """The command that runs an example, after it has been built."""
    flags = sanitizer(compiler)

    def build(source, folder):
        program = folder / f"{source.stem}{suffix.replace('.', '_')}"
        code, out = output_of([compiler, f"-std={standard}", *STRICT, *flags, "-g", "-o", program,
                               source, *pkg_config(), "-lpthread"])
        return ([program] if code == 0 else None), out
    return build


LANGUAGES = {
    "c": (".c", "cc", lambda: compiled("cc", "c11", ".c")),
    "cpp": (".cpp", "g++", lambda: compiled("g++", "c++17", ".cpp")),
    "python": (".py", sys.executable, lambda: lambda source, _: ([sys.executable, source], "")),
}


def main():
    if not shutil.which("pkg-config"):
        return print("skip the examples: no pkg-config")
    for language, (suffix, tool, build_with) in LANGUAGES.items():
        wanted = {**WANTED, **ALONE.get(language, {})}
        sources = [EXAMPLES / language / f"{name}{suffix}" for name in wanted]
        long = [s.name for s in sources if len(s.read_text().splitlines()) > LINES_MAX]
        check(f"the examples in {language} are short", not long, f"too long: {long}")
        if not shutil.which(tool):
            print(f"skip the examples in {language}: no {tool}")
            continue
        build = build_with()
        for source in sources:
            with tempfile.TemporaryDirectory() as folder:
                command, out = build(source, Path(folder))
                code = 1
                if command:
                    code, out = output_of(command, cwd=folder)
                lacks = [want for want in wanted[source.stem]
                         if not re.search(want, out, re.M)]
                check(f"examples/{language}/{source.name} runs", code == 0 and not lacks,
                      f"exit {code}, lacks {lacks}\n{out}")


main()
sys.exit(failed)
