"""hume 0.13, the last Python client that knows the API, sync and async."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from importlib.metadata import version
from io import BytesIO
from uuid import UUID
from zipfile import ZipFile

import pytest
from hume.client import AsyncHumeClient, HumeClient
from hume.core.api_error import ApiError
from hume.expression_measurement.batch.types import (
    Face,
    InferenceBaseRequest,
    Language,
    Models,
    Prosody,
    Transcription,
    UnionPredictResult,
    Window,
)

from tests.hume.conftest import Server
from tests.hume.expected import ARTIFACTS, NOBODY, TEXTS, results

SENTENCES = Models(prosody=Prosody(granularity="sentence"))


class Sync:
    """The batch client as programs without a loop use it."""

    def __init__(self, url: str, key: str) -> None:
        self._batch = HumeClient(api_key=key, base_url=url).expression_measurement.batch

    def __getattr__(self, name):
        method = getattr(self._batch, name)
        if name == "get_job_artifacts":
            return lambda **given: b"".join(method(**given))
        return method


class Async:
    """The same, awaited."""

    loop = asyncio.new_event_loop()

    def __init__(self, url: str, key: str) -> None:
        self._batch = AsyncHumeClient(api_key=key, base_url=url).expression_measurement.batch

    def __getattr__(self, name):
        async def called(**given):
            answer = getattr(self._batch, name)(**given)
            if isinstance(answer, AsyncIterator):
                return b"".join([chunk async for chunk in answer])
            return await answer

        return lambda **given: self.loop.run_until_complete(called(**given))


@pytest.fixture(scope="module", params=[Sync, Async])
def client(request):
    """Makes a client for a server; with its key unless told otherwise."""
    return lambda server, key=None: request.param(server.url, key or server.key)


@pytest.fixture(scope="module")
def started(client, server, web, folder):
    """The ids of jobs that have ended: one a way of starting."""
    batch = client(server)
    talk, archive = (folder / "talk.wav").open("rb"), (folder / "all.zip").open("rb")
    with talk, archive:
        jobs = {
            "url": batch.start_inference_job(urls=[f"{web}/talk.wav"], models=SENTENCES, notify=True),
            "file": batch.start_inference_job_from_local_file(
                file=[talk], json=InferenceBaseRequest(models=SENTENCES)
            ),
            "text": batch.start_inference_job(
                text=TEXTS, models=Models(language=Language(granularity="sentence"))
            ),
            "archive": batch.start_inference_job_from_local_file(
                file=[archive],
                json=InferenceBaseRequest(models=Models(prosody=SENTENCES.prosody, face=Face())),
            ),
        }
    for job_id in jobs.values():
        ended(batch, job_id)
    return jobs


def ended(batch, job_id: str):
    for _ in range(600):
        details = batch.get_job_details(id=job_id)
        if details.state.status in ("COMPLETED", "FAILED"):
            return details
        time.sleep(0.05)
    raise TimeoutError(details)


def plain(parsed) -> object:
    """What the client's own types hold."""
    return json.loads(parsed.json())


@pytest.mark.parametrize("start", ["url", "file", "text", "archive"])
def test_what_was_measured_arrives_through_the_clients_own_types(start, client, started, server, folder):
    (result,) = client(server).get_job_predictions(id=started[start])

    assert isinstance(result, UnionPredictResult)
    for file in result.results.predictions:
        for model in (file.models.prosody, file.models.face, file.models.language):
            for group in model.grouped_predictions if model else ():
                assert group.id == "unknown"
                assert all(prediction.emotions[0].name == "Admiration" for prediction in group.predictions)
    assert _told(plain(result.results)) == _told(results(server, folder)[start])


def _told(value):
    """Without nulls, which the client's types add and leave out."""
    match value:
        case dict():
            return {key: _told(one) for key, one in value.items() if one is not None}
        case list():
            return [_told(one) for one in value]
        case _:
            return value


@pytest.mark.parametrize("start", ["url", "file", "text", "archive"])
def test_artifacts_are_an_archive_with_a_folder_for_the_source(start, client, started, server):
    got = ZipFile(BytesIO(client(server).get_job_artifacts(id=started[start])))

    assert got.testzip() is None
    assert sorted(got.namelist()) == ARTIFACTS[start]


def test_artifacts_are_written_to_disk(started, server, tmp_path):
    batch = HumeClient(api_key=server.key, base_url=server.url).expression_measurement.batch

    batch.get_and_write_job_artifacts(id=started["file"], file_name=str(tmp_path / "got.zip"))

    assert ZipFile(tmp_path / "got.zip").namelist() == ARTIFACTS["file"]


def test_details_are_parsed(client, started, server, web):
    details = client(server).get_job_details(id=started["url"])

    assert str(UUID(details.job_id)) == details.job_id == started["url"]
    assert details.type == "INFERENCE"
    assert details.request.urls == [f"{web}/talk.wav"]
    assert details.request.models.prosody.granularity == "sentence"
    assert details.request.models.face is None
    assert details.request.notify is True
    assert details.request.files == []
    assert details.state.num_predictions == 1
    assert details.state.num_errors == 0
    state = details.state
    assert state.created_timestamp_ms <= state.started_timestamp_ms <= state.ended_timestamp_ms


def test_an_archive_counts_its_files_and_what_could_not_be_read(client, started, server):
    state = client(server).get_job_details(id=started["archive"]).state

    assert state.num_predictions == 3
    assert state.num_errors == 1


def test_files_are_told_with_their_digest(client, started, server):
    (file,) = client(server).get_job_details(id=started["archive"]).request.files

    assert file.filename == "all.zip"
    assert file.content_type == "application/zip"
    assert len(file.md_5_sum) == 32


def test_jobs_are_listed(client, started, server):
    batch = client(server)

    jobs = batch.list_jobs(limit=50, status=["COMPLETED", "FAILED"], direction="desc", sort_by="created")

    assert set(started.values()) <= {job.job_id for job in jobs}
    assert [
        job.job_id for job in batch.list_jobs(limit=1, when="created_after", timestamp_ms=0, direction="asc")
    ]


def test_transcription_can_be_switched_off_and_windows_asked_for(client, server, web):
    batch = client(server)
    job_id = batch.start_inference_job(
        urls=[f"{web}/talk.wav"],
        models=Models(prosody=Prosody(window=Window(length=1, step=0.5))),
        transcription=None,
    )
    details = ended(batch, job_id)

    (result,) = batch.get_job_predictions(id=job_id)

    assert details.request.models.prosody.window.step == 0.5
    assert details.request.transcription is None
    prosody = result.results.predictions[0].models.prosody
    assert prosody.metadata is None
    assert prosody.grouped_predictions[0].predictions[0].text is None


def test_all_models_run_on_a_film_and_each_is_parsed(client, server, folder):
    batch = client(server)
    with (folder / "film.mp4").open("rb") as film:
        job_id = batch.start_inference_job_from_local_file(
            file=[film],
            json=InferenceBaseRequest(
                models=Models(
                    face=Face(facs={}, descriptions={}, identify_faces=True),
                    prosody=Prosody(),
                    burst={},
                    language=Language(sentiment={}, toxicity={}),
                    ner={},
                ),
                transcription=Transcription(language="en"),
            ),
        )
    ended(batch, job_id)

    (result,) = batch.get_job_predictions(id=job_id)

    (file,) = result.results.predictions
    face = file.models.face.grouped_predictions[0]
    assert face.id == "face_0"
    assert len(face.predictions[0].facs) == 36
    assert len(face.predictions[0].descriptions) == 27
    assert face.predictions[0].box.w > 0
    assert len(file.models.burst.grouped_predictions[0].predictions[0].descriptions) == 67
    assert file.models.prosody.metadata.detected_language == "en"
    language = file.models.language.grouped_predictions[0].predictions[0]
    assert len(language.emotions) == 53
    assert [score.name for score in language.sentiment] == [str(i) for i in range(1, 10)]
    assert len(language.toxicity) == 6
    assert language.position.begin == 0
    assert file.models.facemesh is None
    assert not result.results.errors


def test_several_sources_come_in_the_order_urls_text(client, server, web):
    batch = client(server)
    job_id = batch.start_inference_job(
        urls=[f"{web}/wall.png", f"{web}/missing.wav", f"{web}/away", f"{web}/talk.wav"],
        text=TEXTS,
        models=Models(face=Face(), language=Language()),
    )
    details = ended(batch, job_id)

    answers = batch.get_job_predictions(id=job_id)

    assert details.state.status == "COMPLETED"
    assert [answer.source.type for answer in answers] == ["url"] * 4 + ["text"]
    wall, missing, away, _, text = answers
    assert wall.results.predictions[0].models.face.grouped_predictions == []  # no faces: still a file
    assert missing.results.predictions == away.results.predictions == []
    assert "404" in missing.results.errors[0].message
    assert "public" in away.results.errors[0].message  # it leads where only this server may go
    assert [file.file for file in text.results.predictions] == ["0", "1"]


def test_a_wrong_key_is_refused(client, server):
    with pytest.raises(ApiError) as refused:
        client(server, "wrong").get_job_details(id=NOBODY)

    assert refused.value.status_code == 401
    assert refused.value.body["message"] == "Invalid ApiKey"


def test_an_unknown_job_is_not_found(client, server):
    with pytest.raises(ApiError) as refused:
        client(server).get_job_predictions(id=NOBODY)

    assert refused.value.status_code == 404
    assert refused.value.body == {"message": "job not found", "code": 404}


@pytest.mark.parametrize("asked", ["get_job_predictions", "get_job_artifacts"])
def test_a_job_that_is_not_ready_is_told_so_at_once(asked, client, idle: Server):
    batch = client(idle)
    job_id = batch.start_inference_job(text=TEXTS)

    begun = time.monotonic()
    with pytest.raises(ApiError) as refused:
        getattr(batch, asked)(id=job_id)

    assert refused.value.status_code == 400
    assert time.monotonic() - begun < 0.9  # the client did not try again
    assert batch.get_job_details(id=job_id).state.status == "QUEUED"


def test_nothing_to_measure_is_told_so(client, server):
    with pytest.raises(ApiError) as refused:
        client(server).start_inference_job()

    assert refused.value.status_code == 400
    assert refused.value.body["message"].startswith("there is nothing to measure")


def test_a_path_before_the_api_does_no_harm(client, server, started):
    batch = HumeClient(api_key=server.key, base_url=f"{server.url}/").expression_measurement.batch

    assert batch.get_job_details(id=started["url"]).job_id == started["url"]


def test_this_is_the_client_that_was_meant():
    assert version("hume") == "0.13.13"
