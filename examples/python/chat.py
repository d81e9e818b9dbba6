"""One question, one answer; then the same again, from the cache.

Asks OpenAI if OPENAI_API_KEY is set, else a mock inside this process. Any other
provider is one word away: see `provider` in help(mynah.Client).

    pip install ./bindings/python && python chat.py "Why do mynahs talk?"
"""

import os
import sys
from contextlib import ExitStack

from mynah import Client, Mock, errors

question = " ".join(sys.argv[1:]) or "Why do mynahs talk?"
with ExitStack() as stack:
    options = {"cache_enabled": True, "timeout_ms": 30_000}
    if "OPENAI_API_KEY" in os.environ:
        client = stack.enter_context(Client("openai", **options))
    else:
        mock = stack.enter_context(Mock())
        client = stack.enter_context(Client("custom", "mock", base_url=mock.url, **options))

    try:
        for _ in range(2):
            answer = client.chat(question, max_tokens=200)  # for this call alone
            print(answer.text)
            print(f"  from {answer.served_from}, {answer.usage.output_tokens} tokens, "
                  f"{answer.timings_ms.total} ms")

        # The conversation goes on: `message` is the assistant's turn, with what
        # the provider needs to see again.
        messages = [{"role": "system", "content": "Be brief."},
                    {"role": "user", "content": question}]
        messages.append(client.chat(messages).message)
        messages.append({"role": "user", "content": "And why do they repeat themselves?"})
        print(client.chat(messages).text)
    except errors.RateLimited as error:
        # A class for each kind of failure; the details say what the provider said.
        sys.exit(f"asked too often; again in {error.retry_after} s")
    except errors.Error as error:
        sys.exit(f"{type(error).__name__}: {error}")
