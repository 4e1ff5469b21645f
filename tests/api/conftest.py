import httpx
import pytest

from mien.app import build
from tests.api.serving import api_of, serving


@pytest.fixture
def mien(settings):
    """The parts of a server whose jobs nobody works on."""
    return build(settings)


@pytest.fixture
def client(mien):
    with serving(api_of(mien)) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client
