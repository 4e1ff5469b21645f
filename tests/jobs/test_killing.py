"""Workers are killed at random moments; nothing is lost, nothing happens twice."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from mien.jobs.supervisor import Supervisor
from tests.conftest import ROLES
from tests.jobs.conftest import add, ended, eventually, kept, predictions
from tests.media import speech, talk, tone

KILLS = 10
SEED = int(os.environ.get("MIEN_TEST_SEED", "0"))


@pytest.fixture
def command(mien, monkeypatch):
    """How a worker process for the store of this test is started."""
    stubs = {f"MIEN_{role.upper()}": "stub" for role in ROLES}
    more = {
        "MIEN_HOME": mien.settings.home,
        "MIEN_OPEN_HOSTS": "127.0.0.1",
        "MIEN_CALLBACK_RETRY_SECONDS": 0.05,
    }
    for name, value in {**stubs, **more}.items():
        monkeypatch.setenv(name, str(value))
    return lambda name: [sys.executable, "-m", "mien", "work", "--name", name]


@pytest.mark.timeout(240)
def test_whatever_is_killed_when_every_job_ends_with_every_file_once(
    mien, command, receiver, tmp_path, monkeypatch
):
    monkeypatch.setenv("MIEN_MAX_ATTEMPTS", str(KILLS + 1))  # no file is to blame for how often it is killed
    chance = random.Random(SEED)  # noqa: S311  # repeatable on purpose
    paths = [talk(tmp_path / f"{i}.flac", speech(*[0.6] * 20)) for i in range(3)]
    texts = [f"Text {i}!" for i in range(5)]
    jobs = []
    with Supervisor(command, 2, mien.settings, mien.jobs, mien.files) as supervisor:
        for _ in range(KILLS):
            jobs.append(add(mien, *paths, texts=texts, callback_url=receiver.url))
            time.sleep(chance.uniform(0.0, 1.6))
            if alive := supervisor.processes():
                with suppress(ProcessLookupError):  # the one killed before has just been laid to rest
                    os.kill(chance.choice(alive), signal.SIGKILL)
        states = [ended(mien, job_id, 120) for job_id in jobs]
        eventually(lambda: len({headers["X-Mien-Delivery"] for headers, _ in receiver.taken}) == len(jobs))
        stay = ["artifacts.zip", *(f"originals/{i}" for i in range(3)), "predictions.json"]
        stay += [f"upload/{i}" for i in range(3)]
        eventually(lambda: all(kept(mien, job_id) == stay for job_id in jobs))

    assert [(state.num_predictions, state.num_errors) for state in states] == [(8, 0)] * KILLS, SEED
    for job_id in jobs:
        found = predictions(mien, job_id)
        files = [[file["file"] for file in one["results"]["predictions"]] for one in found]
        assert files == [["0.flac"], ["1.flac"], ["2.flac"], ["0", "1", "2", "3", "4"]]
    told = {headers["X-Mien-Delivery"]: json.loads(body) for headers, body in receiver.taken}
    assert all(told[job_id]["predictions"] == predictions(mien, job_id) for job_id in jobs)


def test_no_worker_outlives_whoever_started_it(mien, command):
    with Supervisor(command, 1, mien.settings, mien.jobs, mien.files) as supervisor:
        (worker,) = supervisor.processes()

    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


BEGINNING = """
import time
from pathlib import Path

Path("begun").touch()
time.sleep(600)  # as if there was much to import
"""


def test_a_worker_that_has_not_begun_ends_at_once(mien, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = mien.settings.model_copy(update={"grace_seconds": 600.0})
    with Supervisor(lambda name: [sys.executable, "-c", BEGINNING], 1, settings, mien.jobs, mien.files):
        eventually(Path("begun").exists)


HOLDER = """
import sys
from mien.app import build
from mien.settings import Settings

assert build(Settings()).jobs.claim(sys.argv[1], ["measure"], 60)
sys.stdin.read()
"""


def test_being_told_to_stop_is_no_crash_of_what_a_worker_still_held(mien, command):
    add(mien, texts=["Good!"])
    with Supervisor(
        lambda name: [sys.executable, "-c", HOLDER, name], 1, mien.settings, mien.jobs, mien.files
    ):
        eventually(lambda: mien.jobs.tally().workers)

    assert mien.jobs.claim("another", ["measure"], 60).crashes == 0


WORKER = """
import sys
from mien.app import build
from mien.engines import Engines
from mien.jobs.worker import Worker
from mien.settings import Settings

settings = Settings(voice="crashing", text_reader="touchy")
mien = build(settings)
Worker(settings, mien.jobs, mien.files, Engines(settings, "tests.jobs.engines"), sys.argv[1]).run()
"""


def test_a_worker_that_cannot_be_started_is_started_later(mien, monkeypatch):
    started = []

    def start(command, **more):
        started.append(command)
        if len(started) == 2:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        return popen(command, **more)

    popen = subprocess.Popen
    monkeypatch.setattr("mien.jobs.supervisor.subprocess.Popen", start)
    idle = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with Supervisor(lambda name: idle, 1, mien.settings, mien.jobs, mien.files) as supervisor:
        (first,) = supervisor.processes()
        os.kill(first, signal.SIGKILL)
        eventually(lambda: len(started) == 3 and supervisor.processes())


LITTERING = """
import sys
from tempfile import NamedTemporaryFile

file = NamedTemporaryFile(delete=False)
sys.stdin.read()
"""


def test_temporary_files_of_a_worker_that_was_killed_are_gone(mien):
    littering = [sys.executable, "-c", LITTERING]
    with Supervisor(lambda name: littering, 1, mien.settings, mien.jobs, mien.files) as supervisor:
        (worker,) = supervisor.processes()
        eventually(lambda: [*(mien.settings.home / "work").glob("*/*")])
        (left,) = (mien.settings.home / "work").glob("*/*")
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: not left.exists())

    assert [*(mien.settings.home / "work").iterdir()] == []


BREAKING = """
from mien.app import build
from mien.engines import Engines
from mien.jobs.worker import Worker
from mien.settings import Settings

settings = Settings()
mien = build(settings)
mien.jobs.claim = lambda *asked: 1 / 0
Worker(settings, mien.jobs, mien.files, Engines(settings)).run()
"""


@pytest.mark.usefixtures("command")
def test_a_worker_that_loses_a_thread_ends_and_leaves_its_place_to_another():
    assert subprocess.run([sys.executable, "-c", BREAKING]).returncode == 70


def test_a_worker_whose_file_never_ends_ends_itself(mien, crashing, tmp_path, monkeypatch):
    monkeypatch.setenv("MIEN_VOICE_ACTIVITY", "stuck")
    monkeypatch.setenv("MIEN_MAX_FILE_MINUTES", "0.005")
    add(mien, talk(tmp_path / "a.wav"), models=["prosody"])

    assert subprocess.run(crashing("a"), timeout=120).returncode == 70


class Process:
    """A process that ended with this status; None where it has not."""

    stdin = None

    def __init__(self, status):
        self._status = status

    def poll(self):
        return self._status


@pytest.mark.parametrize(("status", "pauses"), [(1, True), (0, True), (-signal.SIGKILL, False)])
def test_who_ended_by_itself_at_once_is_started_again_after_a_pause(mien, status, pauses):
    idle = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    supervisor = Supervisor(lambda name: idle, 1, mien.settings, mien.jobs, mien.files)
    (place,) = supervisor._places
    place.name, place.begun, place.process = "a", time.monotonic(), Process(status)

    supervisor._look(place)

    assert (place.process is None) is pauses
    if place.process:
        place.process.communicate()


def test_the_folder_of_a_worker_that_writes_nothing_is_not_swept(mien):
    supervisor = Supervisor(lambda name: [], 1, mien.settings, mien.jobs, mien.files)
    (place,) = supervisor._places
    place.name, place.process = "a", Process(None)
    folders = [mien.settings.home / "work" / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir(parents=True)
        os.utime(folder, (0, 0))
    supervisor._stop = Rounds(1)

    supervisor._watch()

    assert [folder.exists() for folder in folders] == [True, False]


class Rounds:
    """Says to stop after so many."""

    def __init__(self, left):
        self._left = left

    def wait(self, seconds):
        self._left -= 1
        return self._left < 0


@pytest.fixture
def crashing(command, monkeypatch):
    """How a worker is started whose engines end it; twice is enough to blame a file."""
    monkeypatch.setenv("MIEN_MAX_ATTEMPTS", "2")
    root = str(Path(__file__).parent.parent.parent)
    return lambda name: [sys.executable, "-c", f"import sys; sys.path.insert(0, {root!r})\n{WORKER}", name]


def test_a_file_that_crashes_its_process_is_reported_and_the_others_are_measured(mien, crashing, tmp_path):
    good, bad = talk(tmp_path / "good.wav"), talk(tmp_path / "bad.wav", tone(3))
    job_id = add(mien, good, bad, good, models=["prosody"], transcription=None)
    with Supervisor(crashing, 1, mien.settings, mien.jobs, mien.files):
        state = ended(mien, job_id, 120)

    assert (state.num_predictions, state.num_errors) == (2, 1)
    errors = [one["results"]["errors"] for one in predictions(mien, job_id)]
    assert errors[0] == errors[2] == []
    assert errors[1][0]["message"] == "measuring this file ended the process 2 times"


def test_a_text_that_crashes_its_process_is_reported_and_the_others_are_measured(mien, crashing):
    job_id = add(mien, texts=["Good!", "A deadly word.", "Bad!"], models=["language"])
    with Supervisor(crashing, 1, mien.settings, mien.jobs, mien.files):
        state = ended(mien, job_id, 120)

    assert (state.num_predictions, state.num_errors) == (2, 1)
    (results,) = (one["results"] for one in predictions(mien, job_id))
    assert [file["file"] for file in results["predictions"]] == ["0", "2"]
    (error,) = results["errors"]
    assert (error["file"], error["message"]) == ("1", "measuring this file ended the process 2 times")
