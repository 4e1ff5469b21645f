"""The vendor's client asks who speaks, on the real networks of speech and speakers."""

import time
from pathlib import Path

import pytest
from hume import HumeClient
from hume.expression_measurement.batch.types import (
    InferenceBaseRequest,
    Language,
    Models,
    Ner,
    Prosody,
    Transcription,
)

from mien.app import App, build
from mien.settings import Settings
from tests.api.serving import api_of, serving
from tests.jobs.conftest import working

CALL = Path(__file__).parent.parent.parent / "examples" / "call.flac"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    settings = Settings(
        home=tmp_path_factory.mktemp("real"),
        transcriber="sphinx",
        voice="stub",
        text_reader="stub",
        poll_seconds=0.02,
    )
    mien: App = build(settings)
    with serving(api_of(mien)) as url, working(mien):
        yield HumeClient(api_key="any", base_url=url)


def measured(client, **models):
    batch = client.expression_measurement.batch
    with CALL.open("rb") as file:
        asked = InferenceBaseRequest(models=Models(**models), transcription=Transcription(language="en"))
        job = batch.start_inference_job_from_local_file(file=[file], json=asked)
    ends = time.monotonic() + 200
    while batch.get_job_details(id=job).state.status not in ("COMPLETED", "FAILED"):
        assert time.monotonic() < ends
        time.sleep(0.1)
    (answer,) = batch.get_job_predictions(id=job)
    assert answer.results.errors == []
    return answer.results.predictions[0].models


def test_who_speaks_is_said_by_the_models_that_were_asked_and_no_other(client):
    models = measured(
        client,
        prosody=Prosody(granularity="conversational_turn", identify_speakers=True),
        language=Language(granularity="word", identify_speakers=True),
        ner=Ner(identify_speakers=False),
    )

    turns = {group.id: group.predictions for group in models.prosody.grouped_predictions}
    assert list(turns) == ["spk_0", "spk_1"]
    order = sorted((turn.time.begin, who) for who, some in turns.items() for turn in some)
    assert [who for _, who in order] == ["spk_0", "spk_1"] * 3  # they take turns, six lines
    assert all(0.5 <= turn.speaker_confidence <= 1 for some in turns.values() for turn in some)

    words = {group.id: group.predictions for group in models.language.grouped_predictions}
    assert list(words) == ["spk_0", "spk_1"]
    for who, some in words.items():
        text = " ".join(word.text for word in some)
        assert text == " ".join(turn.text for turn in turns[who])

    assert {group.id for group in models.ner.grouped_predictions} <= {"unknown"}


def test_without_being_asked_nobody_is_told_apart(client):
    models = measured(client, prosody=Prosody(granularity="utterance"))

    (group,) = models.prosody.grouped_predictions
    assert group.id == "unknown"
    assert {piece.speaker_confidence for piece in group.predictions} == {None}
