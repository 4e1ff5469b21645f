"""Words by pocketsphinx."""

import os
import signal
import tarfile
from itertools import pairwise
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from mien.engines.silero import voice_activity
from mien.engines.sphinx import _end, transcriber
from mien.errors import BrokenMedia, NotTranscribed
from mien.segments.slices import slices
from mien.settings import Settings
from mien.types import SOUND_RATE, Interval, Speech
from tests.engines.conftest import recorded
from tests.media import tone


def stretches(sound, settings):
    return [Speech(time=t, sound=s) for t, s in slices([sound], voice_activity(settings).speech([sound]))]


@pytest.fixture(scope="module")
def sphinx():
    return transcriber(Settings(threads=1))


def test_clear_english_is_written_down_in_order_within_its_stretches(sphinx, call, settings):
    spoken = stretches(call[: 14 * SOUND_RATE], settings)

    transcript = sphinx.transcribe(spoken, None)

    words = transcript.words
    assert [word.text for word in words[:5]] == ["good", "morning", "i", "have", "been"]
    assert transcript.language == "en"
    assert transcript.confidence > 0.8
    assert all(any(_within(word.time, one.time) for one in spoken) for word in words)
    assert all(a.time.end <= b.time.begin + 1e-6 for a, b in pairwise(words))
    assert all(0 <= word.confidence <= 1 for word in words)
    assert not any(set(word.text) & set("<>[]()") for word in words)


def test_what_it_heard_before_changes_nothing(sphinx, call):
    spoken = [Speech(time=Interval(0, 3.3), sound=call[: round(3.3 * SOUND_RATE)])]
    loud = np.random.default_rng(0).standard_normal(SOUND_RATE).astype(np.float32) * 0.3

    first = transcriber(Settings(threads=1)).transcribe(spoken, None)
    sphinx.transcribe([Speech(time=Interval(0, 1), sound=loud)], None)

    assert first.words
    assert sphinx.transcribe(spoken, None) == first


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(np.random.default_rng(0).standard_normal(48_000).astype(np.float32) * 0.1, id="noise"),
        pytest.param(tone(3) + tone(3, hz=330) + tone(3, hz=440), id="a chord"),
    ],
)
def test_what_is_no_speech_is_not_believed(sphinx, sound):
    stretch = Speech(time=Interval(0, 3), sound=sound)

    assert sphinx.transcribe([stretch], None).confidence < 0.5


def test_nothing_said_is_no_words(sphinx):
    transcript = sphinx.transcribe([], None)

    assert transcript.words == ()
    assert transcript.confidence == 0


def test_english_backwards_is_not_believed(sphinx, call, settings):
    backwards = call[::-1].copy()

    assert sphinx.transcribe(stretches(backwards, settings), None).confidence < 0.5


def test_german_is_not_believed_but_for_a_few_sentences(sphinx, shared, tmp_path, settings):
    with tarfile.open(shared / "data" / "voice" / "emodb.tar") as archive:
        some = [one for one in archive if one.isfile() and Path(one.name).stem[5:6] == "N"][:10]
        archive.extractall(tmp_path, some, filter="data")
    sounds = [recorded(path) for path in sorted(tmp_path.rglob("*.flac"))]

    sure = [sphinx.transcribe(stretches(sound, settings), None).confidence for sound in sounds]

    assert len(sure) == 10
    assert sum(one >= 0.5 for one in sure) <= 2


def test_others_run_while_it_decodes(sphinx, call):
    spoken = [Speech(time=Interval(0, 3), sound=call[: 3 * SOUND_RATE])]
    decoding = Thread(target=sphinx.transcribe, args=(spoken, None))
    turns = 0

    decoding.start()
    while decoding.is_alive():
        turns += 1
        decoding.join(0.001)

    assert turns > 100


def test_a_decoder_that_crashes_costs_one_file_its_words(sphinx, call):
    spoken = [Speech(time=Interval(0, 3), sound=call[: 3 * SOUND_RATE])]

    def crashing():
        yield from spoken
        for process in decoders():
            os.kill(process, signal.SIGKILL)
        yield from spoken

    with pytest.raises(NotTranscribed, match="pocketsphinx crashed"):
        sphinx.transcribe(crashing(), None)
    assert sphinx.transcribe(spoken, None).words


def test_what_tells_all_processes_to_end_is_left_to_the_program(sphinx, call):
    spoken = [Speech(time=Interval(0, 3), sound=call[: 3 * SOUND_RATE])]

    def told():
        yield from spoken
        for process in decoders():
            os.kill(process, signal.SIGTERM)
        yield from spoken

    assert len(sphinx.transcribe(told(), None).words) > len(sphinx.transcribe(spoken, None).words)


def test_who_is_impatient_with_the_end_sees_no_traceback():
    class Impatient:
        killed = False

        def kill(self):
            self.killed = True

        def communicate(self):
            raise KeyboardInterrupt  # Ctrl-C, once more

    process = Impatient()

    _end(process)

    assert process.killed


def test_a_decoder_that_was_ended_meanwhile_is_replaced(sphinx, call):
    spoken = [Speech(time=Interval(0, 3), sound=call[: 3 * SOUND_RATE])]
    sphinx.transcribe(spoken, None)

    for process in decoders():
        os.kill(process, signal.SIGKILL)
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)

    assert sphinx.transcribe(spoken, None).words


def test_a_file_that_breaks_off_leaves_no_answer_for_the_next(sphinx, call):
    spoken = [Speech(time=Interval(0, 3), sound=call[: 3 * SOUND_RATE])]

    def broken():
        yield from spoken
        raise BrokenMedia

    with pytest.raises(BrokenMedia):
        sphinx.transcribe(broken(), None)
    assert [word.text for word in sphinx.transcribe(spoken, None).words][:2] == ["good", "morning"]


def decoders():
    """The processes that decode."""
    ours = Path("/proc/self/task").glob("*/children")
    children = [int(child) for each in ours for child in each.read_text().split()]
    return [child for child in children if b"sphinx" in Path(f"/proc/{child}/cmdline").read_bytes()]


def _within(inner, outer):
    return outer.begin - 1e-6 <= inner.begin and inner.end <= outer.end + 1e-6
