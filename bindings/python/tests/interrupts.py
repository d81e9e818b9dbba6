"""Ctrl-C at every bytecode: a signal's handler may raise between any two."""

import itertools
import signal
import sys
from contextlib import contextmanager
from types import ModuleType
from typing import Callable, Iterator


def at_each_bytecode_of(modules: "list[ModuleType]", run: Callable[[], object]) -> Iterator[bool]:
    """Runs ``run`` again and again, each time with a KeyboardInterrupt before the next
    bytecode of the modules, until it comes to its end without one. Yields after each
    run whether the interrupt came out of it."""
    files = {module.__file__ for module in modules}
    for number in itertools.count(1):
        left = number

        def step(frame, event, _):
            nonlocal left
            if event == "opcode":
                left -= 1
                if left == 0:
                    sys.settrace(None)
                    raise KeyboardInterrupt
            return step

        def call(frame, *_):
            if frame.f_code.co_filename not in files:
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            return step

        came_out, before = False, sys.gettrace()
        sys.settrace(call)
        try:
            run()
        except KeyboardInterrupt:
            came_out = True
        finally:
            sys.settrace(before)
        yield came_out
        if left > 0:
            assert number > 30, "it was not interrupted"
            return


@contextmanager
def ends_within(seconds):
    """Fails where it would hang."""
    def hangs(*_):
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
