"""Files decoded elsewhere: as they are here, and whatever becomes of the process that decodes them."""

import gc
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from threading import Event

import numpy as np
import pytest

from mien.errors import BrokenMedia, EngineError, MediaTooLarge, NotDecoded, UnknownFileType
from mien.media import Wanted, apart
from mien.media.apart import SPARE, Decoders
from mien.media.decode import open_media
from mien.media.decoder import command
from mien.settings import Settings
from tests.media import film, picture, silence, talk, tone
from tests.media.decoding import BOUNDS, CRASH, DRIP, FAT, HANG, SLIP, SPIN, TALK, fragile

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no alarms here")


@pytest.fixture(scope="module")
def decoders():
    return Decoders(command(BOUNDS), 2)


def watched(bounds):
    """Two decoders that payloads can break, and why others had to take their place."""
    causes = []
    decoders = Decoders(fragile(bounds), 2, causes.append)
    decoders.causes = causes
    return decoders


@pytest.fixture
def breakable():
    """Decoders with little time."""
    return watched(BOUNDS)


@pytest.fixture
def patient():
    """Decoders that a busy machine does not make late."""
    return watched(replace(BOUNDS, seconds=600.0))


@pytest.fixture
def sound(tmp_path):
    return talk(tmp_path / "a.wav", tone(0.5)).read_bytes()


def length(decoders, data):
    with decoders.opened(data, "a") as media:
        return sum(len(piece) for piece in media.sound())


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def soon(is_so):
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


# ── as they are here


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda d: picture(d / "a.png", 128), id="picture"),
        pytest.param(lambda d: cut(picture(d / "a.png", 128)), id="picture that was cut short"),
        pytest.param(lambda d: talk(d / "a.webm", tone(2.5)), id="sound"),
        pytest.param(lambda d: film(d / "a.mp4", *range(0, 240, 3), sound=tone(8.0)), id="film"),
        pytest.param(lambda d: film(d / "a.avi", 0, 80, 160), id="film without sound"),
    ],
)
@pytest.mark.parametrize("wanted", [lambda: (0,), count, lambda: count(1, 2), lambda: ()])
def test_a_file_is_what_it_is_here(made, wanted, decoders, tmp_path):
    data = made(tmp_path).read_bytes()
    here = open_media(data, "a", Settings())

    with decoders.opened(data, "a") as media:
        for name in ("name", "file_type", "fps", "duration", "has_frames", "has_sound", "text", "meshes"):
            assert getattr(media, name) == getattr(here, name)
        for _ in range(2):  # each begins again
            ours, theirs = (each.frames(map(Wanted, wanted())) for each in (media, here))
            for one, other in zip(ours, theirs, strict=True):
                assert one == other
                assert np.array_equal(one.image, other.image)
            ours, theirs = ([*each.sound(), silence(0)] for each in (media, here))
            assert np.array_equal(np.concatenate(ours), np.concatenate(theirs))
        assert list(media.warnings) == list(here.warnings)


def test_a_file_is_read_where_it_lies(decoders, tmp_path):
    assert length(decoders, talk(tmp_path / "a.wav", tone(0.5))) == 8000


def cut(path):
    path.write_bytes(path.read_bytes()[:-12])
    return path


def test_what_is_wrong_with_a_file_is_told(decoders, tmp_path):
    data = film(tmp_path / "a.mp4", *[128] * 40, sound=tone(4.0)).read_bytes()

    with pytest.raises(UnknownFileType, match="unable to determine"), decoders.opened(b"\0" * 9, "a"):
        pass
    with pytest.raises(BrokenMedia, match="damaged"), decoders.opened(data[:40], "a"):
        pass
    short = Decoders(command(replace(BOUNDS, max_media_hours=0.0001)), 1)
    with pytest.raises(MediaTooLarge), short.opened(data, "a"):
        pass


def test_who_stops_reading_leaves_a_decoder_to_others(decoders, tmp_path, sound):
    data = film(tmp_path / "a.mp4", *[128] * 40).read_bytes()
    length(decoders, sound)
    before = decoders.processes()
    for _ in range(5):
        with decoders.opened(data, "a") as media:
            assert next(media.frames(map(Wanted, count()))).index == 0

    assert length(decoders, sound) == 8000
    assert decoders.processes() == before


def test_as_many_as_are_allowed_decode_and_others_wait(sound):
    decoders = Decoders(command(BOUNDS), 2)
    with ThreadPoolExecutor(8) as threads:
        lengths = list(threads.map(lambda _: length(decoders, sound), range(40)))

    assert lengths == [8000] * 40
    assert 1 <= len(decoders.processes()) <= 2


def test_a_film_is_held_by_its_reader_and_a_picture_only_while_it_is_opened(tmp_path):
    decoders = Decoders(command(BOUNDS), 1)
    shots = [picture(tmp_path / "a.png", level).read_bytes() for level in (100, 200)]
    with (
        decoders.opened(shots[0], "a") as one,
        decoders.opened(shots[1], "b") as other,
    ):  # would wait for ever
        found = [next(iter(media.frames((Wanted(0),)))).image.mean() for media in (one, other)]
    assert found == [100, 200]


def test_a_picture_that_cannot_be_decoded_is_opened_and_told_of_once_it_is_read(decoders, tmp_path):
    path = picture(tmp_path / "a.png", np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8))
    broken = path.read_bytes()[:60]
    with decoders.opened(broken, "a") as media:
        assert media.file_type == "image"
        with pytest.raises(BrokenMedia, match="cannot be decoded"):
            next(iter(media.frames((Wanted(0),))))


def test_none_is_started_for_who_is_soon_served(sound, monkeypatch):
    monkeypatch.setattr(apart, "PATIENCE", 60.0)
    decoders = Decoders(command(BOUNDS), 2)
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda _: length(decoders, sound), range(20))) == [8000] * 20
    assert len(decoders.processes()) == 1
    monkeypatch.undo()
    with decoders.opened(sound, "a"):  # held for longer than anybody waits
        assert length(decoders, sound) == 8000
        assert len(decoders.processes()) == 2


# ── decoders that break


@pytest.mark.parametrize("payload", [CRASH, SLIP], ids=["crash", "slip"])
def test_a_crash_is_the_error_of_its_file_alone(payload, patient, sound):
    with patient.opened(sound, "other") as other:
        begun = other.sound()
        with pytest.raises(NotDecoded, match="damaged"), patient.opened(payload, "a"):
            pass
        assert sum(map(len, begun)) == 8000
    assert length(patient, sound) == 8000
    assert patient.causes == ["crash"]


@pytest.mark.parametrize("payload", [HANG, SPIN], ids=["hang", "spin"])
def test_what_takes_too_long_is_ended(payload, breakable, sound):
    with pytest.raises(NotDecoded, match="too long"), breakable.opened(payload, "a"):
        pass
    assert length(breakable, sound) == 8000
    assert breakable.causes == ["time"]


def test_what_takes_too_long_in_all_is_ended_however_little_each_frame_takes(breakable):
    with pytest.raises(NotDecoded, match="too long"), breakable.opened(DRIP, "a") as media:
        for _ in media.frames(map(Wanted, range(100))):
            pass


def test_others_are_decoded_while_one_hangs(sound):
    decoders = Decoders(fragile(replace(BOUNDS, seconds=600.0)), 2)

    def hangs():
        with pytest.raises(NotDecoded, match="too long"), decoders.opened(HANG, "a"):
            pass

    with decoders.opened(sound, "a"), decoders.opened(sound, "b"):
        pass
    with ThreadPoolExecutor(1) as threads:
        hanging = threads.submit(hangs)
        soon(lambda: len(decoders._idle) == 1)
        for _ in range(5):
            assert length(decoders, sound) == 8000
        assert not hanging.done()
        (hung,) = (process for process in decoders._alive if process.has_worked())
        os.kill(hung.id, signal.SIGALRM)
        hanging.result()
    assert length(decoders, sound) == 8000


def test_others_are_decoded_while_all_hang_and_so_many_at_most(sound):
    decoders = Decoders(fragile(replace(BOUNDS, seconds=600.0)), 1)

    def hangs():
        with pytest.raises(NotDecoded, match="too long"), decoders.opened(HANG, "a"):
            pass

    with ThreadPoolExecutor(6) as threads:
        hanging = [threads.submit(hangs) for _ in range(2)]
        soon(lambda: len(decoders.processes()) == 2)
        assert length(decoders, sound) == 8000
        assert len(decoders.processes()) == 2  # the one that was started besides is gone again
        hanging += [threads.submit(hangs) for _ in range(4)]
        soon(lambda: len(decoders.processes()) == 1 + SPARE)
        time.sleep(2.0)
        assert len(decoders.processes()) == 1 + SPARE
        assert not any(one.done() for one in hanging)
        while not all(one.done() for one in hanging):
            for process in list(decoders._alive):
                if process.has_worked():
                    os.kill(process.id, signal.SIGALRM)
            time.sleep(0.1)
    assert length(decoders, sound) == 8000
    assert len(decoders.processes()) == 1


class Leaving:
    """A process that takes its time to end."""

    def __init__(self):
        self.asked, self.may = Event(), Event()

    def end(self):
        self.asked.set()
        assert self.may.wait(30)
        return 0


def test_nobody_waits_while_one_too_many_ends(sound):
    decoders = Decoders(command(BOUNDS), 1)
    length(decoders, sound)
    leaving = Leaving()
    decoders._alive.add(leaving)
    with ThreadPoolExecutor(1) as threads:
        given_back = threads.submit(decoders.give_back, leaving)
        assert leaving.asked.wait(30)
        assert length(decoders, sound) == 8000
        leaving.may.set()
        given_back.result()


def test_restarts_leave_no_process_behind(breakable, sound):
    seen = set()
    for _ in range(4):
        length(breakable, sound)
        seen.update(breakable.processes())
        with pytest.raises(NotDecoded), breakable.opened(CRASH, "a"):
            pass
    now = set(breakable.processes())

    assert len(now) <= 2
    assert len(seen - now) >= 3
    assert not any(map(is_alive, seen - now))


def test_one_that_ended_while_nobody_used_it_is_replaced(breakable, sound):
    length(breakable, sound)
    (process,) = breakable.processes()
    os.kill(process, signal.SIGKILL)
    soon(lambda: not breakable.processes())

    assert length(breakable, sound) == 8000
    assert process not in breakable.processes()


def test_what_a_decoder_held_is_never_written_to_a_disk(decoders, sound):
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "prlimit"):
        pytest.skip("limits of other processes are not told here")
    length(decoders, sound)

    assert {resource.prlimit(one, resource.RLIMIT_CORE) for one in decoders.processes()} == {(0, 0)}


def test_memory_is_bounded(breakable, sound):
    with pytest.raises(BrokenMedia, match="memory"), breakable.opened(FAT, "a"):
        pass
    assert length(breakable, sound) == 8000
    assert breakable.causes == []


def test_what_a_decoder_prints_is_no_answer(breakable, sound):
    with pytest.raises(UnknownFileType), breakable.opened(TALK, "a"):
        pass
    assert length(breakable, sound) == 8000


def test_one_that_answers_nonsense_is_replaced(sound):
    causes = []
    says = r"import sys, time; print('\2\0\0\0\0\0\0\0{}nonsense', flush=True); time.sleep(1)"
    decoders = Decoders([sys.executable, "-c", says], 1, causes.append)

    with pytest.raises(NotDecoded), decoders.opened(sound, "a"):
        pass

    assert causes == ["crash"]


@pytest.mark.parametrize("program", [["/nowhere/at/all"], [sys.executable, "-c", "raise SystemExit(3)"]])
def test_where_none_can_be_started_it_is_our_fault(program, sound):
    decoders = Decoders(program, 1)
    for _ in range(3):
        with pytest.raises(EngineError, match="could not be started"):
            length(decoders, sound)

    assert decoders.processes() == []


# ── how they end


def test_they_end_with_what_keeps_them(sound):
    decoders = Decoders(command(BOUNDS), 1)
    length(decoders, sound)
    (process,) = decoders.processes()

    del decoders
    gc.collect()

    assert not is_alive(process)


@pytest.mark.parametrize("payload", [b"", HANG], ids=["idle", "at work"])
@pytest.mark.parametrize("ending", ["raise SystemExit", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_none_outlives_the_program(ending, payload, sound, tmp_path):
    (tmp_path / "a.wav").write_bytes(sound)
    program = f"""
import os, signal, threading, time
from mien.media.apart import SPARE, Decoders
decoders = Decoders({fragile()!r}, 2)
with decoders.opened(open({str(tmp_path / "a.wav")!r}, "rb").read(), "a"):
    pass
def hang():
    with decoders.opened({payload!r}, "a"):
        pass
if {payload!r}:
    threading.Thread(target=hang, daemon=True).start()
    time.sleep(0.3)
print(*decoders.processes(), flush=True)
{ending}
"""
    ran = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=False)
    processes = [int(word) for word in ran.stdout.split()]

    assert processes
    soon(lambda: not any(map(is_alive, processes)))
