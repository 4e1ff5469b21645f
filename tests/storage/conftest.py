"""Stores: every test that takes one holds for every backend."""

import pytest

from mien.storage.sql import SqlStore
from tests.storage.examples import Clock
from tests.storage.postgres import empty


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request, tmp_path):
    """The URL of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jobs.sqlite'}"
    url = request.getfixturevalue("postgres")
    empty(url)
    return url


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(store_url, clock):
    store = SqlStore(store_url, clock)
    yield store
    store.close()
