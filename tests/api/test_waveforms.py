"""Waveforms: whatever becomes of what decodes them, and however many ask."""

import asyncio
import signal
from dataclasses import replace
from threading import Event

import pytest
from fastapi.concurrency import run_in_threadpool

from mien.api.waveforms import AT_ONCE, Waveforms
from mien.errors import MediaError, MediaNotKept, NotDecoded
from mien.storage.files import Files
from tests.media import picture, talk, tone
from tests.media.decoding import BOUNDS, CRASH, HANG, fragile

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no alarms here")


class Opened(Files):
    """Counts how often files are opened to be decoded, and holds them up while it is told to."""

    def __init__(self, url):
        super().__init__(url)
        self.opened = 0
        self.go = Event()
        self.go.set()

    def local(self, key):
        self.opened += 1
        self.go.wait(60)
        return super().local(key)


@pytest.fixture
def files(tmp_path):
    return Opened(str(tmp_path / "files"))


@pytest.fixture
def waveforms(files, settings):
    """Decoded by what payloads can break, and ended after a second."""
    return Waveforms(files, settings, lambda bounds: fragile(replace(bounds, seconds=BOUNDS.seconds)))


def keep(files, content, key="a"):
    with files.write(key) as out:
        out.write(content)
    return key, "a.wav", f"peaks/{key}"


def test_who_asks_for_the_same_at_once_waits_for_one(files, waveforms, tmp_path):
    asked = keep(files, talk(tmp_path / "a.wav", tone(2.0)).read_bytes())

    async def crowd():
        return await asyncio.gather(*[waveforms.of(*asked) for _ in range(50)])

    counted = asyncio.run(crowd())

    assert {len(one) for one in counted} == {200}
    assert files.opened == 1
    assert asyncio.run(waveforms.of(*asked)) == counted[0]
    assert files.opened == 1


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(lambda folder: CRASH, NotDecoded, id="crash"),
        pytest.param(lambda folder: HANG, NotDecoded, id="hang"),
        pytest.param(lambda folder: picture(folder / "a.png", 128).read_bytes(), MediaError, id="no sound"),
    ],
)
def test_what_cannot_be_decoded_is_told(content, error, files, waveforms, tmp_path):
    with pytest.raises(error):
        asyncio.run(waveforms.of(*keep(files, content(tmp_path))))


def test_what_was_deleted_is_not_kept(waveforms):
    with pytest.raises(MediaNotKept):
        asyncio.run(waveforms.of("a", "a.wav", "peaks/a"))


def test_others_are_answered_while_many_wait(files, waveforms):
    files.go.clear()

    async def crowd():
        waiting = [asyncio.ensure_future(waveforms.of(f"a{i}", "a.wav", f"peaks/a{i}")) for i in range(100)]
        while files.opened < AT_ONCE:
            await asyncio.sleep(0.01)
        answer = await asyncio.wait_for(run_in_threadpool(lambda: "here"), 20)
        opened = files.opened
        files.go.set()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        return answer, opened, {type(one) for one in ended}

    assert asyncio.run(crowd()) == ("here", AT_ONCE, {MediaNotKept})
