"""Media are opened by what they hold, and decoded as they are shown and heard."""

import io
import struct
import tarfile
import zipfile
import zlib
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import PIL.Image
import pytest

from mien.errors import BrokenMedia, MediaTooLarge, PictureTooLarge, UnknownFileType
from mien.media import Wanted, decode
from mien.media.decode import open_media, text_media
from mien.types import SOUND_RATE
from tests.media import CODECS, film, grey, mesh, picture, silence, strange_film, talk, tone


@pytest.fixture
def opened(settings):
    """Open a file, under its own name unless told otherwise."""

    def opened(path, name=None, **changed):
        return open_media(path, name or path.name, settings.model_copy(update=changed))

    return opened


def heard(media):
    return np.concatenate([*media.sound(), silence(0)])


def level(sound):
    return float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0


def seen(media, wanted=range(1000)):
    return list(media.frames(map(Wanted, wanted)))


# ── sound


@pytest.mark.parametrize("suffix", CODECS)
def test_sound_of_any_kind_is_mono_at_one_rate(suffix, tmp_path, opened):
    media = opened(talk(tmp_path / f"talk{suffix}", tone(2.0, level=0.5), rate=44_100, channels=2))

    sound = heard(media)

    assert (media.file_type, media.has_sound, media.has_frames, media.fps) == ("audio", True, False, 0.0)
    assert sound.dtype == np.float32
    assert len(sound) / SOUND_RATE == pytest.approx(2.0, abs=0.1)  # codecs pad
    assert level(sound[4000:28_000]) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_rate_and_channels_change_neither_length_nor_level(rate, channels, tmp_path, opened):
    sound = heard(opened(talk(tmp_path / "talk.wav", tone(1.5, level=0.5), rate=rate, channels=channels)))

    assert len(sound) / SOUND_RATE == pytest.approx(1.5, abs=0.001)
    assert level(sound) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


def test_sound_comes_in_pieces_of_about_a_second(tmp_path, opened):
    pieces = [len(piece) for piece in opened(talk(tmp_path / "talk.flac", tone(5.5))).sound()]

    assert all(SOUND_RATE <= piece < 1.5 * SOUND_RATE for piece in pieces[:-1])
    assert sum(pieces) == 5.5 * SOUND_RATE


def test_sound_begins_again_each_time(tmp_path, opened):
    media = opened(talk(tmp_path / "talk.mp3"))
    half_heard = media.sound()
    next(half_heard)

    assert np.array_equal(heard(media), heard(media))


def test_sound_that_is_not_long_is_decoded_once(tmp_path, opened, monkeypatch):
    media = opened(talk(tmp_path / "talk.mp3", tone(3.0, 0.5)))
    first = heard(media)
    monkeypatch.setattr(decode, "_heard", None)

    np.testing.assert_array_equal(heard(media), first)
    with pytest.raises(ValueError, match="read-only"):
        next(media.sound())[0] = 1


def test_long_sound_is_not_kept(tmp_path, opened, monkeypatch):
    monkeypatch.setattr(decode, "KEPT", 2)
    media = opened(talk(tmp_path / "talk.mp3", tone(3.0, 0.5)))
    first = heard(media)

    np.testing.assert_array_equal(heard(media), first)
    assert media._kept is None


@pytest.mark.parametrize("rate", [99_999_989, 1_275_084_864])
def test_a_rate_that_cannot_be_true_is_refused(rate, tmp_path, opened):
    path = tmp_path / "fast.wav"
    path.write_bytes(wav(bytes(1000), rate=rate))

    with pytest.raises(BrokenMedia, match="neither audio nor images"):
        heard(opened(path))


def test_a_rate_that_is_hardly_true_fills_no_memory(tmp_path, opened, monkeypatch):
    longest, real = [], decode.AudioResampler

    class Resampler:
        def __init__(self, *arguments, **options):
            self._real = real(*arguments, **options)

        def resample(self, frame):
            longest.append(frame.samples if frame else 0)
            return self._real.resample(frame)

    monkeypatch.setattr(decode, "AudioResampler", Resampler)
    path = tmp_path / "fast.wav"
    path.write_bytes(wav(bytes(2_000_000), rate=10_000_000))

    heard(opened(path))

    assert 0 < max(longest) <= decode.WAITING + SOUND_RATE


def test_channels_that_nobody_named_are_averaged(tmp_path, opened):
    path = tmp_path / "three.wav"
    samples = (np.stack([tone(1.0, 0.6), silence(1.0), silence(1.0)], axis=1) * 32767).astype("<i2")
    path.write_bytes(wav(samples.tobytes(), channels=3))

    assert level(heard(opened(path))) == pytest.approx(0.2 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".opus"])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_channels_that_cancel_each_other_out_are_heard(suffix, rate, tmp_path, opened):
    sound = np.stack([tone(2.0, 0.5), -tone(2.0, 0.5)])
    sound[:, :SOUND_RATE] *= [[1], [-1]]  # the first second is as it should be

    found = heard(opened(talk(tmp_path / f"talk{suffix}", sound, rate=rate, channels=2)))

    assert len(found) == pytest.approx(2 * SOUND_RATE, abs=2000)
    for second in (found[2000:14_000], found[18_000:30_000]):
        assert level(second) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


def test_unnamed_channels_that_cancel_each_other_out_are_heard(tmp_path, opened):
    path = tmp_path / "three.wav"
    samples = (np.stack([silence(1.0), -tone(1.0, 0.6), tone(1.0, 0.6)], axis=1) * 32767).astype("<i2")
    path.write_bytes(wav(samples.tobytes(), channels=3))

    assert level(heard(opened(path))) == pytest.approx(0.6 / np.sqrt(2), rel=0.02)


def test_what_is_not_a_number_is_silence(tmp_path, opened):
    samples = np.full(SOUND_RATE, np.nan, "<f4")
    samples[:4] = [np.inf, -np.inf, 7.0, -7.0]
    path = tmp_path / "nan.wav"
    path.write_bytes(wav(samples.tobytes(), kind=3, bits=32))

    sound = heard(opened(path))

    assert np.isfinite(sound).all()
    assert np.abs(sound).max() <= 1.0
    assert not sound[100:].any()


@pytest.mark.parametrize("stated", [0, 0xFFFFFFFF, 0x7FFFFFFF], ids=["none", "the most", "too much"])
def test_a_wav_that_was_written_to_a_pipe_is_read_to_its_end(stated, tmp_path, opened):
    path = tmp_path / "piped.wav"
    path.write_bytes(wav((tone(2.0) * 32767).astype("<i2").tobytes(), stated=stated))

    media = opened(path)

    assert len(heard(media)) == 2 * SOUND_RATE
    assert media.warnings == []


@pytest.mark.parametrize(
    ("change", "warned"),
    [
        pytest.param(lambda content: content[: len(content) // 2], True, id="cut short"),
        pytest.param(lambda content: content, False, id="whole"),
        pytest.param(
            lambda content: content[:36] + b"junk\3\0\0\0abc\0" + content[36:], False, id="with more"
        ),
        pytest.param(
            lambda c: c[:28] + struct.pack("<I", 12_000) + c[32:], False, id="whole, of a wrong rate"
        ),
        pytest.param(lambda c: c[:36] + b"junk\3\0\0\0abc\0" + c[36:20_000], True, id="with more, cut short"),
    ],
)
def test_a_wav_that_was_cut_short_is_told(change, warned, tmp_path, opened):
    path = tmp_path / "talk.wav"
    path.write_bytes(change(wav((tone(2.0) * 32767).astype("<i2").tobytes())))
    media = opened(path)
    seconds = len(heard(media)) / SOUND_RATE

    expected = [f"the sound ends after {seconds:.1f} of 2.0 seconds: the file was cut short"]
    assert media.warnings == (expected if warned else [])


@pytest.mark.parametrize(
    ("after", "warned"),
    [
        pytest.param(b"\1\2\xff\xfe" * 10_000, True, id="sound"),
        pytest.param(b"LIST" + struct.pack("<I", 40_000) + bytes(40_000), False, id="a chunk"),
        pytest.param(bytes(40_000), False, id="zeros"),
        pytest.param(b"\1\2\xff\xfe", False, id="next to nothing"),
    ],
)
def test_a_wav_that_holds_more_than_it_says_is_told(after, warned, tmp_path, opened):
    path = tmp_path / "talk.wav"
    path.write_bytes(wav((tone(2.0) * 32767).astype("<i2").tobytes()) + after)

    media = opened(path)

    assert len(heard(media)) == 2 * SOUND_RATE
    assert ["goes on after the sound" in warning for warning in media.warnings] == [True] * warned


@pytest.mark.parametrize("tracks", [1, 2])
def test_tracks_that_are_not_measured_are_told(tracks, tmp_path, opened):
    path = tmp_path / "call.mka"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("flac", rate=SOUND_RATE, layout="mono") for _ in range(tracks)]
        for stream in streams:
            encode(container, stream, tone(1.0))

    media = opened(path)

    assert len(heard(media)) == SOUND_RATE
    assert media.warnings == ["the file has 2 audio tracks; only one of them was measured"] * (tracks - 1)


def test_a_moment_of_sound_is_not_taken_for_cut_short(tmp_path, opened):
    media = opened(talk(tmp_path / "click.opus", tone(0.02)))

    assert len(heard(media)) == 320
    assert media.warnings == []


@pytest.mark.parametrize(("share", "warned"), [(0.5, ["film", "sound"]), (1, [])], ids=["cut short", "whole"])
def test_a_film_with_sound_that_was_cut_short_is_told(share, warned, tmp_path, opened):
    """Matroska says how long the longest of its streams is; here the sound is the shorter one."""
    path = film(tmp_path / "talk.mkv", *[0, 120, 240, 60] * 15, fps=10, sound=tone(4.0))
    content = path.read_bytes()
    path.write_bytes(content[: round(share * len(content))])
    media = opened(path)

    seen(media, range(0, 1000, 5))
    heard(media)

    assert [warning.split()[1] for warning in media.warnings] == warned
    assert all("of 6.0 seconds: the file was cut short" in warning for warning in media.warnings)


def test_a_stream_without_a_stated_length_is_read_to_its_end(tmp_path, opened):
    path = tmp_path / "recorded.webm"
    with path.open("wb") as file, av.open(Pipe(file), "w", format="webm") as container:
        encode(container, container.add_stream("libopus", rate=48_000, layout="mono"), tone(3.0))

    assert len(heard(opened(path))) / SOUND_RATE == pytest.approx(3.0, abs=0.05)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".ts"])
def test_sound_that_begins_late_keeps_its_time(suffix, tmp_path, opened):
    path = tmp_path / f"late{suffix}"
    with av.open(str(path), "w") as container:
        pictures, track = add_film(container, 10), container.add_stream("aac", rate=SOUND_RATE, layout="mono")
        show(container, pictures, range(40))
        encode(container, track, tone(2.0), begin=1.5)

    sound = heard(opened(path))

    assert level(sound[: round(1.4 * SOUND_RATE)]) < 0.001
    assert level(sound[round(1.7 * SOUND_RATE) : 3 * SOUND_RATE]) == pytest.approx(0.212, rel=0.05)
    assert len(sound) / SOUND_RATE == pytest.approx(3.5, abs=0.15)


def test_a_gap_within_the_sound_is_silence(tmp_path, opened):
    path = tmp_path / "gap.mka"
    with av.open(str(path), "w") as container:
        track = container.add_stream("flac", rate=SOUND_RATE, layout="mono")
        encode(container, track, tone(1.0), flush=False)
        encode(container, track, tone(1.0), begin=3.0)

    sound = heard(opened(path))

    assert len(sound) / SOUND_RATE == pytest.approx(4.0, abs=0.3)  # the encoder's blocks span the gap
    assert level(sound[: int(0.7 * SOUND_RATE)]) > 0.2
    assert level(sound[int(1.4 * SOUND_RATE) : int(2.6 * SOUND_RATE)]) < 0.01
    assert level(sound[-SOUND_RATE // 2 :]) > 0.2


@pytest.mark.parametrize("suffix", [".opus", ".mp3", ".ts", ".aac"])
def test_recordings_that_were_joined_byte_by_byte_are_one(suffix, tmp_path, opened):
    one = tmp_path / f"one{suffix}"
    if suffix == ".ts":
        with av.open(str(one), "w") as container:
            encode(container, container.add_stream("aac", rate=SOUND_RATE, layout="mono"), tone(2.0))
    else:
        talk(one, tone(2.0))
    both = tmp_path / f"both{suffix}"
    both.write_bytes(one.read_bytes() * 2)

    assert len(heard(opened(both))) / SOUND_RATE == pytest.approx(4.0, abs=0.4)


@pytest.mark.parametrize("suffix", [".mp3", ".aac", ".opus", ".webm", ".flac", ".mka"])
def test_damage_in_the_middle_costs_no_more_than_the_middle(suffix, tmp_path, opened):
    path = talk(tmp_path / f"damaged{suffix}", tone(6.0))
    content = bytearray(path.read_bytes())
    half, part = len(content) // 2, len(content) // 20
    content[half : half + part] = np.random.default_rng(1).bytes(part)
    path.write_bytes(content)

    sound = heard(opened(path))

    assert level(sound[: 2 * SOUND_RATE]) > 0.15
    assert len(sound) / SOUND_RATE > 4.5
    assert level(sound[-SOUND_RATE:]) > 0.15


def test_a_cover_is_no_film(tmp_path, opened):
    cover = picture(tmp_path / "cover.png", 200).read_bytes()
    body = b"\0image/png\0\x03\0" + cover
    frame = b"APIC" + struct.pack(">I", len(body)) + b"\0\0" + body
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    path = tmp_path / "covered.mp3"
    path.write_bytes(b"ID3\x03\0\0" + size + frame + talk(tmp_path / "talk.mp3").read_bytes())

    media = opened(path)

    assert media.file_type == "audio"
    assert seen(media) == []
    assert level(heard(media)) > 0.15


def test_names_within_a_file_may_be_in_any_encoding(tmp_path, opened):
    path = talk(tmp_path / "talk.wav")
    info = b"INFOINAM" + struct.pack("<I", 4) + b"\xe9\xff\xfe\0"
    path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", len(info)) + info)

    assert len(heard(opened(path))) == 2 * SOUND_RATE


# ── films


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi", ".webm"])
@pytest.mark.parametrize("sound", [None, tone(0.5)], ids=["silent", "with sound"])
def test_frames_of_any_container_come_in_order_with_their_times(suffix, sound, tmp_path, opened):
    media = opened(film(tmp_path / f"film{suffix}", *range(0, 250, 25), fps=25, sound=sound))

    frames = seen(media)

    assert (media.file_type, media.fps) == ("video_no_audio" if sound is None else "video", 25.0)
    assert [frame.index for frame in frames] == list(range(10))
    assert [frame.time for frame in frames] == [k / 25 for k in range(10)]
    assert [frame.image.mean() for frame in frames] == pytest.approx(list(range(0, 250, 25)), abs=4)
    assert {(f.image.shape, f.image.dtype.name, f.image.flags.c_contiguous) for f in frames} == {
        ((48, 64, 3), "uint8", True)
    }


def test_only_the_wanted_frames_are_given(tmp_path, opened):
    media = opened(film(tmp_path / "film.mp4", *range(0, 250, 10)))

    assert [f.index for f in seen(media, [0, 8, 17, 24, 25, 90])] == [0, 8, 17, 24]
    assert seen(media, []) == []


@pytest.mark.parametrize("wanted", [range(60), [0, 1, 7, 8, 20, 41, 59]], ids=["all", "chosen"])
def test_frames_of_an_avi_whose_pictures_are_stored_out_of_order_are_the_right_ones(wanted, tmp_path, opened):
    path = tmp_path / "film.avi"
    with av.open(str(path), "w") as container:
        stream = add_film(container, 30)
        stream.options = {"crf": "5", "bf": "3", "b-adapt": "0"}
        show(container, stream, range(0, 240, 4), rate=120)

    frames = seen(opened(path), wanted)

    assert [frame.index for frame in frames] == list(wanted)
    assert [frame.time for frame in frames] == pytest.approx([k / 30 for k in wanted])
    assert [round(frame.image.mean() / 4) for frame in frames] == list(wanted)


def test_times_are_exact_at_broken_rates(tmp_path, opened):
    rate = Fraction(30000, 1001)

    media = opened(film(tmp_path / "film.mkv", *[90] * 40, fps=float(rate)))  # which counts milliseconds

    assert [frame.time for frame in seen(media)] == [k / media.fps for k in range(40)]
    assert media.fps == pytest.approx(float(rate), rel=1e-6)


def test_frames_that_come_unevenly_are_numbered_in_order_and_shown_when_they_say(tmp_path, opened):
    shown = [0, 1, 2, 10, 11, 30, 31, 60]  # tenths of a second
    path = tmp_path / "uneven.mkv"
    with av.open(str(path), "w") as container:
        show(container, add_film(container, 10), shown)

    frames = seen(opened(path))

    assert [frame.index for frame in frames] == list(range(8))
    assert [frame.time for frame in frames] == pytest.approx([tenth / 10 for tenth in shown], abs=0.002)


def test_a_rate_that_the_recorder_made_up_is_not_believed(tmp_path, opened):
    path = tmp_path / "browser.webm"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        show(container, stream, range(0, 2000, 40), rate=1000)

    media = opened(path)

    assert media.fps == pytest.approx(25, rel=0.01)
    assert [frame.time for frame in seen(media)][:3] == pytest.approx([0, 0.04, 0.08], abs=0.002)


def test_a_film_that_begins_after_its_sound_keeps_its_time(tmp_path, opened):
    path = tmp_path / "late.mkv"
    with av.open(str(path), "w") as container:
        pictures, track = (
            add_film(container, 10),
            container.add_stream("flac", rate=SOUND_RATE, layout="mono"),
        )
        encode(container, track, tone(5.0))
        show(container, pictures, range(20, 40))

    media = opened(path)

    assert seen(media)[0].time == pytest.approx(2.0, abs=0.01)
    assert len(heard(media)) == 5 * SOUND_RATE


@pytest.mark.parametrize(
    ("turn", "corner"),
    [
        pytest.param((0, False, False), (0, 0), id="upright"),
        pytest.param((90, False, False), (1, 0), id="a quarter turn to the left"),
        pytest.param((180, False, False), (1, 1), id="upside down"),
        pytest.param((-90, False, False), (0, 1), id="a quarter turn to the right"),
        pytest.param((0, True, False), (0, 1), id="mirrored, as selfies are"),
        pytest.param((0, False, True), (1, 0), id="mirrored upside down"),
    ],
)
def test_a_film_is_turned_upright(turn, corner, tmp_path, opened):
    image = grey(0)
    image[:24, :32] = 255  # one bright corner
    path = tmp_path / "turned.mp4"
    with av.open(str(path), "w") as container:
        stream = add_film(container, 10)
        stream.set_display_rotation(turn[0], hflip=turn[1], vflip=turn[2])
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))

    shown = seen(opened(path))[0].image

    assert shown.shape == ((64, 48, 3) if turn[0] in {90, -90} else (48, 64, 3))
    height, width = shown.shape[0] // 2, shown.shape[1] // 2
    down, right = corner
    quarter = shown[down * height : (down + 1) * height, right * width : (right + 1) * width]
    assert quarter.mean() > 200
    assert shown.mean() < 100


def test_pixels_that_are_not_square_are_stretched(tmp_path, opened):
    path = tmp_path / "wide.mp4"
    with av.open(str(path), "w") as container:
        stream = add_film(container, 10)
        stream.codec_context.sample_aspect_ratio = Fraction(3, 2)
        show(container, stream, range(3))

    assert seen(opened(path))[0].image.shape == (48, 96, 3)


def test_a_film_that_names_colours_which_cannot_be_undone_is_read(tmp_path, opened):
    frames = seen(opened(strange_film(tmp_path / "film.mp4", 100)))

    assert [round(frame.image.mean()) for frame in frames] == pytest.approx([100] * 3, abs=3)


def test_a_film_in_fragments_is_read_to_its_end(tmp_path, opened):
    path = tmp_path / "fragments.mp4"
    with av.open(str(path), "w", options={"movflags": "frag_keyframe+empty_moov"}) as container:
        stream = add_film(container, 10)
        stream.codec_context.gop_size = 5
        show(container, stream, range(20))

    media = opened(path)

    assert len(seen(media)) == 20
    assert media.fps == pytest.approx(10, rel=0.01)


def test_a_stream_that_begins_on_the_way_is_passed_over(tmp_path, opened):
    """As the titles do that servers write into a live film."""
    path = film(tmp_path / "live.flv", *[0, 120, 240] * 20, sound=tone(2.0))
    content = path.read_bytes()
    before = seen(opened(path)), heard(opened(path))
    title = b"\x02\0\x0aonTextData\x08\0\0\0\1\0\4text\x02\0\2Hi\0\0\x09"
    tag = b"\x12" + struct.pack(">I", len(title))[1:] + bytes(7) + title + struct.pack(">I", len(title) + 11)
    at = 13
    for _ in range(60):
        at += int.from_bytes(content[at + 1 : at + 4], "big") + 15
    path.write_bytes(content[:at] + tag + content[at:])

    media = opened(path)

    assert [frame.time for frame in seen(media)] == [frame.time for frame in before[0]]
    assert np.array_equal(heard(media), before[1])


def test_damage_in_the_middle_of_a_film_costs_no_more_than_the_middle(tmp_path, opened):
    path = film(tmp_path / "film.mkv", *[40, 200] * 100)
    content = bytearray(path.read_bytes())
    half, part = len(content) // 2, len(content) // 20
    content[half : half + part] = np.random.default_rng(1).bytes(part)
    path.write_bytes(content)

    frames = seen(opened(path))

    assert 100 < len(frames) <= 200
    assert frames[-1].time == pytest.approx(199 / 30, abs=0.002)
    assert all(b.time > a.time for a, b in pairwise(frames))


@pytest.mark.parametrize("suffix", [".gif", ".png"])
def test_pictures_that_do_not_move_are_pictures(suffix, tmp_path, opened):
    assert opened(picture(tmp_path / f"still{suffix}")).file_type == "image"


def test_a_gif_that_moves_is_a_film(tmp_path, opened):
    path = tmp_path / "moving.gif"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb8"
        for dark in (0, 255, 0):
            frame = av.VideoFrame.from_ndarray(grey(dark), format="rgb24")
            container.mux(stream.encode(frame.reformat(format="rgb8")))
        container.mux(stream.encode(None))

    media = opened(path)

    assert (media.file_type, media.fps) == ("video_no_audio", 10.0)
    assert [round(f.image.mean()) for f in seen(media)] == pytest.approx([0, 255, 0], abs=3)


def test_a_gif_that_moves_may_be_too_large(tmp_path, opened):
    path = tmp_path / "moving.gif"
    first, other = (PIL.Image.fromarray(grey(level)) for level in (0, 240))
    first.save(path, save_all=True, append_images=[other])

    with pytest.raises(PictureTooLarge):
        opened(path, max_pixels=1000)


def test_a_gif_whose_last_picture_stays_for_long_was_not_cut_short(tmp_path, opened):
    path = tmp_path / "moving.gif"
    first, *others = (PIL.Image.fromarray(grey(level)) for level in (0, 120, 240))
    first.save(path, save_all=True, append_images=others, duration=[100, 100, 5000])

    media = opened(path)

    assert [round(frame.image.mean()) for frame in seen(media)] == pytest.approx([0, 120, 240], abs=3)
    assert media.warnings == []


@pytest.mark.parametrize("shown", [50, 0])
def test_a_webp_that_moves_is_a_film(shown, tmp_path, opened):
    levels = [10, 240, 90]
    path = moving_webp(tmp_path / "moving.webp", levels, shown)

    media = opened(path)
    frames = seen(media)

    step = shown / 1000 or 0.1
    assert (media.file_type, media.fps) == ("video_no_audio", pytest.approx(1 / step))
    assert [f.time for f in frames] == pytest.approx([0, step, 2 * step])
    assert [round(f.image.mean()) for f in frames] == pytest.approx(levels, abs=3)
    (last,) = seen(media, [2, 3])
    assert (last.index, round(last.image.mean())) == (2, pytest.approx(90, abs=3))
    assert list(media.sound()) == []


def test_a_webp_that_moves_may_be_damaged_too_large_or_too_long(tmp_path, opened):
    path = moving_webp(tmp_path / "moving.webp", [10, 240, 90], 2000)

    with pytest.raises(PictureTooLarge):
        opened(path, max_pixels=1000)
    with pytest.raises(MediaTooLarge):
        opened(path, max_media_hours=0.001)
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes(100) + content[200:])
    with pytest.raises(BrokenMedia):
        seen(opened(path))


def moving_webp(path, levels, shown):
    """Noise around some levels; each is shown for some milliseconds."""
    noise = np.random.default_rng(0).integers(-9, 10, (48, 64, 3))
    first, *others = (PIL.Image.fromarray((grey(level) + noise).astype(np.uint8)) for level in levels)
    first.save(path, save_all=True, append_images=others, duration=shown, lossless=True)
    return path


def test_a_png_that_moves_is_a_film(tmp_path, opened):
    path = tmp_path / "moving.png"
    first, *others = (PIL.Image.fromarray(grey(level)) for level in (10, 240, 90))
    first.save(path, save_all=True, append_images=others, duration=[200, 100, 100])

    media = opened(path)
    frames = seen(media)

    assert (media.file_type, media.has_sound) == ("video_no_audio", False)
    assert [f.time for f in frames] == pytest.approx([0, 0.2, 0.3], abs=0.001)
    assert [round(f.image.mean()) for f in frames] == [10, 240, 90]
    with pytest.raises(PictureTooLarge):
        opened(path, max_pixels=1000)


def test_a_png_that_could_move_but_has_one_picture_is_a_picture(tmp_path, opened):
    path = tmp_path / "still.png"
    PIL.Image.fromarray(grey(120)).save(path)
    content = path.read_bytes()
    control = struct.pack(">4sII", b"acTL", 1, 0)
    path.write_bytes(
        content[:33] + struct.pack(">I", 8) + control + struct.pack(">I", zlib.crc32(control)) + content[33:]
    )

    assert opened(path).file_type == "image"


# ── pictures


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_an_avif_is_seen_however_transparent_it_is(mode, tmp_path, opened):
    path = tmp_path / "picture.avif"
    image = PIL.Image.fromarray(grey(100)).convert(mode)
    if mode != "RGB":
        image.putalpha(200)
    image.save(path, quality=90)

    (frame,) = seen(opened(path))

    assert frame.image.shape == (48, 64, 3)
    assert frame.image.mean() == pytest.approx(100, abs=2)


@pytest.mark.parametrize(("suffix", "cut"), [(".jpg", 50_000), (".png", 12)])
@pytest.mark.parametrize("more", [b"", b"what some cameras write after the end"])
def test_a_picture_that_was_cut_short_says_so(suffix, cut, more, tmp_path, opened):
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    path = tmp_path / f"picture{suffix}"
    PIL.Image.fromarray(noise).save(path)
    content = path.read_bytes()

    path.write_bytes(content + more)
    assert not opened(path).warnings

    path.write_bytes(with_orientation(content, 6)[:-cut])
    media = opened(path)
    assert len(seen(media)) == 1
    (warning,) = media.warnings
    assert "cut short" in warning


def test_a_picture_of_which_nothing_is_left_is_said_to_be_cut_short(tmp_path, opened):
    path = picture(tmp_path / "picture.png")
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"IDAT") + 8])

    with pytest.raises(BrokenMedia, match="the file was cut short"):
        seen(opened(path))


@pytest.mark.parametrize("suffix", [".bmp", ".gif", ".jpg", ".png", ".tiff", ".webp"])
def test_a_picture_of_any_kind_is_one_frame(suffix, tmp_path, opened):
    media = opened(picture(tmp_path / f"picture{suffix}", 100))

    (frame,) = seen(media)

    assert (media.file_type, media.fps, media.has_sound) == ("image", 0.0, False)
    assert (frame.index, frame.time, frame.image.shape) == (0, 0.0, (48, 64, 3))
    assert frame.image.mean() == pytest.approx(100, abs=2)
    assert list(media.sound()) == []


@pytest.mark.parametrize("pix_fmt", ["rgba", "gray", "ya8", "rgb48be", "gray16be", "monob"])
def test_pixels_of_any_kind_are_eight_bits_of_rgb(pix_fmt, tmp_path, opened):
    path = picture(tmp_path / "picture.png", 255, pix_fmt=pix_fmt)

    (frame,) = seen(opened(path))

    assert frame.image.dtype == np.uint8
    assert (frame.image >= 254).all()


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (2, (0, 1)), (3, (1, 1)), (4, (1, 0)), (5, (0, 0)), (6, (0, 1)), (7, (1, 1)), (8, (1, 0))],
)
def test_a_picture_is_turned_upright(orientation, corner, suffix, tmp_path, opened):
    image = grey(0)
    image[:24, :32] = 255
    path = picture(tmp_path / f"turned{suffix}", image)
    path.write_bytes(with_orientation(path.read_bytes(), orientation))

    (frame,) = seen(opened(path))

    assert frame.image.shape == ((48, 64, 3) if orientation < 5 else (64, 48, 3))
    height, width = frame.image.shape[0] // 2, frame.image.shape[1] // 2
    down, right = corner
    assert frame.image[down * height : (down + 1) * height, right * width : (right + 1) * width].mean() > 200
    assert frame.image.mean() < 100


def test_a_png_that_says_last_how_it_is_turned_is_turned(tmp_path, opened):
    image = grey(0)
    image[:24, :32] = 255
    path = picture(tmp_path / "turned.png", image)
    content = path.read_bytes()
    exif = with_orientation(content, 6)[33:][: -len(content[33:])]
    path.write_bytes(content[:-12] + exif + content[-12:])

    (frame,) = seen(opened(path))

    assert frame.image.shape == (64, 48, 3)
    assert frame.image[:32, 24:].min() == 255
    assert frame.image.mean() < 100


@pytest.mark.parametrize("grey_of_sixteen_bits", [False, True])
def test_a_tiff_in_tiles_is_seen(grey_of_sixteen_bits, tmp_path, opened):
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    if grey_of_sixteen_bits:
        image[:] = image[..., :1]
    path = tmp_path / "tiled.tiff"
    path.write_bytes(tiled(image[..., 0].astype("<u2") << 8 if grey_of_sixteen_bits else image))

    (frame,) = seen(opened(path))

    np.testing.assert_array_equal(frame.image, image)


def test_a_tiff_with_jpeg_inside_is_seen_and_turned(tmp_path, opened):
    image = grey(0)
    image[:24, :32] = 255
    path = tmp_path / "scan.tiff"
    PIL.Image.fromarray(image).save(path, compression="jpeg", quality=95, tiffinfo={0x0112: 6})

    (frame,) = seen(opened(path))

    assert frame.image.shape == (64, 48, 3)
    assert frame.image[:32, 24:].mean() > 240
    assert frame.image.mean() < 100


def test_a_tiff_that_says_last_what_it_holds_is_seen(tmp_path, opened):
    noise = np.random.default_rng(0).integers(150, 250, (800, 1200, 3), dtype=np.uint8)
    path = tmp_path / "scan.tiff"
    PIL.Image.fromarray(noise).save(path, compression="jpeg", quality=95)
    assert struct.unpack("<I", path.read_bytes()[4:8])[0] > 1 << 20

    (frame,) = seen(opened(path))

    assert frame.image.mean() == pytest.approx(200, abs=5)


@pytest.mark.parametrize(("kind", "warned"), [(0, True), (1, False)], ids=["page", "thumbnail"])
def test_what_is_not_measured_of_a_tiff_is_told(kind, warned, tmp_path, opened):
    first, other = (PIL.Image.fromarray(grey(level)) for level in (100, 200))
    other.encoderinfo = {"tiffinfo": {0x00FE: kind}}
    first.save(tmp_path / "scan.tiff", save_all=True, append_images=[other])

    media = opened(tmp_path / "scan.tiff")

    assert [round(frame.image.mean()) for frame in seen(media)] == [100]
    assert list(media.warnings) == ["the file holds several images; only the first was measured"] * warned


def test_a_tiff_in_tiles_with_too_many_pixels_is_refused(tmp_path, opened):
    path = tmp_path / "tiled.tiff"
    path.write_bytes(tiled(grey(100)))

    with pytest.raises(PictureTooLarge):
        seen(opened(path, max_pixels=1000))


@pytest.mark.parametrize(
    "exif",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"II*\0", id="cut short"),
        pytest.param(b"II*\0\xff\xff\xff\xff", id="points out of itself"),
        pytest.param(b"MM\0*\0\0\0\x08\xff\xff", id="promises tags"),
        pytest.param(b"II*\0\0\0\0\0", id="promises none"),
        pytest.param(b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x63\0\0\0", id="says 99"),
    ],
)
def test_exif_that_makes_no_sense_is_ignored(exif, tmp_path, opened):
    path = picture(tmp_path / "picture.jpg", 100)
    content = path.read_bytes()
    segment = b"Exif\0\0" + exif
    path.write_bytes(content[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + content[2:])

    assert seen(opened(path))[0].image.mean() == pytest.approx(100, abs=2)


# ── texts and landmarks


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param("Grüße, 世界 👋\n".encode(), "Grüße, 世界 👋\n", id="UTF-8"),
        pytest.param(b"\xef\xbb\xbfhello", "hello", id="UTF-8 that says so"),
        pytest.param("hello 世界".encode("utf-16"), "hello 世界", id="UTF-16 that says so"),
        pytest.param(b"\xfe\xff" + "hello".encode("utf-16-be"), "hello", id="UTF-16 the other way round"),
        pytest.param(b"12", "12", id="a number"),
        pytest.param(b'"quoted"', '"quoted"', id="a word in quotes"),
        pytest.param(b"[laughs] oh no", "[laughs] oh no", id="no JSON"),
        pytest.param(b" \n", " \n", id="white space"),
        pytest.param(("a" * 70_000 + "é").encode(), "a" * 70_000 + "é", id="longer than is looked at"),
        pytest.param(("a" * 65_535 + "é").encode(), "a" * 65_535 + "é", id="a letter across the look"),
    ],
)
def test_a_text_is_what_it_says(content, text, tmp_path, opened):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)

    media = opened(path)

    assert (media.file_type, media.text) == ("text", text)
    assert (media.has_sound, media.has_frames, seen(media), list(media.sound())) == (False, False, [], [])


@pytest.mark.parametrize("text", ["Café – ‘naïve’\r\n", "a" * 70_000 + "é"], ids=["short", "late"])
@pytest.mark.parametrize("name", ["notes.txt", "talk.SRT", "table.csv"])
def test_a_text_of_windows_is_read_with_a_warning(name, text, tmp_path, opened):
    path = tmp_path / name
    path.write_bytes(text.encode("cp1252"))

    media = opened(path)

    assert (media.file_type, media.text) == ("text", text)
    assert "Windows-1252" in media.warnings[0]


def packed(name, kind):
    content = io.BytesIO()
    if kind == "tar":
        with tarfile.open(fileobj=content, mode="w") as archive:
            archive.addfile(tarfile.TarInfo(name))
    else:
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr(name, "Good!")
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(packed("a.txt", "zip"), id="zip"),
        pytest.param(packed("a.txt", "zip")[:40], id="zip that was cut short"),
        pytest.param(packed("a.txt", "tar"), id="tar"),
        pytest.param(b"\x28\xb5\x2f\xfd" + bytes(50), id="zstd"),
    ],
)
def test_an_archive_that_got_this_far_is_told_why_it_stays_closed(content, settings):
    with pytest.raises(UnknownFileType, match="unable to determine file type: it is packed"):
        open_media(content, "inner", settings)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"%PDF-1.7\n%\xe2\xe3", id="PDF"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", id="Word 97"),
        pytest.param(packed("[Content_Types].xml", "zip"), id="Word, within an archive"),
    ],
)
def test_of_a_document_is_said_what_to_do(head, settings):
    with pytest.raises(UnknownFileType, match="it is a document; save what is written in it"):
        open_media(head + bytes(1000), "transcript", settings)


@pytest.mark.parametrize(
    ("name", "content"),
    [("notes.bin", b"Caf\xe9 ole"), ("notes.txt", b"Caf\xe9\x01"), ("notes.txt", b"Caf\xe9 \x81")],
)
def test_other_bytes_are_no_text_of_windows(name, content, tmp_path, opened):
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(UnknownFileType):
        opened(path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-32", "shift-jis"])
def test_a_text_whose_encoding_cannot_be_told_is_told_what_to_do(encoding, tmp_path, opened):
    path = tmp_path / "notes.txt"
    path.write_bytes("今日はとても嬉しいです。".encode(encoding))

    with pytest.raises(UnknownFileType, match=r"unable to determine file type: .* save it in UTF-8"):
        opened(path)


@pytest.mark.parametrize("before", ["", "\n", "<!-- saved from url=(0014)about:internet -->\n<!-- -->"])
@pytest.mark.parametrize("begin", ["<!DOCTYPE html>", "<html>", "<svg xmlns='http://www.w3.org/2000/svg'>"])
def test_markup_is_no_text(before, begin, settings):
    with pytest.raises(UnknownFileType, match="it is a web page"):
        open_media(f"{before}{begin}Good!".encode(), "page", settings)


def test_comments_that_nothing_follows_cost_no_time(settings):
    text = "<!---->" * 140 + "Good!"

    assert open_media(text.encode(), "page", settings).text == text


@pytest.mark.parametrize("name", ["talk.srt", "talk.VTT", "comments.csv", "comments.jsonl"])
def test_what_is_read_besides_the_words_of_a_file_is_told(name, settings):
    (warning,) = open_media(b"1\n00:00:01,000 --> 00:00:02,000\nGood!\n", name, settings).warnings

    assert "one text" in warning


def test_a_text_that_was_sent_is_kept_as_it_is():
    media = text_media(" <html> \0 ", "3")

    assert (media.name, media.file_type, media.text) == ("3", "text", " <html> \0 ")


@pytest.mark.parametrize("name", ["talk.mp3", "film.mp4", "picture.jpg", "words.txt"])
def test_bytes_are_opened_as_the_file_is(name, tmp_path, opened, settings):
    path = tmp_path / name
    match path.suffix:
        case ".mp3":
            talk(path)
        case ".mp4":
            film(path, *range(0, 250, 25), sound=tone(0.3))
        case ".jpg":
            picture(path)
        case _:
            path.write_text("Grüße")
    file, sent = opened(path), open_media(path.read_bytes(), name, settings)

    assert (sent.file_type, sent.fps, sent.duration, sent.text) == (
        file.file_type,
        file.fps,
        file.duration,
        file.text,
    )
    assert np.array_equal(heard(sent), heard(file))
    assert [frame.image.mean() for frame in seen(sent)] == [frame.image.mean() for frame in seen(file)]


@pytest.mark.parametrize("count", [1, 3, 100])
def test_landmarks_are_meshes(count, tmp_path, opened):
    path = tmp_path / "faces.json"
    path.write_text(str([mesh(width).tolist() for width in range(count)]))

    media = opened(path)

    assert (media.file_type, len(media.meshes), media.text) == ("facemesh", count, None)
    assert [float(np.ptp(points[:, 0])) for points in media.meshes] == list(range(count))


def test_one_face_need_not_be_in_a_list(tmp_path, opened):
    path = tmp_path / "face"
    path.write_text(str(mesh(2.0).tolist()))

    (points,) = opened(path).meshes

    assert points.shape == (478, 3)
    assert points.dtype == np.float32


# ── limits


def test_what_lasts_longer_than_allowed_is_refused_before_it_is_decoded(tmp_path, opened):
    path = talk(tmp_path / "talk.flac", tone(20.0))

    with pytest.raises(MediaTooLarge, match=r"lasts longer than the 0\.005 hours"):
        opened(path, max_media_hours=0.005)


@pytest.mark.parametrize("suffix", [".mp3", ".aac"])
def test_what_does_not_say_how_long_it_lasts_is_refused_once_it_lasts_too_long(suffix, tmp_path, opened):
    media = opened(talk(tmp_path / f"talk{suffix}", tone(20.0)), max_media_hours=0.003)

    pieces = media.sound()

    assert len(next(pieces)) >= SOUND_RATE
    with pytest.raises(MediaTooLarge):
        list(pieces)


def test_a_film_is_refused_once_it_lasts_too_long(tmp_path, opened):
    path = tmp_path / "live.mkv"
    with path.open("wb") as file, av.open(Pipe(file), "w", format="matroska") as container:
        show(container, add_film(container, 10), range(200))

    with pytest.raises(MediaTooLarge):
        seen(opened(path, max_media_hours=0.003))


@pytest.mark.parametrize("suffix", [".bmp", ".gif", ".jpg", ".png", ".tiff", ".webp"])
def test_a_picture_with_too_many_pixels_is_refused(suffix, tmp_path, opened):
    path = picture(tmp_path / f"large{suffix}", width=400, height=300)

    with pytest.raises(MediaTooLarge, match="400 × 300 pixels"):
        seen(opened(path, max_pixels=100_000))


def test_a_film_with_too_many_pixels_is_refused(tmp_path, opened):
    with pytest.raises(MediaTooLarge):
        opened(film(tmp_path / "film.mp4", 0, 0, width=400, height=300), max_pixels=100_000)


def test_a_text_that_is_too_long_is_refused(tmp_path, opened):
    path = tmp_path / "long.txt"
    path.write_text("word " * 1000)

    with pytest.raises(MediaTooLarge):
        opened(path, max_text_mb=0.004)


# ── what is real


def test_a_real_recording_is_heard(shared, opened):
    sound = heard(opened(shared / "media" / "jfk.flac"))

    assert len(sound) == 11 * SOUND_RATE
    assert 0.01 < level(sound) < 0.5


def test_a_real_film_is_seen_and_heard(shared, opened):
    media = opened(shared / "media" / "talking_face.mp4")

    frames = seen(media, range(0, 10_000, 100))

    assert media.file_type == "video"
    assert [frame.time for frame in frames] == [frame.index / media.fps for frame in frames]
    assert len(frames) == 5
    assert media.warnings == []


# ── made by hand


class Pipe:
    """Somewhere to write where nobody can go back and fill in a length."""

    def __init__(self, file):
        self.write = file.write


def wav(samples: bytes, channels=1, kind=1, bits=16, stated=None, rate=SOUND_RATE) -> bytes:
    block = channels * bits // 8
    size = len(samples) if stated is None else stated
    header = struct.pack("<HHIIHH", kind, channels, rate, rate * block, block, bits)
    return (
        b"RIFF" + struct.pack("<I", min(size + 36, 0xFFFFFFFF)) + b"WAVEfmt \x10\0\0\0" + header
        + b"data" + struct.pack("<I", size) + samples
    )  # fmt: skip


STEADY = list(range(150))
UNSTEADY = [tick + tick // 7 + (tick % 5 == 0) * (tick > 60) for tick in range(0, 300, 2)]


@pytest.mark.parametrize("cut", [0, 5], ids=["whole", "begins in the middle"])
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("ticks", [STEADY, UNSTEADY], ids=["steady", "unsteady"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_pictures_that_are_passed_over_change_nothing_of_those_that_are_not(
    suffix, ticks, threads, cut, tmp_path, settings
):
    """Those on which no other rests are not even decoded; numbers, times and pixels stay."""
    path = tmp_path / f"film{suffix}"
    with av.open(str(path), "w") as container:
        stream = add_film(container, 30)
        packets = [packet for tick in ticks for packet in stream.encode(_moved(tick))]
        for packet in [*packets, *stream.encode(None)][cut:]:
            container.mux(packet)
    media = open_media(path, "film", settings.model_copy(update={"threads": threads}))
    every = {frame.index: frame for frame in seen(media, range(len(ticks)))}

    for wanted in (range(0, 150, 8), (5, 6, 77, 140), range(3, 150, 40), (0, 400)):
        found = seen(media, wanted)

        assert [one.index for one in found] == [n for n in wanted if n in every]
        assert all(one.time == every[one.index].time for one in found)
        assert all((one.image == every[one.index].image).all() for one in found)


def _moved(tick):
    """A picture whose edges lie elsewhere in each: encoders then use pictures between pictures."""
    image = np.full((48, 64, 3), 60, np.uint8)
    image[10:30, tick % 40 : tick % 40 + 20] = (tick * 3) % 256
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    frame.pts, frame.time_base = tick, Fraction(1, 30)
    return frame


def add_film(container, rate):
    stream = container.add_stream("libx264", rate=rate)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    return stream


def show(container, stream, ticks, rate=10):
    for tick in ticks:
        frame = av.VideoFrame.from_ndarray(grey(tick % 256), format="rgb24")
        frame.pts, frame.time_base = tick, Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def encode(container, stream, sound, begin=0.0, flush=True):
    frame = av.AudioFrame.from_ndarray(sound[np.newaxis], format="fltp", layout="mono")
    frame.sample_rate, frame.time_base = SOUND_RATE, Fraction(1, SOUND_RATE)
    frame.pts = round(begin * SOUND_RATE)
    container.mux(stream.encode(frame))
    if flush:
        container.mux(stream.encode(None))


def tiled(image) -> bytes:
    """A TIFF in tiles of 16 × 16 pixels, as they are."""
    height, width = image.shape[:2]
    tiles = [
        image[y : y + 16, x : x + 16].tobytes() for y in range(0, height, 16) for x in range(0, width, 16)
    ]
    size, bits = len(tiles[0]), 8 * image.itemsize
    tags = {0x0100: [width], 0x0101: [height], 0x0102: [bits] * (3 if image.ndim == 3 else 1), 0x0103: [1]}
    tags |= {0x0106: [2 if image.ndim == 3 else 1], 0x0115: [3 if image.ndim == 3 else 1]}
    tags |= {0x0142: [16], 0x0143: [16]}
    begin = 8 + 2 + 12 * (len(tags) + 2) + 4
    after = begin + 2 * 4 * len(tiles) + 4 * 3
    tags |= {0x0144: [after + size * k for k in range(len(tiles))], 0x0145: [size] * len(tiles)}
    entries, more = b"", b""
    for tag, values in sorted(tags.items()):
        content = struct.pack(f"<{len(values)}I", *values)
        if len(content) > 4:
            content, more = struct.pack("<I", begin + len(more)), more + content
        entries += struct.pack("<HHI", tag, 4, len(values)) + content
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)
    return (head + more).ljust(after, b"\0") + b"".join(tiles)


def with_orientation(content: bytes, orientation: int) -> bytes:
    exif = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0) + bytes(4)
    if content.startswith(b"\xff\xd8"):
        segment = b"Exif\0\0" + exif
        return content[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + content[2:]
    chunk = b"eXIf" + exif
    chunk = struct.pack(">I", len(exif)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return content[:33] + chunk + content[33:]


def test_a_wav_whose_samples_are_another_format_in_disguise_is_heard_as_that(tmp_path, opened):
    hidden = tmp_path / "sound.spdif"
    wave = np.sin(2 * np.pi * 440 * np.arange(1536 * 90) / 48_000).astype(np.float32)
    with av.open(str(hidden), "w", format="spdif") as container:
        track = container.add_stream("ac3", rate=48_000, layout="stereo")
        for number, part in enumerate(np.split(wave, 90)):
            frame = av.AudioFrame.from_ndarray(np.stack([part, part]), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = 48_000, 1536 * number
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    path = tmp_path / "sound.wav"
    path.write_bytes(wav(hidden.read_bytes(), channels=2, rate=48_000))

    sound = heard(opened(path))

    assert len(sound) == pytest.approx(90 * 512, abs=1000)
    assert np.argmax(np.abs(np.fft.rfft(sound[: 2 * SOUND_RATE]))) == 2 * 440
