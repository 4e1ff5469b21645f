"""What a message carries, as media that keep to the limits of the stream."""

import re
from base64 import b64decode
from collections.abc import Container, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, takewhile
from math import ceil
from urllib.parse import unquote_to_bytes

import numpy as np

from mien.errors import BrokenMedia, PictureTooLarge, TextTooLong
from mien.media import Media, Wanted
from mien.media.apart import Decoders
from mien.media.decode import open_media, text_media
from mien.media.decoder import Bounds
from mien.media.followed import Followed, Through
from mien.media.kinds import HEAD, encoding_of
from mien.media.webm import Chunks
from mien.media.written import Written
from mien.settings import Settings
from mien.types import SOUND_RATE, Frame, Sound
from mien.wire.stream import Message, Refused

NAME, TEXT_NAME = "payload", "payload.txt"
"""What a payload is called in the walk, and one that says that it is text: no client hears of it."""

LATE_MS = 150.0
"""By so much a recording may be longer than allowed: encoders add a little at either end."""

BLOCK = 64
"""Pixels by which a picture may be larger than it is shown: codecs work in blocks."""

MEMORY, MEMORY_PER_PIXEL = 1 << 30, 64
"""Bytes that a decoder may hold: films keep up to two dozen pictures, of up to three bytes a pixel."""

_TEXT_URL = re.compile(r"data:(?:text/|[,;])", re.IGNORECASE)  # text is what needs not be said

LONGEST_CHARACTER = 12
"""Bytes of one character in a data URL without base64: four, each as %XX."""

_ESCAPES = tuple(
    (escape, sign)
    for code, sign in (
        ("%2B", "+"),
        ("%2F", "/"),
        ("%3D", "="),
        ("%09", ""),
        ("%0A", ""),
        ("%0D", ""),
        ("%20", ""),
    )
    for escape in {code, code.lower()}
)
"""What base64 in an address may have instead of its signs."""

_NO_BREAKS = dict.fromkeys(map(ord, " \t\r\n"))

_NO_FACES = re.compile(rb"\s*\[\s*\]\s*")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one payload may be; None is as much as a file of a job."""

    recording_ms: float | None = 5000.0
    """Sound and film."""
    side: int | None = 3000
    """Pixels of a picture."""
    characters: int | None = 10_000
    """Of a text."""
    decoding_seconds: float | None = 20.0
    """Until all that is wanted of it is decoded."""

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        return cls(None, None, None, None) if settings.stream_wide else cls()


def bounds(settings: Settings) -> Bounds:
    """What decoding a payload may take."""
    limits, pixels = Limits.of(settings), settings.max_pixels
    if limits.side:
        pixels = min(pixels, (limits.side + BLOCK) ** 2)
    return Bounds(
        max_pixels=pixels,
        max_media_hours=settings.max_media_hours,
        threads=settings.threads,
        seconds=limits.decoding_seconds or settings.max_file_minutes * 60,
        memory=MEMORY + MEMORY_PER_PIXEL * pixels,
    )


@contextmanager
def opened(
    message: Message,
    models: Container[str],
    chunks: Chunks,
    limits: Limits,
    decoders: Decoders,
    settings: Settings,
) -> Iterator[Media]:
    """The payload of a message, to be read in this context; nothing of it has been decoded yet. `chunks`
    has seen those before it.

    Raises:
        Refused: it is no base64.
        MediaError: it is no sound, film, picture, text nor landmarks.
        EngineError: nothing here can decode it.
    """
    data = message.data or ""
    with ExitStack() as stack:
        landmarks = "facemesh" in models and "language" not in models
        if message.raw_text and not landmarks:  # one client sends landmarks as if they were a text
            media = text_media(data, NAME)
        else:
            content = chunks.whole(_bytes(data, limits))
            name = TEXT_NAME if _TEXT_URL.match(data) else NAME
            if landmarks and _NO_FACES.fullmatch(content):  # nobody was in sight
                media = Written(NAME, "facemesh")
            elif encoding_of(content[:HEAD], name) is None:
                media = stack.enter_context(decoders.opened(content, NAME))
            else:  # texts and landmarks need no decoder
                media = open_media(content, name, settings)
        yield media


def check_stated(media: Media, limits: Limits) -> None:
    """
    Raises:
        Refused: a sound or film says that it is longer than allowed.
        TextTooLong: a text is.
    """
    if limits.characters and len(media.text or "") > limits.characters:
        raise TextTooLong(
            f"the text has {len(media.text or ''):,} characters; {limits.characters:,} are allowed"
        )
    if media.duration is not None:
        check_length(media, limits, media.duration)


def heard(media: Media, limits: Limits) -> Sound:
    """All sound of a payload.

    Raises:
        Refused: there is none, or it is longer than allowed.
    """
    if not media.has_sound:
        raise Refused("E0202", "no audio signal could be found in the payload")
    try:
        chunks = list(Followed(media, partial(check_length, media, limits)).sound())
    except BrokenMedia as error:
        raise Refused("E0202", f"no audio signal could be found in the payload: {error}") from error
    if not chunks:
        raise Refused("E0202", "no audio signal could be found in the payload")
    return np.concatenate(chunks)


def check_length(media: Media, limits: Limits, seconds: float) -> None:
    """
    Raises:
        Refused: a sound or film is at least so long, which is longer than allowed.
    """
    if limits.recording_ms is None or seconds * 1000 <= limits.recording_ms + LATE_MS:
        return
    code, what = ("E0204", "video") if media.has_frames else ("E0203", "audio")
    length = seconds if media.duration is None else max(seconds, media.duration)
    some = "at least " if media.duration is None else ""
    raise Refused(
        code,
        f"the {what} is too long: {some}{length * 1000:.0f} ms were received,"
        f" {limits.recording_ms:.0f} ms are allowed",
    )


@dataclass(frozen=True, slots=True)
class Payload(Through):
    """A payload as the walk sees it: its frames keep to the limits, its sound has what came before."""

    limits: Limits
    samples: Sound = field(repr=False)

    @property
    def duration(self) -> float | None:
        return len(self.samples) / SOUND_RATE if self.has_sound else self.media.duration

    def sound(self) -> Iterator[Sound]:
        for begin in range(0, len(self.samples), SOUND_RATE):
            yield self.samples[begin : begin + SOUND_RATE]

    def frames(self, wanted: Iterable[Wanted]) -> Iterator[Frame]:
        for frame in self.media.frames(self._bounded(wanted)):
            check_length(self.media, self.limits, frame.time)
            height, width = frame.image.shape[:2]
            if self.limits.side and max(width, height) > self.limits.side:
                raise PictureTooLarge(
                    f"the image has {width} × {height} pixels;"
                    f" {self.limits.side} × {self.limits.side} are allowed"
                )
            yield frame

    def _bounded(self, wanted: Iterable[Wanted]) -> Iterable[Wanted]:
        """What is wanted, and one frame that is too late: who gets it knows that the film is too long,
        and nothing behind it is decoded."""
        if not self.fps or self.limits.recording_ms is None:
            return wanted
        late = ceil((self.limits.recording_ms + LATE_MS) / 1000 * self.fps) + 1
        moment = late / self.fps

        def in_time(one: Wanted) -> bool:
            # without a moment every frame is wanted, the first that is too late among them
            return one.moment is None or one.number < late or one.moment < moment

        return chain(takewhile(in_time, wanted), (Wanted(late, moment),))


def _bytes(data: str, limits: Limits) -> bytes:
    """
    Raises:
        Refused: it is neither base64, nor a data URL, nor landmarks as they are.
        TextTooLong: it is a data URL without base64, and longer than any text may be.
    """
    if data.lstrip()[:1] in ("[", "{"):
        return data.encode()
    if data[:5].lower() == "data:":
        kind, _, data = data.partition(",")
        if not kind.lower().endswith(";base64"):
            if limits.characters and len(data) > LONGEST_CHARACTER * limits.characters:
                raise TextTooLong(f"the text is too long; {limits.characters:,} characters are allowed")
            return unquote_to_bytes(data)  # a hundred times as much memory as it is long
        for escape, sign in _ESCAPES:
            data = data.replace(escape, sign)
    try:
        return b64decode(data, validate=True)
    except ValueError:
        pass
    try:  # some break it into lines
        return b64decode(data.translate(_NO_BREAKS), validate=True)
    except ValueError as error:
        raise Refused(
            "E0201",
            f"the payload is not base64: {error}. Plain text needs `raw_text`;"
            " if a client cannot find a file, it may send the file's name instead",
        ) from None
