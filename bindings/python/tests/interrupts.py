"""Ctrl-C at every bytecode: a signal's handler may raise between any two."""

import signal
import sys
from contextlib import contextmanager
from types import ModuleType
from typing import Callable, Iterator

import pytest


def at_each_bytecode_of(modules: "list[ModuleType]", run: Callable[[], object]) -> Iterator[bool]:
    """Runs ``run`` again and again, each time with a KeyboardInterrupt before the next
    bytecode of the modules, until it comes to its end without one. Yields after each
    run whether the interrupt came out of it."""
    files = {module.__file__ for module in modules}
    number, in_vain = 1, 0
    while in_vain < 3:
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
        number, in_vain = (number + 1, 0) if left <= 0 else (number, in_vain + 1)
    if number <= 30 and sys.version_info >= (3, 12):
        pytest.skip("this Python tells of bytecodes only now and then")
    assert number > 30, f"it was interrupted {number - 1} times"


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
