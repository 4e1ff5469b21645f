"""The JSON of the stream: messages, replies, errors and their codes."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model, model_validator

from mien import labels
from mien.errors import (
    BadLandmarks,
    EngineError,
    EngineMissing,
    MediaError,
    MediaTooLarge,
    MienError,
    Overloaded,
    PictureTooLarge,
    RequestError,
    TextTooLong,
    TooManyFaces,
    UnknownFileType,
)
from mien.models import MODELS
from mien.models.burst import BurstPrediction
from mien.models.face import FacePrediction
from mien.models.facemesh import FaceMeshPrediction
from mien.models.language import LanguagePrediction
from mien.models.options import Options
from mien.models.prosody import ProsodyPrediction
from mien.segments import TranscriptionOptions
from mien.types import Box, FileMeasurement, FileType, Interval, Measured, Prediction, Scores
from mien.wire.batch import Json, loads, short, without_nulls
from mien.wire.errors import explained

STREAMED = tuple(name for name in MODELS if name != "ner")
"""The models of the stream, in the order of a reply."""

WINDOW_MS = 5000.0
"""Milliseconds of sound that are looked at together unless a message says otherwise."""

PROTOCOL, KEY_PROTOCOL = "mien.stream", "mien.key."
"""What a page may name as protocols of its socket: the stream, and behind the prefix a key in base64url
without padding. Pages cannot send headers with a socket, and an address is no place for a key."""

DIGITS = 4
"""Of a score, behind the point: replies have to stay small."""

CODES: Mapping[type[MienError], str] = {
    RequestError: "E0101",
    Overloaded: "I0101",
    BadLandmarks: "E0101",
    UnknownFileType: "E0200",
    MediaError: "E0200",
    MediaTooLarge: "E0203",
    TooManyFaces: "E0101",
    PictureTooLarge: "E0205",
    TextTooLong: "E0206",
    MienError: "I0100",
    EngineError: "I0100",
    EngineMissing: "I0102",
}
"""Found by nearest kin. E is for what the caller can mend, I for what is wrong here."""

WARNINGS: Mapping[str, tuple[str, str]] = {
    "burst": ("W0101", "No vocal bursts detected."),
    "facemesh": ("W0102", "No face meshes detected."),
    "face": ("W0103", "No faces detected."),
    "language": ("W0104", "No emotional language detected."),
    "prosody": ("W0105", "No speech detected."),
}
"""What stands in place of a model's predictions where there are none."""


class Refused(RequestError):
    """A message that cannot be answered as it stands."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def code_of(kind: type[MienError]) -> str:
    return next(CODES[kin] for kin in kind.__mro__ if kin in CODES)


def incompatible(model: str, file_type: FileType) -> Refused:
    """In the words of the retired API, which some programs look for."""
    seen = {"video_no_audio": "video"}.get(file_type, file_type)
    return Refused(
        "E0102",
        f"Streaming payload configured with model type '{model}',"
        f" which is not supported for the detected file type '{seen}'.",
    )


# ── messages


class _Named(BaseModel):
    """Models by name, each with its options."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        for name in value:
            if name not in STREAMED:
                raise ValueError(f"there is no model {name[:60]!r} here; there are {', '.join(STREAMED)}")
        language = value.get("language")
        if isinstance(language, dict) and language.get("granularity") == "passage":
            # the stream's own name for what the batch API calls a turn: the text as a whole
            value = value | {"language": language | {"granularity": "conversational_turn"}}
        return value


if TYPE_CHECKING:
    Models: TypeAlias = BaseModel
else:  # put together from the models' options, as in the batch API
    Models = create_model(
        "Models", __base__=_Named, **{name: (MODELS[name].options | None, None) for name in STREAMED}
    )


class Message(BaseModel):
    """What a client may say. Unknown fields are ignored, and null means that nothing was said."""

    model_config = ConfigDict(frozen=True)

    data: str | None = None
    models: Models | None = None
    raw_text: bool = False
    stream_window_ms: float = Field(default=WINDOW_MS, ge=500, le=10_000)
    reset_stream: bool = False
    job_details: bool = False
    payload_id: str | None = None

    # ── what the retired API had not, and nobody gets who does not ask for it
    transcription: TranscriptionOptions | None = None
    """Write down what is said in the sound, so that `language` can read it."""
    timing: bool = False
    """Tell how long the answer took."""

    def chosen(self) -> dict[str, Options]:
        """The models that are configured, with their options."""
        return {
            name: options for name in STREAMED if (options := getattr(self.models, name, None)) is not None
        }


def read_json(message: str | bytes) -> Json:
    """The object that a message is.

    Raises:
        Refused: it is none.
    """
    if isinstance(message, bytes):
        raise Refused("E0100", "binary frames are not read: send JSON, with the payload as base64 in `data`")
    try:
        said = loads(message)
    except orjson.JSONDecodeError as error:
        raise Refused("E0100", f"the message is not valid JSON: {error}") from None
    if not isinstance(said, dict):
        raise Refused("E0101", "the message must be a JSON object")
    return said


def read_message(said: Json) -> Message:
    """
    Raises:
        Refused: a field is not what it should be; the text says which, and what is allowed.
    """
    try:
        return Message.model_validate(without_nulls(said, depth=4))
    except ValidationError as error:
        raise Refused("E0101", explained(error)) from None


# ── replies


def head_json(said: Json, job_id: str) -> Json:
    """What each reply to a message begins with, errors too: what the message asked to hear again."""
    head: Json = {}
    if isinstance(payload_id := said.get("payload_id"), str):
        head["payload_id"] = payload_id
    if _is_yes(said.get("job_details")):
        head["job_details"] = {"job_id": job_id}
    return head


def _is_yes(value: object) -> bool:
    """Whether a message says yes with this: whatever is read as true, "true" and 1 as well."""
    try:
        return _YES.validate_python(value)
    except ValidationError:
        return False


_YES = TypeAdapter(bool)


def error_json(error: MienError) -> Json:
    code = error.code if isinstance(error, Refused) else code_of(type(error))
    return {"error": str(error), "code": code}


def timing_json(waited: float, measured: float) -> Json:
    """How long a message waited for its turn, and was measured; seconds, told in milliseconds."""
    return {"timing": {"waited_ms": round(waited * 1000, 2), "measured_ms": round(measured * 1000, 2)}}


def warning_json(model: str, besides: Sequence[str] = ()) -> Json:
    """That a model has found nothing, and what was wrong with the payload besides."""
    code, text = WARNINGS[model]
    if besides:
        text = f"{text.removesuffix('.')} ({'; '.join(besides)})."
    return {"warning": text, "code": code}


def measured_json(found: FileMeasurement) -> Json:
    """What was found in a payload: each model's predictions, or a warning where it has none."""
    besides = [warning.message for warning in found.warnings]
    return {name: _model_json(name, found.models[name], besides) for name in STREAMED if name in found.models}


def _model_json(name: str, measured: Measured, besides: Sequence[str]) -> Json:
    predictions = [_item(one) for one in _in_order(measured)]
    # never both: programs take a warning for the whole answer
    return {"predictions": predictions} if predictions else warning_json(name, besides)


def _in_order(measured: Measured) -> Sequence[Prediction]:
    """Without groups; faces by frame, whosever they are."""
    predictions = [one for group in measured.groups for one in group.predictions]
    return sorted(predictions, key=lambda one: one.frame if isinstance(one, FacePrediction) else 0)


def _item(prediction: Prediction) -> Json:
    item: Json
    more: Mapping[str, Scores | None]
    match prediction:
        case FacePrediction():
            item = {
                "frame": prediction.frame,
                "time": None,  # of films, too, as the retired API had it
                "bbox": _box(prediction.box),
                "prob": short(prediction.prob),
                "face_id": prediction.person,
                "emotions": _scores(prediction.emotions),
            }
            more = {"facs": prediction.facs, "descriptions": prediction.descriptions}
        case LanguagePrediction():
            item = {
                "text": prediction.text,
                "position": {
                    "begin": int(prediction.position.begin),
                    "end": int(prediction.position.end),
                },
                "emotions": _scores(prediction.emotions),
            }
            if prediction.time is not None:  # of what was said rather than written
                item["time"] = _time(prediction.time)
            more = {"sentiment": prediction.sentiment, "toxicity": prediction.toxicity}
        case BurstPrediction() | ProsodyPrediction():
            item, more = {"time": _time(prediction.time), "emotions": _scores(prediction.emotions)}, {}
        case FaceMeshPrediction():
            item, more = {"emotions": _scores(prediction.emotions)}, {}
        case _:
            raise TypeError(f"the stream has no shape for {type(prediction).__name__}")
    return item | {name: _scores(scores) for name, scores in more.items() if scores is not None}


def _time(time: Interval) -> Json:
    return {"begin": short(time.begin), "end": short(time.end)}


def _box(box: Box) -> Json:
    return {"x": short(box.x), "y": short(box.y), "w": short(box.w), "h": short(box.h)}


_ORDERS = {
    labels.EXPRESSIONS: labels.EXPRESSIONS_CSV,
    labels.SPOKEN_EXPRESSIONS: labels.SPOKEN_EXPRESSIONS_CSV,
}
"""The stream has the expressions in another order than the batch API."""


def _scores(scores: Scores) -> orjson.Fragment:
    """`[{"name": …, "score": …}, …]`, ready made: a long text has a hundred thousand scores."""
    text, order = _form(scores.names)
    return orjson.Fragment(text % tuple(scores.array[order].tolist()))


@cache
def _form(names: tuple[str, ...]) -> tuple[str, NDArray[np.intp]]:
    """The text of such scores without their numbers, and where each number stands in what is given."""
    wanted = _ORDERS.get(names, names)
    items = (f'{{"name":"{name}","score":%.{DIGITS}f}}' for name in wanted)
    return f"[{','.join(items)}]", np.array([names.index(name) for name in wanted], np.intp)
