"""A file becomes Media. The only importer of PyAV.

A file is opened for what it holds, and through a Python file object: FFmpeg is told neither its name
nor its folder, may use no protocol and open nothing besides, and is left the demuxers of single files.
"""

import os
import re
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from io import BytesIO
from itertools import accumulate, islice, tee
from math import inf
from pathlib import Path
from threading import local
from typing import Any, BinaryIO, NoReturn, TypeAlias, TypeVar, cast

import av
import numpy as np
import PIL.Image
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.sidedata.sidedata import SideData
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, VideoReformatter
from av.video.stream import VideoStream

from mien.errors import BrokenMedia, MediaError, MediaTooLarge, PictureTooLarge, UnknownFileType
from mien.media import Media, Wanted
from mien.media.archives import is_document
from mien.media.headers import (
    Header,
    is_longer_than_stated,
    read_durations,
    read_header,
    read_wav_length,
)
from mien.media.kinds import (
    DOCUMENTS,
    HEAD,
    PROBED,
    SAVE_AS_TEXT,
    SAVE_AS_UTF8,
    UNPACK,
    demuxer_of,
    encoding_of,
    is_packed,
    is_picture,
    promises_text,
)
from mien.media.written import Written, read_written
from mien.settings import Settings
from mien.types import SOUND_RATE, FileType, Frame, Image, Sound

__all__ = ["open_media", "text_media"]

F = TypeVar("F", AudioFrame, VideoFrame)

Opener: TypeAlias = Callable[[], BinaryIO]
"""Opens a file anew, at its beginning."""

KEPT = 600
"""Seconds of sound that are kept in memory (38 MB), as it is asked several times: where somebody speaks, how,
and what. Longer sound is decoded each time."""

WAITING = 1 << 16
"""Samples, at most, that wait to be resampled with others, whatever rate a file says it has."""

MAX_RATE = 10_000_000
"""Samples a second that sound may have, which is more than any has: at ten times as many, resampling can take
a gigabyte."""

LATE = 0.01
"""Seconds that sound may begin after its file before silence is put in front of it."""

LATE_FILM = 0.5
"""Seconds that a film may begin after its sound and still count as opener with it: encoders shift it."""

GAP = 0.1
"""Seconds that may be missing within sound before silence is put in their place."""

BELIEVED_GAP = 60.0
"""Longest gap that is believed where a file does not say how long it is."""

ROUNDED = 0.001
"""Seconds by which a container may round the time of a frame."""

LOOKED_AT = 300
"""Frames whose times are looked at where a file does not say how many it has."""

BAD_READS = 100
"""Times in a row that a damaged file may fail to give its next packet before it counts as ended."""

BAD_PACKETS = 2
"""Damaged packets that nobody is told of: recordings that were cut have one at either end."""

CUT_SHORT = 0.9
"""Share of the stated length below which a file counts as cut short."""

CANCELLED = 1 / 20
"""Of the power of the loudest channel, what at least is left of it in a mixture that is one."""

SPARING = frozenset({"h264", "hevc"})
"""Codecs whose pictures say whether others rest on them: one that nobody wants is not decoded then."""

AHEAD, BEHIND = 32, 512
"""Packets that are read ahead of a picture, to know its number (both codecs move one by 16 at most), and
whose times are remembered after it (decoders hold back one a thread besides)."""

_ESTIMATED = frozenset({"aac", "ac3", "amr", "dts", "eac3", "loas", "mp3", "mpegvideo"})
"""Formats that do not say how long they are: what FFmpeg says of them is a guess from the bit rate."""

_RANGES = {"uint8": (128, 128), "int16": (0, 1 << 15), "int32": (0, 1 << 31)}
"""Where silence lies among whole numbers, and how far from it the loudest."""

_OPTIONS = {"wav": {"max_size": "8192", "max_probe_packets": "1"}}
"""How FFmpeg reads a format: packets of twice as many bytes, each of which takes as long to pass on; and
looks in the first alone whether samples are something else in disguise, where by itself it goes through all
of a short recording. That look takes half a millisecond, and 1.3 in packets twice as long again."""

_HALF = re.compile(r"[\ud800-\udfff]")

UNSTATED = 0.1
"""Seconds that a picture of an animation is shown which does not say how long, as browsers do."""

_FOREIGN = (FFmpegError, ValueError, RuntimeError, MemoryError)
"""What PyAV raises on damaged input."""

_OF_PILLOW = (OSError, EOFError, SyntaxError, ValueError, MemoryError, PIL.Image.DecompressionBombError)
"""What pillow raises on it."""


def open_media(source: Path | bytes, name: str, settings: Settings) -> Media:
    """Open a file, or the bytes of one, by its content, whatever its name says.

    Raises:
        UnknownFileType: it is neither sound, film, picture, text nor face landmarks.
        BrokenMedia: it is one of them, but nothing of it can be used.
        MediaTooLarge: it is longer or larger than the settings allow.
    """

    def opener() -> BinaryIO:
        return BytesIO(source) if isinstance(source, bytes) else source.open("rb")

    with opener() as file:
        head = file.read(HEAD)
    if not head:
        raise BrokenMedia("the file is empty")
    if (encoding := encoding_of(head, name)) is not None:
        with opener() as file:
            return read_written(file, name, encoding, settings)
    if is_packed(head) or head.startswith(DOCUMENTS):
        raise UnknownFileType(f"{UnknownFileType.__doc__}: {_why_closed(opener, head, settings)}")
    demuxer = demuxer_of(head)
    if is_picture(head) or demuxer == "gif":
        return _seen(opener, name, demuxer, settings)
    try:
        return Recording(opener, name, demuxer, settings)
    except UnknownFileType:
        if promises_text(name):
            raise UnknownFileType(f"{UnknownFileType.__doc__}: {SAVE_AS_UTF8}") from None
        raise


def _why_closed(opener: Opener, head: bytes, settings: Settings) -> str:
    """Of an archive, which has been opened by now if it can be and is not within another; or a document."""
    with opener() as file:
        if is_packed(head) and not is_document(file, settings):
            return UNPACK
    return SAVE_AS_TEXT


def _seen(opener: Opener, name: str, demuxer: str, settings: Settings) -> Media:
    """A picture, or several that are shown one after the other."""
    with opener() as file:
        header = read_header(file)
    _check_pixels(header.width, header.height, settings.max_pixels)
    if header.moves and demuxer == "webp_pipe":
        return Animation(opener, name, header, settings)
    if header.moves:
        return Recording(opener, name, "apng", settings)
    if demuxer == "gif" and _moves(opener, settings.max_pixels):
        return Recording(opener, name, demuxer, settings)
    return Picture(opener, name, demuxer, header, settings)


def text_media(text: str, name: str) -> Media:
    """A text that was sent as such. Half of a surrogate pair, which is how Python hands on bytes that are no
    UTF-8, can be written nowhere: each becomes the sign for what could not be read, so positions stay."""
    return Written(name, "text", text=_HALF.sub("\ufffd", text))


class Picture:
    """One still image, turned upright and without its transparency."""

    file_type: FileType = "image"
    fps = 0.0
    duration = None
    has_frames = True
    has_sound = False
    text = None
    meshes = ()

    def __init__(self, opener: Opener, name: str, demuxer: str, header: Header, settings: Settings) -> None:
        self.name = name
        self._opener, self._demuxer, self._header = opener, demuxer, header
        self._max_pixels = settings.max_pixels
        self.warnings = ("the image is incomplete: the file was cut short",) * header.cut_short
        self.warnings += ("the file holds several images; only the first was measured",) * header.pages

    def frames(self, wanted: Iterable[Wanted]) -> Iterator[Frame]:
        if (first := next(iter(wanted), None)) and first.number == 0:
            yield Frame(index=0, time=0.0, image=self._image())

    def sound(self) -> Iterator[Sound]:
        return iter(())

    def _image(self) -> Image:
        if self._header.tiled:
            return self._opened_by_pillow()
        with _opened(self._opener, self._demuxer, self._max_pixels) as container:
            film = _only(container.streams.video)
            if film is None:
                raise BrokenMedia("an image made of several tiles cannot be read; save it as JPEG or PNG")
            _check_pixels(film.width, film.height, self._max_pixels)
            for frame in _Decoder(container, film, self._max_pixels, threads=1).frames(VideoFrame):
                # a header that did not give the size did not give the orientation either
                way_up = self._header.orientation if self._header.width else _orientation(frame)
                return _turned(_rgb(frame, _LIKE_THE_LAST.reformatter(frame)), way_up)
        if self._header.cut_short:
            raise BrokenMedia("the image cannot be decoded: the file was cut short")
        raise BrokenMedia("the image cannot be decoded; if other programs show it, save it as JPEG or PNG")

    def _opened_by_pillow(self) -> Image:
        """Of a TIFF in tiles, or with JPEG inside, FFmpeg makes a black picture; pillow turns it, too."""
        with self._opener() as file, _by_pillow():
            picture = PIL.Image.open(file, formats=["TIFF"])
            _check_pixels(*picture.size, self._max_pixels)
            image = np.array(picture if picture.mode.startswith("I;16") else picture.convert("RGB"))
        if image.ndim == 2:  # sixteen bits of grey
            image = np.stack([(image >> 8).astype(np.uint8)] * 3, -1)
        return image


class Animation:
    """A WebP that moves. FFmpeg reads none; pillow does."""

    file_type: FileType = "video_no_audio"
    has_frames = True
    has_sound = False
    text = None
    meshes = ()
    warnings = ()

    def __init__(self, opener: Opener, name: str, header: Header, settings: Settings) -> None:
        self.name = name
        self._opener, self._way_up = opener, header.orientation
        with opener() as file:
            self._shown = [seconds or UNSTATED for seconds in read_durations(file)]
        if not self._shown:
            raise BrokenMedia("the image cannot be decoded; save it as JPEG or PNG")
        self.duration = sum(self._shown)
        self.fps = len(self._shown) / self.duration
        self._max_hours = settings.max_media_hours
        if self.duration > self._max_hours * 3600:
            raise _lasts_too_long(self._max_hours)

    def frames(self, wanted: Iterable[Wanted]) -> Iterator[Frame]:
        choice = _Choice(wanted, _Clock(0.0, self.duration, self.fps), self._max_hours)
        with self._opener() as file:
            with _by_pillow():
                film = PIL.Image.open(file, formats=["WEBP"])
            for number, time in enumerate(accumulate(self._shown[:-1], initial=0.0)):
                _, taken = choice.meet(number, time)
                if taken:
                    with _by_pillow():
                        film.seek(number)
                        image = np.array(film.convert("RGB"))
                    yield Frame(index=number, time=time, image=_turned(image, self._way_up))

    def sound(self) -> Iterator[Sound]:
        return iter(())


class Recording:
    """A film or a piece of sound."""

    text = None
    meshes = ()

    def __init__(self, opener: Opener, name: str, demuxer: str, settings: Settings) -> None:
        self.name = name
        self.warnings: list[str] = []
        self._opener, self._demuxer = opener, demuxer
        self._max_pixels = settings.max_pixels
        self._max_hours = settings.max_media_hours
        self._threads = settings.threads or min(4, os.cpu_count() or 1)
        self._kept: list[Sound] | None = None
        self._stated: float | None = None
        if demuxer == "wav":  # FFmpeg tells how much is there rather than how much there should be
            with opener() as file:
                self._stated = read_wav_length(file)
                if is_longer_than_stated(file):
                    self._warn(
                        "the file goes on after the sound that its header states; that was not measured"
                    )
        with self._opened() as container:
            film, track = _film(container), _track(container)
            if film is None and track is None:
                raise BrokenMedia("the file contains neither audio nor images that can be decoded")
            self.has_frames, self.has_sound = film is not None, track is not None
            self._begin = (container.start_time or 0) / av.time_base
            self.duration = _length(container)
            _check_length(self.duration or 0.0, self._max_hours)
            if film is not None:
                _check_pixels(film.width, film.height, self._max_pixels)
            self.fps = 0.0 if film is None else _fps(container, film)
        if not demuxer and not self._decodes():  # noise can look like a few packets of something
            raise UnknownFileType

    @property
    def file_type(self) -> FileType:
        if not self.has_frames:
            return "audio"
        return "video" if self.has_sound else "video_no_audio"

    def frames(self, wanted: Iterable[Wanted]) -> Iterator[Frame]:
        choice = _Choice(wanted, _Clock(self._begin, self.duration, self.fps), self._max_hours)
        time = 0.0
        with self._opened() as container:
            film = _film(container)
            if film is None:
                return
            decoder = _Decoder(container, film, self._max_pixels, self._threads)
            reformatter, aspect = VideoReformatter(), _aspect(film)
            shown_for = 1 / self.fps
            for index, frame in decoder.pictures(choice):
                if choice.is_over:
                    return
                time, taken = choice.meet(index, frame.time)
                shown_for = max(1 / self.fps, float((frame.duration or 0) * (frame.time_base or 0)))
                if taken:
                    image = _turned(_rgb(frame, reformatter, aspect), _orientation(frame))
                    yield Frame(index=index, time=time, image=image)
            self._check_ending("film", decoder, time + shown_for)

    def sound(self) -> Iterator[Sound]:
        if self._kept is not None:
            yield from self._kept
            return
        kept, samples = list[Sound](), 0
        for chunk in self._decoded_sound():
            samples += len(chunk)
            if samples <= KEPT * SOUND_RATE:
                chunk.setflags(write=False)  # whoever reads it next is to hear the same
                kept.append(chunk)
            else:
                kept.clear()
            yield chunk
        if samples <= KEPT * SOUND_RATE:
            self._kept = kept

    def _decoded_sound(self) -> Iterator[Sound]:
        samples = 0
        with self._opened() as container:
            track = _track(container)
            if track is None:
                return
            if (tracks := len(container.streams.audio)) > 1:
                self._warn(f"the file has {tracks} audio tracks; only one of them was measured")
            if track.layout.name == "2 channels":  # which FFmpeg mixes for whoever says what they are
                track.codec_context.layout = "stereo"
            decoder = _Decoder(container, track, self._max_pixels, self._threads)
            for chunk in _in_seconds(_heard(decoder.frames(AudioFrame), self._begin, self.duration)):
                samples += len(chunk)
                _check_length(samples / SOUND_RATE, self._max_hours)
                yield chunk
            self._check_ending("sound", decoder, samples / SOUND_RATE)

    def _opened(self) -> AbstractContextManager[InputContainer]:
        return _opened(self._opener, self._demuxer, self._max_pixels)

    def _decodes(self) -> bool:
        try:
            pieces: Iterator[object] = self.sound() if self.has_sound else self.frames((Wanted(0),))
            return next(pieces, None) is not None
        except MediaError:
            return False

    def _check_ending(self, what: str, decoder: "_Decoder", seconds: float) -> None:
        """Say how a stream ended that has been decoded to its end."""
        if decoder.bad and not decoder.good:
            raise BrokenMedia(f"the {what} cannot be decoded")
        if decoder.bad > BAD_PACKETS:
            self._warn(f"{decoder.bad} damaged packets of the {what} were skipped")
        stated = self._stated or decoder.stated_length
        if not stated and self.duration and _lacks(seconds, self.duration) and self._lacks_end(self.duration):
            stated = self.duration
        if stated and _lacks(seconds, stated):
            self._warn(f"the {what} ends after {seconds:.1f} of {stated:.1f} seconds: the file was cut short")

    def _lacks_end(self, stated: float) -> bool:
        """Whether none of its streams is as long as the file says that the longest is."""
        with self._opened() as container:
            ends = (
                float((packet.pts + (packet.duration or 0)) * packet.time_base)
                for packet in _packets(container)
                if packet.pts is not None
            )
            return _lacks(max(ends, default=0.0) - self._begin, stated)

    def _warn(self, message: str) -> None:
        if message not in self.warnings:  # long sound is decoded several times
            self.warnings.append(message)


# ── opening


class _Bytes:
    """A file of which FFmpeg learns nothing but its bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


@contextmanager
def _opened(opener: Opener, demuxer: str, max_pixels: int) -> Iterator[InputContainer]:
    """The file as a container, opened with this demuxer or, unnamed, with one of those that are probed."""
    options = {
        "format_whitelist": demuxer or PROBED,
        "protocol_whitelist": "none",
        "max_pixels": str(max_pixels),
    }
    options |= _OPTIONS.get(demuxer, {})
    with opener() as file:
        try:
            container = av.open(
                _Bytes(file),
                mode="r",
                format=demuxer or None,
                options=options,
                metadata_errors="replace",
                io_open=_refused,
                buffer_size=1 << 16,
            )
        except _FOREIGN as error:
            if not demuxer:
                raise UnknownFileType from error
            raise BrokenMedia(f"{BrokenMedia.__doc__} ({_words(error)})") from error
        with container:
            yield container


@contextmanager
def _by_pillow() -> Iterator[None]:
    try:
        yield
    except _OF_PILLOW as error:
        raise BrokenMedia(f"{BrokenMedia.__doc__} ({_words(error)})") from error


def _refused(url: str, flags: int, options: object) -> NoReturn:
    raise BrokenMedia("the file refers to another file, which is not opened")


def _words(error: BaseException) -> str:
    """What went wrong, in the words of who decodes."""
    return str(getattr(error, "strerror", None) or error).lower()


def _film(container: InputContainer) -> VideoStream | None:
    """The pictures that move: no cover, no thumbnail."""
    covers = Disposition.attached_pic | Disposition.timed_thumbnails
    films = [s for s in container.streams.video if s.codec_context and s.width and not s.disposition & covers]
    return min(films, key=lambda film: film is not container.streams.best("video"), default=None)


def _only(pictures: Sequence[VideoStream]) -> VideoStream | None:
    """The one picture of a file, beside which there may be one in grey that says how transparent it is; None
    for a mosaic, as HEIC pictures are."""
    match sorted(pictures, key=lambda picture: not picture.disposition & Disposition.default):
        case [picture]:
            return picture
        case [picture, other] if picture.disposition & Disposition.default:
            same_size = (picture.width, picture.height) == (other.width, other.height)
            return picture if same_size and other.format.name.startswith("gray") else None
    return None


def _track(container: InputContainer) -> AudioStream | None:
    tracks = [
        s for s in container.streams.audio if s.codec_context and 0 < s.codec_context.sample_rate <= MAX_RATE
    ]
    return min(tracks, key=lambda track: track is not container.streams.best("audio"), default=None)


def _length(container: InputContainer) -> float | None:
    """Seconds, where the file says so itself."""
    if container.duration is None or container.format.name in _ESTIMATED:
        return None
    return container.duration / av.time_base


def _fps(container: InputContainer, film: VideoStream) -> float:
    """Frames a second: as stated, unless the frames say otherwise.

    Recorders write a thousand a second when they do not know, so what no index backs up is checked.
    """
    stated = float(film.average_rate or film.guessed_rate or 0)
    if film.frames and stated:
        return stated
    packets = islice(_packets(container, film), LOOKED_AT)
    stamps = [packet.pts for packet in packets if packet.pts is not None]
    span = float((max(stamps) - min(stamps)) * (film.time_base or 0)) if stamps else 0.0
    if span <= 0:
        return stated or 25.0
    expected = (len(stamps) - 1) / stated if stated else 0.0
    # the last frames in order of decoding are not the last in order of time
    return stated if abs(expected - span) <= max(2 * ROUNDED, 0.05 * span) else (len(stamps) - 1) / span


def _moves(opener: Opener, max_pixels: int) -> bool:
    """Whether a GIF has more than one picture."""
    with _opened(opener, "gif", max_pixels) as container:
        film = container.streams.video[0]
        return sum(packet.size > 0 for packet in islice(_packets(container, film), 2)) > 1


# ── decoding


class _Decoder:
    """Decodes one stream to its end, past what is damaged."""

    def __init__(
        self, container: InputContainer, stream: VideoStream | AudioStream, max_pixels: int, threads: int
    ) -> None:
        self.good = self.bad = 0
        self._container, self._stream = container, stream
        for other in container.streams:
            other.discard = Discard.default if other.index == stream.index else Discard.all
        context = stream.codec_context
        context.thread_type, context.thread_count = "AUTO", threads
        context.options = {"max_pixels": str(max_pixels)}

    @property
    def stated_length(self) -> float | None:
        """Seconds of this stream, where the file says so itself."""
        if self._container.format.name.startswith("mov") and self._stream.duration and self._stream.time_base:
            return float(self._stream.duration * self._stream.time_base)
        # other containers give the length of the longest stream for all
        return _length(self._container) if len(self._container.streams) == 1 else None

    def frames(self, kind: type[F]) -> Iterator[F]:
        for packet in _packets(self._container, self._stream):
            yield from self._decoded(packet, kind)

    def pictures(self, choice: "_Choice") -> Iterator[tuple[int, VideoFrame]]:
        """Pictures with their numbers, the first 0. Some may be missing that make no difference to `choice`:
        those on which no other rests, where it is certain which number they have."""
        context, order = self._stream.codec_context, _Order()
        if context.name not in SPARING:
            yield from enumerate(self.frames(VideoFrame))
            return
        if self._container.format.name == "avi":
            yield from enumerate(self._sorted(order))
            return
        plan: _Choice | None = choice.ahead()
        planned, last = 0, -1
        asked = set[int]()
        for packet, followed in _ahead(_packets(self._container, self._stream), order):
            number = order.number(packet.pts)
            if not order.certain:  # nor ever again; a plan that is not followed would remember what it copies
                plan = None
            while plan and number is not None and planned <= number:
                if plan.minds(planned, order.time(planned, packet)):
                    asked.add(planned)
                planned += 1
            # without the first picture it is not known whether those before it can be decoded, and
            # without the last ones not how long the film is
            known = order.certain and number is not None and number not in asked
            spared = known and followed and last >= 0 and not self.bad
            context.skip_frame = "NONREF" if spared else "DEFAULT"
            if number is not None:
                asked.discard(number)
            for frame in self._decoded(packet, VideoFrame):
                placed = order.number(frame.pts)
                if last < 0 and placed != 0:
                    order.doubt()
                    placed = None
                last = last + 1 if placed is None else max(last + 1, placed)
                yield last, frame

    def _sorted(self, order: "_Order") -> Iterator[VideoFrame]:
        """The pictures of an AVI, whose times are those of the packets in their order: it does not say which
        picture is in which packet, and FFmpeg takes pictures that are stored out of order for shown so."""
        for packet, _ in _ahead(_packets(self._container, self._stream), order):
            for frame in self._decoded(packet, VideoFrame):
                frame.pts = order.stamp(self.good + self.bad - 1)
                yield frame

    def _decoded(self, packet: "Packet[Any]", kind: type[F]) -> Iterator[F]:
        try:
            decoded = packet.decode()
        except _FOREIGN:
            self.bad += 1
            return
        for frame in decoded:
            if isinstance(frame, kind):
                self.good += 1
                yield frame


class _Order:
    """The numbers of pictures as they are shown, whose packets come in another order. All are `certain` until
    one has no time, or the same as another, or is not to be shown; those before two of one time stay so."""

    def __init__(self) -> None:
        self._end = inf
        self._stamps: list[int] = []
        self._before = 0

    @property
    def certain(self) -> bool:
        return self._end == inf

    def doubt(self) -> None:
        """Count no number as certain any more."""
        self._end = -inf

    def add(self, packet: "Packet[Any]") -> None:
        stamp = packet.pts
        if stamp is None or packet.is_discard or packet.is_corrupt:
            self.doubt()
        if stamp is None or stamp >= self._end:
            return
        at = bisect_left(self._stamps, stamp)
        if at == 0 and self._before:
            self.doubt()
        elif self._stamps[at : at + 1] == [stamp]:
            self._end = stamp
        self._stamps.insert(at, stamp)
        if len(self._stamps) > 2 * BEHIND:
            del self._stamps[:BEHIND]
            self._before += BEHIND

    def number(self, stamp: int | None) -> int | None:
        """None where it is not certain."""
        if stamp is None or stamp >= self._end:
            return None
        at = bisect_left(self._stamps, stamp)
        return self._before + at if self._stamps[at : at + 1] == [stamp] else None

    def stamp(self, number: int) -> int | None:
        """The one of so many before it, certain or not."""
        at = number - self._before
        return self._stamps[at] if 0 <= at < len(self._stamps) else None

    def time(self, number: int, packet: "Packet[Any]") -> float:
        """When the picture of a number that is certain is shown, in seconds, as frames say it."""
        base = packet.time_base
        return self._stamps[number - self._before] * base.numerator / base.denominator


def _ahead(packets: "Iterator[Packet[Any]]", order: _Order) -> "Iterator[tuple[Packet[Any], bool]]":
    """Each packet once those after it are in order too, and whether as many follow as ever may."""
    held: deque[Packet[Any]] = deque()
    for packet in packets:
        if packet.size:  # the empty ones at the end carry no picture
            order.add(packet)
        held.append(packet)
        if len(held) > AHEAD:
            yield held.popleft(), True
    for packet in held:
        yield packet, False


def _packets(container: InputContainer, *streams: VideoStream | AudioStream) -> "Iterator[Packet[Any]]":
    """The packets of these streams, or of all; the last, empty ones make the decoder give what it holds."""
    failures = 0
    while failures < BAD_READS:
        try:
            for packet in container.demux(*streams):
                failures = 0
                yield packet
            return
        except IndexError:  # of a stream that began on the way, which PyAV does not know
            pass
        except _FOREIGN:
            failures += 1


# ── sound


def _heard(frames: Iterable[AudioFrame], begin: float, length: float | None) -> Iterator[Sound]:
    """Mono sound of a file that began at `begin`, with silence where it says that samples are missing."""
    mono, heard = _Mono(), 0.0
    for frame in frames:
        at = heard if frame.time is None else frame.time - begin
        believed = at - heard <= BELIEVED_GAP if length is None else at <= length + GAP
        if believed and at - heard > (GAP if heard else LATE):
            yield from mono.rest()
            yield from mono.silence(until=at)
            heard = at
        yield from mono.take(frame)
        heard += frame.samples / frame.sample_rate
    yield from mono.rest()


class _Mono:
    """Makes sound mono at SOUND_RATE, whatever its rate and channels; both may change on the way."""

    def __init__(self) -> None:
        self._given = 0
        self._source: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None
        self._waiting = AudioFifo()

    def take(self, frame: AudioFrame) -> Iterator[Sound]:
        if frame.layout.nb_channels > 1 and frame.layout.name.endswith("channels"):  # which is not known
            frame = _averaged(frame)
        source = (frame.format.name, frame.layout.name, frame.sample_rate)
        if source != self._source or self._resampler is None:
            yield from self.rest()
            self._source = source
            layout = "stereo" if frame.layout.nb_channels == 2 else "mono"
            # without a limit, sound that is alike in both channels comes out louder than it was
            self._resampler = AudioResampler("fltp", layout, SOUND_RATE, options={"rematrix_maxval": "1"})
        frame.pts = None
        self._waiting.write(frame)
        # codecs give a fortieth of a second at a time, of which resampling takes three times as long
        if self._waiting.samples >= min(frame.sample_rate, WAITING):
            yield from self._counted(self._resampler.resample(self._waiting.read()))

    def rest(self) -> Iterator[Sound]:
        """What is still held here and in the resampler."""
        if self._resampler is None:
            return
        if self._waiting.samples:
            yield from self._counted(self._resampler.resample(self._waiting.read()))
        yield from self._counted(self._resampler.resample(None))
        self._resampler, self._waiting = None, AudioFifo()

    def silence(self, until: float) -> Iterator[Sound]:
        while (missing := round(until * SOUND_RATE) - self._given) > 0:
            piece = np.zeros(min(missing, SOUND_RATE), np.float32)
            self._given += len(piece)
            yield piece

    def _counted(self, frames: Iterable[AudioFrame]) -> Iterator[Sound]:
        for frame in frames:
            self._given += frame.samples
            # to_ndarray would copy what is copied once more when pieces are joined
            planes = [np.frombuffer(memoryview(plane), np.float32, frame.samples) for plane in frame.planes]
            yield planes[0] if len(planes) == 1 else _mixed(planes)


def _mixed(channels: Sequence[Sound]) -> Sound:
    """The mean of all channels; where they cancel each other out (a microphone wired the wrong way round),
    the first of those that are about as loud as the loudest, so that it stays the same one."""
    mean: Sound = np.add.reduce(channels) / np.float32(len(channels))
    powers = [float(one @ one) for one in channels]
    if float(mean @ mean) >= CANCELLED * max(powers):
        return mean
    return next(one for one, power in zip(channels, powers, strict=True) if power >= max(powers) / 2)


def _averaged(frame: AudioFrame) -> AudioFrame:
    """All channels as one."""
    samples = frame.to_ndarray()
    channels = samples if frame.format.is_planar else samples.reshape(frame.samples, -1).T
    zero, loudest = _RANGES.get(samples.dtype.name, (0, 1))
    mixed = _mixed([((one - zero) / loudest).astype(np.float32) for one in channels.astype(np.float64)])
    averaged = AudioFrame.from_ndarray(mixed[np.newaxis], format="flt", layout="mono")
    averaged.sample_rate = frame.sample_rate
    return averaged


def _in_seconds(pieces: Iterable[Sound]) -> Iterator[Sound]:
    """The same sound in pieces of about a second, within -1..1 and free of what is not a number."""
    held, samples = list[Sound](), 0
    for piece in pieces:
        held.append(piece)
        samples += len(piece)
        if samples >= SOUND_RATE:
            yield _cleaned(np.concatenate(held))
            held, samples = [], 0
    if samples:
        yield _cleaned(np.concatenate(held))


def _cleaned(sound: Sound) -> Sound:
    np.nan_to_num(sound, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
    np.clip(sound, -1.0, 1.0, out=sound)
    return sound


# ── pictures


class _Clock:
    """When frames are shown: by their number while the film is steady, else as its container says."""

    def __init__(self, begin: float, length: float | None, fps: float) -> None:
        self.steady = True
        self._begin, self._fps = begin, fps
        self._end = float("inf") if length is None else length + 1
        self._first: float | None = None
        self._last = 0.0

    def time(self, index: int, stamp: float | None) -> float:
        """Seconds since the file began. `stamp` is the container's, which may be rounded or wrong."""
        shown = 0.0 if stamp is None else stamp - self._begin
        if self._first is None:
            self._first = shown if LATE_FILM <= shown <= self._end else 0.0
            self._begin += shown - self._first
            shown = self._first
        steady = self._first + index / self._fps
        # `_last` may be rounded up, and its frame may have been passed over: neither is to be seen in others
        believed = stamp is not None and self._last - ROUNDED <= shown <= self._end
        if believed and abs(shown - steady) > ROUNDED:
            self.steady = False
        else:
            shown = steady
        self._last = max(self._last, shown)
        return self._last


class _Choice:
    """Which frames are taken, out of those that it meets in the order in which they are shown: by their
    numbers until the film turns out not to be steady, from then on by the moments of those that have one."""

    def __init__(self, wanted: Iterable[Wanted], clock: _Clock, max_hours: float) -> None:
        (self._wanted,) = tee(wanted, 1)  # which can be copied
        self._next = next(self._wanted, None)
        self._clock, self._max_hours = clock, max_hours

    @property
    def is_over(self) -> bool:
        """Whether nothing more is wanted."""
        return self._next is None

    def ahead(self) -> "_Choice":
        """The same, to meet frames before this one does."""
        other = copy(self)
        other._wanted, other._clock = copy(self._wanted), copy(self._clock)
        return other

    def minds(self, index: int, stamp: float) -> bool:
        """Whether it makes a difference to meet this frame."""
        steady = self._clock.steady
        _, taken = self.meet(index, stamp)
        return taken or self._clock.steady != steady

    def meet(self, index: int, stamp: float | None) -> tuple[float, bool]:
        """When a frame is shown, and whether it is taken.

        Raises:
            MediaTooLarge: that is later than allowed.
        """
        time = self._clock.time(index, stamp)
        _check_length(time, self._max_hours)
        taken = False
        while self._next is not None and self._reaches(self._next, index, time):
            taken = True
            self._next = next(self._wanted, None)
        return time, taken

    def _reaches(self, wanted: Wanted, index: int, time: float) -> bool:
        if wanted.moment is None or self._clock.steady:
            return index >= wanted.number
        return time + ROUNDED >= wanted.moment


def _rgb(frame: VideoFrame, reformatter: VideoReformatter, aspect: float = 1.0) -> Image:
    """
    Raises:
        BrokenMedia: FFmpeg knows no way from its colours to red, green and blue.
    """
    for matrix in (None, Colorspace.ITU709):  # some films name a matrix that FFmpeg cannot undo
        try:
            rgb = reformatter.reformat(
                frame, width=round(frame.width * aspect), format="rgb24", src_colorspace=matrix
            )
            return np.asarray(rgb.to_ndarray(), np.uint8)
        except _FOREIGN as error:
            broken = error
    raise BrokenMedia("the colours of the images cannot be read") from broken


class _LikeTheLast(local):
    """Pictures of a camera are alike, and getting ready for their colours takes three times as long as
    converting them. What was got ready for others would convert these wrongly."""

    def __init__(self) -> None:
        self._form: object = None
        self._reformatter = VideoReformatter()

    def reformatter(self, frame: VideoFrame) -> VideoReformatter:
        form = (frame.format.name, frame.width, frame.height, frame.colorspace, frame.color_range)
        if form != self._form:
            self._form, self._reformatter = form, VideoReformatter()
        return self._reformatter


_LIKE_THE_LAST = _LikeTheLast()


def _aspect(film: VideoStream) -> float:
    """How wide a pixel is to be shown, for one that is as high as 1."""
    stated = float(film.sample_aspect_ratio or 1)
    return stated if 0.5 <= stated <= 2 else 1.0


def _orientation(frame: VideoFrame) -> int:
    """Which way is up, as EXIF counts."""
    try:
        matrix = cast("Mapping[str, SideData]", frame.side_data)["DISPLAYMATRIX"]
    except KeyError:
        return 1
    except ValueError:  # PyAV does not know all kinds of side data
        return {-180: 3, 180: 3, -90: 6, 90: 8}.get(frame.rotation, 1)
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()  # x' = ax + cy, y' = bx + dy
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return {(False, False): 1, (True, False): 2, (True, True): 3, (False, True): 4}[a < 0, d < 0]
    return {(False, False): 5, (False, True): 6, (True, True): 7, (True, False): 8}[b < 0, c < 0]


def _turned(image: Image, way_up: int) -> Image:
    """The picture upright. `way_up` is what EXIF calls its orientation."""
    match way_up:
        case 2:
            image = np.fliplr(image)
        case 3:
            image = np.rot90(image, 2)
        case 4:
            image = np.flipud(image)
        case 5:
            image = image.swapaxes(0, 1)
        case 6:
            image = np.rot90(image, -1)
        case 7:
            image = np.rot90(image, 2).swapaxes(0, 1)
        case 8:
            image = np.rot90(image)
    return np.ascontiguousarray(image)


def _lacks(seconds: float, stated: float) -> bool:
    """Whether so many seconds are so few that the rest of what was stated is missing."""
    return seconds < min(CUT_SHORT * stated, stated - GAP)


def _check_length(seconds: float, most_hours: float) -> None:
    if seconds > most_hours * 3600 + 1:  # encoders add a little
        raise _lasts_too_long(most_hours)


def _lasts_too_long(hours: float) -> MediaTooLarge:
    return MediaTooLarge(f"it lasts longer than the {hours:g} hours that this server allows")


def _check_pixels(width: int, height: int, most: int) -> None:
    if width * height > most:
        raise PictureTooLarge(
            f"an image of {width} × {height} pixels is larger than this server allows ({most:,} pixels)"
        )
