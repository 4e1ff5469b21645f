"""The JSON of the batch API: requests, jobs, predictions."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict, FailFast, create_model, model_validator

from mien.errors import RequestError
from mien.media.written import MOST_VALUES, is_crowded
from mien.models import MODELS
from mien.models.options import Options
from mien.segments import TranscriptionOptions
from mien.types import (
    Box,
    FileMeasurement,
    FileSource,
    Group,
    Interval,
    Measured,
    Metadata,
    Prediction,
    Problem,
    Scores,
    Source,
    UrlSource,
)

Json: TypeAlias = dict[str, Any]
Status: TypeAlias = Literal["QUEUED", "IN_PROGRESS", "COMPLETED", "FAILED"]


class _Named(BaseModel):
    """Models by name, each with its options."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        for name in value if isinstance(value, dict) else ():
            if name not in MODELS:  # ignored, a slip of the pen would measure everything there is
                raise ValueError(f"there is no model {name[:60]!r}; there are {', '.join(MODELS)}")
        return value


if TYPE_CHECKING:
    Models: TypeAlias = BaseModel
else:  # put together from the models' options: a new model brings its own and adds nothing here
    Models = create_model(
        "Models", __base__=_Named, **{name: (kind.options | None, None) for name, kind in MODELS.items()}
    )


class Request(BaseModel):
    """What to measure, and how.

    Unknown fields are ignored, as the retired API did. So is null, which old clients send for what
    they were not told; but `transcription: null` switches transcription off.
    """

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    models: Models | None = None
    """The models to run, each with its options; all of them if none is named."""
    transcription: TranscriptionOptions | None = TranscriptionOptions()
    """How speech is transcribed; null switches transcription off."""
    urls: Annotated[tuple[str, ...], FailFast()] = ()
    """Public http(s) addresses of media files, texts or archives."""
    text: Annotated[tuple[str, ...], FailFast()] = ()
    """Texts to measure."""
    callback_url: str | None = None
    """Receives a POST when the job ends."""
    notify: bool = False
    """Send an e-mail when the job ends, if the server has `MIEN_SMTP_URL` set."""

    @model_validator(mode="before")
    @classmethod
    def _told(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        off = {"transcription": None} if value.get("transcription", ...) is None else {}
        return without_nulls(value, depth=4) | off

    def chosen(self) -> dict[str, Options]:
        """The models to run with their options: all of them when none is named."""
        named = {
            name: options for name in MODELS if (options := getattr(self.models, name, None)) is not None
        }
        return named or {name: kind.options() for name, kind in MODELS.items()}


def loads(text: str | bytes) -> Any:
    """What some JSON says. Half a pair of surrogates is valid JSON too, and becomes U+FFFD: JavaScript cuts
    emoji in two.

    Raises:
        orjson.JSONDecodeError: it is none.
        RequestError: it holds more values than anybody needs.
    """
    if is_crowded(text.encode(errors="surrogatepass") if isinstance(text, str) else text):
        raise RequestError(f"the JSON holds more than {MOST_VALUES:,} values")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "surrogate" in str(error):
            with suppress(ValueError, RecursionError):
                written = text if isinstance(text, str) else text.decode()
                halves = json.dumps(json.loads(written), ensure_ascii=False)
                whole = halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
                return orjson.loads(whole)
        raise


def without_nulls(value: Any, depth: int) -> Any:
    """Without the nulls in it, as deep as options go."""
    if not isinstance(value, dict) or not depth:
        return value
    return {name: without_nulls(one, depth - 1) for name, one in value.items() if one is not None}


# ── jobs


@dataclass(frozen=True, slots=True)
class Queued:
    """Nobody has begun. Times are Unix milliseconds."""

    created_timestamp_ms: int


@dataclass(frozen=True, slots=True)
class InProgress:
    """Some of it is done."""

    created_timestamp_ms: int
    started_timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Completed:
    """All of it is done; files that could not be measured are errors of theirs."""

    created_timestamp_ms: int
    started_timestamp_ms: int
    ended_timestamp_ms: int
    num_predictions: int
    num_errors: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The whole job came to nothing."""

    created_timestamp_ms: int
    started_timestamp_ms: int
    ended_timestamp_ms: int
    message: str


State: TypeAlias = Queued | InProgress | Completed | Failed

STATUS: dict[type[State], Status] = {
    Queued: "QUEUED",
    InProgress: "IN_PROGRESS",
    Completed: "COMPLETED",
    Failed: "FAILED",
}


def job_json(job_id: str, request: Request, sources: Iterable[Source], state: State) -> Json:
    """The job object. Its request is fully populated: the 2023 Python client indexes every field."""
    return {
        "type": "INFERENCE",
        "job_id": job_id,
        "request": {
            "models": {name: options.model_dump() for name, options in request.chosen().items()},
            "transcription": request.transcription and request.transcription.model_dump(),
            "urls": list(request.urls),
            "text": list(request.text),
            "files": [asdict(source) for source in sources if isinstance(source, FileSource)],
            "callback_url": request.callback_url,
            "notify": request.notify,
            "registry_files": [],  # whatever was sent: there is no registry here, as in the API's last years
        },
        "state": {"status": STATUS[type(state)], **asdict(state)},
    }


# ── predictions


def source_json(source: Source) -> Json:
    match source:
        case UrlSource(url):
            return {"type": "url", "url": url}
        case FileSource():
            return {"type": "file", **asdict(source)}
        case _:
            return {"type": "text"}


def result_json(source: Source, files: Sequence[FileMeasurement]) -> Json:
    """One source result, as `…/predictions` has one for each source."""
    warnings = [problem_json(warning) for file in files for warning in file.warnings]
    return {
        "source": source_json(source),
        "results": {
            "predictions": [file_json(file) for file in files if file.file_type is not None],
            "errors": [problem_json(error) for file in files for error in file.errors],
            **({"warnings": warnings} if warnings else {}),  # a word of ours: only where it says something
        },
    }


def file_json(file: FileMeasurement) -> Json:
    """What was found in one file that could be read."""
    return {
        "file": file.file,
        "file_type": file.file_type,
        "models": {name: _measured_json(measured) for name, measured in file.models.items()},
    }


def problem_json(problem: Problem) -> Json:
    return {"file": problem.file, "model": problem.model, "message": problem.message}


def prediction_json(prediction: Prediction) -> Json:
    """The fields that the prediction's model gave it, in their order."""
    return {name: _json(getattr(prediction, name)) for name in wire_fields(prediction)}


def wire_fields(prediction: Prediction | type[Prediction]) -> Iterator[str]:
    """The names of the fields of a prediction, or of a kind of them, that are told: `person` is its group."""
    for field in fields(prediction):
        if field.name != "person" and field.metadata.get("wire", True):
            yield field.name


def metadata_json(metadata: Metadata | None) -> Json | None:
    if metadata is None:
        return None
    return {"confidence": short(metadata.confidence), "detected_language": metadata.detected_language}


def short(number: float) -> float:
    """Six digits are enough for what is measured, and a socket of the Python client takes 1 MiB."""
    return round(number, 6)


def short_scores(scores: Scores) -> list[float]:
    numbers: list[float] = np.round(scores.array.astype(np.float64), 6).tolist()
    return numbers


def _measured_json(measured: Measured) -> Json:
    return {
        "metadata": metadata_json(measured.metadata),
        "grouped_predictions": [_json(group) for group in measured.groups],
    }


def _json(value: object) -> Any:
    match value:
        case float():
            return short(value)
        case Scores():
            return [
                {"name": name, "score": score}
                for name, score in zip(value.names, short_scores(value), strict=True)
            ]
        case Interval(begin, end):
            return {"begin": short(begin), "end": short(end)}
        case Box(x, y, w, h):
            return {"x": short(x), "y": short(y), "w": short(w), "h": short(h)}
        case Group(person, predictions):
            return {"id": person, "predictions": [prediction_json(one) for one in predictions]}
        case _:
            return value
