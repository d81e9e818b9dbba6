"""A mock inside the process, and a client of it."""

import os
from pathlib import Path

import pytest

from mynah import Client, Mock

# For the programs that tests start.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(Path(__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)


@pytest.fixture
def mock():
    with Mock() as mock:
        yield mock


@pytest.fixture
def client(mock):
    with Client("custom", "mock", base_url=mock.url, retry_count=0, cache_enabled=True) as client:
        yield client
