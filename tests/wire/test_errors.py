import pytest
from pydantic import ValidationError

from mien.errors import (
    BadKey,
    DiskFull,
    EngineError,
    EngineMissing,
    JobNotFound,
    JobNotReady,
    MienError,
    NotServed,
    QueueFull,
    RequestError,
    StoreError,
    TooLarge,
    TooSlow,
    UnsafeAddress,
)
from mien.wire.batch import Request
from mien.wire.errors import WORST, error_json, explained, status_of


class Newcomer(JobNotFound):
    """An error that no table knows."""


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (RequestError, 400),
        (JobNotReady, 400),
        (UnsafeAddress, 400),
        (BadKey, 401),
        (NotServed, 403),
        (JobNotFound, 404),
        (Newcomer, 404),
        (TooSlow, 408),
        (TooLarge, 413),
        (QueueFull, 429),
        (DiskFull, 429),
        (EngineMissing, 500),
        (EngineError, 500),
        (MienError, 500),
        (StoreError, 503),
    ],
)
def test_an_error_has_the_status_of_its_nearest_kin(kind, status):
    assert status_of(kind()) == status


def test_a_bad_key_is_told_in_the_words_that_every_client_looks_for():
    body = error_json(str(BadKey()), 401)

    assert body["message"] == "Invalid ApiKey"
    assert body["code"] == 401
    assert body["fault"]["faultstring"] == "Invalid ApiKey"
    assert "InvalidApiKey" in body["fault"]["detail"]["errorcode"]


def test_an_unknown_job_is_told_in_the_words_that_the_2023_client_compares():
    assert error_json(str(JobNotFound()), 404) == {"message": "job not found", "code": 404}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"models": {"prosody": {"granularity": "paragraph"}}},
            'models.prosody.granularity: "paragraph" is not allowed, it must be'
            " 'word', 'sentence', 'utterance' or 'conversational_turn'",
        ),
        (
            {"models": {"prosody": {"window": {"length": -4}}}},
            "models.prosody.window.length: -4 is not allowed, it must be at least 0.5",
        ),
        (
            {"models": {"face": {"prob_threshold": 7}}},
            "models.face.prob_threshold: 7 is not allowed, it must be at most 1",
        ),
        (
            {"models": {"face": {"fps_pred": float("nan")}}},
            "models.face.fps_pred: NaN is not allowed, it must be a finite number",
        ),
        (
            {"models": {"face": {"min_face_size": 60.5}}},
            "models.face.min_face_size: 60.5 is not allowed, it must be a whole number",
        ),
        (
            {"models": {"face": {"fps_pred": "three"}}},
            'models.face.fps_pred: "three" is not allowed, it must be a number',
        ),
        ({"models": {"burst": True}}, "models.burst: true is not allowed, it must be an object"),
        ({"models": ["face"]}, "models: a list is not allowed, it must be an object"),
        (
            {"models": {"prosodi": {}}},
            "models: there is no model 'prosodi'; there are face, burst, prosody, language, ner, facemesh",
        ),
        ({"urls": "https://a.b"}, 'urls: "https://a.b" is not allowed, it must be a list'),
        ({"text": ["a", 2]}, "text[1]: 2 is not allowed, it must be a string"),
        ({"text": {}}, "text: an object is not allowed, it must be a list"),
        ({"notify": "maybe"}, 'notify: "maybe" is not allowed, it must be true or false'),
        ({"callback_url": 5}, "callback_url: 5 is not allowed, it must be a string"),
        (["urls"], "the request: a list is not allowed, it must be an object"),
        (
            {"notify": "x" * 1000},
            f'notify: "{"x" * 57}…" is not allowed, it must be true or false',
        ),
    ],
)
def test_a_wrong_value_is_told_with_its_field_and_what_is_allowed(asked, said):
    with pytest.raises(ValidationError) as wrong:
        Request.model_validate(asked)

    assert explained(wrong.value) == said


def test_a_wrong_language_is_told_with_all_that_are_known():
    with pytest.raises(ValidationError) as wrong:
        Request.model_validate({"transcription": {"language": "tlh"}})

    assert explained(wrong.value).startswith(
        'transcription.language: "tlh" is not allowed, it must be one of zh, da,'
    )


def test_of_many_wrong_values_the_first_few_are_told():
    wrong = {"fps_pred": -1, "prob_threshold": -1, "min_face_size": -1, "identify_faces": 7, "save_faces": 7}
    with pytest.raises(ValidationError) as error:
        Request.model_validate({"models": {"face": wrong}})

    assert explained(error.value).endswith("; and 2 more")
    assert explained(error.value).count("; ") == WORST


def test_a_million_wrong_texts_are_told_at_the_first():
    with pytest.raises(ValidationError) as wrong:
        Request.model_validate({"text": [1] * 1_000_000})

    assert explained(wrong.value) == "text[0]: 1 is not allowed, it must be a string"


def test_what_is_wrong_can_be_written_whatever_the_value():
    with pytest.raises(ValidationError) as refused:
        Request.model_validate({"transcription": {"language": "\ud83d"}})

    assert explained(refused.value).encode()
