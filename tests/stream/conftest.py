"""A session without a socket, and payloads for it."""

import json
from base64 import b64encode
from pathlib import Path

import pytest

from mien.media.apart import Decoders
from mien.media.decoder import command
from mien.settings import Settings
from mien.stream.figures import Figures
from mien.stream.payload import bounds
from mien.stream.session import Session
from mien.stream.together import SharedEngines


@pytest.fixture(scope="session")
def decoders():
    return Decoders(command(bounds(Settings())), 2)


@pytest.fixture
def begin(settings, decoders):
    """A session of a server with these settings, or others."""

    def begin(engines=None, settings=settings, decoders=decoders, figures=None, largest_reply=None):
        engines = engines or SharedEngines(settings, at_once=2)
        return Session(engines, decoders, settings, figures or Figures(), largest_reply)

    return begin


@pytest.fixture
def session(begin):
    return begin()


@pytest.fixture
def ask(session):
    """Say something in the session; the reply as JSON."""
    return lambda **said: json.loads(session.answer(json.dumps(said)))


def base64(payload: Path | bytes) -> str:
    return b64encode(payload if isinstance(payload, bytes) else payload.read_bytes()).decode()
