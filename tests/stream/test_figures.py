"""What is counted, by model and by what became of it."""

import json

import pytest
from prometheus_client import CollectorRegistry

from mien.errors import Overloaded
from mien.stream.figures import Figures
from tests.media import picture
from tests.media.decoding import CRASH
from tests.stream.conftest import base64


@pytest.fixture
def told():
    """Some figures, and what is told of them by name."""
    figures, registry = Figures(), CollectorRegistry()
    registry.register(figures)
    return figures, lambda name, **labels: registry.get_sample_value(name, labels)


@pytest.mark.parametrize(
    ("models", "reply", "counted"),
    [
        (["face"], {"face": {"predictions": []}}, {"face": "ok"}),
        (["face"], {"payload_id": "a", "face": {"warning": "None.", "code": "W0103"}}, {"face": "W0103"}),
        (
            ["burst", "prosody"],
            {"burst": {"warning": "None.", "code": "W0101"}, "prosody": {"predictions": []}},
            {"burst": "W0101", "prosody": "ok"},
        ),
        (["face", "burst"], {"error": "!", "code": "E0102"}, {"face": "E0102", "burst": "E0102"}),
        ([], {"error": "!", "code": "E0100"}, {"none": "E0100"}),
        ([], {}, {"none": "ok"}),
    ],
)
def test_a_message_counts_once_for_each_model(models, reply, counted, told):
    figures, value = told

    figures.count(models, reply)

    for model, outcome in counted.items():
        assert value("mien_stream_messages_total", model=model, outcome=outcome) == 1


def test_what_waits_is_looked_up_when_somebody_asks(told):
    figures, value = told
    waiting = [1, 2]
    figures.watch(lambda: len(waiting))

    assert value("mien_stream_waiting") == 2
    waiting.clear()
    assert value("mien_stream_waiting") == 0


def test_decoders_are_counted_by_why_they_were_replaced(told):
    figures, value = told

    for cause in ("time", "crash", "crash"):
        figures.restarted(cause)

    assert value("mien_stream_decoder_restarts_total", cause="crash") == 2
    assert value("mien_stream_decoder_restarts_total", cause="time") == 1


def test_a_session_counts_its_replies(told, begin, tmp_path):
    figures, value = told
    session = begin(figures=figures)
    dark = base64(picture(tmp_path / "a.png", 0))

    session.answer(json.dumps({"data": dark, "models": {"face": {}}}))
    session.answer(json.dumps({"data": base64(CRASH), "models": {"face": {}}}))
    session.refuse("{}", Overloaded())

    assert value("mien_stream_messages_total", model="face", outcome="W0103") == 1
    assert value("mien_stream_messages_total", model="face", outcome="E0200") == 1
    assert value("mien_stream_messages_total", model="none", outcome="I0101") == 1
