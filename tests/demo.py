"""The demo as a user runs it: prompts from everywhere, Ctrl-C, errors."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

DEMO = Path(__file__).resolve().parent.parent / "build" / "demo"
ENV = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}
failed = False


def check(sentence, holds, output):
    global failed
    print("ok" if holds else "not ok", sentence)
    if not holds:
        print("# " + output.replace("\n", "\n# "))
        failed = True


def demo(*arguments, text=None):
    done = subprocess.run([DEMO, *arguments], input=text or "", text=True, capture_output=True,
                          env=ENV, timeout=60)
    return done.returncode, done.stdout + done.stderr


code, out = demo("Hello.")
check("the demo asks, asks again, and shows what the cache saved",
      code == 0 and "from provider" in out and "from cache" in out and "mock" in out
      and "cache hits                  1" in out, out)
code, out = demo(text="Hello.\n\nGood-bye.\n")
check("prompts come from standard input, one a line",
      code == 0 and "> Hello." in out and "> Good-bye." in out
      and "calls                       4" in out, out)
with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
    file.write("From a file.\n")
    file.flush()
    code, out = demo("--file", file.name)
check("prompts come from a file", code == 0 and "> From a file." in out, out)
code, out = demo("--set", "temperature=9", "Hello.")
check("a wrong option is told with its range", code == 2 and "0..=2" in out, out)
code, out = demo("--provider", "custom", "--base-url", "http://127.0.0.1:9/v1", "--model", "m",
                 "--set", "retry_count=0", "Hello.")
check("a provider that is away is told", code == 1 and "connection" in out and "calls" in out, out)

child = subprocess.Popen([DEMO, "One", "Two"], env=ENV, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
begin = b""
while b"I heard" not in begin and (more := os.read(child.stdout.fileno(), 4096)):
    begin += more
child.send_signal(signal.SIGINT)  # in the middle of an answer of a second
rest, _ = child.communicate(timeout=20)
out = (begin + rest).decode()
check("Ctrl-C ends the call and still prints the table",
      child.returncode == 1 and "cancelled" in out and "p99, ms" in out and "> Two" not in out, out)
sys.exit(failed)
