"""A session without a socket, and payloads for it."""

import json
from base64 import b64encode
from pathlib import Path

import pytest

from mien.stream.session import Session
from mien.stream.together import SharedEngines


@pytest.fixture
def session(settings):
    return Session(SharedEngines(settings, at_once=2), settings)


@pytest.fixture
def ask(session):
    """Say something in the session; the reply as JSON."""
    return lambda **said: json.loads(session.answer(json.dumps(said)))


def base64(payload: Path | bytes) -> str:
    return b64encode(payload if isinstance(payload, bytes) else payload.read_bytes()).decode()
