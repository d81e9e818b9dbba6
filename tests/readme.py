"""The README's programs, built and run as a reader would; and its commands."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAGE = ROOT / "build" / "stage"
ENV = {**os.environ, "PKG_CONFIG_PATH": str(STAGE / "lib/pkgconfig"),
       "LD_LIBRARY_PATH": str(STAGE / "lib"), "PYTHONPATH": str(ROOT / "bindings/python"),
       "MYNAH_LIBRARY": str(STAGE / "lib/libmynah.so"), "PYTHONDONTWRITEBYTECODE": "1"}
README = (ROOT / "README.md").read_text()
BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```", README, re.M | re.S))
failed = False


def check(sentence, command, folder, wanted):
    global failed
    result = subprocess.run(command, cwd=folder, env=ENV, text=True, capture_output=True, shell=True)
    good = result.returncode == 0 and wanted(result.stdout)
    print("ok" if good else "not ok", sentence)
    if not good:
        print("# " + (result.stdout + result.stderr)[-2000:].replace("\n", "\n# "))
        failed = True


with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    (folder / "program.c").write_text(BLOCKS["c"])
    command = re.search(r"^    (cc program\.c .*)$", README, re.M)[1]
    check("the README's C program runs", f"{command} && ./a.out", folder, lambda out: len(out) > 20)

    (folder / "program.py").write_text(BLOCKS["python"])
    check("the README's Python program runs", f"{sys.executable} program.py", folder,
          lambda out: "from cache" in out)

    # A folder of its own: cgo compiles every C file that it finds.
    folder = folder / "go"
    folder.mkdir()
    (folder / "main.go").write_text(BLOCKS["go"])
    (folder / "go.mod").write_text("module program\n\ngo 1.19\n")
    if shutil.which("go"):
        check("the README's Go program runs", "go run .", folder, lambda out: "value" in out)
    else:
        print("skip the README's Go program: no go")

targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
named = set(re.findall(r"\bmake ([a-z]+)", README))
print("ok" if named <= targets else "not ok", "the README's make targets exist")
links = [l for l in re.findall(r"\]\(([^)]+)\)", README) if not l.startswith("http")]
missing = [l for l in links if not (ROOT / l).exists()]
print("not ok" if missing else "ok", "the README's links lead somewhere", *missing)
sys.exit(failed or bool(missing) or not named <= targets)
