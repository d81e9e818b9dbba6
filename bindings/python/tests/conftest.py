"""A mock inside the process, and a client of it."""

import pytest

from mynah import Client, Mock


@pytest.fixture
def mock():
    with Mock() as mock:
        yield mock


@pytest.fixture
def client(mock):
    with Client("custom", "mock", base_url=mock.url, retry_count=0, cache_enabled=True) as client:
        yield client
