"""The vendor's client runs text jobs with every option, on the real network of language and entities."""

import time

import pytest
from hume import HumeClient
from hume.expression_measurement.batch.types import Language, Models, Ner

from mien.app import App, build
from mien.labels import SENTIMENT, SPOKEN_EXPRESSIONS, TOXICITY
from mien.settings import Settings
from tests.api.serving import api_of, serving
from tests.jobs.conftest import working

TEXTS = [
    "Oh great, another meeting. 😀 Thank you so much for coming, Angela Merkel!",
    "The package arrived on Tuesday.\r\nHe lives in Berlin.",
    "",
    "שלום and hello",
]
GRANULARITIES = ["word", "sentence", "utterance", "conversational_turn"]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    settings = Settings(
        home=tmp_path_factory.mktemp("real"),
        text_reader="textnet",
        language_detector="stub",
        poll_seconds=0.02,
    )
    mien: App = build(settings)
    with serving(api_of(mien)) as url, working(mien):
        yield HumeClient(api_key="any", base_url=url)


def measured(client, models, text=TEXTS):
    batch = client.expression_measurement.batch
    job = batch.start_inference_job(text=list(text), models=models)
    ends = time.monotonic() + 120
    while batch.get_job_details(id=job).state.status not in ("COMPLETED", "FAILED"):
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert batch.get_job_details(id=job).state.status == "COMPLETED"
    (answer,) = batch.get_job_predictions(id=job)
    return {one.file: one.models for one in answer.results.predictions}, answer.results.errors


def pieces(model):
    return [piece for group in model.grouped_predictions for piece in group.predictions]


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_every_granularity_gives_all_names_where_they_stand(client, granularity):
    found, errors = measured(
        client,
        Models(language=Language(granularity=granularity, sentiment={}, toxicity={})),
    )

    assert errors == []
    assert sorted(found) == ["0", "1", "2", "3"]
    for number, models in found.items():
        text = TEXTS[int(number)]
        for piece in pieces(models.language):
            assert text[piece.position.begin : piece.position.end] == piece.text
            assert [one.name for one in piece.emotions] == list(SPOKEN_EXPRESSIONS)
            assert all(0 <= one.score <= 1 for one in piece.emotions)
            assert [one.name for one in piece.sentiment] == list(SENTIMENT)
            assert sum(one.score for one in piece.sentiment) == pytest.approx(1, abs=1e-3)
            assert [one.name for one in piece.toxicity] == list(TOXICITY)
            assert piece.time is None
    counts = {"word": 13, "sentence": 2, "utterance": 2, "conversational_turn": 1}
    assert len(pieces(found["0"].language)) == counts[granularity]
    assert pieces(found["2"].language) == []


def test_what_is_not_asked_for_is_null(client):
    found, _ = measured(client, Models(language=Language(granularity="sentence")))

    assert {piece.sentiment for piece in pieces(found["0"].language)} == {None}
    assert {piece.toxicity for piece in pieces(found["0"].language)} == {None}


def test_entities_stand_where_they_are_named(client):
    found, _ = measured(client, Models(ner=Ner()))
    (angela,), (berlin,) = pieces(found["0"].ner), pieces(found["1"].ner)

    assert (angela.entity, berlin.entity) == ("Angela Merkel", "Berlin")
    assert TEXTS[0][angela.position.begin : angela.position.end] == angela.link_word == "Angela Merkel"
    assert TEXTS[1][berlin.position.begin : berlin.position.end] == "Berlin"
    assert (angela.entity_type, berlin.entity_type) == ("PERSON", "LOCATION")
    assert 0.3 < angela.entity_confidence <= 1
    assert {one.name: one.score for one in angela.emotions}["Gratitude"] > 0.3


def test_both_models_give_what_each_gives_alone(client):
    both, _ = measured(client, Models(language=Language(), ner=Ner()))
    language, _ = measured(client, Models(language=Language()))
    ner, _ = measured(client, Models(ner=Ner()))

    for number in found_numbers(both):
        assert both[number].language == language[number].language
        assert both[number].ner == ner[number].ner


def found_numbers(found):
    assert found
    return sorted(found)
