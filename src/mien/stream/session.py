"""One connection: what it remembers, and how a message of it becomes a reply."""

import logging
from collections.abc import Mapping
from math import ceil
from time import perf_counter
from uuid import uuid4

import numpy as np
import orjson

from mien.errors import MediaError, MienError, RequestError
from mien.measure import Wish, measure
from mien.media import Media
from mien.media.apart import Decoders
from mien.media.webm import Chunks
from mien.models import MODELS
from mien.models.options import Options
from mien.models.prosody import ProsodyOptions, WindowOptions
from mien.settings import Settings
from mien.stream.figures import Figures
from mien.stream.payload import Limits, Payload, check_stated, heard, opened
from mien.stream.together import SharedEngines
from mien.types import SOUND_RATE, FileMeasurement, Sound
from mien.wire.batch import Json
from mien.wire.stream import (
    WINDOW_MS,
    Message,
    Refused,
    code_of,
    error_json,
    head_json,
    incompatible,
    measured_json,
    read_json,
    read_message,
    timing_json,
)

log = logging.getLogger(__name__)

AUDIO_MODELS = frozenset({"burst", "prosody"})

KEPT = 10 * SOUND_RATE
"""Samples of earlier sound that are kept: the longest window that may be asked for."""

_NOTHING: Sound = np.empty(0, np.float32)


class Session:
    """Answers the messages of one connection, one at a time, each with exactly one reply.

    It remembers the sound that it has heard lately, until `reset_stream`; and, as long as it lasts, the
    faces that it was asked to tell apart, and the head of a recording that comes in chunks.
    """

    def __init__(
        self,
        engines: SharedEngines,
        decoders: Decoders,
        settings: Settings,
        figures: Figures,
        largest_reply: int | None = None,
    ) -> None:
        """`largest_reply`: bytes that the client can take at once."""
        self.job_id = uuid4().hex
        self._engines, self._decoders = engines.remembering(), decoders
        self._settings, self._limits = settings, Limits.of(settings)
        self._figures = figures
        self._largest_reply = largest_reply
        self._before = _NOTHING
        self._chunks = Chunks()

    def answer(self, message: str | bytes, came: float | None = None) -> str:
        """The reply to a message, whatever the message is. `came`: when, by the `perf_counter`."""
        begun = perf_counter()
        head: Json = {}
        models: Mapping[str, Options] = {}
        try:
            said = read_json(message)
            head = head_json(said, self.job_id)
            asked = read_message(said)
            models = asked.chosen()
            found = self._answered(asked, models)
            if asked.timing:
                found |= timing_json(begun - (came or begun), perf_counter() - begun)
            reply = _text(head | found)
            if self._largest_reply and (size := len(reply.encode())) > self._largest_reply:
                raise Refused(
                    "E0101",
                    f"the reply takes {size:,} bytes, but this client accepts only"
                    f" {self._largest_reply:,}: ask for a coarser granularity, or measure less at once",
                )
        except MienError as error:
            found = error_json(_told(error))
            reply = _text(head | found)
        except Exception:  # a defect of ours must not end the session
            log.exception("a message of session %s", self.job_id)
            found = error_json(MienError("the server failed at this message; its log says why"))
            reply = _text(head | found)
        self._figures.count(models, found)
        return reply

    def refuse(self, message: str | bytes, error: MienError) -> str:
        """The reply to a message that is not to be looked at."""
        try:
            head = head_json(read_json(message), self.job_id)
        except RequestError:
            head = {}
        refusal = error_json(error)
        self._figures.count((), refusal)
        return _text(head | refusal)

    def _answered(self, message: Message, models: Mapping[str, Options]) -> Json:
        """
        Raises:
            MienError: the message cannot be answered as it stands, or something here is broken.
        """
        if message.reset_stream:
            self._before = _NOTHING
        if message.data is None:
            if message.reset_stream or message.job_details:
                return {}
            raise Refused("E0101", "the message has neither `data` nor another request")
        if not models:
            raise Refused("E0101", "the message does not say which `models` to run on its `data`")
        carried = opened(message, models, self._chunks, self._limits, self._decoders, self._settings)
        with carried as media:
            return measured_json(self._measured(media, message, models))

    def _measured(self, media: Media, message: Message, models: Mapping[str, Options]) -> FileMeasurement:
        for name in models:
            if not _suits(name, media, message):
                raise incompatible(name, media.file_type)
        check_stated(media, self._limits)
        sound = _NOTHING
        if not AUDIO_MODELS.isdisjoint(models) or ("language" in models and media.text is None):
            sound = self._with_what_came_before(heard(media, self._limits), message.stream_window_ms)
        if "prosody" in models:
            models = {**models, "prosody": _whole(len(sound), message.stream_window_ms)}
        payload = Payload(media, self._limits, sound)
        found = measure(payload, Wish(models=models, transcription=message.transcription), self._engines)
        for problem in found.errors:
            raise Refused(code_of(problem.kind), f"{problem.model}: {problem.message}")
        return found

    def _with_what_came_before(self, sound: Sound, window_ms: float) -> Sound:
        """As much earlier sound as the window has room for, and the sound itself, which is kept."""
        heard = np.concatenate([self._before, sound])
        self._before = heard[-KEPT:].copy()  # a view would hold all of it
        window = max(len(sound), round(window_ms / 1000 * SOUND_RATE))
        return heard[-window:]


def _suits(model: str, media: Media, message: Message) -> bool:
    """Whether a model can look at a payload. Nothing is written down unless the message asks for it:
    language reads what is text. That a film has no sound is another error."""
    sounds = media.has_sound or media.file_type == "video_no_audio"
    if model == "language":
        return media.text is not None or (message.transcription is not None and sounds)
    if model in AUDIO_MODELS:
        return sounds
    return MODELS[model].applies(media)


def _whole(samples: int, window_ms: float) -> ProsodyOptions:
    """The sound as one piece; in equal parts where it is far longer than a window."""
    longest = max(window_ms, WINDOW_MS) / 1000 * SOUND_RATE
    part = ceil(samples / max(1, round(samples / longest))) / SOUND_RATE
    length = max(0.5, part)
    return ProsodyOptions(window=WindowOptions(length=length, step=length))


def _told(error: MienError) -> MienError:
    """The error as a client may read it."""
    if isinstance(error, RequestError | MediaError):
        return error
    log.error("%s: %s", type(error).__name__, error)  # may tell of what is inside
    return type(error)("the server cannot do this now; its log says why")


def _text(reply: Json) -> str:
    return orjson.dumps(reply).decode()
