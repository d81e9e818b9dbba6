"""Many requests at once."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Union

from . import aio, errors
from ._library import Handle, lib
from ._object import Cancel, Owner, Progress, beside, inside, whole
from ._queue import Queue
from .request import Request
from .response import Response, take_response

Result = Union[Response, errors.Error]
"""What became of a request of a batch."""


class _Batch(Owner):
    def __init__(self) -> None:
        self._own(lib.batch_free, lib.batch_new())


def interruptible(call: Callable[[Cancel], int]) -> int:
    """Runs a blocking call such that Ctrl-C cancels it."""
    with Cancel() as cancel:
        return beside(lambda: call(cancel), cancel.trigger)


def _batch_of(requests: Iterable[Request]) -> _Batch:
    batch = _Batch()
    for request in requests:
        errors.check(lib.batch_add(batch._handle, request._handle))
    return batch


def run(client: Owner, requests: Iterable[Request], parallel: int,
        on_progress: Progress | None) -> list[Result]:
    """Sends all requests; results in their order."""
    parallel = whole("parallel", parallel)
    with _batch_of(requests) as batch:
        error = Handle()
        progressing(lambda cancel, told: lib.batch_run(
            batch._handle, client._handle, parallel, cancel._handle, told, None, error),
            error, on_progress)
        return _results(batch)


def progressing(run: Callable[[Cancel, Any], int], error: Handle,
                on_progress: Progress | None) -> None:
    """Runs a blocking call that tells how far it is, through a function that C takes."""
    raised: list[BaseException] = []

    def call(cancel: Cancel) -> int:
        def progress(_: int, done: int, total: int) -> None:
            try:
                if on_progress and not raised and not inside.is_over:
                    on_progress(done, total)
            except BaseException as failure:
                raised.append(failure)
                cancel.trigger()

        kind = lib.callbacks["progress_fn"]
        told = kind(progress) if on_progress else kind(0)
        with inside.one(cancel.trigger):
            return int(run(cancel, told))

    status = interruptible(call)
    if raised:
        raise raised[0]
    errors.check(status, error)


async def arun(client: Owner, requests: Iterable[Request], parallel: int) -> list[Result]:
    """The same, awaited."""
    parallel = whole("parallel", parallel)
    with _batch_of(requests) as batch, Cancel() as cancel:
        def begin(queue: Queue, tag: int) -> None:
            error = Handle()
            errors.check(lib.batch_submit(
                batch._handle, client._handle, parallel, cancel._handle, queue._handle, tag,
                error), error)

        ended = await aio.done(begin, cancel)
        if ended.error is not None:
            raise ended.error
        return _results(batch)


def _results(batch: _Batch) -> list[Result]:
    return [_result(batch, place) for place in range(lib.batch_len(batch._handle))]


def _result(batch: _Batch, place: int) -> Result:
    response, error = Handle(), Handle()
    status = lib.batch_result(batch._handle, place, response, error)
    answer = take_response(response)
    failure = errors.failure(status, error)
    if failure is not None:
        return failure
    assert answer is not None  # there is one where there is no error
    return answer
