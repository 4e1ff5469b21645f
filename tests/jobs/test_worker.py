"""Workers: from a job that was kept to its results."""

import errno
import threading
import time
import zipfile
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mien.engines import Engines
from mien.jobs.job import NewTask, Outcome, Task
from mien.jobs.worker import TRIES, Worker, _Held
from mien.wire.batch import Completed, Failed
from tests.jobs.conftest import add, ended, eventually, kept, predictions, working
from tests.media import picture, talk, tone


def test_every_source_gets_its_result_in_order(mien, tmp_path):
    talk(tmp_path / "a.wav")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.write(tmp_path / "a.wav", "in/a.wav")
        archive.writestr("in/.DS_Store", b"\0\0\0\1Bud1")
    job_id = add(mien, tmp_path / "a.wav", tmp_path / "b.zip", texts=["Good!", "Bad."])

    with working(mien):
        state = ended(mien, job_id)

    assert isinstance(state, Completed)
    assert (state.num_predictions, state.num_errors) == (4, 1)
    found = predictions(mien, job_id)
    assert [one["source"]["type"] for one in found] == ["file", "file", "text"]
    files = [[file["file"] for file in one["results"]["predictions"]] for one in found]
    assert files == [["a.wav"], ["in/a.wav"], ["0", "1"]]
    assert found[1]["results"]["errors"] == [
        {"file": "in/.DS_Store", "model": None, "message": "unable to determine file type"}
    ]


def test_a_film_says_how_far_it_is_and_what_it_took(mien, tmp_path):
    job_id = add(mien, talk(tmp_path / "a.wav", tone(3)), models=["prosody"])

    with working(mien):
        ended(mien, job_id)

    job = mien.jobs.get(job_id)
    assert job.progress == 1
    assert job.media_seconds == pytest.approx(3, abs=0.1)
    assert 0 < job.work_seconds < 30


def test_a_source_that_cannot_be_had_is_an_error_of_its_own(mien, tmp_path):
    job_id = add(mien, talk(tmp_path / "a.wav"), urls=["http://127.0.0.1:9/nobody.wav"])

    with working(mien):
        state = ended(mien, job_id)

    assert isinstance(state, Completed)
    fetched, uploaded = (one["results"] for one in predictions(mien, job_id))
    assert fetched["predictions"] == []
    assert [error["file"] for error in fetched["errors"]] == ["nobody.wav"]
    assert [file["file"] for file in uploaded["predictions"]] == ["a.wav"]


def test_a_file_that_ended_its_process_again_and_again_is_reported(mien, tmp_path):
    job_id = add(mien, talk(tmp_path / "a.wav"), talk(tmp_path / "b.wav"))
    opened(mien)
    for attempt in range(mien.settings.max_attempts):
        task = mien.jobs.claim(f"dead-{attempt}", ["measure"], 60)
        assert task.crashes == attempt
        mien.jobs.release(f"dead-{attempt}", crashed=True)

    with working(mien):
        state = ended(mien, job_id)

    assert (state.num_predictions, state.num_errors) == (1, 1)
    errors = [error for one in predictions(mien, job_id) for error in one["results"]["errors"]]
    assert [error["message"] for error in errors] == ["measuring this file ended the process 3 times"]


def test_a_source_that_was_opened_beside_a_file_that_crashes_is_not_to_blame(mien, tmp_path):
    job_id = add(mien, talk(tmp_path / "a.wav"))
    for attempt in range(2 * mien.settings.max_attempts):
        assert mien.jobs.claim(f"dead-{attempt}", ["open"], 60)
        mien.jobs.release(f"dead-{attempt}", crashed=True)

    with working(mien):
        state = ended(mien, job_id)

    assert state.num_errors == 0


def test_an_engine_that_breaks_fails_the_job_and_says_why(mien, tmp_path):
    mien = with_settings(mien, voice="broken")
    job_id = add(mien, talk(tmp_path / "a.wav"), models=["prosody"])

    with working(mien, "tests.jobs.engines"):
        state = ended(mien, job_id)

    assert isinstance(state, Failed)
    assert "out of order" in state.message


def test_a_defect_at_one_file_leaves_the_others_alone(mien, tmp_path):
    mien = with_settings(mien, face_reader="broken")
    paths = talk(tmp_path / "a.wav"), picture(tmp_path / "b.png", 200, width=120, height=120)
    job_id = add(mien, *paths, models=["prosody", "face"])

    with working(mien, "tests.jobs.engines"):
        state = ended(mien, job_id)

    assert (state.num_predictions, state.num_errors) == (1, 1)
    (error,) = predictions(mien, job_id)[1]["results"]["errors"]
    assert error["message"] == "measuring this file failed (ZeroDivisionError)"


def test_a_hundred_texts_are_one_task_and_answered_each_in_order(mien):
    texts = [f"Good{'!' * (i % 7)}" for i in range(100)]
    job_id = add(mien, texts=texts, models=["language", "ner"])
    mien.jobs.give_back(task := mien.jobs.claim("a", ["measure"], 60), "a")
    assert task.work["texts"] == texts

    with working(mien):
        state = ended(mien, job_id)

    job = mien.jobs.get(job_id)
    assert (job.files_done, job.files_total, state.num_predictions, state.num_errors) == (100, 100, 100, 0)
    (found,) = predictions(mien, job_id)
    assert [file["file"] for file in found["results"]["predictions"]] == [str(i) for i in range(100)]
    with mien.files.read(f"jobs/{job_id}/artifacts.zip") as file, zipfile.ZipFile(file) as archive:
        tables = [f"text-0/csv/{i}/{model}.csv" for i in range(100) for model in ("language", "ner")]
        assert sorted(archive.namelist()) == sorted(tables)


def test_texts_that_ended_their_process_are_measured_one_by_one(mien):
    job_id = add(mien, texts=["Good!", "Bad!"], models=["language"])
    mien.jobs.claim("a", ["measure"], 60)
    mien.jobs.release("a", crashed=True)

    with working(mien):
        state = ended(mien, job_id)

    assert (state.num_predictions, state.num_errors) == (2, 0)
    assert [first for _, first, _ in mien.jobs.results(job_id)] == [0, 1]


@pytest.mark.parametrize(
    ("text", "model", "message"),
    [
        ("Spaß!", "language", "the text is in a language ('de'"),
        ("Is it breaking?", None, "measuring this file failed (ZeroDivisionError)"),
    ],
)
def test_a_text_that_cannot_be_read_leaves_the_others_alone(mien, text, model, message):
    mien = with_settings(mien, text_reader="touchy")
    job_id = add(mien, texts=[*["Good!"] * 20, text, *["Bad!"] * 20], models=["language"])

    with working(mien, "tests.jobs.engines"):
        state = ended(mien, job_id)

    assert (state.num_predictions, state.num_errors) == (40 + (model is not None), 1)
    (results,) = (one["results"] for one in predictions(mien, job_id))
    (error,) = results["errors"]
    assert (error["file"], error["model"]) == ("20", model)
    assert error["message"].startswith(message)
    measured = [file["file"] for file in results["predictions"] if file["models"]]
    assert measured == [str(i) for i in range(41) if i != 20]


def test_a_cancelled_job_is_left_soon_and_the_next_one_begun(mien, tmp_path):
    mien = with_settings(mien, voice_activity="slow", lease_seconds=0.4)
    first = add(mien, talk(tmp_path / "a.wav", tone(300)), models=["prosody"])

    with working(mien, "tests.jobs.engines"):
        eventually(lambda: mien.jobs.tally().workers)
        mien.jobs.cancel(first)
        second = add(mien, texts=["Good!"], models=["language"])
        state = ended(mien, second, 20)

    assert isinstance(state, Completed)
    assert mien.jobs.get(first).state.message == "cancelled"


def test_a_worker_told_to_stop_gives_back_what_it_cannot_end(mien, tmp_path):
    mien = with_settings(mien, voice_activity="slow", grace_seconds=0.1)
    add(mien, talk(tmp_path / "a.wav", tone(300)), models=["prosody"])

    with working(mien, "tests.jobs.engines"):
        eventually(lambda: mien.jobs.tally().workers)

    task = mien.jobs.claim("another", ["open", "measure"], 60)
    assert task.attempt == 1


def test_a_file_that_takes_too_long_is_given_up(mien, tmp_path):
    # three seconds: after half as much again a worker ends its process, which here is ours
    mien = with_settings(mien, voice_activity="slow", max_file_minutes=0.05)
    job_id = add(mien, talk(tmp_path / "a.wav", tone(300)), models=["prosody"])

    with working(mien, "tests.jobs.engines"):
        ended(mien, job_id)

    (error,) = predictions(mien, job_id)[0]["results"]["errors"]
    assert "longer than" in error["message"]


class Dripping(ThreadingHTTPServer):
    """Gives a text of 100 kB within ten seconds, or at once where it may."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Drops)
        self.asked, self.hurry = threading.Event(), threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/private.txt"


class _Drops(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(100 * 1000))
        self.end_headers()
        with suppress(OSError):  # who asked is gone
            for _ in range(100):
                self.wfile.write(b"good " * 200)
                self.server.asked.set()
                self.server.hurry.wait(0.1)

    def log_message(self, *args):
        pass


@pytest.fixture
def dripping():
    with Dripping() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.hurry.set()
        server.shutdown()


def test_a_download_is_given_back_by_a_worker_that_is_told_to_stop(mien, dripping):
    mien = with_settings(mien, grace_seconds=0.1)
    add(mien, urls=[dripping.url])

    with working(mien):
        assert dripping.asked.wait(10)
        told = time.monotonic()
    assert time.monotonic() - told < 5

    assert mien.jobs.claim("another", ["fetch"], 60).attempt == 1


@pytest.mark.parametrize(("kind", "is_bounded"), [("measure", True), ("fetch", False), ("open", False)])
def test_a_download_may_take_longer_than_measuring_may(mien, kind, is_bounded):
    worker = Worker(mien.settings, mien.jobs, mien.files, Engines(mien.settings))
    held = _Held(Task(id=1, job_id="a", kind=kind, attempt=1), begun=-1e9)

    assert worker._overdue(held, allowed=1.0) is is_bounded


def test_an_upload_does_not_wait_for_slow_addresses(mien, dripping, tmp_path):
    add(mien, urls=[f"{dripping.url}?{i}" for i in range(8)])
    job_id = add(mien, talk(tmp_path / "a.wav"), models=["prosody"])

    with working(with_settings(mien, grace_seconds=0.1)):
        ended(mien, job_id, 15)


def test_what_is_fetched_for_a_job_that_was_cancelled_meanwhile_is_not_kept(mien, dripping):
    mien = with_settings(mien, keep_media=False)
    job_id = add(mien, urls=[dripping.url])

    with working(mien) as worker:
        assert dripping.asked.wait(10)
        worker.stop()  # so that nobody else tidies it away
        mien.jobs.cancel(job_id)
        dripping.hurry.set()

    assert kept(mien, job_id) == []


class Faulty:
    """A store of files that breaks so often where something is done with a key that has this in it."""

    def __init__(self, files, doing, part, error, times):
        self._files, self._doing, self._part, self._error, self._left = files, doing, part, error, times

    def __getattr__(self, name):
        if name != self._doing:
            return getattr(self._files, name)

        def done(key, *more, **named):
            if self._part in key and self._left:
                self._left -= 1
                raise self._error
            return getattr(self._files, name)(key, *more, **named)

        return done


@pytest.fixture
def hasty(monkeypatch):
    """What met trouble is tried again at once."""
    monkeypatch.setattr("mien.jobs.worker.RETRY_SECONDS", 0.001)
    monkeypatch.setattr("mien.jobs.worker.LONGEST_RETRY", 0.002)


FULL = OSError(errno.ENOSPC, "No space left on device")
BROKEN = OSError(errno.EIO, "Input/output error")
FAR = RuntimeError("could not connect to the endpoint")


@pytest.mark.parametrize(
    ("doing", "part", "error", "times"),
    [
        pytest.param("write", "predictions.json", FULL, TRIES + 2, id="a full disk at the end"),
        pytest.param("write", "/result/", FULL, TRIES + 2, id="a full disk at a result"),
        pytest.param("write", "/originals/", FULL, TRIES + 2, id="a full disk at opening"),
        pytest.param("local", "/upload/", BROKEN, 3, id="a file that cannot be reached"),
        pytest.param("write", "/result/", FAR, 3, id="what nobody foresaw, at a result"),
        pytest.param("local", "/upload/", FAR, TRIES - 1, id="what nobody foresaw, at opening"),
    ],
)
@pytest.mark.usefixtures("hasty")
def test_trouble_that_passes_costs_a_job_nothing(mien, tmp_path, doing, part, error, times):
    job_id = add(mien, talk(tmp_path / "a.wav"), models=["prosody"])

    with working(replace(mien, files=Faulty(mien.files, doing, part, error, times))):
        state = ended(mien, job_id)

    assert isinstance(state, Completed)
    assert (state.num_predictions, state.num_errors) == (1, 0)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("/result/", "measuring this file failed (RuntimeError)"),
        (
            "predictions.json",
            f"putting the results together failed {TRIES} times: the log of the server says why",
        ),
    ],
)
@pytest.mark.usefixtures("hasty")
def test_trouble_that_lasts_fails_the_job(mien, part, message):
    job_id = add(mien, texts=["Good!"], models=["language"])

    with working(replace(mien, files=Faulty(mien.files, "write", part, FAR, -1))):
        state = ended(mien, job_id)

    assert isinstance(state, Failed)
    assert state.message == message


@pytest.mark.usefixtures("hasty")
def test_what_cannot_be_opened_again_and_again_is_reported(mien, tmp_path):
    job_id = add(mien, talk(tmp_path / "a.wav"), texts=["Good!"], models=["language"])

    with working(replace(mien, files=Faulty(mien.files, "local", "/upload/", FAR, -1))):
        ended(mien, job_id)

    opened, read = (one["results"] for one in predictions(mien, job_id))
    (error,) = opened["errors"]
    assert error["message"] == f"opening this file failed {TRIES} times: the log of the server says why"
    assert len(read["predictions"]) == 1


@pytest.mark.usefixtures("hasty")
def test_what_cannot_be_tidied_is_given_up_and_holds_nothing_up(mien, receiver, caplog):
    add(mien, texts=["Good!"], models=["language"])
    job_id = add(mien, texts=["Good!"], models=["language"], callback_url=receiver.url)

    with working(replace(mien, files=Faulty(mien.files, "delete", "jobs/", FAR, -1))):
        ended(mien, job_id)
        eventually(lambda: receiver.taken)
        eventually(
            lambda: (
                caplog.text.count("tidy: RuntimeError('could not connect to the endpoint'); given up") == 2
            )
        )


def opened(mien):
    """Let the sources of a job be opened, and nothing more."""
    while task := mien.jobs.claim("opener", ["open"], 60):
        work = {"name": f"{'ab'[task.source]}.wav", "key": task.work["key"]}
        follow = (NewTask(kind="measure", source=task.source, file=0, work=work),)
        assert mien.jobs.done(task, "opener", Outcome(follow=follow))


def with_settings(mien, **changed):
    return replace(mien, settings=mien.settings.model_copy(update=changed))
