"""Which frames of a film are looked at."""

from fractions import Fraction
from itertools import chain, count, islice, pairwise, takewhile
from threading import Event, Semaphore, Thread

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import BrokenMedia
from mien.media import decode
from mien.media.decode import open_media
from mien.segments import Reading
from mien.segments.frames import AHEAD, Frames
from mien.types import Frame
from tests.media import Fake, Film, Picture, Talk, film, grey, paced

NTSC = float(Fraction(30000, 1001))


def picked(media, fps):
    return list(Frames(fps=fps).segments(Reading(media, None, None)))


def indices(media, fps):
    return [frame.index for frame in picked(media, fps)]


@pytest.mark.parametrize(
    ("native", "fps", "expected"),
    [
        pytest.param(25.0, 3, [0, 8, 17, 25, 33], id="25 a second"),
        pytest.param(30.0, 3, [0, 10, 20, 30], id="30 a second"),
        pytest.param(NTSC, 3, [0, 10, 20, 30], id="29.97 a second"),
        pytest.param(30.0, 0, list(range(40)), id="zero means all"),
        pytest.param(3.0, 3, list(range(40)), id="as many as there are"),
        pytest.param(2.0, 3, list(range(40)), id="no more than there are"),
        pytest.param(30.0, 0.5, [0], id="one in two seconds"),
    ],
)
def test_frames_are_picked_as_the_retired_api_did(native, fps, expected):
    assert indices(Film(*[0] * 40, fps=native), fps) == expected


def test_a_long_film_drifts_as_the_retired_api_did():
    found = indices(Film(*[0] * 510, fps=NTSC), 3)

    assert found[23:26] == [230, 240, 250]
    assert found[-3:] == [490, 500, 509]


def test_the_time_of_a_frame_is_its_number_over_the_rate():
    frames = Frames(fps=3).segments(Reading(Film(*[0] * 40, fps=NTSC), None, None))

    assert [frame.time for frame in frames] == [0.0, 10 / NTSC, 20 / NTSC, 30 / NTSC]


def test_a_picture_is_its_only_frame():
    (frame,) = Frames(fps=3).segments(Reading(Picture(7), None, None))

    assert (frame.index, frame.time, frame.image.max()) == (0, 0.0, 7)


def test_sound_has_no_frames():
    assert indices(Talk(), 3) == []


@given(
    native=st.floats(1, 120, allow_nan=False),
    fps=st.floats(0, 200, allow_nan=False),
    length=st.integers(0, 60),
)
def test_frames_are_picked_once_in_order_from_the_first_and_evenly(native, fps, length):
    found = indices(Film(*[0] * length, fps=native), fps)

    assert found == sorted(set(found))
    assert found[:1] == [0][:length]
    ideal = 1.0 if fps == 0 else max(1.0, native / fps)
    assert all(abs((b - a) - ideal) <= 1 for a, b in pairwise(found))
    assert length - (found[-1] if found else 0) <= ideal + 1


# ── films whose frame rate varies


KINDS = [
    pytest.param(".mp4", {}, id="mp4"),
    pytest.param(".mp4", {"b_frames": False}, id="mp4 without B-frames"),
    pytest.param(".mkv", {}, id="mkv"),
    pytest.param(".webm", {"codec": "libvpx"}, id="webm"),
]


def every(rate, begin, end):
    """Milliseconds."""
    return [round(1000 * (begin + k / rate)) for k in range(round((end - begin) * rate))]


VARYING = {
    "slow, then fast": [*range(0, 4000, 200), *every(30, 4.0, 7.0)],
    "fast, then slow": [*every(60, 0.0, 3.0), *range(3000, 8000, 100)],
    "in one place": [time + time % 7 for time in every(30, 0.0, 7.0)],
    "a pause": [*every(30, 0.0, 2.0), *every(30, 5.0, 8.0)],
    "some are missing": [time for k, time in enumerate(every(30, 0.0, 8.0)) if k % 11 != 7 and k % 17 != 9],
}


@pytest.mark.parametrize("name", VARYING)
@pytest.mark.parametrize(("suffix", "how"), KINDS)
def test_a_film_whose_rate_varies_gives_the_first_frame_from_each_moment_on(
    suffix, how, name, tmp_path, settings
):
    path = paced(tmp_path / f"film{suffix}", VARYING[name], **how)
    media = open_media(path, path.name, settings)
    shown = [time / 1000 for time in VARYING[name]]

    for fps in (0.5, 3, 7, 25):
        found = picked(media, fps)

        moments = [k / fps for k in range(int(shown[-1] * fps) + 1)]
        # a thousandth is what containers round
        expected = {next(n for n, at in enumerate(shown) if at + 0.001 >= moment) for moment in moments}
        assert [frame.index for frame in found] == sorted(expected)
        assert all(frame.time == pytest.approx(shown[frame.index], abs=0.0011) for frame in found)
    assert indices(media, 0) == list(range(len(shown)))


@pytest.mark.parametrize(("suffix", "how"), KINDS)
def test_a_film_that_is_steady_for_long_and_then_is_not_is_looked_at_as_often_throughout(
    suffix, how, tmp_path, settings
):
    shown = [*every(10, 0, 40), *every(30, 40, 50), *every(5, 50, 60)]
    path = paced(tmp_path / f"film{suffix}", shown, **how)

    times = [frame.time for frame in picked(open_media(path, path.name, settings), 3)]

    assert [sum(s <= time + 0.001 < s + 1 for time in times) for s in range(60)] == [3] * 60
    assert all(b - a <= 1 / 3 + 0.2 + 0.001 for a, b in pairwise(times))


@pytest.mark.parametrize("rate", [25, NTSC, 30])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".avi"])
def test_a_steady_film_gives_what_the_retired_api_did(suffix, rate, tmp_path, settings):
    path = film(tmp_path / f"film{suffix}", *range(200), fps=rate)
    media = open_media(path, path.name, settings)

    for fps, step in ((3, media.fps / 3), (7, media.fps / 7), (0, 1), (media.fps, 1), (100, 1), (2000, 1)):
        found = picked(media, fps)

        expected = takewhile(lambda number: number < 200, (round(k * step) for k in count()))
        assert [frame.index for frame in found] == list(expected)
        assert [frame.time for frame in found] == [frame.index / media.fps for frame in found]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("shown", [*VARYING.values(), every(30, 0, 8)], ids=[*VARYING, "steady"])
@pytest.mark.parametrize(("suffix", "how"), KINDS[:3])
def test_frames_that_are_not_decoded_change_nothing(
    suffix, how, shown, threads, tmp_path, settings, monkeypatch
):
    path = paced(tmp_path / f"film{suffix}", shown, **how)
    media = open_media(path, path.name, settings.model_copy(update={"threads": threads}))
    found = [picked(media, fps) for fps in (0.5, 3, 10)]

    monkeypatch.setattr(decode, "SPARING", frozenset())
    expected = [picked(media, fps) for fps in (0.5, 3, 10)]

    assert found == expected
    for one, other in zip(chain(*found), chain(*expected), strict=True):
        assert (one.image == other.image).all()


@pytest.mark.parametrize("at", [100, 101, 102, 103])
def test_frames_that_are_not_decoded_change_nothing_where_two_have_one_time(
    at, tmp_path, settings, monkeypatch
):
    """Matroska rounds times, and who reads them cannot tell the two apart."""
    shown = sorted([*range(0, 240 * 3000, 3000), at * 3000 + 5])
    media = open_media(paced(tmp_path / "film.mkv", shown, ticks=90_000), "film.mkv", settings)
    found = [picked(media, fps) for fps in (3, 7, 20)]

    monkeypatch.setattr(decode, "SPARING", frozenset())

    assert found == [picked(media, fps) for fps in (3, 7, 20)]


def test_a_webp_whose_pictures_are_shown_for_longer_and_shorter(tmp_path, settings):
    path = tmp_path / "moving.webp"
    pictures = [PIL.Image.fromarray(grey(5 * k)) for k in range(30)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=[50] * 20 + [400] * 10)

    found = picked(open_media(path, path.name, settings), 3)

    assert [frame.index for frame in found] == [0, 7, 14, 20, *range(21, 30)]


def told(tell, side=8):
    """The frames of a film that tells the number of each before it gives it, 40 of so many pixels a side."""

    class Telling(Fake):
        def frames(self, wanted):
            image = np.broadcast_to(np.uint8(0), (side, side, 3))  # as large as it says, and takes nothing
            try:
                for one in islice(wanted, 40):
                    tell(one.number)
                    yield Frame(index=one.number, time=float(one.number), image=image)
            finally:
                tell(None)

    media = Telling(file_type="video_no_audio", fps=1.0, has_frames=True)
    return Frames(fps=0).segments(Reading(media, None, None))


@pytest.mark.parametrize(
    ("side", "ahead"),
    [
        pytest.param(8, AHEAD, id="small ones"),
        pytest.param(3000, 2, id="large ones"),
        pytest.param(8000, 1, id="enormous ones"),
    ],
)
def test_some_frames_are_decoded_while_those_before_them_are_measured(side, ahead):
    decoded = [Event() for _ in range(40)]
    frames = told(lambda number: number is not None and decoded[number].set(), side)

    assert [next(frames).index, next(frames).index] == [0, 1]
    assert decoded[1 + ahead].wait(30)
    assert not decoded[2 + ahead].wait(0.1)
    assert [frame.index for frame in frames] == list(range(2, 40))


def test_who_stops_early_waits_for_one_frame_alone_and_leaves_the_film_closed():
    decoded, may = [], Semaphore(2)

    def tell(number):
        if number is not None:
            may.acquire()
        decoded.append(number)

    frames = told(tell)
    next(frames), next(frames)
    stopping = Thread(target=frames.close)
    stopping.start()
    while stopping.is_alive():
        stopping.join(0.05)
        may.release()

    assert decoded[-1] is None
    assert len(decoded) < AHEAD


class Ended(BaseException):
    """As what ends a reading."""


@pytest.mark.parametrize("error", [BrokenMedia, Ended])
def test_what_ends_a_film_is_told_after_what_came_before(error):
    def tell(number):
        if number == 3:
            raise error

    frames = told(tell)

    assert [frame.index for frame in islice(frames, 3)] == [0, 1, 2]
    with pytest.raises(error):
        next(frames)
