"""An answer as it arrives, which the reader ends; plain, and for asyncio.

    pip install ./bindings/python && python stream.py
"""

import asyncio
import time

from mynah import Client, Mock, errors

# A mock that talks slowly; see chat.py for a real provider.
mock = Mock(delay_event_ms=20, answer_words=1000)
client = Client("custom", "mock", base_url=mock.url,
                idle_timeout_ms=5000)  # no new piece for so long

# Leaving the block ends the call and closes its connection. So does Ctrl-C.
begun = time.monotonic()
with client.stream("Tell me a long story.") as stream:
    for count, piece in enumerate(stream):
        print(piece, end="", flush=True)
        if count == 10:
            break
# What had arrived is there all the same; it has no finish reason.
print(f"\nleft after {time.monotonic() - begun:.1f} s, {len(stream.response.text)} bytes kept,",
      "finish reason:", stream.response.finish_reason)


async def impatient() -> None:
    """A task that is cancelled, here by a time limit, ends its call as well."""
    async def tell() -> None:
        async for piece in client.astream("Tell me another one."):
            print(piece, end="", flush=True)

    try:
        await asyncio.wait_for(tell(), timeout=0.3)
    except asyncio.TimeoutError:
        print("\ncancelled, and its connection is closed")


async def side_by_side() -> None:
    """A thousand calls would need no thread of Python's either."""
    with Mock() as quick, Client("custom", "mock", base_url=quick.url) as other:
        answers = await asyncio.gather(*(other.achat(f"Question {i}?") for i in range(20)))
        print(len(answers), "answers,", len({answer.text for answer in answers}), "of them different")


asyncio.run(impatient())
asyncio.run(side_by_side())

try:
    client.stream("Short, please.", timeout_ms=-1)
except errors.OutOfRange as error:
    print(error)  # options are checked at once, and say what would do
client.close()
mock.close()
