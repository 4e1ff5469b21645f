"""Engines are chosen by name, loaded once, and missed with words that help."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest

from mien.engines import Engines
from mien.errors import EngineError, EngineMissing
from mien.settings import Settings
from mien.stream.together import SharedEngines
from mien.weights import COMPLETE


@pytest.fixture
def plain(tmp_path):
    """As a user has it: nothing chosen."""
    return Settings(home=tmp_path)


def test_nothing_is_played_by_the_stub_unless_it_is_asked_for_by_name(plain):
    assert "stub" not in Engines(plain).chosen().values()


def test_the_stub_says_that_its_scores_mean_nothing(settings, caplog):
    assert Engines(settings).voice

    assert "its scores mean nothing" in caplog.text


@pytest.mark.parametrize(
    ("settings_", "role", "says"),
    [
        pytest.param({"face_reader": ""}, "face_reader", "no engine", id="none yet"),
        pytest.param({"voice": "nobody"}, "voice", "nobody", id="no such file"),
        pytest.param({"voice": "../stub"}, "voice", "stub", id="no path"),
        pytest.param({"voice": "silero"}, "voice", "silero", id="plays another role"),
    ],
)
def test_a_role_that_nothing_plays_is_missed(tmp_path, settings_, role, says):
    engines = Engines(Settings(home=tmp_path, **settings_))

    with pytest.raises(EngineMissing, match=says):
        engines.load(role)


def test_whisper_is_chosen_once_one_has_been_pulled(plain):
    assert Engines(plain).chosen()["transcriber"] == "sphinx"
    folder = plain.weights / "whisper-small"
    folder.mkdir(parents=True)
    assert Engines(plain).chosen()["transcriber"] == "sphinx"  # it is not whole yet

    (folder / COMPLETE).touch()

    assert Engines(plain).chosen()["transcriber"] == "whisper"


def test_an_engine_is_loaded_once_however_many_ask_at_once(settings):
    engines = Engines(settings)
    found = []
    threads = [threading.Thread(target=lambda: found.append(engines.voice)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 16
    assert len({id(engine) for engine in found}) == 1


@pytest.mark.parametrize("kind", [Engines, partial(SharedEngines, at_once=1)], ids=["own", "shared"])
def test_who_needs_an_engine_that_is_there_does_not_wait_for_another(kind, settings):
    engines = kind(settings)
    there = engines.voice

    with ThreadPoolExecutor(1) as thread, engines._lock:  # which is held while one is loaded
        assert thread.submit(engines.load, "voice").result(20) is there


def test_ctrl_c_that_a_native_module_meets_while_it_is_loaded_is_no_fault_of_the_engine(
    settings, monkeypatch, tmp_path
):
    package = tmp_path / "interrupted_engines"
    package.mkdir()
    (package / "stub.py").write_text(
        'raise ImportError("initialization failed") from KeyboardInterrupt()'  # as pybind11 does
    )
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(KeyboardInterrupt):
        _ = Engines(settings, package.name).voice


FORKED = """
import os
import numpy as np
from mien.engines import VIEW, Engines
from mien.settings import Settings

engines = Engines(Settings(threads=2))
faces = [np.full((VIEW, VIEW, 3), grey, np.uint8) for grey in range(20)]
expressions = engines.face_reader.read(faces).expressions
child = os.fork()
if not child:
    same = np.allclose(engines.face_reader.read(faces).expressions, expressions)
    os._exit(0 if same else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
def test_a_process_that_was_forked_reads_like_the_one_it_came_from():
    """The pools of `multiprocessing` are forked on Linux, and have none of the threads that engines began."""
    process = subprocess.Popen([sys.executable, "-c", FORKED], start_new_session=True)
    try:
        assert process.wait(60) == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def test_a_damaged_network_breaks_the_engine(tmp_path):
    from mien.engines.onnx import opened

    (tmp_path / "bad.onnx").write_bytes(b"no network")

    with pytest.raises(EngineError, match=r"bad\.onnx"):
        opened(tmp_path / "bad.onnx", 1)
