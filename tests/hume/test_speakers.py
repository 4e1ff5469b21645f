"""The vendor's client asks who speaks, on the real networks of speech and speakers."""

import time
from itertools import groupby
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
    Window,
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


WORDS = Transcription(language="en")


def measured(client, transcription=WORDS, **models):
    batch = client.expression_measurement.batch
    with CALL.open("rb") as file:
        asked = InferenceBaseRequest(models=Models(**models), transcription=transcription)
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


@pytest.mark.parametrize("transcription", [WORDS, None], ids=["words", "no words"])
def test_windows_are_of_whoever_says_most_in_them(client, transcription):
    window = Window(length=1, step=1)

    models = measured(client, transcription, prosody=Prosody(window=window, identify_speakers=True))

    groups = {group.id: group.predictions for group in models.prosody.grouped_predictions}
    assert {"spk_0", "spk_1"} <= set(groups) <= {"spk_0", "spk_1", "unknown"}
    known = [(piece.time.begin, who) for who in ("spk_0", "spk_1") for piece in groups[who]]
    assert [who for who, _ in groupby(who for _, who in sorted(known))] == ["spk_0", "spk_1"] * 3  # six lines
    assert len(groups.get("unknown", [])) < len(known) / 4
    for who, some in groups.items():
        for piece in some:
            assert piece.text is None
            assert (piece.speaker_confidence is None) == (who == "unknown")
            assert who == "unknown" or 0.5 <= piece.speaker_confidence <= 1


def test_without_being_asked_nobody_is_told_apart(client):
    models = measured(client, prosody=Prosody(granularity="utterance"))

    (group,) = models.prosody.grouped_predictions
    assert group.id == "unknown"
    assert {piece.speaker_confidence for piece in group.predictions} == {None}
